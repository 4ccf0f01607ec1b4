"""What is known about a sound before it is decoded, and how to decode it."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from msviz.audio.damage import Damage, merged
from msviz.audio.stream import Stream


class Part(NamedTuple):
    """Samples (n, channels) from `start` on, and the reason for a gap before them."""

    start: int
    samples: NDArray[np.float32]
    reason: str = "lost"


@dataclass
class Encoded:
    """A sound in a file.

    Attributes
    ----------
    rate, exact_rate : int, float
        In Hz; the second as given in the file, possibly with a fraction.
    channels, length : int
        Number of channels, and of samples in each.
    settled : bool
        Whether the length is certain; if not, it is what the header says until everything is decoded.
    format, subtype : str
        As in `AudioSource`.
    speakers : str
        What the channels are for: "FL FR FC".
    order : tuple of int, optional
        The position of each channel in the decoded samples; by default in order.
    track, tracks : int, tuple of str
        Which audio track of the file, and descriptions of all of them.
    stream : callable, optional
        Opens a stream that can seek to any sample exactly.
    opened : Stream, optional
        A stream that is already open.
    parts : callable, optional
        Decodes it from the beginning, if it cannot seek exactly.
    grain : int
        How many samples are lost together where a seekable sound is damaged.
    trouble : callable
        Returns why the file itself could not be read, if it could not.
    """

    rate: int
    channels: int
    length: int
    format: str
    subtype: str = "FLOAT"
    settled: bool = True
    exact_rate: float = 0.0
    speakers: str = ""
    order: tuple[int, ...] | None = None
    track: int = 0
    tracks: tuple[str, ...] = ()
    stream: Callable[[], Stream] | None = None
    opened: Stream | None = None
    parts: Callable[[], Iterator[Part]] | None = None
    grain: int = 4096
    trouble: Callable[[], str] = str
    _damage: tuple[Damage, ...] = ()
    _notes: tuple[str, ...] = ()
    _lock: threading.Lock = field(default_factory=threading.Lock, repr=False)

    def __post_init__(self) -> None:
        self.exact_rate = self.exact_rate or float(self.rate)
        self.tracks = self.tracks or (self.format,)

    @property
    def damage(self) -> tuple[Damage, ...]:
        """The damage found so far, within the length."""
        return tuple(
            one._replace(stop=min(one.stop, self.length)) for one in self._damage if one.start < self.length
        )

    def add_damage(self, start: int, stop: int, reason: str) -> None:
        """Record that samples [start, stop) are missing."""
        if stop > start:
            with self._lock:
                self._damage = merged((*self._damage, Damage(max(0, start), stop, reason)))

    @property
    def notes(self) -> tuple[str, ...]:
        """Other problems found so far: sentences without the file's name or a full stop."""
        return self._notes

    def note(self, sentence: str) -> None:
        """Record a problem."""
        with self._lock:
            if sentence not in self._notes:
                self._notes = (*self._notes, sentence)

    def close(self) -> None:
        """Close the open stream, if it is unused."""
        if self.opened:
            self.opened.close()
