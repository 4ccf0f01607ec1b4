"""Converting one file: stretch by stretch, whole or not at all."""

from __future__ import annotations

from collections.abc import Generator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, cast

from msviz.addresses import is_address
from msviz.audio import open_audio
from msviz.convert.addresses import fetched
from msviz.convert.jobs import Job
from msviz.errors import MsvizError, ParameterError, StorageError
from msviz.storage import load, save_stream


@dataclass(frozen=True)
class Progress:
    """How much of a job is done, from 0 to 1."""

    job: Job
    share: float


@dataclass(frozen=True)
class Outcome:
    """How a job ended.

    Attributes
    ----------
    job : Job
    state : {"converted", "skipped", "failed"}
        Skipped is what was there already, made of the same file in the same way.
    reason : str
        Why it failed, in one sentence that names the file.
    """

    job: Job
    state: Literal["converted", "skipped", "failed"]
    reason: str = ""


Events = Generator[Progress | Outcome, None, None]


def run(job: Job, threads: int = 1) -> Events:
    """Do a job.  Closed before its end, it leaves nothing behind.

    Parameters
    ----------
    job : Job
    threads : int
        That the analysis may use.

    Yields
    ------
    Progress, and at last one Outcome, whatever happens
    """
    try:
        mark = job.mark()
        if not job.overwrite and _is_made(job, mark):
            yield Outcome(job, "skipped")
            return
        with fetched(job.source) as path, open_audio(path) as source:
            transform = job.settings.transform(source.rate, threads)
            _make_room(job.target)
            steps = save_stream(
                transform.stream(source),
                job.target,
                transform,
                source.length,
                content=job.settings.content,
                compress=job.settings.compress,
                origin=mark,
            )
            with closing(cast("Generator[float, None, None]", steps)):  # what is interrupted leaves nothing
                for share in steps:
                    yield Progress(job, share)
        yield Outcome(job, "converted")
    except ParameterError as error:
        yield Outcome(job, "failed", f"{job.source} cannot be converted: {str(error).rstrip('.')}.")
    except MsvizError as error:
        yield Outcome(job, "failed", str(error))
    except MemoryError:
        yield Outcome(job, "failed", f"{job.source} cannot be converted: there is not enough memory for it.")
    except Exception as error:
        # What nobody has foreseen about one file must not cost the others.
        yield Outcome(job, "failed", f"{job.source} cannot be converted: something went wrong ({error!r}).")


def _is_made(job: Job, mark: dict[str, Any]) -> bool:
    """Whether the target is there, made of the same file in the same way.

    Raises
    ------
    StorageError
        If it was made of another file, which must not be lost to one that has the same name by chance.
    """
    try:
        stored = load(job.target)
    except StorageError:  # missing, or not whole; what was never a representation is not written over
        return False
    origin = stored.attributes["origin"]
    its, ours = origin.get("source", {}).get("name", "something else"), mark["source"]["name"]
    if its != ours:
        raise StorageError(
            f"{job.source} would become {job.target}, which is there and was made of {its}: "
            "choose another folder, or --overwrite."
        )
    same = origin == mark  # and with today's filters, which those of older versions were not
    return same and stored.transform.parameters == job.settings.transform(stored.rate, 1).parameters


def _make_room(target: str) -> None:
    if is_address(target):
        return
    try:
        Path(target).parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise StorageError(f"{target} cannot be written: {error.strerror}.") from None
