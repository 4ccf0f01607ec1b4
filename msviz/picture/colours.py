"""From level codes to colours: a table of 256, so that changing the range or colour map is cheap."""

from __future__ import annotations

from functools import cache
from importlib.util import find_spec
from pathlib import Path

import numpy as np
from numpy.typing import ArrayLike, NDArray

from msviz.errors import ParameterError
from msviz.picture.levels import UNKNOWN, to_code

COLOUR_MAPS = {
    "magma": "magma",
    "inferno": "inferno",
    "viridis": "viridis",
    "cividis": "cividis",
    "grey": "CET-L1",
}
"""Perceptually uniform maps, and the names of the tables of pyqtgraph that hold them."""


@cache
def _table(name: str) -> NDArray[np.float64]:
    """A colour map's table (n, 3), from 0 to 255: read without pyqtgraph, which would bring Qt with it."""
    package = find_spec("pyqtgraph")
    assert package is not None
    assert package.submodule_search_locations
    path = Path(package.submodule_search_locations[0], "colors", "maps", f"{COLOUR_MAPS[name]}.csv")
    table = np.loadtxt(path, delimiter=",", comments=";")
    return np.asarray(table * 255 if table.max() <= 1 else table)


def colour_map(name: str, count: int) -> NDArray[np.float64]:
    """Evenly spaced colours of a colour map, from the lowest level to the highest.

    Returns
    -------
    array (count, 3), 0 to 255

    Raises
    ------
    ParameterError
        If there is no such colour map.
    """
    if name not in [*COLOUR_MAPS]:  # a list has no hash
        raise ParameterError(f"colours must be one of {', '.join(COLOUR_MAPS)}, not {name!r}")
    table = _table(name)
    places, at = np.linspace(0, 1, len(table)), np.linspace(0, 1, count)
    return np.stack([np.interp(at, places, channel) for channel in table.T], axis=1)


def colour_table(
    colours: ArrayLike, *, floor_db: float, ceiling_db: float, unknown: tuple[int, int, int]
) -> NDArray[np.uint32]:
    """The colour of each code.

    Parameters
    ----------
    colours : array (n, 3) of int, 0 to 255
        Evenly spaced red, green and blue values of a colour map, from the lowest level to the highest.
    floor_db, ceiling_db : float
        Levels of the first and last colours, which also apply below and above.
    unknown : (int, int, int)
        Colour of unknown levels.

    Returns
    -------
    uint32 array (256,)
        0xffRRGGBB, as in QImage's RGB32.
    """
    anchors = np.asarray(colours, np.float64)
    floor, ceiling = to_code(floor_db), to_code(ceiling_db)
    place = np.clip((np.arange(256) - floor) / max(1, ceiling - floor), 0, 1) * (len(anchors) - 1)
    channels = [np.interp(place, np.arange(len(anchors)), channel) for channel in anchors.T]
    rgb = np.rint(np.stack(channels, axis=1)).astype(np.uint32)
    rgb[UNKNOWN] = unknown
    return np.asarray(0xFF000000 | rgb[:, 0] << 16 | rgb[:, 1] << 8 | rgb[:, 2], np.uint32)
