"""The work of the audio callback, independent of any device."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from msviz.playback.buffer import PlaybackBuffer
from msviz.playback.scrub import Tape


class Seek:
    """A requested position.  Compared by identity, because the same sample can be requested twice."""

    def __init__(self, sample: int) -> None:
        self.sample = sample


class Tally:
    """What has gone wrong since the sources were loaded; reset by whoever shows it.

    Attributes
    ----------
    dropouts : int
        How often samples were not ready in time.
    clipped : bool
        Whether a sample sent to the device has reached full scale.
    """

    def __init__(self) -> None:
        self.dropouts = 0
        self.clipped = False


@dataclass(frozen=True)
class PlaybackRequest:
    """What to play.  Replaced as a whole to change it, and read by the mixer when it can.

    All positions are samples of the original.  `loop` is repeated; `once`, which has precedence, ends in
    silence.  `pointer` is the position for scrubbing, instead of playback.
    """

    track: PlaybackBuffer | None = None
    source: int = 0
    playing: bool = False
    seek: Seek = field(default_factory=lambda: Seek(0))
    loop: tuple[int, int] | None = None
    once: tuple[int, int] | None = None
    pointer: float | None = None
    tally: Tally = field(default_factory=Tally)


class Piece(NamedTuple):
    """From `offset` in a filled buffer on, the position moves from `position` by `moved` steps.

    A step is one sample of the buffer, measured in samples of the original.  The position then stops; with
    `moved` 0 it does not move.  `seek` is the last seek carried out.
    """

    offset: int
    position: float
    moved: int
    step: float
    seek: Seek


class Mixer:
    """Fills buffers with the requested source.

    Only the mixer moves the position.  All changes of the output, whether to another source, speed or
    position, at the end of a loop, on pause or play, are done in the same way: by an equal-gain crossfade of
    8 ms from the current to the requested output, which may be silence.  It begins when the new samples are
    ready; until then the old ones continue.  A crossfade is always finished before the next one begins.

    Pause fades out and stays where the fade began; play fades in from there, so that the samples under both
    fades add up to the original.  Only the first sample of the track is not faded in.

    A loop repeats with a crossfade from the samples after its stop to those from its start on, so that its
    period is exactly its length.  In a loop, no crossfade lasts longer than half of it, so that even the
    shortest loop has samples that play unchanged.

    If samples are not ready in time there is silence, counted as a dropout, and the position stops: no
    sample is ever skipped.
    """

    def __init__(self) -> None:
        self.request = PlaybackRequest()
        self.volume = 1.0
        self.position = 0.0  # in samples of the original
        self.seek = self.request.seek
        self.peaks = (0.0, 0.0)  # of the buffer filled last, left and right
        self._own = 0  # the position, in samples of the track
        self._step = 1.0  # the track's
        self._voice: tuple[PlaybackBuffer, int] | None = None  # what is heard; None is silence
        self._fade = np.empty((0, 2), np.float32)  # the rest of a crossfade, made whole when it begins
        self._limit = 0  # sample of the track heard at which it may turn or end
        self._tape = Tape()
        self._gain = 1.0
        self._tally = self.request.tally  # of what is heard, which ends a little after its request

    def fill(self, out: NDArray[np.float32]) -> list[Piece]:
        """Fill `out` (n, 2) and return the pieces put into it."""
        pieces, tally = [], self._tally
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
                count = track.copy(source, self._own, rest[: self._limit - self._own])
                if not count:
                    self._voice = None
                    self._tally.dropouts += 1
                    continue
            else:
                count = len(rest)
                rest[:] = 0
            moved = min(count, self._voice[0].length - self._own) if self._voice else 0
            pieces.append(Piece(done, self.position, moved, self._step, self.seek))
            if moved:
                self._own += moved
                self.position = self._own * self._step
            done += count
        request = self.request
        if request.track:
            self._tape.add(out, request.track, request.source, request.pointer)
        self._apply_volume(out)
        left, right = np.abs(out).max(axis=0, initial=0).tolist()
        self.peaks = left, right
        if max(left, right) >= 1:
            tally.clipped = True
        return pieces

    def cut(self) -> None:
        """Reset after the device is closed: neither the output nor the volume needs to fade."""
        self._voice, self._fade, self._gain = None, self._fade[:0], self.volume
        self._tape = Tape()
        self._tally = self.request.tally

    def _follow(self) -> None:
        """Begin the crossfade to the requested output, if it differs and is ready."""
        request, track = self.request, self.request.track
        asked = request.seek is not self.seek
        position = request.seek.sample if asked else self.position
        voice, place, step, limit, fade = None, 0, 1.0, 0, None
        if track:
            step, limit = track.step, track.length
            place = track.own(position) if asked or step != self._step else self._own
            if request.playing and request.pointer is None:
                if request.once:
                    limit = track.own(request.once[1])
                elif request.loop:
                    start, limit = track.own(request.loop[0]), track.own(request.loop[1])
                    fade = (limit - start) // 2
                    if place >= limit:
                        # A crossfade may have gone past the stop: time is as much past the start.
                        over = place - limit if place - limit < track.fade else 0
                        place = start + over % max(limit - start, 1)
                        position = place * step
                if place < limit:
                    voice = track, request.source
        if voice != self._voice or (voice and place != self._own):
            if voice and not voice[0].is_ready(voice[1], place, place + voice[0].lead):
                voice = self._voice
                if voice is None:
                    return
                if voice[0] is not track or not (
                    place == self._own or track.is_ready(voice[1], place, place + track.lead)
                ):
                    self._limit = voice[0].length  # it goes on, past the stop of a loop if need be
                    return
            if voice != self._voice or place != self._own:
                self._fade = self._crossfade(voice, place, fade)
        if not len(self._fade):
            self._tally = request.tally
        self._voice, self._limit, self.seek = voice, limit, request.seek
        self.position, self._own, self._step = position, place, step

    def _crossfade(
        self, voice: tuple[PlaybackBuffer, int] | None, place: int, longest: int | None
    ) -> NDArray[np.float32]:
        if self._voice is None and place == 0:
            return self._fade
        length = next(track.fade for track, _ in filter(None, (voice, self._voice)))
        length = length if longest is None else min(length, longest)
        old, new = np.zeros((2, length, 2), np.float32)
        if self._voice:
            self._voice[0].copy(self._voice[1], self._own, old)
        if voice:
            voice[0].copy(voice[1], place, new)
        gain = (np.arange(len(old), dtype=np.float32) + 0.5) / len(old)
        new -= old
        new *= gain[:, np.newaxis]
        new += old
        return new

    def _apply_volume(self, out: NDArray[np.float32]) -> None:
        """Scale by the volume, which takes at least 2048 samples to change by full scale."""
        step = len(out) / 2048
        gain = min(max(self.volume, self._gain - step), self._gain + step)
        if gain != self._gain:
            out *= np.linspace(self._gain, gain, len(out), dtype=np.float32)[:, np.newaxis]
        elif gain != 1.0:
            out *= np.float32(gain)
        self._gain = gain
