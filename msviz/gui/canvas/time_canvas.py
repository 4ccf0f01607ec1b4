"""What all canvases of a view share: its time axis, the marks that move over it, and hands."""

from __future__ import annotations

import math
from collections.abc import Callable
from functools import lru_cache

from PyQt6.QtCore import QEvent, QPointF, QRect, QRectF, Qt, pyqtSignal
from PyQt6.QtGui import (
    QColor,
    QImage,
    QKeyEvent,
    QMouseEvent,
    QNativeGestureEvent,
    QPainter,
    QPaintEvent,
    QPen,
    QPixmap,
    QWheelEvent,
)
from PyQt6.QtWidgets import QApplication, QWidget

from msviz.gui.canvas.cached_widget import CachedWidget
from msviz.gui.canvas.damage import draw_missing
from msviz.gui.canvas.gestures import ZOOM_PER_NOTCH, by_finger, either, scrolled
from msviz.gui.model.measure import measured
from msviz.gui.model.view import Box, View

GRIP = 3  # pixels from a line that still take hold of it
PLAYHEAD = QColor(64, 240, 255)  # a colour that no map has
EDGE = QColor(0, 0, 0)
HALO = QColor(255, 255, 255, 110)
PLAYHEAD_LINES = HALO, EDGE, PLAYHEAD, EDGE, HALO  # on any ground, two of them stand out
PLAYHEAD_TILE = 512  # pixels along the line
CURSOR_LIGHT, CURSOR_DARK = QColor(255, 255, 255, 170), QColor(0, 0, 0, 130)
DOTS_APART = 3  # device pixels
SELECTED = QColor(255, 255, 255, 28)
PLATE, WRITING = QColor(0, 0, 0, 150), QColor(235, 235, 235)
PADDING = 6, 2  # of writing on its plate
BETWEEN = "   "  # measures

Follow = Callable[[QPointF], None]


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
def _dots(ratio: float) -> QPixmap:
    """What dotted lines are tiled with; a dotted pen takes three times as long."""
    tile = QImage(DOTS_APART, DOTS_APART, QImage.Format.Format_ARGB32_Premultiplied)
    tile.fill(CURSOR_DARK)
    tile.setPixelColor(0, 0, CURSOR_LIGHT)
    dots = QPixmap.fromImage(tile)
    dots.setDevicePixelRatio(ratio)
    return dots


class TimeCanvas(CachedWidget):
    """A canvas over the time that is seen, with playhead, cursor and selection.

    What it shows stays as it is while the playhead and the cursor move over it: they repaint only
    the pixels that they leave and enter.
    """

    seek_requested = pyqtSignal(float)
    """The time in seconds that was clicked."""
    scrubbed = pyqtSignal(float)
    """The time in seconds to which the playhead is dragged, within the file."""
    scrub_ended = pyqtSignal()

    def __init__(self, view: View, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._view = view
        self._pointer: QPointF | None = None
        self._pressed: QPointF | None = None
        self._follow: Follow | None = None  # where the hand goes that holds something
        self._drag: QRectF | None = None  # the box under the hand
        self._drag_zooms = False
        self._panned_from: QPointF | None = None
        self._drawn_cursor: tuple[float | None, list[float]] = (None, [])
        self._drawn_playhead = -1.0
        self._painted = QRectF()  # what of it is painted just now
        self._plates: dict[str, QRectF] = {}  # room for writing
        view.range_changed.connect(self._change_range)
        view.cursor_changed.connect(self._move_cursor)
        view.playhead_changed.connect(self._move_playhead)
        view.selection_changed.connect(self.update)
        view.damage_changed.connect(self.update)
        self.setAttribute(Qt.WidgetAttribute.WA_OpaquePaintEvent)
        self.setMouseTracking(True)
        self.setFocusPolicy(Qt.FocusPolicy.ClickFocus)
        self.setCursor(Qt.CursorShape.CrossCursor)

    # What is different from canvas to canvas

    def _draw_picture(self, painter: QPainter) -> None:
        """Draw what stands still."""
        raise NotImplementedError

    def _titles(self, painter: QPainter) -> list[tuple[QRectF, str]]:
        """What is written over all that is drawn, and where."""
        return []

    def _hz_at(self, y: float) -> float | None:
        """The frequency in Hz at `y`, where there are frequencies."""
        return None

    def _lines(self) -> list[float]:
        """Where the cursor draws horizontal lines."""
        return []

    def _heights(self, box: Box) -> tuple[float, float]:
        """Where the upper and the lower edge of a box lie."""
        return 0.0, float(self.height())

    def _frequencies(self, drag: QRectF) -> tuple[float, float]:
        """The lowest and the highest frequency of what a hand has drawn."""
        return self._view.range.low_hz, self._view.range.high_hz

    def _take(self, at: QPointF) -> Follow | None:
        """Take hold of what lies under the hand."""
        return self._scrub if abs(at.x() - self.x_of(self._view.playhead_s)) <= GRIP else None

    def _scroll(self, right: float, up: float, *, glide: bool) -> None:
        """Scroll by pixels."""
        self._view.scroll(right / max(1, self.width()), 0.0, glide=glide)

    def _turn(self, event: QWheelEvent, *, glide: bool) -> None:
        """What the wheel does with no key held, or with Alt."""
        across = scrolled(event, self.width(), self.height()).x()
        if across:
            self._scroll(across, 0.0, glide=glide)
        else:
            self._zoom_time(event, glide=glide)

    # Geometry.  A position is that of a pixel's corner; what a pixel shows lies at its centre.

    def time_at(self, x: float) -> float:
        """Time in seconds at the centre of the device pixel that begins at `x`."""
        return self._view.time_at((x + 0.5 / self.devicePixelRatioF()) / max(1, self.width()))

    def x_of(self, time_s: float) -> float:
        """Where a time lies."""
        return self._view.place(time_s) * self.width()

    def _snapped(self, position: float) -> float:
        return snapped(position, self.devicePixelRatioF())

    @property
    def columns(self) -> float:
        """Device pixels from the left edge of the view to the right; at odd ratios with a fraction."""
        return max(1.0, self.width() * self.devicePixelRatioF())

    @property
    def samples_per_pixel(self) -> float:
        """Of the file, to a device pixel."""
        return self._view.span_s * self._view.rate / self.columns

    # What is drawn

    def paintEvent(self, event: QPaintEvent) -> None:
        if not (self.width() and self.height()):
            return
        painter = QPainter(self)
        self._painted = QRectF(self.rect())
        self._draw_cached(painter, self._draw_under)
        self._painted = QRectF(event.rect())
        self._draw_selection(painter)
        self._draw_cursor(painter)
        for plate, title in self._titles(painter):
            self._write(painter, plate, title)
        self._drawn_playhead = self.x_of(self._view.playhead_s)
        if -8 < self._drawn_playhead < self.width() + 8:
            draw_playhead(painter, self._drawn_playhead, self.height(), self.devicePixelRatioF())

    def _draw_under(self, painter: QPainter) -> None:
        """What stands still: the picture, and over it what is missing."""
        self._draw_picture(painter)
        seen = self._view.range
        columns = self._view.damage.columns(self.x_of, seen.start_s, seen.stop_s)
        draw_missing(painter, columns, self.height(), self.devicePixelRatioF())

    def _draw_selection(self, painter: QPainter) -> None:
        rect, box = self._drag, self._view.selection
        if rect:
            box = self._box(rect)
        elif box:
            top, bottom = self._heights(box)
            rect = QRectF(QPointF(self.x_of(box.start_s), top), QPointF(self.x_of(box.stop_s), bottom))
            # Lines far outside cost time, and overflow.
            rect = rect.intersected(QRectF(self.rect()).adjusted(-2, -2, 2, 2))
        if not (rect and box and rect.isValid()):
            return
        painter.fillRect(rect, SELECTED)
        for colour, style in ((EDGE, Qt.PenStyle.SolidLine), (WRITING, Qt.PenStyle.DashLine)):
            painter.setPen(QPen(colour, 0, style))
            painter.drawRect(rect)
        if box.stop_s > box.start_s:
            self._write_at(painter, rect, BETWEEN.join(self._measured(box)))

    def _measured(self, box: Box) -> list[str]:
        """What a box measures."""
        return measured(box, self._view.range)[:1] if box.stop_s > box.start_s else []

    def _write_at(self, painter: QPainter, rect: QRectF, text: str) -> None:
        """Write above a box, else below, else inside it: nowhere outside the canvas, nor over a title.

        What is last of it is left out where the canvas is too narrow.
        """
        while text and self._plate(painter, text).width() > self.width():
            text = text[: max(text.rfind(BETWEEN), text.rfind(" · "), 0)]
        if not text:
            return
        plate = self._plate(painter, text)
        lowest = self.height() - plate.height()
        left = rect.center().x() - plate.width() / 2
        plate.moveLeft(min(max(left, 0.0), self.width() - plate.width()))
        titles = [title for title, _ in self._titles(painter)]
        above, inside = rect.top() - plate.height(), min(max(rect.top(), 0.0), lowest)
        bottom = min(max(rect.bottom() - plate.height(), 0.0), lowest)
        for top in (above, rect.bottom(), inside, bottom, *(title.bottom() for title in titles)):
            plate.moveTop(top)
            if 0 <= top <= lowest and not any(plate.intersects(title) for title in titles):
                self._write(painter, plate, text)
                return

    def _plate(self, painter: QPainter, text: str) -> QRectF:
        """The room that writing takes; measured once, as the playhead asks for it sixty times a second."""
        if text not in self._plates:
            metrics, (beside, over) = painter.fontMetrics(), PADDING
            size = metrics.horizontalAdvance(text) + 2 * beside, metrics.height() + 2 * over
            self._plates[text] = QRectF(0, 0, *size)
        return QRectF(self._plates[text])

    def changeEvent(self, event: QEvent) -> None:
        self._plates.clear()  # the font may be another
        super().changeEvent(event)

    def _write(self, painter: QPainter, plate: QRectF, text: str) -> None:
        """Write so that it can be read on any colours."""
        if plate.intersects(self._painted):
            painter.fillRect(plate, PLATE)
            painter.setPen(WRITING)
            painter.drawText(plate, Qt.AlignmentFlag.AlignCenter, text)

    def _draw_cursor(self, painter: QPainter) -> None:
        """A hair cross, dark and light in turns: seen on every colour, and dotted, so no playhead."""
        x, ys = self._drawn_cursor = self._cursor()
        if x is None:
            return
        ratio = self.devicePixelRatioF()
        painter.drawTiledPixmap(QRectF(self._snapped(x), 0, 1 / ratio, self.height()), _dots(ratio))
        for y in ys:
            painter.drawTiledPixmap(QRectF(0, self._snapped(y), self.width(), 1 / ratio), _dots(ratio))

    def _cursor(self) -> tuple[float | None, list[float]]:
        """Where the cursor's vertical line lies, and its horizontal ones."""
        cursor = self._view.cursor
        return (self.x_of(cursor[0]), self._lines()) if cursor else (None, [])

    def _strip(self, x: float) -> QRect:
        """What a vertical line at `x` may touch."""
        return QRect(math.floor(x) - 3, 0, 8, self.height()) if -8 < x < self.width() + 8 else QRect()

    def _move_playhead(self) -> None:
        if not self.isVisible():
            return  # all of it is painted when it is shown
        x, before, ratio = self.x_of(self._view.playhead_s), self._drawn_playhead, self.devicePixelRatioF()
        if math.floor(x * ratio) != math.floor(before * ratio):
            self._move_over(before, x, len(PLAYHEAD_LINES) // 2 + 1)

    def _move_cursor(self) -> None:
        for x, ys in (self._drawn_cursor, self._cursor()):
            if len(ys) > 1:
                self.update()
            elif x is not None:
                self.update(self._strip(x))
                for y in ys:
                    self.update(QRect(0, math.floor(y) - 1, self.width(), 3))

    def _change_range(self) -> None:
        self.update()
        if self._pointer is not None:  # what lies under the pointer is no longer what did
            self._point_at(self._pointer)

    # Hands

    def mousePressEvent(self, event: QMouseEvent) -> None:
        if event.button() == Qt.MouseButton.LeftButton:
            self._pressed = event.position()
            self._drag_zooms = bool(event.modifiers() & Qt.KeyboardModifier.ShiftModifier)
            self._follow = self._take(self._pressed)
        elif event.button() == Qt.MouseButton.MiddleButton:
            self._panned_from = event.position()
            self.setCursor(Qt.CursorShape.ClosedHandCursor)

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        at = event.position()
        if self._panned_from is not None:
            moved, self._panned_from = at - self._panned_from, at
            self._scroll(-moved.x(), moved.y(), glide=False)
        elif self._follow:
            self._follow(at)
        elif self._pressed is not None:
            far = (at - self._pressed).manhattanLength() >= QApplication.startDragDistance()
            if far or self._drag is not None:
                self._drag = self._box_between(self._pressed, at)
                self.update()
        else:
            held = self._take(at)
            self.setCursor(Qt.CursorShape.SplitHCursor if held else Qt.CursorShape.CrossCursor)
        self._point_at(at)

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        if event.button() == Qt.MouseButton.MiddleButton:
            self._panned_from = None
            self.setCursor(Qt.CursorShape.CrossCursor)
        elif event.button() == Qt.MouseButton.LeftButton and self._pressed is not None:
            drag, self._drag, pressed, self._pressed = self._drag, None, self._pressed, None
            follow, self._follow = self._follow, None
            if drag is not None:
                self._finish_drag(drag)
            elif not follow:
                self._seek(pressed)
            elif follow == self._scrub:
                self.scrub_ended.emit()
            self.update()

    def _seek(self, at: QPointF) -> None:
        self.seek_requested.emit(self.time_at(at.x()))

    def _scrub(self, at: QPointF) -> None:
        self.scrubbed.emit(min(max(self.time_at(at.x()), 0.0), self._view.full.stop_s))

    def _box_between(self, one: QPointF, other: QPointF) -> QRectF:
        """The box that a hand draws."""
        box = QRectF(one, other).normalized().intersected(QRectF(self.rect()))
        return QRectF(box.left(), 0, box.width(), self.height())

    def _box(self, drag: QRectF) -> Box:
        """The time and frequencies of what a hand has drawn, within the file."""
        start, stop = (
            min(max(self._view.time_at(x / max(1, self.width())), 0.0), self._view.full.stop_s)
            for x in (drag.left(), drag.right())
        )
        return Box(start, stop, *self._frequencies(drag))

    def _finish_drag(self, drag: QRectF) -> None:
        box = self._box(drag)
        if self._drag_zooms:
            self._view.show(box, glide=True)
        else:
            self._view.select(box if box.stop_s > box.start_s else None)

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        self._view.select(None)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() != Qt.Key.Key_Escape:
            event.ignore()
        elif self._pressed is not None:  # let go of the box under the hand
            self._pressed = self._drag = self._follow = None
            self.update()
        else:
            self._view.select(None)

    def leaveEvent(self, event: QEvent) -> None:
        self._pointer = None
        self._view.set_cursor(None)

    def wheelEvent(self, event: QWheelEvent) -> None:
        glide = not by_finger(event)
        if event.modifiers() & Qt.KeyboardModifier.ControlModifier:
            self._zoom_time(event, glide=glide)
        else:
            self._turn(event, glide=glide)
        self._point_at(event.position())

    def _zoom_time(self, event: QWheelEvent, *, glide: bool) -> None:
        factor = ZOOM_PER_NOTCH ** either(event)
        self._view.zoom_time(factor, self.time_at(event.position().x()), glide=glide)

    def event(self, event: QEvent) -> bool:
        if (
            isinstance(event, QNativeGestureEvent)
            and event.gestureType() == Qt.NativeGestureType.ZoomNativeGesture
        ):
            factor = math.exp(event.value())
            self._view.zoom_time(factor, self.time_at(event.position().x()), glide=False)
            return True
        if (
            isinstance(event, QKeyEvent)
            and event.type() == QEvent.Type.ShortcutOverride
            and event.key() == Qt.Key.Key_Escape
            and self._pressed is not None
        ):
            event.accept()  # to let go of the box under the hand, before the window's own Esc
            return True
        return super().event(event)

    def _point_at(self, at: QPointF) -> None:
        self._pointer = at
        self._view.set_cursor((self.time_at(at.x()), self._hz_at(at.y())))
