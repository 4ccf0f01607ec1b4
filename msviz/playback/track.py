"""The sources of a track and, around the playhead, their samples ready for the device."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from msviz.errors import AudioError, MsvizError, ParameterError
from msviz.playback.sources import require_same_shape
from msviz.signal import Source

CHUNK = 1 << 15  # samples made at once: a resynthesis costs little more than for a shorter stretch
AHEAD = 6  # chunks that are made before the playhead gets there
KEPT = 28  # chunks of every source that are kept around the playhead: 7 MB a source


def fold(samples: NDArray[np.floating]) -> NDArray[np.float32]:
    """Two channels to listen to, as (n, 2), from samples (channels, n).

    One channel is heard on both sides, two as they are.  Of more, the left side is the mean of the
    first and all from the third on, the right side the mean of the second and all from the third on:
    nothing is lost, nothing can clip, and what a channel is need not be known.
    """
    left, right = samples[0], samples[min(1, len(samples) - 1)]
    if len(samples) > 2:
        both = samples[2:].sum(axis=0)
        left, right = (left + both) / (len(samples) - 1), (right + both) / (len(samples) - 1)
    return np.stack([left, right], axis=1).astype(np.float32, copy=False)


class Track:
    """Sources that share one position.

    One thread makes chunks; any other, the audio callback above all, may copy what is ready meanwhile:
    `ready` only ever gains and loses whole arrays that nobody changes, so no lock is needed.

    Parameters
    ----------
    sources : mapping of str to Source
        At least one, all of the same rate, channels and length.

    Raises
    ------
    ParameterError
        If there is none, or if they differ in one of these.
    """

    def __init__(self, sources: Mapping[str, Source]) -> None:
        if not sources:
            raise ParameterError("sources to play must be at least one, not none")
        self.names = tuple(sources)
        self.sources = tuple(sources.values())
        for source in self.sources[1:]:
            require_same_shape(self.sources[0], source)
        self.rate = self.sources[0].rate
        self.length = self.sources[0].length
        self.ready: dict[tuple[int, int], NDArray[np.float32]] = {}
        self.failures: dict[int, MsvizError] = {}  # sources that could not be read, and why

    def copy(self, source: int, start: int, out: NDArray[np.float32]) -> int:
        """Copy samples from `start` on into `out` (n, 2), as many as are ready; return how many."""
        done = 0
        while done < len(out):
            index, offset = divmod(start + done, CHUNK)
            chunk = self.ready.get((source, index))
            if chunk is None or offset >= len(chunk):
                break
            count = min(len(out) - done, len(chunk) - offset)
            out[done : done + count] = chunk[offset : offset + count]
            done += count
        return done

    def is_ready(self, source: int, start: int, stop: int) -> bool:
        """Whether samples [start, stop) of a source, as far as it has them, can be copied."""
        last = min(stop, self.length) - 1
        return all((source, index) in self.ready for index in range(start // CHUNK, last // CHUNK + 1))

    def wanted(self, selected: int, position: int) -> tuple[int, int] | None:
        """The chunk (source, index) to make next for a playhead at `position`, None if all are ready.

        The selected source comes first and stays two chunks ahead of the others, which follow so that a
        switch to them is instant; where not all can be made in time, it is they that stay behind.
        """
        here = position // CHUNK
        others = [source for source in range(len(self.sources)) if source not in (selected, *self.failures)]
        for step in range(AHEAD + 1):
            candidates = [(selected, here + step)] + [(source, here + step - 1) for source in others if step]
            for source, index in candidates:
                if index * CHUNK < self.length and (source, index) not in self.ready:
                    return source, index
        return None

    def make(self, source: int, index: int, position: int) -> None:
        """Make one chunk ready; let go of those farthest from `position` where there are too many.

        A source that cannot be read goes to `failures`: the others can still be heard.
        """
        start = index * CHUNK
        try:
            samples = self.sources[source].read(start, min(start + CHUNK, self.length))
            self.ready[source, index] = fold(samples)
        except MsvizError as error:
            self.failures[source] = error
        except Exception as error:
            self.failures[source] = AudioError(f"{self.names[source]} cannot be played: {error!r}.")
            self.failures[source].__cause__ = error
        while len(self.ready) > KEPT * len(self.sources):
            del self.ready[max(self.ready, key=lambda key: abs(key[1] - position // CHUNK))]
