"""A file as a `Source`: read by stretch, decoded block by block, the latest blocks kept."""

from __future__ import annotations

import os
import threading
from collections import OrderedDict
from collections.abc import Iterator
from pathlib import Path
from typing import Self

import numpy as np
from numpy.typing import NDArray

from msviz.audio.damage import Damage
from msviz.audio.decode import Stream, make_decoder
from msviz.audio.opening import open_stream
from msviz.signal import Signal, read_blocks

_BLOCKS_KEPT = 16  # of half a megabyte: 24 s of stereo, what analysis and player have read around them


class AudioSource:
    """An open audio file; a `Source`.  Made by `open_audio`, closed by `close` or a ``with`` statement.

    Reading a stretch costs what the stretch costs, gives float32 and exactly the samples of the file
    decoded as a whole.  Vorbis, Opus and MP3 are decoded once, from front to end, into a temporary file,
    by a thread that the first reading starts; who reads ahead of it waits until it is there.

    Attributes
    ----------
    path : Path
    format : str
        For people: "FLAC, 16 bit".
    subtype : str
        The bit depth of whole numbers, "PCM_16", "PCM_24", …; "FLOAT" for all else.
    rate : int
        Sampling rate in Hz.
    channels, length : int
        Number of channels, and of samples in each.
    """

    def __init__(self, path: Path, stream: Stream) -> None:
        self.path = path
        self.format = _describe(stream)
        self.subtype: str = stream.subtype if stream.subtype.startswith("PCM") else "FLOAT"
        self.rate: int = stream.samplerate
        self.channels: int = stream.channels
        self._decoder = make_decoder(stream, path)
        self.length = self._decoder.length
        self._blocks: OrderedDict[int, NDArray[np.float32]] = OrderedDict()
        self._non_finite: dict[int, int] = {}
        self._lock = threading.Lock()  # held for a look at the two above, never while decoding

    @property
    def duration(self) -> float:
        """Length in seconds."""
        return self.length / self.rate

    @property
    def name(self) -> str:
        """What the file is called, for people."""
        return self.path.name

    @property
    def exact_rate(self) -> float:
        """Sampling rate in Hz as the file gives it; it may have a fraction, which `rate` rounds off."""
        return float(self.rate)

    @property
    def channel_names(self) -> tuple[str, ...]:
        """What each channel is for: "left", "right", "centre", "LFE", …; else its number, from "1"."""
        usual = {1: ("mono",), 2: ("left", "right")}
        return usual.get(self.channels, tuple(str(n + 1) for n in range(self.channels)))

    @property
    def track(self) -> int:
        """Which of `tracks` this is, from 0."""
        return 0

    @property
    def tracks(self) -> tuple[str, ...]:
        """The sound tracks of the file, for people; those of a video may be several."""
        return (self.format,)

    @property
    def damage(self) -> tuple[Damage, ...]:
        """What is known so far to be missing, in order; the samples there are zero."""
        return ()

    @property
    def notes(self) -> tuple[str, ...]:
        """What else is known so far to be wrong: sentences without the file's name and the full stop."""
        return ()

    @property
    def settled(self) -> bool:
        """Whether `length` is final.  While it is not, it may change once, when all has been decoded."""
        return True

    def settle(self) -> None:
        """Wait until `length` is final."""

    def check(self) -> Iterator[float]:
        """Look for damage all through the file; `damage` is complete afterwards.

        Yields
        ------
        float
            How much of the file has been looked at, from 0 to 1.
        """
        yield 1.0

    @property
    def decoded(self) -> int:
        """How many samples, from the first, can be read without waiting for a thread that decodes."""
        return self._decoder.decoded

    @property
    def non_finite(self) -> int:
        """How many samples met so far are not numbers or infinite; they are read as zero."""
        with self._lock:
            return sum(self._non_finite.values())

    def read(self, start: int, stop: int) -> NDArray[np.float32]:
        """Samples [start, stop) as an array (channels, stop - start); zero outside the file.

        May be called from several threads at once.

        Raises
        ------
        AudioError
            If the file is damaged there, or is closed.
        """
        out = np.zeros((self.channels, max(stop - start, 0)), np.float32)
        read_blocks(self._block, self._decoder.size, start, stop, out, range(self.length))
        return out

    def close(self) -> None:
        """Close the file; what is read afterwards raises `AudioError`."""
        self._decoder.close()
        with self._lock:
            self._blocks.clear()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *error: object) -> None:
        self.close()

    def _block(self, index: int) -> NDArray[np.float32]:
        with self._lock:
            if (block := self._blocks.get(index)) is not None:
                self._blocks.move_to_end(index)
                return block
        block = np.array(self._decoder.block(index).T, order="C")
        strange = ~np.isfinite(block)
        count = int(np.count_nonzero(strange))
        if count:
            block[strange] = 0
        with self._lock:
            if count:
                self._non_finite[index] = count
            self._blocks[index] = block
            if len(self._blocks) > _BLOCKS_KEPT:
                self._blocks.popitem(last=False)
        return block


def open_audio(path: str | os.PathLike[str], *, track: int = 0, wait: bool = True) -> AudioSource:
    """Open an audio file to read it by stretch.

    WAV, FLAC, Ogg Vorbis, Opus, MP3, AIFF, CAF and W64; 1 to 64 channels; 1 kHz and more.

    Raises
    ------
    AudioError
        If the file is missing, not readable, empty, not audio, cut short, or not of this kind, or if
        there is no room to decode it.

    Examples
    --------
    >>> from msviz import demo_tracks, open_audio
    >>> with open_audio(demo_tracks()["Bach"]) as source:
    ...     print(source.format, source.rate, source.read(44100, 44110).shape)
    FLAC, 16 bit 44100 (2, 10)
    """
    path = Path(path)
    stream = open_stream(path)
    try:
        return AudioSource(path, stream)
    except BaseException:
        stream.close()
        raise


def read_audio(path: str | os.PathLike[str]) -> Signal:
    """Read a whole audio file: a `Signal` of float32 samples.

    Raises
    ------
    AudioError
        As `open_audio`, or if the file is damaged somewhere.
    """
    with open_audio(path) as source:
        return Signal(source.read(0, source.length), source.rate)


def _describe(stream: Stream) -> str:
    bits = {"PCM_S8": 8, "PCM_U8": 8, "PCM_16": 16, "PCM_24": 24, "PCM_32": 32}
    floats = {"FLOAT": 32, "DOUBLE": 64}
    containers = {"OGG": "Ogg", "RF64": "WAV", "WAVEX": "WAV"}
    container = containers.get(stream.format, stream.format)
    if stream.format == "MP3":
        return "MP3"
    if stream.subtype in bits:
        return f"{container}, {bits[stream.subtype]} bit"
    if stream.subtype in floats:
        return f"{container}, {floats[stream.subtype]} bit float"
    if stream.format == "OGG":
        return f"Ogg {stream.subtype.capitalize()}"
    return f"{container}, {stream.subtype_info}"
