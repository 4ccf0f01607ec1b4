"""The player: several sources that share one position.

`Transport` has its controls; here are its thread, its device, and what is currently audible.
"""

from __future__ import annotations

import threading
import time
from dataclasses import replace
from math import inf
from types import TracebackType
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from msviz.bands import LOWEST_AUDIBLE_HZ
from msviz.errors import DeviceError, as_sentence
from msviz.log import logger
from msviz.measures import signal_to_error_db
from msviz.playback.buffer import PlaybackBuffer, fold
from msviz.playback.clock import PlaybackClock
from msviz.playback.device import Output, RateError, other_rates, output_devices, rescan
from msviz.playback.mixer import PlaybackRequest, Seek
from msviz.playback.transport import Transport, exclusive
from msviz.signal import Source

ERROR_S = 0.25  # of sound at the playhead, for measuring the error
TICK_S = 0.05  # how often to check a running stream
REST_S = 1.0  # how often to check whether the program has ended without closing the player
LOWEST_RATE, HIGHEST_RATE = 1000, 768_000  # that are tried with devices
IDLE_S = 2.0  # of silence, until the device is closed


def signal_to_error_around(original: Source, heard: Source, place: int) -> float | None:
    """The signal-to-error ratio over a quarter of a second around a sample, as the player measures it.

    Parameters
    ----------
    original, heard : Source
        Of the same rate, channels and length; read where they are compared.
    place : int
        The sample in the middle.

    Returns
    -------
    float or None
        20·log10(‖x‖/‖y-x‖) of the two sides one listens to, in dB; inf if they are equal, None if the
        original is silent there.
    """
    count = min(round(ERROR_S * original.rate), original.length)
    start = max(min(place - count // 2, original.length - count), 0)
    x, y = (fold(source.read(start, start + count)) for source in (original, heard))
    return signal_to_error_db(x, y) if x.any() else None


class Meter(NamedTuple):
    """Level meter readings.

    Attributes
    ----------
    peaks : tuple of float
        Largest magnitudes of the left and right sides played since the last reading; 1 is full scale.
    clipped : bool
        Whether a sample sent to the device has reached full scale since the sources were loaded, or
        since `Player.reset_clip`.
    """

    peaks: tuple[float, float]
    clipped: bool


class Player(Transport):
    """Plays one of several sources that share one position.

    Sources are computed ahead of the playhead, chunk by chunk, in a thread that also owns the sound device;
    nothing is computed and no device is opened before something is played.  Methods return at once and may
    be called from any thread; a timer can poll `playing`, `position` and `error`.  If the device is missing
    or fails, methods do not raise an error: playback stops, and `error` has a message.

    All positions are samples of the original, whatever the speed and the device's rate.

    The thread has normal priority, unlike those that make pictures: it is idle most of the time, and its
    results are needed in time.  It ends with `close`, at the end of a `with` statement, or with the program.

    Parameters
    ----------
    latency : float
        Seconds between filling a buffer and hearing it.
    device : int, str or None
        Output device, by its name in sounddevice; None is the system's default.
    """

    def __init__(self, latency: float = 0.1, device: int | str | None = None) -> None:
        super().__init__()
        self.error: str | None = None
        self._latency, self._device = latency, device
        self._clock = PlaybackClock(1, self._mixer.position, self._mixer.seek)
        self._output: Output | None = None
        self._output_lock = threading.Lock()  # the stream may not be closed while its clock is read
        self._refused: set[int] = set()  # rates that the device does not support
        self._underflows = 0  # of devices that are closed
        self._underflows_before = 0  # those that are no longer counted
        self._rescan = False
        self._needed = -inf  # when the device was last needed, on the monotonic clock
        self._closing = False
        self._thread: threading.Thread | None = None

    # Output

    @property
    def position(self) -> int:
        """The sample that is audible now; after `seek`, its target; while scrubbing, that of the pointer.

        During playback it goes back only where a loop repeats.
        """
        request = self._mixer.request
        if request.pointer is not None:
            return int(request.pointer)
        position, seek = self._clock.at(self._now())
        # At another rate the last sample sent may be slightly after the last of the original.
        return self._clipped(position) if seek is request.seek else request.seek.sample

    def _now(self) -> float:
        """The time on the clock of the device; without one, everything sent has been played."""
        with self._output_lock:
            return self._output.time if self._output else inf

    @property
    def dropouts(self) -> int:
        """Buffers whose samples were not ready in time, since the sources were loaded or `reset_dropouts`."""
        return self._mixer.request.tally.dropouts + self._all_underflows - self._underflows_before

    @property
    def _all_underflows(self) -> int:
        output = self._output
        return self._underflows + (output.underflows if output else 0)

    def reset_dropouts(self) -> None:
        """Count dropouts from zero."""
        self._mixer.request.tally.dropouts = 0
        self._underflows_before = self._all_underflows

    def _replace(self, track: PlaybackBuffer | None) -> None:
        super()._replace(track)
        self.reset_dropouts()

    def meter(self) -> Meter:
        """Level meter readings since the last call; silence if the device is closed."""
        return Meter(self._clock.peaks(self._now()), self._mixer.request.tally.clipped)

    def reset_clip(self) -> None:
        """Reset `Meter.clipped`."""
        self._mixer.request.tally.clipped = False

    def signal_to_error_db(self) -> float | None:
        """Signal-to-error ratio of the selected source against the first, over 0.25 s at the playhead.

        Returns
        -------
        float or None
            20·log10(‖x‖/‖y-x‖) in dB, inf if they are equal; None if the first source is selected, if it is
            silent there, or if not all samples are ready.
        """
        request = self._mixer.request
        track = request.track
        if track is None or request.source == 0:
            return None
        here, count = track.own(self.position), round(ERROR_S * track.rate)
        for start in (here - count // 2, here):  # after a seek there may be nothing before it
            start = max(min(start, track.length - count), 0)
            x, y = np.zeros((2, min(count, track.length), 2), np.float32)
            if all(
                track.copy(source, start, out) == len(out) for source, out in ((0, x), (request.source, y))
            ):
                return signal_to_error_db(x, y) if x.any() else None
        return None

    # The device

    def devices(self) -> list[str]:
        """Names of the sound devices; `retry` looks for new ones."""
        return output_devices()

    @property
    def device(self) -> int | str | None:
        """The sound device, by a name from `devices`; None is the system's default."""
        return self._device

    @device.setter
    @exclusive
    def device(self, device: int | str | None) -> None:
        if device == self._device:
            return
        self._device = device
        self._forget_refused()
        if self._output:  # samples sent to the old one will not be played
            self._update_request(seek=Seek(self.position))

    def _forget_refused(self) -> None:
        """Try the track's own rate again, and then all others."""
        self._refused.clear()
        track = self._mixer.request.track
        if track and track.rate != track.original_rate:
            self._update_request(track=track.changed(rate=track.original_rate))

    @property
    def resampled(self) -> int | None:
        """The device's sampling rate in Hz if it does not support the track's; otherwise None."""
        track = self._mixer.request.track
        return track.rate if track and track.rate != track.original_rate else None

    @exclusive
    def retry(self) -> None:
        """Look for new sound devices and play."""
        self._rescan = True
        self._forget_refused()
        self.play()

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

    def _begin(self, track: PlaybackBuffer) -> None:
        """Get ready to play; retry what failed before."""
        if self._thread is None:
            self._thread = threading.Thread(target=self._run, name="msviz-player")
            self._thread.start()
        self.error = None
        track.failures.clear()

    # The player's own thread

    def _run(self) -> None:
        while not self._closing and threading.main_thread().is_alive():
            self._wake.clear()
            request = self._mixer.request
            made = False
            try:
                made = self._look_after(request)
            except Exception as error:
                logger.warning("Playback stopped", exc_info=True)
                self._end_playing(request, str(as_sentence(error)))
            if not made:
                self._wake.wait(TICK_S if self._output else REST_S)
        self._close_output()

    def _look_after(self, request: PlaybackRequest) -> bool:
        """Do the next step for the request; False if there is nothing to do for now."""
        output = self._output
        if output and (output.failure or not output.active):
            self._close_output()
            if request.playing:
                raise DeviceError(
                    f"Playback stopped: {output.failure or 'the sound device was disconnected'}."
                )
        if self._rescan:
            self._rescan = False
            self._close_output()
            rescan()
        if request.track and (request.playing or request.pointer is not None):
            self._needed = time.monotonic()
            device, rate, original = self._device, request.track.rate, request.track.original_rate
            if original < 2 * LOWEST_AUDIBLE_HZ:
                raise DeviceError(
                    f"Cannot play: a track sampled at {original} Hz contains nothing above "
                    f"{original / 2:g} Hz, which is too low to hear."
                )
            try:
                if rate == original and not LOWEST_RATE <= rate <= HIGHEST_RATE:
                    raise RateError(f"No sound device supports {rate} Hz.")
                self._open_output(rate, device)
            except RateError:
                self._resample(request.track, device)
                return True
            if request.pointer is None and self._is_over(request, request.track):
                self._end_playing(request)
                return False
            return self._make_ahead(request, request.track)
        if time.monotonic() - self._needed > IDLE_S:
            self._close_output()
        return False

    def _is_over(self, request: PlaybackRequest, track: PlaybackBuffer) -> bool:
        """Whether the last sample has been played."""
        if request.loop and not request.once:
            return False
        end = track.own(request.once[1]) if request.once else track.length
        position, seek = self._clock.at(self._now())
        return seek is request.seek and position >= int(track.original(end))

    def _make_ahead(self, request: PlaybackRequest, track: PlaybackBuffer) -> bool:
        """Compute the chunk needed next; False if there is none."""
        if failure := track.failures.get(request.source):
            raise failure
        upcoming = self._upcoming(request, track)
        chunk = track.missing(request.source, upcoming)
        if chunk:
            track.make(*chunk, upcoming)
        return chunk is not None

    def _upcoming(self, request: PlaybackRequest, track: PlaybackBuffer) -> list[int]:
        """Numbers of the chunks that the request will need, in order."""
        if request.pointer is not None:
            return track.around(track.own(request.pointer))
        mixer = self._mixer
        position = mixer.position if request.seek is mixer.seek else request.seek.sample
        loop = None if request.once else request.loop
        return track.upcoming(track.own(position), loop and (track.own(loop[0]), track.own(loop[1])))

    @exclusive
    def _end_playing(self, request: PlaybackRequest, error: str | None = None) -> None:
        """Stop playing, unless something else has been requested in the meantime."""
        if self._mixer.request is request:
            self.error = error  # first: whoever sees that it has stopped must see why
            seek = Seek(request.once[0]) if request.once and not error else request.seek
            self._mixer.request = replace(request, playing=False, once=None, pointer=None, seek=seek)

    def _resample(self, track: PlaybackBuffer, device: int | str | None) -> None:
        """Switch to a rate that has not been tried, because the device refuses that of the track."""
        others = other_rates(device)
        with self._lock:
            if device != self._device:
                return
            self._refused.add(track.rate)
            rates = [rate for rate in others if rate not in self._refused]
            if not rates:
                *tried, last = sorted(self._refused)
                raise DeviceError(
                    "Cannot play: the sound device supports none of "
                    f"{', '.join(map(str, tried))} and {last} Hz."
                )
            if self._mixer.request.track is track:
                self._mixer.request = replace(self._mixer.request, track=track.changed(rate=rates[0]))

    def _open_output(self, rate: int, device: int | str | None) -> None:
        output = self._output
        if output and (output.rate, output.device) == (rate, device):
            return
        self._close_output()
        mixer = self._mixer
        clock = PlaybackClock(rate, mixer.position, mixer.seek)

        def fill(out: NDArray[np.float32], now: float, first_heard: float) -> None:
            clock.send(mixer.fill(out), now, first_heard, mixer.peaks)

        opened = Output(rate, self._latency, device, fill)
        with self._output_lock:
            self._output, self._clock = opened, clock

    def _close_output(self) -> None:
        with self._output_lock:
            output, self._output = self._output, None
        if output:
            output.close()
            self._underflows += output.underflows
        self._mixer.cut()
