"""Measures of the difference between a resynthesis and the original."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from msviz.errors import ParameterError
from msviz.signal import Signal, Source, is_source
from msviz.validation import numbers

_PIECE = 2**18  # samples that are compared at a time


def signal_to_error_db(original: Source | ArrayLike, resynthesis: Source | ArrayLike) -> float:
    """Signal-to-error ratio 20·log10(‖x‖ / ‖y - x‖) in dB; inf if both are equal.

    It says little about reconstructed phases: a partial that is off by half a cycle sounds the same but
    counts as an error of twice its size.  See `spectral_convergence_db`.

    Parameters
    ----------
    original, resynthesis : sources, or arrays of equal shape
        Sources are read piece by piece.  An array compared with a source is taken as samples.

    Raises
    ------
    ParameterError
        If they differ in shape, or sources in rate, channels or length.
    """
    if is_source(original) or is_source(resynthesis):
        rate = original.rate if is_source(original) else resynthesis.rate  # type: ignore[union-attr]
        original, resynthesis = (
            x if is_source(x) else Signal(x, rate)  # type: ignore[arg-type]
            for x in (original, resynthesis)
        )
        for what in ("rate", "channels", "length"):
            its, own = getattr(original, what), getattr(resynthesis, what)
            if its != own:
                raise ParameterError(f"the original and the resynthesis differ in {what}: {its} and {own}")
        pieces = range(0, original.length, _PIECE)
        pairs = [(original.read, resynthesis.read, at, min(at + _PIECE, original.length)) for at in pieces]
        sums = np.array([_energies(x(a, b), y(a, b)) for x, y, a, b in pairs]).reshape(-1, 2).sum(axis=0)
    else:
        sums = np.array(_energies(numbers("original", original), numbers("resynthesis", resynthesis)))
    return _ratio_db(*sums)


def _energies(x: NDArray[Any], y: NDArray[Any]) -> tuple[float, float]:
    """Of the signal x, and of the error y - x."""
    if x.shape != y.shape:
        raise ParameterError(f"arrays to compare must have the same shape, not {x.shape} and {y.shape}")
    dtype = np.result_type(x, y, np.float64)
    energy, error = (float(np.vdot(a, a).real) for a in (x.astype(dtype), np.subtract(y, x, dtype=dtype)))
    return energy, error


def spectral_convergence_db(
    original: Sequence[NDArray[Any]], resynthesis: Sequence[NDArray[Any]], weights: Sequence[NDArray[Any]]
) -> float:
    """20·log10(‖|a| - |c|‖ / ‖c‖) in dB, of coefficients c and those of a resynthesis, a; -inf if equal.

    Parameters
    ----------
    original, resynthesis : sequences of array (channels, bins, frames)
        One array for each band.
    weights : sequence of array (bins,)
        Energy of a coefficient of magnitude 1, as given by `Transform.energies`.

    Examples
    --------
    >>> import numpy as np
    >>> from msviz import OctaveTransform, spectral_convergence_db
    >>> transform, noise = OctaveTransform(8000), np.random.default_rng(0).standard_normal(8000)
    >>> original = transform.coefficients(noise, 0, 8000)
    >>> round(spectral_convergence_db(original, [0.9 * band for band in original], transform.energies()))
    -20
    """
    error = energy = 0.0
    for c, a, weight in zip(original, resynthesis, weights, strict=True):
        error += float(np.sum(np.square(np.abs(a) - np.abs(c)) * weight[:, None], dtype=np.float64))
        energy += float(np.sum(np.square(np.abs(c)) * weight[:, None], dtype=np.float64))
    return -_ratio_db(energy, error)


def _ratio_db(energy: float, error: float) -> float:
    if error == 0:
        return math.inf
    return 10 * math.log10(energy / error) if energy > 0 else -math.inf
