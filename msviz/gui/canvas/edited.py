"""Canvases that show what has been done to the sound: octaves that are silent, boxes and their gains."""

from __future__ import annotations

import math

from PyQt6.QtCore import QPointF, QRectF, Qt, pyqtSignal
from PyQt6.QtGui import QBrush, QColor, QPainter, QPen, QRegion
from PyQt6.QtWidgets import QWidget

from msviz.gui.canvas.curtain import CurtainCanvas
from msviz.gui.canvas.picture_canvas import PictureCanvas
from msviz.gui.model.gains import gain_text
from msviz.gui.model.track import TrackState
from msviz.gui.model.view import box_of
from msviz.transform.edits import BoxEdit, Edits

VEIL = QColor(0, 0, 0, 150)
HATCH = QColor(255, 255, 255, 45)
REMOVED, SOFTER, LOUDER, KEPT = QColor("#ff6b5e"), QColor("#6bb8ff"), QColor("#7ddc7a"), QColor("#f0f0f0")


def colour_of(edit: BoxEdit) -> QColor:
    """What an edit does, as a colour."""
    if edit.gain_db == -math.inf:
        return REMOVED
    return KEPT if edit.gain_db == 0 else LOUDER if edit.gain_db > 0 else SOFTER


def silent_octaves(edits: Edits) -> list[int]:
    """The octaves of which nothing is heard, whatever the boxes do."""
    soloed = any(octave.soloed for octave in edits.octaves)
    return [
        number
        for number, octave in enumerate(edits.octaves)
        if octave.muted or octave.gain_db == -math.inf or (soloed and not octave.soloed)
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
        if edits.alone and edits.boxes:
            outside = QRegion(self.rect())
            for edit in edits.boxes:
                outside -= QRegion(self._rect(edit).toAlignedRect())
            painter.save()
            painter.setClipRegion(outside, Qt.ClipOperation.IntersectClip)
            painter.fillRect(self.rect(), VEIL)
            painter.restore()
        for number in silent_octaves(edits):
            octave = self._track.octaves[number]
            top, bottom = self.y_of(octave.high), self.y_of(octave.low)
            self._veil(painter, QRectF(0, top, self.width(), bottom - top))
        for edit in edits.boxes:
            self._draw_box(painter, edit)

    def _veil(self, painter: QPainter, rect: QRectF) -> None:
        rect = rect.intersected(QRectF(self.rect()))
        if not rect.isEmpty():
            painter.fillRect(rect, VEIL)
            painter.fillRect(rect, QBrush(HATCH, Qt.BrushStyle.BDiagPattern))

    def _rect(self, edit: BoxEdit) -> QRectF:
        top, bottom = self._heights(box_of(edit))
        rect = QRectF(QPointF(self.x_of(edit.start_s), top), QPointF(self.x_of(edit.stop_s), bottom))
        return rect.intersected(QRectF(self.rect()).adjusted(-4, -4, 4, 4))

    def _draw_box(self, painter: QPainter, edit: BoxEdit) -> None:
        rect = self._rect(edit)
        if rect.isEmpty():
            return
        removed = edit.gain_db == -math.inf and not self._track.edits.alone
        if removed:
            self._veil(painter, rect)
        painter.setPen(QPen(QColor(0, 0, 0), 3))
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.drawRect(rect)
        painter.setPen(QPen(colour_of(edit), 1))
        painter.drawRect(rect)
        plate = self._plate(painter, text := "removed" if removed else gain_text(max(edit.gain_db, -99.0)))
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
