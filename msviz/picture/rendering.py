"""Draw magnitudes without a window: as RGB, as PNG, on Matplotlib axes."""

from __future__ import annotations

import io
import os
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from msviz.bands import Band
from msviz.errors import MsvizError, ParameterError
from msviz.picture.colours import colour_map, colour_table
from msviz.picture.image import FrequencyAxis, band_rows, row_edges
from msviz.picture.levels import FLOOR_DB, UNKNOWN, level_codes
from msviz.validation import real

if TYPE_CHECKING:
    from matplotlib.axes import Axes


def _axis(bands: Sequence[Band], low_hz: Any, high_hz: Any, linear: bool | None) -> FrequencyAxis:
    """The frequency axis, by default from the lowest to the highest frequency of the bands."""
    linear = bands[0].low <= 0 if linear is None else linear
    lowest = bands[0].low if linear or bands[0].low > 0 else float(bands[0].frequencies[1])
    low = real("low_hz", lowest if low_hz is None else low_hz, 0 if linear else 1e-9, unit="Hz")
    high = real("high_hz", bands[-1].high if high_hz is None else high_hz, 0, unit="Hz")
    if low >= high:
        raise ParameterError(f"high_hz ({high:g} Hz) must be above low_hz ({low:g} Hz)")
    return FrequencyAxis(low, high, linear)


def _level_range(floor_db: Any, ceiling_db: Any) -> tuple[float, float]:
    floor, ceiling = real("floor_db", floor_db, FLOOR_DB, 20), real("ceiling_db", ceiling_db, FLOOR_DB, 20)
    if floor >= ceiling:
        raise ParameterError(f"floor_db ({floor:g} dB) must be below ceiling_db ({ceiling:g} dB)")
    return floor, ceiling


def render(
    bands: Sequence[Band],
    magnitudes: Sequence[NDArray[np.floating]],
    *,
    height: int,
    low_hz: float | None,
    high_hz: float | None,
    linear: bool | None,
    colours: str,
    floor_db: float,
    ceiling_db: float,
) -> NDArray[np.uint8]:
    """Draw magnitudes (bins, columns) of bands; see `Representation.render` for the parameters.

    Returns
    -------
    uint8 array (height, columns, 3)
    """
    floor, ceiling = _level_range(floor_db, ceiling_db)
    codes = np.full((height, magnitudes[0].shape[1]), UNKNOWN, np.uint8)
    for rows in band_rows(bands, _axis(bands, low_hz, high_hz, linear), height):
        codes[rows.top : rows.bottom] = rows.pool(level_codes(magnitudes[rows.band][rows.low : rows.high]))
    table = colour_table(colour_map(colours, 256), floor_db=floor, ceiling_db=ceiling, unknown=(40, 42, 48))
    rgb = table[:, None] >> np.array([16, 8, 0], np.uint32) & 0xFF
    return np.asarray(rgb.astype(np.uint8)[codes])


def png(rgb: NDArray[np.uint8], path: str | os.PathLike[str] | None = None) -> bytes:
    """Encode an RGB image (height, width, 3) as PNG, and write it if a path is given.

    Raises
    ------
    MsvizError
        If it cannot be written.
    """
    from PIL import Image

    data = io.BytesIO()
    Image.fromarray(rgb).save(data, "png")
    if path is not None:
        name = os.fspath(path)  # a number is no path: it would be an open file
        try:
            with open(name, "wb") as file:
                file.write(data.getvalue())
        except OSError as error:
            raise MsvizError(f"{name} cannot be written: {error.strerror}.") from error
    return data.getvalue()


def plot(
    bands: Sequence[Band],
    pooled: Callable[[int], tuple[Sequence[NDArray[np.floating]], NDArray[np.floating]]],
    *,
    ax: Axes | None,
    linear: bool | None,
    colours: str,
    floor_db: float,
    ceiling_db: float,
) -> Axes:
    """Draw bands on axes; see `Representation.plot` for the parameters.

    Parameters
    ----------
    pooled : callable
        Returns magnitudes (bins, columns) of each band for a number of columns, and the columns' edges in s.
    """
    try:
        from matplotlib import axes, pyplot
        from matplotlib.colors import ListedColormap
        from matplotlib.ticker import EngFormatter, LogLocator, NullFormatter
    except ImportError as error:
        raise MsvizError('plot needs Matplotlib: pip install "msviz[plot]"') from error
    floor, ceiling = _level_range(floor_db, ceiling_db)
    axis = _axis(bands, None, None, linear)
    shades = ListedColormap(colour_map(colours, 256) / 255)
    if ax is None:
        _, ax = pyplot.subplots(layout="constrained")
    elif not isinstance(ax, axes.Axes):
        raise ParameterError(f"ax must be a single Matplotlib Axes, not {type(ax).__name__}")
    magnitudes, edges_s = pooled(max(1, round(ax.bbox.width)))
    for band, values in zip(bands, magnitudes, strict=True):
        # Matplotlib leaves out what is narrower than a pixel: rows are pooled to pixels before.
        first = np.arange(0, len(values), max(1, len(values) // max(1, round(ax.bbox.height))))
        values, edges = np.maximum.reduceat(values, first), row_edges(band)[[*first, -1]]
        level = 20 * np.log10(np.maximum(values, 10 ** (FLOOR_DB / 20)))
        mesh = ax.pcolormesh(edges_s, edges, level, cmap=shades, vmin=floor, vmax=ceiling, rasterized=True)
    if not axis.linear:
        ax.set_yscale("log")
        ax.yaxis.set_major_locator(LogLocator(subs=(1, 2, 5)))
        ax.yaxis.set_minor_formatter(NullFormatter())
    ax.yaxis.set_major_formatter(EngFormatter(sep=""))
    ax.set(xlim=(edges_s[0], edges_s[-1]), ylim=(axis.low_hz, axis.high_hz))
    ax.set(xlabel="Time (s)", ylabel="Frequency (Hz)")
    ax.figure.colorbar(mesh, ax=ax).ax.set_title("dB", fontsize="medium")
    return ax
