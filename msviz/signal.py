"""Sound as the rest of the package sees it: something that can be read by stretch."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from msviz.cancellation import raise_if_cancelled
from msviz.errors import ParameterError


class Source(Protocol):
    """Anything whose samples can be read by stretch: a file, an array, a resynthesis."""

    @property
    def rate(self) -> int:
        """Sampling rate in Hz."""

    @property
    def channels(self) -> int:
        """Number of channels."""

    @property
    def length(self) -> int:
        """Number of samples in each channel."""

    def read(self, start: int, stop: int) -> NDArray[np.floating]:
        """Samples [start, stop) as an array (channels, stop - start); zero outside the source.

        May be called from several threads at once.
        """


def whole_rate(rate: float) -> int:
    """A sampling rate in whole Hz: arithmetic with times is exact with no other.

    Raises
    ------
    ParameterError
        If it is below 1 Hz, or no number.
    """
    if not 1 <= rate < math.inf:
        raise ParameterError(f"rate must be at least 1 Hz, not {rate}")
    return round(rate)


def read_blocks(
    block: Callable[[int], NDArray[Any]], size: int, start: int, stop: int, out: NDArray[Any], within: range
) -> None:
    """Put samples [start, stop) into `out` (channels, stop - start), out of blocks that are read as wholes.

    Parameters
    ----------
    block : callable
        Gives block i, which holds samples [i × size, (i + 1) × size), the last perhaps fewer.
    within : range
        The samples that there are; what lies outside is left as it is.

    Raises
    ------
    Cancelled
        Between blocks, if they are not wanted any more (`msviz.cancellation.cancel_scope`).
    """
    at, last = max(start, within.start), min(stop, within.stop)
    while at < last:
        raise_if_cancelled()
        index, offset = divmod(at, size)
        count = min(size - offset, last - at)
        out[:, at - start : at - start + count] = block(index)[:, offset : offset + count]
        at += count


@dataclass(frozen=True)
class Signal:
    """Sound in memory; a `Source`.

    Parameters
    ----------
    samples : array (channels, n) or (n,) of float
        Full scale is ±1.  One dimension is taken as one channel.  float32 and float64 are kept,
        everything else becomes float32.
    rate : int
        Sampling rate in Hz, from 1 Hz.  A fraction is rounded: 44055.94 Hz counts as 44056 Hz.

    Raises
    ------
    ParameterError
        If `samples` has more than two dimensions or no channel, or `rate` is below 1 Hz.

    Examples
    --------
    >>> import numpy as np
    >>> from msviz import Signal
    >>> sine = Signal(np.sin(2 * np.pi * 440 * np.arange(22050) / 44100), 44100)
    >>> sine.channels, sine.length, sine.duration
    (1, 22050, 0.5)
    >>> sine.read(-2, 3).shape  # what lies outside is zero
    (1, 5)
    """

    samples: NDArray[np.floating]
    rate: int

    def __post_init__(self) -> None:
        samples = np.atleast_2d(self.samples)
        if samples.ndim != 2 or samples.shape[0] == 0:
            raise ParameterError(f"samples must have shape (channels, n), not {np.shape(self.samples)}")
        if samples.dtype not in (np.float32, np.float64):
            samples = samples.astype(np.float32)
        object.__setattr__(self, "samples", samples)
        object.__setattr__(self, "rate", whole_rate(self.rate))

    @property
    def channels(self) -> int:
        """Number of channels."""
        return int(self.samples.shape[0])

    @property
    def length(self) -> int:
        """Number of samples in each channel."""
        return int(self.samples.shape[1])

    @property
    def duration(self) -> float:
        """Length in seconds."""
        return self.length / self.rate

    def read(self, start: int, stop: int) -> NDArray[np.floating]:
        """Samples [start, stop) as an array (channels, stop - start); zero outside the signal."""
        first, last = max(start, 0), min(stop, self.length)
        if (first, last) == (start, stop):
            return self.samples[:, start:stop]
        out = np.zeros((self.channels, max(stop - start, 0)), self.samples.dtype)
        if last > first:
            out[:, first - start : last - start] = self.samples[:, first:last]
        return out


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
