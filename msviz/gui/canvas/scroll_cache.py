"""Remembers the pixels of the last place, of which a scrolled one shows most again."""

from __future__ import annotations

from collections.abc import Callable

from msviz.gui.canvas.pixels import Pixels, Place


class ScrollCache:
    """The pixels of one place; of the next, only the columns that scroll into view are gathered.

    Parameters
    ----------
    gather : callable
        Gives the pixels of a place.
    """

    def __init__(self, gather: Callable[[Place], Pixels]) -> None:
        self._gather = gather
        self._place: Place | None = None
        self._pixels = Pixels.unknown(0, 0)

    def forget(self) -> None:
        """Gather all pixels of the next place."""
        self._place = None

    def pixels(self, place: Place) -> Pixels:
        """Those of a place; the same object while the place stays the same."""
        if place != self._place:
            by = place.moved(self._place)
            self._pixels = self._gather(place) if by is None else self._scrolled(place, by)
            self._place = place
        return self._pixels

    def _scrolled(self, place: Place, by: int) -> Pixels:
        """Those of a place that lies `by` columns later than the last."""
        if not by:
            return self._pixels
        width = place.width
        if by > 0:
            entering = self._gather(place.columns(width - by, width))
            return self._pixels.columns(by, width).beside(entering)
        return self._gather(place.columns(0, -by)).beside(self._pixels.columns(0, width + by))
