"""Sound again: how far what was rebuilt is from the original."""

from __future__ import annotations

import math

import numpy as np

from msviz.errors import ParameterError
from msviz.signal import Source

_PIECE = 2**18  # samples that are compared at a time


def reconstruction_error_db(original: Source, rebuilt: Source) -> float:
    """20·log10(‖y - x‖ / ‖x‖) of two sources, read by stretch; -inf where they are equal.

    Raises
    ------
    ParameterError
        If they differ in rate, channels or length.
    """
    for what in ("rate", "channels", "length"):
        its, mine = getattr(original, what), getattr(rebuilt, what)
        if its != mine:
            raise ParameterError(f"the original has another {what} ({its}) than what was rebuilt ({mine})")
    error = energy = 0.0
    for start in range(0, original.length, _PIECE):
        stop = min(start + _PIECE, original.length)
        x = original.read(start, stop).astype(np.float64)
        energy += float(np.square(x).sum())
        error += float(np.square(rebuilt.read(start, stop) - x).sum())
    if error == 0:
        return -math.inf
    return 10 * math.log10(error / energy) if energy else math.inf
