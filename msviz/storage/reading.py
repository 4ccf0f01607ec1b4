"""Representations in files, read lazily."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from msviz.caching import SingleFlightCache
from msviz.cancellation import raise_if_cancelled
from msviz.errors import StorageError
from msviz.remote import is_address, located
from msviz.signal import PaddedSource, Source
from msviz.storage.contents import Content, coefficients_dtype, decoded, stored_dtype, whole
from msviz.storage.description import Description, StoredBand
from msviz.transform import Frames, Representation

Array = NDArray[Any]

PIECE = 2**18  # samples that a source reads at a time


class StoredCoefficients:
    """The coefficients of one band in a file: an array (channels, bins, frames), read as it is indexed.

    It is indexed by integers, slices and an ellipsis, and returns NumPy arrays: complex, or real for the
    residual; if the file contains only levels, magnitudes.  Safe to read from several threads at once.

    Attributes
    ----------
    shape : tuple of int
    dtype : numpy.dtype

    Raises
    ------
    StorageError
        If the requested coefficients cannot be reached, or are damaged or missing.
    """

    ndim = 3

    def __init__(self, path: str, band: StoredBand, content: Content, rate: int, array: Any) -> None:
        self.shape = tuple(int(size) for size in array.shape[:3])
        self.dtype = coefficients_dtype(content, real=band.real)
        self._path, self._band, self._content, self._rate, self._array = path, band, content, rate, array

    def __repr__(self) -> str:
        return f"<StoredCoefficients {self._band.name} of {self._path!r}: {self.dtype} {self.shape}>"

    def __reduce__(self) -> tuple[Any, ...]:
        return _coefficients, (self._path, self._band.name)  # another process opens the file itself

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> Array:
        if copy is False:
            raise ValueError("coefficients in a file cannot be read without a copy")
        return self[:].astype(self.dtype if dtype is None else dtype, copy=False)

    def __getitem__(self, key: Any) -> Array:
        keys = list(key) if isinstance(key, tuple) else [key]
        at = next((n for n, one in enumerate(keys) if one is Ellipsis), len(keys))
        keys[at : at + 1] = [slice(None)] * (3 - len(keys[:at]) - len(keys[at + 1 :]))
        real = self._band.real
        try:
            stored = np.asarray(self._array[tuple(keys)])
        except IndexError:
            raise
        except Exception as error:  # stores and codecs have no common kind
            what = "cannot be reached" if isinstance(error, OSError) else "is damaged"
            raise StorageError(
                f"{self._path} {what}: {self._band.name} cannot be read {self._where(keys[2])} ({error})."
            ) from error
        if not whole(stored, self._content, real=real):
            raise StorageError(
                f"{self._path} is damaged: {self._band.name} has missing or non-finite values "
                f"{self._where(keys[2])}."
            )
        return decoded(stored, self._content, real=real)[()]

    def _where(self, frames: Any) -> str:
        held = range(self.shape[2])
        if isinstance(frames, int | np.integer):
            frames = slice(frames, frames + 1 or None)
        held = held[frames] if isinstance(frames, slice) else held
        a, b = ((self._band.frames.start + n) * self._band.hop / self._rate for n in (held.start, held.stop))
        return f"between {a:.1f} and {b:.1f} s"


def _coefficients(path: str, name: str) -> Any:
    """Coefficients as they were pickled."""
    return next(frames.coefficients for frames in load(path).all_bands if frames.band.name == name)


@dataclass(frozen=True, eq=False, repr=False)
class StoredRepresentation(Representation):
    """A representation in a file, whose coefficients are read when they are indexed.

    Made by `load`.  `read` and `between` read an interval of it into memory.  If the file contains only
    levels, coefficients are magnitudes, exact to 0.27 dB from -119.5 to 7.5 dB, and there is no residual.

    Attributes
    ----------
    path : str
        Absolute, or an address.

    Notes
    -----
    Safe to read from several threads at once, and in forked processes.
    """

    path: str
    _description: Description

    def __reduce__(self) -> tuple[Any, ...]:
        return load, (self.path,)  # another process opens the file itself

    @property
    def content(self) -> Content:
        """Of `CONTENTS`: "complex128", "complex64", "float16" or "levels"."""
        return self._description.content

    @property
    def channels(self) -> int:
        """Number of channels."""
        return self._description.channels

    @property
    def version(self) -> str:
        """Version of msviz that wrote it."""
        return self._description.version

    @property
    def damage(self) -> tuple[tuple[int, int, str], ...]:
        """Start, stop and reason of the samples of the original that could not be read; they are zero."""
        return self._description.recording.damage

    @property
    def notes(self) -> tuple[str, ...]:
        """Other problems of the original: sentences without its name or a full stop."""
        return self._description.recording.notes

    @property
    def channel_names(self) -> tuple[str, ...]:
        """What each channel is for; empty if unknown."""
        return self._description.recording.channel_names

    @property
    def exact_rate(self) -> float:
        """Sampling rate of the original in Hz, which may have a fraction."""
        return self._description.recording.exact_rate or float(self.rate)

    @property
    def attributes(self) -> dict[str, Any]:
        """The root attributes of the file."""
        return self._description.attributes

    def source(self) -> Source:
        """The resynthesis, computed as it is read; its sample 0 is sample `start` of the original.

        Raises
        ------
        StorageError
            If the file contains only levels.
        """
        if self.content == "levels":
            raise StorageError(f"{self.path} contains only levels, without phases: it cannot be synthesized.")
        return _StoredSource(self)

    def __repr__(self) -> str:
        return f"{super().__repr__()[:-1]}, {self.content} in {self.path!r})"


class _StoredSource(PaddedSource):
    """The resynthesis of a stored representation; a `Source`."""

    def __init__(self, stored: StoredRepresentation) -> None:
        self.rate, self.channels, self.length = stored.rate, stored.channels, stored.length
        self.dtype = stored.transform.dtype
        self._stored = stored
        self._pieces = SingleFlightCache(self._piece, 2)  # playing goes on in the one read last

    def _piece(self, number: int) -> Representation:
        start = self._stored.start + number * PIECE
        return self._stored.read(start, min(start + PIECE, self._stored.stop))

    def _read(self, start: int, stop: int) -> NDArray[np.floating]:
        out = np.empty((self.channels, stop - start), self.dtype)
        for number in range(start // PIECE, -(-stop // PIECE)):
            raise_if_cancelled()
            first, last = max(start, number * PIECE), min(stop, (number + 1) * PIECE)
            part = self._pieces(number).read(self._stored.start + first, self._stored.start + last)
            out[:, first - start : last - start] = part.synthesize().samples
        return out


# ---------------------------------------------------------------------- opening


def load(path: str | os.PathLike[str]) -> StoredRepresentation:
    """Open a stored representation; its coefficients are read when they are indexed.

    Parameters
    ----------
    path : path or str
        What `save` wrote: a Zarr folder, also at an address that fsspec knows, a ``.zip`` or an ``.npz``.

    Raises
    ------
    StorageError
        If there is no such file, or it was made by another program or a newer msviz, is damaged or
        incomplete.
    """
    name = located(path)
    if not is_address(name):
        name = os.path.abspath(name)  # also for another process, which has another folder
        if not os.path.exists(name):
            raise StorageError(f"{os.fspath(path)} does not exist.")
    attributes, array_of = (_opened_npz if name.lower().endswith(".npz") else _opened_zarr)(name)
    description = Description.of(attributes, name)
    frames = []
    for band in description.bands:
        try:
            array = array_of(band.name)
        except Exception as error:
            raise StorageError(f"{name} is damaged: {band.name} cannot be opened ({error}).") from error
        expected = (description.channels, band.frequencies.size, band.size)
        if not hasattr(array, "dtype"):  # a group, or nothing
            raise StorageError(f"{name} is damaged: {band.name} is missing.")
        dtype = stored_dtype(description.content, real=band.real)
        if array.shape[:3] != expected or array.dtype != dtype:
            raise StorageError(
                f"{name} is damaged: {band.name} is {array.dtype} {array.shape}, not {dtype} {expected}."
            )
        transform = description.transform
        values: Any = StoredCoefficients(name, band, description.content, transform.rate, array)
        frames.append(Frames(band.band, values, band.frames.start, transform.rate))
    residual = frames.pop() if description.bands[-1].real else None
    return StoredRepresentation(
        transform, tuple(frames), residual, description.start, description.stop, name, description
    )


# Damage raises errors of many kinds: of stores, of zip files, of JSON.


def _opened_zarr(name: str) -> tuple[Mapping[str, Any], Callable[[str], Any]]:
    """The attributes, and what opens the array of a band."""
    import zarr

    from msviz.storage.shard_store import ShardStore

    def opened() -> Any:
        if is_address(name):
            return zarr.storage.FsspecStore.from_url(name, read_only=True)
        if Path(name).is_file():
            return zarr.storage.ZipStore(name, mode="r")
        return zarr.storage.LocalStore(name, read_only=True)

    try:
        # Consolidated metadata would hide that an array is gone.
        group = zarr.open_group(ShardStore(opened), mode="r", use_consolidated=False)
        return dict(group.attrs), lambda band: group.get(f"{band}/coefficients")
    except Exception as error:
        raise StorageError(f"{name} is not a readable msviz file ({error}).") from error


def _opened_npz(name: str) -> tuple[Mapping[str, Any], Callable[[str], Any]]:
    try:
        with open(name, "rb") as opened, np.load(opened, allow_pickle=False) as file:
            arrays = {key: file[key] for key in file.files}
        return json.loads(str(arrays.pop("attributes", "{}"))), arrays.get
    except Exception as error:
        raise StorageError(f"{name} is not a readable msviz file ({error}).") from error
