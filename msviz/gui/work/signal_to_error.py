"""How far what is heard is from the original, also while nothing plays."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

from PyQt6.QtCore import QObject, QTimer, pyqtSignal

from msviz.audio import decoded
from msviz.gui.work.jobs import Job, Runner
from msviz.playback import Player, signal_to_error_around
from msviz.playback.player import ERROR_S
from msviz.signal import Source

SOON_MS = 100  # without a change, until a worker starts or looks again whether it can


class ErrorReader(QObject):
    """Reads the signal-to-error ratio over a quarter of a second around the playhead.

    While the player has the samples there it is known at once. Otherwise, after an edit or a jump while
    nothing plays, a worker reads them.

    Parameters
    ----------
    player : Player
    runner : Runner
    """

    read = pyqtSignal(object)
    """The ratio in dB; None while it is not known."""

    def __init__(self, player: Player, runner: Runner) -> None:
        super().__init__()
        self._player, self._runner = player, runner
        self._compared: tuple[Source, Source] | None = None
        self._place = 0
        self._job: Job | None = None
        self._soon = QTimer(self)
        self._soon.setSingleShot(True)
        self._soon.setInterval(SOON_MS)
        self._soon.timeout.connect(self._start)

    def look(self, original: Source | None, heard: Source | None) -> None:
        """Read the ratio of two sources where the playhead is, unless it is known already."""
        compared = (original, heard) if original and heard and heard is not original else None
        place, before = self._player.position, self._compared
        same = (compared and before) and all(a is b for a, b in zip(compared, before, strict=True))
        if same and place == self._place and not self._player.playing:
            return
        self._cancel()
        self._compared, self._place = compared, place
        ratio_db = self._player.signal_to_error_db() if compared else None
        self.read.emit(ratio_db)
        if compared and ratio_db is None and not self._player.playing:
            self._soon.start()

    def _cancel(self) -> None:
        self._soon.stop()
        job, self._job = self._job, None
        if job:
            job.cancel()

    def _start(self) -> None:
        if not self._compared:
            return
        original, heard = self._compared
        if self._place + ERROR_S * original.rate > decoded(original) < original.length:
            self._soon.start()  # a worker would have to wait for the decoder
            return
        self._job = self._runner.start(partial(_ratio, original, heard, self._place), urgent=True)
        self._job.item.connect(self.read)


def _ratio(original: Source, heard: Source, place: int) -> Iterator[float | None]:
    yield signal_to_error_around(original, heard, place)
