"""The view: which stretch of time and frequency is seen, and what is marked in it."""

from __future__ import annotations

import math
import time
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from PyQt6.QtCore import QObject, Qt, QTimer, pyqtSignal

from msviz.gui.model.damage import Missing, Stretches
from msviz.picture import FrequencyAxis
from msviz.transform.edits import BoxEdit

FEWEST_SAMPLES = 4  # across the view, zoomed in all the way
FEWEST_OCTAVES = 1 / 4800  # a quarter of a cent: one row of the finest STFT, at the top
MARGIN = 0.05  # of the view may lie beyond either end of the file
FRAME_MS = 15  # while workers run, timers are up to 2 ms late
GLIDE_S = 0.016  # in which a glide covers all but 1/e of its way; after five of these it is there
ARRIVED = 1 / 2000  # of the view: half a pixel or so


class Box(NamedTuple):
    """A stretch of time and of frequency."""

    start_s: float
    stop_s: float
    low_hz: float
    high_hz: float


def box_of(edit: BoxEdit) -> Box:
    """The place of an edit."""
    return Box(edit.start_s, edit.stop_s, edit.low_hz, edit.high_hz)


class View(QObject):
    """What all panels share: time and frequency range, cursor, playhead, selection.

    Whoever changes it tells nobody else by hand: the signals do.  Zooming and scrolling glide: they
    set the `target`, and the `range` that is seen follows it for a moment; steps that come before it
    is there add up, and any change without a glide ends it where it is.  All stop softly at the ends
    of the file and of its frequencies.
    """

    glide = True
    """Whether anything glides at all."""

    opened = pyqtSignal()
    """Another track is shown; a drag over the last one ends."""
    range_changed = pyqtSignal()
    cursor_changed = pyqtSignal()
    playhead_changed = pyqtSignal()
    selection_changed = pyqtSignal()
    dragged_changed = pyqtSignal()
    pin_changed = pyqtSignal()
    snapping_changed = pyqtSignal()
    damage_changed = pyqtSignal()

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.harmonics = False
        """Whether the multiples of the cursor's frequency are marked."""
        self.wheel_zooms = False
        """Whether the plain wheel zooms in time over pictures, rather than scrolling in frequency."""
        self.snapping = False
        """Whether the pointer snaps to spectral peaks and zero crossings, as while a key is held."""
        self.columns: float | None = None
        """Device pixels from the left edge to the right, once there are any."""
        self._frames = QTimer(self)
        self._frames.setInterval(FRAME_MS)
        self._frames.setTimerType(Qt.TimerType.PreciseTimer)
        self._frames.timeout.connect(self._glide_on)
        self._drawn_s = 0.0  # when the last frame of a glide was
        self._linear = False  # the frequency axis on which it glides
        self._pans = False  # whether it goes on at the same zoom
        self.open(44100, 0, 20.0, 20000.0)

    def open(self, rate: int, length: int, low_hz: float, high_hz: float) -> None:
        """Turn to another file of so many samples and frequencies: all of it is seen, nothing is marked."""
        self.rate = rate
        self.length = length
        self.full = Box(0.0, length / rate, low_hz, high_hz)
        self._frames.stop()
        self.range = self.target = self._exact = self._limited(self.full)
        self.cursor: tuple[float, float | None] | None = None
        """Time in seconds and frequency in Hz under the pointer; over a waveform, no frequency."""
        self.playhead_s = 0.0
        self.selection: Box | None = None
        self.dragged: Box | None = None
        """The selection that a drag would make if it ended now."""
        self.pin: tuple[float, float | None] | None = None
        """Time and frequency of the pin, from which the readout measures."""
        self.damage = Stretches()
        """What is missing of the track."""
        self._history: list[Box] = []
        self._in_run = False
        for changed in (
            self.opened,
            self.range_changed,
            self.cursor_changed,
            self.playhead_changed,
            self.selection_changed,
            self.dragged_changed,
            self.pin_changed,
            self.damage_changed,
        ):
            changed.emit()

    def set_length(self, length: int) -> None:
        """Use the length that the track has turned out to have.

        The visible range stays where it is; the selection and the playhead stay within the track.
        """
        self.length = length
        self.full = self.full._replace(stop_s=length / self.rate)
        self.set_playhead(self.playhead_s)
        if self.selection:
            box = self.selection._replace(stop_s=min(self.selection.stop_s, self.full.stop_s))
            self.select(box if box.start_s < box.stop_s else None)
        self._go(self._limited(self.range), glide=False)
        self.range_changed.emit()

    def set_damage(self, damage: Sequence[Missing]) -> None:
        """What is missing of the track, in order."""
        if tuple(damage) != self.damage.missing:
            self.damage = Stretches(damage)
            self.damage_changed.emit()

    def set_lowest(self, low_hz: float) -> None:
        """What there is to be seen begins at another frequency."""
        whole = self.range[2:] == self.full[2:]
        self.full = self.full._replace(low_hz=low_hz)
        box = self.range
        self._go(box._replace(low_hz=low_hz) if whole else box, glide=False)

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
        """The frequencies that are seen, on a log axis."""
        return FrequencyAxis(self.range.low_hz, self.range.high_hz)

    def time_at(self, place: float) -> float:
        """Time in seconds at a place from 0, the left edge, to 1, the right."""
        return self.range.start_s + place * self.span_s

    def place(self, time_s: float) -> float:
        """Where a time lies: 0 at the left edge, 1 at the right."""
        return (time_s - self.range.start_s) / self.span_s

    @property
    def gliding(self) -> bool:
        """Whether what is seen is still on its way."""
        return self._frames.isActive()

    def set_cursor(self, cursor: tuple[float, float | None] | None) -> None:
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

    def drag(self, box: Box | None) -> None:
        """Show the selection that a drag would make, or None; `select` makes it."""
        if box != self.dragged:
            self.dragged = box
            self.dragged_changed.emit()

    def select_all(self) -> None:
        """Select the whole track at all frequencies."""
        self.select(self.full)

    def toggle_pin(self) -> None:
        """Pin the cursor at its position, or remove the pin."""
        self.pin = None if self.pin else self.cursor
        self.pin_changed.emit()

    def set_snapping(self, snapping: bool) -> None:
        """Let the pointer snap to spectral peaks and zero crossings, or not."""
        if snapping != self.snapping:
            self.snapping = snapping
            self.snapping_changed.emit()

    def set_harmonics(self, shown: bool) -> None:
        """Mark the multiples of the cursor's frequency, or only the cursor."""
        self.harmonics = shown
        self.cursor_changed.emit()

    def show(self, box: Box, *, glide: bool = False) -> None:
        """Show a stretch of time and frequency, as nearly as the limits allow."""
        self._zoom(box, in_run=False, glide=glide)

    def fit(self) -> None:
        """Show the whole file."""
        self.show(self.full, glide=True)

    def fit_selection(self) -> None:
        """Show the selection; if it has all frequencies, those in view stay."""
        box, full = self.selection, self.full
        if box and box.low_hz <= full.low_hz and box.high_hz >= full.high_hz:
            box = box._replace(low_hz=self.target.low_hz, high_hz=self.target.high_hz)
        if box:
            self.show(box, glide=True)

    def show_span(self, span_s: float) -> None:
        """Show an interval of this length around the focus of `zoom_time`."""
        self.show(self._spanning(self.target, span_s, self._focus_s(self.target)), glide=True)

    def show_samples(self) -> None:
        """Show one sample in each pixel."""
        self.show_span((self.columns or 1) / self.rate)

    def back(self) -> None:
        """Undo the last zoom; a run of turns of the wheel is one."""
        if self._history:
            self._in_run = False
            self._go(self._history.pop(), glide=True)

    def zoom_time(self, factor: float, about_s: float | None = None, *, glide: bool = True) -> None:
        """Zoom in by a factor (out below 1), leaving one time in view where it is.

        The default is the focus: the middle of the selection if it is in view, else the playhead if that is,
        else the middle of the view.
        """
        box = self._start(glide)
        if about_s is None:
            about_s = self._focus_s(box)
        span = (box.stop_s - box.start_s) / factor
        self._zoom(self._spanning(box, span, about_s), in_run=True, glide=glide)

    def _focus_s(self, box: Box) -> float:
        selected = [(self.selection.start_s + self.selection.stop_s) / 2] if self.selection else []
        inside = (time_s for time_s in (*selected, self.playhead_s) if box.start_s <= time_s <= box.stop_s)
        return next(inside, (box.start_s + box.stop_s) / 2)

    def _spanning(self, box: Box, span: float, about_s: float) -> Box:
        """The box with another length, and one time at the same relative position."""
        before = box.stop_s - box.start_s
        about_s = min(max(about_s, box.start_s), box.stop_s)
        span = min(max(span, self._shortest_s), self._longest_s)
        start = about_s - (about_s - box.start_s) * span / before
        return box._replace(start_s=start, stop_s=start + span)

    def zoom_frequency(
        self, factor: float, about_hz: float | None = None, *, linear: bool = False, glide: bool = True
    ) -> None:
        """Zoom in by a factor (out below 1) on a log or linear axis, leaving one frequency where it is.

        The default is the middle of the selection if it is in view, else the middle of the view.
        """
        box = self._start(glide)
        whole = self._whole_axis(linear)
        low, high = whole.position(box[2:]).tolist()
        if about_hz is not None:
            about = float(whole.position(about_hz))
        else:
            about = float(np.mean(whole.position(self.selection[2:]))) if self.selection else -1.0
            if not low <= about <= high:
                about = (low + high) / 2
        about = min(max(about, low), high)
        factor = min(factor, math.log2(box.high_hz / box.low_hz) / FEWEST_OCTAVES)
        box = self._between(box, about - (about - low) / factor, about + (high - about) / factor, whole)
        self._linear = linear
        self._zoom(box, in_run=True, glide=glide)

    def scroll(self, right: float, up: float, *, linear: bool = False, glide: bool = True) -> None:
        """Move towards later times and higher frequencies, by so many widths and heights of the view."""
        box = self._start(glide)
        shift = right * (box.stop_s - box.start_s)
        box = box._replace(start_s=box.start_s + shift, stop_s=box.stop_s + shift)
        if up:
            whole = self._whole_axis(linear)
            low, high = whole.position([box.low_hz, box.high_hz])
            box = self._between(box, low + up * (high - low), high + up * (high - low), whole)
            self._linear = linear
        self._in_run = False
        self._go(box, glide=glide, pans=True)

    def pan(self, time_s: float) -> None:
        """Move towards later times, at once."""
        box = self._exact
        self._in_run = False
        box = box._replace(start_s=box.start_s + time_s, stop_s=box.stop_s + time_s)
        self._go(box, glide=False, pans=True)

    def stretch(self, start_s: float, stop_s: float) -> None:
        """Show other times and the same frequencies; a run of these is one step back."""
        self._zoom(self.range._replace(start_s=start_s, stop_s=stop_s), in_run=True, glide=False)

    def center(self, time_s: float) -> None:
        """Bring a time to the middle of the view."""
        self.pan(time_s - self.time_at(0.5))

    # How the range moves

    def _start(self, glide: bool) -> Box:
        """Where a change begins: a step of a glide at the end of those before, all else at what is seen."""
        return self.target if glide else self._exact

    def _zoom(self, box: Box, *, in_run: bool, glide: bool) -> None:
        before = self._start(glide)
        self._go(box, glide=glide)
        if self.target != before:
            if not (in_run and self._in_run):
                self._history.append(before)
            self._in_run = in_run

    def _go(self, box: Box, *, glide: bool, pans: bool = False) -> None:
        self.target = self._limited(box)
        self._pans = pans
        if not (glide and self.glide):
            self._frames.stop()
            self._see(self.target)
        elif not self._frames.isActive() and self.target != self.range:
            self._frames.start()
            self._drawn_s = time.perf_counter() - FRAME_MS / 1000  # the hand sees its first frame at once
            self._glide_on()

    def _glide_on(self) -> None:
        """One frame: a share of what is left of the way, straight, so that what is anchored stays there."""
        now = time.perf_counter()
        share = 1 - math.exp((self._drawn_s - now) / GLIDE_S)
        self._drawn_s = now
        axis = self._whole_axis(self._linear)
        seen, target = (
            Box(box.start_s, box.stop_s, *axis.position(box[2:]).tolist())
            for box in (self._exact, self.target)
        )
        span, to_span = seen.stop_s - seen.start_s, target.stop_s - target.start_s
        in_time = share
        if abs(span - to_span) > ARRIVED * to_span:  # by factors, as zooming is felt
            in_time = (span ** (1 - share) * to_span**share - span) / (to_span - span)
        shares = in_time, in_time, share, share
        on_way = [a + (b - a) * s for a, b, s in zip(seen, target, shares, strict=True)]
        spans = (to_span, to_span, *[target.high_hz - target.low_hz] * 2)
        if all(abs(a - b) < ARRIVED * s for a, b, s in zip(on_way, target, spans, strict=True)):
            self._frames.stop()
            self._see(self.target)
            return
        frequencies = self._exact[2:]
        if frequencies != self.target[2:]:
            frequencies = axis.frequency(on_way[2:]).tolist()
        low_hz, high_hz = frequencies
        self._see(Box(on_way[0], on_way[1], low_hz, high_hz))

    def _see(self, box: Box) -> None:
        self._exact = box
        box = self._on_pixels(box)
        if box != self.range:
            self.range = box
            self.range_changed.emit()

    def _on_pixels(self, box: Box) -> Box:
        """On a pan, a box that lies whole pixels from what is seen.

        So it shows the same pixels elsewhere: they need not be worked out again, and do not flicker.
        """
        start, stop = self.range[:2]
        span = stop - start
        shift = box.start_s - start
        same = math.isclose(box.stop_s - box.start_s, span, rel_tol=1e-9) and abs(shift) < span
        if not (self._pans and self.columns and same):
            return box
        shift = round(shift / span * self.columns) / self.columns * span
        return box._replace(start_s=start + shift, stop_s=stop + shift)

    # Limits

    def _whole_axis(self, linear: bool) -> FrequencyAxis:
        return FrequencyAxis(self.full.low_hz, self.full.high_hz, linear)

    def _between(self, box: Box, low: float, high: float, whole: FrequencyAxis) -> Box:
        """A box from one place to another of the whole axis, moved back where that leads out of it."""
        span = min(high - low, 1.0)
        low = min(max(low, 0.0), 1.0 - span)
        low_hz, high_hz = whole.frequency([low, low + span]).tolist()
        return box._replace(
            low_hz=whole.low_hz if low <= 0 else low_hz,
            high_hz=whole.high_hz if low + span >= 1 else high_hz,
        )

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
