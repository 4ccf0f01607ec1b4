"""Tracks opened by the window and the command line: audio files and representations."""

from __future__ import annotations

import math
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from msviz.audio import AudioSource, Damage, open_audio, problems
from msviz.audio.channels import names
from msviz.audio.media import File
from msviz.lab.phase_reconstruction import PhaseReconstruction
from msviz.signal import PaddedSource, Source, read_blocks
from msviz.storage import Recording, StoredRepresentation, load
from msviz.transform import Band, Frames, Map, Range, Representation

_SUFFIXES = (".zarr", ".zip", ".npz")
_SEGMENT_S = 1.5  # approximately, as in the lab


def is_representation(file: File) -> bool:
    """Whether a name is that of a representation and not of an audio file."""
    return isinstance(file, str | os.PathLike) and os.fspath(file).rstrip("/\\").lower().endswith(_SUFFIXES)


class StoredTrack(PaddedSource):
    """The sound of a stored representation, with the attributes and methods of an `AudioSource`.

    Attributes
    ----------
    stored : StoredRepresentation
    path : Path
    name : str
        The name of the file, to show.
    format : str
        To show: "msviz, complex64".
    rate, channels, length : int
        Sampling rate in Hz; number of channels; number of samples in each channel.
    exact_rate : float
        Sampling rate of the original, which may have a fraction.
    channel_names : tuple of str
        What each channel is for, or its number, from "1", if the file does not say.
    track, tracks : int, tuple of str
        There is a single one, number 0.
    damage : tuple of Damage
        Samples that were missing in the original; they are approximately zero.
    notes : tuple of str
        Other problems of the original.
    settled, counted : bool
        The length is final.
    picture : StoredPicture or None
        The picture of a file that contains only levels, whose sound has estimated phases.
    """

    non_finite = 0
    settled = counted = True
    track = 0

    def __init__(self, path: str | os.PathLike[str], stored: StoredRepresentation) -> None:
        self.path = Path(path)
        self.name = self.path.name
        self.stored = stored
        self.format = f"msviz, {stored.content}"
        levels = stored.content == "levels"
        self.picture = StoredPicture(stored) if levels else None
        self._source: Source = LevelsSource(stored) if levels else stored.source()
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
    def decoded(self) -> int:
        """How many samples, from the first, can be read without waiting: all of them."""
        return self.length

    def settle(self) -> None:
        """Do nothing: the length is already final."""

    def check(self) -> Iterator[float]:
        """Do nothing: all damage is already known."""
        yield 1.0

    def _read(self, start: int, stop: int) -> NDArray[np.floating]:
        return self._source.read(start, stop)

    def close(self) -> None:
        """Do nothing: no file stays open."""

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *error: object) -> None:
        self.close()


class LevelsSource(PaddedSource):
    """The sound of levels in a file, with estimated phases; a `Source`.

    Parameters
    ----------
    stored : StoredRepresentation
        Its sample `start` is sample 0 of the source.
    """

    def __init__(self, stored: StoredRepresentation) -> None:
        self.rate, self.channels, self.length = stored.rate, stored.channels, stored.length
        self._stored = stored
        self._segment = 2 ** round(math.log2(_SEGMENT_S * self.rate))
        # Positions are those of the original, where frames are at multiples of their hops.
        self._segments = PhaseReconstruction(stored.transform, self._magnitudes, self._segment, stored.stop)

    def _read(self, start: int, stop: int) -> NDArray[np.floating]:
        first, last = self._stored.start + start, self._stored.start + stop
        return read_blocks(self._segments, self._segment, first, last, self.channels, self.dtype)

    def _magnitudes(self, start: int, stop: int) -> Representation:
        """The stored magnitudes of samples [start, stop) of the original, with all phases 0."""
        stored, transform = self._stored, self._stored.transform
        first = min(max(start, stored.start), stored.stop)
        held = stored.read(first, max(min(stop, stored.stop), first))
        bands = tuple(
            Frames(band.band, band.coefficients.astype(np.complex64), band.first_frame, self.rate)
            for band in held.bands
        )
        residual = None
        if transform.residual is not None:  # nothing below the lowest octave is stored
            needed = transform.frame_ranges(start, stop)[-1]
            nothing = np.zeros((self.channels, 1, needed.stop - needed.start), np.float32)
            residual = Frames(transform.residual, nothing, needed.start, self.rate)
        return Representation(transform, bands, residual, start, stop)


class StoredPicture(PaddedSource):
    """The levels in a file, drawn as stored: a silent `Source` and a `Drawable` in one.

    Attributes
    ----------
    stored : StoredRepresentation
    rate, channels, length : int
        Sampling rate in Hz; 1, because the loudest of several channels is drawn; number of samples.
    bands : tuple of Band
    title : str
        To show.
    """

    channels = 1
    needs_sound = False

    def __init__(self, stored: StoredRepresentation) -> None:
        self.stored = stored
        self.title, self.bandwidth = stored.transform.title, stored.transform.bandwidth
        self.rate, self.length = stored.rate, stored.length
        self.bands: tuple[Band, ...] = tuple(stored.transform.bands)

    def _read(self, start: int, stop: int) -> NDArray[np.floating]:
        return np.zeros((1, stop - start), np.float32)

    def coefficients(
        self, source: Source, start: int, stop: int, *, map: Map | None = None
    ) -> list[NDArray[Any]]:
        """Magnitudes of every band's frames centred in samples [start, stop); 0 outside the file.

        With `map` applied, as in `Transform.coefficients`.

        Returns
        -------
        list of float32 array (channels, bins, frames), the lowest band first
        """
        made = []
        for band in self.stored.bands:
            wanted, first = Range(start, stop).over(band.hop), -(-self.stored.start // band.hop)
            inside = wanted.common(Range(0, self.length).over(band.hop))
            shape = (*band.coefficients.shape[:2], wanted.stop - wanted.start)
            magnitudes = np.zeros(shape, np.float32)
            if inside.start < inside.stop:
                held = band.between(inside.start + first, inside.stop + first)
                magnitudes[..., inside.start - wanted.start : inside.stop - wanted.start] = held
            made.append(map(magnitudes) if map else magnitudes)
        return made


#: A track as opened by the window.
Track = AudioSource | StoredTrack


def recording_of(source: Track) -> Recording:
    """What to store about a track in its representation, with the damage found so far."""
    exact = source.exact_rate if source.exact_rate != source.rate else None
    return Recording(source.damage, source.notes, source.channel_names, exact)


def open_track(file: File, *, track: int = 0, wait: bool = True) -> Track:
    """Open a track: an audio file, or a representation.

    Parameters
    ----------
    file : path, address or open binary file
        For a representation, a path or address ending in .zarr, .zip or .npz.
    track, wait
        As in `msviz.open_audio`.

    Raises
    ------
    MsvizError
        If it cannot be opened.
    """
    if isinstance(file, str | os.PathLike) and is_representation(file):
        return StoredTrack(file, load(file))
    return open_audio(file, track=track, wait=wait)


def describe(file: str | os.PathLike[str], source: Track) -> dict[str, Any]:
    """Describe an audio file or a representation, fit for JSON, with the damage found so far.

    Parameters
    ----------
    file : path or address
    source : Track
        The file, opened by `open_track`.

    Returns
    -------
    dict
        "file", "kind" ("audio" or "representation"), "format", "rate_hz", "exact_rate_hz" (as given in the
        file, possibly with a fraction), "channels", "channel_names", "length" (samples in each channel),
        "settled" (whether that is certain), "duration_s", "track" and "tracks", "damage" ("start", "stop",
        "start_s", "stop_s", "reason"), "problems" (the damage and all other problems, as sentences without
        the file's name), and "bytes" (size on disk; None elsewhere).  For a representation also "content",
        "version" (of the msviz that wrote it), "transform", "parameters", "redundancy" (real numbers per
        sample), "origin" (what it was converted from), and "bands", the lowest first: "low_hz", "high_hz",
        "bins", "hop" (samples), "frames".
    """
    name = os.fspath(file)
    told = {
        "file": name,
        "kind": "representation" if source.stored else "audio",
        "format": source.format,
        "rate_hz": source.rate,
        "exact_rate_hz": source.exact_rate,
        "channels": source.channels,
        "channel_names": list(source.channel_names),
        "length": source.length,
        "settled": source.settled,
        "duration_s": source.length / source.rate,
        "track": source.track,
        "tracks": list(source.tracks),
        "damage": [
            {
                "start": start,
                "stop": stop,
                "start_s": start / source.rate,
                "stop_s": stop / source.rate,
                "reason": reason,
            }
            for start, stop, reason in source.damage
        ],
        "problems": problems(source),
        "bytes": _bytes(Path(name)) if os.path.exists(name) else None,
    }
    if not (stored := source.stored):
        return told
    attributes = stored.attributes
    rows = [band.frequencies.size for band in stored.transform.bands]
    bands = [
        {"bins": count, **{key: band[key] for key in ("low_hz", "high_hz", "hop", "frames")}}
        for count, band in zip(rows, attributes["bands"].values(), strict=False)  # without the residual
    ]
    reals = 1 if stored.content == "levels" else 2
    redundancy = sum(reals * band["bins"] / band["hop"] for band in bands)
    if residual := attributes["bands"].get("residual"):
        redundancy += 1 / residual["hop"]
    return told | {
        "format": "NPZ" if name.lower().endswith(".npz") else "Zarr",
        "content": stored.content,
        "version": stored.version,
        "transform": attributes["transform"],
        "parameters": attributes["parameters"],
        "redundancy": redundancy,
        "origin": attributes["origin"],
        "bands": bands,
    }


def _bytes(path: Path) -> int:
    files = path.rglob("*") if path.is_dir() else [path]
    return sum(file.stat().st_size for file in files if file.is_file())
