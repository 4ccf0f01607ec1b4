"""From coefficients to what is seen: levels, kept in a pyramid, drawn as the image of a viewport."""

from msviz.picture.colours import colour_table
from msviz.picture.envelope import CELL, NOTHING, Envelope, pooled
from msviz.picture.image import BandRows, FrequencyAxis, PooledFrames, band_rows, image
from msviz.picture.levels import FULL_SCALE, SILENCE, UNKNOWN, levels, mean_power, peak, to_code, to_db
from msviz.picture.pyramid import Pyramid
from msviz.picture.wave import LINES, Wave

__all__ = [
    "CELL",
    "FULL_SCALE",
    "LINES",
    "NOTHING",
    "SILENCE",
    "UNKNOWN",
    "BandRows",
    "Envelope",
    "FrequencyAxis",
    "PooledFrames",
    "Pyramid",
    "Wave",
    "band_rows",
    "colour_table",
    "image",
    "levels",
    "mean_power",
    "peak",
    "pooled",
    "to_code",
    "to_db",
]
