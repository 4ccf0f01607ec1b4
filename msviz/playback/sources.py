"""Sources to compare with the file: its resynthesis, and the difference of two sources."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from msviz.caching import SingleFlightCache
from msviz.errors import ParameterError
from msviz.signal import PaddedSource, Source, dtype_of, read_blocks
from msviz.transform import Edits, Transform

REMEMBERED = 1 << 16  # samples in the longest interval worth caching
BLOCK = 1 << 15  # samples that a cached source reads at once
KEPT = 16 * BLOCK  # and how many it keeps: 4 MB in stereo
MAX_GAIN_DB = 60.0  # makes the error of 16-bit audio as loud as music


def require_same_shape(a: Source, b: Source, *, length: bool = True) -> None:
    """Raise `ParameterError` unless rate, channels and, if it matters, length of `a` and `b` are equal."""
    for what in ("rate", "channels", "length") if length else ("rate", "channels"):
        if getattr(a, what) != getattr(b, what):
            raise ParameterError(
                f"sources played together must have the same {what}, "
                f"not {getattr(a, what)} and {getattr(b, what)}"
            )


class Resynthesis(PaddedSource):
    """The resynthesis of a source; a `Source`.

    Parameters
    ----------
    source : Source
        The original.
    transform : Transform
        Analyses and synthesizes only the intervals that are read.
    edits : Edits, optional
        Applied between the two.
    """

    def __init__(self, source: Source, transform: Transform, edits: Edits | None = None) -> None:
        self.source, self.transform, self.edits = source, transform, edits
        self.rate, self.channels, self.length = source.rate, source.channels, source.length
        self.dtype = transform.dtype
        # A `Difference` reads the interval that has just been played: it is computed once.
        self._recent = SingleFlightCache(self._rebuild, 4)

    def _read(self, start: int, stop: int) -> NDArray[np.floating]:
        return (self._recent if stop - start <= REMEMBERED else self._rebuild)((start, stop))

    def _rebuild(self, stretch: tuple[int, int]) -> NDArray[np.floating]:
        start, stop = stretch
        representation = self.transform.analyze(self.source, start=start, stop=stop)
        if self.edits:
            representation = self.edits(representation)
        samples = self.transform.synthesize(representation).samples
        samples.flags.writeable = False  # it may be returned again
        return samples


class Difference(PaddedSource):
    """One source minus another; a `Source`.

    Parameters
    ----------
    a, b : Source
        Of the same rate, channels and length.
    gain_db : float
        Gain applied to the difference, from 0 to 60 dB.

    Raises
    ------
    ParameterError
        If they differ in any of these, or the gain is out of range.
    """

    def __init__(self, a: Source, b: Source, *, gain_db: float = 0.0) -> None:
        require_same_shape(a, b)
        if not 0 <= gain_db <= MAX_GAIN_DB:
            raise ParameterError(f"gain_db must be between 0 and {MAX_GAIN_DB:g}, not {gain_db:g}")
        self.a, self.b, self.gain_db = a, b, float(gain_db)
        self.rate, self.channels, self.length = a.rate, a.channels, a.length
        self.dtype = np.result_type(dtype_of(a), dtype_of(b))

    def _read(self, start: int, stop: int) -> NDArray[np.floating]:
        difference: NDArray[np.floating] = self.a.read(start, stop) - self.b.read(start, stop)
        if self.gain_db:
            difference *= difference.dtype.type(10 ** (self.gain_db / 20))
        return difference


class CachedSource(PaddedSource):
    """A source that caches the samples last read, in blocks; a `Source`.

    For reading overlapping intervals of a source that is expensive to compute.

    Parameters
    ----------
    source : Source
        The source to read.
    kept : int
        How many samples to cache, those read last.
    """

    def __init__(self, source: Source, *, kept: int = KEPT) -> None:
        self.source = source
        self.rate, self.channels, self.length = source.rate, source.channels, source.length
        self.dtype = dtype_of(source)
        self._block = SingleFlightCache(self._read_block, -(-kept // BLOCK))

    def _read(self, start: int, stop: int) -> NDArray[np.floating]:
        return read_blocks(self._block, BLOCK, start, stop, self.channels, self.dtype)

    def _read_block(self, index: int) -> NDArray[np.floating]:
        return self.source.read(index * BLOCK, min((index + 1) * BLOCK, self.length))
