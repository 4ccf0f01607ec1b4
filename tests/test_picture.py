"""Pictures: codes of known levels, nothing lost on the way to a pixel, every cell at its place."""

from __future__ import annotations

import math
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from msviz.errors import ParameterError
from msviz.picture import (
    SILENCE,
    UNKNOWN,
    FrequencyAxis,
    PooledFrames,
    Pyramid,
    band_rows,
    colour_table,
    final_columns,
    image,
    level_codes,
    mean_power,
    peak,
    to_code,
    to_db,
)

RATE = 8000
AXIS = FrequencyAxis(125.0, 4000.0)


@dataclass(frozen=True, eq=False)
class FakeBand:
    low: float
    high: float
    frequencies: NDArray[np.float64]
    hop: int


def octaves(count: int = 5, bins: int = 12, lowest_hop: int = 256) -> list[FakeBand]:
    """Octaves that end at 4 kHz, the hop halving from each to the next."""
    lows = [4000.0 / 2 ** (count - index) for index in range(count)]
    places = 2 ** ((np.arange(bins) + 0.5) / bins)
    return [FakeBand(low, 2 * low, low * places, lowest_hop >> index) for index, low in enumerate(lows)]


def stft(rows: int = 513, hop: int = 100) -> list[FakeBand]:
    return [FakeBand(0.0, 4000.0, np.linspace(0, 4000, rows), hop)]


def frame_ranges(pyramid: Pyramid, tile: int) -> list[tuple[int, int]]:
    start, stop = pyramid.tile_range(tile)
    return [(-(-start // band.hop), -(-stop // band.hop)) for band in pyramid.bands]


def quiet(pyramid: Pyramid, tile: int) -> list[NDArray[np.uint8]]:
    """A tile of silence."""
    return [
        np.full((stop - start, len(band.frequencies)), SILENCE, np.uint8)
        for (start, stop), band in zip(frame_ranges(pyramid, tile), pyramid.bands, strict=True)
    ]


def filled(bands: list[FakeBand], length: int, *, budget: int = 64 << 20, seed: int = 0) -> Pyramid:
    """A pyramid of noise."""
    pyramid, rng = Pyramid(bands, RATE, length, budget=budget), np.random.default_rng(seed)
    for tile in range(pyramid.tiles):
        codes = [rng.integers(SILENCE, 200, one.shape, dtype=np.uint8) for one in quiet(pyramid, tile)]
        pyramid.put(tile, codes)
    return pyramid


def with_click(bands: list[FakeBand], length: int, band: int, frame: int, row: int, **options) -> Pyramid:
    """A pyramid of silence but for one coefficient."""
    pyramid = Pyramid(bands, RATE, length, **options)
    loud = frame * bands[band].hop // pyramid.tile_length
    for tile in [*range(loud), *range(loud + 1, pyramid.tiles), loud]:  # the loud one last: it is kept fine
        codes = quiet(pyramid, tile)
        if tile == loud:
            codes[band][frame - tile * pyramid.tile_length // bands[band].hop, row] = 240
        pyramid.put(tile, codes)
    return pyramid


def seen(pyramid: Pyramid, start: float, stop: float, width: int, height: int, axis: FrequencyAxis = AXIS):
    return image(pyramid, band_rows(pyramid.bands, axis, height), start, stop, width, height)


class TestLevels:
    def test_code_of_an_amplitude_is_its_level(self):
        amplitudes = np.geomspace(1.1e-6, 2.0, 4001)
        phases = np.exp(1j * np.linspace(0, 50, 4001))
        codes = level_codes((amplitudes * phases).astype(np.complex64))
        assert np.abs((codes.astype(float) - 240) / 2 - 20 * np.log10(amplitudes)).max() <= 0.27

    def test_full_scale_is_0_db(self):
        assert to_db(int(level_codes(np.array([1j], np.complex64))[0])) == 0.0

    @pytest.mark.parametrize(
        ("value", "code"), [(0, SILENCE), (1e-30, SILENCE), (1e5, 255), (1e30, 255), (np.inf, 255)]
    )
    def test_what_is_out_of_range_is_the_nearest_code(self, value, code):
        assert level_codes(np.array([value], np.complex64))[0] == code

    @pytest.mark.parametrize("dtype", [np.float32, np.float64, np.complex64, np.complex128])
    def test_coefficients_may_lie_anyhow_in_memory(self, dtype):
        coefficients = np.zeros((2, 7, 6), dtype).swapaxes(1, 2)[:, ::2, 1:6]
        coefficients[1, 2, 4] = 1
        before = coefficients.copy()
        codes = level_codes(coefficients)
        assert codes.shape == (2, 3, 5)
        assert np.argwhere(codes == 240).tolist() == [[1, 2, 4]]
        assert np.array_equal(coefficients, before)

    @given(st.integers(SILENCE, 255))
    def test_code_and_level_are_inverse(self, code):
        assert to_code(to_db(code)) == code


class TestPyramid:
    @given(st.integers(1, 400_000), st.integers(1, 300), st.integers(0, 4))
    def test_tiles_cut_the_file_without_gap(self, length, hop, octave):
        pyramid = Pyramid([*stft(9, hop), *stft(9, hop << octave)], RATE, length)
        ranges = [pyramid.tile_range(tile) for tile in range(pyramid.tiles)]
        assert ranges[0][0] == 0
        assert ranges[-1][1] == length
        assert all(a[1] == b[0] for a, b in pairwise(ranges))
        assert all(pyramid.tile_length % band.hop == 0 for band in pyramid.bands)

    def test_hops_that_do_not_fit_are_named(self):
        with pytest.raises(ParameterError, match=r"\[100, 150\]"):
            Pyramid([*stft(hop=100), *stft(hop=150)], RATE, 1000)

    @settings(max_examples=20)
    @given(st.integers(1, 200_000), st.sampled_from([1 << 12, 1 << 18, 1 << 26]), st.integers(0, 9))
    def test_a_pooled_frame_is_the_maximum_of_its_frames(self, length, budget, seed):
        bands = octaves()
        pyramid = filled(bands, length, budget=budget, seed=seed)
        whole = filled(bands, length, seed=seed)
        for band, one in enumerate(bands):
            count = -(-length // one.hop)
            fine = whole.frames(band, 0, 0, count)
            for zoom_level in range(pyramid.coarsest + 1):
                pyramid.look(0, length, one.hop << zoom_level)
                step = pyramid.step(band, zoom_level)
                frames = pyramid.frames(band, zoom_level, 0, -(-count >> step))
                exact = np.maximum.reduceat(fine, np.arange(0, count, 1 << step), axis=0)
                assert (frames >= exact).all()  # a coarser stand-in is never lower
                if zoom_level >= pyramid._kept:
                    assert np.array_equal(frames, exact)

    def test_a_missing_tile_is_drawn_coarser_and_never_as_a_hole(self):
        pyramid = filled(octaves(), 100 * 48000, budget=1 << 20)
        start, stop = 480_000, 480_800
        before = seen(pyramid, start, stop, 100, 60)
        assert (before != UNKNOWN).all()

        pyramid.look(start, stop, 8)
        wanted = pyramid.missing()
        assert len(wanted)
        assert not pyramid.sharp
        for tile in wanted:
            pyramid.put(tile, quiet(pyramid, tile))
        assert pyramid.sharp
        assert (seen(pyramid, start, stop, 100, 60) == SILENCE).all()

    def test_what_is_in_view_outlives_the_rest_of_the_file(self):
        pyramid = Pyramid(octaves(), RATE, 300 * 48000, budget=1 << 20)
        pyramid.look(7_000_000, 7_000_800, 8)
        wanted = pyramid.missing()
        for tile in [*wanted, *pyramid.pending()]:
            pyramid.put(tile, quiet(pyramid, tile))
        assert pyramid.sharp
        assert not len(pyramid.pending())

    def test_more_tiles_in_view_than_places_come_to_rest(self):
        pyramid = Pyramid(octaves(), RATE, 300 * 48000, budget=1 << 20)
        pyramid.look(0, pyramid.length, 8)  # absurdly fine for a whole file
        for tile in pyramid.missing():
            pyramid.put(tile, quiet(pyramid, tile))
        assert pyramid.sharp

    def test_the_centre_of_the_view_comes_first(self):
        pyramid = Pyramid(octaves(), RATE, 20 * 49152)
        pyramid.look(5.4 * pyramid.tile_length, 8.4 * pyramid.tile_length, 500)
        assert pyramid.missing().tolist() == [6, 7, 5, 8]
        pyramid.put(6, quiet(pyramid, 6))
        assert pyramid.missing().tolist() == [7, 5, 8]
        assert pyramid.pending()[:4].tolist() == [7, 5, 8, 4]

    def test_what_is_known_grows_from_the_centre_without_holes(self):
        pyramid = Pyramid(octaves(), RATE, 300 * 65536)
        pyramid.look(100 * pyramid.tile_length, 228 * pyramid.tile_length, 1e6)
        for _ in range(pyramid.tiles):
            first = [*pyramid.missing(), *pyramid.pending()][0]
            pyramid.put(first, quiet(pyramid, first))
            known = np.flatnonzero(pyramid.analysed)
            assert known[-1] - known[0] == len(known) - 1
            assert len(known) > 128 or (100 <= known[0] <= known[-1] < 228)
        assert pyramid.done

    def test_what_is_beside_the_view_is_made_as_fine_as_the_view(self):
        pyramid = Pyramid(octaves(), RATE, 300 * 65536, budget=4 << 20)
        for tile in pyramid.pending():
            pyramid.put(tile, quiet(pyramid, tile))
        pyramid.look(100.2 * pyramid.tile_length, 100.4 * pyramid.tile_length, 8)
        assert pyramid.missing().tolist() == [100]
        assert pyramid.pending().tolist() == [100, 99, 101]
        for tile in pyramid.pending():
            pyramid.put(tile, quiet(pyramid, tile))
        assert not len(pyramid.pending())

    @pytest.mark.parametrize("bands", [octaves(10, 24, 4096), stft(2049, 1024)])
    def test_three_hours_stay_within_the_budget(self, bands):
        budget = 128 << 20
        pyramid = Pyramid(bands, 44100, 3 * 3600 * 44100, budget=budget)
        whole = sum(array.nbytes for band in pyramid._whole for array in band.values())
        fine = sum(
            places * pyramid._tile_bytes(zoom_level) for zoom_level, places in enumerate(pyramid._places)
        )
        assert whole + fine <= budget
        for zoom_level, places in enumerate(pyramid._places):  # and a wide screen fits, at every zoom
            assert places * pyramid.tile_length >= 2000 * (min(band.hop for band in bands) << zoom_level)


class TestImage:
    @given(
        st.integers(1, 300_000),
        st.integers(0, 4),
        st.floats(0, 1),
        st.integers(0, 11),
        st.integers(40, 300),
        st.integers(1, 700),
        st.sampled_from([1 << 16, 1 << 26]),
    )
    def test_one_loud_coefficient_is_seen_at_every_zoom(
        self, length, band, where, row, height, width, budget
    ):
        bands = octaves()
        frame = int(where * ((length - 1) // bands[band].hop))
        pyramid = with_click(bands, length, band, frame, row, budget=budget)
        for zoom in (1, 3, 50, 1000):
            middle, half = frame * bands[band].hop, length / zoom / 2 + bands[band].hop
            codes = seen(pyramid, middle - half, middle + half, width, height)
            assert codes.max() == 240

    @given(st.integers(0, 512), st.integers(1, 400), st.booleans())
    def test_no_row_is_lost_where_rows_are_narrower_than_pixels(self, row, height, linear_part):
        axis = FrequencyAxis(2000.0, 4001.0) if linear_part else FrequencyAxis(1.0, 4001.0)
        pyramid = with_click(stft(), 5000, 0, 20, row)
        codes = seen(pyramid, 1500, 2500, 50, height, axis)
        hz = row / 512 * 4000
        if axis.low_hz < hz:
            y = math.floor((1 - float(axis.position(hz))) * height)
            assert codes[y].max() == 240

    @pytest.mark.parametrize("bands", [octaves(), octaves(bins=96), stft(4097)])
    def test_no_row_is_lost_at_any_height(self, bands):
        for height in range(40, 400, 7):
            for table in band_rows(bands, FrequencyAxis(0.2, 4001.0), height):
                shown = np.zeros(len(bands[table.band].frequencies), bool)
                for first, last in zip(table.first + table.low, table.last + table.low, strict=True):
                    shown[first : last + 1] = True
                assert shown[bands[table.band].frequencies > 0].all()

    def test_a_click_in_a_long_file_is_seen_in_the_smallest_picture(self):
        pyramid = with_click(stft(9), 200 * 48000, 0, 77_777, 4)
        for width in (1, 2, 40, 333):
            codes = seen(pyramid, 0, pyramid.length, width, 9, FrequencyAxis(100, 4000))
            columns = np.nonzero(codes == 240)[1]
            assert np.abs(columns + 0.5 - 77_777 * 100 / pyramid.length * width).min() <= 2

    def test_the_last_frame_is_seen_however_little_of_it_there_is(self):
        length = 800 * 100 + 1
        pyramid = with_click(stft(), length, 0, 800, 77)
        start = length + 10 - 10 * 800  # the last pixel's centre lies before the cell of eight frames
        codes = seen(pyramid, start, length + 10, 10, 60)
        assert np.unique(np.nonzero(codes == 240)[1]).tolist() == [9]

    def test_a_frame_lies_on_its_pixels(self):
        bands = octaves()
        pyramid = with_click(bands, 100_000, 2, 500, 3)  # hop 64: sample 32000
        codes = seen(pyramid, 31_800, 32_200, 400, 60)
        assert np.unique(np.nonzero(codes == 240)[1]).tolist() == list(range(200 - 32, 200 + 32))

    @given(st.integers(60, 900), st.integers(0, 4), st.integers(0, 11))
    def test_rows_lie_at_their_frequency(self, height, band, row):
        bands = octaves()
        tables = {table.band: table for table in band_rows(bands, AXIS, height)}
        y = math.floor((1 - float(AXIS.position(bands[band].frequencies[row]))) * height)
        table = tables[band]
        y = min(max(y, table.top), table.bottom - 1)
        first, last = table.first[y - table.top] + table.low, table.last[y - table.top] + table.low
        assert first <= row <= last

    @given(st.integers(5, 900))
    def test_bands_meet_without_gap(self, height):
        tables = band_rows(octaves(), AXIS, height)
        covered = [y for table in reversed(tables) for y in range(table.top, table.bottom)]
        assert covered == list(range(height))

    def test_wide_rows_are_equally_high_within_an_octave(self):
        table = band_rows(octaves(), FrequencyAxis(1000.0, 2000.0), 1200)[0]
        assert (np.bincount(table.first) == 100).all()

    @given(st.floats(1, 4000), st.floats(0.01, 1))
    def test_frequency_and_position_are_inverse(self, low, octaves_up):
        axis = FrequencyAxis(low, low * 2**octaves_up)
        assert axis.frequency(axis.position([low, low * 1.005])) == pytest.approx([low, low * 1.005])
        assert axis.position([axis.low_hz, axis.high_hz]) == pytest.approx([0, 1])

    @given(
        st.integers(1, 100_000),
        st.floats(-2, 2),
        st.floats(1e-5, 3),
        st.integers(1, 300),
        st.integers(1, 200),
        st.booleans(),
    )
    def test_any_window_onto_any_file(self, length, at, span, width, height, with_stft):
        pyramid = filled(stft(65) if with_stft else octaves(), length)
        start, stop = at * length, (at + span) * length
        codes = seen(pyramid, start, stop, width, height)
        edges = start + np.arange(width + 1) * ((stop - start) / width)
        inside = (edges[1:] > 0) & (edges[:-1] < length)
        assert codes.shape == (height, width)
        assert (codes[:, ~inside] == UNKNOWN).all()
        if height >= 10:
            assert (codes[:, inside] != UNKNOWN).all()

    @given(
        st.lists(st.tuples(st.floats(-0.1, 1), st.floats(0.02, 1)), min_size=2, max_size=6),
        st.booleans(),
        st.booleans(),
    )
    def test_what_is_kept_of_the_last_view_is_what_would_be_worked_out_again(self, views, smooth, linear):
        length = 60_000
        pyramid = filled(stft(), length)
        rows = band_rows(pyramid.bands, FrequencyAxis(125.0, 4000.0, linear), 90, smooth=smooth)
        kept = PooledFrames()
        for start, span in views:
            where = start * length, (start + span) * length, 150, 90
            np.testing.assert_array_equal(image(pyramid, rows, *where, kept), image(pyramid, rows, *where))

    @pytest.mark.parametrize("length", [1, 2, 255, 257])
    def test_the_shortest_files_fill_their_time(self, length):
        codes = seen(filled(octaves(), length), 0, length, 64, 40)
        assert (codes != UNKNOWN).all()

    def test_before_anything_is_analysed_all_is_unknown(self):
        pyramid = Pyramid(octaves(), RATE, 3 * 49152)
        assert (seen(pyramid, 0, pyramid.length, 300, 40) == UNKNOWN).all()

    @settings(max_examples=60)
    @given(
        st.sampled_from([octaves(), stft(65), octaves(bins=4)]),
        st.floats(-0.1, 1),
        st.floats(1e-3, 1.2),
        st.sampled_from([peak, mean_power]),
        st.booleans(),
        st.randoms(use_true_random=False),
    )
    def test_an_unfinished_picture_is_final_unknown_or_lower(self, bands, at, span, pool, smooth, random):
        length = 9 * 65536 + 777
        source = filled(bands, length, seed=random.randrange(100))
        width, height, axis = 90, 60, FrequencyAxis(60.0, 4000.0)
        rows = band_rows(bands, axis, height, smooth=smooth)
        where = at * length, (at + span) * length, width
        levels = {
            tile: [source.frames(band, 0, *r) for band, r in enumerate(frame_ranges(source, tile))]
            for tile in range(source.tiles)
        }
        finished, coming = (Pyramid(bands, RATE, length, pool=pool) for _ in range(2))
        for tile, codes in levels.items():
            finished.put(tile, codes)
        expected = image(finished, rows, *where, height)
        assert final_columns(finished, rows, *where).all()
        for tile in random.sample(sorted(levels), len(levels)):
            codes, final = image(coming, rows, *where, height), final_columns(coming, rows, *where)
            assert (codes <= expected).all()
            for table, certain in zip(rows, final, strict=True):
                shown, wanted = (each[table.top : table.bottom] for each in (codes, expected))
                assert np.array_equal(shown[:, certain], wanted[:, certain])
            coming.put(tile, levels[tile])
        assert final_columns(coming, rows, *where).all()
        assert np.array_equal(image(coming, rows, *where, height), expected)

    def test_what_is_at_hand_only_in_coarser_cells_is_a_draft(self):
        pyramid = filled(octaves(), 100 * 48000, budget=1 << 20)
        rows, where = band_rows(pyramid.bands, AXIS, 60), (480_000, 480_800, 100)
        pyramid.look(480_000, 480_800, 8)
        assert not final_columns(pyramid, rows, *where).any()
        assert pyramid.finest(*where[:2]) is None
        wanted = pyramid.missing()
        for tile in wanted:
            pyramid.put(tile, quiet(pyramid, tile))
        assert final_columns(pyramid, rows, *where).all()
        assert pyramid.finest(*where[:2]) <= pyramid.zoom_level(8)

    def test_what_has_no_place_in_memory_is_final_as_it_is(self):
        pyramid = Pyramid(octaves(), RATE, 300 * 48000, budget=1 << 20)
        pyramid.look(0, pyramid.length, 8)  # absurdly fine for a whole file
        for tile in [*pyramid.pending(), *pyramid.missing()]:
            pyramid.put(tile, quiet(pyramid, tile))
        assert pyramid.sharp
        assert pyramid.is_final(pyramid.zoom_level(8), 0, pyramid.length)

    def test_what_comes_in_takes_the_place_of_what_stood_for_it(self):
        pyramid = filled(octaves(), 6 * 65536)
        again = Pyramid(octaves(), RATE, 6 * 65536)
        for tile in (3, 0, 5, 1, 4, 2):
            seen(again, 0, again.length, 300, 40)
            again.put(tile, [pyramid.frames(band, 0, *r) for band, r in enumerate(frame_ranges(again, tile))])
        for span in (1.0, 0.1):
            expected = seen(pyramid, 0, span * pyramid.length, 300, 40)
            assert np.array_equal(seen(again, 0, span * again.length, 300, 40), expected)


class TestColours:
    def test_range_runs_from_the_first_colour_to_the_last(self):
        table = colour_table([[0, 0, 0], [255, 128, 0]], floor_db=-80, ceiling_db=0, unknown=(1, 2, 3))
        assert table[UNKNOWN] == 0xFF010203
        assert table[SILENCE] == table[to_code(-80)] == 0xFF000000
        assert table[to_code(-40)] == 0xFF804000
        assert table[to_code(0)] == table[255] == 0xFFFF8000


def ramps(bands: list[FakeBand], length: int, code) -> Pyramid:
    """A pyramid of codes that depend on time in samples and frequency in Hz."""
    pyramid = Pyramid(bands, RATE, length)
    for tile in range(pyramid.tiles):
        start, stop = pyramid.tile_range(tile)
        pyramid.put(
            tile,
            [
                np.rint(code(np.arange(start, stop, band.hop)[:, None], band.frequencies)).astype(np.uint8)
                for band in bands
            ],
        )
    return pyramid


def smoothly(pyramid: Pyramid, start: float, stop: float, width: int, height: int, axis: FrequencyAxis):
    rows = band_rows(pyramid.bands, axis, height, smooth=True)
    return image(pyramid, rows, start, stop, width, height)


class TestSmooth:
    @pytest.mark.parametrize("linear", [False, True])
    def test_between_centres_levels_go_in_a_straight_line(self, linear):
        # An STFT whose codes are a plane over time and Hz, seen on the axis where that is a plane too.
        bands, axis = stft(65, 100), FrequencyAxis(1000.0, 1500.0, linear)
        pyramid = ramps(bands, 2000, lambda sample, hz: 40 + sample / 20 + (hz - 1000) / 5)
        codes = smoothly(pyramid, 300, 1700, 700, 400, axis)
        hz = axis.frequency(1 - (np.arange(400) + 0.5) / 400)[:, None]
        plane = 40 + (300 + 2 * (np.arange(700) + 0.5)) / 20 + (hz - 1000) / 5
        assert np.abs(codes - plane).max() <= (1.6 if linear else 2.2)  # of 62.5 Hz a row, 12.5 codes

    def test_octaves_go_over_into_each_other(self):
        axis = FrequencyAxis(400.0, 1200.0)
        pyramid = ramps(
            octaves(bins=12), 60_000, lambda sample, hz: 60 + 100 * axis.position(hz) + 0 * sample
        )
        codes = smoothly(pyramid, 30_000, 30_500, 50, 600, axis).astype(int)
        line = 60 + 100 * (1 - (np.arange(600) + 0.5) / 600)
        assert np.abs(codes - line[:, None]).max() <= 1
        assert (np.diff(codes, axis=0) <= 0).all()

    @given(st.integers(0, 4), st.integers(0, 11), st.floats(0, 1), st.integers(40, 400))
    def test_where_cells_are_narrow_nothing_fades(self, band, row, where, height):
        bands, length = octaves(), 60_000
        frame = int(where * ((length - 1) // bands[band].hop))
        pyramid = with_click(bands, length, band, frame, row)
        middle = frame * bands[band].hop
        for per_pixel in (1, 2, 8, 64, 300):  # of the time axis; rows are 1.6 pixels high and less
            rows = band_rows(bands, AXIS, min(height, 95), smooth=True)
            codes = image(
                pyramid, rows, middle - 50 * per_pixel, middle + 50 * per_pixel, 100, min(height, 95)
            )
            assert codes.max() >= (240 if bands[band].hop < 2 * per_pixel else 240 - 60)

    def test_what_is_unknown_does_not_bleed(self):
        pyramid = filled(stft(65), 5000)
        codes = smoothly(pyramid, -2000, 9000, 1100, 900, FrequencyAxis(900.0, 1100.0))
        assert (codes[:, :200] == UNKNOWN).all()
        assert (codes[:, 200:700] != UNKNOWN).all()
        assert (codes[:, 700:] == UNKNOWN).all()

    @given(
        st.integers(1, 50_000),
        st.floats(-2, 2),
        st.floats(1e-5, 3),
        st.integers(1, 300),
        st.integers(1, 300),
        st.sampled_from(
            [AXIS, FrequencyAxis(700, 711), FrequencyAxis(1, 4001), FrequencyAxis(900, 4000, True)]
        ),
        st.booleans(),
    )
    def test_it_lies_between_its_neighbours(self, length, at, span, width, height, axis, with_stft):
        pyramid = filled(stft(65) if with_stft else octaves(), length)
        start, stop = at * length, (at + span) * length
        smooth = smoothly(pyramid, start, stop, width, height, axis)
        sharp = seen(pyramid, start, stop, width, height, axis)
        assert np.array_equal(smooth == UNKNOWN, sharp == UNKNOWN)
        assert smooth.max() <= max(
            band.max(initial=0)
            for band in (
                pyramid.frames(b, 0, 0, 1 + length // one.hop) for b, one in enumerate(pyramid.bands)
            )
        )


class TestLinearAxis:
    @given(st.floats(0, 4000), st.floats(1e-3, 20000), st.floats(0, 1))
    def test_frequency_and_position_are_inverse(self, low, width, place):
        axis = FrequencyAxis(low, low + width, linear=True)
        assert axis.position(axis.frequency(place)) == pytest.approx(place, abs=1e-6)
        assert axis.frequency([0, 0.5, 1]) == pytest.approx([low, low + width / 2, low + width])

    def test_rows_of_an_stft_are_equally_high(self):
        table = band_rows(stft(33), FrequencyAxis(0.0, 4000.0, linear=True), 3200)[0]
        assert np.bincount(table.first)[1:-1].tolist() == [100] * 31
