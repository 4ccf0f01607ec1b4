"""The canvas of one picture: an image gathered for the viewport, drawn 1:1 in device pixels."""

from __future__ import annotations

import math
from dataclasses import replace

from PyQt6.QtCore import QPointF, QRectF, Qt, QTimer
from PyQt6.QtGui import QColor, QPainter, QWheelEvent
from PyQt6.QtWidgets import QApplication, QWidget

from msviz.gui.canvas.colours import Colours
from msviz.gui.canvas.gestures import ZOOM_PER_NOTCH, by_finger, either, scrolled
from msviz.gui.canvas.marks import snapped
from msviz.gui.canvas.pixels import Place
from msviz.gui.canvas.ticks import pixel_of
from msviz.gui.canvas.time_canvas import SNAP, TimeCanvas, side
from msviz.gui.canvas.viewport import Viewport
from msviz.gui.model.measure import measured
from msviz.gui.model.selection import between, moved
from msviz.gui.model.snapping import peak_near
from msviz.gui.model.view import Box, View
from msviz.picture import UNKNOWN, FrequencyAxis, Pyramid, to_db

REFRESH_MS, SELDOM_MS = 40, 120  # between redraws for tiles that come in: the first, and while many do
INSET = 6  # from a corner to the writing in it
CLOSEST = 4  # pixels between the lines of two harmonics
LEAST_HZ = 1e-6  # far below all that is seen: a log axis has no 0
BAND_EDGE = QColor(255, 255, 255, 45)


class PictureCanvas(TimeCanvas):
    """One picture in the shared view.

    Parameters
    ----------
    view : View
        What part is seen.
    title : str
        Written small in the corner.

    Attributes
    ----------
    edges_shown : bool
        Whether lines show where bands meet.
    """

    def __init__(self, view: View, title: str = "", parent: QWidget | None = None) -> None:
        super().__init__(view, parent)
        self._title = title
        self._colours = Colours()
        self._linear = False
        self.edges_shown = True
        self._viewport = Viewport()
        self._pace_ms = REFRESH_MS
        self._refresh = QTimer(self)
        self._refresh.setSingleShot(True)
        self._refresh.timeout.connect(self._draw_tiles)
        view.range_changed.connect(self._hasten)
        self.setMinimumSize(64, 48)

    @property
    def picture(self) -> Pyramid | None:
        """What it shows."""
        return self._viewport.pyramid

    def set_picture(self, pyramid: Pyramid | None, *, over: bool = False) -> None:
        """Show another picture, or none; `over` the last one, seen where it is not known yet."""
        self._viewport.show(pyramid, over=over)
        self._pace_ms = 0  # the first of it at once
        self.update()

    def uncover(self) -> None:
        """Show nothing of the last picture any more."""
        for viewport in self._viewports():
            viewport.uncover()
        self.update()

    def set_title(self, title: str) -> None:
        """What is written in the corner."""
        self._title = title
        self.update()

    def set_colours(self, colours: Colours) -> None:
        """Show levels in other colours; nothing else is computed."""
        self._colours = colours
        self.update()

    def set_linear(self, linear: bool) -> None:
        """Show frequencies on a linear axis, or on a logarithmic one."""
        self._linear = linear
        self.update()

    def set_smooth(self, smooth: bool) -> None:
        """Let wide cells go over into each other, or show each as it is."""
        for viewport in self._viewports():
            viewport.smooth = smooth
        self.redraw()

    def refresh(self, start_s: float, stop_s: float) -> None:
        """Tiles of a stretch came in: draw them soon, together with those that follow at once.

        What completes the view is drawn at once; while many follow, less and less often: that takes time
        from those who make them.
        """
        in_view = stop_s > self._view.range.start_s and start_s < self._view.range.stop_s
        if not in_view:
            return
        if all(viewport.pyramid.sharp for viewport in self._viewports() if viewport.pyramid):
            self._refresh.start(0)
        elif not self._refresh.isActive():
            self._refresh.start(self._pace_ms)

    def _draw_tiles(self) -> None:
        self._pace_ms = min(max(2 * self._pace_ms, REFRESH_MS), SELDOM_MS)
        self.redraw()

    def _hasten(self) -> None:
        self._pace_ms = REFRESH_MS

    def redraw(self) -> None:
        """Draw what has come in."""
        for viewport in self._viewports():
            viewport.forget()
        self.update()

    def level_at(self, time_s: float, hz: float) -> float | None:
        """The level in dB of the pixel at a time and frequency; None out of view and where it may change."""
        return self._level_in(self._viewport, time_s, hz)

    def _level_in(self, viewport: Viewport, time_s: float, hz: float) -> float | None:
        (width, height), ratio = self._device_size(), self.devicePixelRatioF()
        column, row = math.floor(self.x_of(time_s) * ratio), math.floor(self.y_of(hz) * ratio)
        if not (0 <= column < width and 0 <= row < height):
            return None
        code = viewport.code(self._place(column, column + 1), row)
        return None if code == UNKNOWN else to_db(code)

    # Geometry

    @property
    def axis(self) -> FrequencyAxis:
        """The frequency axis of what is seen."""
        seen = self._view.range
        return FrequencyAxis(seen.low_hz, seen.high_hz, self._linear)

    def frequency_at(self, y: float) -> float:
        """Frequency in Hz at the centre of the device pixel that begins at `y`."""
        return float(self.axis.frequency(1 - (y + 0.5 / self.devicePixelRatioF()) / max(1, self.height())))

    def y_of(self, hz: float) -> float:
        """Where a frequency lies."""
        height = self.height()
        return height - pixel_of(self.axis, height)(max(hz, LEAST_HZ))

    def _place(self, first: int, last: int) -> Place:
        """What the device pixels of some columns show."""
        start, per_pixel = self._view.range.start_s * self._view.rate, self.samples_per_pixel
        axis, height, ratio = self.axis, self._device_size()[1], self.devicePixelRatioF()
        if height > self.height() * ratio:
            axis = replace(axis, low_hz=self.frequency_at((height - 0.5) / ratio))
        return Place(axis, start + first * per_pixel, start + last * per_pixel, last - first, height)

    # What is drawn

    def _viewports(self) -> list[Viewport]:
        return [self._viewport]

    def _draw_picture(self, painter: QPainter) -> None:
        self._draw_columns(painter, self._viewport, 0, self._device_size()[0])

    def _titles(self, painter: QPainter) -> list[tuple[QRectF, str]]:
        plate = self._plate(painter, self._title).translated(INSET, INSET)
        return [(plate, self._title)] if self._title else []

    def _draw_columns(self, painter: QPainter, viewport: Viewport, first: int, last: int) -> None:
        """Draw a picture in some columns of device pixels, and where its bands meet."""
        ratio = self.devicePixelRatioF()
        picture = viewport.image(self._place(first, last), self._colours, ratio)
        painter.drawImage(QPointF(first / ratio, 0), picture)
        height = self.height()
        above = pixel_of(self.axis, height)
        for band in viewport.pyramid.bands[1:] if viewport.pyramid and self.edges_shown else ():
            y = snapped(height - above(band.low), ratio)
            if 0 <= y < height:
                painter.fillRect(QRectF(first / ratio, y, (last - first) / ratio, 1 / ratio), BAND_EDGE)

    def _lines(self, hz: float | None) -> list[float]:
        if hz is None:
            return []
        lines = [self.y_of(hz)]
        while self._view.harmonics and lines[-1] > 0:
            y = self.y_of((len(lines) + 1) * hz)
            if lines[-1] - y < CLOSEST:
                break
            lines.append(y)
        return lines

    def _draw_cursor(self, painter: QPainter) -> None:
        super()._draw_cursor(painter)
        x, ys = self._drawn_cursor
        below = math.inf
        for number, y in enumerate(ys, 1):
            plate = self._plate(painter, f"{number}")
            if len(ys) > 1 and x is not None and plate.height() <= min(y, below - y):
                plate.moveBottom(below := y)
                plate.moveLeft(min(x + 1, self.width() - plate.width()))
                self._write(painter, plate, f"{number}")

    def _heights(self, box: Box) -> tuple[float, float]:
        return self.y_of(box.high_hz), self.y_of(box.low_hz)

    def _measured(self, box: Box) -> list[str]:
        return measured(box, self._view.range)

    # Mouse and keys

    def _hz_at(self, y: float) -> float:
        return self.frequency_at(y)

    def _edge_hz(self, y: float) -> float:
        return float(self.axis.frequency(1 - y / max(1, self.height())))

    def _viewport_at(self, time_s: float) -> Viewport:
        """The viewport that shows a time."""
        return self._viewport

    def _peak_near(self, time_s: float, hz: float) -> float | None:
        pyramid, y = self._viewport_at(time_s).pyramid, self.y_of(hz)
        if pyramid is None:
            return None
        low_hz, high_hz = self._edge_hz(y + SNAP), self._edge_hz(y - SNAP)
        return peak_near(pyramid, time_s * self._view.rate, self.samples_per_pixel, low_hz, high_hz)

    def _sides(self, at: QPointF, box: Box) -> tuple[int, int] | None:
        sides, upright = super()._sides(at, box), side(at.y(), *self._heights(box))
        return None if sides is None or upright is None else (sides[0], upright)

    def _box_to(self, at: QPointF, limits: Box) -> Box:
        """The box from where the drag began to the pointer; a drag along one axis takes all of the other."""
        (time_s, hz), (from_s, from_hz) = self._edge_at(at), self._anchor
        least = QApplication.startDragDistance()
        if abs(at.y() - self.y_of(from_hz)) < least:
            return super()._box_to(at, limits)
        upright = abs(at.x() - self.x_of(from_s)) < least
        times = self._view.range[:2] if upright else (from_s, time_s)
        return between(times, (from_hz, hz), limits)

    def _moved(self, box: Box, at: QPointF) -> Box:
        (time_s, hz), (from_s, from_hz), full = self._edge_at(at), self._anchor, self._view.full
        here, there = FrequencyAxis(full.low_hz, full.high_hz, self._linear).position([from_hz, hz]).tolist()
        return moved(box, time_s - from_s, there - here, full, linear=self._linear)

    def _scroll(self, right: float, up: float, *, glide: bool) -> None:
        across, above = right / max(1, self.width()), up / max(1, self.height())
        self._view.scroll(across, above, linear=self._linear, glide=glide)

    def _turn(self, event: QWheelEvent, *, glide: bool) -> None:
        shift = event.modifiers() & Qt.KeyboardModifier.ShiftModifier
        if self._view.wheel_zooms and not event.angleDelta().x() and not by_finger(event) and not shift:
            self._zoom_time(event, glide=glide)
        else:
            move = scrolled(event, self.width(), self.height())
            self._scroll(move.x(), move.y(), glide=glide)

    def _zoom_frequency(self, event: QWheelEvent, *, glide: bool) -> None:
        factor, about = ZOOM_PER_NOTCH ** either(event), self.frequency_at(event.position().y())
        self._view.zoom_frequency(factor, about, linear=self._linear, glide=glide)
