"""Blocks of samples out of a file, exactly those of a decoding from front to end.

libsndfile enters plain and lossless samples at any position.  Vorbis and MP3 it enters beside the
sample asked for, or without what the decoder remembers of the frames before, so that a seek gives
other samples than reading on; a few old codecs it cannot enter at all.  All these are decoded once,
from the front, into a scratch file.
"""

from __future__ import annotations

import os
import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Protocol

import numpy as np
import soundfile
from numpy.typing import NDArray

from msviz.errors import AudioError

_VALUES = 2**17  # samples × channels in a block: half a megabyte, a few milliseconds of decoding
_EXACT = ("PCM", "FLOAT", "DOUBLE", "ULAW", "ALAW", "ALAC")


class Stream(soundfile.SoundFile):  # type: ignore[misc]  # soundfile has no types
    """A sound file that reads on from where it is.

    soundfile seeks after each read of a seekable file, which costs time and, in an MP3, the state of
    the decoder: what is read next differs.
    """

    def __init__(self, path: Path) -> None:
        super().__init__(path)
        if super().seekable():
            self.seek(0)  # as soundfile.read does: the last bit of an MP3's samples depends on it

    def seekable(self) -> bool:
        """Say no, so that soundfile leaves the position alone; `seek` works all the same."""
        return False


class Decoder(Protocol):
    """Gives the blocks of a file by number; block i holds samples [i·size, (i+1)·size)."""

    size: int
    length: int

    def block(self, index: int) -> NDArray[np.float32]:
        """The samples of a block as an array (n, channels)."""

    def close(self) -> None:
        """Let go of the file."""


def make_decoder(stream: Stream, path: Path) -> Decoder:
    """The decoder that suits a freshly opened file."""
    exact = stream.format not in ("OGG", "MP3") and stream.subtype.startswith(_EXACT)
    announced = 0 <= stream.frames < 2**62  # a FLAC file from a pipe does not know its own length
    return _Seeking(stream, path) if exact and announced else _Forward(stream, path, known=announced)


class _Reader:
    """What both decoders do: read on in an open file, and say in a sentence when that fails."""

    def __init__(self, stream: Stream, path: Path) -> None:
        self.size = max(1, _VALUES // stream.channels)
        self.length = stream.frames
        self._stream = stream
        self._path = path
        self._lock = threading.Lock()  # held while the stream moves

    def _read_on(self, index: int) -> NDArray[np.float32]:
        """What the stream gives next, which is block `index`; shorter at the end of the file."""
        try:
            samples: NDArray[np.float32] = self._stream.read(self.size, dtype="float32", always_2d=True)
        except soundfile.LibsndfileError:
            raise self._damaged(index) from None
        return samples

    def _read_block(self, index: int) -> NDArray[np.float32]:
        """Block `index`, before which the stream stands, whole."""
        samples = self._read_on(index)
        left = self.length - index * self.size
        if len(samples) < min(self.size, left):
            raise self._damaged(index)
        return samples[:left]

    def _damaged(self, index: int) -> AudioError:
        begin, end = (block * self.size / self._stream.samplerate for block in (index, index + 1))
        return AudioError(
            f"{self._path} is damaged between {begin:.1f} s and {end:.1f} s: copy or download it again."
        )

    def _check_open(self) -> None:
        if self._stream.closed:
            raise AudioError(f"{self._path} is no longer open.")

    def close(self) -> None:
        with self._lock:
            self._stream.close()


class _Seeking(_Reader):
    """Blocks of a file that can be entered at any sample."""

    def __init__(self, stream: Stream, path: Path) -> None:
        super().__init__(stream, path)
        self._next: int | None = 0  # the block that the stream stands before; None after a failure

    def block(self, index: int) -> NDArray[np.float32]:
        with self._lock:
            self._check_open()
            position, self._next = self._next, None
            try:
                if position is None:  # after a failure libsndfile finds no place in the file any more
                    self._stream.close()
                    self._stream = Stream(self._path)
                if index != position:
                    self._stream.seek(index * self.size)
            except soundfile.LibsndfileError:
                raise self._damaged(index) from None
            samples = self._read_block(index)
            self._next = index + 1
            return samples


class _Forward(_Reader):
    """Blocks of a file that gives the right samples only from front to end."""

    def __init__(self, stream: Stream, path: Path, *, known: bool) -> None:
        super().__init__(stream, path)
        self._scratch_lock = threading.Lock()  # what is decoded can be read while more is being decoded
        self._decoded = 0  # blocks in the scratch file
        self._failure = ""  # why there will be no more of them
        with self._scratch_errors_told():
            self._scratch = tempfile.TemporaryFile(prefix="msviz-")  # noqa: SIM115  (closed by `close`)
        if not known:
            try:
                self._measure()
            except BaseException:
                self.close()
                raise

    def block(self, index: int) -> NDArray[np.float32]:
        if index >= self._decoded:
            with self._lock:
                self._check_open()
                while index >= self._decoded:
                    self._decode_one_more()
        start = index * self.size
        values = min(self.size, self.length - start) * self._stream.channels
        with self._scratch_lock:
            self._check_open()
            self._scratch.seek(start * self._stream.channels * 4)
            samples = np.frombuffer(self._scratch.read(values * 4), np.float32)
        return samples.reshape(-1, self._stream.channels)

    def _decode_one_more(self) -> None:
        if self._failure:
            raise AudioError(self._failure)
        try:
            self._keep(self._read_block(self._decoded))
        except AudioError as error:
            self._failure = str(error)  # the stream has moved: what it gives next is not this block
            raise

    def _keep(self, samples: NDArray[np.float32]) -> None:
        with self._scratch_lock, self._scratch_errors_told():
            self._scratch.seek(0, os.SEEK_END)
            self._scratch.write(samples.tobytes())
            self._scratch.flush()
        self._decoded += 1

    @contextmanager
    def _scratch_errors_told(self) -> Iterator[None]:
        try:
            yield
        except OSError as error:
            raise AudioError(
                f"{self._path} cannot be unpacked into a temporary file: {error.strerror}."
            ) from None

    def _measure(self) -> None:
        """Learn the length of a file that does not tell it, by decoding to its end."""
        self.length = 0
        while len(samples := self._read_on(self._decoded)):
            self._keep(samples)
            self.length += len(samples)

    def close(self) -> None:
        super().close()
        with self._scratch_lock:
            self._scratch.close()
