"""Audio read by soundfile, from a file or a rearranged one."""

from __future__ import annotations

import io
from pathlib import Path

import soundfile

from msviz.audio.media import native

_VALUES = 2**17  # samples × channels in a block: half a megabyte, a few milliseconds of decoding


def block_size(channels: int) -> int:
    """How many samples to decode at a time."""
    return max(1, _VALUES // channels)


class Stream(soundfile.SoundFile):  # type: ignore[misc]  # soundfile has no types
    """A sound file that reads on from its position.

    soundfile seeks after each read from a seekable file, which costs time and, for an MP3, loses the state of
    the decoder, so that the next samples differ.
    """

    def __init__(self, file: Path | io.RawIOBase) -> None:
        super().__init__(native(file) if isinstance(file, Path) else file)
        if super().seekable():
            self.seek(0)  # as soundfile.read does: the last bit of an MP3's samples depends on it

    def seekable(self) -> bool:
        """False, so that soundfile does not change the position; `seek` works nevertheless."""
        return False
