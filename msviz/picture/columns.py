"""Bands of different hops on one grid of columns, for rectangular images."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from msviz.errors import ParameterError
from msviz.validation import real

LONGEST_STEP = 2.0**53  # samples, which floats tell apart


@dataclass(frozen=True)
class Columns:
    """Columns of an image: column j is centred on sample start + j·step, half a step to both sides.

    Attributes
    ----------
    start : float
        Sample of the original on which the first is centred.
    count : int
        How many.
    step : float
        Samples from one to the next.
    """

    start: float
    count: int
    step: float

    @classmethod
    def covering(cls, start: int, stop: int, rate: int, frame_rate: float) -> Columns:
        """The columns centred in samples [start, stop).

        Raises
        ------
        ParameterError
            If there are not more than 0 and at most `rate` columns per second.
        """
        if not 0 < real("frame_rate", frame_rate, -math.inf) <= rate:
            raise ParameterError(
                f"frame_rate must be above 0 and at most the sampling rate of {rate} Hz, not {frame_rate:g}"
            )
        step = min(rate / frame_rate, LONGEST_STEP)
        return cls(start, max(math.ceil((stop - start) / step), 0), step)

    def frames(self, hop: int) -> tuple[int, int]:
        """Numbers [first, stop) of the frames that the columns show, for a band with this hop."""
        if not self.count:
            return 0, 0
        if hop >= self.step:
            nearest = self._nearest(hop)
            return int(nearest[0]), int(nearest[-1]) + 1
        edges = self._edges(hop)
        return int(edges[0]), int(edges[-1])

    def pooled(self, values: NDArray[Any], first: int, hop: int) -> NDArray[Any]:
        """The columns of a band.

        If its frames are denser than the columns, the maximum of those centred in a column; otherwise the
        one nearest to the centre of the column.

        Parameters
        ----------
        values : real array (bins, frames)
            Those of the frames returned by `frames` that exist; others are shown as 0.
        first : int
            Number of the first of them.

        Returns
        -------
        array (bins, columns)
        """
        rows, frames = values.shape
        out = np.zeros((rows, self.count), values.dtype)
        if hop >= self.step:
            nearest = self._nearest(hop) - first
            there = (nearest >= 0) & (nearest < frames)
            out[:, there] = values[:, nearest[there]]
        else:
            edges = np.clip(self._edges(hop) - first, 0, frames)
            there = edges[1:] > edges[:-1]
            if there.any():
                out[:, there] = np.maximum.reduceat(values[:, : edges[-1]], edges[:-1][there], axis=1)
        return out

    @property
    def edges(self) -> NDArray[np.float64]:
        """Where columns begin and the last ends, in samples, shape (count + 1,)."""
        return np.asarray(self.start + (np.arange(self.count + 1) - 0.5) * self.step)

    def _nearest(self, hop: int) -> NDArray[np.int64]:
        centres = self.start + np.arange(self.count) * self.step
        return np.floor(centres / hop + 0.5).astype(np.int64)

    def _edges(self, hop: int) -> NDArray[np.int64]:
        """The first frame in each column, and the one behind the last column."""
        return np.ceil(self.edges / hop).astype(np.int64)
