"""The stages of the octave transform, each computed in short blocks.

A stage takes a few octaves at one rate.  What lies below them passes a low-pass, is decimated and
feeds the next stage; the last stage's low-pass is the residual.  Every stage works on blocks that
overlap by the reach of its filters, so that everything stays in the processor's cache and any
stretch costs what the stretch costs.

References
----------
N. Holighaus, M. Dörfler, G. Velasco and T. Grill, "A framework for invertible, real-time constant-Q
transforms", IEEE Trans. Audio Speech Lang. Process. 21(4), 2013 (slices; here they overlap plainly,
so that a coefficient does not depend on where a block begins).
C. Schörkhuber, A. Klapuri, N. Holighaus and M. Dörfler, "A Matlab toolbox for efficient perfect
reconstruction time-frequency transforms with log-frequency resolution", AES 53rd Conf., 2014.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import fft

from msviz.transform.filters import Residual, filter_bank, frame_operator, smooth_step
from msviz.transform.scale import Octave, OctaveScale

Array = NDArray[Any]

BLOCK = 2**14  # samples; what a core's second-level cache holds with all its rows
MIN_DECIMATION = 8
PASS_BAND = 0.8  # of the decimated Nyquist frequency, below which the next stage's filters must lie
REACH_GRID = 512  # hops on which the filters' reach is measured, half of them on each side


@dataclass(frozen=True)
class LowPass:
    """From one stage to the next: 1 below `pass_edge`, 0 above `stop_edge` (Hz), then decimated."""

    pass_edge: float
    stop_edge: float
    decimation: int

    def response(self, frequencies: NDArray[np.floating]) -> NDArray[np.floating]:
        """Gain at frequencies of 0 Hz and up."""
        return smooth_step((frequencies - self.pass_edge) / (self.stop_edge - self.pass_edge))


@dataclass(frozen=True, eq=False)
class RowSlice:
    """Where one filter meets the spectrum and where its product is laid into the row.

    The row has one period of the octave's frames; the product is laid at its index modulo the
    row's length, so it may come in two pieces, and a gap may stay between its ends.
    """

    row: int
    pieces: tuple[tuple[slice, slice, Array, Array], ...]  # spectrum, row, response, dual
    gaps: tuple[slice, ...]


@dataclass(frozen=True, eq=False)
class OctaveTable:
    """The filters of one octave for one block length."""

    bins: int
    frames: int
    slices: tuple[RowSlice, ...]


@dataclass(frozen=True, eq=False)
class BlockTable:
    """All that a stage needs for blocks of one length.

    `below` and `above` are how many points of the mirrored spectrum the filters use under 0 Hz
    and over the Nyquist frequency.
    """

    size: int
    below: int
    above: int
    octaves: tuple[OctaveTable, ...]
    low_response: Array
    low_dual: Array


class Stage:
    """A few octaves at one rate.

    Parameters
    ----------
    scale : OctaveScale
    octaves : sequence of Octave
        The lowest first.
    decimation : int
        Samples of the original signal in one of this stage's.
    low_pass : LowPass or None
        To the next stage; None in the last one, whose low-pass is the residual.
    dtype : numpy dtype
        float32 or float64: what the samples and FFTs are made in.
    tolerance_db : float
        How far filters and duals must have fallen where a block is cut.
    """

    def __init__(
        self,
        scale: OctaveScale,
        octaves: Sequence[Octave],
        decimation: int,
        low_pass: LowPass | None,
        dtype: np.dtype[Any],
        tolerance_db: float,
    ) -> None:
        self.scale = scale
        self.octaves = tuple(octaves)
        self.decimation = decimation
        self.low_pass = low_pass
        self.dtype = dtype
        self.complex_dtype = np.result_type(dtype, np.complex64)
        self.tolerance_db = tolerance_db
        self._tables: dict[int, BlockTable] = {}
        residual = Residual.below(scale)
        self._low = residual if low_pass is None else low_pass
        #: Samples of the original signal in one sample of the low-passed output.
        self.low_hop = residual.hop if low_pass is None else decimation * low_pass.decimation

    @cached_property
    def grain(self) -> int:
        """Samples of this stage that blocks begin and end at multiples of."""
        return max(self.low_hop, *(octave.hop for octave in self.octaves)) // self.decimation

    @cached_property
    def reach(self) -> int:
        """Samples of this stage by which the filters reach past a frame, a multiple of `grain`."""
        return self._reaches[0]

    @cached_property
    def dual_reach(self) -> int:
        """Samples of this stage by which the duals reach past a sample, a multiple of `grain`."""
        return self._reaches[1]

    @cached_property
    def _reaches(self) -> tuple[int, int]:
        """Where the slowest filters, and where their duals, have fallen below the tolerance.

        Measured on the filters themselves: each is brought to time, and the energy further away
        than t is summed from the outside in.
        """
        table = self._build_table(REACH_GRID * self.grain, np.dtype(np.float64))
        reaches = []
        for dual in (False, True):
            low = fft.irfft(table.low_dual if dual else table.low_response)
            responses = [(low[None, :], self.low_hop)]
            for octave, columns in zip(self.octaves, table.octaves, strict=True):
                rows = np.zeros((columns.bins, columns.frames), np.complex128)
                for row in columns.slices:
                    for _, place, response, dual_response in row.pieces:
                        rows[row.row, place] = dual_response if dual else response
                responses.append((fft.ifft(rows), octave.hop))
            reaches.append(max(self._fallen(h, hop // self.decimation) for h, hop in responses))
        return reaches[0], reaches[1]

    def _fallen(self, responses: Array, hop: int) -> int:
        """Where responses (rows, times), centred on column 0, have fallen below the tolerance."""
        energy = np.abs(responses) ** 2
        half = energy.shape[1] // 2
        sides = energy[:, 1 : half + 1] + energy[:, : half - 1 : -1]
        beyond = np.cumsum(sides[:, ::-1], axis=1)[:, ::-1] / energy.sum(axis=1, keepdims=True)
        over = np.nonzero((beyond > 10 ** (-self.tolerance_db / 10)).any(axis=0))[0]
        samples = (over[-1] + 1 if over.size else 0) * hop
        return -(-int(samples) // self.grain) * self.grain + self.grain

    def table(self, size: int) -> BlockTable:
        """The filters for blocks of `size` samples, built once."""
        table = self._tables.get(size)
        if table is None:
            table = self._tables[size] = self._build_table(size, self.dtype)
        return table

    def _build_table(self, size: int, dtype: np.dtype[Any]) -> BlockTable:
        half = size // 2
        spacing = self.scale.rate / self.decimation / size
        top = self.decimation == 1  # only the first stage's grid ends at the true Nyquist frequency
        operator = frame_operator(self.scale, spacing, half + 1, reaches_nyquist=top)
        banks = [filter_bank(self.scale, octave.index, spacing, size) for octave in self.octaves]
        below = max(0, *(-int(bank.first.min()) for bank in banks))
        above = max(0, *(int(bank.last.max()) - (half + 1) for bank in banks))
        octaves = []
        for octave, bank in zip(self.octaves, banks, strict=True):
            frames = size * self.decimation // octave.hop
            mirrored = np.abs(bank.index)
            mirrored = np.where(mirrored > half, size - mirrored, mirrored)
            # ifft without its 1/frames leaves Σ; a sine of amplitude 1 has a spectrum of size/2.
            response = (bank.response * (2 / size)).astype(dtype)
            dual = (bank.response / operator[mirrored] * (size / 2 / frames)).astype(dtype)
            slices = []
            for k in range(len(bank.first)):
                first, last = int(bank.first[k]), int(bank.last[k])
                values = slice(int(bank.offset[k]), int(bank.offset[k + 1]))
                slices.append(_lay(k, first, last, frames, below, response[values], dual[values]))
            octaves.append(OctaveTable(len(bank.first), frames, tuple(slices)))
        low_size = size * self.decimation // self.low_hop
        low = self._low.response(np.arange(low_size // 2 + 1) * spacing)
        low_dual = low / operator[: low.size] if self.low_pass is None else low
        ratio = low_size / size
        return BlockTable(
            size, below, above, tuple(octaves), (low * ratio).astype(dtype), (low_dual / ratio).astype(dtype)
        )

    def analyze(
        self, blocks: Array, wanted: Sequence[bool], want_low: bool
    ) -> tuple[list[Array | None], Array | None]:
        """Frames and low-passed signal of blocks (n, size), over the whole of each block.

        Returns
        -------
        frames : list, one an octave, of array (n, bins, frames) or None where not wanted
        low : array (n, size // low decimation) or None
        """
        size = blocks.shape[-1]
        table = self.table(size)
        spectrum = fft.rfft(blocks, axis=-1)
        low = None
        if want_low:
            low = fft.irfft(spectrum[:, : table.low_response.size] * table.low_response, axis=-1)
        if not any(wanted):
            return [None] * len(self.octaves), low
        extended = _extend(spectrum, table)
        frames: list[Array | None] = []
        for octave, want in zip(table.octaves, wanted, strict=True):
            if not want:
                frames.append(None)
                continue
            rows = np.empty((len(blocks), octave.bins, octave.frames), self.complex_dtype)
            for row in octave.slices:
                target = rows[:, row.row]
                for source, place, response, _ in row.pieces:
                    np.multiply(extended[:, source], response, out=target[:, place])
                for gap in row.gaps:
                    target[:, gap] = 0
            frames.append(fft.ifft(rows, axis=-1, norm="forward", overwrite_x=True))
        return frames, low

    def synthesize(self, frames: Sequence[Array], low: Array, size: int) -> Array:
        """Blocks (n, size) from frames (n, bins, frames) of every octave and the low-passed signal."""
        table = self.table(size)
        half = size // 2
        extended = np.zeros((len(low), table.below + half + 1 + table.above), self.complex_dtype)
        for octave, rows in zip(table.octaves, frames, strict=True):
            spectra = fft.fft(rows, axis=-1, overwrite_x=True)
            for row in octave.slices:
                source = spectra[:, row.row]
                for place, at, _, dual in row.pieces:
                    extended[:, place] += source[:, at] * dual
        spectrum = _fold(extended, table)
        spectrum[:, : table.low_dual.size] += fft.rfft(low, axis=-1) * table.low_dual
        return np.asarray(fft.irfft(spectrum, n=size, axis=-1))


def _lay(row: int, first: int, last: int, frames: int, below: int, response: Array, dual: Array) -> RowSlice:
    """Lay a filter at [first, last) of the spectrum into its row of `frames` points."""
    length = last - first
    at = first % frames
    ahead = min(length, frames - at)
    source = first + below
    pieces = [(slice(source, source + ahead), slice(at, at + ahead), response[:ahead], dual[:ahead])]
    if ahead < length:
        rest = slice(0, length - ahead)
        pieces.append((slice(source + ahead, source + length), rest, response[ahead:], dual[ahead:]))
        gaps = [(length - ahead, at)]
    else:
        gaps = [(0, at), (at + length, frames)]
    return RowSlice(row, tuple(pieces), tuple(slice(*gap) for gap in gaps if gap[0] < gap[1]))


def _extend(spectrum: Array, table: BlockTable) -> Array:
    """The spectrum with its mirrored parts under 0 Hz and over the Nyquist frequency."""
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
    """Add the mirrored parts back: what `_extend` does, transposed; the ends are their own mirrors."""
    half, below, above = table.size // 2, table.below, table.above
    spectrum = extended[:, below : below + half + 1]
    if below:
        spectrum[:, 1 : below + 1] += np.conj(extended[:, below - 1 :: -1])
    if above:
        spectrum[:, half - above : half] += np.conj(extended[:, : half + below : -1])
    spectrum[:, 0] += np.conj(spectrum[:, 0])
    spectrum[:, half] += np.conj(spectrum[:, half])
    return spectrum


def plan_stages(scale: OctaveScale, dtype: np.dtype[Any], tolerance_db: float) -> tuple[Stage, ...]:
    """Share the octaves among stages: each takes octaves until what is left can be decimated well."""
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
            stages.append(Stage(scale, taken, decimation, None, dtype, tolerance_db))
            return tuple(stages)
        low_pass = LowPass(float(edge), rate / 2 / factor, factor)
        stages.append(Stage(scale, taken, decimation, low_pass, dtype, tolerance_db))
        decimation *= factor
