"""What is known of a sound before it is decoded, and how that is done."""

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
    """Samples (n, channels) from `start` on, and why there are none between them and those before."""

    start: int
    samples: NDArray[np.float32]
    reason: str = "lost"


@dataclass
class Encoded:
    """A sound in a file.

    Attributes
    ----------
    rate, exact_rate : int, float
        In Hz; the second as the file has it, where it has a fraction.
    channels, length : int
        Number of channels, and of samples in each.
    settled : bool
        Whether the length is certain; else it is what the file announces, until all has been decoded.
    format, subtype : str
        As those of `AudioSource`.
    speakers : str
        What the channels are for: "FL FR FC".
    order : tuple of int, optional
        Where each channel stands in what is decoded; as it comes by default.
    track, tracks : int, tuple of str
        Which of the file's sound tracks, and what they are for people.
    stream : callable, optional
        Opens the sound, to be entered at any sample, exactly.
    opened : Stream, optional
        What that has given once already.
    parts : callable, optional
        Decodes it from front to end, where it cannot be entered so.
    grain : int
        Samples that are lost together where a sound that can be entered anywhere is damaged.
    trouble : callable
        Says why the file itself could not be read, if it could not.
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
        """What is known so far to be missing, within the length."""
        return tuple(
            one._replace(stop=min(one.stop, self.length)) for one in self._damage if one.start < self.length
        )

    def add_damage(self, start: int, stop: int, reason: str) -> None:
        """Samples [start, stop) turned out to be missing."""
        if stop > start:
            with self._lock:
                self._damage = merged((*self._damage, Damage(max(0, start), stop, reason)))

    @property
    def notes(self) -> tuple[str, ...]:
        """What else is known so far to be wrong: sentences without the file's name and the full stop."""
        return self._notes

    def note(self, sentence: str) -> None:
        """Something is wrong that is to be told."""
        with self._lock:
            if sentence not in self._notes:
                self._notes = (*self._notes, sentence)

    def close(self) -> None:
        """Close what has been opened, if nobody has taken it."""
        if self.opened:
            self.opened.close()
