"""A picture that is not finished never differs from the finished one but by being dimmed and coarser."""

from __future__ import annotations

import numpy as np
import pytest
from canvas_tools import shown
from PyQt6.QtGui import QImage

from msviz.gui.canvas.colours import Colours, on_light
from msviz.gui.canvas.curtain import CurtainCanvas
from msviz.gui.canvas.overview import Overview
from msviz.gui.canvas.picture_canvas import PictureCanvas
from msviz.gui.canvas.waveform import ON_DARK, ON_LIGHT, Waveform
from msviz.gui.model.view import Box, View
from msviz.gui.panels.spectrum import spectrum
from msviz.gui.work.analysis import Picture, tile_levels
from msviz.picture import UNKNOWN, mean_power, peak
from msviz.signal import Signal
from msviz.transform import STFT, OctaveTransform

RATE = 8000
SECONDS = 70.0
LOWEST_HZ = OctaveTransform(RATE).octaves[0].low
PLACES = [(0.0, SECONDS), (0.0, 30.0), (11.0, 19.0), (12.1, 12.6), (33.3, 33.35)]


@pytest.fixture(scope="module")
def sound() -> Signal:
    """Tones that come and go, noise and clicks: each tile is something else than its neighbours."""
    random = np.random.default_rng(5)
    t = np.arange(round(SECONDS * RATE)) / RATE
    samples = 0.4 * np.sin(2 * np.pi * (200 + 20 * t) * t) * (np.sin(t) > 0)
    samples += 0.3 * random.standard_normal(len(t)) * (np.cos(0.7 * t) > 0.5)
    samples[:: RATE * 3] = 1.0
    return Signal(samples[None].astype(np.float32), RATE)


def view_of(sound: Signal) -> View:
    view = View()
    view.open(RATE, sound.length, LOWEST_HZ, RATE / 2)
    view.playhead_s = -1e6  # out of sight
    return view


def pictures_of(sound: Signal, **options) -> list[Picture]:
    return [Picture.of(transform, sound, **options) for transform in (OctaveTransform(RATE), STFT(RATE))]


def pixels(widget) -> np.ndarray:
    """What it draws; of an overview without the box over it."""
    image = widget._picture() if isinstance(widget, Overview) else widget.grab().toImage()
    image = image.convertToFormat(QImage.Format.Format_RGB32)
    memory = np.asarray(image.constBits().asarray(image.sizeInBytes())).view(np.uint32)
    return memory.reshape(image.height(), image.width()).copy()


def luminance(colours: np.ndarray) -> np.ndarray:
    return 0.2126 * (colours >> 16 & 255) + 0.7152 * (colours >> 8 & 255) + 0.0722 * (colours & 255)


def assert_draft_of(drawn: np.ndarray, finished: np.ndarray, colours: Colours) -> None:
    """Every pixel is that of the finished picture, or dimmed and no brighter, or calm."""
    same = drawn == finished
    calm = drawn == colours.table[UNKNOWN]
    dimmed = np.isin(drawn, colours.dimmed) & (luminance(drawn) <= luminance(finished) + 1)
    assert (same | calm | dimmed).all()


@pytest.fixture(params=["octaves", "STFT", "curtain", "overview"])
def make_canvas(request, qtbot, sound):
    """Makes a canvas without what lies over the picture."""

    def make(pictures: list[Picture], view: View):
        pyramids = [picture.pyramid for picture in pictures]
        if request.param == "overview":
            canvas = Overview(view)
            canvas.setFixedHeight(60)
        else:
            canvas = (CurtainCanvas if request.param == "curtain" else PictureCanvas)(view)
            canvas.edges_shown = False
        if request.param == "curtain":
            canvas.set_other(pyramids[1])
            canvas._draw_edge = lambda *_: None
        canvas.set_picture(pyramids[request.param == "STFT"])
        qtbot.addWidget(canvas)
        shown(canvas, 300, 120)
        return canvas

    return make


def refreshed(canvas) -> np.ndarray:
    (canvas._redraw if isinstance(canvas, Overview) else canvas.redraw)()
    return pixels(canvas)


@pytest.mark.parametrize("seed", range(3))
def test_tile_by_tile_every_pixel_is_final_or_dimmed(make_canvas, sound, seed):
    random = np.random.default_rng(seed)
    pool = [peak, mean_power][seed % 2]
    finished, coming = pictures_of(sound, pool=pool), pictures_of(sound, pool=pool)
    tiles = [(n, tile) for n, picture in enumerate(finished) for tile in range(picture.pyramid.tiles)]
    levels = {(n, tile): tile_levels(finished[n], sound, tile) for n, tile in tiles}
    for n, tile in tiles:
        finished[n].pyramid.put(tile, levels[n, tile])
    view = view_of(sound)
    whole, partial = make_canvas(finished, view), make_canvas(coming, view)
    colours = Colours()
    order = [tiles[n] for n in random.permutation(len(tiles))]
    for number, place in enumerate([None, *order]):
        if place:
            coming[place[0]].pyramid.put(place[1], levels[place])
        start_s, stop_s = PLACES[number % len(PLACES)]
        view.show(Box(start_s, stop_s, *view.full[2:]))
        assert_draft_of(refreshed(partial), refreshed(whole), colours)
    for start_s, stop_s in PLACES:
        view.show(Box(start_s, stop_s, *view.full[2:]))
        assert np.array_equal(refreshed(partial), refreshed(whole))


@pytest.mark.parametrize("smooth", [False, True])
def test_what_is_read_out_is_what_stays(qtbot, sound, smooth):
    finished, coming = pictures_of(sound), pictures_of(sound)
    view = view_of(sound)
    view.show(Box(0, SECONDS, *view.full[2:]))
    for whole, partial in zip(finished, coming, strict=True):
        canvases = []
        for picture in (whole, partial):
            canvas = PictureCanvas(view)
            canvas.set_picture(picture.pyramid)
            canvas.set_smooth(smooth)
            qtbot.addWidget(canvas)
            shown(canvas, 300, 120)
            canvases.append(canvas)
        levels = [tile_levels(whole, sound, tile) for tile in range(whole.pyramid.tiles)]
        for tile, codes in enumerate(levels):
            whole.pyramid.put(tile, codes)
        for tile in (4, 1, 6, 0, 5, 3, 2, *range(7, len(levels))):
            for time_s in np.linspace(0.3, SECONDS - 0.3, 41):
                for hz in (50.0, 700.0, 3000.0):
                    level = canvases[1].level_at(time_s, hz)
                    assert level is None or level == canvases[0].level_at(time_s, hz)
                hz, drawn = spectrum(partial, time_s * RATE)
                known = ~np.isnan(drawn)
                assert known.all() or not known.any()
                assert np.array_equal(drawn[known], spectrum(whole, time_s * RATE)[1][known])
            partial.pyramid.put(tile, levels[tile])
        assert canvases[1].level_at(35.0, 700.0) is not None


def test_before_anything_is_analysed_nothing_is_read_out_and_nothing_is_bright(qtbot, sound):
    view = view_of(sound)
    for picture in pictures_of(sound):
        canvas = PictureCanvas(view)
        canvas.edges_shown = False
        canvas.set_picture(picture.pyramid)
        qtbot.addWidget(canvas)
        shown(canvas, 300, 120)
        picture.pyramid.put(3, tile_levels(picture, sound, 3))
        canvas.redraw()
        far = pixels(canvas)[:, 200:]
        assert (far == Colours().table[UNKNOWN]).all()
        assert canvas.level_at(SECONDS - 5, 700.0) is None
        assert np.isnan(spectrum(picture, (SECONDS - 5) * RATE)[1]).all()


def test_coarser_cells_that_stand_for_fine_ones_are_dimmed(qtbot, sound):
    picture = pictures_of(sound, budget=1 << 19)[0]
    pyramid = picture.pyramid
    view = view_of(sound)
    canvas = PictureCanvas(view)
    canvas.edges_shown = False
    canvas.set_picture(pyramid)
    qtbot.addWidget(canvas)
    shown(canvas, 300, 120)
    pyramid.look(0, 1, 1)  # what is far from there is stored in coarse cells alone
    for tile in range(pyramid.tiles):
        pyramid.put(tile, tile_levels(picture, sound, tile))
    view.show(Box(51.0, 51.2, *view.full[2:]))
    pyramid.look(51.0 * RATE, 51.2 * RATE, 0.2 * RATE / 300)
    canvas.redraw()
    assert not pyramid.sharp
    colours = Colours()
    drawn = pixels(canvas)
    assert np.isin(drawn, colours.dimmed).all()
    assert canvas.level_at(51.1, 700.0) is None
    for tile in pyramid.missing():
        pyramid.put(tile, tile_levels(picture, sound, tile))
    canvas.redraw()
    assert luminance(pixels(canvas)).max() > luminance(colours.dimmed[1:]).max()
    assert canvas.level_at(51.1, 700.0) is not None


def test_the_last_picture_is_dimmed_under_the_next(qtbot, sound):
    last, coming = pictures_of(sound)[0], pictures_of(sound)[0]
    view = view_of(sound)
    canvas = PictureCanvas(view)
    canvas.edges_shown = False
    canvas.set_picture(last.pyramid)
    qtbot.addWidget(canvas)
    shown(canvas, 300, 120)
    for tile in range(last.pyramid.tiles):
        last.pyramid.put(tile, tile_levels(last, sound, tile))
    coming.pyramid.put(0, tile_levels(coming, sound, 0))
    canvas.set_picture(coming.pyramid, over=True)
    colours, drawn = Colours(), pixels(canvas)
    assert np.isin(drawn[:, 100:], colours.dimmed).all()
    assert not (drawn[:, 100:] == colours.table[UNKNOWN]).any()
    assert canvas.level_at(SECONDS - 5, 700.0) is None


@pytest.mark.parametrize("seed", range(2))
def test_the_waveform_shows_what_is_final_or_nothing(qtbot, sound, seed):
    random, view = np.random.default_rng(seed), view_of(sound)
    whole, partial = Waveform(view), Waveform(view)
    for waveform in (whole, partial):
        qtbot.addWidget(waveform)
        shown(waveform, 300, 80)
    samples, piece = 0.4 * sound.read(0, sound.length), 1 << 15  # not clipped, which a legend would say
    whole.put(0, samples)
    starts = random.permutation(np.arange(0, sound.length, piece)).tolist()
    for number, start in enumerate([None, *starts]):
        if start is not None:
            partial.put(start, samples[:, start : start + piece])
        start_s, stop_s = PLACES[number % 2]  # from near, samples are drawn
        view.show(Box(start_s, stop_s, *view.full[2:]))
        for waveform in (whole, partial):
            waveform._redraw()
        drawn, finished = pixels(partial), pixels(whole)
        assert ((drawn == finished) | (drawn == Colours().table[UNKNOWN])).all()
        assert len(starts) - number > 1 or (drawn != Colours().table[UNKNOWN]).any()
    assert np.array_equal(drawn, finished)


def test_from_near_the_waveform_is_dimmed_until_its_samples_are_there(qtbot, sound):
    view = view_of(sound)
    waveform = Waveform(view)
    qtbot.addWidget(waveform)
    shown(waveform, 300, 80)
    waveform.put(0, sound.read(0, sound.length))
    asked = []
    waveform.samples_wanted.connect(lambda *wanted: asked.append(wanted))
    view.show(Box(12.0, 13.0, *view.full[2:]))
    waveform._redraw()
    bright = [0xFF000000 | (ON_LIGHT if on_light(waveform.palette()) else ON_DARK).wave]
    assert not np.isin(pixels(waveform), bright).any()
    start, stop = asked[-1]
    waveform.set_samples(start, sound.read(start, stop))
    assert np.isin(pixels(waveform), bright).any()
