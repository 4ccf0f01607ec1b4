"""Choose distinct names for files in one folder, even on disks that ignore case."""

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
    """The path of a file in the output folder, and another source that already has it, if any."""

    inside: str
    taken_by: str = ""


def names(files: Sequence[Found], suffix: str) -> list[Name]:
    """A name for each file, with slashes between folders.

    song.wav becomes song.zarr; if there is also song.flac, song.wav.zarr; if there is also Song.wav, that
    becomes Song.wav.c7a1.zarr.  Files of the same name from several folders go to folders of those names.  A
    name depends only on its file and on what it would clash with, so that the next run finds it again.
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
    """Names without a suffix; each is used if the previous one is not unique."""
    out = []
    for inside in (file.inside, f"{file.folder}/{file.inside}"):
        own = inside
        if inside != _folded(inside):  # it differs from others only in that
            own += f".{blake2s(os.fsencode(inside), digest_size=2).hexdigest()}"
        out += [posixpath.splitext(inside)[0], inside, own]
    return out


def _folded(name: str) -> str:
    """What disks may treat as the same name: regardless of case and of how accents are encoded."""
    return unicodedata.normalize("NFC", unicodedata.normalize("NFC", name).casefold())
