"""What is wrong with a file: which samples are missing, and how to describe it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import NamedTuple, Protocol

from msviz.errors import AudioError

_MOST = 3  # problems listed in a sentence


class Damage(NamedTuple):
    """Samples [start, stop) that could not be read and are replaced by silence."""

    start: int
    stop: int
    reason: str
    """"damaged": its data are broken; "lost": they are not in the file; "missing": the file ends first."""


class Sound(Protocol):
    """Anything that records its problems: an `AudioSource`, or a representation made from one."""

    @property
    def rate(self) -> int:
        """Sampling rate in Hz."""

    @property
    def damage(self) -> Sequence[tuple[int, int, str]]:
        """Start, stop and reason of each interval that cannot be read."""

    @property
    def notes(self) -> Sequence[str]:
        """Other problems: sentences without the file's name or a full stop."""


def merged(damage: Iterable[Damage]) -> tuple[Damage, ...]:
    """Damage in order of time, without overlaps: adjacent intervals with the same reason are merged."""
    out: list[Damage] = []
    for one in sorted(damage):
        if out and one.start <= out[-1].stop and one.reason == out[-1].reason:
            out[-1] = out[-1]._replace(stop=max(one.stop, out[-1].stop))
        elif not out or one.stop > out[-1].stop:
            out.append(one._replace(start=max(one.start, out[-1].stop if out else one.start)))
    return tuple(out)


def clock(time_s: float) -> str:
    """A time to show: 1:02:03.4 or 2:03.456."""
    minutes, seconds = divmod(round(time_s, 3), 60)
    hours, minutes = divmod(int(minutes), 60)
    return f"{hours}:{minutes:02d}:{seconds:06.3f}" if hours else f"{minutes}:{seconds:06.3f}"


def problems(source: Sound) -> list[str]:
    """The problems found in a file so far: one sentence each, without the file's name.

    Examples: "is damaged from 0:10.200 to 0:10.507 (replaced by silence)", "is cut short: …".
    """
    said = list(source.notes)
    whats = {"damaged": "is damaged", "lost": "is missing audio", "missing": "has no audio"}
    for start, stop, reason in source.damage:
        begin, end = clock(start / source.rate), clock(stop / source.rate)
        said.append(f"{whats[reason]} from {begin} to {end} (replaced by silence)")
    return said


def require_sound(name: str, said: Sequence[str]) -> None:
    """Reject a file that has any of the `problems` given.

    Raises
    ------
    AudioError
        If there are any.
    """
    if said:
        more = f"; and {len(said) - _MOST} more" if len(said) > _MOST else ""
        raise AudioError(f"{name} was rejected: it {'; '.join(said[:_MOST])}{more}.")
