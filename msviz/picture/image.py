"""The image of a viewport: one level code per pixel."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from msviz.bands import Band
from msviz.picture.pyramid import Codes, Pyramid

WIDE = 2  # pixels from centre to centre that a smooth picture makes a transition of
CACHE_BYTES = 1 << 15  # turned over at a time: what the processor's nearest cache holds


@dataclass(frozen=True)
class FrequencyAxis:
    """Frequencies from `low_hz` at the lower edge to `high_hz` at the upper, logarithmic or linear."""

    low_hz: float
    high_hz: float
    linear: bool = False

    def position(self, hz: ArrayLike) -> NDArray[np.float64]:
        """Position of a frequency: 0 at the lower edge, 1 at the upper; on a log axis 0 Hz is far below."""
        if self.linear:
            return np.asarray((np.asarray(hz) - self.low_hz) / (self.high_hz - self.low_hz))
        octaves = np.log2(np.maximum(hz, 1e-6) / self.low_hz)
        return np.asarray(octaves / np.log2(self.high_hz / self.low_hz))

    def frequency(self, position: ArrayLike) -> NDArray[np.float64]:
        """The frequency in Hz at a position."""
        place = np.asarray(position, np.float64)
        if self.linear:
            return np.asarray(self.low_hz + (self.high_hz - self.low_hz) * place)
        return np.asarray(self.low_hz * (self.high_hz / self.low_hz) ** place)


class Blend(NamedTuple):
    """How the pixels of a band blend from bin to bin, where bins are wide."""

    other: NDArray[np.intp]  # of each pixel, the row beside the one that it shows
    weight: NDArray[np.int16]  # of that row, in 128ths
    lowest: float  # the band's outermost rows: where their centres lie, in pixels from the top
    highest: float


class BandRows(NamedTuple):
    """The pixel rows that show a band, and the bins that each shows, from the top down."""

    band: int
    top: int  # pixel rows [top, bottom)
    bottom: int
    low: int  # rows of the band [low, high) that are seen
    high: int
    first: NDArray[np.intp]  # of each pixel, the first and the last row that it shows, counted from `low`
    last: NDArray[np.intp]
    crowded: list[int]  # crowded[j]: below this pixel none shows more than j + 1 rows
    blend: Blend | None  # for smooth pictures

    def pool(self, codes: Codes) -> Codes:
        """Pool bins (high - low, n) to pixels (bottom - top, n): the maximum of those each shows."""
        pixels = codes.take(self.first, axis=0)
        for more, count in enumerate(self.crowded, 1):
            others = codes.take(np.minimum(self.first[:count] + more, self.last[:count]), axis=0)
            np.maximum(pixels[:count], others, out=pixels[:count])
        if self.blend and self.blend.weight.any():
            pixels = _blended(pixels, codes.take(self.blend.other, axis=0), self.blend.weight[:, None])
        return pixels


def band_rows(
    bands: Sequence[Band], axis: FrequencyAxis, height: int, *, smooth: bool = False
) -> list[BandRows]:
    """Which pixel rows of an image show which bins of the bands.

    A pixel shows every bin whose centre it covers or, if there is none, the bin that covers its own centre:
    no bin is lost where they are narrow, and each is drawn as a cell where they are wide.  In a `smooth`
    picture, pixels between the centres of bins two or more pixels apart are interpolated.  A band that
    covers no pixel's centre is left out.
    """
    centres = np.arange(height) + 0.5
    hz = axis.frequency(1 - centres / height)
    tables = []
    for number, band in enumerate(bands):
        inside = np.flatnonzero((band.low <= hz) & (hz < band.high))
        if not len(inside):
            continue
        top, bottom = int(inside[0]), int(inside[-1]) + 1
        places = height * (1 - np.clip(axis.position(band.frequencies), -1e6, 1e6))
        pixel = np.floor(places).astype(np.intp)
        # A row at the band's edge whose centre is in a neighbour's pixel moves into the band's own.
        pixel = np.where((pixel >= 0) & (pixel < height), np.clip(pixel, top, bottom - 1), pixel)
        first = np.searchsorted(-pixel, -inside, "left")
        end = np.searchsorted(-pixel, -inside, "right")
        own = np.searchsorted(row_edges(band)[1:-1], hz[inside], "right")
        first, last = np.where(end > first, (first, end - 1), own)
        blend = None
        if smooth:
            between = np.interp(-centres[inside], -places, np.arange(len(places)))
            below = np.minimum(between.astype(np.intp), len(places) - 2)
            wide = places[below] - places[below + 1] >= WIDE
            first, last = np.where(wide, below, first), np.where(wide, below, last)
            other = np.where(wide, below + 1, first)
            weight = np.where(wide, np.rint((between - below) * 128), 0).astype(np.int16)
            blend = Blend(other, weight, float(places[0]), float(places[-1]))
        low, high = int(first.min()), int(last.max()) + 1
        if blend:
            high = max(high, int(blend.other.max()) + 1)
            blend = blend._replace(other=blend.other - low)
        counts = last - first + 1
        crowded = [int(np.flatnonzero(counts > more)[-1]) + 1 for more in range(1, int(counts.max()))]
        tables.append(BandRows(number, top, bottom, low, high, first - low, last - low, crowded, blend))
    return tables


def row_edges(band: Band) -> NDArray[np.float64]:
    """Edges of a band's bins in Hz, shape (bins + 1,): midway between neighbours on the band's own scale."""
    f = band.frequencies
    between = np.sqrt(f[:-1] * f[1:]) if band.low > 0 else (f[:-1] + f[1:]) / 2
    return np.concatenate([[band.low], between, [band.high]])


class PooledFrames:
    """Frames of bands pooled to pixels, cached for the next view, which shows most of them again.

    They are assumed to be unchanged until `forget` is called.
    """

    def __init__(self) -> None:
        # For which rows, at which zoom level, from which frame on.
        self._kept: dict[int, tuple[BandRows, int, int, Codes]] = {}

    def forget(self) -> None:
        """Empty the cache, because the picture has changed."""
        self._kept.clear()

    def frames(self, pyramid: Pyramid, rows: BandRows, zoom_level: int, start: int, stop: int) -> Codes:
        """Codes (stop - start, pixels) of frames [start, stop) of a band, counted at a zoom level."""

        def pooled(start: int, stop: int) -> Codes:
            codes = pyramid.frames(rows.band, zoom_level, start, stop)
            return _transposed(rows.pool(_transposed(codes[:, rows.low : rows.high])))

        kept_rows, kept_zoom_level, first, codes = self._kept.get(rows.band, (None, 0, 0, None))
        last = first + len(codes) if codes is not None else 0
        if (
            codes is None
            or kept_rows is not rows
            or kept_zoom_level != zoom_level
            or stop <= first
            or last <= start
        ):
            codes = pooled(start, stop)
        else:
            codes = codes[max(0, start - first) : stop - first]
            if start < first:
                codes = np.concatenate([pooled(start, first), codes])
            if last < stop:
                codes = np.concatenate([codes, pooled(last, stop)])
        self._kept[rows.band] = rows, zoom_level, start, codes
        return codes


def image(
    pyramid: Pyramid,
    rows: Sequence[BandRows],
    start: float,
    stop: float,
    width: int,
    height: int,
    kept: PooledFrames | None = None,
) -> Codes:
    """The level codes of samples [start, stop) of a picture.

    Where frames are closer than pixels, a pixel shows the maximum of those it covers (in cells one to two
    pixels wide); where they are wider, each is drawn as a cell centred on its sample.  In a smooth picture,
    levels in dB are interpolated between the centres of cells two or more pixels wide: narrower ones need no
    smoothing, and a click among them would fade.

    Parameters
    ----------
    pyramid : Pyramid
        The known levels of the picture.
    rows : sequence of BandRows
        For the pyramid's bands, from `band_rows`, for this height; they determine whether it is smooth.
    start, stop : float
        Samples at the left edge of the first column and the right edge of the last; they may be outside the
        file.
    width, height : int
        Pixels.
    kept : PooledFrames, optional
        From the last view of the same picture, to avoid computing the same again.

    Returns
    -------
    uint8 array (height, width)
        The highest frequency on top; `UNKNOWN` outside the file, outside the bands and where nothing
        is analysed.  `final_columns` says what of it may still change.
    """
    codes = np.zeros((height, width), np.uint8)
    columns = _Columns.of(pyramid, start, stop, width)
    if not columns:
        return codes
    kept = kept or PooledFrames()
    inside = slice(columns.left, columns.right)
    for table in rows:
        cells = columns.cells(pyramid, table)
        begin, end, zoom_level = int(cells.shown[0]), cells.end, columns.zoom_level
        first = cells.shown - begin
        if cells.places is None and table.high - table.low <= table.bottom - table.top:
            # Few rows: there is little to pool.
            seen = pyramid.frames(table.band, zoom_level, begin, end)[:, table.low : table.high]
            drawn = table.pool(_transposed(seen.take(first, axis=0)))
            after_all = table.pool(seen[-1:].T) if columns.end_shown else None
        else:
            pixels = kept.frames(pyramid, table, zoom_level, begin, end)
            after_all = pixels[-1:].T if columns.end_shown else None
            shown = pixels.take(first, axis=0)
            if cells.places is not None:
                after = np.minimum(first + 1, len(pixels) - 1)
                weight = np.rint((cells.places - cells.shown) * 128).astype(np.int16)
                shown = _blended(shown, pixels.take(after, axis=0), weight[:, None])
            drawn = _transposed(shown)
        codes[table.top : table.bottom, inside] = drawn
        if after_all is not None:
            # The file may end within a cell's first pixel, left of that pixel's centre.
            corner = codes[table.top : table.bottom, columns.right - 1 : columns.right]
            np.maximum(corner, after_all, out=corner)
    for lower, upper in pairwise(rows):
        _join(codes, lower, upper)
    return codes


def final_columns(
    pyramid: Pyramid, rows: Sequence[BandRows], start: float, stop: float, width: int
) -> NDArray[np.bool_]:
    """Which columns of each band an `image` shows as it will once everything is analysed.

    The others are a draft, to be told apart from what is certain: parts of it are not analysed yet, or at
    hand only in coarser cells.

    Returns
    -------
    bool array (bands, width)
        In the order of `rows`; all is final outside the file.
    """
    final = np.ones((len(rows), width), np.bool_)
    if pyramid.is_final(pyramid.zoom_level((stop - start) / width), start, stop):
        return final
    columns = _Columns.of(pyramid, start, stop, width)
    if not columns:
        return final
    for table, inside in zip(rows, final[:, columns.left : columns.right], strict=True):
        cells = columns.cells(pyramid, table)
        inside[:] = pyramid.final(table.band, columns.zoom_level, cells.shown)
        if cells.places is not None:
            after = np.minimum(cells.shown + 1, cells.end - 1)
            inside &= pyramid.final(table.band, columns.zoom_level, after)
        if columns.end_shown:
            inside[-1:] &= pyramid.final(table.band, columns.zoom_level, np.array([cells.end - 1]))
    if any(table.blend for table in rows):  # bands blend into each other
        final[:] = final.all(axis=0)
    return final


class _Cells(NamedTuple):
    """What the columns of an image show of a band."""

    shown: NDArray[np.intp]  # the number of each column's frame, at the zoom level
    end: int  # one more than the last
    places: NDArray[np.float64] | None  # where columns lie between frames, if they blend


class _Columns(NamedTuple):
    """The columns of an image that lie within the file."""

    left: int  # columns [left, right)
    right: int
    samples: NDArray[np.float64]  # at their centres
    per_pixel: float
    zoom_level: int
    length: int
    end_shown: bool  # whether the file ends in view

    @classmethod
    def of(cls, pyramid: Pyramid, start: float, stop: float, width: int) -> _Columns | None:
        """Those of samples [start, stop); None if there are none."""
        per_pixel = (stop - start) / width
        edges = start + np.arange(width + 1) * per_pixel
        left = int(np.searchsorted(edges[1:], 0, "right"))
        right = int(np.searchsorted(edges[:-1], pyramid.length, "left"))
        if left >= right or not pyramid.length:
            return None
        samples = np.clip(edges[left:right] + per_pixel / 2, 0, None)
        zoom_level, end_shown = pyramid.zoom_level(per_pixel), bool(edges[right] >= pyramid.length)
        return cls(left, right, samples, per_pixel, zoom_level, pyramid.length, end_shown)

    def cells(self, pyramid: Pyramid, table: BandRows) -> _Cells:
        """What they show of a band."""
        hop, step = pyramid.bands[table.band].hop, pyramid.step(table.band, self.zoom_level)
        last = -(-self.length // hop) - 1
        if table.blend and hop >= WIDE * self.per_pixel:
            places = np.minimum(self.samples / hop, last)
            frames = places.astype(np.intp)
        else:
            places = None
            frames = np.minimum(np.ceil(self.samples / hop - 0.5).astype(np.intp), last) >> step
        end = last >> step if self.end_shown else int(frames[-1]) + (places is not None)
        return _Cells(frames, min(end, last >> step) + 1, places)


def _blended(codes: Codes, others: Codes, weight: NDArray[np.int16]) -> Codes:
    """Interpolate between codes, by a weight in 128ths."""
    mixed = others.astype(np.int16)
    mixed -= codes
    mixed *= weight
    mixed += 64
    mixed >>= 7
    mixed += codes
    return mixed.astype(np.uint8)


def _join(codes: Codes, lower: BandRows, upper: BandRows) -> None:
    """Blend the last bin of a band with the first of the next, in a smooth picture."""
    if not (lower.blend and upper.blend):
        return
    below, above = lower.blend.highest, upper.blend.lowest
    lines = np.arange(math.ceil(above - 0.5), math.ceil(below - 0.5))
    lines = lines[(lines >= upper.top) & (lines < lower.bottom)]
    seam = lower.top
    if below - above < WIDE or not lines.min(initial=seam) < seam <= lines.max(initial=0):
        return
    weight = np.rint((below - lines - 0.5) / (below - above) * 128).astype(np.int16)
    last, first = (np.broadcast_to(codes[line], (len(lines), codes.shape[1])) for line in (seam, seam - 1))
    codes[lines] = _blended(last, first, weight[:, None])


def _transposed(codes: Codes) -> Codes:
    """A transposed copy, made in blocks that fit the processor's cache."""
    block = max(16, CACHE_BYTES // max(1, codes.shape[1]))
    turned = np.empty(codes.shape[::-1], codes.dtype)
    for first in range(0, len(codes), block):
        turned[:, first : first + block] = codes[first : first + block].T
    return turned
