"""What levels look like: a colour map over a range of levels."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray
from PyQt6.QtGui import QGuiApplication, QImage, QPalette

from msviz.picture import colour_table, colourise

COLOUR_MAPS = {
    "magma": "magma",
    "inferno": "inferno",
    "viridis": "viridis",
    "cividis": "cividis",
    "grey": "CET-L1",
}
"""Perceptually uniform maps, and pyqtgraph's names for them."""

UNKNOWN_ON_DARK = (40, 42, 48)  # what is not analysed: calm, and no colour of any map
UNKNOWN_ON_LIGHT = (206, 208, 214)


def on_light(palette: QPalette) -> bool:
    """Whether windows are light."""
    return palette.color(QPalette.ColorRole.Window).lightness() > 127


@dataclass(frozen=True)
class Colours:
    """A colour map over a display range; the same for all pictures, so that they can be compared."""

    name: str = "magma"
    floor_db: float = -80.0
    ceiling_db: float = 0.0

    @cached_property
    def table(self) -> NDArray[np.uint32]:
        """The colour of each code."""
        import pyqtgraph  # a tenth of a second to import

        colours = pyqtgraph.colormap.get(COLOUR_MAPS[self.name]).getLookupTable(nPts=256)
        unknown = UNKNOWN_ON_LIGHT if on_light(QGuiApplication.palette()) else UNKNOWN_ON_DARK
        return colour_table(colours, floor_db=self.floor_db, ceiling_db=self.ceiling_db, unknown=unknown)


def coloured(codes: NDArray[np.uint8], colours: Colours, pixel_ratio: float = 1.0) -> QImage:
    """An image of codes (height, width), in device pixels."""
    height, width = codes.shape
    picture = QImage(width, height, QImage.Format.Format_RGB32)
    memory = np.asarray(picture.bits().asarray(picture.sizeInBytes()))
    colourise(codes, colours.table, memory.view(np.uint32).reshape(height, width))
    picture.setDevicePixelRatio(pixel_ratio)
    return picture
