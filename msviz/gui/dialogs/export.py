"""Export dialogs: which sound, how much of it, in which format, to which file."""

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
    "WAV, same bit depth": (".wav", None),
    "WAV, 16-bit": (".wav", "PCM_16"),
    "WAV, 24-bit": (".wav", "PCM_24"),
    "WAV, 32-bit float": (".wav", "FLOAT"),
    "FLAC, 16-bit": (".flac", "PCM_16"),
    "FLAC, 24-bit": (".flac", "PCM_24"),
}
"""Suffix and subtype of each."""
WHOLE, TIME, BOX = "Whole track", "Selection (time only)", "Selection (time and frequency)"


class ExportDialog(QDialog):
    """Asks what to export; `ask` then asks where to.

    Attributes
    ----------
    kind : str
        What its files are, in one word.
    """

    kind = ""

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
        """A name to suggest for the file."""
        raise NotImplementedError

    def task(self, path: Path) -> ExportTask:
        """The export that was chosen, to this file."""
        raise NotImplementedError


class AudioDialog(ExportDialog):
    """Asks which sound to export, how much of it, and in which format.

    Parameters
    ----------
    sources : mapping of str to Source
        Sounds to choose from.
    heard : str
        The one chosen at first.
    track : AudioSource
        What they were made from; its bit depth is one of the formats.
    selection : tuple of int, optional
        Samples [start, stop) that are selected.
    isolated : mapping of str to Source, optional
        The sources with only the selected frequencies, as Shift+Space plays them.
    """

    kind = "Sound"

    def __init__(
        self,
        sources: Mapping[str, Source],
        heard: str,
        *,
        track: AudioSource,
        selection: tuple[int, int] | None = None,
        isolated: Mapping[str, Source] | None = None,
        parent: QWidget | None = None,
    ) -> None:
        super().__init__("Export sound", parent)
        self._sources, self._isolated = sources, isolated or {}
        self._selection, self._track = selection, track
        self._source = QComboBox()
        self._source.addItems(list(sources))
        self._source.setCurrentText(heard)
        self._source.setToolTip("Exported with all your edits, as you hear it")
        self._range = range_box(*([TIME] if selection else []), *([BOX] if isolated else []))
        self._range.setToolTip(
            "Time and frequency: what Shift+Space plays. Time only: all frequencies of the selected time"
        )
        self._format = QComboBox()
        self._format.addItems(list(FORMATS))
        self._form.addRow("&Sound", self._source)
        self._form.addRow("&Range", self._range)
        self._form.addRow("&Format", self._format)
        self._add_buttons()

    @property
    def suffix(self) -> str:
        """How the file's name ends."""
        return FORMATS[self._format.currentText()][0]

    @property
    def name(self) -> str:
        """The source to export."""
        return self._source.currentText()

    def file_name(self, track: Path) -> str:
        """The track's name and the sound's."""
        return f"{stem(track)} – {self.name}{self.suffix}"

    def task(self, path: Path) -> AudioExport:
        """The export that was chosen, to this file."""
        chosen = self._range.currentText()
        source = (self._isolated if chosen == BOX else self._sources)[self.name]
        if self._selection and chosen != WHOLE:
            source = Excerpt(source, *self._selection)
        subtype = FORMATS[self._format.currentText()][1] or subtype_for(path, self._track)
        return AudioExport(path, source, subtype)


def range_box(*selections: str) -> QComboBox:
    """Asks how much to export: the whole track, or one of `selections`; the last is chosen at first."""
    box = QComboBox()
    box.addItems([WHOLE, *selections])
    box.setCurrentIndex(box.count() - 1)
    return box


def stem(track: Path) -> str:
    """A track's name without its suffix."""
    return track.stem.removesuffix(".zarr")


def ask(dialog: ExportDialog, track: Path) -> ExportTask | None:
    """Show the dialog, then ask for a file other than the track; None if either is cancelled."""
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
            return dialog.task(path)
        text = f"{path.name} is the track you have open. Choose another name."
        QMessageBox.warning(dialog.parentWidget(), dialog.windowTitle(), text)
    return None
