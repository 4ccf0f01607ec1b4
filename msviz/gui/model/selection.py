"""Selection arithmetic: extending, resizing, moving and nudging boxes."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import NamedTuple

from msviz.bands import Band
from msviz.gui.model.view import Box, View
from msviz.picture import FrequencyAxis


class Grip(NamedTuple):
    """Which edges of a box move: -1 the start or lower edge, 1 the end or upper edge, 0 neither."""

    time: int
    frequency: int


class Step(NamedTuple):
    """How far one nudge goes."""

    seconds: float
    octaves: float


def between(times: Sequence[float], frequencies: Sequence[float], full: Box) -> Box:
    """The box between two times and two frequencies, in any order, clipped to the track."""
    start, stop = (min(max(time_s, full.start_s), full.stop_s) for time_s in sorted(times))
    low, high = (min(max(hz, full.low_hz), full.high_hz) for hz in sorted(frequencies))
    return Box(start, stop, low, high)


def resized(box: Box, grip: Grip, time_s: float, hz: float, full: Box) -> Box:
    """The box with some edges moved to a time and a frequency; an edge may pass the opposite one."""
    start, stop, low, high = box
    times = {-1: (time_s, stop), 0: (start, stop), 1: (start, time_s)}[grip.time]
    frequencies = {-1: (hz, high), 0: (low, high), 1: (low, hz)}[grip.frequency]
    return between(times, frequencies, full)


def extended(box: Box, time_s: float, hz: float | None, full: Box) -> Box:
    """The box with its nearest edge in time moved to a point; in frequency it grows to include the point."""
    at_start = abs(time_s - box.start_s) < abs(time_s - box.stop_s)
    if hz is None:
        hz, edge = box.high_hz, 0
    else:
        edge = -1 if hz < box.low_hz else 1 if hz > box.high_hz else 0
    return resized(box, Grip(-1 if at_start else 1, edge), time_s, hz, full)


def nonempty(box: Box) -> Box | None:
    """The box, or None if it has no length or no height."""
    return box if box.stop_s > box.start_s and box.high_hz > box.low_hz else None


def extend(view: View, time_s: float, hz: float | None = None) -> None:
    """Extend the selection to a point, or to a time; without one, select from the playhead to there."""
    playhead = view.full._replace(start_s=view.playhead_s, stop_s=view.playhead_s)
    view.select(nonempty(extended(view.selection or playhead, time_s, hz, view.full)))


def moved(box: Box, right_s: float, up: float, full: Box, *, linear: bool = False) -> Box:
    """The box moved without changing its size, at most to the edges of the track.

    Parameters
    ----------
    right_s : float
        Seconds to the right.
    up : float
        How far up, as a share of the axis from the lowest frequency of `full` to the highest.
    linear : bool
        Whether that axis is linear; if not, the box keeps its interval.
    """
    axis = FrequencyAxis(full.low_hz, full.high_hz, linear)
    right_s = min(max(right_s, full.start_s - box.start_s), full.stop_s - box.stop_s)
    low, high = axis.position([box.low_hz, box.high_hz]).tolist()
    up = min(max(up, -low), 1 - high)
    low_hz, high_hz = axis.frequency([low + up, high + up]).tolist() if up else box[2:]
    return between((box.start_s + right_s, box.stop_s + right_s), (low_hz, high_hz), full)


def nudged(box: Box, right: int, up: int, step: Step, full: Box, *, resize: bool = False) -> Box:
    """The box moved by steps; with `resize` only its end and upper edge, which stop before the others."""
    if not resize:
        octaves = math.log2(full.high_hz / full.low_hz)
        return moved(box, right * step.seconds, up * step.octaves / octaves, full)
    length, interval = box.stop_s - box.start_s, math.log2(box.high_hz / box.low_hz)
    new_length = max(length + right * step.seconds, min(length, step.seconds))
    new_interval = max(interval + up * step.octaves, min(interval, step.octaves))
    high_hz = box.low_hz * 2**new_interval if up else box.high_hz
    return between((box.start_s, box.start_s + new_length), (box.low_hz, high_hz), full)


def nudge_step(box: Box, bands: Sequence[Band], rate: int, pixel_s: float) -> Step:
    """The step of a nudge: in time a sample if samples are visible, else a frame but at least a pixel; in
    frequency a bin.

    Parameters
    ----------
    box : Box
        The selection.
    bands : sequence of Band
        Of the picture, in ascending order.
    rate : int
        Samples in a second.
    pixel_s : float
        Seconds in a pixel.
    """
    middle_hz = math.sqrt(box.low_hz * box.high_hz)
    band = next((band for band in bands if middle_hz < band.high), bands[-1])
    seconds = max(pixel_s, band.hop / rate) if pixel_s * rate >= 1 else 1 / rate
    bins = band.frequencies[band.frequencies > 0]
    upper = min(max(int(bins.searchsorted(middle_hz)), 1), len(bins) - 1)
    return Step(seconds, math.log2(float(bins[upper] / bins[upper - 1])))


def with_edge(box: Box, grip: Grip, value: float, full: Box) -> Box:
    """The box with one edge set.  If it passes the opposite edge, that one moves along.

    So a new start can be typed before a new end: the box keeps its length until then.
    """
    start, stop, low, high = box
    length, ratio = stop - start, high / low
    if grip.time < 0:
        start, stop = value, stop if value < stop else value + length
    elif grip.time > 0:
        start, stop = start if value > start else value - length, value
    elif grip.frequency < 0:
        low, high = value, high if value < high else value * ratio
    else:
        low, high = low if value > low else value / ratio, value
    return between((start, stop), (low, high), full)


def with_length(box: Box, length_s: float, full: Box) -> Box:
    """The box with another length and the same start, clipped to the track."""
    return between((box.start_s, box.start_s + length_s), box[2:], full)
