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

import threading
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import fft

from msviz.transform.filters import FilterBank, Residual, Shape, filter_bank, frame_operator, smooth_step
from msviz.transform.scale import Octave, OctaveScale

Array = NDArray[Any]

MIN_DECIMATION = 8
PASS_BAND = 0.8  # of the decimated Nyquist frequency, below which the next stage's filters must lie
REACH_GRID = 512  # hops on which the filters' reach is measured, half of them on each side


_scratch = threading.local()
_building = threading.Lock()


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
class OctaveTable:
    """The filters of one octave for one block length, as tables that whole octaves go through at once.

    A row has one period of the octave's frames; a filter's product with the spectrum is laid into
    it at its index modulo the row's length.  Real factors stand twice, for real and imaginary parts.

    Attributes
    ----------
    source : array (bins × frames,)
        For every point of the rows, where it comes from in the spectrum; anywhere where no filter is.
    response : array (2 × bins × frames,)
        What it is multiplied by; 0 where no filter is.
    first, span : int
        The points of the spectrum that this octave's filters meet.
    back : array (overlap × span,)
        For every such point, where its parts come from in the rows: one from each of up to `overlap`
        filters.
    dual : array (2 × overlap × span,)
        What they are multiplied by; 0 where there are fewer.
    """

    bins: int
    frames: int
    source: Array
    response: Array
    first: int
    span: int
    back: Array
    dual: Array


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
    shape : Shape
        What the filters of its octaves are; only those of shape WINDOW have duals.
    """

    def __init__(
        self,
        scale: OctaveScale,
        octaves: Sequence[Octave],
        decimation: int,
        low_pass: LowPass | None,
        dtype: np.dtype[Any],
        tolerance_db: float,
        shape: Shape,
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
        self._low = low_pass or Residual.below(scale)
        #: Samples of the original signal in one sample of the low-passed output.
        self.low_hop = decimation * low_pass.decimation if low_pass else Residual.below(scale).hop

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
        size = REACH_GRID * self.grain
        banks, duals, low, low_dual = self._sample(size)
        reaches = []
        for low_part, parts in ((low, [bank.response for bank in banks]), (low_dual, duals)):
            responses = [(fft.irfft(low_part)[None, :], self.low_hop)]
            for octave, bank, values in zip(self.octaves, banks, parts, strict=True):
                rows = np.zeros((len(bank.first), size * self.decimation // octave.hop))
                rows[bank.row, bank.index % rows.shape[1]] = values
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

    def _sample(self, size: int) -> tuple[list[FilterBank], list[Array], Array, Array]:
        """Filters, their duals, the low-pass and its dual on the grid of blocks of `size` samples."""
        half = size // 2
        spacing = self.scale.rate / self.decimation / size
        top = self.decimation == 1  # only the first stage's grid ends at the true Nyquist frequency
        operator = frame_operator(self.scale, spacing, half + 1, reaches_nyquist=top)
        banks = [filter_bank(self.scale, octave.index, spacing, size, self.shape) for octave in self.octaves]
        duals = []
        for bank in banks:
            mirrored = np.abs(bank.index)
            mirrored = np.where(mirrored > half, size - mirrored, mirrored)
            duals.append(bank.response / operator[mirrored])
        low_size = size * self.decimation // self.low_hop
        low = self._low.response(np.arange(low_size // 2 + 1) * spacing)
        low_dual = low
        if isinstance(self._low, Residual):
            low_dual = self._low.weight * low / operator[: low.size]
        return banks, duals, low, low_dual

    def table(self, size: int) -> BlockTable:
        """The filters for blocks of `size` samples, built once."""
        with _building:  # threads that come to it together would each build it
            table = self._tables.get(size)
            if table is None:
                table = self._tables[size] = self._build_table(size)
            return table

    def _build_table(self, size: int) -> BlockTable:
        half = size // 2
        banks, duals, low, low_dual = self._sample(size)
        below = max(0, *(-int(bank.first.min()) for bank in banks))
        above = max(0, *(int(bank.last.max()) - (half + 1) for bank in banks))
        octaves = []
        for octave, bank, dual in zip(self.octaves, banks, duals, strict=True):
            frames = size * self.decimation // octave.hop
            # ifft without its 1/frames leaves Σ; a sine of amplitude 1 has a spectrum of size/2.
            octaves.append(
                _octave_table(bank, dual * (size / 2 / frames), 2 / size, frames, below, self.dtype)
            )
        ratio = self.decimation / self.low_hop
        return BlockTable(
            size,
            below,
            above,
            tuple(octaves),
            (low * ratio).astype(self.dtype),
            (low_dual / ratio).astype(self.dtype),
        )

    def scratch(self, count: int, size: int) -> Array:
        """Memory for `analyze` and `synthesize` of `count` blocks at a time, to be used again and again.

        Every thread keeps its own: fresh memory for every call would cost more than the arithmetic.
        """
        points = count * max(max(o.source.size, o.back.size) for o in self.table(size).octaves)
        memory = 2 * points * self.complex_dtype.itemsize
        if getattr(_scratch, "memory", np.empty(0, np.uint8)).size < memory:
            _scratch.memory = np.empty(memory, np.uint8)
        return np.asarray(_scratch.memory[:memory].view(self.complex_dtype).reshape(2, points))

    def analyze(self, blocks: Array, wanted: Sequence[bool], scratch: Array) -> Iterator[tuple[int, Array]]:
        """Frames and low-passed signal of blocks (n, size), over the whole of each block.

        Parameters
        ----------
        wanted : sequence of bool
            One for each octave, and the last for the low-passed signal.

        Yields
        ------
        number : int
            Which of those wanted.
        values : array (n, bins, frames) or, of the low-passed signal, (n, samples)
            Valid until the next is asked for.
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
                points = scratch[0, : count * octave.source.size].reshape(count, -1)
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
            Given an octave's number and an array (n, bins, frames), fills it with its frames.
        """
        count = len(low)
        table = self.table(size)
        half = size // 2
        extended = np.zeros((count, table.below + half + 1 + table.above), self.complex_dtype)
        for number, octave in enumerate(table.octaves):
            rows = scratch[0, : count * octave.source.size].reshape(count, octave.bins, octave.frames)
            frames(number, rows)
            spectra = fft.fft(rows, axis=-1, overwrite_x=True).reshape(count, -1)
            points = scratch[1, : count * octave.back.size].reshape(count, -1)
            np.take(spectra, octave.back, axis=1, out=points, mode="clip")
            parts = points.view(self.dtype)
            parts *= octave.dual
            met = extended[:, octave.first : octave.first + octave.span]
            met += points.reshape(count, -1, octave.span).sum(axis=1)
        spectrum = _fold(extended, table)
        spectrum[:, : table.low_dual.size] += fft.rfft(low, axis=-1) * table.low_dual
        return np.asarray(fft.irfft(spectrum, n=size, axis=-1))


def _octave_table(
    bank: FilterBank, dual: Array, gain: float, frames: int, below: int, dtype: np.dtype[Any]
) -> OctaveTable:
    """Tables of a filter bank and its duals, for a spectrum that begins `below` points under 0 Hz."""
    bins = len(bank.first)
    place = bank.row * frames + bank.index % frames
    source = np.zeros(bins * frames, np.intp)
    source[place] = bank.index + below
    response = np.zeros(bins * frames, dtype)
    response[place] = bank.response * gain
    # The filters that meet a point are neighbours, from the first that ends behind it on.
    first, span = int(bank.first.min()), int(bank.last.max() - bank.first.min())
    part = bank.row - np.searchsorted(bank.last, bank.index, "right")
    overlap = int(part.max()) + 1
    met = part * span + bank.index - first
    back = np.zeros(overlap * span, np.intp)
    back[met] = place
    weight = np.zeros(overlap * span, dtype)
    weight[met] = dual
    return OctaveTable(
        bins, frames, source, np.repeat(response, 2), first + below, span, back, np.repeat(weight, 2)
    )


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


def plan_stages(
    scale: OctaveScale, dtype: np.dtype[Any], tolerance_db: float, shape: Shape
) -> tuple[Stage, ...]:
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
            stages.append(Stage(scale, taken, decimation, None, dtype, tolerance_db, shape))
            return tuple(stages)
        low_pass = LowPass(float(edge), rate / 2 / factor, factor)
        stages.append(Stage(scale, taken, decimation, low_pass, dtype, tolerance_db, shape))
        decimation *= factor
