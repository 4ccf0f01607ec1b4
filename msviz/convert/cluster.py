"""The same jobs on the machines of a Dask cluster."""

from __future__ import annotations

import os
from collections.abc import Generator, Sequence
from dataclasses import replace

from msviz.convert.conversion import Outcome, run
from msviz.convert.jobs import Job
from msviz.errors import MsvizError
from msviz.remote import is_address

_PATIENCE_S = 10  # until a scheduler must have answered


def convert_on_cluster(jobs: Sequence[Job], scheduler: str) -> Generator[Outcome, None, None]:
    """Do jobs on a cluster that runs already, as its workers take them.

    A file is written whole or not at all, and what is there is not made again: when a worker is lost,
    another does what it had not finished.  Closed before the end, nothing more is begun; what workers have
    in hand they finish.

    Parameters
    ----------
    jobs : sequence of Job
        Their files must be reachable by the workers: fsspec addresses, or paths on a disk that all share.
    scheduler : str
        Address of the Dask scheduler, tcp://host:8786.

    Yields
    ------
    Outcome
        One for each job, in the order in which they end.

    Raises
    ------
    MsvizError
        If Dask is not installed or there is no such scheduler.
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
                future.release()  # or it would be done again if the worker that holds it is lost
        finally:
            client.cancel(list(under_way))


def _last(job: Job) -> Outcome:
    """What a worker does."""
    *_, outcome = run(job)
    assert isinstance(outcome, Outcome)
    return outcome


def _anywhere(job: Job) -> Job:
    """The job with paths that mean the same to whoever works elsewhere on the same disk."""
    source, target = (
        name if is_address(name) else os.path.abspath(name) for name in (job.source, job.target)
    )
    return replace(job, source=source, target=target)


def _lost(job: Job, error: BaseException) -> str:
    return f"{job.source} cannot be converted: the cluster gave up on it ({type(error).__name__})."
