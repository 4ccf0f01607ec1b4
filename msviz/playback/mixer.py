"""What the audio callback does, with no device in sight."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from msviz.playback.track import CHUNK, Track

FADE_S = 0.008
LEAD = CHUNK // 4  # samples that must be ready before a source is faded in, so that it does not run dry


class Seek:
    """A place that was asked for.  Compared by identity: the same sample can be asked for twice."""

    def __init__(self, sample: int) -> None:
        self.sample = sample


@dataclass(frozen=True)
class Wish:
    """What is to be heard.  Replaced as a whole by whoever steers, read by the mixer when it can."""

    track: Track | None = None
    source: int = 0
    playing: bool = False
    seek: Seek = field(default_factory=lambda: Seek(0))


class Piece(NamedTuple):
    """From `offset` in a filled buffer on, the position moves from `position` by `moved` samples.

    It then stands; with 0 it stands at once.  `seek` is the last that had been followed.
    """

    offset: int
    position: int
    moved: int
    seek: Seek


class Mixer:
    """Fills buffers with the source that is wished for.

    The mixer alone moves the position.  Whatever changes what is heard, be it another source, another
    place, pause or play, is one thing: a crossfade of 8 ms with equal gain from what is heard to what
    is wished for, silence included.  It begins when the new samples are ready; until then the old ones
    go on.  A crossfade is always finished before the next one begins.

    To pause is to fade out and stay where the fade began; to play fades in from there, so that
    the two parts of the samples under the fades add up to the whole.  Only the track's first sample is
    not faded in: there is nothing before it.

    Where samples are not ready in time there is silence, counted in `underruns`, and the position stays:
    no sample is ever left out.
    """

    def __init__(self) -> None:
        self.wish = Wish()
        self.volume = 1.0
        self.underruns = 0
        self.position = 0
        self.seek = self.wish.seek
        self._voice: tuple[Track, int] | None = None  # what is heard; None is silence
        self._fade = np.empty((0, 2), np.float32)  # the rest of a crossfade, made whole when it begins
        self._gain = 1.0

    def fill(self, out: NDArray[np.float32]) -> list[Piece]:
        """Fill `out` (n, 2) and tell what was put where."""
        pieces = []
        done = 0
        while done < len(out):
            if not len(self._fade):
                self._follow()
            rest = out[done:]
            if len(self._fade):
                count = min(len(rest), len(self._fade))
                rest[:count], self._fade = self._fade[:count], self._fade[count:]
            elif self._voice:
                track, source = self._voice
                count = track.copy(source, self.position, rest)
                if not count:
                    self._voice = None
                    self.underruns += 1
                    continue
            else:
                count = len(rest)
                rest[:] = 0
            moved = min(count, self._voice[0].length - self.position) if self._voice else 0
            pieces.append(Piece(done, self.position, moved, self.seek))
            self.position += moved
            done += count
        self._apply_volume(out)
        return pieces

    def cut(self) -> None:
        """Be silent at once: the device is closed, and what was heard need not fade."""
        self._voice, self._fade = None, self._fade[:0]

    def _follow(self) -> None:
        """Begin the crossfade to what is wished for, if it is something else and is ready."""
        wish = self.wish
        place = self.position if wish.seek is self.seek else wish.seek.sample
        voice = None
        if wish.track and wish.playing and place < wish.track.length:
            voice = wish.track, wish.source
        if voice != self._voice or (voice and place != self.position):
            if voice and not voice[0].is_ready(voice[1], place, place + LEAD):
                return
            self._fade = self._crossfade(voice, place)
        self._voice, self.position, self.seek = voice, place, wish.seek

    def _crossfade(self, voice: tuple[Track, int] | None, place: int) -> NDArray[np.float32]:
        if self._voice is None and place == 0:
            return self._fade
        rate = next(track.rate for track, _ in filter(None, (voice, self._voice)))
        old, new = np.zeros((2, round(FADE_S * rate), 2), np.float32)
        if self._voice:
            self._voice[0].copy(self._voice[1], self.position, old)
        if voice:
            voice[0].copy(voice[1], place, new)
        gain = (np.arange(len(old), dtype=np.float32) + 0.5) / len(old)
        new -= old
        new *= gain[:, np.newaxis]
        new += old
        return new

    def _apply_volume(self, out: NDArray[np.float32]) -> None:
        """Scale by the volume, which changes by full scale in no less than 2048 samples."""
        step = len(out) / 2048
        gain = min(max(self.volume, self._gain - step), self._gain + step)
        if gain != self._gain:
            out *= np.linspace(self._gain, gain, len(out), dtype=np.float32)[:, np.newaxis]
        elif gain != 1.0:
            out *= np.float32(gain)
        self._gain = gain
