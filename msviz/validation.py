"""Check arguments and convert them to plain Python numbers.

Plain numbers compare equal, serve as keys of caches and go into JSON, whatever type was passed.
"""

from __future__ import annotations

import math
from contextlib import suppress
from typing import Any

import numpy as np
from numpy.typing import NDArray

from msviz.errors import ParameterError


def whole(name: str, value: Any, low: float, high: float = math.inf) -> int:
    """A whole number from `low` to `high`; 24.0 and NumPy integers are accepted.

    Raises
    ------
    ParameterError
        If it is not such a number.
    """
    number: int | None = None
    with suppress(TypeError, ValueError, OverflowError):
        number = int(value) if not isinstance(value, str | bytes) and value == int(value) else None
    if number is None or not low <= number <= high:
        raise ParameterError(f"{name} must be a whole number{_range(low, high)}, not {value!r}")
    return number


def real(name: str, value: Any, low: float, high: float = math.inf, *, unit: str = "") -> float:
    """A finite number from `low` to `high`, which may have a fraction.

    Raises
    ------
    ParameterError
        If it is not such a number.
    """
    try:
        number = math.nan if isinstance(value, str | bytes) else float(value)
    except (TypeError, ValueError, OverflowError):
        number = math.nan
    if not (low <= number <= high and math.isfinite(number)):
        raise ParameterError(f"{name} must be a number{_range(low, high, unit)}, not {value!r}")
    return number


def _range(low: float, high: float, unit: str = "") -> str:
    unit = unit and f" {unit}"
    first, last = (str(end) if isinstance(end, int) else f"{end:g}" for end in (low, high))
    if high < math.inf:
        return f" from {first} to {last}{unit}"
    return f" of at least {first}{unit}" if low > -math.inf else ""


def numbers(name: str, values: Any) -> NDArray[Any]:
    """Booleans, integers, real or complex numbers as an array; ParameterError if they are anything else."""
    try:
        array = np.asarray(values)
    except Exception as error:  # whatever NumPy, and the libraries of other arrays, make of what is none
        raise ParameterError(f"{name} must be an array of numbers ({error})") from error
    if array.dtype.kind not in "biufc":
        raise ParameterError(f"{name} must be numbers, not of dtype {array.dtype}")
    return array


def all_finite(values: NDArray[np.inexact]) -> bool:
    """Whether there is no infinity and no NaN among the values."""
    with np.errstate(over="ignore", invalid="ignore"):
        if np.isfinite(values.sum()):  # nearly always, and in half the time
            return True
    return bool(np.isfinite(values).all())
