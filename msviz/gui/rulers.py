"""The rulers of time and frequency, and the legend of levels."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
from PyQt6.QtCore import QPointF, QRect, QRectF, Qt, pyqtSignal
from PyQt6.QtGui import (
    QColor,
    QFontMetricsF,
    QMouseEvent,
    QPainter,
    QPaintEvent,
    QPalette,
    QPolygonF,
    QResizeEvent,
    QWheelEvent,
)
from PyQt6.QtWidgets import QWidget

from msviz.gui.canvas import PLAYHEAD
from msviz.gui.colours import Colours, coloured
from msviz.gui.gestures import ZOOM_PER_NOTCH, either
from msviz.gui.ticks import Tick, frequency_ticks, level_ticks, time_ticks
from msviz.gui.view import View
from msviz.picture import FrequencyAxis, to_code

FREQUENCY_RULER_WIDTH = 64
LEGEND_WIDTH = 52
MAJOR, MINOR = 8, 4  # lengths of marks
INDENT = 4  # from a mark to its label
HANDLE = 6  # half the width of the playhead's handle
BAR = 12  # width of the legend's colours


class Ruler(QWidget):
    """What rulers share: colours of the palette, and a font a little smaller than elsewhere."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        font = self.font()
        font.setPointSizeF(0.9 * font.pointSizeF())
        self.setFont(font)

    def _painter(self) -> QPainter:
        painter = QPainter(self)
        painter.fillRect(self.rect(), self.palette().color(QPalette.ColorRole.Window))
        painter.setPen(self._ink(0.85))
        return painter

    def _ink(self, opacity: float) -> QColor:
        """The colour of writing, thinned."""
        colour = self.palette().color(QPalette.ColorRole.WindowText)
        colour.setAlphaF(opacity)
        return colour

    def _snapped(self, position: float) -> float:
        """The device pixel that holds a position, as on a canvas."""
        ratio = self.devicePixelRatioF()
        return math.floor(position * ratio) / ratio

    def _draw_beside(self, painter: QPainter, y: float, label: str, left: int, right: int) -> None:
        """Write a label between two margins, centred on `y` but inside the ruler."""
        height = painter.fontMetrics().height()
        top = min(max(y - height / 2, 0.0), self.height() - height)
        align = Qt.AlignmentFlag.AlignVCenter | (
            Qt.AlignmentFlag.AlignLeft if left else Qt.AlignmentFlag.AlignRight
        )
        painter.drawText(QRectF(left, top, self.width() - left - right, height), align, label)


class TimeRuler(Ruler):
    """Time over the pictures, with the playhead's handle.

    The wheel zooms in time; a press or a drag asks for a position.
    """

    seek_requested = pyqtSignal(float)
    """The time in seconds under the hand, within the file."""

    def __init__(self, view: View, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._view = view
        self._drawn_playhead = 0.0
        self._ticks: list[Tick] | None = None
        view.range_changed.connect(self._change_range)
        view.playhead_changed.connect(self._move_playhead)
        self.setFixedHeight(math.ceil(QFontMetricsF(self.font()).height()) + MAJOR + 2)
        self.setToolTip("Drag to move the position, turn the wheel to zoom in time")

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = self._painter()
        metrics = QFontMetricsF(self.font())
        seen, width, bottom = self._view.range, self.width(), self.height()
        thin = 1 / self.devicePixelRatioF()

        def room(label: str) -> float:
            return metrics.horizontalAdvance(label) + 4 * INDENT

        if self._ticks is None:
            self._ticks = time_ticks(seen.start_s, seen.stop_s, max(1, width), room)
        for time_s, label in self._ticks:
            x = self._snapped(self._view.place(time_s) * width)
            if x > event.rect().right() or x + room(label) < event.rect().left():
                continue
            length = bottom if label else MINOR
            painter.fillRect(QRectF(x, bottom - length, thin, length), self._ink(0.4))
            if label and x + room(label) - 3 * INDENT <= width:
                painter.drawText(QPointF(x + INDENT, metrics.ascent() + 1), label)
        self._drawn_playhead = self._view.place(self._view.playhead_s) * width
        x = self._snapped(self._drawn_playhead) + 0.5
        if -HANDLE < x < width + HANDLE:
            painter.setRenderHint(QPainter.RenderHint.Antialiasing)
            painter.setBrush(PLAYHEAD)
            top = bottom - 1.5 * HANDLE
            painter.drawPolygon(
                QPolygonF([QPointF(x - HANDLE, top), QPointF(x + HANDLE, top), QPointF(x, bottom)])
            )

    def resizeEvent(self, event: QResizeEvent) -> None:
        self._ticks = None

    def _change_range(self) -> None:
        self._ticks = None
        self.update()

    def _move_playhead(self) -> None:
        for x in (self._drawn_playhead, self._view.place(self._view.playhead_s) * self.width()):
            if -HANDLE < x < self.width() + HANDLE:
                self.update(QRect(math.floor(x) - HANDLE - 2, 0, 2 * HANDLE + 5, self.height()))

    def mousePressEvent(self, event: QMouseEvent) -> None:
        self._seek(event)

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        self._seek(event)

    def _seek(self, event: QMouseEvent) -> None:
        if event.buttons() & Qt.MouseButton.LeftButton:
            time_s = self._view.time_at(event.position().x() / max(1, self.width()))
            self.seek_requested.emit(min(max(time_s, 0.0), self._view.full.stop_s))

    def wheelEvent(self, event: QWheelEvent) -> None:
        about = self._view.time_at(event.position().x() / max(1, self.width()))
        self._view.zoom_time(ZOOM_PER_NOTCH ** either(event), about)


class FrequencyRuler(Ruler):
    """Frequency beside a picture; the wheel zooms in frequency."""

    def __init__(self, view: View, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._view = view
        self._edges: list[float] = []
        self._drawn: FrequencyAxis | None = None
        view.range_changed.connect(self._change_range)
        self.setFixedWidth(FREQUENCY_RULER_WIDTH)
        self.setToolTip("Turn the wheel to zoom in frequency")

    def set_edges(self, edges_hz: Sequence[float]) -> None:
        """Mark where the picture's bands meet."""
        self._edges = list(edges_hz)
        self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = self._painter()
        axis, height = self._view.axis, max(1, self.height())
        self._drawn = axis
        thin = 1 / self.devicePixelRatioF()

        def pixel(hz: float) -> float:
            return float(1 - axis.position(hz)) * height

        for hz in self._edges:
            painter.fillRect(QRectF(0, self._snapped(pixel(hz)), self.width(), thin), self._ink(0.25))
        gap = 1.6 * painter.fontMetrics().height()
        for hz, label in frequency_ticks(axis.low_hz, axis.high_hz, pixel, gap):
            length = MAJOR if label else MINOR
            painter.fillRect(
                QRectF(self.width() - length, self._snapped(pixel(hz)), length, thin), self._ink(0.6)
            )
            if label:
                self._draw_beside(painter, pixel(hz), label, 0, MAJOR + INDENT)

    def _change_range(self) -> None:
        if self._view.axis != self._drawn:  # not for every move in time
            self.update()

    def wheelEvent(self, event: QWheelEvent) -> None:
        about = self._view.axis.frequency(1 - event.position().y() / max(1, self.height()))
        self._view.zoom_frequency(ZOOM_PER_NOTCH ** either(event), float(about))


class LevelLegend(Ruler):
    """Which colour is which level."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._colours = Colours()
        self.setFixedWidth(LEGEND_WIDTH)
        self.setToolTip("Levels in dB; a sine of full scale is 0")

    def set_colours(self, colours: Colours) -> None:
        """The colours that the pictures have."""
        self._colours = colours
        self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = self._painter()
        floor, ceiling = self._colours.floor_db, self._colours.ceiling_db
        codes = np.arange(to_code(ceiling), to_code(floor) - 1, -1, dtype=np.uint8)[:, None]
        bar = QRectF(INDENT, 0, BAR, self.height())
        painter.drawImage(bar, coloured(codes, self._colours))
        line = painter.fontMetrics().height()
        for level, label in level_ticks(floor, ceiling, max(1, self.height()), 2.5 * line):
            y = (ceiling - level) / (ceiling - floor) * self.height()
            painter.fillRect(QRectF(bar.right(), min(y, self.height() - 1), MINOR, 1), self._ink(0.6))
            unit = " dB" if level == ceiling else ""
            self._draw_beside(painter, y, label + unit, int(bar.right()) + MINOR + 2, 0)
