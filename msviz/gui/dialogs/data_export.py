"""Exporting data: the representation of a track, or of what is selected of it."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from PyQt6.QtWidgets import QComboBox, QWidget

from msviz.gui.dialogs.export import ExportDialog, stem, stretch_box
from msviz.gui.model.session import Session
from msviz.gui.model.track import TrackState
from msviz.gui.work.exporting import DataExport
from msviz.storage.contents import Content
from msviz.transform import STFT, OctaveTransform

if TYPE_CHECKING:
    pass

CONTENTS: dict[str, Content] = {
    "Exact: complex, 2 × 32 bit": "complex64",
    "Half the size: complex, 2 × 16 bit": "float16",
    "A picture only: levels, 8 bit": "levels",
}
FILES = {"Zarr, a folder": ".zarr", "Zarr in one file": ".zarr.zip", "NumPy, for short stretches": ".npz"}


class DataDialog(ExportDialog):
    """Asks what representation is to be written.

    Parameters
    ----------
    session : Session
    track : TrackState
    selection : tuple of int, optional
        The samples [start, stop) that are selected.
    """

    kind = "Representation"

    def __init__(
        self,
        session: Session,
        track: TrackState,
        selection: tuple[int, int] | None,
        parent: QWidget | None = None,
    ) -> None:
        super().__init__("Export data", parent)
        self._session, self._selection = session, selection
        self._transforms: dict[str, OctaveTransform | STFT] = {
            f"Octaves, {track.parameters.bins_per_octave} bins each": track.transform,
            f"STFT {track.stft.window} / {track.stft.hop}": track.stft,
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
