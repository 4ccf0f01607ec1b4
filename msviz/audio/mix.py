"""Mix several channels down to one."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from msviz.audio.source import AudioSource
from msviz.errors import ParameterError
from msviz.signal import Source, require_source
from msviz.validation import whole

Array = NDArray[Any]

_MIXES: dict[str, Callable[[Array], Array]] = {
    "mix": lambda samples: samples.mean(axis=0),
    "left": lambda samples: samples[0],
    "right": lambda samples: samples[1],
    "mid": lambda samples: (samples[0] + samples[1]) / 2,
    "side": lambda samples: (samples[0] - samples[1]) / 2,
}


WINDOW_S = 0.25  # over which channels are compared to see whether they cancel
_LEAST = 0.01  # fraction of the channels' energy that a mix without cancellation retains


@dataclass(frozen=True)
class Mix:
    """One channel mixed from those of a source; a `Source` computed as it is read.

    Attributes
    ----------
    source : Source
    kind : str
        As in `mix_down`.
    cancellations : list of range
        Samples, among those asked for so far, where the channels cancel each other.
    """

    source: Source
    kind: str | int
    cancellations: list[range] = field(default_factory=list, compare=False, repr=False)

    def cancels(self, start: int, stop: int) -> tuple[NDArray[np.bool_], int]:
        """Where the channels cancel in their mean: with L = -R it is silent.

        Returns
        -------
        bool array (n,)
            For each window from `start` on, whether their mean retains less than a hundredth (-20 dB) of the
            channels' energy.
        int
            Samples in a window.
        """
        size = max(1, round(WINDOW_S * self.rate))
        count = -(-(stop - start) // size)
        if self.kind != "mix" or count <= 0:
            return np.zeros(max(0, count), np.bool_), size
        samples = self.source.read(start, start + count * size).reshape(-1, count, size).swapaxes(0, 1)
        products = samples @ samples.swapaxes(1, 2)  # of all pairs of channels, in each window
        energy = np.trace(products, axis1=1, axis2=2) / samples.shape[1]
        left = products.sum(axis=(1, 2)) / samples.shape[1] ** 2
        cancelled = np.asarray(left < _LEAST * energy)
        if cancelled.any():
            where = start + np.flatnonzero(cancelled) * size
            self.cancellations.extend(range(int(at), min(int(at) + size, self.length)) for at in where)
        return cancelled, size

    @property
    def rate(self) -> int:
        """Sampling rate in Hz."""
        return self.source.rate

    @property
    def channels(self) -> int:
        """One."""
        return 1

    @property
    def length(self) -> int:
        """Number of samples."""
        return self.source.length

    def read(self, start: int, stop: int) -> NDArray[np.floating]:
        """Samples [start, stop) as an array (1, stop - start); zero outside the source."""
        samples = self.source.read(start, stop)
        mixed = samples[self.kind] if isinstance(self.kind, int) else _MIXES[self.kind](samples)
        return mixed[np.newaxis]


def mix_down(source: Source, kind: str | int = "mix") -> Source:
    """Mix the channels of a source down to one; the source itself if it has only one.

    Samples are computed when they are read, and never exceed full scale unless the channels do.

    Parameters
    ----------
    source : Source
    kind : {"mix", "left", "right", "mid", "side"} or int
        The mean of all channels, the first or the second, half their sum or half their difference;
        or one channel by its number, from 0.

    Raises
    ------
    ParameterError
        If `kind` is none of these, or the source has no such channel.

    Examples
    --------
    >>> from msviz import Signal, mix_down
    >>> stereo = Signal([[0.5, 0.5], [0.0, 0.25]], 44100)
    >>> mix_down(stereo, "side").read(0, 2)
    array([[0.25 , 0.125]])
    >>> mix_down(stereo, 1).read(0, 2)
    array([[0.  , 0.25]])
    """
    require_source(source)
    if kind not in _MIXES:
        if isinstance(kind, str):
            raise ParameterError(f"kind must be one of {', '.join(_MIXES)} or a channel number, not {kind!r}")
        kind = whole("channel", kind, 0, source.channels - 1)
    return source if source.channels == 1 else Mix(source, kind)


def decoded(source: Source) -> int:
    """How many samples of a source, from the first, can be read without waiting for a file's decoder."""
    if isinstance(source, Mix):
        return decoded(source.source)
    return source.decoded if isinstance(source, AudioSource) else source.length
