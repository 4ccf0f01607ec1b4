"""Marks that move over canvases: the playhead, and dotted lines."""

from __future__ import annotations

import math
from functools import lru_cache

from PyQt6.QtCore import QRectF
from PyQt6.QtGui import (
    QColor,
    QImage,
    QPainter,
    QPixmap,
)

PLAYHEAD = QColor(64, 240, 255)  # a colour that no map has
EDGE = QColor(0, 0, 0)
HALO = QColor(255, 255, 255, 110)
PLAYHEAD_LINES = HALO, EDGE, PLAYHEAD, EDGE, HALO  # on any ground, two of them stand out
PLAYHEAD_TILE = 512  # pixels along the line
CURSOR_LIGHT, CURSOR_DARK = QColor(255, 255, 255, 170), QColor(0, 0, 0, 130)
DOTS_APART = 3  # device pixels


def snapped(position: float, ratio: float) -> float:
    """The device pixel that holds a position, so that thin lines are one pixel wide.

    A canvas may itself begin between device pixels: a hundredth lets all that it draws round alike.
    """
    return (math.floor(position * ratio) + 0.01) / ratio


def draw_playhead(painter: QPainter, x: float, height: float, ratio: float) -> None:
    """A bright line between dark ones between light ones, each a whole number of device pixels wide."""
    pixel = max(1, round(ratio)) / ratio
    left, count = snapped(x, ratio), len(PLAYHEAD_LINES)
    rect = QRectF(left - count // 2 * pixel, 0, count * pixel, height)
    painter.drawTiledPixmap(rect, _playhead(ratio))


@lru_cache(maxsize=4)
def _playhead(ratio: float) -> QPixmap:
    """The playhead as a tile: lines drawn one by one take twice as long."""
    pixel, count = max(1, round(ratio)), len(PLAYHEAD_LINES)
    tile = QImage(count * pixel, PLAYHEAD_TILE, QImage.Format.Format_ARGB32_Premultiplied)
    tile.fill(0)
    painter = QPainter(tile)
    for number, colour in enumerate(PLAYHEAD_LINES):
        painter.fillRect(number * pixel, 0, pixel, PLAYHEAD_TILE, colour)
    painter.end()
    playhead = QPixmap.fromImage(tile)
    playhead.setDevicePixelRatio(ratio)
    return playhead


@lru_cache(maxsize=4)
def dots(ratio: float) -> QPixmap:
    """What dotted lines are tiled with; a dotted pen takes three times as long."""
    tile = QImage(DOTS_APART, DOTS_APART, QImage.Format.Format_ARGB32_Premultiplied)
    tile.fill(CURSOR_DARK)
    tile.setPixelColor(0, 0, CURSOR_LIGHT)
    dots = QPixmap.fromImage(tile)
    dots.setDevicePixelRatio(ratio)
    return dots
