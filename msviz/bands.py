"""Bands, the unit of transforms and pictures; and which frequencies are worth looking at, at a rate."""

from __future__ import annotations

from typing import Protocol

import numpy as np
from numpy.typing import NDArray

LOWEST_AUDIBLE_HZ = 20.0


class Band(Protocol):
    """Bins that share one hop."""

    @property
    def name(self) -> str:
        """What files call it: ``octave_03``, ``stft``, ``residual``."""

    @property
    def frequencies(self) -> NDArray[np.floating]:
        """Centre of each bin in Hz, ascending, shape (bins,)."""

    @property
    def low(self) -> float:
        """Lower edge in Hz."""

    @property
    def high(self) -> float:
        """Upper edge in Hz."""

    @property
    def hop(self) -> int:
        """Samples of the original signal between two frames."""

    @property
    def edges(self) -> dict[str, float]:
        """What files tell of its filters: the edges in Hz."""


def default_fmin(rate: float) -> float:
    """The lowest frequency that the octave transform covers by default, in Hz.

    20 Hz, the lowest audible frequency, at the rates of sound.  At those of vibrations, where fewer than
    six octaves would be left, eight octaves below the Nyquist frequency; at those of radio, where more
    than fourteen would be, fourteen below it.

    Parameters
    ----------
    rate : float
        Sampling rate in Hz.
    """
    nyquist = rate / 2
    if nyquist < LOWEST_AUDIBLE_HZ * 2**6:
        return nyquist / 2**8
    return LOWEST_AUDIBLE_HZ if nyquist < LOWEST_AUDIBLE_HZ * 2**15 else nyquist / 2**14


def time_scale(rate: float) -> float:
    """How many times longer things last at a rate than in sound: 1 at the rates of sound.

    Parameters
    ----------
    rate : float
        Sampling rate in Hz.
    """
    return LOWEST_AUDIBLE_HZ / default_fmin(rate)
