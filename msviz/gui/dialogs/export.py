"""Exporting: what, how much of it, in which format; written beside what goes on."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path

from PyQt6.QtCore import QSettings
from PyQt6.QtWidgets import (
    QComboBox,
    QDialog,
    QDialogButtonBox,
    QFileDialog,
    QFormLayout,
    QMessageBox,
    QWidget,
)

from msviz.audio import AudioSource
from msviz.audio.writing import subtype_for
from msviz.gui.work.exporting import AudioExport, ExportTask
from msviz.signal import Excerpt, Source

FORMATS = {
    "WAV, as deep as the track": (".wav", None),
    "WAV, 16 bit": (".wav", "PCM_16"),
    "WAV, 24 bit": (".wav", "PCM_24"),
    "WAV, 32 bit float": (".wav", "FLOAT"),
    "FLAC, 16 bit": (".flac", "PCM_16"),
    "FLAC, 24 bit": (".flac", "PCM_24"),
}
"""Suffix and subtype of each."""


class ExportDialog(QDialog):
    """Asks what is to be written; `ask` then asks where."""

    kind = ""
    """What its files are, in one word."""

    def __init__(self, title: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setWindowTitle(title)
        self._form = QFormLayout(self)

    def _add_buttons(self) -> None:
        buttons = QDialogButtonBox(
            QDialogButtonBox.StandardButton.Save | QDialogButtonBox.StandardButton.Cancel
        )
        buttons.accepted.connect(self.accept)
        buttons.rejected.connect(self.reject)
        self._form.addRow(buttons)

    @property
    def suffix(self) -> str:
        """How the file's name ends."""
        raise NotImplementedError

    def file_name(self, track: Path) -> str:
        """What the file may be called."""
        raise NotImplementedError

    def order(self, path: Path) -> ExportTask:
        """What was chosen, for a file of this name."""
        raise NotImplementedError


class AudioDialog(ExportDialog):
    """Asks what sound is to be written.

    Parameters
    ----------
    sources : mapping of str to Source
        What can be heard.
    heard : str
        Which of them is chosen at first.
    track : AudioSource
        What it was made of: a file can be as deep as it is.
    selection : tuple of int, optional
        The samples [start, stop) that are selected.
    """

    kind = "Sound"

    def __init__(
        self,
        sources: Mapping[str, Source],
        heard: str,
        *,
        track: AudioSource,
        selection: tuple[int, int] | None,
        parent: QWidget | None = None,
    ) -> None:
        super().__init__("Export sound", parent)
        self._sources, self._selection, self._track = sources, selection, track
        self._source = QComboBox()
        self._source.addItems(list(sources))
        self._source.setCurrentText(heard)
        self._source.setToolTip("What is written: as it is heard, with all edits")
        self._stretch = stretch_box(selection)
        self._format = QComboBox()
        self._format.addItems(list(FORMATS))
        self._form.addRow("Sound", self._source)
        self._form.addRow("How much", self._stretch)
        self._form.addRow("Format", self._format)
        self._add_buttons()

    @property
    def suffix(self) -> str:
        """How the file's name ends."""
        return FORMATS[self._format.currentText()][0]

    @property
    def name(self) -> str:
        """Which source is to be written."""
        return self._source.currentText()

    def file_name(self, track: Path) -> str:
        """The track's and the sound's."""
        return f"{stem(track)} – {self.name}{self.suffix}"

    def order(self, path: Path) -> AudioExport:
        """What was chosen, for a file of this name."""
        source = self._sources[self.name]
        if self._selection and self._stretch.currentIndex():
            source = Excerpt(source, *self._selection)
        subtype = FORMATS[self._format.currentText()][1] or subtype_for(path, self._track)
        return AudioExport(path, source, subtype)


def stretch_box(selection: tuple[int, int] | None) -> QComboBox:
    """Asks how much: all, number 0, or what is selected, number 1; that first, where anything is."""
    box = QComboBox()
    box.addItems(["The whole track", *(["What is selected"] if selection else [])])
    box.setCurrentIndex(box.count() - 1)
    return box


def stem(track: Path) -> str:
    """A track's name without what tells its kind."""
    return track.stem.removesuffix(".zarr")


def ask(dialog: ExportDialog, track: Path) -> ExportTask | None:
    """Show the dialog, then ask for a file's name, which is not the track's; None if either is cancelled."""
    if dialog.exec() != QDialog.DialogCode.Accepted:
        return None
    folder = QSettings().value("export folder", str(track.parent))
    files = QFileDialog(
        dialog.parentWidget(), dialog.windowTitle(), folder, f"{dialog.kind} (*{dialog.suffix})"
    )
    files.setAcceptMode(QFileDialog.AcceptMode.AcceptSave)
    files.setDefaultSuffix(dialog.suffix)
    files.selectFile(dialog.file_name(track))
    while files.exec() == QDialog.DialogCode.Accepted:
        path = Path(files.selectedFiles()[0])
        if not (os.path.exists(path) and os.path.exists(track) and path.samefile(track)):
            QSettings().setValue("export folder", str(path.parent))
            return dialog.order(path)
        text = f"{path.name} is the track that is open: choose another name."
        QMessageBox.warning(dialog.parentWidget(), dialog.windowTitle(), text)
    return None
