"""How far what was rebuilt is from the original."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray


def signal_to_error_db(original: ArrayLike, rebuilt: ArrayLike) -> float:
    """20·log10(‖x‖ / ‖y - x‖) of samples of equal shape, in dB; inf where they are equal.

    It says little of rebuilt phases: a partial that is off by half a cycle all along sounds the same and
    counts as an error of twice its size.  See `spectral_convergence_db`.
    """
    x, y = np.asarray(original, np.float64), np.asarray(rebuilt, np.float64)
    return _ratio_db(np.linalg.norm(x), np.linalg.norm(y - x))


def spectral_convergence_db(
    original: Sequence[NDArray[Any]], rebuilt: Sequence[NDArray[Any]], weights: Sequence[NDArray[Any]]
) -> float:
    """20·log10(‖|a| - |c|‖ / ‖c‖) of coefficients c and those of what was rebuilt, in dB; -inf: equal.

    Parameters
    ----------
    original, rebuilt : sequences of array (channels, rows, frames)
        One array a band.
    weights : sequence of array (rows,)
        Energy of a coefficient of magnitude 1, as `Transform.energies` has it.
    """
    error = energy = 0.0
    for c, a, weight in zip(original, rebuilt, weights, strict=True):
        error += float(np.sum(np.square(np.abs(a) - np.abs(c)) * weight[:, None], dtype=np.float64))
        energy += float(np.sum(np.square(np.abs(c)) * weight[:, None], dtype=np.float64))
    return -_ratio_db(math.sqrt(energy), math.sqrt(error))


def _ratio_db(signal: Any, error: Any) -> float:
    if error == 0:
        return math.inf
    return 20 * math.log10(signal / error) if signal > 0 else -math.inf
