"""Whatever can be shown and heard: an audio file, or the sound of a converted one."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from msviz.audio import AudioSource, Damage, open_audio
from msviz.audio.channels import names
from msviz.audio.media import File
from msviz.convert.rebuilt import RebuiltSource
from msviz.signal import Source
from msviz.storage import Recording, Stored, load
from msviz.storage.contents import MAGNITUDES
from msviz.transform import Band, Each

_SUFFIXES = (".zarr", ".zip", ".npz")


def is_converted(file: File) -> bool:
    """Whether the name is that of a representation, and not of an audio file."""
    return isinstance(file, str | os.PathLike) and os.fspath(file).rstrip("/\\").lower().endswith(_SUFFIXES)


class StoredSource:
    """The sound of a converted file, rebuilt as it is read; a `Source` with the face of an `AudioSource`.

    Attributes
    ----------
    stored : Stored
    path : Path
    name : str
        What the file is called, for people.
    format : str
        For people: "msviz, complex64".
    rate, channels, length : int
        In Hz; number of channels, and of samples in each.
    exact_rate : float
        Sampling rate of the original, which may have a fraction.
    channel_names : tuple of str
        What each channel is for; its number, from "1", where the file does not tell.
    track, tracks : int, tuple of str
        There is one, number 0.
    damage : tuple of Damage
        Which samples were missing in the original; they are about zero.
    notes : tuple of str
        What else was wrong with the original.
    settled, counted : bool
        The length is final.
    picture : StoredPicture or None
        What is drawn of a file that holds levels alone; its sound then has phases that are made up.
    """

    non_finite = 0
    settled = counted = True
    track = 0

    def __init__(self, path: str | os.PathLike[str], stored: Stored) -> None:
        self.path = Path(path)
        self.name = self.path.name
        self.stored = stored
        self.format = f"msviz, {stored.content}"
        levels = stored.content == "levels"
        self.picture = StoredPicture(stored) if levels else None
        self._source: Source = RebuiltSource(stored) if levels else stored.source()
        self.rate, self.channels, self.length = stored.rate, stored.channels, self._source.length
        self.exact_rate, self.notes = stored.exact_rate, stored.notes
        self.channel_names = stored.channel_names or names("", self.channels)
        self.tracks: tuple[str, ...] = (self.format,)
        shifted = (
            Damage(max(0, start - stored.start), min(self.length, stop - stored.start), reason)
            for start, stop, reason in stored.damage
        )
        self.damage = tuple(one for one in shifted if one.start < one.stop)

    @property
    def duration(self) -> float:
        """Length in seconds."""
        return self.length / self.rate

    @property
    def decoded(self) -> int:
        """How many samples, from the first, can be read without waiting: all."""
        return self.length

    def settle(self) -> None:
        """The length is final already."""

    def check(self) -> Iterator[float]:
        """All damage is known already."""
        yield 1.0

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


def recording_of(source: Track) -> Recording:
    """What a representation of a track is to tell of it; of damage what is known so far."""
    exact = source.exact_rate if source.exact_rate != source.rate else None
    return Recording(source.damage, source.notes, source.channel_names, exact)


def open_source(file: File, *, track: int = 0, wait: bool = True) -> Track:
    """Open a file to read its sound by stretch: audio, or a representation of it.

    Parameters
    ----------
    file : path, address or open binary file
        Of a representation a path or address that ends in .zarr, .zip or .npz.
    track, wait
        As those of `msviz.open_audio`.

    Raises
    ------
    MsvizError
        If it cannot be opened.
    """
    if isinstance(file, str | os.PathLike) and is_converted(file):
        return StoredSource(file, load(file))
    return open_audio(file, track=track, wait=wait)
