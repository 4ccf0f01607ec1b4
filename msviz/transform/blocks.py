"""Run a stage over an interval, block by block, in threads."""

from __future__ import annotations

import itertools
import os
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from msviz.cancellation import Cancelled, raise_if_cancelled
from msviz.transform.base import Map
from msviz.transform.frames import Frames, Range
from msviz.transform.stages import Stage

Array = NDArray[Any]

BLOCK = 2**14  # samples in a block, or more where filters reach far; what a core's caches hold with its rows
BATCH = 4  # blocks that go through one call: enough to amortise it, and for SIMD across the rows of an FFT


#: A channel, and the stage's sample that the kept middle of a block starts at.
Place = tuple[int, int]

#: Places that go through one call, with the mask that they share.
Batch = tuple[Any, list[Place]]


POOL_NAME = "msviz-transform"


def _wanted(left: Iterator[Batch]) -> Iterator[Batch]:
    """Yield items until the work of this thread is cancelled."""
    for batch in left:
        try:
            raise_if_cancelled()
        except Cancelled:
            list(left)  # nothing is left for the other threads either
            raise
        yield batch


@cache
def _pool(threads: int) -> ThreadPoolExecutor:
    """Threads that persist until the program ends, each with its own scratch memory."""
    return ThreadPoolExecutor(threads, thread_name_prefix=POOL_NAME)


if hasattr(os, "register_at_fork"):  # a forked child has the pool, but none of its threads
    os.register_at_fork(after_in_child=_pool.cache_clear)


def _in_threads(work: Callable[[Iterator[Batch]], None], batches: list[Batch], workers: int) -> None:
    """Share the batches among threads: each takes the next one, and writes to its own part of the output."""
    left = iter(batches)  # that of a list gives every batch to one thread only
    threads = min(workers, len(batches) // 2)  # one that has but one batch to do costs more than it saves
    others = [_pool(workers - 1).submit(work, left) for _ in range(threads - 1)]
    work(_wanted(left))
    for other in others:
        other.result()


class Blocks(NamedTuple):
    """How an interval is divided into blocks of `size`, of which the middle `step` samples are used."""

    size: int
    step: int
    starts: list[int]  # of the kept middles

    @classmethod
    def covering(cls, output: Range, reach: int, grain: int) -> Blocks:
        begin = output.start // grain * grain
        longest = max(BLOCK, 2 ** (8 * reach - 1).bit_length())
        size = min(longest, 2 ** (output.stop - begin + 2 * reach - 1).bit_length())
        step = size - 2 * reach
        return cls(size, step, list(range(begin, output.stop, step)))

    def batches(self, channels: int, masks: Sequence[Any]) -> list[Batch]:
        """All blocks of all channels, grouped by mask."""
        batches: list[Batch] = []
        jobs = [(c, s, m) for s, m in zip(self.starts, masks, strict=True) for c in range(channels)]
        for mask, same in itertools.groupby(jobs, key=lambda job: job[2]):
            places = [(channel, start) for channel, start, _ in same]
            batches += [(mask, places[i : i + BATCH]) for i in range(0, len(places), BATCH)]
        return batches


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
    low = np.empty((channels, max(low_wanted.stop - low_wanted.start, 0)), stage.dtype)
    if output is None:
        return frames, low
    blocks = Blocks.covering(output, stage.reach, stage.grain)
    # Every output of a block, as (target, wanted range, stage samples in one of its steps).
    outputs = [
        (values, r, octave.hop // stage.decimation)
        for values, r, octave in zip(frames, wanted, stage.octaves, strict=True)
    ]
    outputs.append((low, low_wanted, stage.low_hop // stage.decimation))

    def kept(start: int, hop: int) -> Range:
        return Range(start // hop, (start + blocks.step) // hop)

    masks = [
        tuple(common.stop > common.start for common in (kept(start, hop).common(r) for _, r, hop in outputs))
        for start in blocks.starts
    ]
    batches = blocks.batches(channels, masks)
    most = max(len(batch) for _, batch in batches)

    def work(left: Iterator[Batch]) -> None:
        scratch = stage.scratch(1, most * stage.table(blocks.size).points)[0]
        samples = np.empty((most, blocks.size), stage.dtype)
        for mask, batch in left:
            for row, (channel, start) in enumerate(batch):
                first = start - stage.reach
                _copy(signal[channel], have, samples[row], Range(first, first + blocks.size))
            for number, values in stage.analyze(samples[: len(batch)], mask, scratch):
                target, r, hop = outputs[number]
                middles = values[..., stage.reach // hop : (stage.reach + blocks.step) // hop]
                if map and number < len(frames):
                    middles = map(middles)
                for row, (channel, start) in enumerate(batch):
                    common = kept(start, hop).common(r)
                    skip = start // hop
                    target[channel, ..., common.start - r.start : common.stop - r.start] = middles[
                        row, ..., common.start - skip : common.stop - skip
                    ]

    _in_threads(work, batches, workers)
    return frames, low


def synthesize_stage(
    stage: Stage, bands: Sequence[Frames], low: Array, low_start: int, output: Range, workers: int
) -> Array:
    """Samples `output` of a stage from its octaves' frames and its low-passed signal, block by block."""
    channels = len(low)
    signal = np.empty((channels, max(output.stop - output.start, 0)), stage.dtype)
    blocks = Blocks.covering(output, stage.dual_reach, stage.grain)
    inputs = [(b.coefficients, b.first_frame, b.hop // stage.decimation) for b in bands]
    inputs.append((low, low_start, stage.low_hop // stage.decimation))
    batches = blocks.batches(channels, [None] * len(blocks.starts))
    most = max((len(batch) for _, batch in batches), default=0)

    def work(left: Iterator[Batch]) -> None:
        points = max(stage.table(blocks.size).points, stage.dual_table(blocks.size).points)
        scratch = stage.scratch(2, most * points)
        low_parts = np.empty((most, blocks.size // inputs[-1][2]), stage.dtype)
        for _, batch in left:

            def gather(number: int, target: Array, batch: list[Place] = batch) -> None:
                values, first, hop = inputs[number]
                have = Range(first, first + values.shape[-1])
                for row, (channel, start) in enumerate(batch):
                    begin = (start - stage.dual_reach) // hop
                    _copy(values[channel], have, target[row], Range(begin, begin + blocks.size // hop))

            low_part = low_parts[: len(batch)]
            gather(len(bands), low_part)
            made = stage.synthesize(gather, low_part, blocks.size, scratch)
            for row, (channel, start) in enumerate(batch):
                common = Range(start, start + blocks.step).common(output)
                skip = stage.dual_reach - start
                signal[channel, common.start - output.start : common.stop - output.start] = made[
                    row, common.start + skip : common.stop + skip
                ]

    _in_threads(work, batches, workers)
    return signal
