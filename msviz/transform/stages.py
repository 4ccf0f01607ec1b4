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
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import fft

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


#: How much further the duals of filters that fall at an end of the spectrum must have fallen where a block is
#: cut: their tails do not cancel in the sum as those of neighbours do elsewhere.
FALLING_DB = 20.0

_scratch = threading.local()
_building = threading.Lock()


def _renew_lock() -> None:
    """Replace the lock after a fork, because another thread may have held it."""
    global _building
    _building = threading.Lock()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_renew_lock)


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
    its index modulo the length of the row.  Real factors are stored twice, for real and imaginary parts.

    Attributes
    ----------
    source : array (bins × frames,)
        For every point of the rows, its index in the spectrum; arbitrary where no filter is.
    response : array (2 × bins × frames,)
        Its factor; 0 where no filter is.
    """

    bins: int
    frames: int
    source: Array
    response: Array


@dataclass(frozen=True, eq=False)
class BlockTable:
    """Everything that a stage needs to analyse blocks of one length.

    `below` and `above` are the numbers of points of the mirrored spectrum that the filters use below 0 Hz and
    above the Nyquist frequency.
    """

    size: int
    below: int
    above: int
    octaves: tuple[OctaveTable, ...]
    low_response: Array

    @property
    def points(self) -> int:
        """The number of points in the rows of the largest octave."""
        return max(octave.source.size for octave in self.octaves)


@dataclass(frozen=True, eq=False)
class DualOctaveTable:
    """The duals of one octave's filters for one block length, the inverse of its `OctaveTable`.

    Attributes
    ----------
    first, span : int
        The points of the spectrum that this octave's filters cover.
    back : array (overlap × span,)
        For every such point, the indices of its parts in the rows: one for each of up to `overlap` filters.
    dual : array (2 × overlap × span,)
        Their factors; 0 where there are fewer.
    """

    first: int
    span: int
    back: Array
    dual: Array


@dataclass(frozen=True, eq=False)
class DualTable:
    """What a stage needs in addition to a `BlockTable` to synthesize blocks of its length."""

    octaves: tuple[DualOctaveTable, ...]
    low_dual: Array

    @property
    def points(self) -> int:
        """The number of points of the octave with most overlapping filters."""
        return max(octave.back.size for octave in self.octaves)


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
        float32 or float64, for samples and FFTs.
    tolerance_db : float
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
        tolerance_db: float,
        shape: WindowShape,
    ) -> None:
        self.scale = scale
        self.octaves = tuple(octaves)
        self.decimation = decimation
        self.low_pass = low_pass
        self.dtype = dtype
        self.complex_dtype = np.result_type(dtype, np.complex64)
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
        return self._reach(
            slowest, lambda size, banks: ([bank.response for bank in banks], self._low_response(size))
        )

    @cached_property
    def dual_reach(self) -> int:
        """Samples of this stage by which the duals extend beyond a sample, a multiple of `grain`."""
        return self._reach(self.octaves, self._duals, FALLING_DB)

    def _reach(
        self,
        octaves: Sequence[Octave],
        responses: Callable[[int, Sequence[FilterBank]], tuple[list[Array], Array]],
        falling_db: float = 0.0,
    ) -> int:
        """After how long the slowest responses of these octaves, and of the low-pass, have decayed.

        Measured on the responses: each is transformed to time, and the energy further away than t is summed
        from the outside in.
        """
        size = REACH_GRID * self.grain
        while True:
            banks = [self._bank(octave, size) for octave in octaves]
            values, low = responses(size, banks)
            reaches = [self._fallen(fft.irfft(low)[None, :], self.low_hop, self.tolerance_db)]
            for octave, bank, response in zip(octaves, banks, values, strict=True):
                rows = np.zeros((len(bank.first), size * self.decimation // octave.hop))
                rows[bank.row, bank.index % rows.shape[1]] = response
                tolerance_db = self.tolerance_db + (falling_db if self._falls(octave) else 0)
                reaches.append(self._fallen(fft.ifft(rows), octave.hop, tolerance_db))
            if max(reaches) <= size // 4:  # or else they may come round the grid's ends
                return max(reaches)
            size *= 2

    def _falls(self, octave: Octave) -> bool:
        """Whether some of its filters are tapered at an end of the spectrum."""
        return bool(np.isfinite(self.scale.image_distances(octave.frequencies)).any())

    def _fallen(self, responses: Array, hop: int, tolerance_db: float) -> int:
        """Samples after which responses (bins, times), centred on column 0, are below the tolerance."""
        energy = np.abs(responses) ** 2
        half = energy.shape[1] // 2
        sides = energy[:, 1 : half + 1] + energy[:, : half - 1 : -1]
        beyond = np.cumsum(sides[:, ::-1], axis=1)[:, ::-1] / energy.sum(axis=1, keepdims=True)
        over = np.nonzero((beyond > 10 ** (-tolerance_db / 10)).any(axis=0))[0]
        samples = (over[-1] + 1 if over.size else 0) * hop // self.decimation
        return -(-int(samples) // self.grain) * self.grain + self.grain

    def _bank(self, octave: Octave, size: int) -> FilterBank:
        """An octave's filters on the grid of blocks of `size` samples."""
        return filter_bank(self.scale, octave.index, self._spacing(size), size, self.shape)

    def _spacing(self, size: int) -> float:
        return self.scale.rate / self.decimation / size

    def _low_response(self, size: int) -> Array:
        """The low-pass on the grid of blocks of `size` samples, up to the Nyquist frequency after it."""
        below = size * self.decimation // self.low_hop // 2 + 1
        return self._low.response(np.arange(below) * self._spacing(size))

    def _duals(self, size: int, banks: Sequence[FilterBank]) -> tuple[list[Array], Array]:
        """The duals of filters and low-pass on the grid of blocks of `size` samples."""
        half = size // 2
        top = self.decimation == 1  # only the first stage's grid ends at the true Nyquist frequency
        operator = frame_operator(self.scale, self._spacing(size), half + 1, reaches_nyquist=top)
        duals = []
        for bank in banks:
            mirrored = np.abs(bank.index)
            mirrored = np.where(mirrored > half, size - mirrored, mirrored)
            duals.append(bank.response / operator[mirrored])
        low = self._low_response(size)
        if isinstance(self._low, Residual):
            low *= self._low.weight / operator[: low.size]
        return duals, low

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
            source = np.zeros(len(bank.first) * frames, np.intp)
            source[place] = bank.index + below
            response = np.zeros(source.size, self.dtype)
            response[place] = bank.response * (2 / size)  # a sine of amplitude 1 has a spectrum of size/2
            octaves.append(OctaveTable(len(bank.first), frames, source, np.repeat(response, 2)))
        low = self._low_response(size) * (self.decimation / self.low_hop)
        return BlockTable(size, below, above, tuple(octaves), low.astype(self.dtype))

    def _build_dual_table(self, table: BlockTable) -> DualTable:
        size = table.size
        banks = [self._bank(octave, size) for octave in self.octaves]
        duals, low = self._duals(size, banks)
        octaves = []
        for made, bank, dual in zip(table.octaves, banks, duals, strict=True):
            # The filters that meet a point are neighbours, from the first that ends behind it on.
            first, span = int(bank.first.min()), int(bank.last.max() - bank.first.min())
            part = bank.row - np.searchsorted(bank.last, bank.index, "right")
            overlap = int(part.max()) + 1
            met = part * span + bank.index - first
            back = np.zeros(overlap * span, np.intp)
            back[met] = _places(bank, made.frames)
            weight = np.zeros(overlap * span, self.dtype)
            weight[met] = dual * (size / 2 / made.frames)  # an FFT of the frames leaves Σ
            octaves.append(DualOctaveTable(first + table.below, span, back, np.repeat(weight, 2)))
        low = low * (self.low_hop / self.decimation)
        return DualTable(tuple(octaves), low.astype(self.dtype))

    def scratch(self, rows: int, points: int) -> Array:
        """Reusable memory for `analyze` and `synthesize`.

        Every thread has its own: fresh memory for every call would cost more than the arithmetic.
        """
        memory = rows * points * self.complex_dtype.itemsize
        if getattr(_scratch, "memory", np.empty(0, np.uint8)).size < memory:
            _scratch.memory = np.empty(memory, np.uint8)
        return np.asarray(_scratch.memory[:memory].view(self.complex_dtype).reshape(rows, points))

    def analyze(self, blocks: Array, wanted: Sequence[bool], scratch: Array) -> Iterator[tuple[int, Array]]:
        """Frames and low-passed signal of blocks (n, size), over the whole of each block.

        Parameters
        ----------
        wanted : sequence of bool
            One for each octave, and the last for the low-passed signal.
        scratch : array (points,)
            At least `count` times the points of the table.

        Yields
        ------
        number : int
            The index among those wanted.
        values : array (n, bins, frames) or, of the low-passed signal, (n, samples)
            Valid until the next iteration.
        """
        count, size = blocks.shape
        table = self.table(size)
        spectrum = fft.rfft(blocks, axis=-1)
        if wanted[-1]:
            low = spectrum[:, : table.low_response.size] * table.low_response
            yield len(self.octaves), fft.irfft(low, axis=-1)
        if not any(wanted[:-1]):
            return
        extended = _extend(spectrum, table)
        for number, octave in enumerate(table.octaves):
            if wanted[number]:
                points = scratch[: count * octave.source.size].reshape(count, -1)
                np.take(extended, octave.source, axis=1, out=points, mode="clip")
                parts = points.view(self.dtype)
                parts *= octave.response
                rows = points.reshape(count, octave.bins, octave.frames)
                yield number, fft.ifft(rows, axis=-1, norm="forward", overwrite_x=True)

    def synthesize(
        self, frames: Callable[[int, Array], None], low: Array, size: int, scratch: Array
    ) -> Array:
        """Blocks (n, size) from the frames of every octave and the low-passed signal (n, samples).

        Parameters
        ----------
        frames : callable
            Given the number of an octave and an array (n, bins, frames), fills it with the frames.
        scratch : array (2, points)
            At least `n` times the points of both tables.
        """
        count = len(low)
        table, duals = self.table(size), self.dual_table(size)
        half = size // 2
        extended = np.zeros((count, table.below + half + 1 + table.above), self.complex_dtype)
        for number, (octave, dual) in enumerate(zip(table.octaves, duals.octaves, strict=True)):
            rows = scratch[0, : count * octave.source.size].reshape(count, octave.bins, octave.frames)
            frames(number, rows)
            spectra = fft.fft(rows, axis=-1, overwrite_x=True).reshape(count, -1)
            points = scratch[1, : count * dual.back.size].reshape(count, -1)
            np.take(spectra, dual.back, axis=1, out=points, mode="clip")
            parts = points.view(self.dtype)
            parts *= dual.dual
            met = extended[:, dual.first : dual.first + dual.span]
            met += points.reshape(count, -1, dual.span).sum(axis=1)
        spectrum = _fold(extended, table)
        spectrum[:, : duals.low_dual.size] += fft.rfft(low, axis=-1) * duals.low_dual
        return np.asarray(fft.irfft(spectrum, n=size, axis=-1))


def _places(bank: FilterBank, frames: int) -> Array:
    """Where the values of a bank are stored in rows of a number of frames."""
    return np.asarray(bank.row * frames + bank.index % frames)


def _extend(spectrum: Array, table: BlockTable) -> Array:
    """The spectrum with its mirrored parts below 0 Hz and above the Nyquist frequency."""
    if not table.below and not table.above:
        return spectrum
    half = table.size // 2
    parts = [spectrum]
    if table.below:
        parts.insert(0, np.conj(spectrum[:, table.below : 0 : -1]))
    if table.above:
        parts.append(np.conj(spectrum[:, half - 1 : half - 1 - table.above : -1]))
    return np.concatenate(parts, axis=1)


def _fold(extended: Array, table: BlockTable) -> Array:
    """Add the mirrored parts back, the transpose of `_extend`; the ends are their own mirror images."""
    half, below, above = table.size // 2, table.below, table.above
    spectrum = extended[:, below : below + half + 1]
    if below:
        spectrum[:, 1 : below + 1] += np.conj(extended[:, below - 1 :: -1])
    if above:
        spectrum[:, half - above : half] += np.conj(extended[:, : half + below : -1])
    spectrum[:, 0] += np.conj(spectrum[:, 0])
    spectrum[:, half] += np.conj(spectrum[:, half])
    return spectrum


def plan_stages(
    scale: OctaveScale, dtype: np.dtype[Any], tolerance_db: float, shape: WindowShape
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
