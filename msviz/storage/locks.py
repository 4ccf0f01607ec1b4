"""One writer at a time of each file."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import BinaryIO

from msviz.errors import StorageError


@contextmanager
def alone(path: Path) -> Iterator[None]:
    """Keep others from writing the same file: the system frees the lock of a process that is killed.

    Raises
    ------
    StorageError
        If another one writes it now.
    OSError
        If nothing can be written beside it.
    """
    lock = path.with_name(f".{path.name}.lock")
    file = _taken(lock)
    if file is None:
        raise StorageError(
            f"{path} is being written by another process: wait until that is done, or choose another name."
        )
    with file:
        try:
            yield
        finally:
            if sys.platform != "win32":  # before another can lock it
                lock.unlink(missing_ok=True)
    if sys.platform == "win32":  # no open file can be removed there, neither ours before nor another's now
        with suppress(OSError):
            lock.unlink()


def _taken(lock: Path) -> BinaryIO | None:
    """The file, locked; None if another one has it."""
    while True:
        file = lock.open("ab")
        if not _locked(file):
            file.close()
            return None
        with suppress(FileNotFoundError):
            if os.path.samestat(os.fstat(file.fileno()), lock.stat()):
                return file
        file.close()  # whoever had it took it away between the two


def _locked(file: BinaryIO) -> bool:
    """Whether nobody else has it; true, too, where the file system knows no locks."""
    if sys.platform == "win32":
        import msvcrt

        try:
            msvcrt.locking(file.fileno(), msvcrt.LK_NBLCK, 1)
        except OSError:
            return False
    else:
        import fcntl

        with suppress(OSError):
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                return False
    return True
