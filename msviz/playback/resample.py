"""A source at another rate, for a device that does not take its own."""

from __future__ import annotations

from math import gcd

import numpy as np
from numpy.typing import NDArray

from msviz.playback.sources import CachedSource
from msviz.signal import Source

MARGIN = 4096  # samples of the slower side: beyond them the filter has died away


class Resampled:
    """A source at another sampling rate, stretch by stretch; a `Source`.

    Whatever is read is computed on one grid: that of the samples that both rates have, from the first on.
    So stretches fit together as if the whole had been made at once.

    Parameters
    ----------
    source : Source
        The original.
    rate : int
        Sampling rate in Hz.
    """

    def __init__(self, source: Source, rate: int) -> None:
        self.source, self.rate = CachedSource(source), rate
        self.channels = source.channels
        common = gcd(source.rate, rate)
        self._from, self._to = source.rate // common, rate // common
        self.length = -(-source.length * self._to // self._from)

    def read(self, start: int, stop: int) -> NDArray[np.floating]:
        """Samples [start, stop) as an array (channels, stop - start); zero outside the source.

        May be called from several threads at once.
        """
        import soxr  # only where a device refuses a rate

        out = np.zeros((self.channels, max(stop - start, 0)), np.float32)
        first, last = max(start, 0), min(stop, self.length)
        if last > first:
            margin = MARGIN * max(1, self._from // self._to)
            begin = (first * self._from // self._to - margin) // self._from  # in whole periods of the grid
            end = -(-last * self._from // self._to) + margin
            samples = self.source.read(begin * self._from, end)
            made = soxr.resample(
                np.ascontiguousarray(samples.T, np.float32), self._from, self._to, quality="VHQ"
            ).T
            skip = first - begin * self._to
            out[:, first - start : last - start] = made[:, skip : skip + last - first]
        return out
