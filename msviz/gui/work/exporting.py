"""Exports: what is written, in a worker thread, while the window goes on."""

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

PIECE = 1 << 20  # samples that are analysed at a time


class ExportTask:
    """What is to be written, and where."""

    path: Path
    warning = ""
    """What a person should know once it is written."""

    def work(self) -> Work:
        """What a worker does, with nothing of Qt in it; a float that it yields is the share that is done."""
        raise NotImplementedError

    def take(self, item: Any) -> None:
        """Take in, on the GUI thread, what else it yields."""

    def after(self) -> ExportTask | None:
        """What is to be done next, asked for on the GUI thread; None: it is written."""
        return None


class AudioExport(ExportTask):
    """A source that is to be written."""

    def __init__(self, path: Path, source: Source, subtype: str) -> None:
        self.path, self.source, self.subtype = path, source, subtype

    def work(self) -> Work:
        """Write it."""
        return self.write

    def write(self) -> Iterator[float | int]:
        """Write it: the share that is done, and at last how many values were clipped."""
        yield (yield from audio_writer(self.path, self.source, subtype=self.subtype))

    def take(self, item: int) -> None:
        """So many values were clipped."""
        if item:
            self.warning = (
                f"{self.path.name} is written, but {item} values were louder than it can hold and are "
                "clipped: export it softer, or as 32 bit float."
            )


def pieces(transform: Transform, source: Source, start: int, stop: int) -> Iterator[Representation]:
    """The representation of samples [start, stop), bit by bit: together as `analyze` has it whole."""
    before: Representation | None = None
    for first in range(start, max(stop, start + 1), PIECE):
        made = transform.analyze(source, start=first, stop=min(first + PIECE, stop))
        if before:
            # Each reaches into its neighbour: what came with the one before is left out.
            pairs = zip(made.all_bands, before.all_bands, strict=True)
            made = made.of_bands(now.since(last.stop_frame) for now, last in pairs)
        yield made
        before = made


class DataExport(ExportTask):
    """A representation that is to be written.

    Parameters
    ----------
    path : Path
    transform : OctaveTransform or STFT
    source : Track
    stretch : tuple of int
        Samples [start, stop).
    content : Content
    name : str
        Of the track, which the file tells.
    """

    def __init__(
        self,
        path: Path,
        transform: Transform,
        source: Track,
        stretch: tuple[int, int],
        content: Content,
        name: str,
    ) -> None:
        self.path, self.transform, self.source = path, transform, source
        self.stretch, self.content, self.name = stretch, content, name

    def work(self) -> Work:
        """Write it."""
        return self.write

    def write(self) -> Iterator[float]:
        """Write it: the share that is done."""
        from msviz.tracks import recording_of

        start, stop = self.stretch
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
        except ParameterError as error:  # says what, not where
            raise MsvizError(f"{self.path} cannot be written: {str(error).rstrip('.')}.") from error


class Exporter(QObject):
    """Writes one file at a time.

    Parameters
    ----------
    runner : Runner

    Attributes
    ----------
    writing : Path or None
        What is being written.
    """

    progressed = pyqtSignal(str, object)
    """The file's name, and how much of it is written, from 0 to 1; None: it is over."""
    message = pyqtSignal(str)
    failed = pyqtSignal(str)

    def __init__(self, runner: Runner) -> None:
        super().__init__()
        self.writing: Path | None = None
        self._runner = runner
        self._job: Job | None = None
        self._left: list[AudioSource] = []

    def start(self, order: ExportTask) -> None:
        """Write a file; one that is being written is given up."""
        self.cancel()
        self.writing = order.path
        self.progressed.emit(order.path.name, 0.0)
        self._run(order)

    def _run(self, order: ExportTask) -> None:
        name = order.path.name

        def put(item: Any) -> None:
            if isinstance(item, float):
                self.progressed.emit(name, item)
            else:
                order.take(item)

        def end(outcome: Outcome) -> None:
            self._job, error = None, job.error
            if outcome is Outcome.FINISHED:
                try:
                    if after := order.after():
                        self._run(after)
                        return
                except MsvizError as failure:
                    error = failure
            self.writing = None
            while self._left:
                self._left.pop().close()
            self.progressed.emit(name, None)
            if outcome is Outcome.CANCELLED:
                self.message.emit(f"{name} is not written.")
            elif error or order.warning:
                self.failed.emit(str(error or order.warning))
            else:
                self.message.emit(f"{name} is written.")

        self._job = job = self._runner.start(order.work())
        job.item.connect(put)
        job.ended.connect(end)

    def cancel(self) -> None:
        """Leave no file."""
        if self._job:
            self._job.cancel()

    def leave(self, track: AudioSource) -> None:
        """Close a track, once nothing is being written that may be read from it."""
        if self.writing:
            self._left.append(track)
        else:
            track.close()
