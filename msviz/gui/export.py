"""Exporting sound: what, how much of it, in which format; written beside what goes on."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PyQt6.QtCore import QObject, pyqtSignal
from PyQt6.QtWidgets import (
    QComboBox,
    QDialog,
    QDialogButtonBox,
    QFileDialog,
    QFormLayout,
    QWidget,
)

from msviz.audio import AudioSource
from msviz.audio.writing import subtype_for, write_audio
from msviz.gui.jobs import Job, Outcome, Runner
from msviz.signal import Source

FORMATS = {
    "WAV, as deep as the track": (".wav", None),
    "WAV, 16 bit": (".wav", "PCM_16"),
    "WAV, 24 bit": (".wav", "PCM_24"),
    "WAV, 32 bit float": (".wav", "FLOAT"),
    "FLAC, 16 bit": (".flac", "PCM_16"),
    "FLAC, 24 bit": (".flac", "PCM_24"),
}
"""Suffix and subtype of each."""


@dataclass(frozen=True)
class Stretch:
    """Samples [start, stop) of another source; a `Source`."""

    source: Source
    start: int
    stop: int

    @property
    def rate(self) -> int:
        """Sampling rate in Hz."""
        return self.source.rate

    @property
    def channels(self) -> int:
        """Number of channels."""
        return self.source.channels

    @property
    def length(self) -> int:
        """Number of samples in each channel."""
        return self.stop - self.start

    def read(self, start: int, stop: int) -> NDArray[np.floating]:
        """Samples [start, stop) as an array (channels, stop - start); zero outside the stretch."""
        first, last = max(start, 0), min(stop, self.length)
        if last <= first:
            return np.zeros((self.channels, max(stop - start, 0)), np.float32)
        samples = self.source.read(self.start + first, self.start + last)
        return np.pad(samples, ((0, 0), (first - start, stop - last)))


@dataclass(frozen=True)
class Order:
    """What is to be written, and where."""

    path: Path
    source: Source
    subtype: str

    def write(self) -> Iterator[float | int]:
        """Write it: the share that is done, and at last how many values were clipped."""
        yield (yield from write_audio(self.path, self.source, subtype=self.subtype))


class ExportDialog(QDialog):
    """Asks what is to be written.

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

    def __init__(
        self,
        sources: Mapping[str, Source],
        heard: str,
        *,
        track: AudioSource,
        selection: tuple[int, int] | None,
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self.setWindowTitle("Export sound")
        self._sources, self._selection, self._track = sources, selection, track
        self._source = QComboBox()
        self._source.addItems(list(sources))
        self._source.setCurrentText(heard)
        self._source.setToolTip("What is written: as it is heard, with all edits")
        self._stretch = QComboBox()
        self._stretch.addItems(["The whole track", *(["What is selected"] if selection else [])])
        self._stretch.setCurrentIndex(self._stretch.count() - 1)
        self._format = QComboBox()
        self._format.addItems(list(FORMATS))
        form = QFormLayout(self)
        form.addRow("Sound", self._source)
        form.addRow("How much", self._stretch)
        form.addRow("Format", self._format)
        buttons = QDialogButtonBox(
            QDialogButtonBox.StandardButton.Save | QDialogButtonBox.StandardButton.Cancel
        )
        buttons.accepted.connect(self.accept)
        buttons.rejected.connect(self.reject)
        form.addRow(buttons)

    @property
    def suffix(self) -> str:
        """How the file's name ends."""
        return FORMATS[self._format.currentText()][0]

    @property
    def name(self) -> str:
        """Which source is to be written."""
        return self._source.currentText()

    def order(self, path: Path) -> Order:
        """What was chosen, for a file of this name."""
        source = self._sources[self.name]
        if self._selection and self._stretch.currentIndex():
            source = Stretch(source, *self._selection)
        subtype = FORMATS[self._format.currentText()][1] or subtype_for(path, self._track)
        return Order(path, source, subtype)


class Exporter(QObject):
    """Writes one file at a time.

    Parameters
    ----------
    runner : Runner
    """

    progressed = pyqtSignal(str, object)
    """The file's name, and how much of it is written, from 0 to 1; None: it is over."""
    told = pyqtSignal(str)
    failed = pyqtSignal(str)

    def __init__(self, runner: Runner) -> None:
        super().__init__()
        self._runner = runner
        self._job: Job | None = None

    def start(self, order: Order) -> None:
        """Write a file; one that is being written is given up."""
        self.cancel()
        name, clipped = order.path.name, 0

        def put(item: float | int) -> None:
            nonlocal clipped
            if isinstance(item, int):
                clipped = item
            else:
                self.progressed.emit(name, item)

        def end(outcome: Outcome) -> None:
            self._job = None
            self.progressed.emit(name, None)
            if outcome is Outcome.FAILED:
                self.failed.emit(str(job.error))
            elif outcome is Outcome.CANCELLED:
                self.told.emit(f"{name} is not written.")
            elif clipped:
                self.failed.emit(
                    f"{name} is written, but {clipped} values were louder than it can hold and are clipped: "
                    "export it softer, or as 32 bit float."
                )
            else:
                self.told.emit(f"{name} is written.")

        self._job = job = self._runner.start(order.write)
        job.item.connect(put)
        job.ended.connect(end)
        self.progressed.emit(name, 0.0)

    def cancel(self) -> None:
        """Leave no file."""
        if self._job:
            self._job.cancel()


def ask(dialog: ExportDialog, track: Path) -> Order | None:
    """Show the dialog, then ask for a file's name; None if either is cancelled."""
    if dialog.exec() != QDialog.DialogCode.Accepted:
        return None
    files = QFileDialog(dialog.parentWidget(), "Export sound", str(track.parent), f"Sound (*{dialog.suffix})")
    files.setAcceptMode(QFileDialog.AcceptMode.AcceptSave)
    files.setDefaultSuffix(dialog.suffix)
    files.selectFile(f"{track.stem} – {dialog.name}{dialog.suffix}")
    if files.exec() != QDialog.DialogCode.Accepted:
        return None
    return dialog.order(Path(files.selectedFiles()[0]))
