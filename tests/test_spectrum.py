"""The spectrum panel draws the strongest of each pixel column, and loses no peak."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from msviz.gui.model.view import View
from msviz.gui.panels.spectrum import SpectrumPanel, strongest
from msviz.gui.work.analysis import Picture, tile_levels
from msviz.signal import Signal
from msviz.transform import STFT, OctaveTransform

RATE = 44100


@given(st.integers(1, 3000), st.integers(1, 400), st.integers(0, 99))
def test_each_column_has_its_strongest_point_at_its_place(count, width, seed):
    random = np.random.default_rng(seed)
    places, levels = np.sort(random.uniform(-0.1, 1.1, count)), random.uniform(-100, 0, count)
    at, drawn = strongest(places, levels, 0.0, 1.0, width)
    assert len(at) <= width + 1
    assert (np.diff(at) > 0).all()
    points = dict(zip(places, levels, strict=True))
    assert [points[place] for place in at] == drawn.tolist()
    columns = np.floor(places * width)
    for column in np.unique(columns[(places >= 0) & (places <= 1)]):
        assert levels[(columns == column) & (places >= 0) & (places <= 1)].max() in drawn


def test_fewer_points_than_bins_are_drawn_and_a_narrow_peak_stays(qtbot):
    t = np.arange(2 * RATE) / RATE
    sound = Signal(0.5 * np.sin(2 * np.pi * 9000 * t)[None].astype(np.float32), RATE)
    pictures = [Picture.of(transform, sound) for transform in (OctaveTransform(RATE), STFT(RATE))]
    for picture in pictures:
        for tile in range(picture.pyramid.tiles):
            picture.pyramid.put(tile, tile_levels(picture, sound, tile))
    view = View()
    view.open(RATE, sound.length, 20.0, RATE / 2)
    view.set_cursor((1.0, None))
    panel = SpectrumPanel(view)
    qtbot.addWidget(panel)
    panel.resize(300, 180)
    panel.show()
    assert panel.height() == 180  # there is room for all of it
    panel._pictures = pictures
    panel._draw()
    for curve in panel._curves:
        places, levels = curve.getData()
        assert len(places) <= 310
        strongest_at = 10 ** places[np.nanargmax(levels)]
        assert abs(strongest_at / 9000 - 1) < 0.03
        assert np.nanmax(levels) > -7.5
