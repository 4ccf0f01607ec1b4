"""Which names files get in one folder: all different, also where A and a are one."""

from __future__ import annotations

import os
import posixpath
import unicodedata
from collections import defaultdict
from collections.abc import Sequence
from hashlib import blake2s
from typing import NamedTuple

from msviz.convert.finding import Found


class Name(NamedTuple):
    """Where a file goes in the folder that is written to; and the source that goes there already, if any."""

    inside: str
    taken_by: str = ""


def names(files: Sequence[Found], suffix: str) -> list[Name]:
    """A name for each file, with slashes between folders.

    song.wav becomes song.zarr; beside song.flac, song.wav.zarr; beside Song.wav, too, that one becomes
    Song.wav.c7a1.zarr.  Files of one name from several folders lie in folders of those names.  A name depends
    on what it would clash with and on its own file alone, so that it is found again.
    """
    choices = [_choices(file) for file in files]
    chosen = [0] * len(files)
    while True:
        alike = defaultdict(list)
        for number, (choice, its) in enumerate(zip(chosen, choices, strict=True)):
            alike[_folded(its[choice])].append(number)
        moving = [
            number
            for numbers in alike.values()
            for number in numbers
            if len(numbers) > 1 and chosen[number] + 1 < len(choices[number])
        ]
        if not moving:
            break
        for number in moving:
            chosen[number] += 1
    taken = {key: numbers[0] for key, numbers in alike.items()}
    out = []
    for number, (choice, its) in enumerate(zip(chosen, choices, strict=True)):
        other = taken[_folded(its[choice])]
        out.append(Name(its[choice] + suffix, files[other].source if other != number else ""))
    return out


def _choices(file: Found) -> list[str]:
    """Names without a suffix, the next where the one before is not the only one."""
    out = []
    for inside in (file.inside, f"{file.folder}/{file.inside}"):
        own = inside
        if inside != _folded(inside):  # what differs from others in that alone
            own += f".{blake2s(os.fsencode(inside), digest_size=2).hexdigest()}"
        out += [posixpath.splitext(inside)[0], inside, own]
    return out


def _folded(name: str) -> str:
    """What disks take for one name: capitals do not count, nor how accents are spelt."""
    return unicodedata.normalize("NFC", unicodedata.normalize("NFC", name).casefold())
