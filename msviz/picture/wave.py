"""The known waveform of a sound: the envelope of all of it, and the samples of some part."""

from __future__ import annotations

import math
from typing import Final

import numpy as np
from numpy.typing import NDArray

from msviz.picture.envelope import CELL, FULL_REACH, NOTHING, Envelope, pooled

LINES: Final = 1.0
"""Samples to a column, below which a column is as wide as the line from sample to sample in it."""

Array = NDArray[np.floating]
Reaches = NDArray[np.float32]


class Wave:
    """The known waveform of a sound.

    Parameters
    ----------
    length : int
        Samples in the sound.
    lanes : int
        Its channels.

    Attributes
    ----------
    start : int
        The position of the first of `samples`.
    samples : array (lanes, n)
        The samples of some part.
    """

    def __init__(self, length: int, lanes: int = 1) -> None:
        self.length, self.lanes = length, lanes
        self._envelopes: list[Envelope] = []  # made when there is something to keep in them
        self.start, self.samples = 0, np.zeros((lanes, 0), np.float32)

    def __bool__(self) -> bool:
        """Whether anything is known."""
        return bool(self._envelopes) or self.samples.shape[1] > 0

    @property
    def stop(self) -> int:
        """The position after the last of `samples`."""
        return self.start + self.samples.shape[1]

    def resized(self, length: int) -> Wave:
        """The same, for a sound that turned out to have another length."""
        other = Wave(length, self.lanes)
        other._envelopes = [envelope.resized(length) for envelope in self._envelopes]
        other.start, other.samples = self.start, self.samples
        return other

    def put(self, start: int, samples: Array) -> None:
        """Add samples (lanes, n) from `start` on to the envelope."""
        if not self._envelopes:
            self._envelopes = [Envelope(self.length) for _ in range(self.lanes)]
        for envelope, lane in zip(self._envelopes, samples, strict=True):
            envelope.put(start, lane)

    def hold(self, start: int, samples: Array) -> None:
        """Keep the samples (lanes, n) from `start` on, instead of those before."""
        self.start, self.samples = start, samples

    def held(self, lane: int, start: int, stop: int) -> tuple[int, Array]:
        """The samples kept within [start, stop), and the position of the first."""
        first = min(max(start, self.start), self.stop)
        return first, self.samples[lane, first - self.start : max(stop - self.start, 0)]

    def reach(self, lane: int, start: float, per_column: float, width: int) -> Reaches:
        """How far columns from `start` on reach down and up, as an array (2, width).

        In steps of 1/`FULL_REACH`, and `NOTHING` where a part of a column is not known.  From samples where
        they are held and show more than the envelope.  Every column meets the one before.
        """
        reach = np.full((2, width), NOTHING, np.float32)
        stop, near = start + width * per_column, per_column < CELL and self.start < self.stop
        whole = near and self.start <= max(start, 0) and min(stop, self.length) <= self.stop
        if self._envelopes and not whole:
            reach[:] = self._envelopes[lane].columns(start, stop, width)
        if not near:
            return _joined(reach, start, per_column)
        edges = start + np.arange(width + 1) * per_column
        if per_column < LINES:
            return self._lines(reach, lane, edges)
        edges = np.clip(edges, 0, self.length) - self.start
        inside = (edges[:-1] >= 0) & (edges[1:] <= self.samples.shape[1]) & (edges[:-1] < edges[1:])
        here = np.flatnonzero(inside)
        if len(here):
            first = np.ceil(edges[here]).astype(np.intp)
            last = math.ceil(edges[here[-1] + 1])
            reach[:, here] = pooled(self.samples[lane, :last], np.minimum(first, last - 1))
        return _joined(reach, start, per_column)

    def final(self, start: float, per_column: float, width: int) -> NDArray[np.bool_]:
        """Which of these columns are as fine as they will be; the others are drawn from wider cells."""
        if per_column >= CELL:
            return np.ones(width, np.bool_)
        edges = np.clip(start + np.arange(width + 1) * per_column, 0, self.length)
        return np.asarray((edges[:-1] >= self.start) & (edges[1:] <= self.stop) | (edges[:-1] == edges[1:]))

    def _lines(self, reach: Reaches, lane: int, edges: Array) -> Reaches:
        """Reaches; in columns between samples, those of the line from one to the next."""
        at, values = self.held(lane, math.floor(edges[0]) - 1, math.ceil(edges[-1]) + 2)
        last = at + len(values) - 1
        inside = (edges[1:] > at) & (edges[:-1] < last)
        if not inside.any():
            return reach
        values = np.clip(values, -1, 1) * FULL_REACH
        ends = np.interp(edges, np.arange(at, last + 1), values)
        low, high = np.minimum(ends[:-1], ends[1:]), np.maximum(ends[:-1], ends[1:])
        within = np.ceil(edges[:-1]).astype(np.intp)  # at most one, as a column is narrower than a sample
        has = inside & (within < edges[1:]) & (within >= at) & (within <= last)
        low[has] = np.minimum(low[has], values[within[has] - at])
        high[has] = np.maximum(high[has], values[within[has] - at])
        reach[:, inside] = np.stack([-low, high])[:, inside]
        return reach


def _joined(reach: Reaches, start: float, per_column: float) -> Reaches:
    """Reaches (2, width) of which each meets the one before, as a waveform has no holes.

    Without the one before, inside the track, a column is not known either.
    """
    (down, up), known = reach, reach[1] != NOTHING
    both = known[1:] & known[:-1]
    joined = reach.copy()
    joined[0, 1:][both] = np.maximum(down[1:], -up[:-1])[both]
    joined[1, 1:][both] = np.maximum(up[1:], -down[:-1])[both]
    alone = known[1:] & ~known[:-1]
    alone[: max(0, math.floor(-start / per_column))] = False  # the track begins there
    joined[:, 1:][:, alone] = NOTHING
    return joined
