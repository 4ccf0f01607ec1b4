"""Exporting data: the representation of a track, or of what is selected of it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from PyQt6.QtWidgets import QComboBox, QWidget

from msviz.errors import MsvizError, ParameterError
from msviz.gui.dialogs.export import ExportDialog, ExportTask, stem, stretch_box
from msviz.gui.model.session import Session
from msviz.gui.work.jobs import Work
from msviz.signal import Source
from msviz.storage import stream_writer
from msviz.storage.contents import Content
from msviz.transform import STFT, OctaveTransform, Representation, Transform

if TYPE_CHECKING:
    from msviz.tracks import Track

CONTENTS: dict[str, Content] = {
    "Exact: complex, 2 × 32 bit": "complex64",
    "Half the size: complex, 2 × 16 bit": "float16",
    "A picture only: levels, 8 bit": "levels",
}
FILES = {"Zarr, a folder": ".zarr", "Zarr in one file": ".zarr.zip", "NumPy, for short stretches": ".npz"}
PIECE = 1 << 20  # samples that are analysed at a time


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


class DataDialog(ExportDialog):
    """Asks what representation is to be written.

    Parameters
    ----------
    session : Session
    selection : tuple of int, optional
        The samples [start, stop) that are selected.
    """

    kind = "Representation"

    def __init__(
        self, session: Session, selection: tuple[int, int] | None, parent: QWidget | None = None
    ) -> None:
        super().__init__("Export data", parent)
        self._session, self._selection = session, selection
        self._transforms: dict[str, OctaveTransform | STFT] = {
            f"Octaves, {session.parameters.bins_per_octave} bins each": session.transform,
            f"STFT {session.stft.window} / {session.stft.hop}": session.stft,
        }
        self._transform = QComboBox()
        self._transform.addItems(list(self._transforms))
        self._transform.setToolTip("With the parameters that the window has now; of the track without edits")
        self._stretch = stretch_box(selection)
        self._content = QComboBox()
        self._content.addItems(list(CONTENTS))
        self._content.setToolTip("Complex coefficients can be synthesized; levels are drawn as they are")
        self._file = QComboBox()
        self._file.addItems(list(FILES))
        self._form.addRow("&Representation", self._transform)
        self._form.addRow("&How much", self._stretch)
        self._form.addRow("&Coefficients", self._content)
        self._form.addRow("&File", self._file)
        self._add_buttons()

    @property
    def suffix(self) -> str:
        """How the file's name ends."""
        return FILES[self._file.currentText()]

    def file_name(self, track: Path) -> str:
        """The track's, numbered where that is taken: a folder could not be chosen once more."""
        name, number = f"{stem(track)}{self.suffix}", 1
        while (track.parent / name).exists():
            name = f"{stem(track)} {(number := number + 1)}{self.suffix}"
        return name

    def order(self, path: Path) -> DataExport:
        """What was chosen, for a file of this name."""
        source, content = self._session.source, CONTENTS[self._content.currentText()]
        transform = self._transforms[self._transform.currentText()]
        start, stop = 0, source.length
        if self._selection and self._stretch.currentIndex():
            start, stop = self._selection
        if content == "levels":
            start -= start % max(band.hop for band in transform.bands)  # cells then begin where it does
        return DataExport(path, transform, source, (start, stop), content, source.path.name)
