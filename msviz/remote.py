"""Files at any address that fsspec knows, such as s3://bucket/song.zarr."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from urllib.request import url2pathname

from msviz.errors import MsvizError, StorageError


def located(name: str | os.PathLike[str]) -> str:
    """A path or address as given; file:///… becomes a plain path."""
    name = os.fspath(name)
    return url2pathname(name[len("file://") :]) if name.startswith("file://") else name


def is_address(name: str) -> bool:
    """Whether a name is an address and not a path on this machine."""
    return "://" in name


def file_system(address: str) -> tuple[Any, str]:
    """The fsspec file system that an address belongs to, and the path in it.

    Raises
    ------
    StorageError
        If fsspec or its package for this kind of address is not installed, the kind is unknown, or the
        server does not answer.
    """
    try:
        from fsspec.core import url_to_fs
    except ImportError:
        raise StorageError(
            f"{address} is an address, which needs fsspec: install it with pip install 'msviz[cluster]'."
        ) from None
    with remote_errors(address):
        system, path = url_to_fs(address)
    return system, path


@contextmanager
def remote_errors(address: str) -> Iterator[None]:
    """Turn the errors of a file system, each of which has its own kinds, into a sentence."""
    try:
        yield
    except MsvizError:
        raise
    except Exception as error:
        reason = getattr(error, "strerror", None) or str(error).rstrip(".") or type(error).__name__
        raise StorageError(f"{address} cannot be reached: {reason}.") from error
