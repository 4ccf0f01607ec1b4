"""The controls of a player: sources, position, volume, speed."""

from __future__ import annotations

import threading
from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import wraps
from typing import Any, Concatenate, ParamSpec, TypeVar

from msviz.errors import ParameterError
from msviz.playback.buffer import PlaybackBuffer
from msviz.playback.mixer import Mixer, PlaybackRequest, Seek
from msviz.playback.sources import require_same_shape
from msviz.signal import Source

SPEEDS = {1.0: 1, 0.5: 2, 0.25: 4}  # and how many times slower each is
MIN_LOOP_S = 0.001  # shorter loops turn so often that the audio callback would have no time left

T = TypeVar("T", bound="Transport")
P = ParamSpec("P")
R = TypeVar("R")


def exclusive(method: Callable[Concatenate[T, P], R]) -> Callable[Concatenate[T, P], R]:
    """A method that holds the lock on the request, because its change depends on the current request."""

    @wraps(method)
    def alone(self: T, /, *args: P.args, **named: P.kwargs) -> R:
        with self._lock:
            return method(self, *args, **named)

    return alone


class Transport(ABC):
    """The controls of a player: each method requests something and returns at once.

    The request is the mixer's, which follows it when the samples are ready.
    """

    def __init__(self) -> None:
        self._mixer = Mixer()
        self._origin = 0  # where playback began
        self._speed = 1.0
        self._volume, self._muted = 1.0, False
        # Between those who change the request; the audio callback takes no lock.
        self._lock = threading.RLock()
        self._wake = threading.Event()  # of the thread that computes chunks

    @property
    @abstractmethod
    def position(self) -> int:
        """The sample that is audible now."""

    @abstractmethod
    def _begin(self, track: PlaybackBuffer) -> None:
        """Get ready to play; retry what failed before."""

    # Sources

    @exclusive
    def load(self, sources: Mapping[str, Source]) -> None:
        """Load other sources, paused at the beginning; the first is selected.

        Raises
        ------
        ParameterError
            If there are none, or they differ in rate, channels or length.
        """
        self._replace(PlaybackBuffer(sources, slower=SPEEDS[self._speed]))

    @exclusive
    def exchange(self, sources: Mapping[str, Source], *, counted: bool = False) -> None:
        """Replace the loaded sources; playback continues at its position.

        As with `select`, playback switches to the new ones as soon as their samples are ready.  For sources
        that are already loaded (the same objects), samples that are ready are kept.

        Parameters
        ----------
        sources : mapping of str to Source
        counted : bool
            Whether they may have another length, because that of their file has become known.

        Raises
        ------
        ParameterError
            If they differ in names, rate, channels or length from each other or from those loaded.
        """
        loaded = self._mixer.request.track
        if loaded is None or loaded.names != tuple(sources):
            raise ParameterError(
                f"sources must be named {', '.join(self.names) or 'nothing'}, not {', '.join(sources)}"
            )
        first = next(iter(sources.values()))
        require_same_shape(next(iter(loaded.originals.values())), first, length=not counted)
        self._update_request(
            track=PlaybackBuffer(sources, slower=loaded.slower, rate=loaded.rate, before=loaded)
        )

    @exclusive
    def unload(self) -> None:
        """Stop and release the sources."""
        self._replace(None)

    def _replace(self, track: PlaybackBuffer | None) -> None:
        self._origin = 0
        self._mixer.request = PlaybackRequest(track, seek=Seek(0))
        self._wake.set()

    @property
    def names(self) -> tuple[str, ...]:
        """Names of the loaded sources, in order."""
        track = self._mixer.request.track
        return track.names if track else ()

    @property
    def source(self) -> str | None:
        """Name of the selected source; None if nothing is loaded."""
        request = self._mixer.request
        return request.track.names[request.source] if request.track else None

    @exclusive
    def select(self, name: str) -> None:
        """Switch to another source as soon as possible, without a gap.

        Raises
        ------
        ParameterError
            If no source of this name is loaded.
        """
        names = self.names
        if name not in names:
            raise ParameterError(f"source must be one of {', '.join(names) or 'none'}, not {name}")
        self._update_request(source=names.index(name))

    @property
    def volume(self) -> float:
        """Volume from 0 to 1; at 1, samples are unchanged."""
        return self._volume

    @volume.setter
    @exclusive
    def volume(self, volume: float) -> None:
        if not 0 <= volume <= 1:
            raise ParameterError(f"volume must be between 0 and 1, not {volume}")
        self._volume = float(volume)
        self._mixer.volume = 0.0 if self._muted else self._volume

    @property
    def muted(self) -> bool:
        """Whether the sound is muted, whatever the volume."""
        return self._muted

    @muted.setter
    @exclusive
    def muted(self, muted: bool) -> None:
        self._muted = bool(muted)
        self._mixer.volume = 0.0 if self._muted else self._volume

    # Position

    @property
    def playing(self) -> bool:
        """Whether samples are audible or about to be, until the last one has been played."""
        return self._mixer.request.playing

    @exclusive
    def play(self) -> None:
        """Play from the position, or from the start if it is the end.  Retries what failed before."""
        request = self._mixer.request
        if not request.track or request.playing:
            return
        self._begin(request.track)
        if self.position >= request.track.original_length:
            self.seek(0)
        self._origin = self.position
        self._update_request(playing=True)

    @exclusive
    def play_range(self, start: int, stop: int) -> None:
        """Play samples [start, stop) once, then stop and go back to `start`.

        `pause` and `play` interrupt it, `seek` and `stop` end it.  Meanwhile, a loop is suspended.

        Raises
        ------
        ParameterError
            If the range contains no samples of the track.
        """
        track = self._mixer.request.track
        if track is None:
            return
        first, last = self._within(track, start, stop)
        self._begin(track)
        self._origin = first
        self._update_request(playing=True, once=(first, last), seek=Seek(first), pointer=None)

    @property
    def loop(self) -> tuple[int, int] | None:
        """The samples [start, stop) to repeat, if any.

        A playhead before `stop` goes on to it and then jumps back, one after it jumps to `start`, both
        without a click.  The period is exactly the range; ranges shorter than 1 ms are extended to that.

        Raises
        ------
        ParameterError
            If the range contains no samples of the track.
        """
        return self._mixer.request.loop

    @loop.setter
    @exclusive
    def loop(self, loop: tuple[int, int] | None) -> None:
        track = self._mixer.request.track
        if loop is not None and track is not None:
            start, stop = self._within(track, *loop)
            shortest = round(MIN_LOOP_S * track.original_rate)
            stop = min(max(stop, start + shortest), track.original_length)
            start = max(min(start, stop - shortest), 0)
            loop = start, stop
        self._update_request(loop=loop if track else None)

    def _within(self, track: PlaybackBuffer, start: int, stop: int) -> tuple[int, int]:
        first, last = max(int(start), 0), min(int(stop), track.original_length)
        if first >= last:
            raise ParameterError(
                f"the range from sample {start} to {stop} is outside the {track.original_length} samples"
            )
        return first, last

    @exclusive
    def pause(self) -> None:
        """Fade out here.  The position still moves on until the sound already sent has been played."""
        self._update_request(playing=False)

    @exclusive
    def stop(self) -> None:
        """Pause and go back to where playback began (by `play` or `seek`); if paused, to the start."""
        if not self.playing:
            self._origin = 0
        self._update_request(playing=False, once=None, seek=Seek(self._origin))

    @exclusive
    def seek(self, sample: int) -> None:
        """Go to a sample within the track.  Playback continues there without a click."""
        self._origin = self._clipped(sample)
        self._update_request(once=None, seek=Seek(self._origin))

    def _clipped(self, sample: float) -> int:
        track = self._mixer.request.track
        return min(max(int(sample), 0), track.original_length) if track else 0

    @exclusive
    def scrub(self, sample: float) -> None:
        """Play the sound at a moving pointer, at its speed; call it for every move.

        A pointer at rest is silent.  Playback is suspended until `end_scrub`.
        """
        request = self._mixer.request
        if request.track is None:
            return
        if request.pointer is None:
            self._begin(request.track)
            if request.track.slower > 1:  # the pointer alone has a speed
                self._update_request(track=request.track.changed(slower=1))
        self._update_request(pointer=self._clipped(sample))

    @exclusive
    def end_scrub(self) -> None:
        """End scrubbing and stay at the pointer, or continue playback from there."""
        request = self._mixer.request
        if request.pointer is None or request.track is None:
            return
        self._origin = self._clipped(request.pointer)
        track = request.track.changed(slower=SPEEDS[self._speed])
        self._update_request(pointer=None, once=None, seek=Seek(self._origin), track=track)

    @property
    def speed(self) -> float:
        """Playback speed, 1, 0.5 or 0.25, at constant pitch; at 1, samples are unchanged.

        Raises
        ------
        ParameterError
            If set to anything else.
        """
        return self._speed

    @speed.setter
    @exclusive
    def speed(self, speed: float) -> None:
        if speed not in SPEEDS:
            raise ParameterError(f"speed must be one of {', '.join(f'{s:g}' for s in SPEEDS)}, not {speed:g}")
        self._speed = float(speed)
        request = self._mixer.request
        if request.track and request.pointer is None and request.track.slower != SPEEDS[speed]:
            self._update_request(track=request.track.changed(slower=SPEEDS[speed]))

    def _update_request(self, **changes: Any) -> None:
        self._mixer.request = replace(self._mixer.request, **changes)
        self._wake.set()
