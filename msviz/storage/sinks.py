"""Destinations for the files of a Zarr group: a folder, a ZIP file, an address."""

from __future__ import annotations

import os
import posixpath
import zipfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any, Protocol

from msviz.errors import ParameterError, StorageError
from msviz.files import atomic_path
from msviz.remote import file_system, remote_errors
from msviz.storage.description import FORMAT

#: What is kept in memory of each file that is open at an address, and sent at a time.
BLOCK_BYTES = 2**23


class ChunkSink(Protocol):
    """A destination for the files of a Zarr group, whose names have slashes between folders."""

    visible_early: bool  # whether others see it before it is whole
    shards: bool  # whether chunks are gathered in shards

    def put(self, files: Mapping[str, bytes]) -> None:
        """Write files, each once, the root twice where it is visible early."""

    def open(self, name: str) -> IO[bytes]:
        """A file to append to; only for shards."""


class FolderSink:
    """A folder on this machine."""

    visible_early, shards = False, True

    def __init__(self, path: Path) -> None:
        self.path = os.fspath(path)
        self.made: set[str] = set()

    def put(self, files: Mapping[str, bytes]) -> None:
        for name, data in files.items():
            with self.open(name) as file:
                file.write(data)

    def open(self, name: str) -> IO[bytes]:
        path = f"{self.path}/{name}"
        folder = os.path.dirname(path)
        if folder not in self.made:
            os.makedirs(folder, exist_ok=True)
            self.made.add(folder)
        return open(path, "wb")


class ZipSink(zipfile.ZipFile):
    """One ZIP file.

    Its entries are already compressed, or must not be; its directory says where each chunk is, and it can
    write only one file at a time, so it has no shards.
    """

    visible_early, shards = False, False

    def __init__(self, path: Path) -> None:
        super().__init__(path, "w")

    def put(self, files: Mapping[str, bytes]) -> None:
        for name, data in files.items():
            self.writestr(name, data)


class FsspecSink:
    """A folder in an fsspec file system."""

    visible_early, shards = True, True

    def __init__(self, system: Any, path: str) -> None:
        self.system, self.path = system, path

    def put(self, files: Mapping[str, bytes]) -> None:
        paths = {f"{self.path}/{name}": data for name, data in files.items()}
        self._make_folders(*paths)
        self.system.pipe(paths)

    def open(self, name: str) -> IO[bytes]:
        path = f"{self.path}/{name}"
        self._make_folders(path)
        file: IO[bytes] = self.system.open(path, "wb", block_size=BLOCK_BYTES)
        return file

    def _make_folders(self, *paths: str) -> None:
        if not self.system.async_impl:  # object stores have no folders, and take many files at once
            for folder in {posixpath.dirname(path) for path in paths}:
                self.system.makedirs(folder, exist_ok=True)


@contextmanager
def representation_path(name: str) -> Iterator[Path]:
    """A hidden path to write to, renamed to `name` at the end.

    Raises
    ------
    ParameterError
        If the name does not have the suffix of a representation.
    StorageError
        If it cannot be written, something else exists there, or another process is writing it.
    """
    path = Path(name)
    if path.suffix not in (".zarr", ".zip", ".npz"):
        raise ParameterError(f"the name of a representation must end in .zarr, .zip or .npz, not {name}")
    with write_errors(name):
        _require_replaceable(path)
    with atomic_path(path, StorageError, folder=path.suffix == ".zarr") as part:
        yield part


@contextmanager
def write_errors(name: str) -> Iterator[None]:
    """Turn errors of the system into a sentence."""
    try:
        yield
    except OSError as error:
        raise StorageError(f"{name} cannot be written: {error.strerror or error}.") from error


@contextmanager
def address_sink(name: str) -> Iterator[FsspecSink]:
    """A destination for a group at an address.

    Nothing can be renamed there: an existing group is removed first, and the root says that it is incomplete
    until the end.

    Raises
    ------
    ParameterError
        If the address does not end in .zarr.
    StorageError
        If it cannot be written, or something else exists there.
    """
    if not name.endswith(".zarr"):
        raise ParameterError(f"the address of a representation must end in .zarr, not {name}")
    system, place = file_system(name)
    with remote_errors(name):
        if system.exists(place) and system.ls(place):
            described = f"{place}/zarr.json"
            root = system.cat_file(described) if system.exists(described) else b"nothing of ours"
            if root and FORMAT.encode() not in root:  # an empty one: its process was killed as it began
                raise StorageError(f"{name} is a folder that contains other files: choose another name.")
            system.rm(place, recursive=True)
    with write_errors(name):
        done = False
        try:
            yield FsspecSink(system, place)
            done = True
        finally:
            if not done and system.exists(place):
                system.rm(place, recursive=True)


def _require_replaceable(path: Path) -> None:
    """Refuse to replace a folder or file that is not a representation."""
    if not path.parent.is_dir():
        raise StorageError(f"{path} cannot be written: there is no folder {path.parent}.")
    if path.is_dir():
        root = path / "zarr.json"
        if any(path.iterdir()) and not (root.is_file() and FORMAT in root.read_text("utf-8", "replace")):
            raise StorageError(f"{path} is a folder that contains other files: choose another name.")
        if path.suffix != ".zarr":
            raise StorageError(f"{path} is a folder: choose another name.")
    elif path.exists() and not _holds_representation(path):
        raise StorageError(f"{path} exists and is not an msviz file: choose another name.")


def _holds_representation(path: Path) -> bool:
    """Whether a file is a representation, possibly broken."""
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
