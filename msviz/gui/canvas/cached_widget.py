"""What stands still under something that moves: drawn once, and kept."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

from PyQt6.QtCore import QEvent, QPoint, QPointF
from PyQt6.QtGui import QImage, QPaintEngine, QPainter
from PyQt6.QtWidgets import QWidget


class CachedWidget(QWidget):
    """A widget over all of which it draws, and over that something that moves.

    Whoever changes what stands still calls `update()`, as ever; what moves over it calls `update` with
    the part that it leaves or enters, and costs no more than copying that part.
    """

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._changed = True
        self._kept: QImage | None = None
        self._lies: tuple[object, ...] = ()  # of what size it was when it was drawn, and where

    def update(self, *part: Any) -> None:
        """Draw again all of it, or what moves over a part."""
        self._changed = self._changed or not part
        super().update(*part)

    def _move_over(self, before: float, now: float, reach: int) -> None:
        """Something upright moves from one x to another, and reaches so many pixels to both sides."""
        nearest, farthest, width = -2.0 * reach, self.width() + 2.0 * reach, 2 * reach + 2
        first, last = (
            math.floor(min(max(x, nearest), farthest)) - reach for x in (min(before, now), max(before, now))
        )
        if last - first <= width:  # in one stroke
            super().update(first, 0, last - first + width, self.height())
        else:
            super().update(first, 0, width, self.height())
            super().update(last, 0, width, self.height())

    def _device_size(self) -> tuple[int, int]:
        """Device pixels that it touches; the last ones may lie within it only in part."""
        ratio = self.devicePixelRatioF()
        return math.ceil(self.width() * ratio - 1e-6), math.ceil(self.height() * ratio - 1e-6)

    def changeEvent(self, event: QEvent) -> None:
        self._changed = True  # the palette, or the font
        super().changeEvent(event)

    def _draw_cached(self, painter: QPainter, draw: Callable[[QPainter], None]) -> None:
        """Draw what stands still: with `draw` where it has changed, else as it was then.

        It is kept from the second time on: while the view moves, every frame is another.
        """
        engine, ratio = painter.paintEngine(), self.devicePixelRatioF()
        raster = engine is not None and engine.type() == QPaintEngine.Type.Raster
        within = QPointF()
        if ratio % 1:
            # It may begin within a device pixel: what is kept does as well, so that all is rounded alike.
            corner = self.mapTo(self.window(), QPoint(0, 0)).toPointF() * ratio
            within = QPointF(corner.x() % 1, corner.y() % 1) / ratio
        lies = self.size(), ratio, within
        if self._changed or lies != self._lies or not raster:
            self._changed, self._lies, self._kept = False, lies, None
            draw(painter)
            return
        if self._kept is None:
            columns, lines = self._device_size()
            self._kept = QImage(columns + 1, lines + 1, QImage.Format.Format_RGB32)
            self._kept.setDevicePixelRatio(ratio)
            under = QPainter(self._kept)
            self.initPainter(under)
            under.translate(within)
            draw(under)
            under.end()
        painter.drawImage(-within, self._kept)
