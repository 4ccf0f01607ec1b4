"""What a canvas shows of one picture."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from PyQt6.QtCore import QTimer
from PyQt6.QtGui import QImage

from msviz.gui.canvas.colours import Colours, painted
from msviz.gui.canvas.gatherer import Gatherer
from msviz.gui.canvas.pixels import Pixels, Place
from msviz.gui.canvas.scroll_cache import ScrollCache
from msviz.picture import Pyramid

RELEASE_MS = 80  # after a picture is no longer shown


class Viewport:
    """One picture at a place, in colours; what has not changed since the last time is not made again."""

    def __init__(self) -> None:
        self._gatherer = Gatherer()
        self._cache = ScrollCache(self._gatherer.gather)
        self._painted: Pixels | None = None  # that the image shows
        self._table: NDArray[np.uint32] | None = None  # its colours
        self._image = QImage()

    @property
    def pyramid(self) -> Pyramid | None:
        """The picture."""
        return self._gatherer.pyramid

    @property
    def smooth(self) -> bool:
        """Whether wide cells blend into each other, or are drawn as they are."""
        return self._gatherer.smooth

    @smooth.setter
    def smooth(self, smooth: bool) -> None:
        self._gatherer.smooth = smooth
        self.forget()

    def show(self, pyramid: Pyramid | None, *, over: bool = False) -> None:
        """Show another picture; `over` the last one, which shows dimmed until all of this one is final."""
        if not over:
            self._turn_to(pyramid, None)
        elif pyramid is not self.pyramid:
            self._turn_to(pyramid, self._gatherer.under or self.pyramid)
        else:
            return
        self.forget()

    def uncover(self) -> None:
        """Show nothing of the last picture any more."""
        self._turn_to(self.pyramid, None)
        self.forget()

    def _turn_to(self, pyramid: Pyramid | None, under: Pyramid | None) -> None:
        gatherer = self._gatherer
        # The old pictures outlive this frame: giving their memory back takes as long as a frame.
        QTimer.singleShot(RELEASE_MS, lambda _held=(gatherer.pyramid, gatherer.under): None)
        gatherer.turn_to(pyramid, under)

    def forget(self) -> None:
        """Gather again: more of the picture is known."""
        self._cache.forget()

    def pixels(self, place: Place) -> Pixels:
        """What the pixels of a place show."""
        pixels = self._cache.pixels(place)
        if self._gatherer.under and pixels.all_final:
            self._turn_to(self.pyramid, None)
        return pixels

    def image(self, place: Place, colours: Colours, pixel_ratio: float) -> QImage:
        """A place in colours."""
        pixels, table = self.pixels(place), colours.table
        if pixels is not self._painted or table is not self._table:
            self._painted, self._table = pixels, table
            self._image = painted(pixels, colours, pixel_ratio)
        return self._image

    def code(self, place: Place, row: int) -> int:
        """The code of one row of a column, whether that is drawn or not; `UNKNOWN` until it is final."""
        return self._gatherer.code(place, row)
