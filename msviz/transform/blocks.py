"""Run a stage over an interval, block by block, in threads."""

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
from msviz.transform.fft import planner
from msviz.transform.frames import Frames, Range
from msviz.transform.stages import LOW_DTYPE, Analysis, Stage, Synthesis

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
