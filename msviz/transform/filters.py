"""The filters of the octave transform and their duals, on a grid of frequencies.

One window shape, the 4-term Nuttall window with a continuous first derivative, shifted along the
warped frequency axis ψ(f) = log2(f + f0), makes every filter; its integral makes the low-passes, and tapers
filters that extend beyond an end of the spectrum.

References
----------
A. H. Nuttall, "Some windows with very good sidelobe behavior", IEEE Trans. Acoust., Speech, Signal
Process. 29(1), 1981.
P. Balazs, M. Dörfler, F. Jaillet, N. Holighaus and G. Velasco, "Theory, implementation and
applications of nonstationary Gabor frames", J. Comput. Appl. Math. 236, 2011 (painless duals).
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum, auto
from types import MappingProxyType
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from msviz.transform.scale import OctaveScale

FloatArray = NDArray[np.floating]
IntArray = NDArray[np.int64]

NUTTALL = (0.355768, 0.487396, 0.144232, 0.012604)


def nuttall(u: FloatArray) -> FloatArray:
    """The window at u in [-½, ½]: 1 in the middle, 0 with its first derivative at both ends."""
    return _nuttall_of_cosine(np.cos(2 * np.pi * u))


def _nuttall_of_cosine(c: FloatArray) -> FloatArray:
    """The window where the cosine of 2πu is c, which makes the other two as Chebyshev polynomials."""
    a0, a1, a2, a3 = NUTTALL
    return np.asarray((a0 - a2) + c * ((a1 - 3 * a3) + c * (2 * a2 + c * 4 * a3)))


def nuttall_slope(u: FloatArray) -> FloatArray:
    """The window's derivative at u in [-½, ½]."""
    _, a1, a2, a3 = NUTTALL
    c, s = np.cos(2 * np.pi * u), np.sin(2 * np.pi * u)
    return np.asarray(-2 * np.pi * s * ((a1 - 3 * a3) + c * (4 * a2 + c * 12 * a3)))


def smooth_step(u: FloatArray) -> FloatArray:
    """1 below u = 0, 0 above u = 1, and the falling integral of the window between them."""
    u = np.clip(u, 0.0, 1.0)
    a0, a1, a2, a3 = NUTTALL
    c, s = np.cos(2 * np.pi * u), np.sin(2 * np.pi * u)
    ripple = s * ((a1 - a3 / 3) + c * (-a2 + c * (4 / 3 * a3)))  # of sines of once to three times that
    return np.asarray(1.0 - u + ripple / (2 * np.pi * a0))


def smooth_step_slope(u: FloatArray) -> FloatArray:
    """The derivative of `smooth_step` at u in [0, 1]; 0 elsewhere."""
    return -nuttall(np.clip(u, 0.0, 1.0) - 0.5) / NUTTALL[0]


class WindowShape(Enum):
    """The shape of the filters of a bank."""

    WINDOW = auto()
    """The filters g_k themselves."""
    SLOPE = auto()
    """dg_k/df, per Hz: its coefficients, over those of g_k, tell group delay."""
    OFFSET = auto()
    """(f - f_k)·g_k, in Hz: its coefficients, over those of g_k, tell instantaneous frequency."""


@dataclass(frozen=True, eq=False)
class FilterBank:
    """The filters of one octave on a grid of frequencies j·spacing, each only between its edges.

    Attributes
    ----------
    first, last : array (bins,)
        Filter k is nonzero for j in [first[k], last[k]); `first` may be negative.
    row : array (total,)
        The filter that a value belongs to.
    index : array (total,)
        Its j.
    response : array (total,)
        Values of all the filters, concatenated.
    """

    first: IntArray
    last: IntArray
    row: IntArray
    index: IntArray
    response: FloatArray


def filter_bank(
    scale: OctaveScale, octave: int, spacing: float, limit: int, shape: WindowShape = WindowShape.WINDOW
) -> FilterBank:
    """The filters of an octave on the grid j·spacing Hz, cut at j < limit.

    A sine at f has images at -f and rate - f.  A filter that extends beyond 0 Hz or the Nyquist frequency is
    tapered from 1 at its centre to 0 at the image of the centre, so that it does not include its own sine
    twice.  The taper is ½ at the end of the spectrum and point-symmetric about it: the response to a sine
    and to its image add up to no more than the sine.
    """
    centres = scale.bin_frequencies(octave)
    low, high = scale.filter_edges(centres)
    first = np.floor(low / spacing).astype(np.int64) + 1
    last = np.minimum(np.ceil(high / spacing).astype(np.int64), limit)
    length = np.maximum(last - first, 0)
    row = np.repeat(np.arange(len(centres)), length)
    index = np.arange(len(row)) + (first - np.cumsum(length) + length)[row]
    frequency = index * spacing
    # Several filters meet at each frequency.  What depends on it alone is computed once for all of them: 2πu
    # is the difference of two angles, that of the frequency and that of the centre.
    begin, turn = int(first.min()), np.pi / 2 * scale.resolution
    unit = centres[0] + scale.warp_offset
    angle = np.log2((np.arange(begin, int(last.max())) * spacing + scale.warp_offset) / unit) * turn
    own = np.log2((centres + scale.warp_offset) / unit) * turn
    point = index - begin
    cosine = np.cos(angle)[point] * np.cos(own)[row] + np.sin(angle)[point] * np.sin(own)[row]
    response, slope = _nuttall_of_cosine(cosine), np.zeros(0)
    if shape is WindowShape.SLOPE:
        u = (angle[point] - own[row]) / (2 * np.pi)
        slope = nuttall_slope(u) * scale.resolution / 4 / (math.log(2) * (frequency + scale.warp_offset))
    for distances in scale.image_distances(centres):
        tapered = np.nonzero(np.isfinite(distances)[row])[0]
        if tapered.size:  # nearly always the last few filters of the spectrum
            rows = row[tapered]
            v = (frequency[tapered] - centres[rows]) / distances[rows]
            taper = smooth_step(v)
            if shape is WindowShape.SLOPE:
                change = response[tapered] * smooth_step_slope(v) / distances[rows]
                slope[tapered] = slope[tapered] * taper + change
            response[tapered] *= taper
    if shape is WindowShape.SLOPE:
        response = slope
    elif shape is WindowShape.OFFSET:
        response *= frequency - centres[row]
    return FilterBank(first, last, row, index, response)


def mean_power(scale: OctaveScale, frequencies: Any) -> Any:
    """Σ|g_k(f)|² for f among filters on both sides, in closed form: the power of a sine in all bins."""
    window = NUTTALL[0] ** 2 + sum(a**2 for a in NUTTALL[1:]) / 2
    filters = 4 * scale.bins_per_octave / scale.resolution * (1 + scale.warp_offset / frequencies)
    return window * filters


@dataclass(frozen=True)
class Residual:
    """The real low-pass band below the lowest octave, including DC; a `Band`.

    Its edge is as wide as the lowest filter, so that its impulse response is as short.  In the frame it has
    the weight `weight`, about that of all the bins on the other side of the edge: S is nearly flat across the
    edge, and the duals there are as short as elsewhere.
    """

    pass_edge: float
    stop_edge: float
    hop: int
    weight: float

    name: ClassVar[str] = "residual"
    low: ClassVar[float] = 0.0

    @property
    def high(self) -> float:
        """Upper edge in Hz."""
        return self.stop_edge

    @property
    def frequencies(self) -> FloatArray:
        """Centre of its only bin: 0 Hz."""
        return np.zeros(1)

    @property
    def edges(self) -> dict[str, float]:
        """Its edges, for files."""
        return {"pass_edge_hz": self.pass_edge, "stop_edge_hz": self.stop_edge, "weight": self.weight}

    @classmethod
    def below(cls, scale: OctaveScale) -> Residual:
        frequency = scale.bin_frequencies(0)[0]
        low, high = scale.filter_edges(frequency)
        hop = 2 ** max(0, math.floor(math.log2(scale.rate / (2 * high))))  # its edge may be beyond Nyquist
        return cls(max(float(low), 0.0), float(high), hop, float(mean_power(scale, frequency)))

    def response(self, frequencies: FloatArray) -> FloatArray:
        """Gain at frequencies from 0 Hz up."""
        return smooth_step((frequencies - self.pass_edge) / (self.stop_edge - self.pass_edge))


def frame_operator(
    scale: OctaveScale,
    spacing: float,
    size: int,
    *,
    reaches_nyquist: bool,
    known: Mapping[int, FilterBank] = MappingProxyType({}),
) -> FloatArray:
    """S(f) = Σ|g_k(f)|² + w·|g_low(f)|² on the grid j·spacing, j = 0..size-1, mirrored parts folded in.

    In the painless case the frame operator is this multiplication, and g_k/S is the canonical dual.  It sums
    over the filters of the whole transform, whichever stage computes them.

    Parameters
    ----------
    reaches_nyquist : bool
        Whether the grid's last point is the Nyquist frequency, round which filters are mirrored.
        A stage at a lower rate ends below it and just does not see what lies above.
    known : mapping of int to FilterBank
        The filters of some octaves on this grid.
    """
    limit = 2 * size - 1 if reaches_nyquist else size
    total = np.zeros(size)
    top = size - 1
    for octave in range(scale.octave_count):
        if scale.filter_edges(scale.bin_frequencies(octave)[0])[0] >= size * spacing:
            break
        bank = known.get(octave) or filter_bank(scale, octave, spacing, limit)
        j, power = np.abs(bank.index), bank.response**2
        if reaches_nyquist:
            j = np.where(j > top, 2 * top - j, j)
        total += np.bincount(j, weights=power, minlength=size)[:size]
        # 0 Hz and Nyquist are their own mirror images.
        total[0] += power[bank.index == 0].sum()
        if reaches_nyquist:
            total[top] += power[bank.index == top].sum()
    residual = Residual.below(scale)
    return total + residual.weight * residual.response(np.arange(size) * spacing) ** 2
