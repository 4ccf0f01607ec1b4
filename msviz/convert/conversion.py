"""Convert one file piece by piece, completely or not at all."""

from __future__ import annotations

from collections.abc import Generator
from dataclasses import dataclass
from pathlib import Path
from traceback import format_exception
from typing import Any, Literal

from msviz.audio import AudioSource, open_audio, problems, require_sound
from msviz.audio.media import File
from msviz.convert.jobs import Job
from msviz.errors import MsvizError, ParameterError, StorageError, as_sentence
from msviz.picture import level_codes
from msviz.remote import is_address
from msviz.storage import Recording, StoredRepresentation, load, stream_writer
from msviz.tracks import recording_of


@dataclass(frozen=True)
class Progress:
    """The fraction of a job that is done, from 0 to 1."""

    job: Job
    share: float


@dataclass(frozen=True)
class Outcome:
    """How a job ended.

    Attributes
    ----------
    job : Job
    state : {"converted", "skipped", "failed"}
        A job is skipped if its output is up to date: made from the same file with the same settings.
    reason : str
        Why it failed, in a sentence that names the file.
    problems : tuple of str
        Problems of the source, which was converted anyway: sentences without the file's name.
    details : str
        The traceback of a failure, for the log.
    """

    job: Job
    state: Literal["converted", "skipped", "failed"]
    reason: str = ""
    problems: tuple[str, ...] = ()
    details: str = ""


Events = Generator[Progress | Outcome, None, None]


def run(job: Job, threads: int = 1, file: File | None = None) -> Events:
    """Do a job.  Closed before its end, it leaves nothing behind.

    Parameters
    ----------
    job : Job
    threads : int
        How many the analysis may use.
    file : path, address or open binary file, optional
        What to read; by default the source of the job.

    Yields
    ------
    Progress, and finally one Outcome, whatever happens
    """
    try:
        if job.taken_by:
            raise ParameterError(f"{job.target} is already the output of {job.taken_by}")
        mark = job.mark()
        if not job.overwrite and (made := _made(job, mark)):
            found = problems(made)
            if job.strict:
                require_sound(job.source, found)
            yield Outcome(job, "skipped", problems=tuple(found))
            return
        with open_audio(job.source if file is None else file, track=job.settings.track) as source:
            transform = job.settings.transform(source.rate, threads)
            _make_room(job.target)
            # An interrupted conversion leaves nothing behind.
            with stream_writer(
                job.target,
                transform,
                source.length,
                content=job.settings.content,
                compress=job.settings.compress,
                origin=mark,
            ) as writer:
                if job.settings.content == "levels":
                    shares = map(writer.write_codes, transform.map_stream(source, level_codes))
                else:
                    shares = map(writer.write, transform.stream(source))
                for share in shares:
                    yield Progress(job, share)
                writer.recording = _recording(job, source)
            found = problems(source)
        yield Outcome(job, "converted", problems=tuple(found))
    except Exception as error:  # an unforeseen error in one file must not affect the others
        yield failed(job, "converted", error)


def failed(job: Any, done: str, error: Exception) -> Outcome:
    """The outcome of a job that cannot be `done`, such as "converted"."""
    cannot = f"{job.source} cannot be {done}"
    if isinstance(error, ParameterError):  # which does not name the file
        reason = f"{cannot}: {str(error).rstrip('.')}."
    elif isinstance(error, MsvizError):
        reason = str(error)
    elif isinstance(error, MemoryError):
        reason = f"{cannot}: there is not enough memory."
    elif isinstance(error, OSError) and error.strerror:
        reason = f"{cannot}: {error.strerror}."
    else:
        reason = f"{cannot}. {as_sentence(error)}"
    return Outcome(job, "failed", reason, details="".join(format_exception(error)))


def _recording(job: Job, source: AudioSource) -> Recording:
    """What to record about a source that has been read to its end.

    Raises
    ------
    AudioError
        If it is damaged and the job is strict.
    """
    if job.strict:
        require_sound(job.source, problems(source))
    return recording_of(source)


def _made(job: Job, mark: dict[str, Any]) -> StoredRepresentation | None:
    """The target, if it is up to date: made from the same file with the same settings.

    Raises
    ------
    StorageError
        If it was made from a file of another name, whose output must not be lost.
    """
    try:
        made = load(job.target)
    except StorageError:  # missing or incomplete; anything but a representation is never overwritten
        return None
    origin = made.attributes["origin"]
    its, ours = origin.get("source", {}).get("name", "another file"), mark["source"]["name"]
    if its != ours:
        raise StorageError(
            f"{job.source} cannot be converted: {job.target} exists and was made from {its}. "
            "Choose another folder, or use --overwrite."
        )
    known = len(mark["source"]) > 1  # a name alone, such as that of standard input, says nothing
    settings = {"track": 0, **origin.get("settings", {})}  # which older files lack
    same = known and origin["source"] == mark["source"] and settings == mark["settings"]
    # Older versions had other filters.
    today = made.transform.parameters == job.settings.transform(made.rate, 1).parameters
    return made if same and today else None


def _make_room(target: str) -> None:
    if is_address(target):
        return
    try:
        Path(target).parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise StorageError(f"{target} cannot be written: {error.strerror}.") from None
