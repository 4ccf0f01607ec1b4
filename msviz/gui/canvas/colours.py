"""What levels look like: a colour map over a range of levels."""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray
from PyQt6.QtCore import QSettings
from PyQt6.QtGui import QGuiApplication, QImage, QPalette

from msviz.gui.canvas.pixels import Pixels
from msviz.picture import COLOUR_MAPS, UNKNOWN, colour_map, colour_table

NARROWEST_RANGE_DB = 6
LOWEST_DB, HIGHEST_DB = -119, 7  # what levels can tell apart
UNKNOWN_ON_DARK = (40, 42, 48)  # what is not analysed: calm, and no colour of any map
UNKNOWN_ON_LIGHT = (206, 208, 214)
DIMMED = 0.5  # brightness of a draft, of what it will have at most


def on_light(palette: QPalette) -> bool:
    """Whether windows are light."""
    return palette.color(QPalette.ColorRole.Window).lightness() > 127


OWN = "own"
"""The name of a map that a person made."""

Stop = tuple[float, int, int, int]
"""A place from 0, the lowest level, to 1, the highest; red, green and blue there, from 0 to 255."""


@dataclass(frozen=True)
class Colours:
    """A colour map over a display range; the same for all pictures, so that they can be compared.

    Attributes
    ----------
    name : str
        One of `COLOUR_MAPS`, or `OWN`.
    floor_db, ceiling_db : float
        The display range.
    stops : tuple of Stop
        What a map of one's own is made of, in ascending order; at least one.
    """

    name: str = "magma"
    floor_db: float = -80.0
    ceiling_db: float = 0.0
    stops: tuple[Stop, ...] = ()

    def map(self, count: int) -> NDArray[np.floating]:
        """So many colours of the map, from the lowest level to the highest, as an array (count, 3)."""
        if self.name == OWN:
            places, *channels = zip(*self.stops, strict=True)
            at = np.linspace(0, 1, count)
            return np.stack([np.interp(at, places, channel) for channel in channels], axis=1)
        return colour_map(self.name, count)

    @property
    def table(self) -> NDArray[np.uint32]:
        """The colour of each code, the same array as long as windows stay light or dark."""
        return _table(self, on_light(QGuiApplication.palette()))

    @property
    def dimmed(self) -> NDArray[np.uint32]:
        """The colour of each code in a draft: darker, and no brighter than any level up to it."""
        return _dimmed(self, on_light(QGuiApplication.palette()))

    def save(self, settings: QSettings) -> None:
        """Keep for the next start."""
        settings.setValue("colours/map", self.name)
        settings.setValue("colours/floor", self.floor_db)
        settings.setValue("colours/ceiling", self.ceiling_db)
        settings.setValue("colours/stops", json.dumps(self.stops))

    @classmethod
    def load(cls, settings: QSettings) -> Colours:
        """As they were kept; the default where that makes no sense."""
        try:
            kept = cls(
                settings.value("colours/map", cls.name),
                float(settings.value("colours/floor", cls.floor_db)),
                float(settings.value("colours/ceiling", cls.ceiling_db)),
                tuple(
                    (float(place), int(red), int(green), int(blue))
                    for place, red, green, blue in json.loads(settings.value("colours/stops", "[]"))
                ),
            )
        except (TypeError, ValueError):
            return cls()
        known = kept.name in COLOUR_MAPS or (kept.name == OWN and kept.stops)
        in_range = LOWEST_DB <= kept.floor_db <= kept.ceiling_db - NARROWEST_RANGE_DB
        return kept if known and in_range and kept.ceiling_db <= HIGHEST_DB else cls()


@lru_cache(maxsize=4)
def _table(colours: Colours, light: bool) -> NDArray[np.uint32]:
    unknown = UNKNOWN_ON_LIGHT if light else UNKNOWN_ON_DARK
    return colour_table(
        colours.map(256), floor_db=colours.floor_db, ceiling_db=colours.ceiling_db, unknown=unknown
    )


@lru_cache(maxsize=4)
def _dimmed(colours: Colours, light: bool) -> NDArray[np.uint32]:
    table = _table(colours, light)
    channels = [np.rint((table >> shift & 0xFF) * DIMMED).astype(np.uint32) << shift for shift in (16, 8, 0)]
    dimmed = np.uint32(0xFF000000) | channels[0] | channels[1] | channels[2]
    dimmed[UNKNOWN] = table[UNKNOWN]
    return np.asarray(dimmed, np.uint32)


def painted(pixels: Pixels, colours: Colours, pixel_ratio: float = 1.0) -> QImage:
    """An image of pixels, drafts dimmed."""
    picture = indexed(pixels.codes, colours.table, pixel_ratio)
    if not pixels.all_final:
        dimmed = indexed(pixels.codes, colours.dimmed)
        shown, draft = _memory(picture), _memory(dimmed)
        for (top, bottom), final in zip(pixels.bands, pixels.final, strict=True):
            np.copyto(shown[top:bottom], draft[top:bottom], where=~final)
    return picture


def _memory(picture: QImage) -> NDArray[np.uint32]:
    """The pixels of an image that shares them with no other, to be written to while it exists."""
    memory: NDArray[np.uint32] = np.frombuffer(picture.bits().asarray(picture.sizeInBytes()), np.uint32)  # type: ignore[call-overload]
    return memory.reshape(picture.height(), picture.width())


def coloured(codes: NDArray[np.uint8], colours: Colours, pixel_ratio: float = 1.0) -> QImage:
    """An image of codes (height, width), in device pixels."""
    return indexed(codes, colours.table, pixel_ratio)


def indexed(codes: NDArray[np.uint8], table: NDArray[np.uint32], pixel_ratio: float = 1.0) -> QImage:
    """An image of codes (height, width), in device pixels, each in its colour of a table.

    Qt looks colours up three times as fast as NumPy, and of an indexed image at every drawing: here once.
    """
    height, width = codes.shape
    codes = np.ascontiguousarray(codes)
    shared = QImage(codes.data, width, height, width, QImage.Format.Format_Indexed8)  # type: ignore[call-overload]
    shared.setColorTable(table.tolist())
    picture: QImage = shared.convertToFormat(QImage.Format.Format_RGB32)
    picture.setDevicePixelRatio(pixel_ratio)
    return picture
