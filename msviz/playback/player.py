"""The player: one position, several sources, sound from the moment it is asked for."""

from __future__ import annotations

import threading
import time
from collections.abc import Mapping
from dataclasses import replace
from math import inf, log10
from types import TracebackType
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from msviz.errors import DeviceError, MsvizError, ParameterError
from msviz.playback.device import Output, RateError, other_rates, output_devices, rescan
from msviz.playback.heard import Heard
from msviz.playback.mixer import Mixer, Seek, Wish
from msviz.playback.sources import require_same_shape
from msviz.playback.track import Track
from msviz.signal import Source

SPEEDS = {1.0: 1, 0.5: 2, 0.25: 4}  # and how many times slower each is
MIN_LOOP_S = 0.02
ERROR_S = 0.25  # around the playhead, over which the error is measured
TICK_S = 0.05  # how often a running stream is looked after
REST_S = 1.0  # how often the player looks whether the program has ended without closing it
IDLE_S = 2.0  # of silence, until the device is let go


class Meter(NamedTuple):
    """How loud it was.

    Attributes
    ----------
    peaks : tuple of float
        Largest magnitude of the left and the right side heard since the last look; 1 is full scale.
    clipped : bool
        Whether a sample sent to the device has reached full scale since `Player.reset_clip`.
    """

    peaks: tuple[float, float]
    clipped: bool


class Player:
    """Plays one of several sources that share one position.

    Sources are made ahead of the playhead, chunk by chunk, in one thread that also owns the sound device;
    nothing is made and no device opened before something is played.  Its methods return at once and may
    be called from any thread; a timer can poll `playing`, `position` and `error`.  A device that is
    missing or fails is no error of these methods: it stops playing and leaves a sentence in `error`.

    All positions are samples of the original, whatever the speed and the device's rate.

    The thread keeps its normal priority, unlike those that make pictures: it rests most of the time, and
    what it makes is needed in time.  It ends with `close`, with the `with` statement that the player is
    used in, or with the program.

    Parameters
    ----------
    latency : float
        Seconds between the filling of a buffer and its being heard.
    device : int, str or None
        Output device as sounddevice names it; None is the system's default.
    """

    def __init__(self, latency: float = 0.1, device: int | str | None = None) -> None:
        self.error: str | None = None
        self._latency, self._device = latency, device
        self._mixer = Mixer()
        self._origin = 0  # where playing began
        self._speed = 1.0
        self._volume, self._muted = 1.0, False
        self._heard = Heard(1, self._mixer.position, self._mixer.seek)
        self._output: Output | None = None
        self._output_lock = threading.Lock()  # the stream may not be closed while its clock is read
        self._refused: set[int] = set()  # rates that the device does not take
        self._underflows = 0  # of devices that are closed
        self._wish_lock = threading.Lock()  # between those who steer; the audio callback takes no lock
        self._rescan = False
        self._needed = -inf  # when the device was last needed, on the monotonic clock
        self._closing = False
        self._wake = threading.Event()
        self._thread: threading.Thread | None = None

    # What is played

    def load(self, sources: Mapping[str, Source]) -> None:
        """Take other sources, at their beginning and paused; the first is selected.

        Raises
        ------
        ParameterError
            If there is none, or if they differ in rate, channels or length.
        """
        self._replace(Track(sources, slower=SPEEDS[self._speed]))

    def exchange(self, sources: Mapping[str, Source]) -> None:
        """Take others in the place of those that are loaded; all that is heard goes on where it is.

        As with `select`, what is playing goes over to them as soon as their samples are ready.  Of sources
        that are loaded already, the same objects, whatever is ready stays so.

        Raises
        ------
        ParameterError
            If they differ in names, rate, channels or length from each other or from those loaded.
        """
        loaded = self._mixer.wish.track
        if loaded is None or loaded.names != tuple(sources):
            raise ParameterError(
                f"sources must be named {', '.join(self.names) or 'nothing'}, not {', '.join(sources)}"
            )
        require_same_shape(next(iter(loaded.originals.values())), next(iter(sources.values())))
        self._steer(track=Track(sources, slower=loaded.slower, rate=loaded.rate, before=loaded))

    def unload(self) -> None:
        """Stop and let go of the sources."""
        self._replace(None)

    def _replace(self, track: Track | None) -> None:
        with self._wish_lock:
            self._origin = 0
            self._mixer.wish = Wish(track, seek=Seek(0))
        self._wake.set()

    @property
    def names(self) -> tuple[str, ...]:
        """The sources that are loaded, in their order."""
        track = self._mixer.wish.track
        return track.names if track else ()

    @property
    def source(self) -> str | None:
        """The source that is selected; None if nothing is loaded."""
        wish = self._mixer.wish
        return wish.track.names[wish.source] if wish.track else None

    def select(self, name: str) -> None:
        """Hear another source from the next sample on that can be had, without a gap.

        Raises
        ------
        ParameterError
            If no source of this name is loaded.
        """
        names = self.names
        if name not in names:
            raise ParameterError(f"source must be one of {', '.join(names) or 'none'}, not {name}")
        self._steer(source=names.index(name))

    @property
    def volume(self) -> float:
        """Loudness from 0 to 1; at 1 samples are left as they are."""
        return self._volume

    @volume.setter
    def volume(self, volume: float) -> None:
        if not 0 <= volume <= 1:
            raise ParameterError(f"volume must be between 0 and 1, not {volume}")
        self._volume = float(volume)
        self._mixer.volume = 0.0 if self._muted else self._volume

    @property
    def muted(self) -> bool:
        """Whether nothing is heard, whatever the volume."""
        return self._muted

    @muted.setter
    def muted(self, muted: bool) -> None:
        self._muted = bool(muted)
        self._mixer.volume = 0.0 if self._muted else self._volume

    def meter(self) -> Meter:
        """How loud it was since the last call; silence where the device is closed."""
        return Meter(self._heard.peaks(self._now()), self._mixer.clipped)

    def reset_clip(self) -> None:
        """Forget that full scale was reached."""
        self._mixer.clipped = False

    def signal_to_error_db(self) -> float | None:
        """How far what is heard lies from the first source, over a quarter of a second at the playhead.

        Returns
        -------
        float or None
            20·log10(‖x‖/‖y-x‖), inf if they are equal; None if the first source is selected, if it is
            silent there, or if not all samples are ready.
        """
        wish = self._mixer.wish
        track = wish.track
        if track is None or wish.source == 0:
            return None
        here, count = track.own(self.position), round(ERROR_S * track.rate)
        for start in (here - count // 2, here):  # behind a seek there may be nothing before it
            start = max(min(start, track.length - count), 0)
            x, y = np.zeros((2, min(count, track.length), 2), np.float32)
            if all(track.copy(source, start, out) == len(out) for source, out in ((0, x), (wish.source, y))):
                y -= x
                signal, error = (float(np.vdot(part, part)) for part in (x, y))
                if not signal:
                    return None
                return 10 * log10(signal / error) if error else inf
        return None

    # The device

    def devices(self) -> list[str]:
        """Names of the sound devices; `retry` looks for them afresh."""
        return output_devices()

    @property
    def device(self) -> int | str | None:
        """The sound device, by a name from `devices`; None is the system's default."""
        return self._device

    @device.setter
    def device(self, device: int | str | None) -> None:
        if device == self._device:
            return
        self._device = device
        with self._wish_lock:
            self._refused.clear()
            wish = self._mixer.wish
            changes: dict[str, Any] = {}
            if wish.track and wish.track.rate != wish.track.original_rate:
                changes["track"] = wish.track.changed(rate=wish.track.original_rate)
            if self._output:  # what is on its way to the old one will not be heard
                changes["seek"] = Seek(self.position)
            self._mixer.wish = replace(wish, **changes)
        self._wake.set()

    @property
    def resampled(self) -> int | None:
        """The device's rate in Hz if it does not take the track's; else None."""
        track = self._mixer.wish.track
        return track.rate if track and track.rate != track.original_rate else None

    # Transport

    @property
    def playing(self) -> bool:
        """Whether samples are being heard, or are about to be; until the last one has been."""
        return self._mixer.wish.playing

    def play(self) -> None:
        """Play from the position; from the start if that is the end.  Tries again what failed before."""
        wish = self._mixer.wish
        if not wish.track or wish.playing:
            return
        self._begin(wish.track)
        if self.position >= wish.track.original_length:
            self.seek(0)
        self._origin = self.position
        self._steer(playing=True)

    def play_range(self, start: int, stop: int) -> None:
        """Play samples [start, stop) once, then stop and go back to `start`.

        `pause` and `play` interrupt it, `seek` and `stop` end it.  A loop waits meanwhile.

        Raises
        ------
        ParameterError
            If the track has no sample in this range.
        """
        track = self._mixer.wish.track
        if track is None:
            return
        first, last = self._within(track, start, stop)
        self._begin(track)
        self._origin = first
        self._steer(playing=True, once=(first, last), seek=Seek(first), pointer=None)

    @property
    def loop(self) -> tuple[int, int] | None:
        """The samples [start, stop) that are repeated, if any.

        A playhead before `stop` goes on and turns there, one behind it goes to `start`: both without a
        click.  The period is exactly the range.  One of less than 20 ms is lengthened to that.

        Raises
        ------
        ParameterError
            If the track has no sample in this range.
        """
        return self._mixer.wish.loop

    @loop.setter
    def loop(self, loop: tuple[int, int] | None) -> None:
        track = self._mixer.wish.track
        if loop is not None and track is not None:
            start, stop = self._within(track, *loop)
            stop = min(max(stop, start + round(MIN_LOOP_S * track.original_rate)), track.original_length)
            start = max(min(start, stop - round(MIN_LOOP_S * track.original_rate)), 0)
            loop = start, stop
        self._steer(loop=loop if track else None)

    def _within(self, track: Track, start: int, stop: int) -> tuple[int, int]:
        first, last = max(int(start), 0), min(int(stop), track.original_length)
        if first >= last:
            raise ParameterError(
                f"the range from sample {start} to {stop} has none of the {track.original_length} samples"
            )
        return first, last

    def pause(self) -> None:
        """Fade out here.  The position still moves through what is on its way to the ears."""
        self._steer(playing=False)

    def stop(self) -> None:
        """Pause and go back to where playing began (by `play` or `seek`); if paused, to the start."""
        if not self.playing:
            self._origin = 0
        self._steer(playing=False, once=None, seek=Seek(self._origin))

    def seek(self, sample: int) -> None:
        """Go to a sample, within the track.  What is playing goes on there without a click."""
        self._origin = self._clipped(sample)
        self._steer(once=None, seek=Seek(self._origin))

    def _clipped(self, sample: float) -> int:
        track = self._mixer.wish.track
        return min(max(int(sample), 0), track.original_length) if track else 0

    def scrub(self, sample: float) -> None:
        """Hear what lies under a pointer that is moved, at its speed; called for each of its moves.

        A pointer that rests is silent.  What was playing waits until `end_scrub`.
        """
        wish = self._mixer.wish
        if wish.track is None:
            return
        if wish.pointer is None:
            self._begin(wish.track)
            if wish.track.slower > 1:  # the pointer alone has a speed
                self._steer(track=wish.track.changed(slower=1))
        self._steer(pointer=self._clipped(sample))

    def end_scrub(self) -> None:
        """Stay where the pointer was, or go on playing from there."""
        wish = self._mixer.wish
        if wish.pointer is None or wish.track is None:
            return
        self._origin = self._clipped(wish.pointer)
        track = wish.track.changed(slower=SPEEDS[self._speed])
        self._steer(pointer=None, once=None, seek=Seek(self._origin), track=track)

    @property
    def speed(self) -> float:
        """1, 0.5 or 0.25: how fast it plays, at constant pitch; at 1 samples are left as they are.

        Raises
        ------
        ParameterError
            If set to anything else.
        """
        return self._speed

    @speed.setter
    def speed(self, speed: float) -> None:
        if speed not in SPEEDS:
            raise ParameterError(f"speed must be one of {', '.join(f'{s:g}' for s in SPEEDS)}, not {speed:g}")
        self._speed = float(speed)
        wish = self._mixer.wish
        if wish.track and wish.pointer is None and wish.track.slower != SPEEDS[speed]:
            self._steer(track=wish.track.changed(slower=SPEEDS[speed]))

    def retry(self) -> None:
        """Look for sound devices afresh and play."""
        self._rescan = True
        self._refused.clear()
        self.play()

    @property
    def position(self) -> int:
        """The sample that is heard now; after `seek`, the place asked for; in scrubbing, the pointer's.

        While playing on it goes back only at the turn of a loop.
        """
        wish = self._mixer.wish
        if wish.pointer is not None:
            return int(wish.pointer)
        position, seek = self._heard.at(self._now())
        # At another rate the last sample sent may lie a little behind the last of the original.
        return self._clipped(position) if seek is wish.seek else wish.seek.sample

    def _now(self) -> float:
        """The time on the clock of the device; without one, all that was sent has been heard."""
        with self._output_lock:
            return self._output.time if self._output else inf

    @property
    def underruns(self) -> int:
        """How often samples were not ready in time, since the player was made."""
        output = self._output
        return self._mixer.underruns + self._underflows + (output.underflows if output else 0)

    def close(self) -> None:
        """Stop at once, close the device and end the thread."""
        self._closing = True
        self._wake.set()
        if self._thread:
            self._thread.join()

    def __enter__(self) -> Player:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.close()

    def _begin(self, track: Track) -> None:
        """Get ready to sound; what failed before is tried again."""
        if self._thread is None:
            self._thread = threading.Thread(target=self._run, name="msviz-player")
            self._thread.start()
        self.error = None
        track.failures.clear()

    def _steer(self, **changes: Any) -> None:
        with self._wish_lock:
            self._mixer.wish = replace(self._mixer.wish, **changes)
        self._wake.set()

    # In the player's own thread

    def _run(self) -> None:
        while not self._closing and threading.main_thread().is_alive():
            self._wake.clear()
            wish = self._mixer.wish
            try:
                made = self._look_after(wish)
            except MsvizError as error:
                self._cease(wish, str(error))
            else:
                if not made:
                    self._wake.wait(TICK_S if self._output else REST_S)
        self._close_output()

    def _look_after(self, wish: Wish) -> bool:
        """Do what is next for the wish; False if there is nothing to do for now."""
        output = self._output
        if output and (output.failure or not output.active):
            self._close_output()
            if wish.playing:
                raise DeviceError(f"Playing stopped: {output.failure or 'the sound device went away'}.")
        if self._rescan:
            self._rescan = False
            self._close_output()
            rescan()
        if wish.track and (wish.playing or wish.pointer is not None):
            self._needed = time.monotonic()
            try:
                self._open_output(wish.track.rate)
            except RateError:
                self._resample(wish.track)
                return True
            if wish.pointer is None and self._is_over(wish, wish.track):
                self._cease(wish)
                return False
            return self._make_ahead(wish, wish.track)
        if time.monotonic() - self._needed > IDLE_S:
            self._close_output()
        return False

    def _is_over(self, wish: Wish, track: Track) -> bool:
        """Whether the last sample has been heard."""
        if wish.loop and not wish.once:
            return False
        end = track.own(wish.once[1]) if wish.once else track.length
        position, seek = self._heard.at(self._now())
        return seek is wish.seek and position >= int(track.original(end))

    def _make_ahead(self, wish: Wish, track: Track) -> bool:
        """Make the chunk that is needed next; False if there is none."""
        if wish.source in track.failures:
            raise track.failures[wish.source]
        upcoming = self._upcoming(wish, track)
        chunk = track.wanted(wish.source, upcoming)
        if chunk:
            track.make(*chunk, upcoming)
        return chunk is not None

    def _upcoming(self, wish: Wish, track: Track) -> list[int]:
        """Numbers of the chunks that the wish will need, the first one first."""
        if wish.pointer is not None:
            return track.around(track.own(wish.pointer))
        mixer = self._mixer
        position = mixer.position if wish.seek is mixer.seek else wish.seek.sample
        loop = None if wish.once else wish.loop
        return track.upcoming(track.own(position), loop and (track.own(loop[0]), track.own(loop[1])))

    def _cease(self, wish: Wish, error: str | None = None) -> None:
        """Stop playing, unless something else has been wished for in the meantime."""
        with self._wish_lock:
            if self._mixer.wish is wish:
                self.error = error  # first: who sees that it has stopped must see why
                seek = Seek(wish.once[0]) if wish.once and not error else wish.seek
                self._mixer.wish = replace(wish, playing=False, once=None, pointer=None, seek=seek)

    def _resample(self, track: Track) -> None:
        """Go over to a rate that has not been tried, for the device refuses that of the track."""
        with self._wish_lock:
            self._refused.add(track.rate)
            rates = [rate for rate in other_rates(self._device) if rate not in self._refused]
            if not rates:
                *tried, last = sorted(self._refused)
                raise DeviceError(
                    "Sound cannot be played: the sound device takes none of "
                    f"{', '.join(map(str, tried))} and {last} Hz."
                )
            if self._mixer.wish.track is track:
                self._mixer.wish = replace(self._mixer.wish, track=track.changed(rate=rates[0]))

    def _open_output(self, rate: int) -> None:
        output = self._output
        if output and (output.rate, output.device) == (rate, self._device):
            return
        self._close_output()
        mixer = self._mixer
        heard = Heard(rate, mixer.position, mixer.seek)

        def fill(out: NDArray[np.float32], now: float, first_heard: float) -> None:
            heard.send(mixer.fill(out), now, first_heard, mixer.peaks)

        opened = Output(rate, self._latency, self._device, fill)
        with self._output_lock:
            self._output, self._heard = opened, heard

    def _close_output(self) -> None:
        with self._output_lock:
            output, self._output = self._output, None
        if output:
            output.close()
            self._underflows += output.underflows
        self._mixer.cut()
