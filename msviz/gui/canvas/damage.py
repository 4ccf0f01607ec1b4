"""Draws the missing parts of a track on a canvas: hatched, and labelled where there is room."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache

from PyQt6.QtCore import QPointF, QRectF
from PyQt6.QtGui import QColor, QImage, QPainter, QPen, QPixmap

from msviz.gui.model.damage import Column

HATCH = 8  # pixels from line to line
VEIL, LINE = QColor(20, 20, 24, 190), QColor(255, 176, 64, 230)

EDGE = QColor(255, 176, 64)

PLATE, WRITING = QColor(0, 0, 0, 190), QColor(255, 205, 130)

PADDING = 5, 2


@lru_cache(maxsize=4)
def _hatching(ratio: float) -> QPixmap:
    """What they are tiled with."""
    size = round(HATCH * ratio)
    tile = QImage(size, size, QImage.Format.Format_ARGB32_Premultiplied)
    tile.fill(VEIL)
    painter = QPainter(tile)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.setPen(QPen(LINE, 1.4 * ratio))
    for shift in (-size, 0, size):
        painter.drawLine(QPointF(shift, size), QPointF(shift + size, 0))
    painter.end()
    hatching = QPixmap.fromImage(tile)
    hatching.setDevicePixelRatio(ratio)
    return hatching


def draw_missing(
    painter: QPainter, columns: Sequence[Column], height: float, ratio: float, *, labels: bool = True
) -> None:
    """Hatch what is missing from top to bottom, and say why where there is room for that."""
    metrics, (beside, over) = painter.fontMetrics(), PADDING
    for left, right, reason in columns:
        rect = QRectF(left, 0, right - left, height)
        # Tiled from the canvas's corner, so that the lines of neighbours meet and nothing crawls.
        painter.drawTiledPixmap(rect, _hatching(ratio), QPointF(left % HATCH, 0))
        for x in (left, right - 1 / ratio):
            painter.fillRect(QRectF(x, 0, 1 / ratio, height), EDGE)
        width = metrics.horizontalAdvance(reason) + 2 * beside
        tall = metrics.height() + 2 * over
        if labels and width < rect.width() and tall < height:
            plate = QRectF(0, 0, width, tall)
            plate.moveCenter(rect.center())
            painter.fillRect(plate, PLATE)
            painter.setPen(WRITING)
            painter.drawText(
                QPointF(plate.left() + beside, plate.bottom() - over - metrics.descent()), reason
            )
