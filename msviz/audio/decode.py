"""Blocks of samples out of a file, exactly those of a decoding from front to end.

libsndfile enters plain and lossless samples at any position.  Vorbis and MP3 it enters beside the
sample asked for, or without what the decoder remembers of the frames before, so that a seek gives
other samples than reading on; a few old codecs it cannot enter at all.  All these are decoded once,
from the front, into a scratch file, by a thread that runs ahead of whoever reads.
"""

from __future__ import annotations

import os
import shutil
import sys
import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Protocol

import numpy as np
import soundfile
from numpy.typing import NDArray

from msviz.errors import AudioError

_VALUES = 2**17  # samples × channels in a block: half a megabyte, a few milliseconds of decoding
_VALUE_BYTES = 4  # float32: what lossy decoders give has no fewer digits
_NICE = 10  # the decoder's thread, unless what starts it gives way to all others, as it does then
_EXACT = ("PCM", "FLOAT", "DOUBLE", "ULAW", "ALAW", "ALAC")


def native(path: Path) -> str | bytes:
    """A file's name for soundfile, which refuses a str that stands for a name in no encoding."""
    return str(path) if sys.platform == "win32" else os.fsencode(path)


class Stream(soundfile.SoundFile):  # type: ignore[misc]  # soundfile has no types
    """A sound file that reads on from where it is.

    soundfile seeks after each read of a seekable file, which costs time and, in an MP3, the state of
    the decoder: what is read next differs.
    """

    def __init__(self, path: Path) -> None:
        super().__init__(native(path))
        if super().seekable():
            self.seek(0)  # as soundfile.read does: the last bit of an MP3's samples depends on it

    def seekable(self) -> bool:
        """Say no, so that soundfile leaves the position alone; `seek` works all the same."""
        return False


class Decoder(Protocol):
    """Gives the blocks of a file by number; block i holds samples [i·size, (i+1)·size)."""

    size: int
    length: int

    @property
    def decoded(self) -> int:
        """How many samples, from the first, can be had without waiting for others to be decoded."""

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
        self.size: int = max(1, _VALUES // stream.channels)
        self.length: int = stream.frames
        self._channels: int = stream.channels
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

    def _closed(self) -> AudioError:
        return AudioError(f"{self._path} is no longer open.")

    def close(self) -> None:
        with self._lock:
            self._stream.close()


class _Seeking(_Reader):
    """Blocks of a file that can be entered at any sample."""

    def __init__(self, stream: Stream, path: Path) -> None:
        super().__init__(stream, path)
        self._next: int | None = 0  # the block that the stream stands before; None after a failure
        self._last: NDArray[np.float32] | None = None  # the one before that

    @property
    def decoded(self) -> int:
        return self.length

    def block(self, index: int) -> NDArray[np.float32]:
        with self._lock:
            if self._stream.closed:
                raise self._closed()
            if self._last is not None and self._next == index + 1:
                return self._last  # two threads wanted it
            position, self._next = self._next, None
            try:
                if position is None:  # after a failure libsndfile finds no place in the file any more
                    self._stream.close()
                    self._stream = Stream(self._path)
                if index != position:
                    self._stream.seek(index * self.size)
            except soundfile.LibsndfileError:
                raise self._damaged(index) from None
            self._last = self._read_block(index)
            self._next = index + 1
            return self._last


class _Forward(_Reader):
    """Blocks of a file that gives the right samples only from front to end.

    The first that is asked for starts a thread that decodes the whole file.  Whoever asks for a block
    that is not there yet waits until it is, and no longer than until `close`.

    The scratch file has no name (on Windows, goes when it is closed by whatever means), so that even
    a crash leaves none behind.  It is read, not mapped: what is mapped counts as memory held.
    """

    def __init__(self, stream: Stream, path: Path, *, known: bool) -> None:
        super().__init__(stream, path)
        self._changed = threading.Condition()  # what follows has, but for the thread's own doings
        self._decoded = 0  # blocks in the scratch file
        self._failure = ""  # why there will be no more of them
        self._closing = False
        self._thread: threading.Thread | None = None
        folder = _scratch_folder()
        with self._scratch_errors_told():
            if known:
                self._check_space(folder)
            self._scratch = tempfile.TemporaryFile(prefix="msviz-", dir=folder)  # noqa: SIM115  (`close` does)
        if not known:
            try:
                self._measure()
            except BaseException:
                self.close()
                raise

    @property
    def decoded(self) -> int:
        return min(self._decoded * self.size, self.length)

    def block(self, index: int) -> NDArray[np.float32]:
        values = min(self.size, self.length - index * self.size) * self._channels
        with self._changed:
            if index >= self._decoded and not self._thread and not self._closing:
                self._thread = threading.Thread(target=self._decode, name="msviz-decoder")
                self._thread.start()
            self._changed.wait_for(lambda: index < self._decoded or self._failure or self._closing)
            if self._closing:
                raise self._closed()
            if index >= self._decoded:
                raise AudioError(self._failure)
            self._scratch.seek(self._place(index))
            samples = np.frombuffer(self._scratch.read(values * _VALUE_BYTES), np.float32)
        return samples.reshape(-1, self._channels)

    def _decode(self) -> None:
        """In the thread: decode the file to its end, unless it is closed or the program ends before."""
        if hasattr(os, "setpriority"):  # on Linux this is the thread's own
            with suppress(OSError):
                os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), _NICE)
        failure = f"{self._path} could not be decoded any further."
        try:
            while self.decoded < self.length and not self._closing and threading.main_thread().is_alive():
                self._keep(self._read_block(self._decoded))
        except AudioError as error:
            failure = str(error)
        finally:
            with self._changed:
                self._failure = failure  # nobody asks where all has been decoded
                self._changed.notify_all()

    def _keep(self, samples: NDArray[np.float32]) -> None:
        with self._changed, self._scratch_errors_told():
            self._scratch.seek(self._place(self._decoded))
            self._scratch.write(samples.tobytes())
            self._scratch.flush()
            self._decoded += 1
            self._changed.notify_all()

    def _place(self, index: int) -> int:
        """Where a block begins in the scratch file."""
        return index * self.size * self._channels * _VALUE_BYTES

    def _check_space(self, folder: str) -> None:
        needed, free = self.length * self._channels * _VALUE_BYTES, shutil.disk_usage(folder).free
        if needed > free:
            raise AudioError(
                f"{self._path} cannot be unpacked into a temporary file: that takes {needed / 1e9:.1f} GB, "
                f"and {folder} has {free / 1e9:.1f} GB left."
            )

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
        with self._changed:
            self._closing = True
            self._changed.notify_all()
        if self._thread:
            self._thread.join()
        super().close()
        self._scratch.close()


def _scratch_folder() -> str:
    """Where hours of sound have room: the system's own choice, /tmp, is often memory."""
    usual = tempfile.gettempdir()
    return "/var/tmp" if usual == "/tmp" and os.access("/var/tmp", os.W_OK) else usual
