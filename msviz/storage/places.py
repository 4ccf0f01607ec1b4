"""Where a representation is put: it is seen when it is whole, or is gone if anything fails before."""

from __future__ import annotations

import os
import posixpath
import zipfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Protocol

from msviz.addresses import file_system, reaching
from msviz.errors import ParameterError, StorageError
from msviz.files import atomic_path
from msviz.storage.layout import FORMAT


class Place(Protocol):
    """What takes the files of a Zarr group."""

    seen: bool  # whether others see it before it is whole

    def put(self, files: Mapping[str, bytes]) -> None:
        """Write files by their names, with slashes between folders; each once, the root twice where seen."""


class Folder:
    """A folder on this machine."""

    seen = False

    def __init__(self, path: Path) -> None:
        self.path = os.fspath(path)
        self.made: set[str] = set()

    def put(self, files: Mapping[str, bytes]) -> None:
        for name, data in files.items():
            path = f"{self.path}/{name}"
            folder = os.path.dirname(path)
            if folder not in self.made:
                os.makedirs(folder, exist_ok=True)
                self.made.add(folder)
            with open(path, "wb") as file:
                file.write(data)


class Packed:
    """One ZIP file; what is put in is compressed already, or is not to be."""

    seen = False

    def __init__(self, file: zipfile.ZipFile) -> None:
        self.file = file

    def put(self, files: Mapping[str, bytes]) -> None:
        for name, data in files.items():
            self.file.writestr(name, data)


class Address:
    """A folder of a file system of fsspec."""

    seen = True

    def __init__(self, system: Any, path: str) -> None:
        self.system, self.path = system, path

    def put(self, files: Mapping[str, bytes]) -> None:
        paths = {f"{self.path}/{name}": data for name, data in files.items()}
        if not self.system.async_impl:  # object stores have no folders, and take many files at once
            for folder in {posixpath.dirname(path) for path in paths}:
                self.system.makedirs(folder, exist_ok=True)
        self.system.pipe(paths)


@contextmanager
def at_address(name: str) -> Iterator[Address]:
    """What takes the files of the group at an address.

    Nothing can be renamed there: what was there goes first, and the root says to the end that it is not
    complete.

    Raises
    ------
    ParameterError
        If the address does not end in .zarr.
    StorageError
        If it cannot be written, or something else is there.
    """
    if not name.endswith(".zarr"):
        raise ParameterError(f"a representation at an address must end in .zarr, not {name}")
    system, place = file_system(name)
    with reaching(name):
        if system.exists(place) and system.ls(place):
            described = f"{place}/zarr.json"
            root = system.cat_file(described) if system.exists(described) else b"nothing of ours"
            if root and FORMAT.encode() not in root:  # an empty one: its process was killed as it began
                raise StorageError(f"{name} is a folder with something else in it: choose another name.")
            system.rm(place, recursive=True)
    with _sentences(name):
        done = False
        try:
            yield Address(system, place)
            done = True
        finally:
            if not done and system.exists(place):
                system.rm(place, recursive=True)


@contextmanager
def beside(name: str) -> Iterator[Path]:
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
    with _sentences(name):
        _require_replaceable(path)
    with atomic_path(path, StorageError, folder=path.suffix == ".zarr") as part:
        yield part


@contextmanager
def _sentences(name: str) -> Iterator[None]:
    """Say in a sentence what the system says."""
    try:
        yield
    except OSError as error:
        raise StorageError(f"{name} cannot be written: {error.strerror or error}.") from error


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
