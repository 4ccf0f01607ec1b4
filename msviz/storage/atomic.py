"""Files and folders appear whole or not at all, and one writer at a time makes them."""

from __future__ import annotations

import os
import shutil
import sys
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import BinaryIO

from msviz.errors import ParameterError, StorageError
from msviz.storage.description import FORMAT


@contextmanager
def atomic_path(name: str) -> Iterator[Path]:
    """A hidden path to write to, which takes the place of the path `name` at the end.

    Raises
    ------
    ParameterError
        If the name does not end as that of a representation does.
    StorageError
        If it cannot be written, something else is there, or another process writes it.
    """
    path = Path(name)
    if path.suffix not in (".zarr", ".zip", ".npz"):
        raise ParameterError(f"the file of a representation must end in .zarr, .zip or .npz, not {name}")
    part, old = path.with_name(f".{path.name}.part"), _old(path)
    with write_errors(name):
        _require_replaceable(path)
        with write_lock(path):
            _remove(part)  # of a process that was ended
            if path.exists():
                _remove(old)
            elif old.exists():  # it was ended between two renames
                os.rename(old, path)
            try:
                yield part
                _put_in_place(part, path)
            finally:
                _remove(part)


@contextmanager
def write_errors(name: str) -> Iterator[None]:
    """Say in a sentence what the system says."""
    try:
        yield
    except OSError as error:
        raise StorageError(f"{name} cannot be written: {error.strerror or error}.") from error


@contextmanager
def write_lock(path: Path) -> Iterator[None]:
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


def _require_replaceable(path: Path) -> None:
    """Refuse to replace what is no representation: someone's folder, someone's file."""
    if not path.parent.is_dir():
        raise StorageError(f"{path} cannot be written: there is no folder {path.parent}.")
    if path.is_dir():
        root = path / "zarr.json"
        if any(path.iterdir()) and not (root.is_file() and FORMAT in root.read_text("utf-8", "replace")):
            raise StorageError(f"{path} is a folder with something else in it: choose another name.")
        if path.suffix != ".zarr":
            raise StorageError(f"{path} is a folder: choose another name.")
    elif path.exists() and not _holds_representation(path):
        raise StorageError(f"{path} is a file with something else in it: choose another name.")


def _holds_representation(path: Path) -> bool:
    """Whether a file is one of ours, or broken."""
    try:
        with zipfile.ZipFile(path) as file:
            names = file.namelist()
            if "zarr.json" in names:
                return FORMAT.encode() in file.read("zarr.json")
            return "attributes.npy" in names and FORMAT.encode() in file.read("attributes.npy").replace(
                b"\0", b""
            )
    except OSError:
        raise
    except Exception:  # whatever zipfile makes of what is none
        return path.stat().st_size == 0


def _remove(path: Path) -> None:
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)


def _old(path: Path) -> Path:
    """Where a folder waits while another takes its place."""
    return path.with_name(f".{path.name}.old")


def _put_in_place(part: Path, path: Path) -> None:
    """Rename, with what is there out of the way: a folder cannot be renamed over another."""
    old = _old(path)
    if path.is_dir():
        _remove(old)
        os.rename(path, old)
    try:
        os.replace(part, path)
    except OSError:
        if old.exists():
            os.rename(old, path)
        raise
    _remove(old)
