"""The waveform of a track, from the envelope of all of it down to single samples."""

from __future__ import annotations

import math
from collections.abc import Sequence
from functools import lru_cache
from itertools import pairwise
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from PyQt6.QtCore import QPointF, QRectF, Qt, QTimer, pyqtSignal
from PyQt6.QtGui import QColor, QImage, QPainter, QPen, QPolygonF, QResizeEvent, QShowEvent
from PyQt6.QtWidgets import QWidget

from msviz.gui.canvas.colours import UNKNOWN_ON_DARK, UNKNOWN_ON_LIGHT, indexed, on_light
from msviz.gui.canvas.time_canvas import SELECTED_ON_LIGHT, TimeCanvas
from msviz.gui.model.snapping import rising_crossing_near
from msviz.gui.model.view import View
from msviz.picture import CELL, LINES, NOTHING, Wave
from msviz.picture.envelope import FULL_REACH

MOST_LANES = 8  # visible at once
REFRESH_MS = 40  # between two redraws for samples that came in
LINE = 1.2  # width of the lines between samples
DOTS = 1 / 6  # samples to a pixel, at which every sample is a dot
DOT, RING = 5.0, 9.0  # as wide; one is the track's, the other what is rebuilt
CLIPPED = FULL_REACH - 1  # in 16 bits the highest sample, one step below full scale, is clipped as well
TIP = 3  # pixels at the edge that tell of it

# A pixel's code: what lies under both waves, and how much of it each of them covers.  So lines are smooth
# and one wave shows through the other in an image of 256 colours, which costs a tenth of painting them.
LEVELS = 7
GROUND, ZERO, UNKNOWN, DRAFT, RED = 0, 64, 128, 192, 255
WAVE, REBUILT = 8, 1  # to a level
OPACITY = 0.75
DIMMED = 0.5  # opacity of the track where only wider cells of it are at hand


class Inks(NamedTuple):
    """What is drawn in which colour."""

    ground: int
    wave: int
    zero: int
    rebuilt: int
    clipped: int


ON_DARK = Inks(0x17181B, 0x7FB2DE, 0x3A3C42, 0xFF9A3C, 0xFF4B4B)
ON_LIGHT = Inks(0xFFFFFF, 0x2F6DA3, 0xD4D5DA, 0xA85F00, 0xD81E1E)
LEGEND = {"wave": "Original", "rebuilt": "Multi-scale", "clipped": "Clipped"}
VEIL = 200  # opacity, of 255, of the ground under the legend


class Waveform(TimeCanvas):
    """The track in the view: how far its samples reach in each pixel, and from close the samples.

    Each channel has a lane, the first on top; of more than `MOST_LANES`, so many are visible, and
    `scroll_lanes` shows others.  Over the track lies, in another colour, what
    is rebuilt of it: where that is meant to be something else, and where single samples are seen, to show
    that nothing is lost.  What is clipped has red ends.

    Attributes
    ----------
    names : tuple of str
        Of the channels.

    The envelope of the whole track is kept, the samples only around what is seen from close.  The
    waveform never reads: it asks, and until the samples come it draws what the envelope tells.
    """

    samples_wanted = pyqtSignal(object, object)
    """Samples [start, stop) are to be read, by a worker, and given to `set_samples`."""
    lanes_changed = pyqtSignal()
    """Other lanes are visible."""
    view_changed = pyqtSignal()
    """What is seen has changed; whoever has something rebuilt asks whether it `wants_rebuilt`."""

    def __init__(self, view: View, parent: QWidget | None = None) -> None:
        super().__init__(view, parent)
        self._image: QImage | None = None
        self._drawn: tuple[object, ...] = ()
        self.rebuilt_shown = True
        self._refresh = QTimer(self)
        self._refresh.setSingleShot(True)
        self._refresh.setInterval(REFRESH_MS)
        self._refresh.timeout.connect(self._redraw)
        self.setMinimumSize(64, 32)
        self.open()

    def open(self, names: Sequence[str] = ("",)) -> None:
        """Turn to the track that the view shows, of channels with these names; nothing of it is known."""
        self.names, self._top = tuple(names), 0
        self._original, self._rebuilt = (Wave(self._view.length, len(names)) for _ in range(2))
        self._altered = False
        self._asked = 0, 0
        self._redraw()
        self.lanes_changed.emit()
        self._ask()

    def set_length(self) -> None:
        """The track has turned out to have another length, which the view knows: what is known stays."""
        self._original = self._original.resized(self._view.length)
        self._rebuilt = self._rebuilt.resized(self._view.length)
        self._asked = 0, 0
        self._redraw()
        self._ask()

    def put(self, start: int, samples: NDArray[np.floating]) -> None:
        """Take in samples (lanes, n) of the track from `start` on; their envelope is kept."""
        self._original.put(start, samples)
        self._redraw_soon()

    def set_samples(self, start: int, samples: NDArray[np.floating]) -> None:
        """Show the samples (lanes, n) that were wanted; they are kept until others come."""
        if len(samples) == self.lanes:  # else they were wanted of other channels
            self._original.hold(start, samples)
            self._redraw()
            self._ask()

    # What is rebuilt

    def start_rebuilt(self, *, altered: bool) -> None:
        """Forget what was rebuilt, as other samples will come; `altered` if they are not the track's."""
        before, self._rebuilt = self._rebuilt, Wave(self._view.length, self.lanes)
        self._rebuilt.hold(before.start, before.samples)  # until then: nothing flickers from close
        self._altered = altered
        self._redraw()

    def put_rebuilt(self, start: int, samples: NDArray[np.floating]) -> None:
        """As `put`, of what is rebuilt."""
        self._rebuilt.put(start, samples)
        self._redraw_soon()

    def set_rebuilt(self, start: int, samples: NDArray[np.floating]) -> None:
        """As `set_samples`, of what is rebuilt."""
        self._rebuilt.hold(start, samples)
        self._redraw()

    def set_rebuilt_shown(self, shown: bool) -> None:
        """Draw what is rebuilt over the track, or not."""
        self.rebuilt_shown = shown
        self._redraw()
        self.view_changed.emit()

    @property
    def wants_rebuilt(self) -> bool:
        """Whether it draws what is rebuilt where the view is going."""
        first, last = self.seen
        drawn = self._altered or last - first < LINES * self._device_size()[0]
        return self.isVisible() and self.rebuilt_shown and drawn and first < last

    @property
    def seen(self) -> tuple[int, int]:
        """The samples [start, stop) that are seen where the view is going."""
        rate, target = self._view.rate, self._view.target
        first, last = math.floor(target.start_s * rate) - 1, math.ceil(target.stop_s * rate) + 1
        return max(0, first), min(last, self._view.length)

    @property
    def near(self) -> bool:
        """Whether samples tell more of that than the envelope."""
        first, last = self.seen
        return last - first < CELL * max(1, self._device_size()[0])

    @property
    def lanes(self) -> int:
        """How many channels there are."""
        return self._original.lanes

    @property
    def visible_lanes(self) -> range:
        """The channels that lie under each other now."""
        return range(self._top, min(self._top + MOST_LANES, self.lanes))

    def scroll_lanes(self, top: int) -> None:
        """Show other channels, from this one on."""
        top = min(max(top, 0), max(0, self.lanes - MOST_LANES))
        if top != self._top:
            self._top = top
            self._redraw()
            self.lanes_changed.emit()

    def _redraw(self) -> None:
        self._image = None
        self.update()

    def _redraw_soon(self) -> None:
        if not self._refresh.isActive():
            self._refresh.start()

    def _change_range(self) -> None:
        super()._change_range()
        self._ask()
        self.view_changed.emit()

    def resizeEvent(self, event: QResizeEvent) -> None:
        self.view_changed.emit()

    def showEvent(self, event: QShowEvent) -> None:
        self.view_changed.emit()

    def _ask(self) -> None:
        """Ask for samples around where the view is going, unless they are here or on their way."""
        first, last = self.seen
        if last <= first or not self.near:
            return
        here = self._original.start, self._original.stop
        if not any(start <= first and last <= stop for start, stop in (here, self._asked)):
            beside = (last - first) // 2
            self._asked = max(0, first - beside), min(self._view.length, last + beside)
            self.samples_wanted.emit(*self._asked)

    def crossing_near(self, time_s: float, within_s: float) -> float | None:
        """Where the track, mixed, rises through zero near a time; None where its samples are not here."""
        rate = self._view.rate
        first, last = math.floor((time_s - within_s) * rate), math.ceil((time_s + within_s) * rate) + 1
        lanes = [self._original.held(lane, first, last) for lane in range(self.lanes)]
        start, samples = lanes[0][0], np.mean([samples for _, samples in lanes], axis=0)
        crossing = rising_crossing_near(samples, time_s * rate - start)
        return None if crossing is None else (start + crossing) / rate

    def _crossing_near(self, time_s: float, within_s: float) -> float | None:
        return self.crossing_near(time_s, within_s)

    # What is drawn

    def _selection_colour(self) -> QColor:
        return SELECTED_ON_LIGHT if on_light(self.palette()) else super()._selection_colour()

    def _draw_picture(self, painter: QPainter) -> None:
        key = (self._view.range[:2], self._device_size(), self.palette().cacheKey())
        if self._image is None or key != self._drawn:
            self._image, self._drawn = self._picture(), key
        painter.drawImage(QPointF(0, 0), self._image)

    def _picture(self) -> QImage:
        """The waveform in device pixels."""
        width, height = self._device_size()
        ratio, light = self.devicePixelRatioF(), on_light(self.palette())
        start, per_pixel = self._view.range.start_s * self._view.rate, self.samples_per_pixel
        waves = [self._original]
        if self._rebuilt and self.rebuilt_shown and (self._altered or per_pixel < LINES):
            waves.append(self._rebuilt)
        final = self._original.final(start, per_pixel, width)
        lanes = self.visible_lanes
        edges = lane_edges(height, len(lanes))
        codes = np.empty((height, width), np.uint8)
        told = ["wave", "rebuilt"][: len(waves)] if len(waves) > 1 else []
        for lane, (top, bottom) in zip(lanes, pairwise(edges), strict=True):
            reaches = [wave.reach(lane, start, per_pixel, width) for wave in waves]
            _draw_lane(codes[top:bottom], reaches, final, ratio, smooth=per_pixel < LINES)
            if any((reach >= CLIPPED).any() for reach in reaches) and "clipped" not in told:
                told.append("clipped")
        codes[edges[1:-1]] = ZERO
        picture = indexed(codes, _table(light))
        dots = per_pixel * ratio < DOTS
        if dots or told:
            picture = picture.convertToFormat(QImage.Format.Format_RGB32)
        inks = ON_LIGHT if light else ON_DARK
        if dots:
            for lane, (top, bottom) in zip(lanes, pairwise(edges), strict=True):
                lies = QRectF(0, top, width, bottom - top)
                samples = [wave.held(lane, *self._seen_now()) for wave in waves]
                _draw_dots(picture, lies, samples, start, per_pixel, ratio, inks)
        picture.setDevicePixelRatio(ratio)
        if told:
            self._draw_legend(picture, told, inks)
        return picture

    def _seen_now(self) -> tuple[int, int]:
        rate, seen = self._view.rate, self._view.range
        return math.floor(seen.start_s * rate) - 1, math.ceil(seen.stop_s * rate) + 2

    def _draw_legend(self, picture: QImage, told: list[str], inks: Inks) -> None:
        """Tell which colour is which."""
        painter = QPainter(picture)
        painter.setFont(self.font())
        veil = QColor(inks.ground)
        veil.setAlpha(VEIL)
        right = float(self.width())
        for name in reversed(told):
            plate = self._plate(painter, LEGEND[name])
            plate.moveRight(right)
            right = plate.left()
            painter.fillRect(plate, veil)
            painter.setPen(QColor(getattr(inks, name)))
            painter.drawText(plate, Qt.AlignmentFlag.AlignCenter, LEGEND[name])
        painter.end()


def lane_edges(height: int, lanes: int) -> list[int]:
    """The rows at which lanes under each other begin, and the last ends."""
    return [height * lane // lanes for lane in range(lanes + 1)]


def _draw_lane(
    codes: NDArray[np.uint8],
    reaches: list[NDArray[np.float32]],
    final: NDArray[np.bool_],
    ratio: float,
    *,
    smooth: bool,
) -> None:
    """Draw into codes (rows, columns) how far waves reach, one over the other; the first alone in a draft."""
    height = len(codes)
    middle, scale = height / 2, (height / 2 - 1) / FULL_REACH
    known = reaches[0][1] != NOTHING
    codes[:] = np.where(known, np.where(final, np.uint8(GROUND), np.uint8(DRAFT)), np.uint8(UNKNOWN))
    codes[height // 2, known & final] = ZERO
    reaches = [reaches[0], *(np.where(final, reach, np.float32(NOTHING)) for reach in reaches[1:])]
    rows = np.arange(height, dtype=np.float32 if smooth else np.int16)[:, None]
    for (down, up), code in zip(reaches, (WAVE, REBUILT), strict=False):
        top, bottom = middle - up * scale, middle + down * scale
        if smooth:
            half = LINE * ratio / 2
            cover = np.minimum(rows + 1, bottom + half) - np.maximum(rows, top - half)
            codes += np.rint(np.clip(cover, 0, 1) * LEVELS).astype(np.uint8) * np.uint8(code)
        else:
            first = np.floor(top).astype(np.int16)
            last = np.maximum(np.ceil(bottom).astype(np.int16), first + 1)
            last[up == NOTHING] = -1
            codes += ((rows >= first) & (rows < last)).view(np.uint8) * np.uint8(LEVELS * code)
    tip = min(height, round(TIP * ratio))
    for down, up in reaches:
        codes[:tip, (up >= CLIPPED) & final] = RED
        codes[-tip:, (down >= CLIPPED) & final] = RED


def _draw_dots(
    picture: QImage,
    lies: QRectF,
    samples: list[tuple[int, NDArray[np.floating]]],
    start: float,
    per_pixel: float,
    ratio: float,
    inks: Inks,
) -> None:
    """Draw a dot for each of the first samples, and a ring for each of the second."""
    painter = QPainter(picture)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.setClipRect(lies)
    for (at, values), ink, ring in zip(samples, (inks.wave, inks.rebuilt), (False, True), strict=False):
        x = (at + np.arange(len(values)) - start) / per_pixel
        y = lies.center().y() - np.clip(values, -1, 1) * (lies.height() / 2 - 1)
        loud = np.rint(np.abs(values) * FULL_REACH) >= CLIPPED
        for those, colour in ((~loud, ink), (loud, inks.clipped)):
            points = [QPointF(*place) for place in zip(x[those].tolist(), y[those].tolist(), strict=True)]
            if ring:
                painter.setPen(QPen(QColor(colour), LINE * ratio))
                for point in points:
                    painter.drawEllipse(point, RING * ratio / 2, RING * ratio / 2)
            elif points:
                pen = QPen(QColor(colour), DOT * ratio)
                pen.setCapStyle(Qt.PenCapStyle.RoundCap)
                painter.setPen(pen)
                painter.drawPoints(QPolygonF(points))
    painter.end()


@lru_cache(maxsize=2)
def _table(light: bool) -> NDArray[np.uint32]:
    """The colour of each code."""
    inks = ON_LIGHT if light else ON_DARK
    ground, wave, zero, rebuilt, clipped = (_rgb(ink) for ink in inks)
    table = np.tile(clipped, (256, 1))
    wave_levels, rebuilt_levels = (level[:, None] / LEVELS for level in np.divmod(np.arange(64), WAVE))
    unknown = np.array(UNKNOWN_ON_LIGHT if light else UNKNOWN_ON_DARK)
    for code, under, opacity in (
        (GROUND, ground, 1),
        (ZERO, zero, 1),
        (UNKNOWN, unknown, 1),
        (DRAFT, ground, DIMMED),
    ):
        waved = under + (wave - under) * opacity * wave_levels
        table[code : code + 64] = waved + (rebuilt - waved) * OPACITY * rebuilt_levels
    table[RED] = clipped
    red, green, blue = np.rint(table).astype(np.uint32).T
    return np.asarray(np.uint32(0xFF000000) | red << 16 | green << 8 | blue, np.uint32)


def _rgb(ink: int) -> NDArray[np.floating]:
    return np.array([ink >> 16, ink >> 8 & 0xFF, ink & 0xFF], float)
