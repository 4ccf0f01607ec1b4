"""A source at another sampling rate, for a device that does not support its own."""

from __future__ import annotations

from math import gcd

import numpy as np
from numpy.typing import NDArray

from msviz.playback.sources import CachedSource
from msviz.signal import PaddedSource, Source

MARGIN = 4096  # samples of the slower side: beyond them the filter has died away


class Resampled(PaddedSource):
    """A source at another sampling rate; a `Source`.

    Every interval is computed on the grid of samples that both rates share, from the first on, so intervals
    fit together as if the whole had been resampled at once.

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

    def _read(self, start: int, stop: int) -> NDArray[np.floating]:
        import soxr  # only where a device refuses a rate

        margin = MARGIN * max(1, self._from // self._to)
        begin = (start * self._from // self._to - margin) // self._from  # in whole periods of the grid
        end = -(-stop * self._from // self._to) + margin
        samples = self.source.read(begin * self._from, end)
        made = soxr.resample(
            np.ascontiguousarray(samples.T, np.float32), self._from, self._to, quality="VHQ"
        ).T
        skip = start - begin * self._to
        return np.asarray(made[:, skip : skip + stop - start])
