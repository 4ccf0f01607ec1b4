"""Gathers the codes of a picture for the pixels of a place."""

from __future__ import annotations

from msviz.gui.canvas.pixels import Pixels, Place
from msviz.picture import (
    UNKNOWN,
    BandRows,
    FrequencyAxis,
    PooledFrames,
    Pyramid,
    band_rows,
    final_columns,
    image,
)

Key = tuple[FrequencyAxis, int, bool]


class Gatherer:
    """The pixels of a picture, and under it of the last one where nothing of it is known yet.

    Attributes
    ----------
    pyramid : Pyramid or None
        The picture; without one, nothing is known.
    under : Pyramid or None
        The last picture.
    smooth : bool
        Whether wide cells blend into each other, or are drawn as they are.
    """

    def __init__(self) -> None:
        self.pyramid: Pyramid | None = None
        self.under: Pyramid | None = None
        self.smooth = False
        self._pooled = PooledFrames()
        self._rows: dict[Pyramid, tuple[Key, list[BandRows]]] = {}

    def turn_to(self, pyramid: Pyramid | None, under: Pyramid | None = None) -> None:
        """Gather from another picture."""
        self.pyramid, self.under = pyramid, under
        self._pooled.forget()
        self._rows.clear()

    def gather(self, place: Place) -> Pixels:
        """All pixels of a place."""
        if not self.pyramid:
            return Pixels.unknown(place.width, place.height)
        pixels = self._of(self.pyramid, place)
        if self.under and not pixels.all_final:
            pixels.cover(self._of(self.under, place).codes)
        return pixels

    def code(self, place: Place, row: int) -> int:
        """The code of one row of a column; `UNKNOWN` where that is not final."""
        if not self.pyramid:
            return UNKNOWN
        rows = [table for table in self._rows_of(self.pyramid, place) if table.top <= row < table.bottom]
        _, start, stop, width, height = place
        if not final_columns(self.pyramid, rows, start, stop, width).all():
            return UNKNOWN
        return int(image(self.pyramid, rows, start, stop, width, height)[row, 0])

    def _of(self, pyramid: Pyramid, place: Place) -> Pixels:
        _, start, stop, width, height = place
        rows = self._rows_of(pyramid, place)
        final = final_columns(pyramid, rows, start, stop, width)
        # What is final never changes: the next place may use it again.
        pooled = self._pooled if pyramid is self.pyramid and final.all() else None
        codes = image(pyramid, rows, start, stop, width, height, pooled)
        return Pixels(codes, [(table.top, table.bottom) for table in rows], final)

    def _rows_of(self, pyramid: Pyramid, place: Place) -> list[BandRows]:
        key = place.axis, place.height, self.smooth
        if pyramid not in self._rows or self._rows[pyramid][0] != key:
            rows = band_rows(pyramid.bands, place.axis, place.height, smooth=self.smooth)
            self._rows[pyramid] = key, rows
        return self._rows[pyramid][1]
