"""From codes to colours: a table of 256, so that range and map change without any computing."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from msviz.picture.levels import UNKNOWN, to_code


def colour_table(
    colours: ArrayLike, *, floor_db: float, ceiling_db: float, unknown: tuple[int, int, int]
) -> NDArray[np.uint32]:
    """The colour of each code.

    Parameters
    ----------
    colours : array (n, 3) of int, 0 to 255
        A colour map's red, green and blue at equal distances, from the lowest level to the highest.
    floor_db, ceiling_db : float
        Levels of the first and of the last colour; below and above, these two go on.
    unknown : (int, int, int)
        Colour of what is not known.

    Returns
    -------
    uint32 array (256,)
        0xffRRGGBB, as QImage's RGB32 has it.
    """
    anchors = np.asarray(colours, np.float64)
    floor, ceiling = to_code(floor_db), to_code(ceiling_db)
    place = np.clip((np.arange(256) - floor) / max(1, ceiling - floor), 0, 1) * (len(anchors) - 1)
    channels = [np.interp(place, np.arange(len(anchors)), channel) for channel in anchors.T]
    rgb = np.rint(np.stack(channels, axis=1)).astype(np.uint32)
    rgb[UNKNOWN] = unknown
    return np.asarray(0xFF000000 | rgb[:, 0] << 16 | rgb[:, 1] << 8 | rgb[:, 2], np.uint32)
