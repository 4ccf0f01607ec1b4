"""What a pixel shows of several frames: their peak, or their mean power."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from msviz.picture import SILENCE, UNKNOWN, Pyramid, mean_power, peak, to_code, to_db
from msviz.transform import OctaveTransform

CODES = st.integers(SILENCE, 255)
TRANSFORM = OctaveTransform(8000)


def code(value):
    return np.array([[value]], np.uint8)


@given(one=CODES, other=CODES)
def test_mean_power_is_that_of_the_two(one, other):
    mean = int(mean_power(code(one), code(other))[0, 0])
    exact = 10 * np.log10((10 ** (to_db(one) / 10) + 10 ** (to_db(other) / 10)) / 2)
    assert abs(to_db(mean) - exact) <= 0.25 + 1e-9
    assert mean == mean_power(code(other), code(one))[0, 0]


@pytest.mark.parametrize("pool", [peak, mean_power])
@given(known=CODES)
def test_what_is_not_known_does_not_count(pool, known):
    for pair in ((known, UNKNOWN), (UNKNOWN, known)):
        assert pool(*map(code, pair))[0, 0] == known
    assert pool(code(UNKNOWN), code(UNKNOWN))[0, 0] == UNKNOWN


def filled(pool, level_of_tile, tiles):
    """A pyramid of tiles of one level each."""
    length = tiles * Pyramid(TRANSFORM.bands, 8000, 10**6).tile_length
    pyramid = Pyramid(TRANSFORM.bands, 8000, length, pool=pool)
    for tile in range(tiles):
        shapes = [(pyramid.tile_length // band.hop, len(band.frequencies)) for band in pyramid.bands]
        pyramid.put(tile, [np.full(shape, level_of_tile(tile), np.uint8) for shape in shapes])
    return pyramid


@pytest.mark.parametrize(
    ("pool", "level_db"), [(peak, -20.0), (mean_power, -20 - 10 * np.log10(8))], ids=["peak", "mean power"]
)
def test_one_loud_tile_of_eight_seen_from_far(pool, level_db):
    pyramid = filled(pool, lambda tile: to_code(-20) if tile == 5 else SILENCE, 8)
    for band in range(len(pyramid.bands)):
        whole = pyramid.frames(band, pyramid.coarsest, 0, 1)
        assert [to_db(int(value)) for value in whole[0]] == pytest.approx([level_db] * 24, abs=0.8)


def test_steady_levels_stay_from_far():
    pyramid = filled(mean_power, lambda tile: to_code(-33), 5)
    assert (pyramid.frames(0, pyramid.coarsest, 0, 1) == to_code(-33)).all()
