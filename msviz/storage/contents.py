"""The types in which coefficients are stored, and how they are converted."""

from __future__ import annotations

from typing import Any, Final, Literal, get_args

import numpy as np
from numpy.typing import NDArray

from msviz.errors import ParameterError
from msviz.picture import FULL_SCALE, UNKNOWN, level_codes, to_db
from msviz.picture.levels import STEPS_PER_DB
from msviz.validation import all_finite

Array = NDArray[Any]
Content = Literal["complex128", "complex64", "float16", "levels"]

CONTENTS: Final[tuple[Content, ...]] = get_args(Content)

#: float16 holds numbers from 6e-8 (6e-5 at full precision) to 65504: times this, coefficients from -144 dB,
#: where 24-bit audio ends, to +36 dB at full precision.  A stream needs no second look for it.
FLOAT16_SCALE: Final = 2.0**10

#: Magnitude of each code; 0 where none is known.
MAGNITUDES: Final = np.array([0.0, *(10 ** (to_db(code) / 20) for code in range(1, 256))], np.float32)


def require_content(content: str) -> None:
    """Raise `ParameterError` unless it is one of `CONTENTS`."""
    if content not in CONTENTS:
        raise ParameterError(f"content must be one of {', '.join(CONTENTS)}, not {content!r}")


def exact_content(coefficients: Array) -> Content:
    """The content that stores coefficients exactly."""
    return "complex128" if coefficients.dtype == np.complex128 else "complex64"


def stored_dtype(content: Content, *, real: bool) -> np.dtype[Any]:
    """The type in which the coefficients of a band are stored."""
    if real:
        return np.dtype(np.float64 if content == "complex128" else np.float32)
    return np.dtype(np.uint8 if content == "levels" else content)


def coefficients_dtype(content: Content, *, real: bool) -> np.dtype[Any]:
    """The type of the coefficients when they are read."""
    if real or content.startswith("complex"):
        return stored_dtype(content, real=real)
    return np.dtype(np.float32 if content == "levels" else np.complex64)


def unwritten(content: Content, *, real: bool) -> Any:
    """The fill value of a band's array, which no complete file contains: it reveals missing chunks."""
    if real or content == "float16":
        return float("nan")
    return UNKNOWN if content == "levels" else complex("nan+nanj")


def conversion(content: Content, *, real: bool) -> dict[str, Any]:
    """Attributes of the CF conventions for converting stored numbers to coefficients or dB."""
    if real or content.startswith("complex"):
        return {}
    if content == "float16":
        return {"scale_factor": 1 / FLOAT16_SCALE}
    return {"scale_factor": 1 / STEPS_PER_DB, "add_offset": to_db(0), "units": "dB", "full_scale": FULL_SCALE}


def dimensions(content: Content, *, real: bool) -> tuple[str, ...]:
    """Names of an array's dimensions."""
    names = ("channel", "bin", "frame")
    return (*names, "part") if content == "float16" and not real else names


def encoded(coefficients: Array, content: Content, *, real: bool) -> Array:
    """Encode coefficients (channels, bins, frames) for storage; ParameterError if that is impossible.

    Level codes, which are integers, are encoded already.
    """
    if coefficients.dtype == np.uint8:
        return coefficients
    if not all_finite(coefficients):
        raise ParameterError("non-finite coefficients cannot be stored")
    if not real and content != "levels" and not np.iscomplexobj(coefficients):
        raise ParameterError("magnitudes without phases can only be stored as levels")
    if content == "levels" and not real:
        return level_codes(coefficients)
    if content != "float16" or real:
        with np.errstate(over="ignore"):  # checked below
            narrow = coefficients.astype(stored_dtype(content, real=real), copy=False)
        if narrow.dtype != coefficients.dtype and not all_finite(narrow):
            raise ParameterError(f"coefficients are too large for {narrow.dtype}: use complex128")
        return narrow
    single = np.ascontiguousarray(coefficients, np.complex64)
    parts = single.view(np.float32).reshape(*single.shape, 2) * FLOAT16_SCALE
    with np.errstate(over="ignore"):  # checked below
        half = parts.astype(np.float16)
    if not np.isfinite(half).all():
        raise ParameterError(
            f"coefficients beyond ±{np.finfo(np.float16).max / FLOAT16_SCALE:.0f} are too large for float16: "
            "use complex64"
        )
    return half


def decoded(stored: Array, content: Content, *, real: bool) -> Array:
    """Decode stored coefficients (channels, bins, frames); levels become magnitudes."""
    if real or content.startswith("complex"):
        return stored
    if content == "levels":
        return MAGNITUDES[stored]
    parts = stored.astype(np.float32)
    parts *= np.float32(1 / FLOAT16_SCALE)
    values: Array = parts.view(np.complex64)[..., 0]
    return values


def whole(stored: Array, content: Content, *, real: bool) -> bool:
    """Whether no values are missing or non-finite."""
    if content == "levels" and not real:
        return bool((stored != UNKNOWN).all())
    return bool(np.isfinite(stored).all())
