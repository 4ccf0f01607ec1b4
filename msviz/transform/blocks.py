"""Analyse and synthesize blocks of a stage, and run it over an interval, block by block, in threads."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from msviz.cancellation import Cancelled, raise_if_cancelled
from msviz.transform.base import Map
from msviz.transform.fft import planner, workspace
from msviz.transform.frames import Frames, Range
from msviz.transform.stages import LOW_DTYPE, BlockTable, Stage

Array = NDArray[Any]

BLOCK = 2**14  # samples in a block, or more where filters reach far
REACHES = 16  # and more of these in a block: an eighth of it, or less, is computed twice
POOL_NAME = "msviz-transform"
WORTH_A_THREAD = 3  # blocks; a thread that has fewer to do costs more than it saves

#: A channel, and the stage's sample that the kept middle of a block starts at.
Place = tuple[int, int]


def _wanted(left: Iterator[Place]) -> Iterator[Place]:
    """Yield items until the work of this thread is cancelled."""
    for place in left:
        try:
            raise_if_cancelled()
        except Cancelled:
            list(left)  # nothing is left for the other threads either
            raise
        yield place


@cache
def _pool(threads: int) -> ThreadPoolExecutor:
    """Threads that persist until the program ends, each with its own scratch memory."""
    return ThreadPoolExecutor(threads, thread_name_prefix=POOL_NAME)


if hasattr(os, "register_at_fork"):  # a forked child has the pool, but none of its threads
    os.register_at_fork(after_in_child=_pool.cache_clear)


def _in_threads(
    work: Callable[[Iterator[Place]], None], places: list[Place], size: int, workers: int
) -> None:
    """Share the blocks among threads: each takes the next one, and writes to its own part of the output."""
    left = iter(places)  # that of a list gives every block to one thread only
    threads = min(workers, len(places) // WORTH_A_THREAD)
    planner.transformed(len(places) * size)
    others = [_pool(workers - 1).submit(work, left) for _ in range(threads - 1)]
    work(_wanted(left))
    for other in others:
        other.result()


def _power(least: int) -> int:
    """The smallest power of two that is no less."""
    return 1 << (least - 1).bit_length()


def _powers(first: int, last: int) -> list[int]:
    """The powers of two from the first to the last of them."""
    return [1 << n for n in range(first.bit_length() - 1, last.bit_length())]


class Blocks(NamedTuple):
    """How an interval is divided into blocks of `size`, of which the middle `step` samples are used."""

    size: int
    step: int
    starts: list[int]  # of the kept middles

    @classmethod
    def covering(cls, output: Range, reach: int, grain: int) -> Blocks:
        begin = output.start // grain * grain
        length = output.stop - begin
        whole, longest = _power(length + 2 * reach), max(BLOCK, _power(REACHES * reach))

        def computed(size: int) -> int:
            return -(-length // (size - 2 * reach)) * size

        # What computes the fewest samples; of equals the shortest, whose tables are made sooner.
        size = min(_powers(max(min(BLOCK, whole), _power(2 * reach + 1)), min(whole, longest)), key=computed)
        step = size - 2 * reach
        return cls(size, step, list(range(begin, output.stop, step)))

    def places(self, channels: int) -> list[Place]:
        """All blocks of all channels."""
        return [(channel, start) for start in self.starts for channel in range(channels)]


def _spectra(stage: Stage, table: BlockTable) -> tuple[Array, Array]:
    """The spectrum of a block, as its FFT makes it, and extended: the same memory if their types agree."""
    extended = workspace.array("spectrum", (table.extent,), stage.complex_dtype)
    half = extended[table.zero :][: table.size // 2 + 1]
    made = np.result_type(stage.sample_dtype, np.complex64)
    return half if made == half.dtype else workspace.array("half", half.shape, made), extended


class Analysis:
    """Analysis of blocks of one length, one after the other, in the memory of the thread that makes it.

    Attributes
    ----------
    samples : array (size,)
        To be filled with a block before each `run`.
    """

    def __init__(self, stage: Stage, size: int) -> None:
        table = self._table = stage.table(size)
        self.samples = workspace.array("samples", (size,), stage.sample_dtype)
        self._half, self._spectrum = _spectra(stage, table)
        self._spectrum[:] = 0  # what is beyond it goes into rows, with a factor of 0
        self._low = workspace.array("low", table.low_response.shape, np.result_type(LOW_DTYPE, np.complex64))
        self._low_passed = workspace.array("low-passed", (2 * self._low.size - 2,), LOW_DTYPE)
        points = workspace.array("points", (table.points,), stage.complex_dtype)
        frames = workspace.array("frames", (table.points,), stage.complex_dtype)
        self._rows = [points[: o.points].reshape(o.bins, o.frames) for o in table.octaves]
        self._frames = [frames[: o.points].reshape(o.bins, o.frames) for o in table.octaves]
        self._to_spectrum = workspace.plan(self.samples, self._half)
        self._to_low_passed = workspace.plan(self._low, self._low_passed, backward=True)
        self._to_frames = [
            workspace.plan(*pair, backward=True) for pair in zip(self._rows, self._frames, strict=True)
        ]

    def run(self, wanted: Sequence[bool]) -> Iterator[tuple[int, Array]]:
        """Frames and low-passed signal over the whole of the block.

        Parameters
        ----------
        wanted : sequence of bool
            One for each octave, and the last for the low-passed signal.

        Yields
        ------
        number : int
            The index among those wanted.
        values : array (bins, frames) or, of the low-passed signal, (samples,)
            Valid until the next iteration.
        """
        table, spectrum = self._table, self._spectrum
        self._to_spectrum()
        if wanted[-1]:
            np.multiply(self._half[: self._low.size], table.low_response, out=self._low)
            self._to_low_passed()
            yield len(table.octaves), self._low_passed
        if not any(wanted[:-1]):
            return
        _convert(self._half, spectrum[table.zero :][: self._half.size])
        _extend(spectrum, table)
        for number, (octave, rows) in enumerate(zip(table.octaves, self._rows, strict=True)):
            if wanted[number]:
                chunks = rows.reshape(octave.source.size, -1)
                np.take(spectrum.reshape(-1, chunks.shape[1]), octave.source, 0, out=chunks, mode="clip")
                parts = rows.reshape(-1).view(octave.response.dtype)
                parts *= octave.response
                self._to_frames[number]()
                yield number, self._frames[number]


class Synthesis:
    """Synthesis of blocks of one length, one after the other, in the memory of the thread that makes it."""

    def __init__(self, stage: Stage, size: int) -> None:
        table, duals = self._table, self._duals = stage.table(size), stage.dual_table(size)
        self._samples = workspace.array("samples", (size,), stage.sample_dtype)
        self._half, self._spectrum = _spectra(stage, table)
        self._low = workspace.array("low", duals.low_dual.shape, np.result_type(LOW_DTYPE, np.complex64))
        self._low_passed = workspace.array("low-passed", (2 * self._low.size - 2,), LOW_DTYPE)
        frames = workspace.array("frames", (table.points,), stage.complex_dtype)
        points = workspace.array("points", (table.points,), stage.complex_dtype)
        self._parts = workspace.array("parts", (duals.points,), stage.complex_dtype)
        self._frames = [frames[: o.points].reshape(o.bins, o.frames) for o in table.octaves]
        self._rows = [points[: o.points].reshape(o.bins, o.frames) for o in table.octaves]
        self._to_rows = [workspace.plan(*pair) for pair in zip(self._frames, self._rows, strict=True)]
        self._to_low = workspace.plan(self._low_passed, self._low)
        self._to_samples = workspace.plan(self._half, self._samples, backward=True)

    def run(self, fill: Callable[[int, Array], None]) -> Array:
        """A block (size,), valid until the next run.

        Parameters
        ----------
        fill : callable
            Given the number of an octave and an array (bins, frames), or the number of octaves and an array
            (samples,), fills it with the frames or the low-passed signal.
        """
        table, spectrum = self._table, self._spectrum
        spectrum[:] = 0
        for number, dual in enumerate(self._duals.octaves):
            fill(number, self._frames[number])
            self._to_rows[number]()
            parts = self._parts[: dual.dual.size // 2].reshape(*dual.source.shape, -1)
            chunks = self._rows[number].reshape(-1, parts.shape[-1])
            np.take(chunks, dual.source, 0, out=parts, mode="clip")
            together = spectrum[dual.covered].view(dual.dual.dtype)
            together += np.einsum(
                "fp,fp->p", parts.reshape(-1).view(together.dtype).reshape(dual.dual.shape), dual.dual
            )
        _fold(spectrum, table)
        _convert(spectrum[table.zero :][: self._half.size], self._half)
        fill(len(table.octaves), self._low_passed)
        self._to_low()
        self._low *= self._duals.low_dual
        self._half[: self._low.size] += self._low
        self._to_samples()
        return self._samples


def _convert(source: Array, target: Array) -> None:
    """Copy, unless both are the same memory."""
    if source.dtype != target.dtype:
        target[...] = source


def _extend(spectrum: Array, table: BlockTable) -> None:
    """Fill in the mirrored parts below 0 Hz and above the Nyquist frequency."""
    below, zero, above, top = table.below, table.zero, table.above, table.zero + table.size // 2
    np.conj(spectrum[zero + 1 : zero + 1 + below][::-1], out=spectrum[zero - below : zero])
    np.conj(spectrum[top - above : top][::-1], out=spectrum[top + 1 : top + 1 + above])


def _fold(spectrum: Array, table: BlockTable) -> None:
    """Add the mirrored parts back, the transpose of `_extend`; the ends are their own mirror images."""
    below, zero, above, top = table.below, table.zero, table.above, table.zero + table.size // 2
    spectrum[zero + 1 : zero + 1 + below] += np.conj(spectrum[zero - below : zero][::-1])
    spectrum[top - above : top] += np.conj(spectrum[top + 1 : top + 1 + above][::-1])
    spectrum[zero] += np.conj(spectrum[zero])
    spectrum[top] += np.conj(spectrum[top])


def kept_dtype(dtype: np.dtype[Any], map: Map | None) -> np.dtype[Any]:
    """The type of the results of `map`."""
    return map(np.empty(0, dtype)).dtype if map else dtype


def _copy(source: Array, have: Range, target: Array, want: Range) -> None:
    """Fill `target` (…, want) from `source` (…, have), and with zeros elsewhere."""
    common = have.common(want)
    if common.stop <= common.start:
        target[...] = 0
        return
    first, last = common.start - want.start, common.stop - want.start
    target[..., :first] = 0
    target[..., first:last] = source[..., common.start - have.start : common.stop - have.start]
    target[..., last:] = 0


def analyze_stage(
    stage: Stage,
    signal: Array,
    have: Range,
    output: Range | None,
    wanted: Sequence[Range],
    low_wanted: Range,
    workers: int,
    map: Map | None = None,
) -> tuple[list[Array], Array]:
    """The frames of a stage's octaves, with `map` applied, and its low-passed signal."""
    channels = len(signal)
    bins = stage.scale.bins_per_octave
    dtype, counts = kept_dtype(stage.complex_dtype, map), [max(r.stop - r.start, 0) for r in wanted]
    if map:
        frames = [np.empty((channels, count, bins), dtype).swapaxes(1, 2) for count in counts]
    else:
        frames = [np.empty((channels, bins, count), dtype) for count in counts]
    low = np.empty((channels, max(low_wanted.stop - low_wanted.start, 0)), LOW_DTYPE)
    if output is None:
        return frames, low
    blocks = Blocks.covering(output, stage.reach, stage.grain)
    # Every output of a block, as (target, wanted range, stage samples in one of its steps).
    outputs = [
        (values, r, octave.hop // stage.decimation)
        for values, r, octave in zip(frames, wanted, stage.octaves, strict=True)
    ]
    outputs.append((low, low_wanted, stage.low_hop // stage.decimation))

    def work(left: Iterator[Place]) -> None:
        analysis = Analysis(stage, blocks.size)
        for channel, start in left:
            kept = [Range(start // hop, (start + blocks.step) // hop) for _, _, hop in outputs]
            common = [k.common(r) for k, (_, r, _) in zip(kept, outputs, strict=True)]
            first = start - stage.reach
            _copy(signal[channel], have, analysis.samples, Range(first, first + blocks.size))
            for number, values in analysis.run([c.stop > c.start for c in common]):
                target, r, hop = outputs[number]
                held, skip = common[number], first // hop
                middle = values[..., held.start - skip : held.stop - skip]
                if map and number < len(frames):
                    middle = map(middle)
                target[channel, ..., held.start - r.start : held.stop - r.start] = middle

    _in_threads(work, blocks.places(channels), blocks.size, workers)
    return frames, low


def synthesize_stage(
    stage: Stage, bands: Sequence[Frames], low: Array, low_start: int, output: Range, workers: int
) -> Array:
    """Samples `output` of a stage from its octaves' frames and its low-passed signal, block by block."""
    channels = len(low)
    signal = np.empty((channels, max(output.stop - output.start, 0)), stage.sample_dtype)
    blocks = Blocks.covering(output, stage.dual_reach, stage.grain)
    inputs = [(b.coefficients, b.first_frame, b.hop // stage.decimation) for b in bands]
    inputs.append((low, low_start, stage.low_hop // stage.decimation))

    def work(left: Iterator[Place]) -> None:
        synthesis = Synthesis(stage, blocks.size)
        for channel, start in left:

            def fill(number: int, target: Array, channel: int = channel, start: int = start) -> None:
                values, first, hop = inputs[number]
                begin = (start - stage.dual_reach) // hop
                have = Range(first, first + values.shape[-1])
                _copy(values[channel], have, target, Range(begin, begin + target.shape[-1]))

            made = synthesis.run(fill)
            common = Range(start, start + blocks.step).common(output)
            skip = start - stage.dual_reach
            signal[channel, common.start - output.start : common.stop - output.start] = made[
                common.start - skip : common.stop - skip
            ]

    _in_threads(work, blocks.places(channels), blocks.size, workers)
    return signal
