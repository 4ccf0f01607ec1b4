"""The canvas of one picture: an image gathered for the viewport, drawn 1:1 in device pixels."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray
from PyQt6.QtCore import QEvent, QPointF, QRect, QRectF, Qt, QTimer, pyqtSignal
from PyQt6.QtGui import (
    QColor,
    QImage,
    QKeyEvent,
    QMouseEvent,
    QNativeGestureEvent,
    QPainter,
    QPaintEvent,
    QPen,
    QWheelEvent,
)
from PyQt6.QtWidgets import QApplication, QWidget

from msviz.gui.colours import Colours, coloured
from msviz.gui.gestures import SCROLL_PER_NOTCH, ZOOM_PER_NOTCH, either, notches
from msviz.gui.view import Box, View
from msviz.picture import UNKNOWN, BandRows, FrequencyAxis, Pyramid, band_rows, image, to_db

REFRESH_MS = 40  # between two redraws for tiles that came in

PLAYHEAD = QColor(64, 240, 255)  # a colour that no map has, between black edges
EDGE = QColor(0, 0, 0)
CURSOR_LIGHT, CURSOR_DARK = QColor(255, 255, 255, 170), QColor(0, 0, 0, 130)
BAND_EDGE = QColor(255, 255, 255, 45)
SELECTED = QColor(255, 255, 255, 28)
PLATE, WRITING = QColor(0, 0, 0, 130), QColor(235, 235, 235)


class PictureCanvas(QWidget):
    """One picture in the shared view.

    The codes in view and their colours are kept: what changes neither costs a blit, and what moves
    over the picture, cursor and playhead, repaints only the pixels that it leaves and enters.

    Parameters
    ----------
    view : View
        What part is seen.
    title : str
        Written small in the corner.
    """

    seek_requested = pyqtSignal(float)
    """The time in seconds that was clicked."""

    def __init__(self, view: View, title: str = "", parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._view = view
        self._title = title
        self._pyramid: Pyramid | None = None
        self._colours = Colours()
        self._codes: NDArray[np.uint8] | None = None  # of the viewport, while they are right
        self._image: QImage | None = None  # their colours
        self._rows: tuple[FrequencyAxis, int, list[BandRows]] | None = None
        self._band_edges: list[float] = []
        self._pressed: QPointF | None = None
        self._drag: QRectF | None = None  # the box under the hand
        self._drag_zooms = False
        self._panned_from: QPointF | None = None
        self._drawn_cursor: QPointF | None = None
        self._drawn_playhead = -1.0
        self._refresh = QTimer(self)
        self._refresh.setSingleShot(True)
        self._refresh.timeout.connect(self._regather)
        view.range_changed.connect(self._regather)
        view.cursor_changed.connect(self._move_cursor)
        view.playhead_changed.connect(self._move_playhead)
        view.selection_changed.connect(self.update)
        self.setAttribute(Qt.WidgetAttribute.WA_OpaquePaintEvent)
        self.setMouseTracking(True)
        self.setFocusPolicy(Qt.FocusPolicy.ClickFocus)
        self.setCursor(Qt.CursorShape.CrossCursor)
        self.setMinimumSize(64, 48)

    def set_picture(self, pyramid: Pyramid | None) -> None:
        """Show another picture, or none."""
        self._pyramid = pyramid
        self._rows = None
        self._band_edges = [band.low for band in pyramid.bands[1:]] if pyramid else []
        self._regather()

    def set_title(self, title: str) -> None:
        """What is written in the corner."""
        self._title = title
        self.update()

    def set_colours(self, colours: Colours) -> None:
        """Show levels in other colours; nothing else is computed."""
        self._colours = colours
        self._image = None
        self.update()

    def refresh(self, start_s: float, stop_s: float) -> None:
        """Tiles of a stretch came in: draw them soon, together with those that follow at once."""
        in_view = stop_s > self._view.range.start_s and start_s < self._view.range.stop_s
        if in_view and not self._refresh.isActive():
            self._refresh.start(REFRESH_MS)

    def level_at(self, time_s: float, hz: float) -> float | None:
        """The level in dB that is drawn at a time and frequency; None where nothing is known or seen."""
        if self._codes is None:
            return None
        height, width = self._codes.shape
        column = math.floor(self._view.place(time_s) * width)
        row = math.floor((1 - self._view.axis.position(hz)) * height)
        if not (0 <= column < width and 0 <= row < height) or self._codes[row, column] == UNKNOWN:
            return None
        return to_db(int(self._codes[row, column]))

    # Geometry.  A position is that of a pixel's corner; what a pixel shows lies at its centre.

    def time_at(self, x: float) -> float:
        """Time in seconds at the centre of the device pixel that begins at `x`."""
        return self._view.time_at((x + 0.5 / self.devicePixelRatioF()) / max(1, self.width()))

    def frequency_at(self, y: float) -> float:
        """Frequency in Hz at the centre of the device pixel that begins at `y`."""
        return float(
            self._view.axis.frequency(1 - (y + 0.5 / self.devicePixelRatioF()) / max(1, self.height()))
        )

    def x_of(self, time_s: float) -> float:
        """Where a time lies."""
        return self._view.place(time_s) * self.width()

    def y_of(self, hz: float) -> float:
        """Where a frequency lies."""
        return (1 - float(self._view.axis.position(hz))) * self.height()

    def _snapped(self, position: float) -> float:
        """The device pixel that holds a position, so that thin lines are one pixel wide."""
        ratio = self.devicePixelRatioF()
        return math.floor(position * ratio) / ratio

    # What is drawn

    def _device_size(self) -> tuple[int, int]:
        ratio = self.devicePixelRatioF()
        return round(self.width() * ratio), round(self.height() * ratio)

    @property
    def samples_per_pixel(self) -> float:
        """Of the file, to a device pixel."""
        return self._view.span_s * self._view.rate / max(1, self._device_size()[0])

    def _regather(self) -> None:
        self._codes = None
        self.update()

    def _gathered(self) -> NDArray[np.uint8]:
        """Codes of the viewport, kept until something else is seen."""
        width, height = self._device_size()
        if self._codes is not None and self._codes.shape == (height, width):
            return self._codes
        self._image = None
        if self._pyramid is None:
            self._codes = np.full((height, width), UNKNOWN, np.uint8)
            return self._codes
        axis, seen, rate = self._view.axis, self._view.range, self._view.rate
        if self._rows is None or self._rows[:2] != (axis, height):
            self._rows = axis, height, band_rows(self._pyramid.bands, axis, height)
        start, stop = seen.start_s * rate, seen.stop_s * rate
        self._codes = image(self._pyramid, self._rows[2], start, stop, width, height)
        return self._codes

    def _picture(self) -> QImage:
        """The viewport in colours, kept as well."""
        codes = self._gathered()
        if self._image is None:
            self._image = coloured(codes, self._colours, self.devicePixelRatioF())
        return self._image

    def paintEvent(self, event: QPaintEvent) -> None:
        if not (self.width() and self.height()):
            return
        painter = QPainter(self)
        painter.drawImage(QPointF(0, 0), self._picture())
        thin = 1 / self.devicePixelRatioF()
        for hz in self._band_edges:
            y = self._snapped(self.y_of(hz))
            painter.fillRect(QRectF(0, y, self.width(), thin), BAND_EDGE)
        self._draw_selection(painter)
        self._draw_title(painter)
        self._draw_cursor(painter)
        self._draw_playhead(painter)

    def _draw_selection(self, painter: QPainter) -> None:
        box = self._drag or self._selected()
        if box:
            painter.fillRect(box, SELECTED)
            for colour, style in ((EDGE, Qt.PenStyle.SolidLine), (WRITING, Qt.PenStyle.DashLine)):
                painter.setPen(QPen(colour, 0, style))
                painter.drawRect(box)

    def _selected(self) -> QRectF | None:
        box = self._view.selection
        if not box:
            return None
        corners = (
            QPointF(self.x_of(box.start_s), self.y_of(box.high_hz)),
            QPointF(self.x_of(box.stop_s), self.y_of(box.low_hz)),
        )
        seen = QRectF(self.rect()).adjusted(-2, -2, 2, 2)  # lines far outside cost time, and overflow
        return QRectF(*corners).intersected(seen)

    def _draw_title(self, painter: QPainter) -> None:
        if self._title:
            plate = painter.fontMetrics().boundingRect(self._title).adjusted(-6, -2, 6, 2)
            plate.moveTopLeft(QRect(6, 6, 0, 0).topLeft())
            painter.fillRect(plate, PLATE)
            painter.setPen(WRITING)
            painter.drawText(plate, Qt.AlignmentFlag.AlignCenter, self._title)

    def _draw_cursor(self, painter: QPainter) -> None:
        """A hair cross, dark and light in turns: seen on every colour, and dotted, so no playhead."""
        at = self._drawn_cursor = self._cursor_position()
        if at is None:
            return
        thin = 1 / self.devicePixelRatioF()
        x, y = self._snapped(at.x()), self._snapped(at.y())
        for line in (QRectF(x, 0, thin, self.height()), QRectF(0, y, self.width(), thin)):
            painter.fillRect(line, CURSOR_DARK)
        painter.setPen(QPen(CURSOR_LIGHT, 0, Qt.PenStyle.DotLine))
        middle = thin / 2
        painter.drawLine(QPointF(x + middle, 0), QPointF(x + middle, self.height()))
        painter.drawLine(QPointF(0, y + middle), QPointF(self.width(), y + middle))

    def _cursor_position(self) -> QPointF | None:
        if self._view.cursor is None:
            return None
        time_s, hz = self._view.cursor
        return QPointF(self.x_of(time_s), self.y_of(hz))

    def _draw_playhead(self, painter: QPainter) -> None:
        self._drawn_playhead = self.x_of(self._view.playhead_s)
        x = self._snapped(self._drawn_playhead)
        if -4 < x < self.width() + 4:
            painter.fillRect(QRectF(x - 1, 0, 3, self.height()), EDGE)
            painter.fillRect(QRectF(x, 0, 1, self.height()), PLAYHEAD)

    def _strip(self, x: float) -> QRect:
        """What a vertical line at `x` may touch."""
        return QRect(math.floor(x) - 3, 0, 8, self.height()) if -8 < x < self.width() + 8 else QRect()

    def _move_playhead(self) -> None:
        x = self.x_of(self._view.playhead_s)
        if self._snapped(x) != self._snapped(self._drawn_playhead):
            self.update(self._strip(self._drawn_playhead))
            self.update(self._strip(x))

    def _move_cursor(self) -> None:
        for at in (self._drawn_cursor, self._cursor_position()):
            if at is not None:
                self.update(self._strip(at.x()))
                self.update(QRect(0, math.floor(at.y()) - 1, self.width(), 3))

    # Hands

    def mousePressEvent(self, event: QMouseEvent) -> None:
        if event.button() == Qt.MouseButton.LeftButton:
            self._pressed = event.position()
            self._drag_zooms = bool(event.modifiers() & Qt.KeyboardModifier.ShiftModifier)
        elif event.button() == Qt.MouseButton.MiddleButton:
            self._panned_from = event.position()
            self.setCursor(Qt.CursorShape.ClosedHandCursor)

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        at = event.position()
        if self._panned_from is not None:
            moved, self._panned_from = at - self._panned_from, at
            self._pan_pixels(-moved.x(), moved.y())
        elif self._pressed is not None:
            far = (at - self._pressed).manhattanLength() >= QApplication.startDragDistance()
            if far or self._drag is not None:
                self._drag = self._box_between(self._pressed, at)
                self.update()
        self._point_at(at)

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        if event.button() == Qt.MouseButton.MiddleButton:
            self._panned_from = None
            self.setCursor(Qt.CursorShape.CrossCursor)
        elif event.button() == Qt.MouseButton.LeftButton and self._pressed is not None:
            drag, self._drag, pressed, self._pressed = self._drag, None, self._pressed, None
            if drag is None:
                self.seek_requested.emit(self.time_at(pressed.x()))
            else:
                self._finish_drag(drag)
            self.update()

    def _box_between(self, one: QPointF, other: QPointF) -> QRectF:
        """The box that a hand draws; a line along one axis means all of the other."""
        whole = QRectF(self.rect())
        box = QRectF(one, other).normalized().intersected(whole)
        if box.height() < QApplication.startDragDistance():
            return QRectF(box.left(), 0, box.width(), whole.height())
        if box.width() < QApplication.startDragDistance():
            return QRectF(0, box.top(), whole.width(), box.height())
        return box

    def _finish_drag(self, drag: QRectF) -> None:
        view, width, height = self._view, self.width(), self.height()
        start, stop = (
            min(max(view.time_at(x / width), 0.0), view.full.stop_s) for x in (drag.left(), drag.right())
        )
        low, high = (float(view.axis.frequency(1 - y / height)) for y in (drag.bottom(), drag.top()))
        box = Box(start, stop, low, high)
        if self._drag_zooms:
            view.show(box)
        else:
            view.select(box if box.stop_s > box.start_s else None)

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        self._view.select(None)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() != Qt.Key.Key_Escape:
            event.ignore()
        elif self._pressed is not None:  # let go of the box under the hand
            self._pressed = self._drag = None
            self.update()
        else:
            self._view.select(None)

    def leaveEvent(self, event: QEvent) -> None:
        self._view.set_cursor(None)

    def wheelEvent(self, event: QWheelEvent) -> None:
        at, held = event.position(), event.modifiers()
        if held & Qt.KeyboardModifier.ControlModifier:
            self._view.zoom_time(ZOOM_PER_NOTCH ** either(event), self.time_at(at.x()))
        elif held & Qt.KeyboardModifier.AltModifier:
            self._view.zoom_frequency(ZOOM_PER_NOTCH ** either(event), self.frequency_at(at.y()))
        else:
            shift = held & Qt.KeyboardModifier.ShiftModifier
            across, up = (-either(event), 0.0) if shift else notches(event)
            step = SCROLL_PER_NOTCH
            self._pan_pixels(across * step * self.width(), up * step * self.height())
        self._point_at(at)

    def event(self, event: QEvent) -> bool:
        if (
            isinstance(event, QNativeGestureEvent)
            and event.gestureType() == Qt.NativeGestureType.ZoomNativeGesture
        ):
            self._view.zoom_time(math.exp(event.value()), self.time_at(event.position().x()))
            return True
        return super().event(event)

    def _pan_pixels(self, right: float, up: float) -> None:
        seen = self._view.range
        octaves = math.log2(seen.high_hz / seen.low_hz)
        self._view.pan(right / max(1, self.width()) * self._view.span_s, up / max(1, self.height()) * octaves)

    def _point_at(self, at: QPointF) -> None:
        self._view.set_cursor((self.time_at(at.x()), self.frequency_at(at.y())))
