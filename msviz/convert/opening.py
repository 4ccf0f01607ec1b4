"""Whatever can be shown and heard: an audio file, or the sound of a converted one."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from msviz.audio import AudioSource, open_audio
from msviz.convert.rebuilt import RebuiltSource
from msviz.signal import Source
from msviz.storage import Stored, load
from msviz.storage.layout import MAGNITUDES
from msviz.transform import Band, Each

_SUFFIXES = (".zarr", ".zip", ".npz")


def is_converted(path: str | os.PathLike[str]) -> bool:
    """Whether the name is that of a representation, and not of an audio file."""
    return os.fspath(path).rstrip("/\\").lower().endswith(_SUFFIXES)


class StoredSource:
    """The sound of a converted file, rebuilt as it is read; a `Source` with the face of an `AudioSource`.

    Attributes
    ----------
    stored : Stored
    path : Path
    format : str
        For people: "msviz, complex64".
    rate, channels, length : int
        In Hz; number of channels, and of samples in each.
    picture : StoredPicture or None
        What is drawn of a file that holds levels alone; its sound then has phases that are made up.
    """

    non_finite = 0

    def __init__(self, path: str | os.PathLike[str], stored: Stored) -> None:
        self.path = Path(path)
        self.stored = stored
        self.format = f"msviz, {stored.content}"
        levels = stored.content == "levels"
        self.picture = StoredPicture(stored) if levels else None
        self._source: Source = RebuiltSource(stored) if levels else stored.source()
        self.rate, self.channels, self.length = stored.rate, stored.channels, self._source.length

    @property
    def duration(self) -> float:
        """Length in seconds."""
        return self.length / self.rate

    @property
    def exact_rate(self) -> float:
        """Sampling rate in Hz, as an `AudioSource` tells it."""
        return float(self.rate)

    @property
    def decoded(self) -> int:
        """How many samples, from the first, can be read without waiting: all."""
        return self.length

    def read(self, start: int, stop: int) -> NDArray[np.floating]:
        """Samples [start, stop) as an array (channels, stop - start); zero outside the file.

        May be called from several threads at once.
        """
        return self._source.read(start, stop)

    def close(self) -> None:
        """There is nothing that stays open."""

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *error: object) -> None:
        self.close()


class StoredPicture:
    """The levels of a converted file, drawn as they are; a silent `Source` that pictures take as its own
    transform.

    Attributes
    ----------
    rate, channels, length : int
        In Hz; 1, for levels of several channels are drawn as the loudest; in samples.
    bands : tuple of Band
    """

    channels = 1

    def __init__(self, stored: Stored) -> None:
        self.stored = stored
        self.rate, self.length = stored.rate, stored.length
        self.bands: tuple[Band, ...] = tuple(stored.transform.bands)

    def read(self, start: int, stop: int) -> NDArray[np.floating]:
        """Silence, shape (1, stop - start)."""
        return np.zeros((1, max(stop - start, 0)), np.float32)

    def coefficients(
        self, source: Source, start: int, stop: int, *, each: Each | None = None
    ) -> list[NDArray[Any]]:
        """Magnitudes of every band's frames that are centred in samples [start, stop); 0 outside the file.

        Of each what `each` makes of it, as `OctaveTransform.coefficients` does.

        Returns
        -------
        list of float32 array (channels, bins, frames), the lowest band first
        """
        first, last = max(start, 0), max(min(stop, self.length), 0)
        offset = self.stored.start
        held = self.stored.levels(offset + first, offset + last)
        made = []
        for band, codes in zip(self.bands, held, strict=True):
            begin, count = -(-start // band.hop), -(-stop // band.hop) + (start // -band.hop)
            at = -(-first // band.hop) - begin
            out = np.zeros((*codes.shape[:2], count), np.float32)
            fits = codes[..., : count - at]
            out[..., at : at + fits.shape[-1]] = MAGNITUDES[fits]
            made.append(each(out) if each else out)
        return made


#: What a window opens.
Track = AudioSource | StoredSource


def open_source(path: str | os.PathLike[str]) -> Track:
    """Open a file to read its sound by stretch: audio, or a representation of it.

    Raises
    ------
    MsvizError
        If it cannot be opened.
    """
    return StoredSource(path, load(path)) if is_converted(path) else open_audio(path)
