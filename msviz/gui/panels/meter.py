"""The level meter."""

from __future__ import annotations

import math
import time

from PyQt6.QtCore import QRectF, QSize, Qt, QTimer
from PyQt6.QtGui import QColor, QMouseEvent, QPainter, QPaintEvent, QPalette
from PyQt6.QtWidgets import QWidget

from msviz.playback import Player

SIZE = QSize(96, 20)
POLL_MS = 60  # longer than between two ticks of `Listening` during playback
LOWEST_DB = -60.0
FALL_DB_S = 24.0  # how fast a bar falls
HELD_S = 1.5  # how long the highest peak stays
LIGHT = 9  # width of the clip light
QUIET, LOUD, CLIPPED = QColor("#4fb06a"), QColor("#e0b13a"), QColor("#ff5a4d")
LOUD_DB = -6.0


class MeterBar(QWidget):
    """Peaks of the left and right side over a range of 60 dB, with peak hold and a clip light.

    Parameters
    ----------
    player : Player
        Polled while it plays and until the bars have fallen.
    """

    def __init__(self, player: Player, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setFixedSize(SIZE)
        self.setAttribute(Qt.WidgetAttribute.WA_OpaquePaintEvent)  # else the bar is painted first
        self.setToolTip("Peak level, −60 to 0 dBFS. The light turns red on clipping. Click to reset it")
        self.levels_db = [LOWEST_DB, LOWEST_DB]
        self.held_db = [LOWEST_DB, LOWEST_DB]
        self.clipped = False
        self._player = player
        self._held_since = [0.0, 0.0]
        self._last_s = 0.0
        self._timer = QTimer(self)
        self._timer.setInterval(POLL_MS)
        self._timer.timeout.connect(self._poll)

    def wake(self) -> None:
        """Poll now, in step with the playhead, and keep polling while there is something to show."""
        if not self._timer.isActive():
            self._last_s = time.monotonic()
        self._timer.start()
        self._poll()

    def rest(self) -> None:
        """Show nothing until `wake`."""
        self._timer.stop()
        self.levels_db, self.held_db = [LOWEST_DB] * 2, [LOWEST_DB] * 2
        self.update()

    def _poll(self) -> None:
        level = self._player.meter()
        self.show_peaks(level.peaks, clipped=level.clipped)
        if not self._player.playing and not any(level.peaks) and self.at_rest:
            self._timer.stop()

    def show_peaks(self, peaks: tuple[float, float], *, clipped: bool, now_s: float | None = None) -> None:
        """Rise at once to these linear peaks, or fall towards them."""
        now = time.monotonic() if now_s is None else now_s
        fall, self._last_s = FALL_DB_S * (now - self._last_s), now
        before = self._pixels()
        for side, peak in enumerate(peaks):
            level = max(20 * math.log10(peak) if peak > 0 else LOWEST_DB, LOWEST_DB)
            self.levels_db[side] = max(level, self.levels_db[side] - fall, LOWEST_DB)
            if level >= self.held_db[side]:
                self.held_db[side], self._held_since[side] = level, now
            elif now - self._held_since[side] > HELD_S:
                self.held_db[side] = max(self.levels_db[side], self.held_db[side] - fall)
        self.clipped = clipped
        if self._pixels() != before:
            self.update()

    @property
    def at_rest(self) -> bool:
        """Whether all bars have fallen."""
        return max(*self.levels_db, *self.held_db) <= LOWEST_DB

    def _pixels(self) -> tuple[object, ...]:
        return *(round(self._x(level)) for level in (*self.levels_db, *self.held_db)), self.clipped

    def _x(self, level_db: float) -> float:
        place = (min(level_db, 0.0) - LOWEST_DB) / -LOWEST_DB
        return place * (self.width() - LIGHT - 3)

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.fillRect(self.rect(), self.palette().color(QPalette.ColorRole.Window))
        ground = self.palette().color(QPalette.ColorRole.Mid)
        full, loud, height = self._x(0.0), self._x(LOUD_DB), (self.height() - 6) / 2
        for side in range(2):
            top = 2 + side * (height + 2)
            painter.fillRect(QRectF(0, top, full, height), ground)
            x = self._x(self.levels_db[side])
            painter.fillRect(QRectF(0, top, min(x, loud), height), QUIET)
            painter.fillRect(QRectF(loud, top, max(0.0, x - loud), height), LOUD)
            held = self.held_db[side]
            if held > LOWEST_DB:
                painter.fillRect(QRectF(self._x(held) - 1, top, 2, height), LOUD if held > LOUD_DB else QUIET)
        light = QRectF(self.width() - LIGHT, 2, LIGHT, self.height() - 4)
        painter.fillRect(light, CLIPPED if self.clipped else ground)

    def mousePressEvent(self, event: QMouseEvent) -> None:
        self._player.reset_clip()
        self.wake()
