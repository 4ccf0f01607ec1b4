"""Representations in files, read by stretch."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from msviz.addresses import is_address, located
from msviz.errors import ParameterError, StorageError
from msviz.picture import levels
from msviz.signal import Signal, Source
from msviz.storage.contents import LEVELS_DB, Content, decoded, stored_dtype, whole
from msviz.storage.description import Description, Transform
from msviz.transform import Frames, Representation
from msviz.transform.blocks import Range
from msviz.transform.columns import Columns
from msviz.transform.layout import BandLayout

Array = NDArray[Any]

STRETCH = 2**18  # samples that a source reads at a time


class StoredCoefficients:
    """The coefficients of one band in a file: an array (channels, bins, frames), read as it is indexed.

    Takes whole numbers, slices and an ellipsis, and gives NumPy arrays.  Complex, or real for the residual;
    of a file that holds levels, their codes.  May be read from several threads at once.

    Attributes
    ----------
    shape : tuple of int
    dtype : numpy.dtype

    Raises
    ------
    StorageError
        Where what is asked for cannot be reached, is damaged or missing.
    """

    ndim = 3

    def __init__(self, path: str, band: BandLayout, content: Content, rate: int, array: Any) -> None:
        self.shape = tuple(int(size) for size in array.shape[:3])
        dtype = stored_dtype(content, real=band.real)
        self.dtype = np.dtype(np.complex64) if dtype == np.float16 else dtype
        self._path, self._band, self._content, self._rate, self._array = path, band, content, rate, array

    def __repr__(self) -> str:
        return f"<StoredCoefficients {self._band.name} of {self._path!r}: {self.dtype} {self.shape}>"

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> Array:
        if copy is False:
            raise ValueError("coefficients in a file cannot be had without a copy")
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
                f"{self._path} is damaged: something of {self._band.name} is missing or not a number "
                f"{self._where(keys[2])}."
            )
        return decoded(stored, self._content, real=real)

    def _where(self, frames: Any) -> str:
        held = range(self.shape[2])
        held = held[frames] if isinstance(frames, slice) else held[frames : frames + 1]
        a, b = ((self._band.frames.start + n) * self._band.hop / self._rate for n in (held.start, held.stop))
        return f"between {a:.1f} and {b:.1f} s"


class Stored:
    """One representation in a file, read by stretch.

    Made by `load`.  May be read from several threads at once.

    Attributes
    ----------
    path : str
        Absolute, or an address.
    coefficients : dict of StoredCoefficients
        By the names of the groups, the lowest octave first, the residual last.
    """

    def __init__(
        self, path: str, description: Description, coefficients: Mapping[str, StoredCoefficients]
    ) -> None:
        self.path = path
        self._description = description
        self._bands = description.bands
        self.coefficients = coefficients

    def __repr__(self) -> str:
        stretch = f"samples {self.start} to {self.stop}"
        return f"<Stored {self.path!r}: {self.content}, {stretch}, {self.transform!r}>"

    def __reduce__(self) -> tuple[Any, ...]:
        return load, (self.path,)  # another process opens the file itself

    @property
    def transform(self) -> Transform:
        """What made it, and inverts it."""
        return self._description.transform

    @property
    def content(self) -> Content:
        """Of `CONTENTS`: "complex128", "complex64", "float16" or "levels"."""
        return self._description.content

    @property
    def rate(self) -> int:
        """Sampling rate of the signal in Hz."""
        return self.transform.rate

    @property
    def channels(self) -> int:
        """Number of channels."""
        return self._description.channels

    @property
    def start(self) -> int:
        """First sample of the original that it represents."""
        return self._description.start

    @property
    def stop(self) -> int:
        """Sample of the original behind the last that it represents."""
        return self._description.stop

    @property
    def length(self) -> int:
        """Samples in each channel of what synthesis rebuilds."""
        return self.stop - self.start

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
        """What else was wrong with the original: sentences without its name and the full stop."""
        return self._description.recording.notes

    @property
    def channel_names(self) -> tuple[str, ...]:
        """What each channel is for; empty where the file does not tell."""
        return self._description.recording.channel_names

    @property
    def exact_rate(self) -> float:
        """Sampling rate of the original in Hz, which may have a fraction."""
        return self._description.recording.exact_rate or float(self.rate)

    @property
    def attributes(self) -> dict[str, Any]:
        """All that the file tells beside its coefficients."""
        return self._description.attributes

    def read(self, start: int | None = None, stop: int | None = None) -> Representation:
        """The representation of samples [start, stop) of the original, the whole by default.

        Only the chunks of the frames that synthesis of the stretch needs are read.

        Raises
        ------
        ParameterError
            If the stretch does not lie within what is stored.
        StorageError
            If the file holds levels, or is damaged there.
        """
        if self.content == "levels":
            raise StorageError(f"{self.path} holds levels, a picture only: it has no coefficients to read.")
        first, last = self._stretch(start, stop)
        needed = zip(self._bands, self.transform.frame_ranges(first, last), strict=True)
        frames = [self._frames(band, Range(*wanted)) for band, wanted in needed]
        residual = frames.pop() if self._bands[-1].real else None
        return Representation(tuple(frames), residual, self.rate, first, last, self.transform)

    def levels(self, start: int | None = None, stop: int | None = None) -> list[NDArray[np.uint8]]:
        """Level codes of the frames that are centred in samples [start, stop) of the original.

        As they are stored, or computed from coefficients; `msviz.picture.to_db` tells what they mean.

        Returns
        -------
        list of uint8 array (channels, bins, frames), one a band, the lowest first; `UNKNOWN` where none are
        stored

        Raises
        ------
        ParameterError
            If the stretch does not lie within what is stored.
        StorageError
            If the file is damaged there.
        """
        stretch, codes = Range(*self._stretch(start, stop)), []
        for band in self._bands:
            if not band.real:
                wanted = stretch.over(band.hop)
                frames = self._frames(band, wanted)
                if self.content != "levels":
                    frames = replace(frames, coefficients=levels(frames.coefficients))
                codes.append(frames.between(*wanted))
        return codes

    def image(
        self, channel: int = 0, start: int | None = None, stop: int | None = None, frame_rate: float = 100.0
    ) -> NDArray[np.float32]:
        """All bands as one rectangular array (bins, columns): that of `Representation.image`.

        Of a file that holds levels, within 0.27 dB of that up to 7.5 dB.  Only the chunks of the frames that
        are shown are read, of this channel alone.

        Raises
        ------
        ParameterError
            If there is no such channel or stretch, or `frame_rate` is not between 0 and the rate.
        StorageError
            If the file is damaged there.
        """
        if not 0 <= channel < self.channels:
            raise ParameterError(f"channel must be from 0 to {self.channels - 1}, not {channel}")
        first, last = self._stretch(start, stop)
        columns = Columns.covering(first, last, self.rate, frame_rate)
        bands = [
            self._frames(band, Range(*columns.frames(band.hop)), slice(channel, channel + 1))
            for band in self._bands
            if not band.real
        ]
        if self.content != "levels":
            shown = Representation(tuple(bands), None, self.rate, first, last, self.transform)
            return shown.image(frame_rate=frame_rate)
        rows = [columns.pooled(band.between(*columns.frames(band.hop))[0], band.hop) for band in bands]
        levels_db: NDArray[np.float32] = LEVELS_DB[np.concatenate(rows)]
        return levels_db

    def source(self) -> Source:
        """What synthesis rebuilds, stretch by stretch; its sample 0 is sample `start` of the original.

        Raises
        ------
        StorageError
            If the file holds levels.
        """
        if self.content == "levels":
            raise StorageError(f"{self.path} holds levels, a picture only: it cannot be made sound again.")
        return _StoredSource(self)

    def synthesize(self) -> Signal:
        """The signal, rebuilt stretch by stretch.

        Raises
        ------
        StorageError
            If the file holds levels, or is damaged.
        """
        return Signal(self.source().read(0, self.length), self.rate)

    def _stretch(self, start: int | None, stop: int | None) -> tuple[int, int]:
        start = self.start if start is None else int(start)
        stop = self.stop if stop is None else int(stop)
        if not self.start <= start <= stop <= self.stop:
            raise ParameterError(
                f"the stretch from sample {start} to {stop} does not lie within samples {self.start} to "
                f"{self.stop} of {self.path}"
            )
        return start, stop

    def _frames(self, band: BandLayout, wanted: Range, channels: slice = slice(None)) -> Frames:
        """Those frames of a band that are stored; levels stay codes."""
        held = wanted.common(band.frames)
        held = Range(held.start, max(held))  # none, where what was saved lacks them
        first, last = held.start - band.frames.start, held.stop - band.frames.start
        values = self.coefficients[band.name][channels, :, max(first, 0) : max(last, 0)]
        return Frames(values, held.start, band.hop, self.rate, band.frequencies)


class _StoredSource:
    """What a stored representation rebuilds; a `Source`."""

    def __init__(self, stored: Stored) -> None:
        self.stored = stored
        self.rate, self.channels, self.length = stored.rate, stored.channels, stored.length
        # The stretch read last: playing goes on in it.  Threads exchange it whole.
        self._held: tuple[int, Representation] | None = None

    def read(self, start: int, stop: int) -> NDArray[np.floating]:
        """Samples [start, stop) as an array (channels, stop - start); zero outside the source.

        May be called from several threads at once.
        """
        dtype = np.dtype(self.stored.transform.parameters.get("dtype", "float32"))
        out = np.zeros((self.channels, max(stop - start, 0)), dtype)
        at, end = max(start, 0), min(stop, self.length)
        while at < end:
            number = at // STRETCH
            upto = min((number + 1) * STRETCH, end)
            out[:, at - start : upto - start] = self._rebuild(number, at, upto)
            at = upto
        return out

    def _rebuild(self, number: int, start: int, stop: int) -> NDArray[np.floating]:
        held, begin = self._held, self.stored.start
        if held is None or held[0] != number:
            first, last = number * STRETCH, min((number + 1) * STRETCH, self.length)
            held = self._held = number, self.stored.read(begin + first, begin + last)
        return replace(held[1], start=begin + start, stop=begin + stop).synthesize().samples


# ---------------------------------------------------------------------- opening


def load(path: str | os.PathLike[str]) -> Stored:
    """Open the file of a representation; coefficients are read when they are asked for.

    Parameters
    ----------
    path : path or str
        What `save` wrote: a Zarr folder, also at an address that fsspec knows, a ``.zip`` or an ``.npz``.

    Raises
    ------
    StorageError
        If there is no such file, it was made by another program or a newer msviz, is damaged or
        was not written to its end.
    """
    name = located(path)
    if not is_address(name):
        name = os.path.abspath(name)  # also for another process, which has another folder
        if not os.path.exists(name):
            raise StorageError(f"{os.fspath(path)} does not exist.")
    attributes, array_of = (_opened_npz if name.lower().endswith(".npz") else _opened_zarr)(name)
    description = Description.of(attributes, name)
    coefficients = {}
    for band in description.bands:
        try:
            array = array_of(band.name)
        except Exception as error:
            raise StorageError(f"{name} is damaged: {band.name} cannot be opened ({error}).") from error
        expected = (description.channels, band.frequencies.size, band.count)
        if not hasattr(array, "dtype"):  # a group, or nothing
            raise StorageError(f"{name} is damaged: {band.name} is missing.")
        dtype = stored_dtype(description.content, real=band.real)
        if array.shape[:3] != expected or array.dtype != dtype:
            raise StorageError(
                f"{name} is damaged: {band.name} is {array.dtype} {array.shape}, not {dtype} {expected}."
            )
        coefficients[band.name] = StoredCoefficients(
            name, band, description.content, description.transform.rate, array
        )
    return Stored(name, description, coefficients)


# What is damaged is told by errors of many kinds: of stores, of zip files, of JSON that is not what it was.


def _opened_zarr(name: str) -> tuple[Mapping[str, Any], Callable[[str], Any]]:
    """The attributes, and what opens the array of a band."""
    import zarr

    from msviz.storage.shard_store import ShardStore

    try:
        store: Any
        if is_address(name):
            store = zarr.storage.FsspecStore.from_url(name, read_only=True)
        elif Path(name).is_file():
            store = zarr.storage.ZipStore(name, mode="r")
        else:
            store = zarr.storage.LocalStore(name, read_only=True)
        # Consolidated metadata would hide that an array is gone.
        group = zarr.open_group(ShardStore(store), mode="r", use_consolidated=False)
        return dict(group.attrs), lambda band: group.get(f"{band}/coefficients")
    except Exception as error:
        raise StorageError(f"{name} is not a representation that can be read ({error}).") from error


def _opened_npz(name: str) -> tuple[Mapping[str, Any], Callable[[str], Any]]:
    try:
        with open(name, "rb") as opened, np.load(opened, allow_pickle=False) as file:
            arrays = {key: file[key] for key in file.files}
        return json.loads(str(arrays.pop("attributes", "{}"))), arrays.get
    except Exception as error:
        raise StorageError(f"{name} is not a representation that can be read ({error}).") from error
