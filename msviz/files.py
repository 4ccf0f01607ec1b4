"""Write files and folders completely or not at all, one writer at a time."""

from __future__ import annotations

import glob
import os
import secrets
import shutil
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import BinaryIO

from msviz.errors import MsvizError


@contextmanager
def atomic_path(path: Path, kind: type[MsvizError] = MsvizError, *, folder: bool = False) -> Iterator[Path]:
    """A hidden path in the same folder to write to; renamed to `path` at the end, or removed on failure.

    Its name is unique, and no other process can write to `path` meanwhile.  What killed writers of `path`
    left behind is removed first.

    Parameters
    ----------
    path : Path
    kind : type
        Of the error to raise.
    folder : bool
        Whether to write a folder instead of a file.

    Raises
    ------
    MsvizError
        If `path` exists and is of the other kind, is being written, or cannot be written.
    """
    part = path.parent / f".{path.name}.{secrets.token_hex(4)}.part"
    try:
        if path.exists() and not (path.is_dir() if folder else path.is_file()):
            raise kind(f"{path} is not a {'folder' if folder else 'file'}: choose another name.")
        with write_lock(path, kind) as alone:
            if alone:
                _clear_up(path)
            try:
                yield part
                _put_in_place(part, path)
            finally:
                _remove(part)
    except OSError as error:
        raise kind(f"{path} cannot be written: {error.strerror or error}.") from error


def _clear_up(path: Path) -> None:
    """Remove what killed writers left behind, and restore a folder that one had moved away."""
    for left in path.parent.glob(f".{glob.escape(path.name)}.????????.part"):
        _remove(left)
    old = _old(path)
    if path.exists():
        _remove(old)
    elif old.exists():
        old.rename(path)


def _put_in_place(part: Path, path: Path) -> None:
    """Rename, after moving an existing folder away: folders cannot be renamed over each other."""
    old = _old(path)
    if path.is_dir():
        _remove(old)
        path.rename(old)
    try:
        part.replace(path)
    except OSError:
        if old.exists():
            old.rename(path)
        raise
    _remove(old)


def _old(path: Path) -> Path:
    """Where a folder is moved while another replaces it."""
    return path.with_name(f".{path.name}.old")


def _remove(path: Path) -> None:
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path, ignore_errors=True)
    else:
        with suppress(OSError):
            path.unlink(missing_ok=True)


@contextmanager
def write_lock(path: Path, kind: type[MsvizError] = MsvizError) -> Iterator[bool]:
    """Prevent others from writing the same file; the system frees the lock of a killed process.

    Yields
    ------
    bool
        Whether the file is locked: some file systems do not support locks.

    Raises
    ------
    MsvizError
        Of the given kind, if another process is writing it.
    OSError
        If nothing can be written to its folder.
    """
    lock = path.with_name(f".{path.name}.lock")
    try:
        file, alone = _locked(lock)
    except BlockingIOError:
        raise kind(
            f"{path} is being written by another process: wait until that is done, or choose another name."
        ) from None
    with file:
        try:
            yield alone
        finally:
            if sys.platform != "win32":  # before another can lock it
                lock.unlink(missing_ok=True)
    if sys.platform == "win32":  # no open file can be removed there, neither ours before nor another's now
        with suppress(OSError):
            lock.unlink()


def _locked(lock: Path) -> tuple[BinaryIO, bool]:
    """The file, and whether it is locked; raises `BlockingIOError` if another process has the lock."""
    while True:
        file = lock.open("ab")
        try:
            alone = _lock(file)
            if os.path.samestat(os.fstat(file.fileno()), lock.stat()):
                return file, alone
        except FileNotFoundError:
            pass
        except BaseException:
            file.close()
            raise
        file.close()  # whoever had it took it away between the two


def _lock(file: BinaryIO) -> bool:
    """Lock a file; false if the file system does not support locks."""
    if sys.platform == "win32":
        import msvcrt

        try:
            msvcrt.locking(file.fileno(), msvcrt.LK_NBLCK, 1)
        except OSError as error:
            raise BlockingIOError from error
        return True
    import fcntl

    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        raise
    except OSError:
        return False
    return True
