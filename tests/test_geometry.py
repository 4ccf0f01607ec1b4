"""Where things lie, at every zoom and pixel ratio; what follows the pointer, and the palette."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from canvas_tools import RATE, open_view, picture_with_click, shown
from picture_tools import assert_same_picture
from PyQt6.QtCore import QEvent, QPointF, Qt
from PyQt6.QtGui import QColor, QInputDevice, QNativeGestureEvent, QPalette, QPointingDevice
from PyQt6.QtWidgets import QApplication

from msviz.gui.canvas.colours import UNKNOWN_ON_DARK, UNKNOWN_ON_LIGHT, Colours
from msviz.gui.canvas.marks import snapped
from msviz.gui.canvas.overview import Overview
from msviz.gui.canvas.picture_canvas import PictureCanvas
from msviz.gui.canvas.rulers import TimeRuler
from msviz.gui.canvas.ticks import time_ticks
from msviz.gui.model.view import Box
from msviz.picture import Pyramid
from msviz.transform import OctaveTransform

AWAY_S = -1000.0  # out of every view


def check_marks_lie_at_their_times() -> None:
    """Every mark of the time ruler is one device pixel wide, in the pixel that holds its time."""
    view = open_view()
    view.playhead_s = AWAY_S
    ruler = TimeRuler(view)
    shown(ruler, 701, ruler.height())
    ratio = ruler.devicePixelRatioF()
    for start_s, stop_s in ((0, 20), (3.21, 7.9), (11.003, 11.0042)):
        view.show(Box(start_s, stop_s, 20, RATE / 2))
        drawn = ruler.grab().toImage()
        line = drawn.height() - 2
        ground = ruler.palette().color(QPalette.ColorRole.Window).rgb()
        width = int(701 * ratio)  # whole pixels
        marked = [x for x in range(width) if drawn.pixel(x, line) != ground]
        ticks = time_ticks(
            view.range.start_s,
            view.range.stop_s,
            701,
            lambda label: ruler.fontMetrics().horizontalAdvance(label) + 16,
        )
        places = [snapped(view.place(time_s) * 701, ratio) * ratio for time_s, _ in ticks]
        expected = {int(place) for place in places if 0 <= place < width}
        assert len(expected) > 10
        assert set(marked) == expected


def check_a_sine_of_one_row_is_drawn_where_a_click_finds_it() -> None:
    """A click on the loud pixel asks for the time and the frequency that made it, in every zoom."""
    transform = OctaveTransform(RATE)
    band, row = 6, 11
    hop, hz = transform.bands[band].hop, transform.bands[band].frequencies[row]
    frame = 5 * RATE // hop
    time_s = frame * hop / RATE
    view = open_view()
    view.playhead_s = AWAY_S
    canvas = PictureCanvas(view)
    canvas.set_picture(picture_with_click(transform, band, frame, row))
    shown(canvas, 401, 233)
    ratio, loud = canvas.devicePixelRatioF(), int(Colours().table[240])
    for seconds in (15, 1, 0.05):
        for octaves in (10, 3, 0.5):
            half = 2 ** (octaves / 2)
            view.show(Box(time_s - 0.3 * seconds, time_s + 0.7 * seconds, hz / half, hz * half))
            drawn = canvas.grab().toImage()
            pixels = [
                (x, y)
                for y in range(drawn.height())
                for x in range(drawn.width())
                if drawn.pixel(x, y) == loud
            ]
            assert pixels
            xs, ys = (np.array(along) for along in zip(*pixels, strict=True))
            times = [canvas.time_at(x / ratio) for x in (xs.min(), xs.max())]
            cell = max(hop, 2 * canvas.samples_per_pixel) / RATE
            assert times[0] <= time_s + cell
            assert times[1] >= time_s - cell
            pixel = canvas.samples_per_pixel / RATE
            assert times[1] - times[0] <= cell + pixel
            heard = [canvas.frequency_at(y / ratio) for y in (ys.max(), ys.min())]
            wide = 2 ** (1 / 24) * 2 ** (2 * view.span_octaves / canvas.height())
            assert hz / wide <= heard[0] <= heard[1] <= hz * wide


def test_marks_lie_at_their_times(qtbot):
    check_marks_lie_at_their_times()


def test_a_click_finds_what_is_drawn(qtbot):
    check_a_sine_of_one_row_is_drawn_where_a_click_finds_it()


@pytest.mark.parametrize("scale", ["1.25", "1.5", "2"])
def test_at_other_pixel_ratios(scale):
    program = (
        "from PyQt6.QtWidgets import QApplication; app = QApplication([]);"
        "import test_geometry; test_geometry.check_marks_lie_at_their_times();"
        "test_geometry.check_a_sine_of_one_row_is_drawn_where_a_click_finds_it();"
        f"assert app.devicePixelRatio() == {scale}"
    )
    done = subprocess.run(
        [sys.executable, "-c", program],
        env={**os.environ, "QT_SCALE_FACTOR": scale, "PYTHONPATH": str(Path(__file__).parent)},
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr


def test_only_a_part_of_the_ruler_painted_anew_looks_as_all_of_it(qtbot):
    view = open_view()
    view.show(Box(3.3, 9.1, 20, RATE / 2))
    ruler = TimeRuler(view)
    qtbot.addWidget(ruler)
    shown(ruler, 640, ruler.height())
    for time_s in (3.4, 5.0, 5.01, 7.77, 9.05):
        view.set_playhead(time_s)
        QApplication.processEvents()
        narrow = ruler.screen().grabWindow(ruler.winId()).toImage()
        ruler.update()
        QApplication.processEvents()
        assert_same_picture(narrow, ruler.screen().grabWindow(ruler.winId()).toImage())


def test_what_is_unknown_changes_with_the_palette_at_once(qtbot, qapp):
    view = open_view()
    pyramid = Pyramid(OctaveTransform(RATE).bands, RATE, view.length)
    canvas, overview = PictureCanvas(view), Overview(view)
    view.playhead_s = AWAY_S
    colours = Colours()
    for widget in (canvas, overview):
        qtbot.addWidget(widget)
        widget.set_picture(pyramid)
        widget.set_colours(colours)
        shown(widget, 200, 60)
    before = qapp.palette()
    try:
        for window, unknown in (("#1e1f23", UNKNOWN_ON_DARK), ("#f0f0f2", UNKNOWN_ON_LIGHT)) * 2:
            qapp.setPalette(QPalette(QColor(window)))
            QApplication.processEvents()
            for widget in (canvas, overview):
                assert QColor(widget.grab().toImage().pixel(150, 40)).getRgb()[:3] == unknown
    finally:
        qapp.setPalette(before)


def test_the_cursor_stays_under_a_resting_pointer_however_the_view_moves(qtbot):
    view = open_view()
    canvas = PictureCanvas(view)
    qtbot.addWidget(canvas)
    shown(canvas, 400, 200)
    qtbot.mouseMove(canvas, canvas.rect().center())
    QApplication.processEvents()
    at = QPointF(canvas.rect().center())
    view.show(Box(5, 7, 200, 2000))
    for move in (
        lambda: view.scroll(0.3, 0.0),
        lambda: view.scroll(0.0, 0.2),
        lambda: view.zoom_time(3.0, 4.0),
        lambda: view.zoom_frequency(2.0, 1000.0),
        view.back,
        lambda: view.show(Box(2, 3, 100, 900)),
    ):
        before = view.cursor
        move()
        assert view.cursor == (canvas.time_at(at.x()), canvas.frequency_at(at.y()))
        assert view.cursor != before


def test_a_pinch_leaves_what_is_between_the_fingers_there(qtbot):
    view = open_view()
    canvas = PictureCanvas(view)
    qtbot.addWidget(canvas)
    shown(canvas, 400, 200)
    device = QPointingDevice.primaryPointingDevice()
    assert device.type() != QInputDevice.DeviceType.Unknown
    at = QPointF(300, 50)
    between, span = canvas.time_at(at.x()), view.span_s
    for spread in (0.1, 0.2, -0.05):
        pinch = QNativeGestureEvent(
            Qt.NativeGestureType.ZoomNativeGesture, device, 2, at, at, at, spread, QPointF()
        )
        QApplication.sendEvent(canvas, pinch)
        assert canvas.time_at(at.x()) == pytest.approx(between)
    assert view.span_s == pytest.approx(span / np.exp(0.25))
    release = QEvent(QEvent.Type.Leave)
    QApplication.sendEvent(canvas, release)
    assert view.cursor is None
