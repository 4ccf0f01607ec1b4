"""Run jobs on a Dask cluster."""

from __future__ import annotations

import os
from collections.abc import Generator, Sequence
from dataclasses import replace

from msviz.convert.conversion import Outcome, run
from msviz.convert.jobs import Job
from msviz.errors import MsvizError
from msviz.remote import is_address

_PATIENCE_S = 10  # to wait for a scheduler


def convert_on_cluster(jobs: Sequence[Job], scheduler: str) -> Generator[Outcome, None, None]:
    """Run jobs on a running Dask cluster.

    A file is written completely or not at all, and existing output is not made again: when a worker is lost,
    another takes over its unfinished jobs.  Closed before the end, no more jobs are started; those that have
    started are finished.

    Parameters
    ----------
    jobs : sequence of Job
        The workers must have access to their files: fsspec addresses, or paths on a shared disk.
    scheduler : str
        Address of the Dask scheduler, tcp://host:8786.

    Yields
    ------
    Outcome
        One for each job, in the order in which they end.

    Raises
    ------
    MsvizError
        If Dask is not installed, or the scheduler cannot be reached.
    """
    try:
        from distributed import Client, as_completed
    except ImportError:
        raise MsvizError("A cluster needs Dask: pip install 'msviz[cluster]'.") from None
    try:
        client = Client(scheduler, timeout=_PATIENCE_S, set_as_default=False)
    except (OSError, ValueError) as error:
        raise MsvizError(f"No Dask scheduler can be reached at {scheduler} ({error}).") from None
    with client:
        under_way = {client.submit(_last, _anywhere(job), pure=False): job for job in jobs}
        try:
            for future in as_completed(list(under_way), loop=client.loop):
                job = under_way.pop(future)
                lost = future.exception()
                yield Outcome(job, "failed", _lost(job, lost)) if lost else replace(future.result(), job=job)
                future.release()  # or it would run again if its worker is lost
        finally:
            client.cancel(list(under_way))


def _last(job: Job) -> Outcome:
    """Run a job on a worker."""
    *_, outcome = run(job)
    assert isinstance(outcome, Outcome)
    return outcome


def _anywhere(job: Job) -> Job:
    """The job with absolute paths, valid for workers that share the disk."""
    source, target = (
        name if is_address(name) else os.path.abspath(name) for name in (job.source, job.target)
    )
    return replace(job, source=source, target=target)


def _lost(job: Job, error: BaseException) -> str:
    return f"{job.source} cannot be converted: the cluster gave up on it ({type(error).__name__})."
