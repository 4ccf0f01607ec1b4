"""Several channels heard or seen as one."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from msviz.audio.source import AudioSource
from msviz.errors import ParameterError
from msviz.signal import Source

Array = NDArray[Any]

_MIXES: dict[str, Callable[[Array], Array]] = {
    "mix": lambda samples: samples.mean(axis=0),
    "left": lambda samples: samples[0],
    "right": lambda samples: samples[1],
    "mid": lambda samples: (samples[0] + samples[1]) / 2,
    "side": lambda samples: (samples[0] - samples[1]) / 2,
}


@dataclass(frozen=True)
class _Mix:
    """One channel made of a source's; a `Source` that computes what is read."""

    source: Source
    kind: str

    @property
    def rate(self) -> int:
        return self.source.rate

    @property
    def channels(self) -> int:
        return 1

    @property
    def length(self) -> int:
        return self.source.length

    def read(self, start: int, stop: int) -> NDArray[np.floating]:
        samples = self.source.read(start, stop)
        mix = _MIXES.get(self.kind)
        return (mix(samples) if mix else samples[int(self.kind) - 1])[np.newaxis]


def mix_down(source: Source, kind: str = "mix") -> Source:
    """One channel out of several; the source itself if it has only one.

    Nothing is computed before it is read, and no sum is ever louder than full scale.

    Parameters
    ----------
    source : Source
    kind : {"mix", "left", "right", "mid", "side"} or str
        The mean of all channels, the first or the second, half their sum or half their difference;
        or a channel by its number, counted from 1: "3".

    Raises
    ------
    ParameterError
        If `kind` is none of these, or the source has no channel of that number.

    Examples
    --------
    >>> from msviz import Signal, mix_down
    >>> stereo = Signal([[0.5, 0.5], [0.0, 0.25]], 44100)
    >>> mix_down(stereo, "side").read(0, 2)
    array([[0.25 , 0.125]])
    >>> mix_down(stereo, "2").read(0, 2)
    array([[0.  , 0.25]])
    """
    if kind not in _MIXES and not (kind.isdecimal() and 1 <= int(kind) <= source.channels):
        raise ParameterError(
            f"channels can be mixed as {', '.join(_MIXES)} or a number from 1 to {source.channels}, "
            f"not as {kind!r}"
        )
    return source if source.channels == 1 else _Mix(source, kind)


def decoded(source: Source) -> int:
    """How many samples of a source, from the first, can be read without waiting for a file's decoder."""
    if isinstance(source, _Mix):
        return decoded(source.source)
    return source.decoded if isinstance(source, AudioSource) else source.length
