"""What there is to listen to beside the file itself: what a transform rebuilds, and what it loses."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from msviz.caching import SingleFlightCache
from msviz.errors import ParameterError
from msviz.signal import Signal, Source, read_blocks

REMEMBERED = 1 << 16  # samples in the longest stretch worth remembering
BLOCK = 1 << 15  # samples that a remembered source reads at once
KEPT = 16 * BLOCK  # and how many of them it keeps: 4 MB in stereo
MAX_GAIN_DB = 60.0  # what makes the error of 16-bit audio as loud as music


class Transform(Protocol):
    """The face that `OctaveTransform` and `STFT` share."""

    def analyze(self, source: Source, *, start: int = 0, stop: int | None = None) -> Any:
        """Represent the samples [start, stop) of `source`."""

    def synthesize(self, representation: Any) -> Signal:
        """Rebuild the samples that `representation` was made from."""


#: Makes another representation of one, never in place: `Edits`, say.
Treatment = Callable[[Any, Any], Any]


def require_same_shape(a: Source, b: Source, *, length: bool = True) -> None:
    """Raise `ParameterError` unless rate, channels and, if it matters, length of `a` and `b` are equal."""
    for what in ("rate", "channels", "length") if length else ("rate", "channels"):
        if getattr(a, what) != getattr(b, what):
            raise ParameterError(
                f"sources played together must have the same {what}, "
                f"not {getattr(a, what)} and {getattr(b, what)}"
            )


class Resynthesis:
    """A source as a transform rebuilds it, stretch by stretch; a `Source`.

    Parameters
    ----------
    source : Source
        The original.
    transform : OctaveTransform or STFT
        Analyses and synthesises whatever stretch is read, and no more.
    edits : callable, optional
        Called with a representation and the transform; what it returns is synthesised in its place.
    """

    def __init__(self, source: Source, transform: Transform, edits: Treatment | None = None) -> None:
        self.source, self.transform, self.edits = source, transform, edits
        self.rate, self.channels, self.length = source.rate, source.channels, source.length
        # A `Difference` reads the stretch that has just been read to be heard: it is made once.
        self._recent = SingleFlightCache(self._rebuild, 4)

    def read(self, start: int, stop: int) -> NDArray[np.floating]:
        """Samples [start, stop) as an array (channels, stop - start); zero outside the source.

        May be called from several threads at once.
        """
        first, last = max(start, 0), min(stop, self.length)
        if last <= first:
            return np.zeros((self.channels, max(stop - start, 0)), np.float32)
        samples = (self._recent if last - first <= REMEMBERED else self._rebuild)((first, last))
        if (first, last) == (start, stop):
            return samples
        return np.pad(samples, ((0, 0), (first - start, stop - last)))

    def _rebuild(self, stretch: tuple[int, int]) -> NDArray[np.floating]:
        start, stop = stretch
        representation = self.transform.analyze(self.source, start=start, stop=stop)
        if self.edits:
            representation = self.edits(representation, self.transform)
        samples = self.transform.synthesize(representation).samples
        samples.flags.writeable = False  # it may be handed out again
        return samples


class Difference:
    """One source minus another; a `Source`.

    Parameters
    ----------
    a, b : Source
        Of the same rate, channels and length.
    gain_db : float
        How much louder than it is, from 0 to 60 dB.

    Raises
    ------
    ParameterError
        If they differ in one of these, or the gain is out of range.
    """

    def __init__(self, a: Source, b: Source, *, gain_db: float = 0.0) -> None:
        require_same_shape(a, b)
        if not 0 <= gain_db <= MAX_GAIN_DB:
            raise ParameterError(f"gain_db must be between 0 and {MAX_GAIN_DB:g}, not {gain_db:g}")
        self.a, self.b, self.gain_db = a, b, float(gain_db)
        self.rate, self.channels, self.length = a.rate, a.channels, a.length

    def read(self, start: int, stop: int) -> NDArray[np.floating]:
        """Samples [start, stop) as an array (channels, stop - start); zero outside the source.

        May be called from several threads at once.
        """
        difference: NDArray[np.floating] = self.a.read(start, stop) - self.b.read(start, stop)
        if self.gain_db:
            difference *= difference.dtype.type(10 ** (self.gain_db / 20))
        return difference


class CachedSource:
    """A source whose samples are read in blocks and kept for a while; a `Source`.

    For those who read stretches that overlap: a resynthesis is not to be made several times for them.

    Parameters
    ----------
    source : Source
        What is read.
    kept : int
        How many of its samples are kept, those read last.
    """

    def __init__(self, source: Source, *, kept: int = KEPT) -> None:
        self.source = source
        self.rate, self.channels, self.length = source.rate, source.channels, source.length
        self._block = SingleFlightCache(self._read_block, -(-kept // BLOCK))

    def read(self, start: int, stop: int) -> NDArray[np.floating]:
        """Samples [start, stop) as an array (channels, stop - start); zero outside the source.

        May be called from several threads at once.
        """
        out = np.zeros((self.channels, max(stop - start, 0)), np.float32)
        read_blocks(self._block, BLOCK, start, stop, out, range(self.length))
        return out

    def _read_block(self, index: int) -> NDArray[np.floating]:
        return self.source.read(index * BLOCK, min((index + 1) * BLOCK, self.length))
