"""The overview: the whole track, small, and where the view is in it."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray
from PyQt6.QtCore import QEvent, QPointF, QRectF, Qt, QTimer
from PyQt6.QtGui import QColor, QImage, QMouseEvent, QPainter, QPaintEvent, QResizeEvent, QWheelEvent
from PyQt6.QtWidgets import QWidget

from msviz.gui.canvas.cached_widget import CachedWidget
from msviz.gui.canvas.colours import Colours, painted
from msviz.gui.canvas.damage import draw_missing
from msviz.gui.canvas.gestures import ZOOM_PER_NOTCH, by_finger, either
from msviz.gui.canvas.marks import PLAYHEAD_LINES, draw_playhead
from msviz.gui.canvas.pixels import Pixels, Place
from msviz.gui.canvas.viewport import Viewport
from msviz.gui.model.view import View
from msviz.picture import FrequencyAxis, Pyramid

REFRESH_MS = 200  # between two redraws while the file is analysed
GRIP = 5  # pixels from an edge of the box that still take hold of it
NARROWEST = 6  # the box, however short the view
SHADE = QColor(0, 0, 0, 150)  # over what is not in view
EDGES = QColor(0, 0, 0, 200), QColor(255, 255, 255, 220)  # dark outside light: seen on any ground


class Overview(CachedWidget):
    """The whole file, what is analysed of it so far, and the view as a box.

    The box drags, and by its edges resizes; a click elsewhere brings the view there; the wheel zooms
    the view in time.
    """

    def __init__(self, view: View, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._view = view
        self._viewport = Viewport()
        self._colours = Colours()
        self._pixels = Pixels.unknown(0, 0)
        self._last: NDArray[np.uint8] | None = None  # codes of the last picture: they take less than it does
        self._whole: QImage | None = None
        self._held: str | None = None  # "left", "right" or "box"
        self._grip_s = 0.0  # from what is held to the pointer
        self._drawn_playhead = 0.0
        self._drawn: tuple[float, QRectF] | None = None  # how long the file was, and the box
        self._refresh = QTimer(self)
        self._refresh.setSingleShot(True)
        self._refresh.timeout.connect(self._redraw_at_rest)
        view.opened.connect(self._let_go)
        view.range_changed.connect(self._change_range)
        view.playhead_changed.connect(self._move_playhead)
        view.damage_changed.connect(self.update)
        self.setAttribute(Qt.WidgetAttribute.WA_OpaquePaintEvent)
        self.setMouseTracking(True)
        self.setToolTip("The whole track. Drag the frame or its edges to change the view, click to go there")

    def set_picture(self, pyramid: Pyramid | None, *, over: bool = False) -> None:
        """Show another picture, or none; `over` the last one, seen where it is not known yet."""
        self._last = self._pixels.codes if over else None
        self._viewport.show(pyramid)
        if over:
            self.refresh()  # the view goes before
        else:
            self._redraw()

    def uncover(self) -> None:
        """Show nothing of the last picture any more."""
        self._last = None
        self._redraw()

    def set_colours(self, colours: Colours) -> None:
        """Show levels in other colours."""
        self._colours = colours
        self._whole = None
        self.update()

    def refresh(self) -> None:
        """Tiles came in: draw them soon."""
        if not self._refresh.isActive():
            self._refresh.start(REFRESH_MS)

    def _redraw_at_rest(self) -> None:
        """Draw what came in, unless the view is on its way: that goes before."""
        if self._view.gliding:
            self.refresh()
        else:
            self._redraw()

    def _redraw(self) -> None:
        self._viewport.forget()
        self._whole = None
        self.update()

    def resizeEvent(self, event: QResizeEvent) -> None:
        self.refresh()  # until then what there is is stretched

    def changeEvent(self, event: QEvent) -> None:
        if event.type() == QEvent.Type.PaletteChange:  # what is unknown has another colour
            self._redraw()
        super().changeEvent(event)

    # The file fills the widget

    def x_of(self, time_s: float) -> float:
        """Where a time lies."""
        return time_s / self._duration_s * self.width()

    def time_at(self, x: float) -> float:
        """The time in seconds at `x`."""
        return x / max(1, self.width()) * self._duration_s

    @property
    def _duration_s(self) -> float:
        return self._view.full.stop_s or 1.0

    def _box(self) -> QRectF:
        """The view; never too narrow to be seen and held."""
        seen = self._view.range
        left, right = (min(max(self.x_of(t), 0.0), self.width()) for t in (seen.start_s, seen.stop_s))
        wider = max(0.0, NARROWEST - (right - left)) / 2
        return QRectF(left - wider, 0, right - left + 2 * wider, self.height())

    def _picture(self) -> QImage:
        """The picture of the whole file; after a change of size, the last one until there is another."""
        ratio, (width, height) = self.devicePixelRatioF(), self._device_size()
        if self._whole is None:
            axis = FrequencyAxis(self._view.full.low_hz, self._view.full.high_hz)
            stop = self._duration_s * self._view.rate * width / (self.width() * ratio)
            place = Place(axis, 0, stop, width, height)
            self._pixels = self._viewport.pixels(place)
            if self._last is not None and self._last.shape == self._pixels.codes.shape:
                self._pixels.cover(self._last)
            if self._pixels.all_final:
                self._last = None
            self._whole = painted(self._pixels, self._colours, ratio)
        return self._whole

    def paintEvent(self, event: QPaintEvent) -> None:
        if not (self.width() and self.height()):
            return
        painter = QPainter(self)
        self._draw_cached(painter, self._draw_under)
        self._drawn_playhead = self.x_of(self._view.playhead_s)
        draw_playhead(painter, self._drawn_playhead, self.height(), self.devicePixelRatioF())

    def _draw_under(self, painter: QPainter) -> None:
        """Draw what the playhead moves over."""
        whole, height = self._picture(), self.height()
        if self._device_size() == (whole.width(), whole.height()):
            painter.drawImage(QPointF(0, 0), whole)
        else:
            painter.drawImage(QRectF(self.rect()), whole)
        columns = self._view.damage.columns(self.x_of, 0.0, self._duration_s)
        draw_missing(painter, columns, height, self.devicePixelRatioF(), labels=False)
        self._drawn = self._duration_s, self._box()
        left, right = self._drawn[1].left(), self._drawn[1].right()
        painter.fillRect(QRectF(0, 0, left, height), SHADE)
        painter.fillRect(QRectF(right, 0, self.width() - right, height), SHADE)
        for number, colour in enumerate(EDGES):
            painter.fillRect(QRectF(left + number, 0, 1, height), colour)
            painter.fillRect(QRectF(right - 1 - number, 0, 1, height), colour)

    def _change_range(self) -> None:
        if self._drawn != (self._duration_s, self._box()):
            self.update()

    def _move_playhead(self) -> None:
        x = self.x_of(self._view.playhead_s)
        if math.floor(x) != math.floor(self._drawn_playhead):
            self._move_over(self._drawn_playhead, x, len(PLAYHEAD_LINES) // 2 + 1)

    # Hands

    def _part_at(self, x: float) -> str | None:
        """What of the box is under the pointer: an edge, all of it, or nothing."""
        box = self._box()
        for part, edge in (("left", box.left()), ("right", box.right())):
            if abs(x - edge) <= min(GRIP, box.width() / 3):
                return part
        return "box" if box.left() <= x <= box.right() else None

    def mousePressEvent(self, event: QMouseEvent) -> None:
        if event.button() != Qt.MouseButton.LeftButton:
            return
        x = event.position().x()
        self._held = self._part_at(x)
        if self._held is None:
            self._view.center(self.time_at(x))
            self._held = "box"
        held_s = self._view.range.stop_s if self._held == "right" else self._view.range.start_s
        self._grip_s = self.time_at(x) - held_s

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        x = event.position().x()
        if not event.buttons() & Qt.MouseButton.LeftButton:
            self._let_go()  # a menu or a dialog got the release
        if self._held is None:
            shapes = {None: Qt.CursorShape.ArrowCursor, "box": Qt.CursorShape.OpenHandCursor}
            self.setCursor(shapes.get(self._part_at(x), Qt.CursorShape.SizeHorCursor))
            return
        seen, time_s = self._view.range, self.time_at(x) - self._grip_s
        if self._held == "box":
            self._view.pan(time_s - seen.start_s)
        elif self._held == "left":
            self._view.stretch(min(time_s, seen.stop_s), seen.stop_s)
        else:
            self._view.stretch(seen.start_s, max(time_s, seen.start_s))

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        self._let_go()

    def _let_go(self) -> None:
        self._held = None

    def wheelEvent(self, event: QWheelEvent) -> None:
        about = self.time_at(event.position().x())
        self._view.zoom_time(ZOOM_PER_NOTCH ** either(event), about, glide=not by_finger(event))
