"""What stands in a file of a representation; docs/format.md tells it to people.

The same description, contents and names serve a Zarr group and an NPZ file.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final, Literal, get_args

import numpy as np
from numpy.typing import NDArray

from msviz import __version__
from msviz.errors import MsvizError, ParameterError, StorageError
from msviz.picture import FULL_SCALE, UNKNOWN, levels, to_db
from msviz.picture.levels import STEPS_PER_DB
from msviz.transform import Transform
from msviz.transform.frames import Range
from msviz.transform.layout import BandLayout, band_layouts
from msviz.transform.representation import described

Array = NDArray[Any]
Content = Literal["complex64", "float16", "levels"]

CONTENTS: Final = get_args(Content)

FORMAT: Final = "msviz representation"

#: Raised when a reader that knows the versions before would read something wrong.
VERSION: Final = 2

#: float16 holds numbers from 6e-8 (6e-5 at full precision) to 65504: times this, coefficients from -144 dB,
#: where 24-bit audio ends, to +36 dB at full precision.  A stream needs no second look for it.
FLOAT16_SCALE: Final = 2.0**10

#: Of each level code; 0 where none is known.
MAGNITUDES: Final = np.array([0.0, *(10 ** (to_db(code) / 20) for code in range(1, 256))], np.float32)


@dataclass(frozen=True)
class Recording:
    """What is known of the sound that a representation is made from, beside its samples.

    Attributes
    ----------
    damage : tuple of (start, stop, reason)
        Samples [start, stop) that could not be read, and are zero.
    notes : tuple of str
        What else is wrong with it: sentences without its name and the full stop.
    channel_names : tuple of str
        What each channel is for; empty where that is not known.
    exact_rate : float, optional
        In Hz, where the rate of the sound is not a whole number.
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
    def of(cls, attributes: Mapping[str, Any]) -> Recording:
        """What a file's attributes say; nothing, where it was made before they did."""
        rate = attributes.get("exact_rate")
        return cls(
            tuple(
                (int(start), int(stop), str(reason)) for start, stop, reason in attributes.get("damage", ())
            ),
            tuple(map(str, attributes.get("notes", ()))),
            tuple(map(str, attributes.get("channel_names", ()))),
            None if rate is None else float(rate),
        )


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
    def bands(self) -> tuple[BandLayout, ...]:
        """The groups, the lowest octave first, the residual last; no residual among levels."""
        frames = self.frames if self.content != "levels" else self.frames[: len(self.transform.bands)]
        return band_layouts(self.transform, frames)

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
            "bands": {band.name: band.attributes for band in self.bands},
        }

    @classmethod
    def of(cls, attributes: Mapping[str, Any], path: str) -> Description:
        """What a file's attributes say.

        Raises
        ------
        StorageError
            If they are not those of a representation, of a newer format, or do not fit each other.
        """
        if not isinstance(attributes, Mapping) or attributes.get("format") != FORMAT:
            raise StorageError(
                f"{path} was not made by msviz: it holds something else than a representation."
            )
        version = attributes.get("format_version")
        if not isinstance(version, int) or version > VERSION:
            raise StorageError(
                f"{path} has format version {version}, and this msviz reads up to {VERSION}: "
                "install a newer msviz."
            )
        if attributes.get("complete") is False:
            raise StorageError(f"{path} was not written to its end: convert the sound again.")
        try:
            kind, parameters = attributes["transform"], dict(attributes["parameters"])
            if version == 1 and kind == "octave":  # filters did not fall at the ends of the spectrum
                parameters["mirrored"] = True
            transform = Transform.of(kind, parameters)
            frames = tuple(
                Range(int(band["first_frame"]), int(band["first_frame"]) + int(band["frames"]))
                for band in attributes["bands"].values()
            )
            description = cls(
                transform,
                attributes["content"],
                int(attributes["channels"]),
                int(attributes["start"]),
                int(attributes["stop"]),
                frames,
                str(attributes["msviz_version"]),
                dict(attributes.get("origin", {})),
                Recording.of(attributes),
            )
            bands = len(transform.bands if description.content == "levels" else transform.all_bands)
            fits = (
                description.content in CONTENTS
                and len(frames) == bands
                and description.attributes["bands"].keys() == (attributes["bands"].keys())
            )
        except (KeyError, TypeError, ValueError, AttributeError, MsvizError) as error:
            raise StorageError(f"{path} is damaged: its attributes cannot be used ({error}).") from error
        if not fits:
            raise StorageError(f"{path} is damaged: its attributes do not fit each other.")
        return description


def require_content(content: str) -> None:
    """Raise `ParameterError` unless there is such a content."""
    if content not in CONTENTS:
        raise ParameterError(f"content must be one of {', '.join(CONTENTS)}, not {content!r}")


# ---------------------------------------------------------------------- contents of an array


def stored_dtype(content: Content, *, real: bool) -> np.dtype[Any]:
    """What the coefficients of a band are stored as."""
    if real:
        return np.dtype(np.float32)
    return np.dtype({"complex64": np.complex64, "float16": np.float16, "levels": np.uint8}[content])


def unwritten(content: Content, *, real: bool) -> Any:
    """The fill value of a band's array: what no whole file holds, so that a missing chunk is seen."""
    if real or content == "float16":
        return float("nan")
    return UNKNOWN if content == "levels" else complex("nan+nanj")


def conversion(content: Content, *, real: bool) -> dict[str, Any]:
    """Attributes by which stored numbers become coefficients, or dB; as the CF conventions name them."""
    if real or content == "complex64":
        return {}
    if content == "float16":
        return {"scale_factor": 1 / FLOAT16_SCALE}
    return {"scale_factor": 1 / STEPS_PER_DB, "add_offset": to_db(0), "units": "dB", "full_scale": FULL_SCALE}


def dimensions(content: Content, *, real: bool) -> tuple[str, ...]:
    """Names of an array's dimensions."""
    names = ("channel", "bin", "frame")
    return (*names, "part") if content == "float16" and not real else names


def encoded(coefficients: Array, content: Content) -> Array:
    """Coefficients (channels, rows, frames) as they are stored; ParameterError if they cannot be."""
    if not np.isfinite(coefficients).all():
        raise ParameterError("coefficients that are not finite numbers cannot be stored")
    if not np.iscomplexobj(coefficients):
        return coefficients.astype(np.float32, copy=False)
    if content == "levels":
        return levels(coefficients)
    narrow = coefficients.astype(np.complex64, copy=False)
    if content == "complex64":
        return narrow
    parts = np.ascontiguousarray(narrow).view(np.float32).reshape(*narrow.shape, 2) * FLOAT16_SCALE
    with np.errstate(over="ignore"):  # it is looked for
        half = parts.astype(np.float16)
    if not np.isfinite(half).all():
        raise ParameterError(
            f"coefficients beyond ±{np.finfo(np.float16).max / FLOAT16_SCALE:.0f} do not fit into float16: "
            "take complex64"
        )
    return half


def decoded(stored: Array, content: Content, *, real: bool) -> Array:
    """Coefficients (channels, rows, frames) from what is stored; levels stay as they are."""
    if real or content != "float16":
        return stored
    parts = stored.astype(np.float32)
    parts *= np.float32(1 / FLOAT16_SCALE)
    values: Array = parts.view(np.complex64)[..., 0]
    return values


def whole(stored: Array, content: Content, *, real: bool) -> bool:
    """Whether nothing in it is missing or is not a number."""
    if content == "levels" and not real:
        return bool((stored != UNKNOWN).all())
    return bool(np.isfinite(stored).all())
