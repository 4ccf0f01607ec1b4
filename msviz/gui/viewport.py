"""What a canvas shows of one picture: codes gathered for its pixels, and their colours."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from PyQt6.QtGui import QImage

from msviz.gui.colours import Colours, indexed
from msviz.picture import UNKNOWN, BandRows, FrequencyAxis, PooledFrames, Pyramid, band_rows, image


class Place(NamedTuple):
    """Frequencies and samples [start, stop) that are seen, and the device pixels for them."""

    axis: FrequencyAxis
    start: float
    stop: float
    width: int
    height: int


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
            self._codes = self._gathered(place, self._band_rows(place), self._pooled)
            self._place, self._image = place, None
        return self._codes

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
