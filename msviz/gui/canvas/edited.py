"""Canvases that show what has been done to the sound: octaves that are silent, boxes and their gains."""

from __future__ import annotations

import math
from collections.abc import Iterable

from PyQt6.QtCore import QPointF, QRectF, Qt, pyqtSignal
from PyQt6.QtGui import QBrush, QColor, QPainter, QPen, QRegion
from PyQt6.QtWidgets import QWidget

from msviz.gui.canvas.curtain import CurtainCanvas
from msviz.gui.canvas.picture_canvas import INSET, PictureCanvas
from msviz.gui.model.gains import gain_text, solo_text
from msviz.gui.model.track import TrackState
from msviz.gui.model.view import box_of
from msviz.transform.edits import BoxEdit, Edits

VEIL = QColor(0, 0, 0, 150)
HATCH = QColor(255, 255, 255, 45)
SILENCED, UNCHANGED = QColor("#ff6b5e"), QColor("#f0f0f0")
SOFTER, LOUDER = QColor("#6bb8ff"), QColor("#7ddc7a")


def colour_of(edit: BoxEdit) -> QColor:
    """The colour of a box, by what is heard of it."""
    if edit.silenced:
        return SILENCED
    gain_db = heard_gain_db(edit)
    return UNCHANGED if gain_db == 0 else LOUDER if gain_db > 0 else SOFTER


def heard_gain_db(edit: BoxEdit) -> float:
    """The gain at which a box is heard that is not silenced: a soloed one at 0 dB if it would be silent."""
    return 0.0 if edit.gain_db == -math.inf else edit.gain_db


def muted_octaves(edits: Edits) -> list[int]:
    """The octaves of which nothing is heard, whatever is soloed."""
    return [
        number for number, octave in enumerate(edits.octaves) if octave.muted or octave.gain_db == -math.inf
    ]


class EditedCanvas(PictureCanvas):
    """A picture with veils over what is silent, and outlines of boxes."""

    clicked = pyqtSignal(float, float)
    """The time in seconds and the frequency in Hz that were clicked."""

    def __init__(self, track: TrackState, parent: QWidget | None = None) -> None:
        super().__init__(track.view, parent=parent)
        self._track = track
        track.edits_changed.connect(self.update)

    def _draw_picture(self, painter: QPainter) -> None:
        super()._draw_picture(painter)
        edits = self._track.edits
        painter.save()
        painter.setClipRegion(self._silent(), Qt.ClipOperation.IntersectClip)
        painter.fillRect(self.rect(), VEIL)
        painter.fillRect(self.rect(), QBrush(HATCH, Qt.BrushStyle.BDiagPattern))
        painter.restore()
        for edit in edits.boxes:
            self._draw_box(painter, edit)
        if solo := solo_text(edits):
            plate = self._plate(painter, solo)
            plate.moveTopRight(QPointF(self.width() - INSET, INSET))
            self._write(painter, plate, solo)

    def _silent(self) -> QRegion:
        """Where nothing is heard."""
        edits, silent = self._track.edits, QRegion()
        if solo_text(edits):
            soloed = [number for number, octave in enumerate(edits.octaves) if octave.soloed]
            silent = QRegion(self.rect()) - self._region(soloed, edits.soloed)
        return silent + self._region(muted_octaves(edits), [box for box in edits.boxes if box.silenced])

    def _region(self, octaves: Iterable[int], boxes: Iterable[BoxEdit]) -> QRegion:
        """What octaves and boxes cover."""
        stripes = [
            (self.y_of(self._track.octaves[n].high), self.y_of(self._track.octaves[n].low)) for n in octaves
        ]
        rects = [QRectF(0, top, self.width(), bottom - top) for top, bottom in stripes]
        rects += [self._rect(box) for box in boxes]
        return sum((QRegion(rect.toAlignedRect() & self.rect()) for rect in rects), QRegion())

    def _rect(self, edit: BoxEdit) -> QRectF:
        top, bottom = self._heights(box_of(edit))
        rect = QRectF(QPointF(self.x_of(edit.start_s), top), QPointF(self.x_of(edit.stop_s), bottom))
        return rect.intersected(QRectF(self.rect()).adjusted(-4, -4, 4, 4))

    def _draw_box(self, painter: QPainter, edit: BoxEdit) -> None:
        rect = self._rect(edit)
        if rect.isEmpty():
            return
        painter.setPen(QPen(QColor(0, 0, 0), 3))
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.drawRect(rect)
        painter.setPen(QPen(colour_of(edit), 1))
        painter.drawRect(rect)
        if self._track.edits.soloed and not edit.soloed:
            return  # its gain changes nothing now
        solo = "Solo, " if edit.soloed else ""
        text = "Silenced" if edit.silenced else f"{solo}{gain_text(heard_gain_db(edit))}"
        plate = self._plate(painter, text)
        if plate.width() < rect.width() and plate.height() < rect.height():
            plate.moveBottomLeft(rect.bottomLeft())
            plate.moveLeft(max(plate.left(), 0.0))
            plate.moveBottom(min(plate.bottom(), float(self.height())))
            self._write(painter, plate, text)

    def _seek(self, at: QPointF) -> None:
        super()._seek(at)
        self.clicked.emit(self.time_at(at.x()), self.frequency_at(at.y()))


class EditedCurtain(EditedCanvas, CurtainCanvas):
    """Two pictures in one panel with the same over both."""
