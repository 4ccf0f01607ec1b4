"""The envelope of a waveform: the lowest and highest samples in every part of a track."""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

CELL: Final = 256
"""Samples in the narrowest cells."""

FULL_REACH: Final = 32767
"""The reach of full scale."""

NOTHING: Final = -32768
"""The reach of what is not known; less than any, so that a maximum of any reaches is right."""

Reach = NDArray[np.int16]


class Envelope:
    """Lowest and highest samples in cells of `CELL`, repeatedly pooled by two.

    A reach is the distance of a sample from zero in steps of 1/`FULL_REACH`; downwards the negated lowest
    sample, upwards the highest.  Three hours take 15 MB.

    Parameters
    ----------
    length : int
        Samples in the track.
    """

    def __init__(self, length: int) -> None:
        self.length = length
        self._steps: list[Reach] = []
        cells = max(1, -(-length // CELL))
        while not self._steps or cells > 1:
            cells += cells % 2
            self._steps.append(np.full((2, cells), NOTHING, np.int16))
            cells //= 2

    def resized(self, length: int) -> Envelope:
        """The same, for a track that turned out to have another length."""
        other = Envelope(length)
        count = min(self._steps[0].shape[1], other._steps[0].shape[1], -(-min(length, self.length) // CELL))
        other._steps[0][:, :count] = self._steps[0][:, :count]
        for fine, coarse in zip(other._steps, other._steps[1:], strict=False):
            np.maximum(fine[:, ::2], fine[:, 1::2], out=coarse[:, : fine.shape[1] // 2])
        return other

    def put(self, start: int, samples: NDArray[np.floating]) -> None:
        """Add the samples (n,) from `start` on, clipped at full scale."""
        if not len(samples):
            return
        first, last = start // CELL, (start + len(samples) - 1) // CELL
        edges = np.maximum(np.arange(first, last + 1) * CELL - start, 0)
        stop = last + 1
        finest = self._steps[0][:, first:stop]
        np.maximum(finest, pooled(samples, edges), out=finest)
        for fine, coarse in zip(self._steps, self._steps[1:], strict=False):
            first, stop = first // 2, (stop + 1) // 2
            pairs = fine[:, 2 * first : 2 * stop]
            np.maximum(pairs[:, ::2], pairs[:, 1::2], out=coarse[:, first:stop])

    def columns(self, start: float, stop: float, width: int) -> Reach:
        """Reaches (2, width) of the pixels of samples [start, stop): down and up; `NOTHING` outside."""
        per_pixel = (stop - start) / width
        step = int(np.clip(np.floor(np.log2(per_pixel / CELL)), 0, len(self._steps) - 1))
        cells = self._steps[step]
        edges = (start + np.arange(width + 1) * per_pixel) / (CELL << step)
        first, last = np.floor(edges[:-1]).astype(np.intp), np.ceil(edges[1:]).astype(np.intp) - 1
        inside = (edges[1:] > 0) & (edges[:-1] * (CELL << step) < self.length)
        first, last = (np.clip(cell, 0, cells.shape[1] - 1) for cell in (first, last))
        reach = cells.take(first, axis=1)
        for more in range(1, int((last - first).max()) + 1):
            np.maximum(reach, cells.take(np.minimum(first + more, last), axis=1), out=reach)
        reach[:, ~inside] = NOTHING
        return reach


def pooled(samples: NDArray[np.floating], edges: NDArray[np.integer]) -> Reach:
    """Reaches (2, n) of the samples between each of n edges and the next, or the end."""
    reach = np.stack([-np.minimum.reduceat(samples, edges), np.maximum.reduceat(samples, edges)])
    return np.asarray(np.rint(np.clip(reach, -1, 1) * FULL_REACH), np.int16)
