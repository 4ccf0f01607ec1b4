"""What is missing of a track, as canvases show it: hatched, and labelled where there is room."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import lru_cache
from typing import NamedTuple

import numpy as np
from PyQt6.QtCore import QPointF, QRectF
from PyQt6.QtGui import QColor, QImage, QPainter, QPen, QPixmap

HATCH = 8  # pixels from line to line
LEAST = 3  # pixels that the shortest is wide
VEIL, LINE = QColor(20, 20, 24, 190), QColor(255, 176, 64, 230)
EDGE = QColor(255, 176, 64)
PLATE, WRITING = QColor(0, 0, 0, 190), QColor(255, 205, 130)
PADDING = 5, 2


class Missing(NamedTuple):
    """A stretch of a track that cannot be read, in seconds, and why: "damaged", "lost" or "missing"."""

    start_s: float
    stop_s: float
    reason: str


class Stretches:
    """Missing stretches, ready to be looked up by thousands.

    Parameters
    ----------
    missing : sequence of Missing
        In order, without overlaps.
    """

    def __init__(self, missing: Sequence[Missing] = ()) -> None:
        self.missing = tuple(missing)
        self._starts = np.array([one.start_s for one in self.missing])
        self._stops = np.array([one.stop_s for one in self.missing])

    def at(self, time_s: float) -> str | None:
        """Why there is nothing at a time; None where there is something."""
        index = int(np.searchsorted(self._starts, time_s, "right")) - 1
        if index >= 0 and time_s < self.missing[index].stop_s:
            return self.missing[index].reason
        return None

    def after(self, time_s: float) -> Missing | None:
        """The first that begins after a time; the first of all if none does."""
        if not self.missing:
            return None
        index = int(np.searchsorted(self._starts, time_s, "right"))
        return self.missing[index % len(self.missing)]

    def columns(self, x_of: Callable[[float], float], start_s: float, stop_s: float) -> list[_Column]:
        """What is seen of them between two times, in pixels; what falls on the same pixels is one."""
        first = int(np.searchsorted(self._stops, start_s, "right"))
        last = int(np.searchsorted(self._starts, stop_s, "left"))
        if first >= last:
            return []
        x_first, x_last = x_of(start_s), x_of(stop_s)
        per_s = (x_last - x_first) / (stop_s - start_s)
        left = np.maximum(x_first + (self._starts[first:last] - start_s) * per_s, x_first)
        right = np.minimum(x_first + (self._stops[first:last] - start_s) * per_s, x_last)
        short = right - left < LEAST
        middle = (left + right) / 2
        left, right = np.where(short, middle - LEAST / 2, left), np.where(short, middle + LEAST / 2, right)
        reach = np.maximum.accumulate(right)
        begins = np.flatnonzero(np.concatenate([[True], left[1:] > reach[:-1]]))
        ends = np.concatenate([begins[1:], [len(left)]]) - 1
        return [
            _Column(float(left[a]), float(reach[b]), self.missing[first + a].reason)
            for a, b in zip(begins, ends, strict=True)
        ]


class _Column(NamedTuple):
    left: float
    right: float
    reason: str


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
    painter: QPainter, columns: Sequence[_Column], height: float, ratio: float, *, labels: bool = True
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
