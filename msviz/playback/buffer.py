"""The sources of a track and, around the playhead, their samples ready for the device."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from msviz.errors import AudioError, MsvizError, ParameterError, as_sentence
from msviz.log import logger
from msviz.playback.resample import Resampled
from msviz.playback.slow import SlowedSource
from msviz.playback.sources import require_same_shape
from msviz.signal import Source

CHUNK = 1 << 15  # samples computed at once: a resynthesis costs little more than for fewer
AHEAD = 6  # chunks to compute ahead of the playhead
KEPT = 64  # chunks of all sources to keep around the playhead: 16 MB
LEAD_S = 0.1  # that must be ready before a source is faded in, so that it does not run out
FADE_S = 0.008


def fold(samples: NDArray[np.floating]) -> NDArray[np.float32]:
    """Mix samples (channels, n) down to stereo, (n, 2).

    One channel plays on both sides, two are unchanged.  With more, the left side is the mean of the first and
    all from the third on, the right side the mean of the second and all from the third on: nothing is lost
    and nothing can clip, whatever the channels are for.
    """
    left, right = samples[0], samples[min(1, len(samples) - 1)]
    if len(samples) > 2:
        both = samples[2:].sum(axis=0)
        left, right = (left + both) / (len(samples) - 1), (right + both) / (len(samples) - 1)
    return np.stack([left, right], axis=1).astype(np.float32, copy=False)


class PlaybackBuffer:
    """Sources that share one position, at the sampling rate of the device and the requested speed.

    Samples are those sent to the device, unless they are said to be of the original: `own` and `original`
    convert between the two.  At speed 1 and its own rate, a source is sent unchanged.

    One thread computes chunks; others, such as the audio callback, may copy chunks that are ready meanwhile:
    only whole arrays that never change are added to and removed from `ready`, so no lock is needed.

    Parameters
    ----------
    sources : mapping of str to Source
        At least one, all of the same rate, channels and length.
    slower : int
        How many times slower than the original: 1, 2 or 4.
    rate : int, optional
        The device's, in Hz; that of the sources by default.
    before : PlaybackBuffer, optional
        The buffer that this one replaces.  Its chunks of the same sources, computed in the same way, are
        reused.

    Raises
    ------
    ParameterError
        If there is no source, or if they differ in rate, channels or length.
    """

    def __init__(
        self,
        sources: Mapping[str, Source],
        *,
        slower: int = 1,
        rate: int | None = None,
        before: PlaybackBuffer | None = None,
    ) -> None:
        if not sources:
            raise ParameterError("there must be at least one source to play")
        self.originals = dict(sources)
        self.names = tuple(sources)
        first, *others = sources.values()
        for source in others:
            require_same_shape(first, source)
        self.original_rate, self.original_length = first.rate, first.length
        self.rate, self.slower = rate or first.rate, slower
        self.step = first.rate / (self.rate * slower)  # samples of the original per sample sent
        self.fade, self.lead = round(FADE_S * self.rate), round(LEAD_S * self.rate)
        kept = self._kept(before)
        alike = before is not None and before.original_length == self.original_length
        self.sources: tuple[Source, ...] = tuple(
            before.sources[kept[index]] if before and index in kept and alike else self._as_sent(source)
            for index, source in enumerate(sources.values())
        )
        self.length = self.sources[0].length
        self.ready: dict[tuple[int, int], NDArray[np.float32]] = {}
        self.failures: dict[int, MsvizError] = {}  # sources that could not be read, and why
        if before:
            now = {was: index for index, was in kept.items()}
            ready = before.ready.copy()  # a copy, because another thread may be adding to it
            # If their lengths differ, chunks from the end of the shorter one on have changed.
            end = self.length if alike else min(before.length, self.length) // CHUNK
            self.ready = {
                (now[was], at): made for (was, at), made in ready.items() if was in now and at < end
            }

    def _kept(self, before: PlaybackBuffer | None) -> dict[int, int]:
        """Which sources are the same as those of another buffer, and are sent in the same way."""
        if before is None or (before.rate, before.slower) != (self.rate, self.slower):
            return {}
        known = {id(source): index for index, source in enumerate(before.originals.values())}
        sources = enumerate(self.originals.values())
        return {index: known[id(source)] for index, source in sources if id(source) in known}

    def _as_sent(self, source: Source) -> Source:
        slower = SlowedSource(source, self.slower) if self.slower > 1 else source
        return Resampled(slower, self.rate) if self.rate != source.rate else slower

    def changed(self, *, slower: int | None = None, rate: int | None = None) -> PlaybackBuffer:
        """The same sources at another speed or for another rate."""
        return PlaybackBuffer(
            self.originals, slower=slower or self.slower, rate=rate or self.rate, before=self
        )

    def own(self, sample: float) -> int:
        """The sample sent that corresponds to a sample of the original."""
        return min(round(sample / self.step), self.length)

    def original(self, own: int) -> float:
        """The position in the original that corresponds to a sample sent."""
        return own * self.step

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
        """Whether samples [start, stop) of a source, as far as they exist, can be copied."""
        last = min(stop, self.length) - 1
        return all((source, index) in self.ready for index in range(start // CHUNK, last // CHUNK + 1))

    def upcoming(self, position: int, loop: tuple[int, int] | None = None) -> list[int]:
        """Numbers of the chunks needed from a playhead at `position` on, in order.

        In a loop [start, stop) they continue at its start, after the samples after its stop that the
        crossfade needs.
        """
        here, last = position // CHUNK, max(self.length - 1, 0) // CHUNK
        if loop is None:
            return list(range(here, min(here + AHEAD, last) + 1))
        start, stop = loop
        turn = min((stop + self.fade) // CHUNK, last)
        again = range(start // CHUNK, min(max(turn, (start + self.lead) // CHUNK), last) + 1)
        ahead = range(here, turn + 1) if position < stop else ()
        return list(dict.fromkeys([*ahead, *again]))[: AHEAD + 1]

    def around(self, position: int) -> list[int]:
        """Numbers of the chunks around a position that may move either way, the nearest first."""
        here, last = position // CHUNK, max(self.length - 1, 0) // CHUNK
        return [index for index in (here, here + 1, here - 1) if 0 <= index <= last]

    def missing(self, selected: int, upcoming: Sequence[int]) -> tuple[int, int] | None:
        """The chunk (source, index) to compute next of those needed, None if all are ready.

        The selected source comes first and stays two chunks ahead of the others, which are computed so that
        switching to them is instant; if there is not enough time for all, the others fall behind.
        """
        others = [source for source in range(len(self.sources)) if source not in (selected, *self.failures)]
        # At the end of the track, or if the loop is all of it, the others catch up.
        reach = upcoming[:AHEAD]
        for step in range(len(upcoming) + 1):
            chunks = [(selected, index) for index in upcoming[step : step + 1]]
            chunks += [(source, index) for source in others for index in reach[max(step - 1, 0) : step]]
            for chunk in chunks:
                if chunk not in self.ready:
                    return chunk
        return None

    def make(self, source: int, index: int, upcoming: Sequence[int]) -> None:
        """Compute one chunk; if there are too many, drop those far from what will be needed.

        A source that cannot be read is recorded in `failures`: the others can still be played.
        """
        start = index * CHUNK
        try:
            samples = self.sources[source].read(start, min(start + CHUNK, self.length))
            self.ready[source, index] = fold(samples)
        except MsvizError as error:
            self.failures[source] = error
        except Exception as error:
            logger.warning("%s cannot be played", self.names[source], exc_info=True)
            self.failures[source] = AudioError(f"{self.names[source]} cannot be played. {as_sentence(error)}")
        here = upcoming[0] if upcoming else index
        spare = [key for key in self.ready if key[1] not in upcoming]
        spare.sort(key=lambda key: abs(key[1] - here))
        while spare and len(self.ready) > KEPT:
            del self.ready[spare.pop()]
