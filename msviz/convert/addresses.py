"""Audio files that lie elsewhere, fetched to be read."""

from __future__ import annotations

import os
import posixpath
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from urllib.request import url2pathname

from msviz.addresses import file_system, is_address, reaching
from msviz.errors import AudioError, StorageError


def located(name: str | os.PathLike[str]) -> str:
    """The path or address that somebody has given; file:///… is a path like any other."""
    name = os.fspath(name)
    return url2pathname(name[len("file://") :]) if name.startswith("file://") else name


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
            with reaching(source):
                system.get_file(remote, str(copy))
        except StorageError as error:
            if isinstance(error.__cause__, FileNotFoundError):
                raise AudioError(f"{source} does not exist.") from None
            raise
        try:
            yield copy
        except AudioError as error:
            raise AudioError(str(error).replace(str(copy), source)) from None
