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

from msviz.addresses import is_address
from msviz.errors import ParameterError, StorageError
from msviz.picture import SILENCE, UNKNOWN, levels, to_db
from msviz.picture.columns import Columns
from msviz.picture.levels import STEPS_PER_DB
from msviz.signal import Signal, Source
from msviz.storage.layout import Content, Description, decoded, stored_dtype, whole
from msviz.transform import Frames, Representation, Transform
from msviz.transform.frames import Range
from msviz.transform.layout import BandLayout

Array = NDArray[Any]

STRETCH = 2**18  # samples that a source reads at a time: the shortest chunks


class Stored:
    """One representation in a file, read by stretch.

    Made by `load`.  May be read from several threads at once.
    """

    def __init__(self, path: str, description: Description, arrays: Mapping[str, Any]) -> None:
        self.path = path
        self._description = description
        self._bands = description.bands
        self._arrays = arrays

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
        """ "complex64", "float16" or "levels"."""
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
        frames = []
        for band, wanted in zip(self._bands, self.transform.frame_ranges(first, last), strict=True):
            held = wanted.common(band.frames)
            held = Range(held.start, max(held))  # none, where what was saved lacks them
            values = self._read(band, held)
            frames.append(Frames(band.band, values, held.start, self.rate))
        residual = frames.pop() if self._bands[-1].real else None
        return Representation(self.transform, tuple(frames), residual, first, last)

    def levels(self, start: int | None = None, stop: int | None = None) -> list[NDArray[np.uint8]]:
        """Level codes of the frames that are centred in samples [start, stop) of the original.

        As they are stored, or computed from coefficients; `msviz.picture.to_db` tells what they mean.

        Returns
        -------
        list of uint8 array (channels, bins, frames), one a band, the lowest first

        Raises
        ------
        ParameterError
            If the stretch does not lie within what is stored.
        StorageError
            If the file is damaged there.
        """
        stretch = Range(*self._stretch(start, stop))
        return [self._codes(band, stretch.over(band.hop)) for band in self._bands if not band.real]

    def image(
        self, channel: int = 0, start: int | None = None, stop: int | None = None, frame_rate: float = 100.0
    ) -> NDArray[np.float32]:
        """All bands as one rectangular array (bins, columns), as `Representation.image` makes it.

        Of its level codes, so within 0.27 dB, and from -119.5 to 7.5 dB.  Only the chunks of the frames
        that are shown are read, of this channel alone.

        Raises
        ------
        ParameterError
            If there is no such channel or stretch, or `frame_rate` is not between 0 and the rate.
        StorageError
            If the file is damaged there.
        """
        if not 0 <= channel < self.channels:
            raise ParameterError(f"channel must be from 0 to {self.channels - 1}, not {channel}")
        columns = Columns.covering(*self._stretch(start, stop), self.rate, frame_rate)
        rows = [
            columns.pooled(self._codes(band, Range(*columns.frames(band.hop)), channel)[0], band.hop)
            for band in self._bands
            if not band.real
        ]
        codes = np.maximum(np.concatenate(rows), SILENCE)  # beyond what is stored there is nothing
        return np.asarray(to_db(0) + codes / np.float32(STEPS_PER_DB), np.float32)

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

    def _codes(self, band: BandLayout, frames: Range, channel: int | None = None) -> NDArray[np.uint8]:
        """Level codes of frames of one band, of all channels or one; `UNKNOWN` where none are stored."""
        held = frames.common(band.frames)
        if held.stop <= held.start:
            return np.full(
                (self.channels if channel is None else 1, band.frequencies.size, frames.stop - frames.start),
                UNKNOWN,
                np.uint8,
            )
        values = self._read(band, held, channel)
        if self.content != "levels":
            values = levels(values)
        around = held.start - frames.start, frames.stop - held.stop
        return np.pad(values, ((0, 0), (0, 0), around), constant_values=UNKNOWN) if any(around) else values

    def _read(self, band: BandLayout, frames: Range, channel: int | None = None) -> Array:
        """Frames of one band, of which all must be stored; levels stay codes."""
        first, last = frames.start - band.frames.start, frames.stop - band.frames.start
        channels = slice(None) if channel is None else slice(channel, channel + 1)
        try:
            stored = np.asarray(self._arrays[band.name][channels, :, first:last])
        except Exception as error:  # stores and codecs have no common kind
            what = "cannot be reached" if isinstance(error, OSError) else "is damaged"
            raise StorageError(
                f"{self.path} {what}: {band.name} cannot be read {self._around(band, frames)} ({error})."
            ) from error
        if not whole(stored, self.content, real=band.real):
            raise StorageError(
                f"{self.path} is damaged: something of {band.name} is missing or not a number "
                f"{self._around(band, frames)}."
            )
        return decoded(stored, self.content, real=band.real)

    def _around(self, band: BandLayout, frames: Range) -> str:
        a, b = (frame * band.hop / self.rate for frame in frames)
        return f"between {a:.1f} and {b:.1f} s"


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
    name = os.fspath(path)
    if not is_address(name) and not Path(name).exists():
        raise StorageError(f"{name} does not exist.")
    attributes, array_of = (_opened_npz if name.lower().endswith(".npz") else _opened_zarr)(name)
    description = Description.of(attributes, name)
    arrays = {}
    for band in description.bands:
        try:
            array = arrays[band.name] = array_of(band.name)
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
    return Stored(name, description, arrays)


# What is damaged is told by errors of many kinds: of stores, of zip files, of JSON that is not what it was.


def _opened_zarr(name: str) -> tuple[Mapping[str, Any], Callable[[str], Any]]:
    """The attributes, and what opens the array of a band."""
    import zarr

    try:
        place = zarr.storage.ZipStore(name, mode="r") if Path(name).is_file() else name
        # Consolidated metadata would hide that an array is gone.
        group = zarr.open_group(place, mode="r", use_consolidated=False)
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
