"""Files that lie elsewhere: whatever fsspec has a name for, such as s3://bucket/song.flac."""

from __future__ import annotations

import os
import posixpath
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any
from urllib.request import url2pathname

from msviz.errors import AudioError, MsvizError


def located(name: str | os.PathLike[str]) -> str:
    """The path or address that somebody has given; file:///… is a path like any other."""
    name = os.fspath(name)
    return url2pathname(name[len("file://") :]) if name.startswith("file://") else name


def is_address(name: str) -> bool:
    """Whether a file's name is an address, and not a path on this machine."""
    return "://" in name


def file_system(address: str) -> tuple[Any, str]:
    """The fsspec file system that an address belongs to, and the path in it.

    Raises
    ------
    MsvizError
        If fsspec, or what it needs for this kind of address, is not installed, or it knows no such kind.
    """
    try:
        from fsspec.core import url_to_fs
    except ImportError:
        raise MsvizError(
            f"{address} is an address, which needs fsspec: pip install 'msviz[cluster]'."
        ) from None
    try:
        system, path = url_to_fs(address)
    except (ImportError, ValueError) as error:
        raise MsvizError(f"{address} cannot be reached: {str(error).rstrip('.')}.") from None
    return system, path


@contextmanager
def fetched(source: str) -> Iterator[Path]:
    """A file on this machine: the source itself, or for as long as it is needed a copy of what lies there.

    Raises
    ------
    AudioError
        If it cannot be fetched; what is raised about the copy names the address.
    """
    if not is_address(source):
        yield Path(source)
        return
    system, remote = file_system(source)
    with TemporaryDirectory(prefix="msviz-") as folder:
        copy = Path(folder) / posixpath.basename(remote)  # its suffix tells the format of .raw and .mp3
        try:
            system.get_file(remote, str(copy))
        except FileNotFoundError:
            raise AudioError(f"{source} does not exist.") from None
        except OSError as error:
            raise AudioError(f"{source} cannot be read: {error.strerror or error}.") from None
        try:
            yield copy
        except AudioError as error:
            raise AudioError(str(error).replace(str(copy), source)) from None
