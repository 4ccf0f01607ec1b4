"""The rulers of time and frequency, and the legend of levels."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence
from functools import lru_cache

import numpy as np
from PyQt6.QtCore import QPointF, QRectF, Qt, pyqtSignal
from PyQt6.QtGui import (
    QColor,
    QFontMetricsF,
    QImage,
    QMouseEvent,
    QPainter,
    QPaintEvent,
    QPalette,
    QPixmap,
    QPolygonF,
    QWheelEvent,
)
from PyQt6.QtWidgets import QWidget

from msviz.gui.canvas.cached_widget import CachedWidget
from msviz.gui.canvas.colours import Colours, coloured
from msviz.gui.canvas.gestures import ZOOM_PER_NOTCH, by_finger, either
from msviz.gui.canvas.marks import EDGE, PLAYHEAD, snapped
from msviz.gui.canvas.ticks import (
    frequency_ticks,
    hz_of,
    level_ticks,
    note_of,
    note_ticks,
    pixel_of,
    time_ticks,
)
from msviz.gui.model.readout import HIGHEST_NOTE, LOWEST_NOTE
from msviz.gui.model.view import View
from msviz.picture import FrequencyAxis, to_code

FREQUENCY_RULER_WIDTH = 64
LEGEND_WIDTH = 52
MAJOR, MINOR = 8, 4  # lengths of marks
INDENT = 4  # from a mark to its label
GAP = 1.25  # lines from label to label
HANDLE, HANDLE_HEIGHT = 6, 9  # half the width of the playhead's handle, its height
BAR = 12  # width of the legend's colours
KEYS = 14  # length of a keyboard's keys
NARROWEST_KEY = 2
BLACK_KEYS = (1, 3, 6, 8, 10)  # semitones above C
WHITE_KEY, BLACK_KEY = QColor(225, 225, 222), QColor(28, 28, 30)


@lru_cache(maxsize=4)
def _handle(ratio: float) -> QPixmap:
    """The playhead's handle; drawn as a shape, it would cost as much as all else that moves."""
    width = 2 * HANDLE + 1
    image = QImage(
        math.ceil(width * ratio), math.ceil(HANDLE_HEIGHT * ratio), QImage.Format.Format_ARGB32_Premultiplied
    )
    image.setDevicePixelRatio(ratio)
    image.fill(0)
    painter = QPainter(image)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.setPen(EDGE)  # a light ruler is as bright as the handle
    painter.setBrush(PLAYHEAD)
    left, middle, right = 0.5, width / 2, width - 0.5
    points = QPointF(left, 0.5), QPointF(right, 0.5), QPointF(middle, HANDLE_HEIGHT - 0.5)
    painter.drawPolygon(QPolygonF(points))
    painter.end()
    return QPixmap.fromImage(image)


class Ruler(CachedWidget):
    """What rulers share: colours of the palette, and a font a little smaller than elsewhere."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        font = self.font()
        font.setPointSizeF(0.9 * font.pointSizeF())
        self.setFont(font)
        self.setAttribute(Qt.WidgetAttribute.WA_OpaquePaintEvent)  # else all that lies below is painted first

    def _painter(self) -> QPainter:
        painter = QPainter(self)
        self._draw_ground(painter)
        return painter

    def _draw_ground(self, painter: QPainter) -> None:
        painter.fillRect(self.rect(), self.palette().color(QPalette.ColorRole.Window))
        painter.setPen(self._ink(0.85))

    def _ink(self, opacity: float) -> QColor:
        """The colour of writing, thinned."""
        colour = self.palette().color(QPalette.ColorRole.WindowText)
        colour.setAlphaF(opacity)
        return colour

    def _snapped(self, position: float) -> float:
        return snapped(position, self.devicePixelRatioF())

    def _draw_beside(
        self, painter: QPainter, labels: Iterable[tuple[float, str]], left: int, right: int
    ) -> None:
        """Write labels from the bottom up between two margins, each centred on its `y` but inside the ruler.

        One that would touch the one below, because it had to move, is left out.
        """
        line, free = painter.fontMetrics().height(), float(self.height())
        align = Qt.AlignmentFlag.AlignVCenter | (
            Qt.AlignmentFlag.AlignLeft if left else Qt.AlignmentFlag.AlignRight
        )
        for y, label in labels:
            top = min(max(y - line / 2, 0.0), self.height() - line)
            if top + line <= free + 0.5:
                painter.drawText(QRectF(left, top, self.width() - left - right, line), align, label)
                free = top


class TimeRuler(Ruler):
    """Time over the pictures, with the playhead's handle.

    The wheel zooms in time; a press asks for a position, a drag scrubs.
    """

    seek_requested = pyqtSignal(float)
    """The time in seconds that was pressed, within the file."""
    scrubbed = pyqtSignal(float)
    """The time in seconds under the hand that drags, within the file."""
    scrub_ended = pyqtSignal()

    def __init__(self, view: View, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._view = view
        self._drawn_playhead = 0.0
        self._scrubbing = False
        self.setMouseTracking(True)
        view.range_changed.connect(self.update)
        view.playhead_changed.connect(self._move_playhead)
        self.setFixedHeight(math.ceil(QFontMetricsF(self.font()).height()) + MAJOR + 2)
        self.setToolTip("Click to go there, drag to scrub, turn the wheel to zoom in time")

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        self._draw_cached(painter, self._draw_ticks)
        width, bottom = self.width(), self.height()
        self._drawn_playhead = self._view.place(self._view.playhead_s) * width
        x = self._snapped(self._drawn_playhead)
        if -HANDLE < x < width + HANDLE:
            painter.drawPixmap(QPointF(x - HANDLE, bottom - HANDLE_HEIGHT), _handle(self.devicePixelRatioF()))

    def _draw_ticks(self, painter: QPainter) -> None:
        self._draw_ground(painter)
        metrics = QFontMetricsF(self.font())
        seen, width, bottom = self._view.range, self.width(), self.height()
        ratio = self.devicePixelRatioF()
        per_second = width / self._view.span_s

        def room(label: str) -> float:
            return metrics.horizontalAdvance(label) + 4 * INDENT

        ticks = [
            (snapped((time_s - seen.start_s) * per_second, ratio), label)
            for time_s, label in time_ticks(seen.start_s, seen.stop_s, max(1, width), room)
        ]
        marks = [
            QRectF(x, bottom - length, 1 / ratio, length)
            for x, length in ((x, bottom if label else MINOR) for x, label in ticks)
        ]
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(self._ink(0.4))
        if marks:
            painter.drawRects(*marks)  # in one call: there may be hundreds
        painter.setPen(self._ink(0.85))
        labels = [(x, label) for x, label in ticks if label]
        if labels and labels[-1][0] + room(labels[-1][1]) - 3 * INDENT > width:
            labels.pop()  # all others have their room before the next
        for x, label in labels:
            painter.drawText(QPointF(x + INDENT, metrics.ascent() + 1), label)

    def _move_playhead(self) -> None:
        x, before = self._view.place(self._view.playhead_s) * self.width(), self._drawn_playhead
        if self._snapped(x) != self._snapped(before):
            self._move_over(before, x, HANDLE + 2)

    def mousePressEvent(self, event: QMouseEvent) -> None:
        if event.button() == Qt.MouseButton.LeftButton:
            self.seek_requested.emit(self._time_under(event))

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        if event.buttons() & Qt.MouseButton.LeftButton:
            self._scrubbing = True
            self.scrubbed.emit(self._time_under(event))
        else:
            self._let_go()  # a menu or a dialog got the release

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        if event.button() == Qt.MouseButton.LeftButton:
            self._let_go()

    def _let_go(self) -> None:
        if self._scrubbing:
            self._scrubbing = False
            self.scrub_ended.emit()

    def _time_under(self, event: QMouseEvent) -> float:
        time_s = self._view.time_at(event.position().x() / max(1, self.width()))
        return min(max(time_s, 0.0), self._view.full.stop_s)

    def wheelEvent(self, event: QWheelEvent) -> None:
        about = self._view.time_at(event.position().x() / max(1, self.width()))
        self._view.zoom_time(ZOOM_PER_NOTCH ** either(event), about, glide=not by_finger(event))


class Beside(Ruler):
    """What stands beside a picture, in line with its frequencies; the wheel zooms in frequency."""

    def __init__(self, view: View, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._view = view
        self._linear = False
        self._drawn: FrequencyAxis | None = None
        view.range_changed.connect(self._change_range)

    def set_linear(self, linear: bool) -> None:
        """Stand beside a linear axis, or a logarithmic one."""
        self._linear = linear
        self.update()

    @property
    def _axis(self) -> FrequencyAxis:
        seen = self._view.range
        return FrequencyAxis(seen.low_hz, seen.high_hz, self._linear)

    def _painter(self) -> QPainter:
        self._drawn = self._axis
        return super()._painter()

    def _change_range(self) -> None:
        if self._axis != self._drawn:  # not for every move in time
            self.update()

    def wheelEvent(self, event: QWheelEvent) -> None:
        about = self._axis.frequency(1 - event.position().y() / max(1, self.height()))
        self._view.zoom_frequency(
            ZOOM_PER_NOTCH ** either(event), float(about), linear=self._linear, glide=not by_finger(event)
        )


class FrequencyRuler(Beside):
    """Frequency beside a picture, in Hz or notes."""

    def __init__(self, view: View, parent: QWidget | None = None) -> None:
        super().__init__(view, parent)
        self._notes = False
        self.setFixedWidth(FREQUENCY_RULER_WIDTH)
        self.setToolTip("Turn the wheel to zoom in frequency")

    def set_notes(self, notes: bool) -> None:
        """Tell notes and show a keyboard, or tell frequencies in Hz."""
        self._notes = notes
        self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = self._painter()
        axis, height = self._axis, max(1, self.height())
        thin = 1 / self.devicePixelRatioF()
        above = pixel_of(axis, height)
        right = self.width() - (KEYS if self._notes else 0)
        gap, mark = GAP * painter.fontMetrics().height(), self._ink(0.6)
        ticks = (note_ticks if self._notes else frequency_ticks)(axis, height, gap)
        for hz, label in ticks:
            length = MAJOR if label else MINOR
            painter.fillRect(QRectF(right - length, self._snapped(height - above(hz)), length, thin), mark)
        labels = ((height - above(hz), label) for hz, label in ticks if label)
        self._draw_beside(painter, labels, 0, self.width() - right + MAJOR + INDENT)
        if self._notes:
            self._draw_keys(painter, axis, above)

    def _draw_keys(self, painter: QPainter, axis: FrequencyAxis, above: Callable[[float], float]) -> None:
        """A piano's keys, each over half a semitone up and down, as long as they can be told apart."""
        height, left = self.height(), self.width() - KEYS
        thin, short = 1 / self.devicePixelRatioF(), 0.6 * KEYS
        lowest, highest = (math.floor(note_of(hz) + 0.5) for hz in (axis.low_hz, axis.high_hz))
        lowest, highest = max(lowest, LOWEST_NOTE), min(highest, HIGHEST_NOTE)
        bottom, top = (height - above(hz_of(note)) for note in (lowest - 0.5, highest + 0.5))
        painter.fillRect(QRectF(left, top, KEYS, max(0.0, bottom - top)), WHITE_KEY)
        for note in range(lowest, highest + 1):
            top, name = height - above(hz_of(note + 0.5)), note % 12
            if bottom - top >= NARROWEST_KEY and name in BLACK_KEYS:
                painter.fillRect(QRectF(left, top, short, bottom - top), BLACK_KEY)
                middle = self._snapped((top + bottom) / 2)  # where the white keys beside it meet
                painter.fillRect(QRectF(left + short, middle, KEYS - short, thin), BLACK_KEY)
            elif name == 11 or (name == 4 and bottom - top >= NARROWEST_KEY):  # B and E have none above
                painter.fillRect(QRectF(left, self._snapped(top), KEYS, thin), BLACK_KEY)
            bottom = top


class LaneRuler(Ruler):
    """The names of a waveform's channels, each beside its lane."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._names: list[str] = []
        self.setFixedWidth(FREQUENCY_RULER_WIDTH)

    def set_names(self, names: Sequence[str]) -> None:
        """Those of the visible lanes, from the top."""
        self._names = list(names)
        self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = self._painter()
        lane = self.height() / max(1, len(self._names))
        places = [((number + 0.5) * lane, name) for number, name in enumerate(self._names)]
        metrics, room = painter.fontMetrics(), self.width() - 2 * INDENT
        labels = [
            (y, metrics.elidedText(name, Qt.TextElideMode.ElideRight, room)) for y, name in reversed(places)
        ]
        self._draw_beside(painter, labels, 0, INDENT)


class LevelLegend(Ruler):
    """Which colour is which level."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._colours = Colours()
        self.setFixedWidth(LEGEND_WIDTH)
        self.setToolTip("Levels in dB. A full-scale sine is 0 dB.")

    def set_colours(self, colours: Colours) -> None:
        """The colours that the pictures have."""
        self._colours = colours
        self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = self._painter()
        floor, ceiling = to_code(self._colours.floor_db), to_code(self._colours.ceiling_db)
        line = painter.fontMetrics().height()
        room = line // 2 + 1  # for half of the labels at its ends
        bar = QRectF(INDENT, room, BAR, max(1, self.height() - 2 * room))
        codes = np.arange(ceiling, floor - 1, -1, dtype=np.uint8)[:, None]
        painter.drawImage(bar, coloured(codes, self._colours))
        ticks = level_ticks(self._colours.floor_db, self._colours.ceiling_db, bar.height(), 2.5 * line)
        places = [
            bar.top() + (ceiling - to_code(level) + 0.5) / len(codes) * bar.height() for level, _ in ticks
        ]
        thin = 1 / self.devicePixelRatioF()
        for y in places:
            painter.fillRect(QRectF(bar.right(), self._snapped(y), MINOR, thin), self._ink(0.6))
        left = int(bar.right()) + MINOR + 2
        labels = [f"{label} dB" if level == ticks[-1][0] else label for level, label in ticks]
        if painter.fontMetrics().horizontalAdvance(labels[-1] if labels else "") > self.width() - left:
            labels = [label for _, label in ticks]
        self._draw_beside(painter, zip(places, labels, strict=True), left, 0)
