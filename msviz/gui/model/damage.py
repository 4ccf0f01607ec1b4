"""What is missing of a track, as canvases show it: hatched, and labelled where there is room."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import NamedTuple

import numpy as np

LEAST = 3  # pixels that the shortest is wide


class Missing(NamedTuple):
    """A stretch of a track that cannot be read, in seconds, and why: "damaged", "lost" or "missing"."""

    start_s: float
    stop_s: float
    reason: str


class Stretches:
    """Missing stretches, ready to be looked up by thousands.

    Parameters
    ----------
    missing : sequence of Missing
        In order, without overlaps.
    """

    def __init__(self, missing: Sequence[Missing] = ()) -> None:
        self.missing = tuple(missing)
        self._starts = np.array([one.start_s for one in self.missing])
        self._stops = np.array([one.stop_s for one in self.missing])

    def at(self, time_s: float) -> str | None:
        """Why there is nothing at a time; None where there is something."""
        index = int(np.searchsorted(self._starts, time_s, "right")) - 1
        if index >= 0 and time_s < self.missing[index].stop_s:
            return self.missing[index].reason
        return None

    def after(self, time_s: float) -> Missing | None:
        """The first that begins after a time; the first of all if none does."""
        if not self.missing:
            return None
        index = int(np.searchsorted(self._starts, time_s, "right"))
        return self.missing[index % len(self.missing)]

    def columns(self, x_of: Callable[[float], float], start_s: float, stop_s: float) -> list[Column]:
        """What is seen of them between two times, in pixels; what falls on the same pixels is one."""
        first = int(np.searchsorted(self._stops, start_s, "right"))
        last = int(np.searchsorted(self._starts, stop_s, "left"))
        if first >= last:
            return []
        x_first, x_last = x_of(start_s), x_of(stop_s)
        per_s = (x_last - x_first) / (stop_s - start_s)
        left = np.maximum(x_first + (self._starts[first:last] - start_s) * per_s, x_first)
        right = np.minimum(x_first + (self._stops[first:last] - start_s) * per_s, x_last)
        short = right - left < LEAST
        middle = (left + right) / 2
        left, right = np.where(short, middle - LEAST / 2, left), np.where(short, middle + LEAST / 2, right)
        reach = np.maximum.accumulate(right)
        begins = np.flatnonzero(np.concatenate([[True], left[1:] > reach[:-1]]))
        ends = np.concatenate([begins[1:], [len(left)]]) - 1
        return [
            Column(float(left[a]), float(reach[b]), self.missing[first + a].reason)
            for a, b in zip(begins, ends, strict=True)
        ]


class Column(NamedTuple):
    left: float
    right: float
    reason: str
