"""Exports what the window shows as PNG or SVG, once every part of it has been computed."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

from PyQt6.QtCore import QSize
from PyQt6.QtGui import QImage
from PyQt6.QtWidgets import QCheckBox, QComboBox, QHBoxLayout, QLabel, QSpinBox, QWidget

from msviz.gui.dialogs.export import ExportDialog, stem
from msviz.gui.model.parameters import POOLED
from msviz.gui.model.session import Session
from msviz.gui.model.view import Box
from msviz.gui.panels.figure import Figure, write
from msviz.gui.panels.pictures import Look
from msviz.gui.work.analysis import Picture, tile_levels
from msviz.gui.work.exporting import ExportTask
from msviz.gui.work.jobs import Work
from msviz.transform.edits import Edits

FORMATS = {"PNG": ".png", "SVG, editable axes": ".svg"}
SCALES = {"1×": 1.0, "2×, for print and high-density screens": 2.0, "4×": 4.0}
SMALLEST, LARGEST = QSize(200, 150), QSize(8000, 8000)


class PictureExport(ExportTask):
    """Computes what a figure lacks, then writes it."""

    def __init__(self, path: Path, figure: Figure, session: Session) -> None:
        self.path = path
        self._figure = figure
        self._source, self._track = session.drawn, session.source
        self._waveforms = session.waveforms if figure.look.rebuilt else session.waveforms[:1]

    def work(self) -> Work:
        """The worker's job: compute what the figure lacks."""
        # Not the figure itself: its last reference must be dropped on the GUI thread.
        source, waveforms = self._source, self._waveforms
        places, stretches = self._figure.missing(), self._figure.missing_samples()

        def compute() -> Iterator[Any]:
            count = len(places) + len(stretches)
            for done, place in enumerate(places, 1):
                yield place, tile_levels(place[0], source, place[1])
                yield done / count
            for done, (start, stop) in enumerate(stretches, len(places) + 1):
                yield start, [waveform.read(start, stop) for waveform in waveforms]
                yield done / count

        return compute

    def take(self, item: Any) -> None:
        """Put a tile or samples into the figure."""
        where, made = item
        if isinstance(where, int):
            self._figure.put_samples(where, *made)
        else:
            self._figure.put(where, made)

    def after(self) -> ExportTask:
        """Draw the figure; the next task writes it."""
        self._figure.set_damage(self._track.damage)
        return _WrittenPicture(self.path, self._figure.contents(self.path))


class _WrittenPicture(ExportTask):
    def __init__(self, path: Path, drawn: QImage | bytes) -> None:
        self.path, self._drawn = path, drawn

    def work(self) -> Work:
        """The worker's job: write the file."""
        drawn, path = self._drawn, self.path

        def save() -> Iterator[float]:
            write(drawn, path)
            yield 1.0

        return save


class PictureDialog(ExportDialog):
    """Asks for the format, the size and the decoration of a picture.

    Parameters
    ----------
    session : Session
        Draws its track.
    seen : Box
        The part to draw.
    look : Look
        How the window shows it, marks included.
    size : QSize
        Of the pictures in the window.
    """

    kind = "Picture"

    def __init__(
        self, session: Session, seen: Box, look: Look, size: QSize, parent: QWidget | None = None
    ) -> None:
        super().__init__("Export picture", parent)
        self._session, self._seen, self._look_shown = session, seen, look
        self._format = QComboBox()
        self._format.addItems(list(FORMATS))
        self._format.setToolTip(
            "SVG: ticks and labels stay editable lines and text; the pictures are embedded images"
        )
        size = size.expandedTo(SMALLEST).boundedTo(LARGEST)
        self._width = _pixels("Width", SMALLEST.width(), LARGEST.width(), size.width())
        self._height = _pixels("Height", SMALLEST.height(), LARGEST.height(), size.height())
        both = QHBoxLayout()
        for widget in (self._width, QLabel("×"), self._height):
            both.addWidget(widget)
        both.addStretch()
        self._scale = QComboBox()
        self._scale.addItems(list(SCALES))
        self._scale.setToolTip("Pixels per unit of size, in both directions")
        self._title = QCheckBox("&Title: track name, time range and frequency range")
        self._title.setChecked(True)
        self._marks = QCheckBox("&Marks: selection and edits")
        self._marks.setEnabled(bool(look.selection or look.edits))
        self._form.addRow("&Format", self._format)
        self._form.addRow("&Size", both)
        self._form.labelForField(both).setBuddy(self._width)
        self._form.addRow("S&cale", self._scale)
        self._form.addRow(self._title)
        self._form.addRow(self._marks)
        self._add_buttons()

    @property
    def suffix(self) -> str:
        """How the file's name ends."""
        return FORMATS[self._format.currentText()]

    def file_name(self, track: Path) -> str:
        """The track's name."""
        return f"{stem(track)}{self.suffix}"

    def task(self, path: Path) -> PictureExport:
        """The export that was chosen, to this file."""
        look = self._look_shown
        if not self._marks.isChecked():
            look = replace(look, edits=Edits(), selection=None, rebuilt=False)
        session, pool = self._session, POOLED[look.parameters.pooled]
        octaves, stft = (Picture.of(picture.transform, session.drawn, pool) for picture in session.pictures)
        figure = Figure(
            session.drawn,
            octaves,
            stft,
            self._seen,
            look,
            size=(self._width.value(), self._height.value()),
            scale=SCALES[self._scale.currentText()],
            lanes=session.lanes,
            name=session.source.path.name if self._title.isChecked() else "",
        )
        return PictureExport(path, figure, session)


def _pixels(tip: str, least: int, most: int, value: int) -> QSpinBox:
    box = QSpinBox()
    box.setRange(least, most)
    box.setValue(value)
    box.setToolTip(tip)
    box.setAccessibleName(tip)
    return box
