"""What of a file is not as it should be: which samples are missing, and what to say about it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import NamedTuple, Protocol

from msviz.errors import AudioError

_MOST = 3  # problems in a sentence


class Damage(NamedTuple):
    """Samples [start, stop) that cannot be read; they are silent."""

    start: int
    stop: int
    reason: str
    """"damaged": its data are broken; "lost": they are not in the file; "missing": the file ends first."""


class Sound(Protocol):
    """What knows what is wrong with it: an `AudioSource`, or what was made from one."""

    @property
    def rate(self) -> int:
        """Sampling rate in Hz."""

    @property
    def damage(self) -> Sequence[tuple[int, int, str]]:
        """Start, stop and reason of what cannot be read."""

    @property
    def notes(self) -> Sequence[str]:
        """What else is wrong: sentences without the file's name and the full stop."""


def merged(damage: Iterable[Damage]) -> tuple[Damage, ...]:
    """Damage in order of time; what touches and has the same reason is one, and what begins first counts."""
    out: list[Damage] = []
    for one in sorted(damage):
        if out and one.start <= out[-1].stop and one.reason == out[-1].reason:
            out[-1] = out[-1]._replace(stop=max(one.stop, out[-1].stop))
        elif not out or one.stop > out[-1].stop:
            out.append(one._replace(start=max(one.start, out[-1].stop if out else one.start)))
    return tuple(out)


def clock(time_s: float) -> str:
    """A time for people: 1:02:03.4 or 2:03.456."""
    minutes, seconds = divmod(round(time_s, 3), 60)
    hours, minutes = divmod(int(minutes), 60)
    return f"{hours}:{minutes:02d}:{seconds:06.3f}" if hours else f"{minutes}:{seconds:06.3f}"


def problems(source: Sound) -> list[str]:
    """What is known so far to be wrong with a file: a sentence each, without its name.

    Examples: "is damaged from 0:10.200 to 0:10.507, and silent there", "is cut short: …".
    """
    said = list(source.notes)
    whats = {"damaged": "is damaged", "lost": "lacks the sound", "missing": "has no sound"}
    for start, stop, reason in source.damage:
        begin, end = clock(start / source.rate), clock(stop / source.rate)
        said.append(f"{whats[reason]} from {begin} to {end}, and is silent there")
    return said


def require_sound(name: str, said: Sequence[str]) -> None:
    """Refuse a file for what `problems` says about it.

    Raises
    ------
    AudioError
        If that is anything.
    """
    if said:
        more = f"; and {len(said) - _MOST} more" if len(said) > _MOST else ""
        raise AudioError(f"{name} is refused: it {'; '.join(said[:_MOST])}{more}.")
