"""Discard and quantize coefficients.

A coefficient belongs to the segment of time that contains its centre.  Which coefficients are kept, and the
reference of the quantizer, depend only on the coefficients of the segment: so the result for a coefficient
does not depend on the interval that is read.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any, Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from msviz.lab.recipe import Recipe
from msviz.transform import Frames

Array = NDArray[Any]

RANGE_DB: Final = 96.0
"""How far below a segment's peak its magnitudes are told apart when they are made coarse."""


class Limits(NamedTuple):
    """The thresholds for the coefficients of a segment."""

    weakest: float
    """Energy^½ of the weakest coefficient that stays; infinite where none does."""
    peak: float
    """Magnitude of the strongest."""


def limits(coefficients: Sequence[Array], weights: Sequence[Array], kept: float) -> Limits:
    """The limits of a segment with these coefficients, one array (channels, bins, frames) per band."""
    magnitudes = [np.abs(values) for values in coefficients]
    peak = max(float(values.max(initial=0)) for values in magnitudes)
    if kept == 100:
        return Limits(0.0, peak)
    strengths = np.concatenate(
        [
            (values * _column(weight, values)).ravel()
            for values, weight in zip(magnitudes, weights, strict=True)
        ]
    )
    count = round(strengths.size * kept / 100)
    if count == 0:
        return Limits(np.inf, peak)
    weakest = np.partition(strengths, strengths.size - count)[strengths.size - count]
    return Limits(float(weakest), peak)


def treated(
    frames: Frames, weight: Array, recipe: Recipe, limits_of: Callable[[int], Limits], segment: int
) -> Frames:
    """Apply a recipe to the frames of a band; not in place.

    Parameters
    ----------
    weight : array (bins,)
        As given by `Transform.energies`.
    limits_of : callable
        Returns the limits of a segment, by its number.
    segment : int
        Samples in a segment.
    """
    values = frames.coefficients
    if recipe.needs_limits and values.size:
        magnitudes = np.abs(values)
        numbers = np.arange(frames.first_frame, frames.stop_frame) * frames.hop // segment
        held, which = np.unique(numbers, return_inverse=True)
        all_limits = np.array([limits_of(number) for number in held.tolist()], magnitudes.dtype)
        weakest, peak = all_limits[which].T
        new = magnitudes
        if recipe.kept < 100:
            new = np.where(magnitudes * _column(weight, magnitudes) >= weakest, magnitudes, 0)
        if recipe.magnitude_bits is not None:
            new = coarse_magnitudes(new, peak, recipe.magnitude_bits)
        values = np.divide(new, magnitudes, out=np.zeros_like(magnitudes), where=new > 0) * values
    if recipe.phase_bits is not None and not recipe.rebuild_phase:
        values = coarse_phases(values, recipe.phase_bits)
    return replace(frames, coefficients=values)


def coarse_magnitudes(magnitudes: Array, peak: Array, bits: int) -> Array:
    """Quantize magnitudes to the middle of 2^bits - 1 equal steps in dB over the range below the peak.

    The error is at most half a step; magnitudes below the range become 0, the remaining code.

    Parameters
    ----------
    magnitudes : array (channels, bins, frames)
    peak : array (frames,)
    """
    step = RANGE_DB / (2**bits - 1)
    with np.errstate(divide="ignore", invalid="ignore"):
        number = np.floor(-20 / step * np.log10(magnitudes / peak))
    heard = number < 2**bits - 1  # not so for NaN, where the peak is 0
    level = 10 ** ((np.where(heard, np.maximum(number, 0), 0) + 0.5) * (-step / 20))
    return np.asarray(np.where(heard, level * peak, 0), magnitudes.dtype)


def coarse_phases(values: Array, bits: int) -> Array:
    """Quantize phases to the nearest of 2^bits; the error is at most π/2^bits."""
    step = 2 * np.pi / 2**bits
    phases = np.rint(np.angle(values) / step) * step
    return np.asarray(np.abs(values) * np.exp(1j * phases), values.dtype)


def _column(weight: Array, values: Array) -> Array:
    return np.sqrt(weight)[:, None].astype(values.dtype)
