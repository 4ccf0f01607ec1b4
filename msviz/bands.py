"""Bands, the unit of transforms and pictures, and default frequencies for a sampling rate."""

from __future__ import annotations

from typing import Protocol

import numpy as np
from numpy.typing import NDArray

LOWEST_AUDIBLE_HZ = 20.0


class Band(Protocol):
    """Bins that share one hop."""

    @property
    def name(self) -> str:
        """Its name in files: ``octave_03``, ``stft``, ``residual``."""

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
        """The edges of its filters in Hz, for files."""


def default_fmin(rate: float) -> float:
    """The lowest frequency that the octave transform covers by default, in Hz.

    20 Hz, the lowest audible frequency, at audio sampling rates.  At lower rates, where that would give
    fewer than six octaves, eight octaves below the Nyquist frequency; at higher ones, where it would give
    more than fourteen, fourteen below it.

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
    """How much slower things happen in signals of a sampling rate than in audio; 1 at audio rates.

    Parameters
    ----------
    rate : float
        Sampling rate in Hz.
    """
    return LOWEST_AUDIBLE_HZ / default_fmin(rate)
