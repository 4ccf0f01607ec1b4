"""What a canvas shows of one picture: codes gathered for its pixels, and their colours."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from PyQt6.QtCore import QTimer
from PyQt6.QtGui import QImage

from msviz.gui.canvas.colours import Colours, indexed
from msviz.picture import UNKNOWN, BandRows, FrequencyAxis, PooledFrames, Pyramid, band_rows, image

RELEASE_MS = 80  # after a picture is no longer shown
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

    @property
    def samples(self) -> NDArray[np.floating]:
        """Those at the centres of its columns."""
        return self.start + (np.arange(self.width) + 0.5) * self.per_column

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
        self._under: Pyramid | None = None  # seen where the picture is not known yet
        self._place: Place | None = None
        self._codes = np.zeros((0, 0), np.uint8)
        self._image: QImage | None = None
        self._table: NDArray[np.uint32] | None = None  # that the image has
        self._pooled = PooledFrames()
        self._rows: dict[Pyramid, tuple[object, list[BandRows]]] = {}

    def show(self, pyramid: Pyramid | None, *, over: bool = False) -> None:
        """Show another picture; `over` the last one, which is seen until all of this one is known there."""
        if over and pyramid is self.pyramid:
            return
        under = (self._under or self.pyramid) if over else None
        self._turn_to(pyramid, under)
        self.forget()

    def uncover(self) -> None:
        """Show nothing of the last picture any more."""
        self._turn_to(self.pyramid, None)
        self.forget()

    def _turn_to(self, pyramid: Pyramid | None, under: Pyramid | None) -> None:
        # What is let go of stays behind this frame: giving its memory back takes as long as a frame.
        QTimer.singleShot(RELEASE_MS, lambda _held=(self.pyramid, self._under): None)
        self.pyramid, self._under = pyramid, under
        self._rows.clear()

    def forget(self) -> None:
        """Gather again: the picture has changed."""
        self._place = None
        self._pooled.forget()

    def codes(self, place: Place) -> NDArray[np.uint8]:
        """Codes (height, width) of a place."""
        if place != self._place:
            by = place.moved(self._place)
            self._codes = self._gathered(place, self._pooled) if by is None else self._scrolled(place, by)
            self._place, self._image = place, None
            if self._under and self.pyramid and self.pyramid.known(place.samples).all():
                self._turn_to(self.pyramid, None)
        return self._codes

    def _scrolled(self, place: Place, by: int) -> NDArray[np.uint8]:
        """Codes of a place `by` columns later than the last: only those that come in are gathered."""
        if not by:
            return self._codes
        if by > 0:
            parts = [self._codes[:, by:], self._gathered(place.columns(place.width - by, place.width))]
        else:
            parts = [self._gathered(place.columns(0, -by)), self._codes[:, :by]]
        return np.concatenate(parts, axis=1)

    def image(self, place: Place, colours: Colours, pixel_ratio: float) -> QImage:
        """A place in colours."""
        codes, table = self.codes(place), colours.table
        if self._image is None or table is not self._table:
            self._image, self._table = indexed(codes, table, pixel_ratio), table
        return self._image

    def code(self, place: Place, row: int) -> int:
        """The code of one row of a place, whether that is drawn or not."""
        return int(self._gathered(place, row=row)[row, 0])

    def _gathered(
        self, place: Place, kept: PooledFrames | None = None, row: int | None = None
    ) -> NDArray[np.uint8]:
        """Codes of a place, or what only one row of it needs."""
        codes = self._codes_of(self.pyramid, place, kept, row)
        if self._under and self.pyramid:
            known = self.pyramid.known(place.samples)
            if not known.all():
                np.copyto(codes, self._codes_of(self._under, place, None, row), where=~known)
        return codes

    def _codes_of(
        self, pyramid: Pyramid | None, place: Place, kept: PooledFrames | None, row: int | None
    ) -> NDArray[np.uint8]:
        axis, start, stop, width, height = place
        if pyramid is None:
            return np.full((height, width), UNKNOWN, np.uint8)
        key = axis, height, self.smooth
        if self._rows.get(pyramid, (None, []))[0] != key:
            self._rows[pyramid] = key, band_rows(pyramid.bands, axis, height, smooth=self.smooth)
        rows = self._rows[pyramid][1]
        if row is not None:
            rows = [table for table in rows if table.top <= row < table.bottom]
        return image(pyramid, rows, start, stop, width, height, kept)
