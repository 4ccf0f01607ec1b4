"""The bytes of a file, wherever it is: read at any position, and rearranged for a decoder."""

from __future__ import annotations

import io
import os
import sys
import threading
from bisect import bisect_right
from collections.abc import Sequence
from itertools import accumulate
from pathlib import Path
from typing import Any, BinaryIO

from msviz.errors import AudioError, StorageError
from msviz.remote import file_system, is_address, located, remote_errors

File = str | os.PathLike[str] | BinaryIO
_AHEAD = 1 << 20  # bytes of a remote file to fetch at a time


def native(path: Path) -> str | bytes:
    """A file's name for soundfile, which refuses a str that stands for a name in no encoding."""
    return str(path) if sys.platform == "win32" else os.fsencode(path)


class Media:
    """A file that any thread can read at any position: on disk, at an address, or already open.

    Parameters
    ----------
    file : path, fsspec address or open binary file
        An open file must be seekable.  It stays open.

    Attributes
    ----------
    name : str
        To show.
    path : Path
        Of a file that has one; otherwise made from its name.
    on_disk : bool
        Whether other libraries can open `path`.
    size : int
        Bytes.

    Raises
    ------
    AudioError
        If there is no such file, or it is not readable, is empty or cannot seek.
    """

    def __init__(self, file: File) -> None:
        self._lock = threading.Lock()
        self.failure = ""
        self.on_disk = False
        self._owned = True
        if isinstance(file, (str, os.PathLike)):
            file = located(file)
        if isinstance(file, str) and not is_address(file):
            self.path = Path(file)
            self.name, self.on_disk = file, True
            self._file: Any = _opened(self.path)
        elif isinstance(file, str):
            self.name = file
            self.path = Path(self.name.rsplit("/", 1)[-1])
            self._file = _reached(self.name)
        else:
            name = getattr(file, "name", None)
            self.name = name if isinstance(name, str) else "The open file"
            self.path = Path(self.name)
            self._file, self._owned = file, False
        try:
            self.size = self._measured()
        except BaseException:
            self.close()
            raise

    def _measured(self) -> int:
        if not (hasattr(self._file, "seek") and hasattr(self._file, "read")):
            raise AudioError(f"{self.name} is not an open binary file: pass one that has read and seek.")
        try:
            size = int(self._file.seek(0, os.SEEK_END))
            first = self._file.seek(0) or self._file.read(1)
        except (OSError, ValueError) as error:  # io.UnsupportedOperation is both
            reason = getattr(error, "strerror", None) or str(error).rstrip(".") or type(error).__name__
            raise AudioError(f"{self.name} cannot be read: {reason}.") from None
        if not isinstance(first, bytes):
            raise AudioError(f"{self.name} is open in text mode: open it in binary mode.")
        if not first:
            raise AudioError(f"{self.name} is empty (0 bytes): copy or download it again.")
        return size

    def read(self, start: int, stop: int) -> bytes:
        """Bytes [start, stop), fewer at the end of the file; after an error, `failure` says what it was."""
        with self._lock:
            try:
                self._file.seek(start)
                data: bytes = self._file.read(max(0, stop - start))
                while 0 < len(data) < min(stop, self.size) - start:  # of an unbuffered file
                    more = self._file.read(stop - start - len(data))
                    if not more:
                        break
                    data += more
            except Exception as error:  # fsspec file systems raise their own kinds of errors
                self.failure = getattr(error, "strerror", None) or str(error) or type(error).__name__
                return b""
        return data

    def again(self) -> Media:
        """The same file, opened again with its own position.

        Raises
        ------
        AudioError
            If it was passed as an open file, or can no longer be opened.
        """
        if not self._owned:
            raise AudioError(f"{self.name} was opened in another process: pass its path instead.")
        return Media(self.name)

    def close(self) -> None:
        """Close the file, unless it was passed as an open file."""
        if self._owned:
            with self._lock:
                self._file.close()

    def __del__(self) -> None:
        if getattr(self, "_file", None):  # it was never closed
            self.close()


def _opened(path: Path) -> BinaryIO:
    try:
        if path.is_dir():
            raise AudioError(f"{path} is a folder: choose an audio file in it.")
        if path.exists() and not path.is_file():
            raise AudioError(f"{path} is not a regular file.")
        return open(path, "rb")
    except FileNotFoundError:
        raise AudioError(f"{path} does not exist.") from None
    except PermissionError:
        raise AudioError(f"You don't have permission to read {path}.") from None
    except OSError as error:
        raise AudioError(f"{path} cannot be read: {error.strerror}.") from None
    except ValueError:  # a name with a null character
        raise AudioError(f"{path!r} is not a valid file name.") from None


def _reached(address: str) -> BinaryIO:
    try:
        system, path = file_system(address)
        with remote_errors(address):
            if system.isdir(path):
                raise AudioError(f"{address} is a folder: choose an audio file in it.")
            opened: BinaryIO = system.open(path, "rb", block_size=_AHEAD)
            return opened
    except StorageError as error:
        if isinstance(error.__cause__, FileNotFoundError):
            raise AudioError(f"{address} does not exist.") from None
        raise AudioError(str(error)) from None


class Splice(io.RawIOBase):
    """A file made of bytes and ranges of a `Media`; read by one thread at a time."""

    def __init__(self, media: Media, pieces: Sequence[bytes | range]) -> None:
        self._media = media
        self._pieces = [piece for piece in pieces if len(piece)]
        self._starts = [0, *accumulate(len(piece) for piece in self._pieces)]
        self._at = 0

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def tell(self) -> int:
        return self._at

    def seek(self, offset: int, whence: int = os.SEEK_SET) -> int:
        base = {os.SEEK_SET: 0, os.SEEK_CUR: self._at, os.SEEK_END: self._starts[-1]}[whence]
        self._at = max(0, base + offset)
        return self._at

    def readinto(self, buffer: Any) -> int:
        wanted = memoryview(buffer).cast("B")
        done = 0
        while done < len(wanted):
            number = bisect_right(self._starts, self._at) - 1
            if number >= len(self._pieces):
                break
            piece, offset = self._pieces[number], self._at - self._starts[number]
            part = piece[offset : offset + len(wanted) - done]
            data = part if isinstance(part, bytes) else self._media.read(part.start, part.stop)
            if not data:
                break
            wanted[done : done + len(data)] = data
            done += len(data)
            self._at += len(data)
        return done
