"""Listening: what the keys do to the player, and what the window learns from it."""

from __future__ import annotations

from PyQt6.QtCore import QObject, Qt, QTimer, pyqtSignal

from msviz.gui.view import View
from msviz.playback import Player

TICK_MS = 16  # between two looks at the player while it plays


class Listening(QObject):
    """Steers the player, and while it plays looks where it is.

    Parameters
    ----------
    player : Player
    view : View
        Whose playhead it moves.

    Attributes
    ----------
    follows : bool
        Whether the view turns the page where the playhead leaves it.
    """

    ticked = pyqtSignal()
    """The player has been looked at."""
    source_changed = pyqtSignal(str)
    failed = pyqtSignal(str)
    """It cannot play, and why; `retry` tries again."""

    def __init__(self, player: Player, view: View) -> None:
        super().__init__()
        self.player = player
        self.follows = True
        self._view = view
        self._told_error: str | None = None
        self._ticker = QTimer(self)
        self._ticker.setInterval(TICK_MS)
        self._ticker.setTimerType(Qt.TimerType.PreciseTimer)
        self._ticker.timeout.connect(self._tick)

    def toggle_playing(self) -> None:
        """Play, or pause."""
        self._told_error = None
        if self.player.playing:
            self.player.pause()
        else:
            self.player.play()
            self._tick()  # from the end it goes to the start
            if self.follows:
                self._look_at_playhead()
        self._ticker.start()
        self.ticked.emit()

    def stop_playing(self) -> None:
        """Stop where playing began; once more, at the start."""
        self.player.stop()
        self._tick()

    def retry(self) -> None:
        """Look for sound devices afresh and play."""
        self._told_error = None
        self.player.retry()
        self._ticker.start()

    def close(self) -> None:
        """Look no more."""
        self._ticker.stop()

    def select(self, name: str) -> None:
        """Hear another source, at the same place."""
        if name in self.player.names:
            self.player.select(name)
            self.source_changed.emit(name)

    def seek(self, time_s: float) -> None:
        """Go to a time in view."""
        if self.player.names:
            self.player.seek(round(time_s * self._view.rate))
            self._tick()

    def go_to(self, time_s: float) -> None:
        """Go to a time, and look there."""
        self.seek(time_s)
        self._look_at_playhead()

    def go_by(self, seconds: float) -> None:
        """Go on, or back."""
        self.go_to(self._view.playhead_s + seconds)

    def _look_at_playhead(self) -> None:
        """Turn to the page that begins at the playhead, unless it is in view."""
        seen, now = self._view.range, self._view.playhead_s
        if not seen.start_s <= now <= seen.stop_s:
            self._view.pan(now - seen.start_s)

    def _tick(self) -> None:
        """Look where the player is."""
        if not self.player.names:
            return
        before, playing = self._view.playhead_s, self.player.playing
        now = self.player.position / self._view.rate
        self._view.set_playhead(now)
        if playing and self.follows and before <= self._view.range.stop_s < now:
            self._look_at_playhead()
        if not playing and now == before:  # what was on its way when it paused has been heard
            self._ticker.stop()
        self.ticked.emit()
        if self.player.error != self._told_error:
            self._told_error = self.player.error
            if self._told_error:
                self.failed.emit(self._told_error)
