"""The stages of the octave transform, each computed in short blocks.

A stage computes a few octaves at one sampling rate.  Everything below them passes a low-pass, is decimated
and feeds the next stage; the low-pass of the last stage is the residual.  Every stage works on blocks that
overlap by the reach of its filters, so that all data stay in the processor's cache, and the cost of an
interval depends only on its length.

References
----------
N. Holighaus, M. Dörfler, G. Velasco and T. Grill, "A framework for invertible, real-time constant-Q
transforms", IEEE Trans. Audio Speech Lang. Process. 21(4), 2013 (slices; here blocks simply overlap,
so that a coefficient does not depend on where a block begins).
C. Schörkhuber, A. Klapuri, N. Holighaus and M. Dörfler, "A Matlab toolbox for efficient perfect
reconstruction time-frequency transforms with log-frequency resolution", AES 53rd Conf., 2014.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from msviz.transform.filters import (
    FilterBank,
    Residual,
    WindowShape,
    filter_bank,
    frame_operator,
    smooth_step,
)
from msviz.transform.scale import Octave, OctaveScale

Array = NDArray[Any]

MIN_DECIMATION = 8
PASS_BAND = 0.8  # of the decimated Nyquist frequency, below which the next stage's filters must lie
REACH_GRID = 512  # hops on which the filters' reach is measured, half of them on each side; more if need be
NEAR = 1.9  # times the lowest f + f0 of a stage: duals of octaves that begin lower may reach as far
CHUNK = (
    16  # points of a row that are copied at once, or fewer where its filters leave no gap between their ends
)
#: Of low-passed signals and their spectra, over which the rounding errors of strong low tones would spread.
LOW_DTYPE = np.dtype(np.float64)

#: How much further the duals of filters that fall at an end of the spectrum must have fallen where a block is
#: cut: their tails do not cancel in the sum as those of neighbours do elsewhere.
FALLING_DB = 20.0

#: The filters of some octaves, values of these or of their duals, and those of the low-pass.
Responses = tuple[Sequence[FilterBank], list[Array], Array]

_building = threading.Lock()


def _renew_lock() -> None:
    """Replace the lock after a fork, because another thread may have held it."""
    global _building
    _building = threading.Lock()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_renew_lock)


class Tolerance(NamedTuple):
    """How far the energy of filters and of their duals must have fallen where a block is cut, in dB."""

    filters: float
    duals: float


@dataclass(frozen=True)
class LowPass:
    """The low-pass to the next stage and its decimation: 1 below `pass_edge`, 0 above `stop_edge` (Hz)."""

    pass_edge: float
    stop_edge: float
    decimation: int

    def response(self, frequencies: NDArray[np.floating]) -> NDArray[np.floating]:
        """Gain at frequencies from 0 Hz up."""
        return smooth_step((frequencies - self.pass_edge) / (self.stop_edge - self.pass_edge))


@dataclass(frozen=True, eq=False)
class OctaveTable:
    """The filters of one octave for one block length, as tables for a whole octave at once.

    A row has one period of the octave's frames; the product of a filter with the spectrum is stored in it at
    its index modulo the length of the row.  So what goes into a row lies in one piece in the spectrum, or in
    two, and is copied in chunks.  Real factors are stored twice, for real and imaginary parts.

    Attributes
    ----------
    bins, frames : int
        Rows, and points in a row.
    source : array (chunks,)
        For every chunk of the rows, the chunk of the spectrum that goes there; any where no filter is.
    response : array (2 × bins × frames,)
        The factor of every point; 0 where no filter is.
    """

    bins: int
    frames: int
    source: Array
    response: Array

    @property
    def points(self) -> int:
        """The number of points in the rows."""
        return self.bins * self.frames


@dataclass(frozen=True, eq=False)
class BlockTable:
    """Everything that a stage needs to analyse blocks of one length.

    Attributes
    ----------
    size : int
        Samples in a block.
    below, above : int
        Points of the mirrored spectrum that the filters use below 0 Hz and above the Nyquist frequency.
    octaves : tuple of OctaveTable
    low_response : array
        The low-pass, up to the Nyquist frequency after it.
    """

    size: int
    below: int
    above: int
    octaves: tuple[OctaveTable, ...]
    low_response: Array

    @property
    def zero(self) -> int:
        """Where 0 Hz is in the extended spectrum, which begins and ends with whole chunks."""
        return _rounded(self.below)

    @property
    def extent(self) -> int:
        """The number of points in the extended spectrum."""
        return self.zero + _rounded(self.size // 2 + 1 + self.above)

    @property
    def points(self) -> int:
        """The number of points in the rows of the largest octave."""
        return max(octave.points for octave in self.octaves)


@dataclass(frozen=True, eq=False)
class DualOctaveTable:
    """The duals of one octave's filters for one block length, the inverse of its `OctaveTable`.

    Attributes
    ----------
    covered : slice
        The points of the extended spectrum that this octave's filters cover, in whole chunks.
    source : array (overlap, chunks)
        For every such chunk, those of the rows that belong there, of up to `overlap` filters.
    dual : array (overlap, 2 × points)
        The factors of their points; 0 where there are fewer filters.
    """

    covered: slice
    source: Array
    dual: Array


@dataclass(frozen=True, eq=False)
class DualTable:
    """What a stage needs in addition to a `BlockTable` to synthesize blocks of its length."""

    octaves: tuple[DualOctaveTable, ...]
    low_dual: Array

    @property
    def points(self) -> int:
        """The number of points of the octave with most overlapping filters."""
        return max(octave.dual.size // 2 for octave in self.octaves)


class Stage:
    """A few octaves at one sampling rate.

    Parameters
    ----------
    scale : OctaveScale
    octaves : sequence of Octave
        The lowest first.
    decimation : int
        Samples of the original signal per sample of this stage.
    low_pass : LowPass or None
        The low-pass to the next stage; None in the last one, whose low-pass is the residual.
    dtype : numpy dtype
        float32 or float64, of coefficients and of the original signal.
    tolerance_db : Tolerance
        How far filters and duals must have decayed at the edges of blocks.
    shape : WindowShape
        The shape of its filters; only those of shape WINDOW have duals.
    """

    def __init__(
        self,
        scale: OctaveScale,
        octaves: Sequence[Octave],
        decimation: int,
        low_pass: LowPass | None,
        dtype: np.dtype[Any],
        tolerance_db: Tolerance,
        shape: WindowShape,
    ) -> None:
        self.scale = scale
        self.octaves = tuple(octaves)
        self.decimation = decimation
        self.low_pass = low_pass
        self.dtype = dtype
        self.complex_dtype = np.result_type(dtype, np.complex64)
        self.sample_dtype = LOW_DTYPE if decimation > 1 else dtype
        self.tolerance_db = tolerance_db
        self.shape = shape
        self._tables: dict[int, BlockTable] = {}
        self._dual_tables: dict[int, DualTable] = {}
        self._low = low_pass or Residual.below(scale)
        #: Samples of the original signal in one sample of the low-passed output.
        self.low_hop = decimation * low_pass.decimation if low_pass else Residual.below(scale).hop

    @cached_property
    def grain(self) -> int:
        """Blocks begin and end at multiples of this number of samples of the stage."""
        return max(self.low_hop, *(octave.hop for octave in self.octaves)) // self.decimation

    @cached_property
    def reach(self) -> int:
        """Samples of this stage by which the filters extend beyond a frame, a multiple of `grain`.

        Measured on the lowest octave: all filters have the same shape on the warped axis, so those with the
        lowest f + f0 are longest; and on octaves whose filters are tapered at an end of the spectrum.
        """
        slowest = [o for o in self.octaves if o is self.octaves[0] or self._falls(o)]
        return self._reach(slowest, self._filters, self.tolerance_db.filters)

    @cached_property
    def dual_reach(self) -> int:
        """Samples of this stage by which the duals extend beyond a sample, a multiple of `grain`.

        Measured on the octaves with the lowest f + f0, as `reach`: without `gamma` an octave is the one below
        on half the time scale.  With it, duals of neighbours may differ more than their time scales do.
        """
        offset = self.scale.warp_offset
        near = NEAR * (self.octaves[0].low + offset)
        slowest = [o for o in self.octaves if o.low + offset < near or self._falls(o)]
        return self._reach(slowest, self._duals, self.tolerance_db.duals, FALLING_DB)

    def _reach(
        self,
        octaves: Sequence[Octave],
        responses: Callable[[Sequence[Octave], int], Responses],
        tolerance_db: float,
        falling_db: float = 0.0,
    ) -> int:
        """After how long the slowest responses of these octaves, and of the low-pass, have decayed.

        Measured on the responses: each is transformed to time, and the energy further away than t is summed
        from the outside in.
        """
        size = REACH_GRID * self.grain
        while True:
            banks, values, low = responses(octaves, size)
            reaches = [self._fallen(np.fft.irfft(low)[None, : low.size], self.low_hop, tolerance_db)]
            for octave, bank, response in zip(octaves, banks, values, strict=True):
                frames = size * self.decimation // octave.hop
                rows = np.zeros(len(bank.first) * frames)
                rows[_places(bank, frames)] = response
                times = np.fft.rfft(rows.reshape(-1, frames))
                further_db = falling_db if self._falls(octave) else 0.0
                reaches.append(self._fallen(times, octave.hop, tolerance_db + further_db))
            if max(reaches) <= size // 4:  # or else they may come round the grid's ends
                return max(reaches)
            size *= 2

    def _falls(self, octave: Octave) -> bool:
        """Whether some of its filters are tapered at an end of the spectrum."""
        return bool(np.isfinite(self.scale.image_distances(octave.frequencies)).any())

    def _fallen(self, responses: Array, hop: int, tolerance_db: float) -> int:
        """Samples after which responses (bins, times from 0 on) are below the tolerance.

        The filters are real, so their responses have the same magnitudes before 0.
        """
        energy = np.abs(responses) ** 2
        sides = 2 * energy[:, 1:]
        total = energy[:, :1] + sides.sum(axis=1, keepdims=True) - energy[:, -1:]  # its own mirror image
        beyond = np.cumsum(sides[:, ::-1], axis=1)[:, ::-1] / total
        over = np.nonzero((beyond > 10 ** (-tolerance_db / 10)).any(axis=0))[0]
        samples = (over[-1] + 1 if over.size else 0) * hop // self.decimation
        return -(-int(samples) // self.grain) * self.grain + self.grain

    def _bank(self, octave: Octave, size: int) -> FilterBank:
        """An octave's filters on the grid of blocks of `size` samples."""
        return filter_bank(self.scale, octave.index, self._spacing(size), size, self.shape)

    def _filters(self, octaves: Sequence[Octave], size: int) -> Responses:
        """The filters of octaves and the low-pass on the grid of blocks of `size` samples."""
        banks = [self._bank(octave, size) for octave in octaves]
        return banks, [bank.response for bank in banks], self._low_response(size)

    def _spacing(self, size: int) -> float:
        return self.scale.rate / self.decimation / size

    def _low_response(self, size: int) -> Array:
        """The low-pass on the grid of blocks of `size` samples, up to the Nyquist frequency after it."""
        below = size * self.decimation // self.low_hop // 2 + 1
        return self._low.response(np.arange(below) * self._spacing(size))

    def _duals(self, octaves: Sequence[Octave], size: int) -> Responses:
        """The duals of octaves and of the low-pass on the grid of blocks of `size` samples."""
        banks = [self._bank(octave, size) for octave in octaves]
        half, low = size // 2, self._low_response(size)
        top = self.decimation == 1  # only the first stage's grid ends at the true Nyquist frequency
        reached = max(low.size, *(int(bank.last.max()) for bank in banks))
        operator = frame_operator(
            self.scale,
            self._spacing(size),
            half + 1 if top else reached,
            reaches_nyquist=top,
            known={octave.index: bank for octave, bank in zip(octaves, banks, strict=True)},
        )
        duals = []
        for bank in banks:
            mirrored = np.abs(bank.index)
            mirrored = np.where(mirrored > half, size - mirrored, mirrored)
            duals.append(bank.response / operator[mirrored])
        if isinstance(self._low, Residual):
            low *= self._low.weight / operator[: low.size]
        return banks, duals, low

    def table(self, size: int) -> BlockTable:
        """The filters for blocks of `size` samples, built once."""
        with _building:  # threads that come to it together would each build it
            if size not in self._tables:
                self._tables[size] = self._build_table(size)
            return self._tables[size]

    def dual_table(self, size: int) -> DualTable:
        """The duals for blocks of `size` samples, built once, and only for synthesis."""
        table = self.table(size)
        with _building:
            if size not in self._dual_tables:
                self._dual_tables[size] = self._build_dual_table(table)
            return self._dual_tables[size]

    def _build_table(self, size: int) -> BlockTable:
        banks = [self._bank(octave, size) for octave in self.octaves]
        below = max(0, *(-int(bank.first.min()) for bank in banks))
        above = max(0, *(int(bank.last.max()) - (size // 2 + 1) for bank in banks))
        octaves = []
        for octave, bank in zip(self.octaves, banks, strict=True):
            frames = size * self.decimation // octave.hop
            place = _places(bank, frames)
            source = _chunks(place, bank.index + _rounded(below), len(bank.first) * frames, frames)
            response = np.zeros(len(bank.first) * frames, self.dtype)
            response[place] = bank.response * (2 / size)  # a sine of amplitude 1 has a spectrum of size/2
            octaves.append(OctaveTable(len(bank.first), frames, source, np.repeat(response, 2)))
        low = self._low_response(size) / size
        return BlockTable(size, below, above, tuple(octaves), low)

    def _build_dual_table(self, table: BlockTable) -> DualTable:
        size = table.size
        banks, duals, low = self._duals(self.octaves, size)
        octaves = []
        for made, bank, dual in zip(table.octaves, banks, duals, strict=True):
            chunk = min(CHUNK, made.frames)
            first, last = (bank.first + table.zero) // chunk, -(-(bank.last + table.zero) // chunk)
            # Every filter has one of the parts, which it takes over from another that ends before it begins.
            overlap = 1
            while (last[:-overlap] > first[overlap:]).any():
                overlap += 1
            begin, end = int(first.min()) * chunk, int(last.max()) * chunk
            point = bank.index + table.zero - begin
            part, place = bank.row % overlap, _places(bank, made.frames)
            source = np.zeros((overlap, (end - begin) // chunk), np.intp)
            source[part, point // chunk] = place // chunk
            weight = np.zeros((overlap, end - begin), self.dtype)
            weight[part, point] = dual / (2 * made.frames)  # an FFT of the frames leaves Σ
            octaves.append(DualOctaveTable(slice(begin, end), source, np.repeat(weight, 2, axis=1)))
        low = low * (self.low_hop / self.decimation / size)
        return DualTable(tuple(octaves), low)


def _places(bank: FilterBank, frames: int) -> Array:
    """Where the values of a bank are stored in rows of a number of frames."""
    return np.asarray(bank.row * frames + bank.index % frames)


def _chunks(place: Array, source: Array, points: int, frames: int) -> Array:
    """From where to take each chunk of the rows, for points that go from `source` to `place`.

    Both ends of a filter may meet in a chunk of its row.  They come from different places, so chunks are then
    made smaller.
    """
    chunk = min(CHUNK, frames)
    while True:
        chunks = np.zeros(points // chunk, np.intp)
        chunks[place // chunk] = source // chunk
        if (chunks[place // chunk] == source // chunk).all():
            return chunks
        chunk //= 2


def _rounded(points: int) -> int:
    """So many points in whole chunks."""
    return -(-points // CHUNK) * CHUNK


def plan_stages(
    scale: OctaveScale, dtype: np.dtype[Any], tolerance_db: Tolerance, shape: WindowShape
) -> tuple[Stage, ...]:
    """Divide the octaves into stages: each takes octaves until the rest can be decimated well."""
    octaves = [scale.octave(index) for index in range(scale.octave_count)]
    stages, decimation = [], 1
    while True:
        rate = scale.rate / decimation
        taken: list[Octave] = []
        while octaves:
            taken.insert(0, octaves.pop())
            if not octaves:
                break
            edge = scale.filter_edges(octaves[-1].frequencies[-1])[1]
            factor = 2 ** int(np.floor(np.log2(PASS_BAND * rate / 2 / edge)))
            if factor >= MIN_DECIMATION:
                break
        if not octaves:
            stages.append(Stage(scale, taken, decimation, None, dtype, tolerance_db, shape))
            return tuple(stages)
        low_pass = LowPass(float(edge), rate / 2 / factor, factor)
        stages.append(Stage(scale, taken, decimation, low_pass, dtype, tolerance_db, shape))
        decimation *= factor
