"""Blocks of samples out of a file, exactly those of a decoding from front to end.

libsndfile enters plain and lossless samples at any position.  Vorbis and MP3 it enters beside the
sample asked for, or without what the decoder remembers of the frames before, so that a seek gives
other samples than reading on; a few old codecs it cannot enter at all, and FFmpeg none exactly.  All
these are decoded once, from the front, into a scratch file, by a thread that runs ahead of whoever reads.

What cannot be decoded is silent, and added to the damage of the file.
"""

from __future__ import annotations

import os
import shutil
import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Protocol

import numpy as np
import soundfile
from numpy.typing import NDArray

from msviz.audio.encoded import Encoded
from msviz.audio.stream import Stream, block_size
from msviz.errors import AudioError

_VALUE_BYTES = 4  # float32: what lossy decoders give has no fewer digits
_NICE = 10  # the decoder's thread, unless what starts it gives way to all others, as it does then


class Decoder(Protocol):
    """Gives the blocks of a file by number; block i holds samples [i·size, (i+1)·size)."""

    size: int

    @property
    def decoded(self) -> int:
        """How many samples, from the first, can be had without waiting for others to be decoded."""

    def block(self, index: int) -> NDArray[np.float32]:
        """The samples of a block as an array (n, channels)."""

    def finish(self) -> None:
        """Wait until all has been decoded that is decoded from front to end."""

    def close(self) -> None:
        """Let go of the file."""


def make_decoder(encoded: Encoded, name: str) -> Decoder:
    """The decoder that suits a file."""
    if encoded.stream:
        return _Seeking(encoded, name, encoded.opened or encoded.stream())
    return _Forward(encoded, name)


def _closed(name: str) -> AudioError:
    return AudioError(f"{name} has been closed.")


def _check_file(encoded: Encoded, name: str) -> None:
    """Tell a failing disk or network from a damaged file."""
    if trouble := encoded.trouble():
        raise AudioError(f"{name} could not be read to the end: {trouble}.")


class _Seeking:
    """Blocks of a file that can be entered at any sample."""

    def __init__(self, encoded: Encoded, name: str, stream: Stream) -> None:
        self.size = block_size(encoded.channels)
        self._encoded, self._name, self._stream = encoded, name, stream
        self._lock = threading.Lock()  # held while the stream moves
        self._closing = False
        self._next: int | None = 0  # the block that the stream stands before; None after a failure

    @property
    def decoded(self) -> int:
        return self._encoded.length

    def block(self, index: int) -> NDArray[np.float32]:
        with self._lock:
            if self._closing:
                raise _closed(self._name)
            start = index * self.size
            count = min(self.size, self._encoded.length - start)
            samples = self._read(start, count, seek=self._next != index)
            self._next = index + 1 if samples is not None else None
            return self._salvaged(start, count) if samples is None else samples

    def _read(self, start: int, count: int, *, seek: bool = True) -> NDArray[np.float32] | None:
        """Samples from `start` on; None if they cannot be decoded."""
        try:
            if self._stream.closed:
                assert self._encoded.stream
                self._stream = self._encoded.stream()
            if seek:
                self._stream.seek(start)
            samples: NDArray[np.float32] = self._stream.read(count, dtype="float32", always_2d=True)
        except soundfile.LibsndfileError:
            samples = np.zeros((0, 0), np.float32)
        if len(samples) == count:
            return samples
        self._stream.close()  # after a failure libsndfile finds no place in the file any more
        _check_file(self._encoded, self._name)
        return None

    def _salvaged(self, start: int, count: int) -> NDArray[np.float32]:
        """A block that cannot be read as a whole: as much of it as can be, and zeros."""
        samples = np.zeros((count, self._encoded.channels), np.float32)
        grain, at = self._encoded.grain, start
        while at < start + count:
            stop = min((at // grain + 1) * grain, start + count)
            part = self._read(at, stop - at)
            if part is None:
                self._encoded.add_damage(at, stop, "damaged")
            else:
                samples[at - start : stop - start] = part
            at = stop
        self._next = None
        return samples

    def finish(self) -> None:
        """Nothing is decoded ahead."""

    def close(self) -> None:
        with self._lock:
            self._closing = True
            self._stream.close()


class _Forward:
    """Blocks of a file that gives the right samples only from front to end.

    The first that is asked for starts a thread that decodes the whole file.  Whoever asks for a block
    that is not there yet waits until it is, and no longer than until `close`.

    The scratch file has no name (on Windows, goes when it is closed by whatever means), so that even
    a crash leaves none behind.  It is read, not mapped: what is mapped counts as memory held.
    """

    def __init__(self, encoded: Encoded, name: str) -> None:
        self.size = block_size(encoded.channels)
        self._encoded, self._name = encoded, name
        self._channels = encoded.channels
        self._changed = threading.Condition()  # what follows has, but for the thread's own doings
        self._there = 0  # samples, from the first, that are in the scratch file
        self._ended = False  # there will be no more of them
        self._failure = ""  # why
        self._closing = False
        self._thread: threading.Thread | None = None
        folder = scratch_folder()
        with self._scratch_errors_told():
            if encoded.settled:
                self._check_space(folder)
            self._scratch = tempfile.TemporaryFile(prefix="msviz-", dir=folder)  # noqa: SIM115  (`close` does)

    @property
    def decoded(self) -> int:
        return (
            self._encoded.length
            if self._ended and not self._failure
            else min(self._there, self._encoded.length)
        )

    def block(self, index: int) -> NDArray[np.float32]:
        """As many samples as any block: what is behind the end may come yet, and is silent until then."""
        start = index * self.size
        stop = start + self.size
        with self._changed:
            self._start()
            self._changed.wait_for(lambda: self._ended or self._closing or self._may_have(stop))
            if self._closing:
                raise _closed(self._name)
            if self._failure and not self._has(stop):
                raise AudioError(self._failure)
            self._scratch.seek(self._place(start))
            values = np.frombuffer(self._scratch.read(self._place(self.size)), np.float32)
        samples = np.zeros((self.size, self._channels), np.float32)
        samples.reshape(-1)[: len(values)] = values
        return samples

    def _may_have(self, stop: int) -> bool:
        """Whether to give samples away: the last ones only when what is wrong with the end is known, too."""
        last = self._encoded.settled and stop >= self._encoded.length
        return self._has(stop) and not last

    def _has(self, stop: int) -> bool:
        """Whether all samples up to there have been decoded, or all that there are."""
        return self._there >= (min(stop, self._encoded.length) if self._encoded.settled else stop)

    def finish(self) -> None:
        with self._changed:
            self._start()
            self._changed.wait_for(lambda: self._ended or self._closing)
            if self._closing:
                raise _closed(self._name)
            if self._failure:
                raise AudioError(self._failure)

    def _start(self) -> None:
        if not (self._thread or self._ended or self._closing):
            self._thread = threading.Thread(target=self._decode, name="msviz-decoder")
            self._thread.start()

    def _decode(self) -> None:
        """In the thread: decode the file to its end, unless it is closed or the program ends before."""
        if hasattr(os, "setpriority"):  # on Linux this is the thread's own
            with suppress(OSError):
                os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), _NICE)
        failure = ""
        try:
            if self._take_parts():
                self._settle()
        except AudioError as error:
            failure = str(error)
        finally:
            with self._changed:
                self._failure, self._ended = failure, True
                self._changed.notify_all()

    def _take_parts(self) -> bool:
        """Keep what is decoded, to its end unless nobody needs it any more."""
        assert self._encoded.parts
        try:
            for part in self._encoded.parts():
                # What two runs of pages share is kept as the first of them has it.
                samples = part.samples[max(0, self._there - part.start) :]
                start = max(part.start, self._there)
                if start > self._there:
                    self._encoded.add_damage(self._there, start, part.reason)
                self._keep(start, self._silenced(start, samples))
                if self._closing or not threading.main_thread().is_alive():
                    return False
        except AudioError:
            raise
        except Exception as error:  # of a decoder that was not foreseen: what there is stays readable
            _check_file(self._encoded, self._name)
            self._encoded.note(f"could not be decoded to the end ({type(error).__name__}: {error})")
        return True

    def _silenced(self, start: int, samples: NDArray[np.float32]) -> NDArray[np.float32]:
        """Samples without what is known to be damaged: a decoder makes something of it, which is no sound."""
        for one in self._encoded.damage:
            first, last = max(one.start - start, 0), min(one.stop - start, len(samples))
            if first < last:
                samples = samples.copy()
                samples[first:last] = 0
        return samples

    def _settle(self) -> None:
        """All that there is has been decoded."""
        encoded, there = self._encoded, self._there
        _check_file(encoded, self._name)
        if encoded.settled and there < encoded.length:
            encoded.add_damage(there, encoded.length, "missing")
            return
        if encoded.settled and there > encoded.length:
            encoded.note(f"has {there - encoded.length} more samples than its header says")
        encoded.length, encoded.settled = there, True

    def _keep(self, start: int, samples: NDArray[np.float32]) -> None:
        with self._changed, self._scratch_errors_told():
            self._scratch.seek(self._place(start))
            self._scratch.write(np.ascontiguousarray(samples, np.float32).tobytes())
            self._scratch.flush()
            self._there = max(self._there, start + len(samples))
            self._changed.notify_all()

    def _place(self, sample: int) -> int:
        """Where a sample begins in the scratch file."""
        return sample * self._channels * _VALUE_BYTES

    def _check_space(self, folder: str) -> None:
        needed, free = self._place(self._encoded.length), shutil.disk_usage(folder).free
        if needed > free:
            raise AudioError(
                f"{self._name} needs {needed / 1e9:.1f} GB of temporary space to be decoded, but "
                f"{folder} has only {free / 1e9:.1f} GB free: free up space, or set TMPDIR elsewhere."
            )

    @contextmanager
    def _scratch_errors_told(self) -> Iterator[None]:
        try:
            yield
        except OSError as error:
            raise AudioError(
                f"{self._name} cannot be decoded into a temporary file: {error.strerror}."
            ) from None

    def close(self) -> None:
        with self._changed:
            self._closing = True
            self._changed.notify_all()
        if self._thread:
            self._thread.join()
        self._scratch.close()


def scratch_folder() -> str:
    """Where hours of sound have room: the system's own choice, /tmp, is often memory."""
    usual = tempfile.gettempdir()
    return "/var/tmp" if usual == "/tmp" and os.access("/var/tmp", os.W_OK) else usual
