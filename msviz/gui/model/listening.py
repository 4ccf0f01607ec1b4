"""Listening: controls the player for the open track and reports what it does."""

from __future__ import annotations

import math

from PyQt6.QtCore import QObject, Qt, QTimer, pyqtSignal
from PyQt6.QtWidgets import QApplication

from msviz.errors import MsvizError
from msviz.gui.model.session import Session
from msviz.gui.model.track import TrackState
from msviz.gui.model.view import Box
from msviz.playback import Player
from msviz.playback.transport import MIN_LOOP_S

TICK_MS = 16  # between two polls of the player while it plays
SELDOM = 21  # ticks between two slow ticks
FOLLOWED = ("page", "smooth", "off")
CATCH_UP = 0.15  # share of its lag behind the playhead that the view makes up in a tick
PATIENCE = 25  # ticks without sound before it says why


class Listening(QObject):
    """Controls the player, and polls it while it plays.

    Parameters
    ----------
    player : Player
    track : TrackState
        It plays the source chosen there, loops the selection and moves the playhead.

    Attributes
    ----------
    session : Session or None
        Its sources are loaded in the player.
    follow : str
        One of `FOLLOWED`: the view follows the playhead by pages, keeps it in the middle, or stays.
    looping : bool
        Whether the time of the selection is repeated; with no selection, the whole track.
    """

    ticked = pyqtSignal()
    """The player has been polled; emitted at every third tick while it plays."""
    slow_tick = pyqtSignal()
    """Emitted a few times a second while it plays."""
    volume_changed = pyqtSignal()
    failed = pyqtSignal(str)
    """Why it cannot play; `retry` tries again."""
    message = pyqtSignal(str)
    """A sentence for the status bar."""

    def __init__(self, player: Player, track: TrackState) -> None:
        super().__init__()
        self.player = player
        self.session: Session | None = None
        self.follow = FOLLOWED[0]
        self.looping = False
        self._track, self._view = track, track.view
        self._rested = 0
        self._told_error: str | None = None
        self._told_rate: int | None = None
        self._ticks = self._waited = 0
        self._ticker = QTimer(self)
        self._ticker.setInterval(TICK_MS)
        self._ticker.setTimerType(Qt.TimerType.PreciseTimer)
        self._ticker.timeout.connect(self._tick)
        self._view.selection_changed.connect(self._set_loop)
        track.heard_changed.connect(self._select)

    def open(self, session: Session) -> None:
        """Play another track."""
        self.session, self._told_rate = session, None
        self._set_loop()
        self.ticked.emit()
        self.slow_tick.emit()

    def set_length(self) -> None:
        """Loop as much as there is of a track that has turned out to have another length."""
        self._set_loop()

    # Transport

    def toggle_playing(self) -> None:
        """Play, or pause."""
        self._told_error = None
        if self.player.playing:
            self.player.pause()
        else:
            self._hear_all()
            self._go_into_loop()
            self.player.play()
            self._begin()
        self._ticker.start()
        self.ticked.emit()

    @property
    def box(self) -> Box | None:
        """The selection if it limits frequency; None if it has all frequencies or nothing is selected."""
        box, full = self._view.selection, self._view.full
        every_frequency = box and box.low_hz <= full.low_hz and box.high_hz >= full.high_hz
        return None if every_frequency else box

    def play_selection(self) -> None:
        """Play what is selected once: its time, and only its frequencies."""
        selection = self._view.selection
        if not self.session or not selection:
            self.message.emit("Nothing selected. Drag over a picture to select.")
            return
        self._told_error = None
        self._track.only = self.box
        self.player.play_range(*self.samples(selection.start_s, selection.stop_s))
        self._begin()
        self._ticker.start()
        self.ticked.emit()

    def _go_into_loop(self) -> None:
        """Move the playhead to the start of the loop, unless it is inside."""
        if self.player.loop:
            start, stop = self.player.loop
            if not start <= self.player.position < stop:
                self.player.seek(start)

    def _begin(self) -> None:
        self._tick()  # from the end it goes to the start
        if self.follow != "off":
            self._look_at_playhead()

    def _hear_all(self) -> None:
        """Play all frequencies again, after a selection."""
        self._track.only = None

    def stop_playing(self) -> None:
        """Stop and return to where playback began; when stopped, to the start of the track."""
        self.player.stop()
        self._tick()

    def retry(self) -> None:
        """Look for sound devices again and play."""
        self._told_error = None
        self.player.retry()
        self._ticker.start()

    def close(self) -> None:
        """Stop polling."""
        self._ticker.stop()

    def rest(self) -> None:
        """Pause, and lend the player out until `resume`."""
        self.player.pause()
        self._tick()
        self._ticker.stop()
        self._rested = self.player.position

    def resume(self) -> None:
        """Take the player back, with the same source at the same place."""
        if self.session:
            self.session.reload()
            self.player.select(self._track.heard)
            self.player.seek(self._rested)
            self._set_loop()
            self._tick()

    def set_looping(self, looping: bool) -> None:
        """Repeat the time of the selection, or no longer."""
        self.looping = looping
        self._set_loop()

    def _set_loop(self) -> None:
        if self.session:
            start_s, stop_s = (self._view.selection or self._view.full)[:2]
            self.player.loop = samples = self.samples(start_s, stop_s) if self.looping else None
            if self.player.loop != samples:
                self.message.emit(f"Looping {1000 * MIN_LOOP_S:g} ms, the shortest loop.")

    def samples(self, start_s: float, stop_s: float) -> tuple[int, int]:
        """The samples from one time to another, at least one."""
        rate, length = self._view.rate, self._view.length
        start = min(max(round(start_s * rate), 0), length - 1)
        return start, min(max(round(stop_s * rate), start + 1), length)

    def set_speed(self, speed: float) -> None:
        """Change the speed, not the pitch."""
        self.player.speed = speed

    @property
    def volume(self) -> int:
        """Volume from 0 to 100, in steps that sound even: the square root of the player's."""
        return round(100 * math.sqrt(self.player.volume))

    def set_volume(self, volume: int) -> None:
        """Set the volume, and unmute."""
        self.player.volume = (min(max(volume, 0), 100) / 100) ** 2
        self.player.muted = False
        self.volume_changed.emit()

    def step_volume(self, by: int) -> None:
        """Raise or lower the volume."""
        self.set_volume(self.volume + by)

    def set_muted(self, muted: bool) -> None:
        """Mute without pausing."""
        self.player.muted = muted
        self.volume_changed.emit()

    def devices(self) -> list[str]:
        """Names of the output devices; none if the sound library is missing."""
        try:
            return self.player.devices()
        except MsvizError:
            return []

    def _select(self) -> None:
        """Play the source that was chosen, at the same place."""
        if self._track.heard in self.player.names:
            self.player.select(self._track.heard)

    # Where

    def seek(self, time_s: float) -> None:
        """Go to a time in view."""
        if self.session:
            self.player.seek(round(time_s * self._view.rate))
            self._tick()

    def scrub(self, time_s: float) -> None:
        """Play what is under the pointer, and move the playhead there."""
        if self.session:
            self.player.scrub(round(time_s * self._view.rate))
            self._view.set_playhead(time_s)
            self._ticker.start()

    def end_scrub(self) -> None:
        """Stop scrubbing."""
        if self.session:
            self.player.end_scrub()
            self._tick()

    def go_to(self, time_s: float) -> None:
        """Go to a time, and scroll there."""
        self.seek(time_s)
        self._look_at_playhead()

    def go_by(self, seconds: float) -> None:
        """Go forward, or back."""
        self.go_to(self._view.playhead_s + seconds)

    def _look_at_playhead(self) -> None:
        """Scroll so that the view begins at the playhead, unless it is in view."""
        seen, now = self._view.range, self._view.playhead_s
        if not seen.start_s <= now <= seen.stop_s:
            self._view.pan(now - seen.start_s)

    def _follow(self, before: float, now: float) -> None:
        """Scroll with the playhead if it was in view, unless it loops within the view."""
        seen = self._view.range
        if not seen.start_s <= before <= seen.stop_s or self.follow == "off" or self._loop_in_view:
            return
        if not seen.start_s <= now <= seen.stop_s:
            self._look_at_playhead()
        elif self.follow == "smooth" and not self._view.gliding and not QApplication.mouseButtons().value:
            lag = now - self._view.time_at(0.5)
            if lag > 0 and now > before:
                self._view.pan(min(lag, now - before + CATCH_UP * lag))

    @property
    def _loop_in_view(self) -> bool:
        if not self.player.loop:
            return False
        start, stop = self.player.loop
        seen, sample = self._view.range, 1 / self._view.rate
        return seen.start_s - sample < start * sample and stop * sample < seen.stop_s + sample

    def _tick(self) -> None:
        """Poll the player."""
        if not self.session:
            return
        before, playing = self._view.playhead_s, self.player.playing
        now = self.player.position / self._view.rate
        self._view.set_playhead(now)
        if playing:
            self._follow(before, now)
        else:
            self._hear_all()
            if now == before:  # the device has played what it had when paused
                self._ticker.stop()
        self._tell_waiting(playing and now == before)
        if not playing or not self._ticks % 3:  # nobody reads figures any faster
            self.ticked.emit()
        if self.player.error != self._told_error:
            self._told_error = self.player.error
            if self._told_error:
                self.failed.emit(self._told_error)
        self._ticks = (self._ticks + 1) % SELDOM
        if not self._ticks or not playing:
            self.slow_tick.emit()
            if self.player.resampled and self.player.resampled != self._told_rate:
                self._told_rate = self.player.resampled
                unsupported = f"The sound device doesn't support {self._view.rate} Hz"
                self.message.emit(f"{unsupported}: resampling to {self._told_rate} Hz.")

    def _tell_waiting(self, waiting: bool) -> None:
        """Say that audio is being rendered, if that takes long, until it plays."""
        told, self._waited = self._waited >= PATIENCE, self._waited + 1 if waiting else 0
        if told != (self._waited >= PATIENCE):
            self.message.emit("" if told else "Rendering audio…")
