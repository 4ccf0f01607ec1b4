"""The attributes of a stored representation, as documented in docs/format.md.

The same attributes serve a Zarr group and an NPZ file.  Each is checked as it is read.
"""

from __future__ import annotations

import reprlib
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Final, NamedTuple, NoReturn, cast

import numpy as np
from numpy.typing import NDArray

from msviz import __version__
from msviz.bands import Band
from msviz.errors import ParameterError, StorageError
from msviz.storage.contents import CONTENTS, Content
from msviz.transform import Range, Transform
from msviz.transform.representation import band_attributes, described

FORMAT: Final = "msviz representation"

#: Raised when a reader that knows the versions before would read something wrong.
VERSION: Final = 2

#: Largest whole number of a file: every program that reads JSON has those up to here.
LARGEST: Final = 2**53


class Attributes:
    """The attributes of a file, or an object among them, each checked when it is asked for.

    Parameters
    ----------
    values : object
        What JSON gave.
    path : str
        Of the file.
    name : str
        Of the object; none for the root.

    Raises
    ------
    StorageError
        With the file, the attribute and its value, where one is missing or not what it must be.
    """

    def __init__(self, values: Any, path: str, name: str = "") -> None:
        self.values, self.path, self.name = values, path, name

    def refuse(self, key: str, wanted: str) -> NoReturn:
        """Say what is wrong with a value."""
        told = f"{reprlib.repr(self.values[key])}, not {wanted}" if key in self.values else "missing"
        name = f"{self.name}.{key}" if self.name else key
        raise StorageError(f"{self.path} is damaged: its attribute {name} is {told}.")

    def object(self, key: str) -> Attributes:
        """An object."""
        value = self.values.get(key)
        if not isinstance(value, Mapping):
            self.refuse(key, "an object")
        return Attributes(value, self.path, f"{self.name}.{key}" if self.name else key)

    def whole(self, key: str, least: int = -LARGEST, most: int = LARGEST) -> int:
        """A whole number within bounds."""
        value = self.values.get(key)
        if not (_is_whole(value) and least <= value <= most):
            self.refuse(key, f"a whole number from {least} to {most}")
        return int(value)

    def number(self, key: str, least: float = 0.0) -> float:
        """A finite number."""
        value = self.values.get(key)
        if not ((_is_whole(value) or isinstance(value, float)) and least <= value < LARGEST):
            self.refuse(key, f"a number from {least:g} to {LARGEST}")
        return float(value)

    def text(self, key: str, *choices: str) -> str:
        """A text; one of the choices, if there are any."""
        value = self.values.get(key)
        if not isinstance(value, str) or (choices and value not in choices):
            self.refuse(key, f"one of {', '.join(choices)}" if choices else "a string")
        return value

    def texts(self, key: str) -> tuple[str, ...]:
        """A list of texts; empty where there is none."""
        value = self.values.get(key, [])
        if not isinstance(value, list) or not all(isinstance(one, str) for one in value):
            self.refuse(key, "a list of strings")
        return tuple(value)


def _is_whole(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


@dataclass(frozen=True)
class Recording:
    """What is known about the sound that a representation was made from.

    Attributes
    ----------
    damage : tuple of (start, stop, reason)
        Samples [start, stop) that could not be read and are zero.
    notes : tuple of str
        Other problems: sentences without its name or a full stop.
    channel_names : tuple of str
        What each channel is for; empty if unknown.
    exact_rate : float, optional
        In Hz, if the sampling rate is not a whole number.
    """

    damage: tuple[tuple[int, int, str], ...] = ()
    notes: tuple[str, ...] = ()
    channel_names: tuple[str, ...] = ()
    exact_rate: float | None = None

    @property
    def attributes(self) -> dict[str, Any]:
        """As they stand in the file, for JSON; what is not known does not."""
        known = {"channel_names": list(self.channel_names), "exact_rate": self.exact_rate}
        return {
            "damage": [list(one) for one in self.damage],
            "notes": list(self.notes),
            **{name: value for name, value in known.items() if value},
        }

    @classmethod
    def of(cls, attributes: Attributes, channels: int) -> Recording:
        """What a file's attributes say; nothing, where it was made before they did."""
        damage = attributes.values.get("damage", [])
        if not isinstance(damage, list) or not all(map(_is_damage, damage)):
            attributes.refuse("damage", "a list of [start, stop, reason]")
        names = attributes.texts("channel_names")
        if len(names) not in (0, channels):
            attributes.refuse("channel_names", f"a list of {channels} strings")
        exact_rate = attributes.number("exact_rate") if "exact_rate" in attributes.values else None
        return cls(tuple(map(tuple, damage)), attributes.texts("notes"), names, exact_rate)


def _is_damage(value: Any) -> bool:
    match value:
        case [start, stop, str()]:
            return _is_whole(start) and _is_whole(stop) and 0 <= start <= stop <= LARGEST
    return False


class StoredBand(NamedTuple):
    """A band in a file: the numbers of its frames that are there, and whether it is the residual."""

    band: Band
    frames: Range
    real: bool

    @property
    def name(self) -> str:
        """Of its group."""
        return self.band.name

    @property
    def frequencies(self) -> NDArray[np.floating]:
        """Centre of each bin in Hz."""
        return self.band.frequencies

    @property
    def hop(self) -> int:
        """Samples between two frames."""
        return self.band.hop

    @property
    def size(self) -> int:
        """How many frames there are."""
        return self.frames.stop - self.frames.start


@dataclass(frozen=True)
class Description:
    """All that a file tells beside its coefficients."""

    transform: Transform
    content: Content
    channels: int
    start: int
    stop: int
    frames: tuple[Range, ...]
    version: str = __version__
    origin: Mapping[str, Any] = field(default_factory=dict)
    recording: Recording = field(default_factory=Recording)

    @property
    def bands(self) -> tuple[StoredBand, ...]:
        """The groups, the lowest octave first, the residual last; no residual among levels."""
        bands = self.transform.bands if self.content == "levels" else self.transform.all_bands
        pairs = zip(bands, self.frames, strict=False)
        return tuple(StoredBand(band, frames, band is self.transform.residual) for band, frames in pairs)

    @property
    def attributes(self) -> dict[str, Any]:
        """As they stand in the file, for JSON."""
        return {
            "format": FORMAT,
            "format_version": VERSION,
            "msviz_version": self.version,
            "content": self.content,
            **described(self.transform, self.channels, self.start, self.stop),
            "origin": dict(self.origin),
            **self.recording.attributes,
            "bands": {band.name: band_attributes(band.band, band.frames) for band in self.bands},
        }

    @classmethod
    def of(cls, values: Any, path: str) -> Description:
        """What a file's attributes say.

        Raises
        ------
        StorageError
            If they are not those of a representation, of a newer format, or one of them cannot be used.
        """
        if not isinstance(values, Mapping) or values.get("format") != FORMAT:
            raise StorageError(f"{path} is not an msviz file.")
        attributes = Attributes(values, path)
        version = attributes.whole("format_version", 1)
        if version > VERSION:
            raise StorageError(
                f"{path} has format version {version}, but this msviz reads only up to {VERSION}: "
                "install a newer msviz."
            )
        if values.get("complete", True) is not True:
            raise StorageError(f"{path} is incomplete: convert the audio again.")
        transform = _transform(attributes, version)
        if attributes.whole("rate", 1) != transform.rate:
            attributes.refuse("rate", f"{transform.rate}, the rate of its transform")
        channels, start = attributes.whole("channels", 1), attributes.whole("start")
        stop = attributes.whole("stop", start)
        description = cls(
            transform,
            cast("Content", attributes.text("content", *CONTENTS)),
            channels,
            start,
            stop,
            tuple(Range(*frames) for frames in transform.frame_ranges(start, stop)),
            attributes.text("msviz_version"),
            attributes.object("origin").values if "origin" in values else {},
            Recording.of(attributes, channels),
        )
        bands = attributes.object("bands")
        if bands.values.keys() != {band.name for band in description.bands}:
            attributes.refuse("bands", f"the bands of {transform!r}")
        frames = tuple(_frames(bands.object(band.name), band) for band in description.bands)
        return replace(description, frames=frames)


def _transform(attributes: Attributes, version: int) -> Transform:
    """What made the file."""
    kind, told = attributes.text("transform"), attributes.object("parameters")
    parameters = dict(told.values)
    if version == 1 and kind == "octave":  # filters did not fall at the ends of the spectrum
        parameters["mirrored"] = True
    if kind == "stft":  # which had no other precision, once
        parameters.setdefault("dtype", "float32")
    try:
        transform = Transform.of(kind, parameters)
    except ParameterError as error:
        raise StorageError(
            f"{attributes.path} is damaged: its attribute parameters is invalid ({error})."
        ) from error
    if not _same_json(transform.parameters, parameters):
        attributes.refuse("parameters", f"those of {transform!r}")
    return transform


def _same_json(one: Any, other: Any) -> bool:
    """Whether they are equal, and neither has a truth value where the other has a number."""
    return bool(one == other) and all(
        isinstance(value, bool) == isinstance(other[name], bool) for name, value in one.items()
    )


def _frames(told: Attributes, needed: StoredBand) -> Range:
    """The frames of a band."""
    first, count = told.whole("first_frame"), told.whole("frames", 0)
    if told.whole("hop", 1) != needed.hop:
        told.refuse("hop", f"{needed.hop}, the hop of its transform")
    if not covers(held := Range(first, first + count), needed.frames):
        told.refuse("first_frame", "the first of frames covering {} to {}".format(*needed.frames))
    return held


def covers(held: Range, needed: Range) -> bool:
    """Whether frames are all that are needed, but for one at either end, which was once counted otherwise."""
    return needed.stop - needed.start <= 2 or (
        held.start - 1 <= needed.start and needed.stop <= held.stop + 1
    )
