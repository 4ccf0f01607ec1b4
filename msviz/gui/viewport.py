"""What a canvas shows of one picture: codes gathered for its pixels, and their colours."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from PyQt6.QtGui import QImage

from msviz.gui.colours import Colours, indexed
from msviz.picture import UNKNOWN, BandRows, FrequencyAxis, PooledFrames, Pyramid, band_rows, image

SAME = 1e-3  # of a column: as good as none


class Place(NamedTuple):
    """Frequencies and samples [start, stop) that are seen, and the device pixels for them."""

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


class Viewport:
    """One picture at a place.  Codes and colours are kept until a place or colours differ from the last.

    Attributes
    ----------
    pyramid : Pyramid or None
    smooth : bool
        Whether wide cells go over into each other, or are drawn as they are.
    """

    def __init__(self) -> None:
        self.pyramid: Pyramid | None = None
        self.smooth = False
        self._place: Place | None = None
        self._codes = np.zeros((0, 0), np.uint8)
        self._image: QImage | None = None
        self._table: NDArray[np.uint32] | None = None  # that the image has
        self._pooled = PooledFrames()
        self._rows: tuple[object, list[BandRows]] = (None, [])

    def forget(self) -> None:
        """Gather again: the picture has changed."""
        self._place = None
        self._pooled.forget()

    def codes(self, place: Place) -> NDArray[np.uint8]:
        """Codes (height, width) of a place."""
        if place != self._place:
            by = place.moved(self._place)
            if by is None:
                self._codes = self._gathered(place, self._band_rows(place), self._pooled)
            else:
                self._codes = self._scrolled(place, by)
            self._place, self._image = place, None
        return self._codes

    def _scrolled(self, place: Place, by: int) -> NDArray[np.uint8]:
        """Codes of a place `by` columns later than the last: only those that come in are gathered."""
        if not by:
            return self._codes
        width, rows = place.width, self._band_rows(place)
        if by > 0:
            parts = [self._codes[:, by:], self._gathered(place.columns(width - by, width), rows)]
        else:
            parts = [self._gathered(place.columns(0, -by), rows), self._codes[:, :by]]
        return np.concatenate(parts, axis=1)

    def image(self, place: Place, colours: Colours, pixel_ratio: float) -> QImage:
        """A place in colours."""
        codes, table = self.codes(place), colours.table
        if self._image is None or table is not self._table:
            self._image, self._table = indexed(codes, table, pixel_ratio), table
        return self._image

    def code(self, place: Place, row: int) -> int:
        """The code of one row of a place, whether that is drawn or not."""
        rows = [table for table in self._band_rows(place) if table.top <= row < table.bottom]
        return int(self._gathered(place, rows)[row, 0])

    def _gathered(
        self, place: Place, rows: list[BandRows], kept: PooledFrames | None = None
    ) -> NDArray[np.uint8]:
        _, start, stop, width, height = place
        if self.pyramid is None:
            return np.full((height, width), UNKNOWN, np.uint8)
        return image(self.pyramid, rows, start, stop, width, height, kept)

    def _band_rows(self, place: Place) -> list[BandRows]:
        key = self.pyramid, place.axis, place.height, self.smooth
        if key != self._rows[0]:
            bands = self.pyramid.bands if self.pyramid else ()
            self._rows = key, band_rows(bands, place.axis, place.height, smooth=self.smooth)
        return self._rows[1]
