"""A sound that soundfile reads, from a file or from one that is put together anew."""

from __future__ import annotations

import io
from pathlib import Path

import soundfile

from msviz.audio.media import native

_VALUES = 2**17  # samples × channels in a block: half a megabyte, a few milliseconds of decoding


def block_size(channels: int) -> int:
    """Samples that are decoded at a time."""
    return max(1, _VALUES // channels)


class Stream(soundfile.SoundFile):  # type: ignore[misc]  # soundfile has no types
    """A sound file that reads on from where it is.

    soundfile seeks after each read of a seekable file, which costs time and, in an MP3, the state of
    the decoder: what is read next differs.
    """

    def __init__(self, file: Path | io.RawIOBase) -> None:
        super().__init__(native(file) if isinstance(file, Path) else file)
        if super().seekable():
            self.seek(0)  # as soundfile.read does: the last bit of an MP3's samples depends on it

    def seekable(self) -> bool:
        """Say no, so that soundfile leaves the position alone; `seek` works all the same."""
        return False
