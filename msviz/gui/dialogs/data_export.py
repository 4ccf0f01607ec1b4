"""The dialog that exports a representation."""

from __future__ import annotations

from pathlib import Path

from PyQt6.QtWidgets import QComboBox, QWidget

from msviz.gui.dialogs.export import TIME, WHOLE, ExportDialog, range_box, stem
from msviz.gui.model.session import Session
from msviz.gui.model.track import TrackState
from msviz.gui.work.exporting import DataExport
from msviz.storage.contents import Content
from msviz.transform import STFT, OctaveTransform

CONTENTS: dict[str, Content] = {
    "Complex, 2 × 32-bit (exact)": "complex64",
    "Complex, 2 × 16-bit (half the size)": "float16",
    "Levels only, 8-bit": "levels",
}
FILES = {"Zarr folder": ".zarr", "Zarr ZIP file": ".zarr.zip", "NumPy file, for short ranges": ".npz"}


class DataDialog(ExportDialog):
    """Asks which representation to export, how much of it, and in which format.

    Parameters
    ----------
    session : Session
    track : TrackState
    selection : tuple of int, optional
        Samples [start, stop) that are selected.
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
            f"Octaves, {track.parameters.bins_per_octave} bins per octave": track.transform,
            f"STFT, window {track.stft.window}, hop {track.stft.hop}": track.stft,
        }
        self._transform = QComboBox()
        self._transform.addItems(list(self._transforms))
        self._transform.setToolTip(
            "Computed from the original, without your edits, with the current parameters"
        )
        self._range = range_box(*([TIME] if selection else []))
        self._content = QComboBox()
        self._content.addItems(list(CONTENTS))
        self._content.setToolTip(
            "Complex coefficients can be turned back into sound; levels are only for pictures"
        )
        self._file = QComboBox()
        self._file.addItems(list(FILES))
        self._form.addRow("&Representation", self._transform)
        self._form.addRow("R&ange", self._range)
        self._form.addRow("&Coefficients", self._content)
        self._form.addRow("&File", self._file)
        self._add_buttons()

    @property
    def suffix(self) -> str:
        """How the file's name ends."""
        return FILES[self._file.currentText()]

    def file_name(self, track: Path) -> str:
        """The track's name, numbered if it is taken: a file dialog cannot pick an existing folder."""
        name, number = f"{stem(track)}{self.suffix}", 1
        while (track.parent / name).exists():
            name = f"{stem(track)} {(number := number + 1)}{self.suffix}"
        return name

    def task(self, path: Path) -> DataExport:
        """The export that was chosen, to this file."""
        source, content = self._session.source, CONTENTS[self._content.currentText()]
        transform = self._transforms[self._transform.currentText()]
        start, stop = 0, source.length
        if self._selection and self._range.currentText() != WHOLE:
            start, stop = self._selection
        if content == "levels":
            start -= start % max(band.hop for band in transform.bands)  # a cell of each band begins there
        return DataExport(path, transform, source, (start, stop), content, source.path.name)
