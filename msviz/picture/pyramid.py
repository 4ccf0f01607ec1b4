"""The known levels of a picture: coarse for the whole file, fine around the view."""

from __future__ import annotations

import math
import mmap
from collections.abc import Callable, Sequence
from contextlib import suppress

import numpy as np
from numpy.typing import NDArray

from msviz.bands import Band, time_scale
from msviz.errors import ParameterError
from msviz.picture.levels import SILENCE, UNKNOWN, peak

Codes = NDArray[np.uint8]
Tiles = NDArray[np.intp]
Pool = Callable[[Codes, Codes], Codes]

TILE_SECONDS = 6  # of sound, about: long beside the border that an analysis adds to it, short to compute


class Pyramid:
    """The levels of one picture, repeatedly pooled by two along time.

    Time is divided into tiles, the unit of analysis.  Zoom levels are counted from 0, the shortest hop, and
    each has cells twice as wide as the one before; at a zoom level, a band is pooled until its cells have
    that width, and a band whose hop is wider is not pooled.

    From some zoom level on, the whole file is kept.  Below it, every zoom level has an equal share of the
    remaining memory, for the tiles nearest to the view.  A file that fits is kept completely.

    All methods must be called from one thread, except `halved`, which any thread may call; nothing is locked.

    Parameters
    ----------
    bands : sequence of Band
        In ascending order of frequency.  The ratios of their hops are powers of two.
    rate : int
        Sampling rate in Hz.
    length : int
        Samples in the file.
    pool : callable
        Combines two arrays of codes of the same shape into one: `peak`, so that no click is lost, or
        `mean_power`, so that noise has the same level at every zoom.
    budget : int
        Memory for levels, in bytes.

    Attributes
    ----------
    tile_length : int
        Samples in a tile, a power of two times every hop; about six seconds of audio.
    tiles : int
        Number of tiles.
    analysed : bool array (tiles,)
        Which tiles have been added at least once.

    Raises
    ------
    ParameterError
        If the ratios of the hops are not powers of two.
    """

    def __init__(
        self,
        bands: Sequence[Band],
        rate: int,
        length: int,
        *,
        pool: Pool = peak,
        budget: int = 128 << 20,
    ) -> None:
        self._pool, self._budget = pool, budget
        self.bands = tuple(bands)
        self.rate = rate
        self.length = length
        hops = [band.hop for band in self.bands]
        self._base = min(hops)
        if any(hop % self._base or (hop // self._base).bit_count() != 1 for hop in hops):
            raise ParameterError(f"hops must be powers of two times each other, not {sorted(set(hops))}")
        self._longest, seconds = max(hops), TILE_SECONDS * time_scale(rate)
        self.tile_length = self._longest << max(0, round(math.log2(seconds * rate / self._longest)))
        self.tiles = max(1, -(-length // self.tile_length))
        self.analysed = np.zeros(self.tiles, np.bool_)
        self._native = [(hop // self._base).bit_length() - 1 for hop in hops]  # finest that reduces nothing
        self._frames = [self.tile_length // hop for hop in hops]
        self._rows = [len(band.frequencies) for band in self.bands]
        tile_zoom_level = (self.tile_length // self._base).bit_length() - 1
        self.coarsest = tile_zoom_level + (self.tiles - 1).bit_length()  # the whole file in one cell

        def whole_bytes(zoom_level: int) -> int:
            return sum(
                rows * (self.tiles * frames >> step)
                for rows, frames, native in zip(self._rows, self._frames, self._native, strict=True)
                for step in range(max(0, zoom_level - native), self.coarsest - native + 1)
            )

        fitting = (f for f in range(tile_zoom_level) if whole_bytes(f) <= (budget // 2 if f else budget))
        self._kept = next(fitting, tile_zoom_level)  # from this zoom level on, the whole file
        steps = [range(max(0, self._kept - native), self.coarsest - native + 1) for native in self._native]
        cells = [
            [-(-self.tiles * frames >> step) for step in wanted]
            for frames, wanted in zip(self._frames, steps, strict=True)
        ]
        memory = _zeros(sum(rows * sum(counts) for rows, counts in zip(self._rows, cells, strict=True)))
        self._whole: list[dict[int, Codes]] = []  # all UNKNOWN
        for rows, wanted, counts in zip(self._rows, steps, cells, strict=True):
            self._whole.append({})
            for step, count in zip(wanted, counts, strict=True):
                self._whole[-1][step] = memory[: count * rows].reshape(count, rows)
                memory = memory[count * rows :]
        share = (budget - whole_bytes(self._kept)) // max(1, self._kept)
        self._places = [max(2, share // self._tile_bytes(f)) for f in range(self._kept)]
        self._fine: list[dict[int, list[Codes]]] = [{} for _ in range(self._kept)]
        self._widened = True
        self._view = (0.0, float(length), self.coarsest)

    def resized(self, length: int) -> Pyramid:
        """The same picture, for a file that turned out to have another length.

        The tiles around the presumed end are analysed again; the others are kept.
        """
        other = Pyramid(self.bands, self.rate, length, pool=self._pool, budget=self._budget)
        other._view = self._view
        whole = max(0, min(self.length, length) // self.tile_length - 1)
        if not whole or other._kept < self._kept:
            return other
        for band, kept in enumerate(other._whole):
            for step, cells in kept.items():
                if step in self._whole[band]:  # else it is wider than a tile, and pooled anew
                    count = whole * self._frames[band] >> step
                    cells[:count] = self._whole[band][step][:count]
        for fine, mine in zip(other._fine, self._fine, strict=False):
            fine.update({tile: codes for tile, codes in mine.items() if tile < whole})
        other.analysed[:whole] = self.analysed[:whole]
        other._widened = False
        return other

    def _tile_bytes(self, zoom_level: int) -> int:
        return sum(
            rows * (frames >> self.step(band, zoom_level))
            for band, (rows, frames) in enumerate(zip(self._rows, self._frames, strict=True))
        )

    def zoom_level(self, samples_per_pixel: float) -> int:
        """The finest zoom level with at most one frame per pixel in every pooled band."""
        return int(np.clip(math.ceil(math.log2(samples_per_pixel / self._base)), 0, self.coarsest))

    def step(self, band: int, zoom_level: int) -> int:
        """How many times a band is halved at a zoom level."""
        return max(0, zoom_level - self._native[band])

    def tile_range(self, tile: int) -> tuple[int, int]:
        """Samples [start, stop) of a tile; the last ends with the file."""
        start = tile * self.tile_length
        return start, min(start + self.tile_length, self.length)

    def look(self, start: float, stop: float, samples_per_pixel: float) -> None:
        """Set the view to samples [start, stop), near which fine levels are kept."""
        self._view = (start, stop, self.zoom_level(samples_per_pixel))

    def _distances(self, tiles: Tiles) -> NDArray[np.float64]:
        """Distances of tiles from the view, between centres, in tiles."""
        start, stop, _ = self._view
        distances: NDArray[np.float64] = np.abs(tiles + 0.5 - (start + stop) / 2 / self.tile_length)
        return distances

    def _final_tiles(self, zoom_level: int, first: int, stop: int) -> NDArray[np.bool_]:
        """Which of the tiles [first, stop) will not change at a zoom level."""
        analysed = self.analysed[first:stop]
        if zoom_level >= self._kept:
            return analysed
        fine = self._fine[zoom_level]
        at_hand = np.fromiter((tile in fine for tile in range(first, stop)), np.bool_, stop - first)
        if zoom_level == self._view[2] and not at_hand.all():
            without_place = self._in_view()[self._places[zoom_level] :]  # never at hand
            at_hand |= np.isin(np.arange(first, stop), without_place)
        return np.asarray(analysed & at_hand)

    def is_final(self, zoom_level: int, start: float, stop: float) -> bool:
        """Whether nothing between two samples will change at a zoom level as more is analysed."""
        widest = max(self._base << zoom_level, self._longest)  # how far a cell may reach
        first = math.floor(max(start - widest, 0) / self.tile_length)
        last = math.ceil(min(stop + widest, self.length) / self.tile_length)
        return first >= last or bool(self._final_tiles(zoom_level, first, min(last, self.tiles)).all())

    def final(self, band: int, zoom_level: int, cells: Tiles) -> NDArray[np.bool_]:
        """Which frames of a band, numbered at a zoom level, will not change as more is analysed.

        The others are a draft: coarser than they will be, lower, or not known.
        """
        if not len(cells):
            return np.zeros(0, np.bool_)
        step, frames = self.step(band, zoom_level), self._frames[band]
        first = (cells << step) // frames
        last = np.minimum(((cells + 1 << step) - 1) // frames, self.tiles - 1)
        begin = int(first.min())
        lacking = ~self._final_tiles(zoom_level, begin, int(last.max()) + 1)
        before = np.concatenate([[0], np.cumsum(lacking)])  # how many tiles lack before each
        return np.asarray(before[last + 1 - begin] == before[first - begin])

    def finest(self, start: float, stop: float) -> int | None:
        """The finest zoom level at which samples [start, stop) are final; None if the view's is finer."""
        level = next((f for f in range(self._kept) if self.is_final(f, start, stop)), self._kept)
        return level if level <= self._view[2] and self.is_final(level, start, stop) else None

    @property
    def sharp(self) -> bool:
        """Whether the view is as sharp as possible."""
        return not len(self._blurred(beside=0))

    @property
    def done(self) -> bool:
        """Whether there is nothing left to analyse, in the view or elsewhere."""
        return bool(self.analysed.all()) and not len(self._blurred(beside=1))

    def missing(self) -> Tiles:
        """The tiles to analyse before the view is as sharp as it can be, the nearest to its centre first.

        So what is known grows from the centre, and is never a row of stripes.
        """
        return self._in_order(self._blurred(beside=0))

    def pending(self) -> Tiles:
        """The tiles to analyse after those: beside the view, then all that never were."""
        beside, rest = self._blurred(beside=1), ~self.analysed
        rest[beside] = False
        return np.concatenate([self._in_order(beside), self._in_order(np.flatnonzero(rest))])

    def _blurred(self, beside: int) -> Tiles:
        """Tiles in view, and so many on both sides, that are not known as fine as the view shows them."""
        zoom_level, tiles = self._view[2], self._in_view(beside)
        blurred = ~self.analysed[tiles]
        if zoom_level < self._kept:
            nearest = tiles[: self._places[zoom_level]]
            blurred[: len(nearest)] = [tile not in self._fine[zoom_level] for tile in nearest]
        return np.sort(tiles[blurred])

    def _in_view(self, beside: int = 0) -> Tiles:
        """The tiles in view and so many on both sides, the nearest to its centre first."""
        start, stop, _ = self._view
        first = max(0, math.floor(start / self.tile_length) - beside)
        last = min(self.tiles, math.ceil(stop / self.tile_length) + beside)
        tiles = np.arange(first, last)
        return self._in_order(tiles)

    def _in_order(self, tiles: Tiles) -> Tiles:
        """Tiles by their distance from the view."""
        return np.asarray(tiles[np.argsort(self._distances(tiles), kind="stable")])

    def put(self, tile: int, levels: Sequence[Codes]) -> None:
        """Add the levels of a tile, one array (frames, bins) for each band, as returned by `levels`.

        They are the frames n with ``start <= n * hop < stop`` of `tile_range`; the arrays are not copied.
        """
        self.put_halved(tile, self.halved(levels))

    def halved(self, levels: Sequence[Codes]) -> list[list[Codes]]:
        """The levels of a tile, and those pooled from them, of every band: most of the work of `put`."""
        return [self._halved(codes, frames) for codes, frames in zip(levels, self._frames, strict=True)]

    def put_halved(self, tile: int, steps: Sequence[list[Codes]]) -> None:
        """Add the result of `halved` for a tile; the arrays are not copied."""
        for band, whole in enumerate(self._whole):
            for step, cells in whole.items():
                first = tile * self._frames[band] >> step
                if step < len(steps[band]):
                    codes = steps[band][step]
                    cells[first : first + len(codes)] = codes
        for zoom_level, fine in enumerate(self._fine):
            if tile not in fine and len(fine) >= self._places[zoom_level]:
                held = np.array([*fine, tile])
                farthest = int(held[np.argmax(self._distances(held))])
                if farthest == tile:
                    continue
                del fine[farthest]
            fine[tile] = [halved[self.step(band, zoom_level)] for band, halved in enumerate(steps)]
        self.analysed[tile] = True
        self._widened = False

    def _widen(self) -> None:
        """Pool the cells that are wider than a tile, once for all tiles added since the last time."""
        for whole, frames in zip(self._whole, self._frames, strict=True):
            for step in range(frames.bit_length(), max(whole) + 1):
                narrow, wide = whole[step - 1], whole[step]
                pairs = len(narrow) // 2
                one, other = narrow[: 2 * pairs : 2], narrow[1::2]
                wide[:pairs] = self._pool(one, other)
                # What is not analysed counts as silence: a draft is never louder than what it will be.
                half = np.flatnonzero((one[:, 0] == UNKNOWN) != (other[:, 0] == UNKNOWN))
                wide[half] = self._pool(np.maximum(one[half], SILENCE), np.maximum(other[half], SILENCE))
                wide[pairs:] = narrow[2 * pairs :]  # the last may have none behind it
        self._widened = True

    def _halved(self, codes: Codes, frames: int) -> list[Codes]:
        """The levels of a tile, repeatedly halved down to a single frame."""
        if len(codes) < frames:
            codes = np.pad(codes, ((0, frames - len(codes)), (0, 0)), constant_values=UNKNOWN)
        steps = [codes]
        while len(codes) > 1:
            codes = self._pool(codes[::2], codes[1::2])
            steps.append(codes)
        return steps

    def frames(self, band: int, zoom_level: int, start: int, stop: int) -> Codes:
        """Codes (stop - start, bins) of a band's frames [start, stop), counted at a zoom level.

        Where only coarser cells are at hand, they are repeated, and what is not analysed is `UNKNOWN`:
        `final` says which frames are neither.  The result may be a view of what is stored.
        """
        step = self.step(band, zoom_level)
        if step in self._whole[band]:
            return self._cells(band, step, start, stop)
        per_tile = self._frames[band] >> step
        first = start // per_tile
        tiles = [self._tile(tile, band, zoom_level) for tile in range(first, -(-stop // per_tile))]
        codes = tiles[0] if len(tiles) == 1 else np.concatenate(tiles)
        return codes[start - first * per_tile : stop - first * per_tile]

    def _tile(self, tile: int, band: int, zoom_level: int) -> Codes:
        """A tile of a band at a zoom level, from the finest levels available."""
        found = next((f for f in range(zoom_level, self._kept) if tile in self._fine[f]), self._kept)
        step = self.step(band, found)
        if found < self._kept:
            codes = self._fine[found][tile][band]
        else:
            per_tile = self._frames[band] >> step
            codes = self._cells(band, step, tile * per_tile, (tile + 1) * per_tile)
        return (
            np.repeat(codes, 1 << step - self.step(band, zoom_level), axis=0) if found > zoom_level else codes
        )

    def _cells(self, band: int, step: int, start: int, stop: int) -> Codes:
        """Cells of what is stored of the whole file."""
        if not self._widened:
            self._widen()
        return self._whole[band][step][start:stop]


def _zeros(count: int) -> Codes:
    """Zeros that use memory only where they are written, in small pages, and return it when they are freed.

    NumPy's own are written at once or come in pages of megabytes: a first tile would fill dozens of them, and
    a picture that is replaced would not return them.
    """
    if not hasattr(mmap, "MAP_PRIVATE"):
        return np.zeros(count, np.uint8)
    memory = mmap.mmap(-1, max(count, 1), flags=mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS)
    if hasattr(mmap, "MADV_NOHUGEPAGE"):
        with suppress(OSError):  # of a kernel that knows none
            memory.madvise(mmap.MADV_NOHUGEPAGE)
    return np.frombuffer(memory, np.uint8, count)
