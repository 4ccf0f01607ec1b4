"""Exporting: what, how much of it, in which format; written beside what goes on."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from PyQt6.QtCore import QObject, QSettings, pyqtSignal
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
from msviz.audio.writing import audio_writer, subtype_for
from msviz.errors import MsvizError
from msviz.gui.work.jobs import Job, Outcome, Runner, Work
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
