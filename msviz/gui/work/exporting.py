"""Exports: what is written to a file by a worker while the window stays in use."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from PyQt6.QtCore import QObject, pyqtSignal

from msviz.audio import AudioSource
from msviz.audio.writing import audio_writer
from msviz.errors import MsvizError, ParameterError
from msviz.gui.work.jobs import Job, Outcome, Runner, Work
from msviz.signal import Source
from msviz.storage import stream_writer
from msviz.storage.contents import Content
from msviz.transform import Representation, Transform

if TYPE_CHECKING:
    from msviz.tracks import Track

PIECE = 1 << 20  # samples analysed at a time


class ExportTask:
    """A file to write.

    Attributes
    ----------
    path : Path
        Where it goes.
    warning : str
        What people should know about the file once it is written.
    """

    path: Path
    warning = ""

    def work(self) -> Work:
        """The worker's job, which holds nothing of Qt; a float that it yields is the share done."""
        raise NotImplementedError

    def take(self, item: Any) -> None:
        """Receive, on the GUI thread, anything else that the job yields."""

    def after(self) -> ExportTask | None:
        """The task to run next, asked for on the GUI thread; None when the file is written."""
        return None


class AudioExport(ExportTask):
    """Writes a source as an audio file."""

    def __init__(self, path: Path, source: Source, subtype: str) -> None:
        self.path, self.source, self.subtype = path, source, subtype

    def work(self) -> Work:
        """The worker's job."""
        return self.write

    def write(self) -> Iterator[float | int]:
        """Write the file: yields the share done, and last the number of clipped samples."""
        yield (yield from audio_writer(self.path, self.source, subtype=self.subtype))

    def take(self, item: int) -> None:
        """Receive the number of clipped samples."""
        if item:
            samples = "sample" if item == 1 else "samples"
            self.warning = (
                f"Saved {self.path.name}, but {item} {samples} clipped. "
                "Lower the gain or export as 32-bit float."
            )


class DataExport(ExportTask):
    """Writes a representation.

    Parameters
    ----------
    path : Path
    transform : OctaveTransform or STFT
    source : Track
    interval : tuple of int
        Samples [start, stop).
    content : Content
    name : str
        Of the track, noted in the file.
    """

    def __init__(
        self,
        path: Path,
        transform: Transform,
        source: Track,
        interval: tuple[int, int],
        content: Content,
        name: str,
    ) -> None:
        self.path, self.transform, self.source = path, transform, source
        self.interval, self.content, self.name = interval, content, name

    def work(self) -> Work:
        """The worker's job."""
        return self.write

    def write(self) -> Iterator[float]:
        """Write the file: yields the share done."""
        from msviz.tracks import recording_of

        start, stop = self.interval
        try:
            with stream_writer(
                self.path,
                self.transform,
                stop - start,
                start=start,
                content=self.content,
                origin={"source": {"name": self.name}},
            ) as writer:
                for piece in pieces(self.transform, self.source, start, stop):
                    yield writer.write(piece)
                writer.recording = recording_of(self.source)
        except ParameterError as error:  # says what is wrong, but not in which file
            raise MsvizError(f"{self.path} cannot be written: {str(error).rstrip('.')}.") from error


def pieces(transform: Transform, source: Source, start: int, stop: int) -> Iterator[Representation]:
    """What `analyze` returns for samples [start, stop), piece by piece."""
    before: Representation | None = None
    for first in range(start, max(stop, start + 1), PIECE):
        made = transform.analyze(source, start=first, stop=min(first + PIECE, stop))
        if before:
            # Neighbours overlap: drop the frames that the previous piece had already.
            pairs = zip(made.all_bands, before.all_bands, strict=True)
            made = made.of_bands(now.since(last.stop_frame) for now, last in pairs)
        yield made
        before = made


class Exporter(QObject):
    """Writes one file at a time.

    Parameters
    ----------
    runner : Runner

    Attributes
    ----------
    writing : Path or None
        The file being written.
    """

    progressed = pyqtSignal(str, object)
    """The file's name and the share written, from 0 to 1; None once it has ended."""
    message = pyqtSignal(str)
    failed = pyqtSignal(str)

    def __init__(self, runner: Runner) -> None:
        super().__init__()
        self.writing: Path | None = None
        self._runner = runner
        self._job: Job | None = None
        self._to_close: list[AudioSource] = []

    def start(self, task: ExportTask) -> None:
        """Write a file; cancels the export under way."""
        self.cancel()
        self.writing = task.path
        self.progressed.emit(task.path.name, 0.0)
        self._run(task)

    def _run(self, task: ExportTask) -> None:
        name = task.path.name

        def put(item: Any) -> None:
            if isinstance(item, float):
                self.progressed.emit(name, item)
            else:
                task.take(item)

        def end(outcome: Outcome) -> None:
            self._job, error = None, job.error
            if outcome is Outcome.FINISHED:
                try:
                    if after := task.after():
                        self._run(after)
                        return
                except MsvizError as failure:
                    error = failure
            self.writing = None
            while self._to_close:
                self._to_close.pop().close()
            self.progressed.emit(name, None)
            if outcome is Outcome.CANCELLED:
                self.message.emit("Export cancelled.")
            elif error or task.warning:
                self.failed.emit(str(error or task.warning))
            else:
                self.message.emit(f"Saved {name}.")

        self._job = job = self._runner.start(task.work())
        job.item.connect(put)
        job.ended.connect(end)

    def cancel(self) -> None:
        """Cancel the export and leave no file."""
        if self._job:
            self._job.cancel()

    def close_when_done(self, track: AudioSource) -> None:
        """Close a track as soon as no export reads from it."""
        if self.writing:
            self._to_close.append(track)
        else:
            track.close()
