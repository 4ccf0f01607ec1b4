"""Pixels of a picture: where they lie, their codes, and which of them are final."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from msviz.picture import UNKNOWN, FrequencyAxis

SAME = 1e-3  # of a column: too little to see


class Place(NamedTuple):
    """Frequencies and samples [start, stop), and the device pixels that show them."""

    axis: FrequencyAxis
    start: float
    stop: float
    width: int
    height: int

    @property
    def per_column(self) -> float:
        """Samples to a column."""
        return (self.stop - self.start) / self.width

    def columns(self, first: int, last: int) -> Place:
        """Some of its columns."""
        per = self.per_column
        return self._replace(start=self.start + first * per, stop=self.start + last * per, width=last - first)

    def moved(self, before: Place | None) -> int | None:
        """By how many columns it lies later than another that shows some of the same; else None."""
        if not before or self[0] != before[0] or self[3:] != before[3:]:
            return None
        by = (self.start - before.start) / before.per_column
        same = abs(by - round(by)) < SAME and abs(self.per_column / before.per_column - 1) < SAME / self.width
        return round(by) if same and abs(by) < self.width - 1 else None


class Pixels(NamedTuple):
    """What the pixels of a place show.

    What is not final is a draft: coarser or lower than it will be, of the last picture, or not known.
    """

    codes: NDArray[np.uint8]  # (height, width)
    bands: list[tuple[int, int]]  # pixel rows [top, bottom) of each band
    final: NDArray[np.bool_]  # (bands, width)

    @classmethod
    def unknown(cls, width: int, height: int) -> Pixels:
        """Those of no picture."""
        return cls(np.full((height, width), UNKNOWN, np.uint8), [], np.ones((0, width), np.bool_))

    @property
    def all_final(self) -> bool:
        """Whether nothing is a draft."""
        return bool(self.final.all())

    def columns(self, first: int, last: int) -> Pixels:
        """Some of the columns."""
        return self._replace(codes=self.codes[:, first:last], final=self.final[:, first:last])

    def beside(self, right: Pixels) -> Pixels:
        """These, and others of the same bands right of them."""
        codes = np.concatenate([self.codes, right.codes], axis=1)
        return self._replace(codes=codes, final=np.concatenate([self.final, right.final], axis=1))

    def cover(self, codes: NDArray[np.uint8]) -> None:
        """Let other codes show where nothing is known yet; they stay a draft."""
        for (top, bottom), final in zip(self.bands, self.final, strict=True):
            bare = ~final & (self.codes[top] == UNKNOWN)
            self.codes[top:bottom, bare] = codes[top:bottom, bare]
