"""What all canvases of a view share: its time axis, the marks that move over it, mouse and keys."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import NamedTuple

from PyQt6.QtCore import QEvent, QPointF, QRect, QRectF, Qt, pyqtSignal
from PyQt6.QtGui import (
    QColor,
    QKeyEvent,
    QMouseEvent,
    QNativeGestureEvent,
    QPainter,
    QPaintEvent,
    QPen,
    QWheelEvent,
)
from PyQt6.QtWidgets import QApplication, QWidget

from msviz.gui.canvas.cached_widget import CachedWidget
from msviz.gui.canvas.damage import draw_missing
from msviz.gui.canvas.gestures import ZOOM_PER_NOTCH, by_finger, either, scrolled, zooms_frequency
from msviz.gui.canvas.marks import EDGE, PLAYHEAD_LINES, dots, draw_playhead, snapped
from msviz.gui.model.selection import Grip, between, extend, moved, nonempty, resized
from msviz.gui.model.view import Box, View

GRIP = 4  # pixels from an edge of the selection within which it can be dragged
EDGE_SLACK = 3  # pixels to move before an edge follows
SNAP = 12  # pixels from the pointer within which it snaps
PIN = QColor(255, 214, 64)
SELECTED_ON_DARK, SELECTED_ON_LIGHT = QColor(255, 255, 255, 28), QColor(0, 0, 0, 40)
PLATE, WRITING = QColor(0, 0, 0, 150), QColor(235, 235, 235)
PADDING = 6, 2  # of writing on its plate
BETWEEN = "   "  # measures

SHAPE = Qt.CursorShape
SHAPES = {
    Grip(-1, 0): SHAPE.SizeHorCursor,
    Grip(1, 0): SHAPE.SizeHorCursor,
    Grip(0, -1): SHAPE.SizeVerCursor,
    Grip(0, 1): SHAPE.SizeVerCursor,
    Grip(-1, 1): SHAPE.SizeFDiagCursor,
    Grip(1, -1): SHAPE.SizeFDiagCursor,
    Grip(-1, -1): SHAPE.SizeBDiagCursor,
    Grip(1, 1): SHAPE.SizeBDiagCursor,
}


class Hold(NamedTuple):
    """What dragging from a place does.

    Attributes
    ----------
    shape : CursorShape
        Shown over that place.
    follow : callable
        Called with each position of the pointer while it drags.
    slack : int
        Pixels that the pointer may move and still click.
    """

    shape: Qt.CursorShape
    follow: Callable[[QPointF], None]
    slack: int


def side(at: float, first: float, last: float) -> int | None:
    """Which of two edges a position is near: -1 the first, 1 the last, 0 none but between, None outside."""
    inside = min(GRIP, (last - first) / 3)  # a narrow box still has an inside
    if -GRIP <= at - first <= inside:
        return -1
    if -inside <= at - last <= GRIP:
        return 1
    return 0 if first < at < last else None


class TimeCanvas(CachedWidget):
    """A canvas over the time that is seen, with playhead, cursor and selection.

    What it shows stays as it is while the playhead and the cursor move over it: they repaint only
    the pixels that they leave and enter.

    Attributes
    ----------
    find_crossing : callable or None
        Returns when the waveform rises through zero, at most so many seconds from a time.
    """

    find_crossing: Callable[[float, float], float | None] | None = None

    seek_requested = pyqtSignal(float)
    """The time in seconds that was clicked."""

    def __init__(self, view: View, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._view = view
        self._pointer: QPointF | None = None
        self._pressed: QPointF | None = None
        self._anchor = (0.0, 0.0)  # the time and frequency there
        self._hold: Hold | None = None  # what is being dragged
        self._dragging = False  # whether it has moved far enough
        self._twice = False  # whether this is the second press of a double click
        self._zoom_box: Box | None = None  # what a drag with Shift will show
        self._panned_from: QPointF | None = None
        self._drawn_cursor: tuple[float | None, list[float]] = (None, [])
        self._drawn_playhead = -1.0
        self._painted = QRectF()  # what of it is painted just now
        self._plates: dict[str, QRectF] = {}  # room for writing
        view.opened.connect(self._let_go)
        view.range_changed.connect(self._change_range)
        view.cursor_changed.connect(self._move_cursor)
        view.playhead_changed.connect(self._move_playhead)
        view.selection_changed.connect(self._move_marks)
        view.dragged_changed.connect(self._move_marks)
        view.pin_changed.connect(self._move_marks)
        view.snapping_changed.connect(self._point_again)
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

    def _lines(self, hz: float | None) -> list[float]:
        """Where the cursor, at a frequency, draws horizontal lines."""
        return []

    def _heights(self, box: Box) -> tuple[float, float]:
        """Where the upper and the lower edge of a box lie."""
        return 0.0, float(self.height())

    def _edge_hz(self, y: float) -> float:
        """The frequency of an edge at `y`."""
        return self._view.full.low_hz

    def _peak_near(self, time_s: float, hz: float) -> float | None:
        """The frequency of the strongest spectral peak near a time and frequency, if there is one."""
        return None

    def _crossing_near(self, time_s: float, within_s: float) -> float | None:
        """When the waveform rises through zero, at most so far from a time, if it is known."""
        return self.find_crossing(time_s, within_s) if self.find_crossing else None

    def _sides(self, at: QPointF, box: Box) -> tuple[int, int] | None:
        """The `side` of a box in time, and that in height, from its upper edge to its lower."""
        across = side(at.x(), self.x_of(box.start_s), self.x_of(box.stop_s))
        return None if across is None else (across, 0)

    def _box_to(self, at: QPointF, limits: Box) -> Box:
        """The box from where the drag began to the pointer; here an interval at all frequencies."""
        return between((self._anchor[0], self._edge_at(at)[0]), limits[2:], limits)

    def _moved(self, box: Box, at: QPointF) -> Box:
        """A box moved by as much as the pointer was dragged."""
        return moved(box, self._edge_at(at)[0] - self._anchor[0], 0.0, self._view.full)

    def _zoom_frequency(self, event: QWheelEvent, *, glide: bool) -> None:
        """Zoom in frequency; on a canvas without frequencies, in time."""
        self._zoom_time(event, glide=glide)

    def _scroll(self, right: float, up: float, *, glide: bool) -> None:
        """Scroll by pixels."""
        self._view.scroll(right / max(1, self.width()), 0.0, glide=glide)

    def _turn(self, event: QWheelEvent, *, glide: bool) -> None:
        """What the wheel does with no key held, or with Shift."""
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
        self._draw_pin(painter)
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
        box = self._zoom_box or self._view.dragged or self._view.selection
        if box is None:
            return
        top, bottom = self._heights(box)
        rect = QRectF(QPointF(self.x_of(box.start_s), top), QPointF(self.x_of(box.stop_s), bottom))
        # Lines far outside cost time, and overflow.
        rect = rect.intersected(QRectF(self.rect()).adjusted(-2, -2, 2, 2))
        if not rect.isValid():
            return
        painter.fillRect(rect, self._selection_colour())
        for colour, style in ((EDGE, Qt.PenStyle.SolidLine), (WRITING, Qt.PenStyle.DashLine)):
            painter.setPen(QPen(colour, 0, style))
            painter.drawRect(rect)
        if box.stop_s > box.start_s:
            self._write_at(painter, rect, BETWEEN.join(self._measured(box)))

    def _selection_colour(self) -> QColor:
        """The translucent colour of the selection."""
        return SELECTED_ON_DARK

    def _measured(self, box: Box) -> list[str]:
        """The measurements to write at a box; none, unless a canvas has room for them."""
        return []

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
        painter.drawTiledPixmap(QRectF(self._snapped(x), 0, 1 / ratio, self.height()), dots(ratio))
        for y in ys:
            painter.drawTiledPixmap(QRectF(0, self._snapped(y), self.width(), 1 / ratio), dots(ratio))

    def _draw_pin(self, painter: QPainter) -> None:
        """Solid lines between dark edges, where the cursor was pinned."""
        if pin := self._view.pin:
            thin = 1 / self.devicePixelRatioF()
            lines = [QRectF(self._snapped(self.x_of(pin[0])), 0, thin, self.height())]
            lines += [QRectF(0, self._snapped(y), self.width(), thin) for y in self._lines(pin[1])[:1]]
            for line in lines:
                painter.fillRect(line.adjusted(-thin, -thin, thin, thin), EDGE)
            for line in lines:
                painter.fillRect(line, PIN)

    def _cursor(self) -> tuple[float | None, list[float]]:
        """Where the cursor's vertical line lies, and its horizontal ones."""
        cursor = self._view.cursor
        return (self.x_of(cursor[0]), self._lines(cursor[1])) if cursor else (None, [])

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

    def _move_marks(self) -> None:
        """Redraw the marks over the picture; the picture itself is cached."""
        self.update(self.rect())

    def _change_range(self) -> None:
        self.update()
        self._point_again()  # what lies under the pointer is no longer what did

    # Mouse and keys

    def _edge_at(self, at: QPointF) -> tuple[float, float]:
        """The time and frequency of an edge that is dragged to a position, within the canvas."""
        x, y = min(max(at.x(), 0.0), self.width()), min(max(at.y(), 0.0), self.height())
        return self._snap(self._view.time_at(x / max(1, self.width())), self._edge_hz(y))

    def _snap(self, time_s: float, hz: float) -> tuple[float, float]:
        """A place, while the view snaps moved to the nearest zero crossing and spectral peak."""
        if not self._view.snapping:
            return time_s, hz
        crossing = self._crossing_near(time_s, SNAP / max(1, self.width()) * self._view.span_s)
        peak = self._peak_near(time_s, hz)
        return time_s if crossing is None else crossing, hz if peak is None else peak

    def _hold_at(self, at: QPointF, held: Qt.KeyboardModifier) -> Hold:
        """What can be dragged at a position, with these keys held."""
        view, slack = self._view, QApplication.startDragDistance()
        if held & Qt.KeyboardModifier.ShiftModifier:
            return Hold(SHAPE.CrossCursor, self._draw_zoom_box, slack)
        box = view.selection
        sides = self._sides(at, box) if box else None
        if box and sides and held & Qt.KeyboardModifier.ControlModifier:
            return Hold(SHAPE.SizeAllCursor, lambda to: view.drag(self._moved(box, to)), slack)
        if box and sides and sides != (0, 0):
            return self._hold_edge(at, box, Grip(sides[0], -sides[1]))
        return Hold(SHAPE.CrossCursor, lambda to: view.drag(self._box_to(to, view.full)), slack)

    def _hold_edge(self, at: QPointF, box: Box, grip: Grip) -> Hold:
        """Edges that keep their distance from the pointer, so that they do not jump."""
        top, bottom = self._heights(box)
        x = self.x_of(box.start_s if grip.time < 0 else box.stop_s)
        away = QPointF(x, bottom if grip.frequency < 0 else top) - at

        def follow(to: QPointF) -> None:
            self._view.drag(resized(box, grip, *self._edge_at(to + away), self._view.full))

        return Hold(SHAPES[grip], follow, EDGE_SLACK)

    def _draw_zoom_box(self, at: QPointF) -> None:
        self._zoom_box = nonempty(self._box_to(at, self._view.range))
        self._move_marks()

    def mousePressEvent(self, event: QMouseEvent) -> None:
        if event.button() == Qt.MouseButton.LeftButton:
            at = self._pressed = event.position()
            self._twice = False
            self._anchor = self._edge_at(at)
            self._hold = self._hold_at(at, event.modifiers())
        elif event.button() == Qt.MouseButton.MiddleButton:
            self._panned_from = event.position()
            self.setCursor(SHAPE.ClosedHandCursor)

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        at = event.position()
        if not event.buttons() & (Qt.MouseButton.LeftButton | Qt.MouseButton.MiddleButton):
            self._let_go()  # a menu or a dialog got the release
        if self._panned_from is not None:
            shift, self._panned_from = at - self._panned_from, at
            self._scroll(-shift.x(), shift.y(), glide=False)
        elif self._hold and self._pressed is not None:
            far = (at - self._pressed).manhattanLength() >= self._hold.slack
            self._dragging = self._dragging or far
            if self._dragging:
                self._hold.follow(at)
        else:
            self.setCursor(self._hold_at(at, event.modifiers()).shape)
        self._point_at(at)

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        if event.button() == Qt.MouseButton.MiddleButton:
            self._panned_from = None
            self.setCursor(SHAPE.CrossCursor)
        elif event.button() == Qt.MouseButton.LeftButton and self._pressed is not None:
            pressed, dragged, zoom_box, box = (
                self._pressed,
                self._dragging,
                self._zoom_box,
                self._view.dragged,
            )
            self._end_drag()
            if zoom_box:
                self._view.show(zoom_box, glide=True)
            elif box:
                self._view.select(nonempty(box))
            elif dragged or self._twice:
                pass  # the first click has done what a click does
            elif event.modifiers() & Qt.KeyboardModifier.ShiftModifier:
                self._extend(pressed)
            else:
                self._seek(pressed)

    def _end_drag(self) -> None:
        """End a drag without applying it."""
        self._pressed = self._hold = self._zoom_box = None
        self._dragging = False
        self._view.drag(None)
        self._move_marks()

    def _seek(self, at: QPointF) -> None:
        self.seek_requested.emit(self.time_at(at.x()))

    def _extend(self, at: QPointF) -> None:
        """Extend the selection to a position; without one, select from the playhead to there."""
        time_s, hz = self._edge_at(at)
        extend(self._view, time_s, None if self._hz_at(at.y()) is None else hz)

    def _let_go(self) -> None:
        """End any drag without applying it."""
        self._panned_from = None
        if self._pressed is not None:
            self._end_drag()

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        """Clear the selection.  The second press can begin a drag, as any press can."""
        self.mousePressEvent(event)
        self._twice = True
        if event.button() == Qt.MouseButton.LeftButton:
            self._view.select(None)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() != Qt.Key.Key_Escape:
            event.ignore()
        elif self._pressed is not None:
            self._end_drag()
        else:
            self._view.select(None)

    def leaveEvent(self, event: QEvent) -> None:
        if QApplication.activePopupWidget() is None:  # the actions of a menu need it
            self._pointer = None
            self._view.set_cursor(None)

    def wheelEvent(self, event: QWheelEvent) -> None:
        glide = not by_finger(event)
        if zooms_frequency(event):
            self._zoom_frequency(event, glide=glide)
        elif event.modifiers() & Qt.KeyboardModifier.ControlModifier:
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
            event.accept()  # to let go of what is dragged, before the window's own Esc
            return True
        return super().event(event)

    def _point_at(self, at: QPointF) -> None:
        self._pointer = at
        time_s, hz = self.time_at(at.x()), self._hz_at(at.y())
        if self._view.snapping:
            snapped_s, snapped_hz = self._snap(time_s, hz or 0.0)
            time_s, hz = snapped_s, None if hz is None else snapped_hz
        self._view.set_cursor((time_s, hz))

    def _point_again(self) -> None:
        if self._pointer is not None and self._view.cursor is not None:
            self._point_at(self._pointer)
