"""Blocks of samples from a file, exactly as decoded from the beginning.

In uncompressed and lossless files, libsndfile can seek to any position.  In Vorbis and MP3 it misses the
requested sample, or lacks the decoder's state from previous frames, so that samples after a seek differ from
those of continuous reading; in a few old codecs it cannot seek at all, and FFmpeg seeks exactly in none.
These are decoded once, from the beginning, into a scratch file, by a thread that runs ahead of the reader.

What cannot be decoded is silent, and recorded as damage.
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
_NICE = 10  # of the decoder's thread, unless it was started by one with a lower priority, which it inherits


class Decoder(Protocol):
    """Returns the blocks of a file by number; block i has samples [i·size, (i+1)·size)."""

    size: int

    @property
    def decoded(self) -> int:
        """How many samples, from the first, can be read without waiting."""

    def block(self, index: int) -> NDArray[np.float32]:
        """The samples of a block as an array (n, channels)."""

    def finish(self) -> None:
        """Wait until everything is decoded, if the file is decoded from the beginning."""

    def close(self) -> None:
        """Close the file."""


def make_decoder(encoded: Encoded, name: str) -> Decoder:
    """The right decoder for a file."""
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
    """Blocks of a file that can seek to any sample."""

    def __init__(self, encoded: Encoded, name: str, stream: Stream) -> None:
        self.size = block_size(encoded.channels)
        self._encoded, self._name, self._stream = encoded, name, stream
        self._lock = threading.Lock()  # while the stream is used
        self._closing = False
        self._next: int | None = 0  # the block at the stream's position; None after a failure

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
        self._stream.close()  # after a failure libsndfile cannot seek any more
        _check_file(self._encoded, self._name)
        return None

    def _salvaged(self, start: int, count: int) -> NDArray[np.float32]:
        """As much as possible of a damaged block, and zeros."""
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
        """Do nothing: nothing is decoded ahead."""

    def close(self) -> None:
        with self._lock:
            self._closing = True
            self._stream.close()


class _Forward:
    """Blocks of a file that must be decoded from the beginning.

    The first request starts a thread that decodes the whole file.  Requests for blocks that are not decoded
    yet wait until they are, or until `close`.

    The scratch file has no name (on Windows, it is deleted when it is closed), so that even a crash leaves
    nothing behind.  It is read, not mapped: mapped memory would count as used.
    """

    def __init__(self, encoded: Encoded, name: str) -> None:
        self.size = block_size(encoded.channels)
        self._encoded, self._name = encoded, name
        self._channels = encoded.channels
        self._changed = threading.Condition()  # of the following attributes
        self._there = 0  # samples in the scratch file
        self._ended = False  # no more will follow
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
        """A full block: samples after the end may still follow, and are silent until then."""
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
        """Whether to return samples: the last ones only when problems at the end are known as well."""
        last = self._encoded.settled and stop >= self._encoded.length
        return self._has(stop) and not last

    def _has(self, stop: int) -> bool:
        """Whether all samples up to `stop` have been decoded, or all that exist."""
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
        """In the thread: decode the file to its end, unless it is closed or the program ends."""
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
        """Store decoded parts; False if they are no longer needed."""
        assert self._encoded.parts
        try:
            for part in self._encoded.parts():
                # Where two runs of pages overlap, the first counts.
                samples = part.samples[max(0, self._there - part.start) :]
                start = max(part.start, self._there)
                if start > self._there:
                    self._encoded.add_damage(self._there, start, part.reason)
                self._keep(start, self._silenced(start, samples))
                if self._closing or not threading.main_thread().is_alive():
                    return False
        except AudioError:
            raise
        except Exception as error:  # unforeseen: what has been decoded can still be read
            _check_file(self._encoded, self._name)
            self._encoded.note(f"could not be decoded to the end ({type(error).__name__}: {error})")
        return True

    def _silenced(self, start: int, samples: NDArray[np.float32]) -> NDArray[np.float32]:
        """Silence samples that are known to be damaged, for which decoders return noise."""
        for one in self._encoded.damage:
            first, last = max(one.start - start, 0), min(one.stop - start, len(samples))
            if first < last:
                samples = samples.copy()
                samples[first:last] = 0
        return samples

    def _settle(self) -> None:
        """Set the final length after everything has been decoded."""
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
        """The offset of a sample in the scratch file."""
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
    """A folder with room for hours of audio: the system's choice, /tmp, is often in memory."""
    usual = tempfile.gettempdir()
    return "/var/tmp" if usual == "/tmp" and os.access("/var/tmp", os.W_OK) else usual
