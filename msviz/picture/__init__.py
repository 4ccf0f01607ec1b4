"""From coefficients to pictures: levels, stored in a pyramid, drawn as the image of a viewport."""

from msviz.picture.colours import COLOUR_MAPS, colour_map, colour_table
from msviz.picture.columns import Columns
from msviz.picture.envelope import CELL, NOTHING, Envelope, pooled
from msviz.picture.image import BandRows, FrequencyAxis, PooledFrames, band_rows, final_columns, image
from msviz.picture.levels import (
    FLOOR_DB,
    FULL_SCALE,
    SILENCE,
    UNKNOWN,
    level_codes,
    mean_power,
    peak,
    to_code,
    to_db,
)
from msviz.picture.pyramid import Pyramid
from msviz.picture.rendering import plot, png, render
from msviz.picture.wave import LINES, Wave

__all__ = [
    "CELL",
    "COLOUR_MAPS",
    "FLOOR_DB",
    "FULL_SCALE",
    "LINES",
    "NOTHING",
    "SILENCE",
    "UNKNOWN",
    "BandRows",
    "Columns",
    "Envelope",
    "FrequencyAxis",
    "PooledFrames",
    "Pyramid",
    "Wave",
    "band_rows",
    "colour_map",
    "colour_table",
    "final_columns",
    "image",
    "level_codes",
    "mean_power",
    "peak",
    "plot",
    "png",
    "pooled",
    "render",
    "to_code",
    "to_db",
]
