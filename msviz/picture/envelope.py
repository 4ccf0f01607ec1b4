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
"""The reach of what is not known; less than any other."""

LEAST: Final = -FULL_REACH
"""The lowest reach that is known: a maximum of it and any other is the other."""

Reach = NDArray[np.int16]


class Envelope:
    """Lowest and highest samples in cells of `CELL`, repeatedly pooled by two.

    A reach is a sample's distance from zero in steps of 1/`FULL_REACH`; downwards the lowest sample
    with its sign turned, upwards the highest.  A cell is known once all of its narrower cells are, so that
    what is known never changes.  Three hours take 15 MB.

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
            step = np.full((2, cells + cells % 2), NOTHING, np.int16)
            step[:, cells:] = LEAST  # after the end, to make the count even
            self._steps.append(step)
            cells = step.shape[1] // 2

    def resized(self, length: int) -> Envelope:
        """The same, for a track that turned out to have another length."""
        other = Envelope(length)
        count = min(self._steps[0].shape[1], other._steps[0].shape[1], -(-min(length, self.length) // CELL))
        other._steps[0][:, :count] = self._steps[0][:, :count]
        for fine, coarse in zip(other._steps, other._steps[1:], strict=False):
            coarse[:, : fine.shape[1] // 2] = _in_pairs(fine)
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
            coarse[:, first:stop] = _in_pairs(fine[:, 2 * first : 2 * stop])

    def columns(self, start: float, stop: float, width: int) -> Reach:
        """Reaches (2, width) of the pixels of samples [start, stop): down and up.

        `NOTHING` outside the track, and where a part of a pixel is not known.
        """
        per_pixel = (stop - start) / width
        step = int(np.clip(np.floor(np.log2(per_pixel / CELL)), 0, len(self._steps) - 1))
        cells = self._steps[step]
        edges = (start + np.arange(width + 1) * per_pixel) / (CELL << step)
        first, last = np.floor(edges[:-1]).astype(np.intp), np.ceil(edges[1:]).astype(np.intp) - 1
        inside = (edges[1:] > 0) & (edges[:-1] * (CELL << step) < self.length)
        first, last = (np.clip(cell, 0, cells.shape[1] - 1) for cell in (first, last))
        reach = cells.take(first, axis=1)
        for more in range(1, int((last - first).max()) + 1):
            others = cells.take(np.minimum(first + more, last), axis=1)
            inside &= others[1] != NOTHING
            np.maximum(reach, others, out=reach)
        inside &= cells[1].take(first) != NOTHING
        reach[:, ~inside] = NOTHING
        return reach


def _in_pairs(cells: Reach) -> Reach:
    """Cells twice as wide; those of which a half is not known are not either."""
    one, other = cells[:, ::2], cells[:, 1::2]
    wide = np.maximum(one, other)
    wide[(one == NOTHING) | (other == NOTHING)] = NOTHING
    return wide


def pooled(samples: NDArray[np.floating], edges: NDArray[np.integer]) -> Reach:
    """Reaches (2, n) of the samples between each of n edges and the next, or the end."""
    reach = np.stack([-np.minimum.reduceat(samples, edges), np.maximum.reduceat(samples, edges)])
    return np.asarray(np.rint(np.clip(reach, -1, 1) * FULL_REACH), np.int16)
