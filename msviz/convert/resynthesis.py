"""Sound again: a stretch of a source, and how far what was rebuilt is from the original."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from msviz.errors import ParameterError
from msviz.signal import Source

_PIECE = 2**18  # samples that are compared at a time


@dataclass(frozen=True)
class Stretch:
    """Samples [start, stop) of a source as a source of their own; a `Source`."""

    source: Source
    start: int
    stop: int

    @property
    def rate(self) -> int:
        """Sampling rate in Hz."""
        return self.source.rate

    @property
    def channels(self) -> int:
        """Number of channels."""
        return self.source.channels

    @property
    def length(self) -> int:
        """Number of samples in each channel."""
        return self.stop - self.start

    def read(self, start: int, stop: int) -> NDArray[np.floating]:
        """Samples [start, stop) as an array (channels, stop - start); zero outside the stretch."""
        first, last = max(start, 0), max(min(stop, self.length), 0)
        if (first, last) == (start, stop):
            return self.source.read(start + self.start, stop + self.start)
        out = np.zeros((self.channels, max(stop - start, 0)), np.float32)
        if first < last:
            out[:, first - start : last - start] = self.source.read(first + self.start, last + self.start)
        return out


def reconstruction_error_db(original: Source, rebuilt: Source) -> float:
    """20·log10(‖y - x‖ / ‖x‖) of two sources, read by stretch; -inf where they are equal.

    Raises
    ------
    ParameterError
        If they differ in rate, channels or length.
    """
    for what in ("rate", "channels", "length"):
        its, mine = getattr(original, what), getattr(rebuilt, what)
        if its != mine:
            raise ParameterError(f"the original has another {what} ({its}) than what was rebuilt ({mine})")
    error = energy = 0.0
    for start in range(0, original.length, _PIECE):
        stop = min(start + _PIECE, original.length)
        x = original.read(start, stop).astype(np.float64)
        energy += float(np.square(x).sum())
        error += float(np.square(rebuilt.read(start, stop) - x).sum())
    if error == 0:
        return -math.inf
    return 10 * math.log10(error / energy) if energy else math.inf
