"""Several channels heard or seen as one."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from msviz.signal import Source


@dataclass(frozen=True)
class _Mix:
    """The mean of a source's channels; a `Source` that computes what is read."""

    source: Source

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
        mean: NDArray[np.floating] = self.source.read(start, stop).mean(axis=0, keepdims=True)
        return mean


def mix_down(source: Source) -> Source:
    """One channel that is the mean of all of them; the source itself if it has only one.

    Nothing is computed before it is read, and the sum is never louder than full scale.
    """
    return source if source.channels == 1 else _Mix(source)
