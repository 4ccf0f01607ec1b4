"""The sound of moving a pointer along the time axis."""

from __future__ import annotations

from math import ceil, floor

import numpy as np
from numpy.typing import NDArray

from msviz.playback.buffer import PlaybackBuffer

HALF_S = 0.032  # of a grain: longer than the time between two moves of a mouse
MAX_SPEED = 8.0  # times that of playing; faster is a jump


class Tape:
    """Scrubbing, like a tape moved over the head by hand.

    Every 32 ms a grain of 64 ms begins at the pointer, played at the pointer's speed since the last one,
    also backwards.  Grains overlap by half under Hann windows, which add up to 1: a pointer that moves
    evenly sounds like the track at that speed.  A pointer at rest is silent.
    """

    def __init__(self) -> None:
        self._before: int | None = None  # where the last grain began
        self._now = np.empty((0, 2), np.float32)  # what of this half of a grain is still to be sent
        self._tail: NDArray[np.float32] | None = None  # the second half of the last grain

    def add(
        self, out: NDArray[np.float32], track: PlaybackBuffer, source: int, pointer: float | None
    ) -> None:
        """Add the sound of a source at the pointer to `out` (n, 2); with None, the rest of the last grain."""
        done = 0
        while done < len(out):
            if not len(self._now):
                if pointer is None:
                    self._before = None
                    if self._tail is None:
                        return
                self._turn(track, source, pointer)
            count = min(len(out) - done, len(self._now))
            out[done : done + count] += self._now[:count]
            self._now = self._now[count:]
            done += count

    def _turn(self, track: PlaybackBuffer, source: int, pointer: float | None) -> None:
        """Go on to the next half of a grain."""
        half = round(HALF_S * track.rate)
        grain = None if pointer is None else self._grain(track, source, track.own(pointer), half)
        self._now = np.zeros((half, 2), np.float32)
        if self._tail is not None and len(self._tail) == half:
            self._now += self._tail
        self._tail = None
        if grain is not None:
            self._now += grain[:half]
            self._tail = grain[half:]

    def _grain(self, track: PlaybackBuffer, source: int, place: int, half: int) -> NDArray[np.float32] | None:
        before, self._before = self._before, place
        speed = 1.0 if before is None else (place - before) / half
        speed = min(max(speed, -MAX_SPEED), MAX_SPEED)
        times = place + speed * np.arange(2 * half)
        first, last = floor(min(times[0], times[-1])), ceil(max(times[0], times[-1])) + 1
        begin = max(first, 0)
        if speed == 0 or last <= begin or not track.is_ready(source, begin, last):
            return None
        samples = np.zeros((last + 1 - first, 2), np.float32)
        track.copy(source, begin, samples[begin - first :])
        whole = np.floor(times).astype(np.intp)
        part = (times - whole).astype(np.float32)[:, np.newaxis]
        whole -= first
        grain = samples[whole] * (1 - part) + samples[whole + 1] * part
        window = 0.5 - 0.5 * np.cos(np.pi * np.arange(2 * half) / half)
        windowed: NDArray[np.float32] = grain * window.astype(np.float32)[:, np.newaxis]
        return windowed
