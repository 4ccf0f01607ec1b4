"""Snapping to the loudest bin nearby, and to where a waveform rises through zero."""

from __future__ import annotations

import numpy as np
import pytest
from canvas_tools import LENGTH, RATE, picture_with_click, silence

from msviz.gui.model.snapping import peak_near, rising_crossing_near
from msviz.picture import Pyramid
from msviz.transform import OctaveTransform


@pytest.fixture(scope="module")
def picture():
    """Silence, but for one loud coefficient."""
    return picture_with_click(OctaveTransform(RATE), 5, 100, 7)


def test_the_peak_is_the_centre_of_the_loud_bin_when_and_where_it_is(picture):
    band = picture.bands[5]
    hz, sample = float(band.frequencies[7]), 100 * band.hop
    assert peak_near(picture, sample, 1.0, hz * 0.9, hz * 1.1) == hz
    assert peak_near(picture, sample, 1.0, hz * 1.05, hz * 1.1) is None
    assert peak_near(picture, sample + 3 * band.hop, 1.0, hz * 0.9, hz * 1.1) is None


def test_from_far_a_pixel_has_the_peak_of_all_that_it_shows(picture):
    band = picture.bands[5]
    hz, sample = float(band.frequencies[7]), 102 * band.hop
    assert peak_near(picture, sample, 8.0 * band.hop, hz * 0.9, hz * 1.1) == hz


def test_of_several_peaks_the_strongest_counts_and_slopes_do_not():
    picture = Pyramid(OctaveTransform(RATE).bands, RATE, LENGTH)
    for tile in range(picture.tiles):
        codes = silence(picture, tile)
        codes[5][:, 3:12] = [50, 100, 50, 40, 90, 120, 130, 60, 20]
        picture.put(tile, codes)
    bins = picture.bands[5].frequencies
    assert peak_near(picture, LENGTH / 2, 1.0, bins[3], bins[11]) == bins[9]
    assert peak_near(picture, LENGTH / 2, 1.0, bins[3], bins[8]) == bins[4]  # 120 is on a slope


def test_nothing_is_a_peak_before_it_is_analysed():
    picture = Pyramid(OctaveTransform(RATE).bands, RATE, LENGTH)
    assert peak_near(picture, 1000, 1.0, 100, 1000) is None


@pytest.mark.parametrize("sample", [-5e6, 1e9])
def test_beyond_the_ends_of_the_track_the_last_frame_is_looked_at(picture, sample):
    assert peak_near(picture, sample, 1.0, 20, 20000) is None


def test_a_sine_rises_through_zero_once_a_period():
    samples = np.sin(2 * np.pi * (np.arange(100) - 3.25) / 20)
    for at, crossing in ((0, 3.25), (13, 3.25), (14, 23.25), (50, 43.25), (99, 83.25)):
        assert rising_crossing_near(samples, at) == pytest.approx(crossing, abs=0.01)


def test_a_sample_at_zero_is_a_crossing_and_falling_ones_are_none():
    assert rising_crossing_near(np.array([-1.0, 0.0, 1.0, 0.0, -1.0]), 4) == 1.0
    assert rising_crossing_near(np.array([1.0, -1.0]), 0) is None
    assert rising_crossing_near(np.zeros(0), 0) is None
