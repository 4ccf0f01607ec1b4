"""When what was sent to the device is heard."""

from __future__ import annotations

from math import inf

from msviz.playback.mixer import Piece, Seek

PAST_S = 0.1  # how late a reader of the clock may come to ask what was heard then


class Heard:
    """The position that is heard at any time; written by the audio thread, read by others.

    Parameters
    ----------
    rate : int
        Samples per second.
    position, seek
        Where the mixer stands before the first piece.
    """

    def __init__(self, rate: int, position: int, seek: Seek) -> None:
        self._rate = rate
        # Replaced as a whole, never changed, so that readers need no lock.
        self._sent: tuple[tuple[float, Piece], ...] = ((-inf, Piece(0, position, 0, seek)),)

    def send(self, pieces: list[Piece], now: float, heard: float) -> None:
        """Add the pieces of a buffer whose first sample will be heard at the time `heard`."""
        sent = self._sent
        while len(sent) > 1 and sent[1][0] <= now - PAST_S:
            sent = sent[1:]
        self._sent = sent + tuple((heard + piece.offset / self._rate, piece) for piece in pieces)

    def at(self, now: float) -> tuple[int, Seek]:
        """The position at a time, and the last seek that had been followed then.

        As `now` grows it never goes back but by a seek, even if the device's times are not steady.
        """
        sent = self._sent
        since, piece = next((entry for entry in reversed(sent) if entry[0] <= now), sent[0])
        moved = min(max((now - since) * self._rate, 0), piece.moved)
        return piece.position + int(moved), piece.seek
