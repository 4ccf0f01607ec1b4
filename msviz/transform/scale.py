"""The geometry of the octave transform: where octaves, bins and frames are.

The edges of octaves, the frequencies of bins, the widths of filters and the hops are computed only here.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from msviz.errors import ParameterError

MIN_RESOLUTION = 3.0  # below it the widest filter would wrap round the whole spectrum

#: Samples that the slowest filter may last, as the inverse of its width: its frames take a sixteenfold, and
#: memory for them, before and after every interval.
LONGEST_FILTER = 2**22

MOST_OCTAVES = 40


@dataclass(frozen=True, eq=False)
class Octave:
    """One octave of the transform; a `Band`.

    Attributes
    ----------
    index : int
        0 for the lowest octave.
    low, high : float
        Edges in Hz; ``high`` is twice ``low``.
    frequencies : array (bins,)
        Centre of each bin in Hz, geometric, at half-bin offsets from `low`.
    hop : int
        Samples between two frames, a power of two.
    frame_rate : float
        Frames per second.
    """

    index: int
    low: float
    high: float
    frequencies: NDArray[np.floating] = field(repr=False)
    hop: int
    frame_rate: float

    @property
    def name(self) -> str:
        """Its name in files."""
        return f"octave_{self.index:02}"

    @property
    def edges(self) -> dict[str, float]:
        """Its edges, for files."""
        return {"low_hz": self.low, "high_hz": self.high}


@dataclass(frozen=True)
class OctaveScale:
    """The parameters of the octave transform and the geometry that follows from them.

    Its parameters are documented in `msviz.OctaveTransform`.
    """

    rate: int
    bins_per_octave: int
    resolution: float
    gamma: float
    fmin: float
    mirrored: bool = False

    def __post_init__(self) -> None:
        nyquist = self.rate / 2
        if not MIN_RESOLUTION <= self.resolution <= self.bins_per_octave:
            raise ParameterError(
                f"resolution must be between {MIN_RESOLUTION:g} and bins_per_octave "
                f"({self.bins_per_octave}), not {self.resolution:g}"
            )
        if not 0 < self.fmin <= nyquist / 2:
            raise ParameterError(
                f"fmin must be above 0 and at most a quarter of the rate "
                f"({nyquist / 2:g} Hz at {self.rate} Hz), not {self.fmin:g}"
            )
        lowest = self.bin_frequencies(0)[:1]
        (low, high), (down, up) = self.filter_edges(lowest), self.image_distances(lowest)
        width = min(float(size[0]) for size in (high - low, -down, up))
        if self.octave_count > MOST_OCTAVES or self.rate / width > LONGEST_FILTER:
            least = max(nyquist / 2**MOST_OCTAVES, self.fmin * self.rate / width / LONGEST_FILTER)
            raise ParameterError(
                f"fmin must be at least {least:.3g} Hz at the rate {self.rate} Hz and the resolution "
                f"{self.resolution:g}, not {self.fmin:g}: lower filters would be too long"
            )
        low, high = self.filter_edges(self.bin_frequencies(self.octave_count - 1)[-1])
        if high > self.rate or high - low > self.rate:
            raise ParameterError(
                f"gamma {self.gamma:g} Hz is too large for the rate {self.rate} Hz at resolution "
                f"{self.resolution:g}: the highest filter would wrap round the whole spectrum"
            )

    @property
    def octave_count(self) -> int:
        """How many octaves fit between `fmin` and the Nyquist frequency."""
        return math.floor(math.log2(min(self.rate / 2 / self.fmin, 2.0**1015)))

    @property
    def warp_offset(self) -> float:
        """f0 in ψ(f) = log2(f + f0): what turns `gamma` into a shift of the frequency axis."""
        return self.gamma * self.resolution / math.log(2)

    def bin_frequencies(self, octave: int) -> NDArray[np.floating]:
        """Bin centres of an octave in Hz, shape (bins,)."""
        low = self.octave_low(octave)
        return low * 2.0 ** ((np.arange(self.bins_per_octave) + 0.5) / self.bins_per_octave)

    def octave_low(self, octave: int) -> float:
        """Lower edge of an octave in Hz; octave `octave_count` would begin at Nyquist."""
        return self.rate / 2 * 2.0 ** (octave - self.octave_count)

    def filter_edges(self, frequency: Any, share: float = 1.0) -> tuple[Any, Any]:
        """Where the filter of a bin centred at `frequency` begins and ends, in Hz.

        The lower edge may be negative (for large `gamma`), the upper one beyond Nyquist.  A `share`
        below 1 gives the edges of that share of the filter, from its centre on.
        """
        half = 2.0 ** (2 * share / self.resolution)
        warped = frequency + self.warp_offset
        return warped / half - self.warp_offset, warped * half - self.warp_offset

    def image_distances(self, frequencies: NDArray[np.floating]) -> tuple[Any, Any]:
        """From bin centres to their images at -f and at rate - f, in Hz, down and up.

        Infinite where a bin's filter does not reach past that end of the spectrum.
        """
        low, high = self.filter_edges(frequencies)
        down = np.where((low < 0) & (not self.mirrored), -2 * frequencies, -math.inf)
        up = np.where((high > self.rate / 2) & (not self.mirrored), self.rate - 2 * frequencies, math.inf)
        return down, up

    def bandwidth(self, frequency: float) -> float:
        """-3 dB bandwidth in Hz of the filter of a bin centred at `frequency`."""
        half: float = 2.0 ** (0.5 / self.resolution)
        return (frequency + self.warp_offset) * (half - 1 / half)

    def octave(self, index: int) -> Octave:
        """The octave with the given index, 0 the lowest."""
        frequencies = self.bin_frequencies(index)
        low, high = self.filter_edges(frequencies[-1])
        # The largest power of two at which the widest filter fits into one period of its frames.
        hop = 2 ** math.floor(math.log2(self.rate / (high - low)))
        return Octave(
            index=index,
            low=self.octave_low(index),
            high=self.octave_low(index + 1),
            frequencies=frequencies,
            hop=hop,
            frame_rate=self.rate / hop,
        )
