"""What a canvas shows of a picture: gathering, scrolling, colouring, each alone."""

from __future__ import annotations

import numpy as np
import pytest
from canvas_tools import LENGTH, RATE, silence

from msviz.gui.canvas.colours import Colours, painted
from msviz.gui.canvas.gatherer import Gatherer
from msviz.gui.canvas.pixels import Pixels, Place
from msviz.gui.canvas.scroll_cache import ScrollCache
from msviz.gui.canvas.viewport import Viewport
from msviz.picture import UNKNOWN, FrequencyAxis, Pyramid
from msviz.transform import OctaveTransform

AXIS = FrequencyAxis(30.0, 15000.0)
PLACE = Place(AXIS, 0, LENGTH, 300, 100)


def plain(code: int, tiles: int) -> Pyramid:
    """A picture of one level, of which so many tiles are known."""
    pyramid = Pyramid(OctaveTransform(RATE).bands, RATE, LENGTH)
    for tile in range(tiles):
        pyramid.put(tile, [np.full_like(codes, code) for codes in silence(pyramid, tile)])
    return pyramid


class TestPixels:
    def test_other_codes_show_where_nothing_is_known(self):
        codes = np.array([[9, 0, 9, 0], [9, 0, 9, 0], [9, 9, 0, 0]], np.uint8)
        final = np.array([[True, False, False, True], [True, True, False, False]])
        pixels = Pixels(codes, [(0, 2), (2, 3)], final)
        pixels.cover(np.full((3, 4), 5, np.uint8))
        assert pixels.codes.tolist() == [[9, 5, 9, 0], [9, 5, 9, 0], [9, 9, 5, 5]]
        assert not pixels.all_final

    def test_two_halves_are_a_whole(self):
        pixels = Pixels(np.arange(12, dtype=np.uint8).reshape(3, 4), [(0, 3)], np.ones((1, 4), bool))
        whole = pixels.columns(0, 1).beside(pixels.columns(1, 4))
        assert np.array_equal(whole.codes, pixels.codes)
        assert whole.all_final


class TestScrollCache:
    @pytest.fixture
    def gathered(self) -> list[Place]:
        return []

    @pytest.fixture
    def cache(self, gathered) -> ScrollCache:
        def gather(place: Place) -> Pixels:
            gathered.append(place)
            columns = np.arange(place.width) + round(place.start / place.per_column)
            codes = np.broadcast_to(columns % 251, (place.height, place.width)).astype(np.uint8)
            return Pixels(codes, [(0, place.height)], np.ones((1, place.width), bool))

        return ScrollCache(gather)

    @pytest.mark.parametrize("by", [1, -1, 17, -98])
    def test_only_what_scrolls_into_view_is_gathered(self, cache, gathered, by):
        place = Place(AXIS, 5000.0, 6000.0, 100, 20)
        cache.pixels(place)
        moved = place._replace(start=5000.0 + 10 * by, stop=6000.0 + 10 * by)
        pixels = cache.pixels(moved)
        assert [each.width for each in gathered] == [100, abs(by)]
        assert pixels.codes[0].tolist() == [(500 + by + n) % 251 for n in range(100)]

    def test_the_same_place_is_the_same_object_until_it_is_forgotten(self, cache, gathered):
        pixels = cache.pixels(PLACE)
        assert cache.pixels(PLACE) is pixels
        cache.forget()
        assert cache.pixels(PLACE) is not pixels
        assert len(gathered) == 2

    @pytest.mark.parametrize(
        "other",
        [
            PLACE._replace(height=99),
            PLACE._replace(axis=FrequencyAxis(30.0, 14000.0)),
            PLACE._replace(start=LENGTH / 2),  # another zoom
            PLACE._replace(start=LENGTH / 1000, stop=LENGTH * 1.001),  # less than a column on
            PLACE._replace(start=LENGTH, stop=2 * LENGTH),  # nothing in common
        ],
    )
    def test_another_view_is_gathered_whole(self, cache, gathered, other):
        cache.pixels(PLACE)
        cache.pixels(other)
        assert gathered == [PLACE, other]


class TestGatherer:
    def test_without_a_picture_nothing_is_known(self):
        gatherer = Gatherer()
        assert (gatherer.gather(PLACE).codes == UNKNOWN).all()
        assert gatherer.code(PLACE, 50) == UNKNOWN

    def test_the_last_picture_is_a_draft_of_the_next(self):
        gatherer, coming = Gatherer(), plain(100, 1)
        gatherer.turn_to(coming, under=plain(200, 4))
        pixels, known = gatherer.gather(PLACE), int(300 * coming.tile_length / LENGTH)
        assert set(pixels.codes[:, : known - 1].flat) == {100}
        assert set(pixels.codes[:, known + 1 :].flat) == {200}
        assert pixels.final[:, : known - 1].all()
        assert not pixels.final[:, known + 1 :].any()
        assert gatherer.code(PLACE.columns(10, 11), 50) == 100
        assert gatherer.code(PLACE.columns(250, 251), 50) == UNKNOWN


class TestColouring:
    def test_drafts_are_half_as_bright_and_the_unknown_is_calm(self, qapp):
        codes = np.array([[240, 240, UNKNOWN, 120]] * 2, np.uint8)
        pixels = Pixels(codes, [(1, 2)], np.array([[True, False, False, False]]))
        colours = Colours("grey", -100, 0)
        image = painted(pixels, colours)
        drawn = [[image.pixel(x, y) for x in range(4)] for y in range(2)]
        bright, half = colours.table, colours.dimmed
        assert drawn[0] == bright[codes[0]].tolist()  # outside the bands nothing is a draft
        assert drawn[1] == [bright[240], half[240], bright[UNKNOWN], half[120]]
        for code in (120, 240):
            assert (half[code] & 255) == pytest.approx((bright[code] & 255) / 2, abs=0.5)

    def test_colours_change_without_gathering(self, qapp):
        viewport = Viewport()
        viewport.show(plain(200, 4))
        pixels = viewport.pixels(PLACE)
        one = viewport.image(PLACE, Colours("magma"), 1.0)
        other = viewport.image(PLACE, Colours("viridis"), 1.0)
        assert one != other
        assert viewport.pixels(PLACE) is pixels
        assert viewport.image(PLACE, Colours("viridis"), 1.0) is other
