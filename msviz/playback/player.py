"""The player: one position, several sources, sound from the moment it is asked for."""

from __future__ import annotations

import threading
import time
from collections.abc import Mapping
from dataclasses import replace
from math import inf
from types import TracebackType
from typing import Any

import numpy as np
from numpy.typing import NDArray

from msviz.errors import DeviceError, MsvizError, ParameterError
from msviz.playback.device import Output, rescan
from msviz.playback.heard import Heard
from msviz.playback.mixer import Mixer, Seek, Wish
from msviz.playback.sources import require_same_shape
from msviz.playback.track import Track
from msviz.signal import Source

TICK_S = 0.05  # how often a running stream is looked after
REST_S = 1.0  # how often the player looks whether the program has ended without closing it
IDLE_S = 2.0  # of silence, until the device is let go


class Player:
    """Plays one of several sources that share one position.

    Sources are made ahead of the playhead, chunk by chunk, in one thread that also owns the sound device;
    nothing is made and no device opened before something is played.  Its methods return at once and may
    be called from any thread; a timer can poll `playing`, `position` and `error`.  A device that is
    missing or fails is no error of these methods: it stops playing and leaves a sentence in `error`.

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
        self._heard = Heard(1, self._mixer.position, self._mixer.seek)
        self._output: Output | None = None
        self._output_lock = threading.Lock()  # the stream may not be closed while its clock is read
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
        self._replace(Track(sources))

    def exchange(self, sources: Mapping[str, Source]) -> None:
        """Take others in the place of those that are loaded; all that is heard goes on where it is.

        As with `select`, what is playing goes over to them as soon as their samples are ready.

        Raises
        ------
        ParameterError
            If they differ in names, rate, channels or length from each other or from those loaded.
        """
        track, loaded = Track(sources), self._mixer.wish.track
        if loaded is None or track.names != loaded.names:
            raise ParameterError(
                f"sources must be named {', '.join(self.names) or 'nothing'}, not {', '.join(sources)}"
            )
        require_same_shape(loaded.sources[0], track.sources[0])
        self._steer(track=track)

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
        return self._mixer.volume

    @volume.setter
    def volume(self, volume: float) -> None:
        if not 0 <= volume <= 1:
            raise ParameterError(f"volume must be between 0 and 1, not {volume}")
        self._mixer.volume = float(volume)

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
        if self._thread is None:
            self._thread = threading.Thread(target=self._run, name="msviz-player")
            self._thread.start()
        self.error = None
        wish.track.failures.clear()
        if self.position >= wish.track.length:
            self.seek(0)
        self._origin = self.position
        self._steer(playing=True)

    def pause(self) -> None:
        """Fade out here.  The position still moves through what is on its way to the ears."""
        self._steer(playing=False)

    def stop(self) -> None:
        """Pause and go back to where playing began (by `play` or `seek`); if paused, to the start."""
        if not self.playing:
            self._origin = 0
        self._steer(playing=False, seek=Seek(self._origin))

    def seek(self, sample: int) -> None:
        """Go to a sample, within the track.  What is playing goes on there without a click."""
        track = self._mixer.wish.track
        self._origin = min(max(int(sample), 0), track.length) if track else 0
        self._steer(seek=Seek(self._origin))

    def retry(self) -> None:
        """Look for sound devices afresh and play."""
        self._rescan = True
        self.play()

    @property
    def position(self) -> int:
        """The sample that is heard now; after `seek`, the place asked for.

        While playing on it never goes back.
        """
        wish = self._mixer.wish
        with self._output_lock:
            now = self._output.time if self._output else inf
            position, seek = self._heard.at(now)
        return position if seek is wish.seek else wish.seek.sample

    @property
    def underruns(self) -> int:
        """How often samples were not ready in time, since the player was made."""
        return self._mixer.underruns

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
        if wish.track and wish.playing:
            self._needed = time.monotonic()
            self._open_output(wish.track.rate)
            if self.position >= wish.track.length:  # the last sample has been heard
                self._cease(wish)
                return False
            return self._make_ahead(wish, wish.track)
        if time.monotonic() - self._needed > IDLE_S:
            self._close_output()
        return False

    def _make_ahead(self, wish: Wish, track: Track) -> bool:
        """Make the chunk that is needed next; False if there is none."""
        if wish.source in track.failures:
            raise track.failures[wish.source]
        mixer = self._mixer
        position = mixer.position if wish.seek is mixer.seek else wish.seek.sample
        chunk = track.wanted(wish.source, position)
        if chunk:
            track.make(*chunk, position)
        return chunk is not None

    def _cease(self, wish: Wish, error: str | None = None) -> None:
        """Stop playing, unless something else has been wished for in the meantime."""
        with self._wish_lock:
            if self._mixer.wish is wish:
                self.error = error  # first: who sees that it has stopped must see why
                self._mixer.wish = replace(wish, playing=False)

    def _open_output(self, rate: int) -> None:
        if self._output and self._output.rate == rate:
            return
        self._close_output()
        mixer = self._mixer
        heard = Heard(rate, mixer.position, mixer.seek)

        def fill(out: NDArray[np.float32], now: float, first_heard: float) -> None:
            heard.send(mixer.fill(out), now, first_heard)

        output = Output(rate, self._latency, self._device, fill)
        with self._output_lock:
            self._output, self._heard = output, heard

    def _close_output(self) -> None:
        with self._output_lock:
            output, self._output = self._output, None
        if output:
            output.close()
            self._mixer.cut()
