"""When samples sent to the device are audible."""

from __future__ import annotations

from collections import deque
from math import inf

from msviz.playback.mixer import Piece, Seek

ROUNDING = 1e-6  # of a place between two samples, far below one
PAST_S = 0.1  # how late a reader of the clock may come to ask what was heard then


class PlaybackClock:
    """The audible position at any time; written by the audio thread, read by others.

    Parameters
    ----------
    rate : int
        Samples per second.
    position, seek
        Those of the mixer before the first piece.
    """

    def __init__(self, rate: int, position: float, seek: Seek) -> None:
        self._rate = rate
        self._peaks: deque[tuple[float, tuple[float, float]]] = deque(maxlen=1000)
        # Replaced as a whole, never changed, so that readers need no lock.
        self._sent: tuple[tuple[float, Piece], ...] = ((-inf, Piece(0, position, 0, 1.0, seek)),)

    def send(self, pieces: list[Piece], now: float, heard: float, peaks: tuple[float, float]) -> None:
        """Add the pieces and peaks of a buffer whose first sample will be audible at the time `heard`."""
        self._peaks.append((heard, peaks))
        sent = self._sent
        while len(sent) > 1 and sent[1][0] <= now - PAST_S:
            sent = sent[1:]
        self._sent = sent + tuple((heard + piece.offset / self._rate, piece) for piece in pieces)

    def peaks(self, now: float) -> tuple[float, float]:
        """The peaks, left and right, of the buffers that have become audible since the last call."""
        left = right = 0.0
        while self._peaks and self._peaks[0][0] <= now:
            _, peaks = self._peaks.popleft()
            left, right = max(left, peaks[0]), max(right, peaks[1])
        return left, right

    def at(self, now: float) -> tuple[int, Seek]:
        """The position at a time, and the last seek carried out by then.

        It is the last sample of the original that has begun.  As `now` grows it only goes back at a seek or
        where a loop repeats, even if the device's times are not steady.
        """
        sent = self._sent
        since, piece = next((entry for entry in reversed(sent) if entry[0] <= now), sent[0])
        moved = min(max((now - since) * self._rate, 0), piece.moved)
        return int(piece.position + int(moved) * piece.step + ROUNDING), piece.seek
