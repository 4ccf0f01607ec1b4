"""Levels of coefficients as 8-bit codes on a dB scale.

A step is half a dB.  0 is "unknown" (not analysed, or outside the file), as distinct from 1, silence; so the
maximum of any codes is correct without a mask, and zeroed memory is a picture that is still unknown.
"""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

UNKNOWN: Final = 0
"""The code of what has not been analysed."""

SILENCE: Final = 1
"""The code of everything at or below -119.5 dB."""

FULL_SCALE: Final = 240
"""The code of 0 dB, a sine of amplitude 1; the highest, 255, is +7.5 dB."""

STEPS_PER_DB: Final = 2

FLOOR_DB: Final = (SILENCE - FULL_SCALE) / STEPS_PER_DB
"""The lowest level of any picture: that of `SILENCE`."""


def to_db(code: int) -> float:
    """Level of a code in dB relative to full scale."""
    return (code - FULL_SCALE) / STEPS_PER_DB


def to_code(level_db: float) -> int:
    """The code of a level in dB relative to full scale; never `UNKNOWN`."""
    return int(np.clip(round(level_db * STEPS_PER_DB) + FULL_SCALE, SILENCE, 255))


def _code_of_power() -> NDArray[np.uint8]:
    """Codes for the upper 16 bits of a float32 power.

    They contain its exponent and 7 bits of its mantissa; the middle of the values they stand for is exact to
    0.02 dB.  A look-up costs the same on every processor; a logarithm does not.
    """
    upper = np.arange(0x7F80, dtype=np.uint32) << 16  # no sign, for powers are not negative
    power = (upper | 0x8000).view(np.float32).astype(np.float64)
    codes = np.clip(np.rint(10 * np.log10(power) * STEPS_PER_DB) + FULL_SCALE, SILENCE, 255)
    return np.pad(codes.astype(np.uint8), (0, 0x8080), constant_values=255)  # infinite, or not a number


_CODES: Final = _code_of_power()


def level_codes(coefficients: NDArray[np.inexact]) -> NDArray[np.uint8]:
    """Level codes of coefficients.

    Parameters
    ----------
    coefficients : complex or float array
        Magnitude 1 is full scale.

    Returns
    -------
    uint8 array of the same shape
        Within 0.27 dB of 20·log10|c| from -119.5 to +7.5 dB, and clipped to that range.
    """
    with np.errstate(over="ignore"):  # infinity is loud enough
        power = np.abs(coefficients).astype(np.float32, copy=False)
        power *= power
    upper = power.view(np.uint32)
    upper >>= 16
    return np.asarray(_CODES.take(upper))


def peak(one: NDArray[np.uint8], other: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """The higher level of each pair of codes."""
    return np.asarray(np.maximum(one, other), np.uint8)


def _code_of_mean_power() -> NDArray[np.uint8]:
    codes = np.arange(256)
    power = 10.0 ** ((codes - FULL_SCALE) / (10 * STEPS_PER_DB))
    with np.errstate(divide="ignore"):
        mean_db = 10 * np.log10((power[:, np.newaxis] + power) / 2)
    mean = np.clip(np.rint(mean_db * STEPS_PER_DB) + FULL_SCALE, SILENCE, 255).astype(np.uint8)
    mean[UNKNOWN], mean[:, UNKNOWN] = codes, codes  # the other one is all that is known
    return np.asarray(mean.ravel(), np.uint8)


_MEANS: Final = _code_of_mean_power()


def mean_power(one: NDArray[np.uint8], other: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """The level of the mean power of each pair of codes, within a quarter of a dB."""
    return np.asarray(_MEANS.take(one.astype(np.uint16) << 8 | other), np.uint8)
