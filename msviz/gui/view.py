"""The view: which stretch of time and frequency is seen, and what is marked in it."""

from __future__ import annotations

import math
from typing import NamedTuple

from PyQt6.QtCore import QObject, pyqtSignal

from msviz.picture import FrequencyAxis

FEWEST_SAMPLES = 16  # across the view, zoomed in all the way
FEWEST_OCTAVES = 1 / 48
MARGIN = 0.05  # of the view may lie beyond either end of the file


class Box(NamedTuple):
    """A stretch of time and of frequency."""

    start_s: float
    stop_s: float
    low_hz: float
    high_hz: float


class View(QObject):
    """What all panels share: time and frequency range, cursor, playhead, selection.

    Whoever changes it tells nobody else by hand: the signals do.  Zooming and panning stop softly
    at the ends of the file and of its frequencies.
    """

    range_changed = pyqtSignal()
    cursor_changed = pyqtSignal()
    playhead_changed = pyqtSignal()
    selection_changed = pyqtSignal()

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.open(44100, 0, 20.0, 20000.0)

    def open(self, rate: int, length: int, low_hz: float, high_hz: float) -> None:
        """Turn to another file of so many samples and frequencies: all of it is seen, nothing is marked."""
        self.rate = rate
        self.length = length
        self.full = Box(0.0, length / rate, low_hz, high_hz)
        self.range = self._limited(self.full)
        self.cursor: tuple[float, float] | None = None
        """Time in seconds and frequency in Hz under the pointer."""
        self.playhead_s = 0.0
        self.selection: Box | None = None
        self._history: list[Box] = []
        self._in_run = False
        for changed in (
            self.range_changed,
            self.cursor_changed,
            self.playhead_changed,
            self.selection_changed,
        ):
            changed.emit()

    @property
    def span_s(self) -> float:
        """Seconds from the left edge to the right."""
        return self.range.stop_s - self.range.start_s

    @property
    def span_octaves(self) -> float:
        """Octaves from the lower edge to the upper."""
        return math.log2(self.range.high_hz / self.range.low_hz)

    @property
    def axis(self) -> FrequencyAxis:
        """The frequency axis of the pictures."""
        return FrequencyAxis(self.range.low_hz, self.range.high_hz)

    def time_at(self, place: float) -> float:
        """Time in seconds at a place from 0, the left edge, to 1, the right."""
        return self.range.start_s + place * self.span_s

    def place(self, time_s: float) -> float:
        """Where a time lies: 0 at the left edge, 1 at the right."""
        return (time_s - self.range.start_s) / self.span_s

    def set_cursor(self, cursor: tuple[float, float] | None) -> None:
        if cursor != self.cursor:
            self.cursor = cursor
            self.cursor_changed.emit()

    def set_playhead(self, time_s: float) -> None:
        time_s = min(max(time_s, 0.0), self.full.stop_s)
        if time_s != self.playhead_s:
            self.playhead_s = time_s
            self.playhead_changed.emit()

    def select(self, box: Box | None) -> None:
        if box != self.selection:
            self.selection = box
            self.selection_changed.emit()

    def show(self, box: Box) -> None:
        """Show a stretch of time and frequency, as nearly as the limits allow."""
        self._zoom(box, in_run=False)

    def fit(self) -> None:
        """Show the whole file."""
        self.show(self.full)

    def fit_selection(self) -> None:
        """Show what is selected, if anything is."""
        if self.selection:
            self.show(self.selection)

    def back(self) -> None:
        """Undo the last zoom; a run of turns of the wheel is one."""
        if self._history:
            self._in_run = False
            self._set(self._history.pop())

    def zoom_time(self, factor: float, about_s: float) -> None:
        """Zoom in by a factor (out below 1), leaving one time in view where it is."""
        box = self.range
        about_s = min(max(about_s, box.start_s), box.stop_s)
        span = min(max(self.span_s / factor, self._shortest_s), self._longest_s)
        start = about_s - (about_s - box.start_s) * span / self.span_s
        self._zoom(box._replace(start_s=start, stop_s=start + span), in_run=True)

    def zoom_frequency(self, factor: float, about_hz: float) -> None:
        """Zoom in by a factor (out below 1), leaving one frequency in view where it is."""
        box = self.range
        about_hz = min(max(about_hz, box.low_hz), box.high_hz)
        widest = math.log2(self.full.high_hz / self.full.low_hz)
        octaves = self.span_octaves
        zoomed = min(max(octaves / factor, FEWEST_OCTAVES), widest)
        low = about_hz * (box.low_hz / about_hz) ** (zoomed / octaves)
        self._zoom(box._replace(low_hz=low, high_hz=low * 2**zoomed), in_run=True)

    def pan(self, time_s: float, octaves: float) -> None:
        """Move towards later times and higher frequencies."""
        box, ratio = self.range, 2.0**octaves
        self._in_run = False
        self._set(Box(box.start_s + time_s, box.stop_s + time_s, box.low_hz * ratio, box.high_hz * ratio))

    def stretch(self, start_s: float, stop_s: float) -> None:
        """Show other times and the same frequencies; a run of these is one step back."""
        self._zoom(self.range._replace(start_s=start_s, stop_s=stop_s), in_run=True)

    def center(self, time_s: float) -> None:
        """Bring a time to the middle of the view."""
        self.pan(time_s - self.time_at(0.5), 0.0)

    def _zoom(self, box: Box, *, in_run: bool) -> None:
        before = self.range
        self._set(box)
        if self.range != before:
            if not (in_run and self._in_run):
                self._history.append(before)
            self._in_run = in_run

    def _set(self, box: Box) -> None:
        box = self._limited(box)
        if box != self.range:
            self.range = box
            self.range_changed.emit()

    @property
    def _shortest_s(self) -> float:
        return FEWEST_SAMPLES / self.rate

    @property
    def _longest_s(self) -> float:
        return max(self._shortest_s, (1 + 2 * MARGIN) * self.full.stop_s)

    def _limited(self, box: Box) -> Box:
        """The nearest box that may be seen; one that may is left as it is, to the last bit."""
        start, stop, low, high = box
        span = min(max(stop - start, self._shortest_s), self._longest_s)
        if span != stop - start:
            start = (start + stop - span) / 2
            stop = start + span
        first, last = -MARGIN * span, self.full.stop_s + MARGIN * span
        if span > last - first:
            start, stop = (first + last - span) / 2, (first + last + span) / 2
        elif start < first or stop > last:
            start = min(max(start, first), last - span)
            stop = start + span

        octaves, widest = math.log2(high / low), math.log2(self.full.high_hz / self.full.low_hz)
        if not FEWEST_OCTAVES <= octaves <= widest:
            octaves = min(max(octaves, FEWEST_OCTAVES), widest)
            low = math.sqrt(low * high) / 2 ** (octaves / 2)
            high = low * 2**octaves
        if low < self.full.low_hz:
            low, high = self.full.low_hz, self.full.low_hz * 2**octaves
        elif high > self.full.high_hz:
            low, high = self.full.high_hz / 2**octaves, self.full.high_hz
        return Box(start, stop, low, high)
