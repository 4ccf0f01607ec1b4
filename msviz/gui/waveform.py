"""The waveform of a track, from the envelope of all of it down to single samples."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray
from PyQt6.QtCore import QPointF, QTimer, pyqtSignal
from PyQt6.QtGui import QColor, QImage, QPainter, QPen, QPolygonF
from PyQt6.QtWidgets import QWidget

from msviz.gui.colours import UNKNOWN_ON_DARK, UNKNOWN_ON_LIGHT, indexed, on_light
from msviz.gui.time_canvas import TimeCanvas
from msviz.gui.view import View
from msviz.picture import CELL, NOTHING, Envelope, pooled
from msviz.picture.envelope import FULL_REACH

REFRESH_MS = 40  # between two redraws for samples that came in
LINES = 1.0  # samples to a pixel, at which columns give way to lines
DOTS = 1 / 6  # and at which every sample is a dot
DOT = 2.5  # its radius
BELOW = -2 * FULL_REACH  # both ways: out of the picture
GROUND, WAVE, ZERO, UNKNOWN = range(4)
ON_DARK = (0x17181B, 0x7FB2DE, 0x3A3C42)
ON_LIGHT = (0xFFFFFF, 0x2F6DA3, 0xD4D5DA)


class Waveform(TimeCanvas):
    """One channel of the track in the view: its reach in each pixel, and from close its samples.

    The envelope of the whole track is kept, the samples only around what is seen from close.  The
    waveform never reads: it asks, and until the samples come it draws what the envelope tells.
    """

    samples_wanted = pyqtSignal(int, int)
    """Samples [start, stop) are to be read, by a worker, and given to `set_samples`."""

    def __init__(self, view: View, parent: QWidget | None = None) -> None:
        super().__init__(view, parent)
        self._image: QImage | None = None
        self._drawn: tuple[object, ...] = ()
        self._refresh = QTimer(self)
        self._refresh.setSingleShot(True)
        self._refresh.setInterval(REFRESH_MS)
        self._refresh.timeout.connect(self._redraw)
        self.setMinimumSize(64, 32)
        self.open()

    def open(self) -> None:
        """Turn to another track, the one that the view shows; nothing of it is known."""
        self._envelope = Envelope(self._view.length)
        self._start, self._samples = 0, np.zeros(0, np.float32)
        self._asked = 0, 0
        self._redraw()
        self._ask()

    def put(self, start: int, samples: NDArray[np.floating]) -> None:
        """Take in samples (n,) of the track from `start` on; their envelope is kept."""
        self._envelope.put(start, samples)
        if not self._refresh.isActive():
            self._refresh.start()

    def set_samples(self, start: int, samples: NDArray[np.floating]) -> None:
        """Show the samples (n,) that were wanted; they are kept until others come."""
        self._start, self._samples = start, samples
        self._redraw()
        self._ask()

    def _redraw(self) -> None:
        self._image = None
        self.update()

    def _change_range(self) -> None:
        super()._change_range()
        self._ask()

    def _ask(self) -> None:
        """Ask for samples around where the view is going, unless they are here or on their way."""
        rate, target = self._view.rate, self._view.target
        first, last = max(0, math.floor(target.start_s * rate) - 1), math.ceil(target.stop_s * rate) + 1
        last = min(last, self._view.length)
        if last <= first or (last - first) >= CELL * max(1, self._device_size()[0]):
            return
        here = self._start, self._start + len(self._samples)
        if not any(start <= first and last <= stop for start, stop in (here, self._asked)):
            beside = (last - first) // 2
            self._asked = max(0, first - beside), min(self._view.length, last + beside)
            self.samples_wanted.emit(*self._asked)

    # What is drawn

    def _draw_picture(self, painter: QPainter) -> None:
        key = (self._view.range[:2], self._device_size(), self.palette().cacheKey())
        if self._image is None or key != self._drawn:
            self._image, self._drawn = self._picture(), key
        painter.drawImage(QPointF(0, 0), self._image)

    def _picture(self) -> QImage:
        """The waveform in device pixels."""
        width, height = self._device_size()
        start, per_pixel = self._view.range.start_s * self._view.rate, self.samples_per_pixel
        reach = self._reach(start, per_pixel, width)
        known = reach[1] != NOTHING
        middle, scale = height / 2, (height / 2 - 1) / FULL_REACH
        top = np.floor(middle - reach[1] * scale).astype(np.int32)
        bottom = np.ceil(middle + reach[0] * scale).astype(np.int32)
        rows = np.arange(height, dtype=np.int32)[:, None]
        wave = (rows >= top) & (rows < np.maximum(bottom, top + 1)) & known
        ground = np.where(known, np.uint8(GROUND), np.uint8(UNKNOWN))
        codes = np.where(wave, np.uint8(WAVE), ground)
        zero = codes[height // 2]
        zero[zero == GROUND] = ZERO
        picture = indexed(codes, self._table())
        if per_pixel < LINES:
            picture = picture.convertToFormat(QImage.Format.Format_RGB32)
            self._draw_samples(picture, start, per_pixel)
        picture.setDevicePixelRatio(self.devicePixelRatioF())
        return picture

    def _table(self) -> NDArray[np.uint32]:
        light = on_light(self.palette())
        red, green, blue = UNKNOWN_ON_LIGHT if light else UNKNOWN_ON_DARK
        colours = (*(ON_LIGHT if light else ON_DARK), red << 16 | green << 8 | blue)
        return np.array(colours, np.uint32) | np.uint32(0xFF000000)

    def _reach(self, start: float, per_pixel: float, width: int) -> NDArray[np.int32]:
        """How far each column reaches down and up: from samples where they are here, else the envelope."""
        reach = self._envelope.columns(start, start + width * per_pixel, width).astype(np.int32)
        if per_pixel >= CELL:
            return _joined(reach)
        edges = start + np.arange(width + 1) * per_pixel
        edges = np.clip(edges, 0, self._view.length) - self._start
        inside = (edges[:-1] >= 0) & (edges[1:] <= len(self._samples)) & (edges[:-1] < edges[1:])
        here = np.flatnonzero(inside)
        if len(here) and per_pixel < LINES:
            reach[:, here] = BELOW  # lines are drawn there
        elif len(here):
            first = np.ceil(edges[here]).astype(np.intp)
            stop = math.ceil(edges[here[-1] + 1])
            reach[:, here] = pooled(self._samples[:stop], np.minimum(first, stop - 1))
        return _joined(reach)

    def _draw_samples(self, picture: QImage, start: float, per_pixel: float) -> None:
        """Lines from sample to sample, and from close a dot for each."""
        width, height = picture.width(), picture.height()
        first = max(0, math.floor(start) - 1 - self._start)
        values = self._samples[first : max(0, math.ceil(start + width * per_pixel) + 2 - self._start)]
        if not len(values):
            return
        x = (self._start + first + np.arange(len(values)) - start) / per_pixel
        y = height / 2 - np.clip(values, -1, 1) * (height / 2 - 1)
        points = [QPointF(*point) for point in zip(x.tolist(), y.tolist(), strict=True)]
        colour, ratio = QColor(int(self._table()[WAVE])), self.devicePixelRatioF()
        painter = QPainter(picture)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(QPen(colour, 1.2 * ratio))
        painter.drawPolyline(QPolygonF(points))
        if per_pixel * ratio < DOTS:
            painter.setBrush(colour)
            for point in points:
                painter.drawEllipse(point, DOT * ratio, DOT * ratio)
        painter.end()


def _joined(reach: NDArray[np.int32]) -> NDArray[np.int32]:
    """Reaches (2, width) of which each meets the one before, as the waveform has no holes."""
    (down, up), known = reach, reach[1] != NOTHING
    both = known[1:] & known[:-1] & (up[1:] > BELOW) & (up[:-1] > BELOW)
    joined = reach.copy()
    joined[0, 1:][both] = np.maximum(down[1:], -up[:-1])[both]
    joined[1, 1:][both] = np.maximum(up[1:], -down[:-1])[both]
    return joined
