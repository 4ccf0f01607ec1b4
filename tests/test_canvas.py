"""Canvases: what is under the hand is what is drawn, at every zoom and pixel ratio."""

from __future__ import annotations

import math
import os
import subprocess
import sys
import weakref
from pathlib import Path

import numpy as np
import pytest
from canvas_tools import LENGTH, RATE, open_view, picture_with_click, shown, silence
from PyQt6.QtGui import QColor
from PyQt6.QtWidgets import QApplication, QWidget
from waiting import LONG_S

from msviz.gui.canvas.colours import Colours
from msviz.gui.canvas.marks import EDGE, PLAYHEAD
from msviz.gui.canvas.picture_canvas import PictureCanvas
from msviz.gui.canvas.pixels import Place
from msviz.gui.canvas.rulers import TimeRuler
from msviz.gui.canvas.viewport import Viewport
from msviz.gui.model.view import Box
from msviz.picture import UNKNOWN, FrequencyAxis, Pyramid
from msviz.transform import STFT, OctaveTransform


def check_clicks_land_on_their_pixel() -> None:
    """A coefficient is drawn where its time and frequency are, and read back there."""
    colours = Colours()
    for transform, band, row in (
        (OctaveTransform(RATE), 0, 5),
        (OctaveTransform(RATE), 9, 23),
        (STFT(RATE), 0, 93),
    ):
        hop, hz = transform.bands[band].hop, transform.bands[band].frequencies[row]
        frame = 7 * RATE // hop
        time_s = frame * hop / RATE
        pyramid = picture_with_click(transform, band, frame, row)
        view = open_view()
        view.set_playhead(20.0)
        canvas = PictureCanvas(view)
        canvas.set_picture(pyramid)
        canvas.set_colours(colours)
        shown(canvas, 333, 217)
        ratio = canvas.devicePixelRatioF()
        for seconds in (20, 3, 0.2, 0.003):
            for low, high, linear in (
                (20, RATE / 2, False),
                (hz / 1.3, hz * 1.4, False),
                (hz / 1.3, hz * 1.4, True),
            ):
                canvas.set_linear(linear)
                view.show(Box(time_s - 0.4 * seconds, time_s + 0.6 * seconds, low, min(high, RATE / 2)))
                QApplication.processEvents()
                x, y = canvas.x_of(time_s), canvas.y_of(hz)
                drawn = canvas.grab().toImage()
                assert (drawn.width(), drawn.height()) == (round(333 * ratio), round(217 * ratio))
                column, line = math.floor(x * ratio), math.floor(y * ratio)
                # Zoomed out, a frame is drawn somewhere in the pooled cell that holds it.
                cell = max(hop, 2 * canvas.samples_per_pixel) / canvas.samples_per_pixel
                near = range(
                    max(0, math.floor(column - cell)), math.ceil(min(column + cell + 1, drawn.width()))
                )
                loud = [c for c in near if drawn.pixel(c, line) == colours.table[240]]
                assert loud
                if hop > 2 * canvas.samples_per_pixel:
                    assert column in loud
                at = canvas.time_at(loud[0] / ratio), canvas.frequency_at(line / ratio)
                assert canvas.level_at(*at) == 0.0
                assert canvas.x_of(at[0]) * ratio == pytest.approx(loud[0] + 0.5)
                assert canvas.y_of(at[1]) * ratio == pytest.approx(line + 0.5)


def check_the_playhead_is_crisp() -> None:
    """As many device pixels wide as the ratio says, wherever it and its canvas are."""
    window, view = QWidget(), open_view()
    canvas = PictureCanvas(view)
    canvas.setParent(window)
    window.resize(400, 100)
    for left in range(7):
        canvas.setGeometry(left, left, 333, 60)
        shown(window, 400, 100)
        for time_s in np.linspace(1, 19, 7):
            view.set_playhead(time_s)
            drawn = window.grab().toImage()
            line = round((left + 40) * window.devicePixelRatioF())
            colours = [QColor(drawn.pixel(x, line)) for x in range(drawn.width())]
            bright = [x for x, colour in enumerate(colours) if colour == PLAYHEAD]
            width = max(1, round(window.devicePixelRatioF()))
            assert bright == list(range(bright[0], bright[0] + width))
            at = (left + canvas.x_of(time_s)) * window.devicePixelRatioF()
            assert abs(bright[0] + 0.5 - at) <= 1
            edges = [*range(bright[0] - width, bright[0]), *range(bright[-1] + 1, bright[-1] + 1 + width)]
            assert all(colours[x] == EDGE for x in edges)


def test_clicks_land_on_their_pixel(qtbot):
    check_clicks_land_on_their_pixel()


def test_the_playhead_is_crisp(qtbot):
    check_the_playhead_is_crisp()


@pytest.mark.parametrize("scale", ["1.25", "1.5", "2"])
def test_geometry_at_other_pixel_ratios(scale):
    program = (
        "from PyQt6.QtWidgets import QApplication; app = QApplication([]);"
        "import test_canvas; test_canvas.check_clicks_land_on_their_pixel();"
        "test_canvas.check_the_playhead_is_crisp(); test_canvas.check_what_stands_still_is_kept();"
        f"assert app.devicePixelRatio() == {scale}"
    )
    done = subprocess.run(
        [sys.executable, "-c", program],
        env=os.environ
        | {"QT_SCALE_FACTOR": scale, "QT_QPA_PLATFORM": "offscreen", "PYTHONPATH": os.pathsep.join(sys.path)},
        cwd=Path(__file__).parent,
        capture_output=True,
        text=True,
        timeout=LONG_S,
    )
    assert done.returncode == 0, done.stderr


@pytest.mark.skipif(sys.platform != "linux", reason="names of threads are seen on Linux only")
def test_pictures_are_painted_in_one_thread():
    program = (
        "from pathlib import Path; from msviz.gui.app import application;"
        "from PyQt6.QtGui import QColor, QImage, QPainter;"
        "app = application(); image = QImage(1000, 1000, QImage.Format.Format_RGB32);"
        "painter = QPainter(image); painter.fillRect(image.rect(), QColor(1, 2, 3, 100)); painter.end();"
        "print(*(task.read_text() for task in Path('/proc/self/task').glob('*/comm')))"
    )
    done = subprocess.run(
        [sys.executable, "-c", program],
        env=os.environ | {"QT_QPA_PLATFORM": "offscreen"},
        capture_output=True,
        text=True,
        timeout=LONG_S,
    )
    assert "python" in done.stdout
    assert "pooled" not in done.stdout


def test_the_last_picture_is_seen_where_the_next_is_not_known_yet(qtbot):
    def plain(code: int, transform, tiles: int) -> Pyramid:
        pyramid = Pyramid(transform.bands, RATE, LENGTH)
        for tile in range(tiles):
            put(pyramid, tile, code)
        return pyramid

    def put(pyramid: Pyramid, tile: int, code: int) -> None:
        pyramid.put(tile, [np.full_like(codes, code) for codes in silence(pyramid, tile)])

    viewport = Viewport()
    place = Place(FrequencyAxis(30.0, 15000.0), 0, LENGTH, 300, 100)
    last = plain(200, OctaveTransform(RATE), 4)
    viewport.show(last)
    coming = plain(100, OctaveTransform(RATE, resolution=5.0), 1)
    viewport.show(coming, over=True)
    known = int(300 * coming.tile_length / LENGTH)
    assert set(viewport.pixels(place).codes[:, : known - 1].flat) == {100}
    assert set(viewport.pixels(place).codes[:, known + 1 :].flat) == {200}
    assert viewport.code(place.columns(10, 11), 50) == 100
    assert viewport.code(place.columns(250, 251), 50) == UNKNOWN  # it will be something else
    later = plain(50, OctaveTransform(RATE, resolution=6.0), 1)  # before the one before is whole
    viewport.show(later, over=True)
    assert set(viewport.pixels(place).codes[:, : known - 1].flat) == {50}
    assert set(viewport.pixels(place).codes[:, known + 1 :].flat) == {200}
    for tile in range(1, later.tiles):
        put(later, tile, 50)
    viewport.forget()
    assert set(viewport.pixels(place).codes.flat) == {50}
    held = weakref.ref(last)
    del last
    qtbot.waitUntil(lambda: held() is None)
    viewport.show(coming, over=True)
    viewport.uncover()
    assert set(viewport.pixels(place).codes[:, known + 1 :].flat) == {UNKNOWN}


def check_what_stands_still_is_kept() -> None:
    """A playhead that moves draws nothing else again, and leaves what is there as it would be drawn."""
    window, view = QWidget(), open_view()
    canvas, ruler = PictureCanvas(view, "Octaves"), TimeRuler(view)
    canvas.set_picture(picture_with_click(OctaveTransform(RATE), 9, 1000, 3))
    for widget, box in ((canvas, (7, 31, 333, 217)), (ruler, (7, 3, 333, 28))):
        widget.setParent(window)
        widget.setGeometry(*box)
    drawn = []
    for widget, draw in ((canvas, "_draw_picture"), (ruler, "_draw_ticks")):
        before = getattr(widget, draw)
        setattr(widget, draw, lambda painter, before=before: (drawn.append(before), before(painter)))
    view.show(Box(0.1, 0.9, 3000, 20000))
    shown(window, 360, 260)
    for time_s in (0.3, 0.31, 0.7, 0.5):
        view.set_playhead(time_s)
        QApplication.processEvents()
    drawn.clear()
    view.set_playhead(0.6)
    QApplication.processEvents()
    assert not drawn
    kept = window.grab().toImage()
    assert not drawn
    for widget in (canvas, ruler):
        widget.update()
    drawn_again = window.grab().toImage()
    places = [(x, y) for x in range(kept.width()) for y in range(kept.height())]
    # At odd ratios an edge of a letter may be rounded otherwise.
    assert sum(kept.pixel(*place) != drawn_again.pixel(*place) for place in places) <= 5
    assert len(drawn) == 2
    canvas.set_colours(Colours("viridis"))
    assert window.grab().toImage() != kept


def test_what_stands_still_is_kept(qtbot):
    check_what_stands_still_is_kept()


@pytest.mark.parametrize("smooth", [False, True])
@pytest.mark.parametrize("seconds", [25.0, 3.0, 0.1])
def test_a_picture_that_is_moved_by_pixels_is_as_one_drawn_anew(smooth, seconds):
    random = np.random.default_rng(2)
    pyramid = Pyramid(OctaveTransform(RATE).bands, RATE, LENGTH)
    for tile in range(pyramid.tiles):
        noise = [random.integers(1, 255, codes.shape, np.uint8) for codes in silence(pyramid, tile)]
        pyramid.put(tile, noise)
    moved = Viewport()
    moved.show(pyramid)
    moved.smooth = smooth
    axis, width = FrequencyAxis(20.0, RATE / 2), 300
    span = round(seconds * RATE / width) * width + width / 2**10  # edges that sums hit exactly
    start = LENGTH / 2 - span / 2
    per_column = span / width
    for by in (0, 1, -1, 40, -290, 299, 301, 17, 600, -1500):
        start += by * per_column
        place = Place(axis, start, start + span, width, 120)
        anew = Viewport()
        anew.show(pyramid)
        anew.smooth = smooth
        assert (moved.pixels(place).codes == anew.pixels(place).codes).all()
