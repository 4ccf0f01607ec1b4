"""The mouse on a canvas and its rulers: wheels, touch pads, drags, clicks."""

from __future__ import annotations

import math

import numpy as np
import pytest
from canvas_tools import RATE, drag, mouse, open_view, picture_with_click, shown, wheel
from PyQt6.QtCore import QEvent, QPoint, QPointF, Qt
from PyQt6.QtGui import QNativeGestureEvent, QPointingDevice
from PyQt6.QtWidgets import QApplication

from msviz.gui.canvas.picture_canvas import PictureCanvas
from msviz.gui.canvas.rulers import FrequencyRuler, TimeRuler
from msviz.gui.canvas.waveform import Waveform
from msviz.gui.model.view import Box, View
from msviz.transform import OctaveTransform

HELD = Qt.KeyboardModifier
SHAPE = Qt.CursorShape
CTRL_SHIFT = HELD.ControlModifier | HELD.ShiftModifier


@pytest.fixture
def canvas(qtbot) -> PictureCanvas:
    canvas = PictureCanvas(open_view(), "Octaves")
    qtbot.addWidget(canvas)
    canvas.set_picture(picture_with_click(OctaveTransform(RATE), 9, 1000, 3))
    shown(canvas, 800, 400)
    return canvas


@pytest.fixture
def view(canvas) -> View:
    return canvas._view


class TestMouse:
    def test_ctrl_wheel_zooms_time_about_the_pointer(self, canvas, view):
        before = canvas.time_at(300)
        wheel(canvas, 300, 100, QPoint(0, 240), Qt.KeyboardModifier.ControlModifier)
        assert view.span_s == pytest.approx(20 / 2 ** (2 / 3))
        assert canvas.time_at(300) == pytest.approx(before)

    @pytest.mark.parametrize("held", [HELD.AltModifier, CTRL_SHIFT])  # some window managers take Alt
    @pytest.mark.parametrize("turn", [QPoint(0, 240), QPoint(240, 0)])  # X11 turns the wheel's axis with Alt
    def test_alt_wheel_zooms_frequency_about_the_pointer(self, canvas, view, turn, held):
        before, times = canvas.frequency_at(100), view.range[:2]
        wheel(canvas, 300, 100, turn, held)
        assert view.range.high_hz / view.range.low_hz < 500
        assert canvas.frequency_at(100) == pytest.approx(before)
        assert view.range[:2] == times

    def test_wheels_scroll(self, canvas, view):
        view.show(Box(5, 10, 100, 1000))
        wheel(canvas, 300, 100, QPoint(0, 120))
        assert view.range.low_hz > 100
        wheel(canvas, 300, 100, QPoint(0, -120), Qt.KeyboardModifier.ShiftModifier)
        assert view.range.start_s == pytest.approx(5.5)
        wheel(canvas, 300, 100, QPoint(120, 0))
        assert view.range.start_s == pytest.approx(5)
        assert view.span_s == pytest.approx(5)

    def test_fingers_scroll_both_ways_by_pixels_at_once(self, canvas, view, monkeypatch):
        monkeypatch.setattr(View, "glide", True)
        view.show(Box(5, 10, 100, 1000))
        held = canvas.time_at(300), canvas.frequency_at(100)
        wheel(canvas, 300, 100, QPoint(17 * 8, -5 * 8), pixels=QPoint(17, -5))
        assert not view.gliding
        assert (canvas.time_at(317), canvas.frequency_at(95)) == pytest.approx(held)

    def test_a_pinch_zooms_time_about_the_fingers(self, canvas, view):
        before = canvas.time_at(300)
        event = QNativeGestureEvent(
            Qt.NativeGestureType.ZoomNativeGesture,
            QPointingDevice.primaryPointingDevice(),
            2,
            QPointF(300, 100),
            QPointF(300, 100),
            QPointF(300, 100),
            math.log(2),
            QPointF(),
        )
        QApplication.sendEvent(canvas, event)
        assert view.span_s == pytest.approx(10)
        assert canvas.time_at(300) == pytest.approx(before)

    def test_on_a_linear_axis_hands_are_as_true(self, canvas, view):
        canvas.set_linear(True)
        view.show(Box(5, 10, 1000, 9000))
        before = canvas.frequency_at(100)
        wheel(canvas, 300, 100, QPoint(0, 240), Qt.KeyboardModifier.AltModifier)
        assert canvas.frequency_at(100) == pytest.approx(before)
        drag(canvas, (300, 100), (300, 130), Qt.MouseButton.MiddleButton)
        assert canvas.frequency_at(130) == pytest.approx(before)
        drag(canvas, (100, 200), (300, 300))
        assert (canvas.y_of(view.selection.high_hz), canvas.y_of(view.selection.low_hz)) == pytest.approx(
            (200, 300)
        )

    def test_a_press_where_one_just_clicked_selects(self, canvas, view):
        view.set_playhead(view.time_at(0.5))
        drag(canvas, (401, 50), (500, 250))
        assert canvas.x_of(view.selection.start_s) == pytest.approx(401)
        assert canvas.x_of(view.selection.stop_s) == pytest.approx(500)

    def test_what_is_under_a_still_pointer_follows_the_view(self, canvas, view):
        mouse(canvas, QEvent.Type.MouseMove, 100, 50, Qt.MouseButton.NoButton)
        view.show(Box(5, 10, 100, 1000))
        assert view.cursor == (canvas.time_at(100), canvas.frequency_at(50))

    def test_middle_drag_pans_with_the_hand(self, canvas, view):
        view.show(Box(5, 10, 100, 1000))
        held = canvas.time_at(300), canvas.frequency_at(100)
        drag(canvas, (300, 100), (360, 130), Qt.MouseButton.MiddleButton)
        assert (canvas.time_at(360), canvas.frequency_at(130)) == pytest.approx(held)

    def test_a_click_asks_for_its_time(self, canvas, qtbot):
        with qtbot.waitSignal(canvas.seek_requested) as asked:
            qtbot.mouseClick(canvas, Qt.MouseButton.LeftButton, pos=QPoint(123, 50))
        assert asked.args == [pytest.approx(123.5 / 800 * 20)]

    def test_a_drag_selects_a_box_and_escape_clears_it(self, canvas, view, qtbot):
        with qtbot.assertNotEmitted(canvas.seek_requested):
            drag(canvas, (300, 300), (200, 100))
        box = view.selection
        assert (canvas.x_of(box.start_s), canvas.x_of(box.stop_s)) == pytest.approx((200, 300))
        assert (canvas.y_of(box.high_hz), canvas.y_of(box.low_hz)) == pytest.approx((100, 300))
        qtbot.keyClick(canvas, Qt.Key.Key_Escape)
        assert view.selection is None

    def test_a_level_drag_selects_all_frequencies(self, canvas, view):
        drag(canvas, (200, 100), (300, 101))
        assert view.selection[2:] == pytest.approx(view.range[2:])

    @pytest.mark.parametrize("to_y", [100, 104])
    def test_a_level_drag_selects_time_at_all_frequencies(self, canvas, view, to_y):
        view.show(Box(5, 10, 100, 1000))
        drag(canvas, (200, 100), (300, to_y))
        assert view.selection == pytest.approx((6.25, 6.875, *view.full[2:]))

    @pytest.mark.parametrize("to_x", [200, 204])
    def test_an_upright_drag_selects_frequencies_over_the_whole_view(self, canvas, view, to_x):
        view.show(Box(5, 10, 100, 1600))
        drag(canvas, (200, 100), (to_x, 200))
        assert view.selection == pytest.approx((5, 10, 400, 800))

    def test_level_and_upright_drags_with_shift_zoom_one_axis(self, canvas, view):
        view.show(Box(5, 10, 100, 1600))
        drag(canvas, (200, 100), (300, 100), held=HELD.ShiftModifier)
        assert view.range == pytest.approx((6.25, 6.875, 100, 1600))
        drag(canvas, (200, 100), (200, 200), held=HELD.ShiftModifier)
        assert view.range == pytest.approx((6.25, 6.875, 400, 800))

    def test_a_selection_ends_with_the_file(self, canvas, view):
        view.show(Box(0.0, 19.9, 100, 1000))
        view.pan(5.0)
        drag(canvas, (400, 300), (900, 100))
        assert view.selection.stop_s == 20.0

    def test_a_double_click_clears(self, canvas, view, qtbot):
        view.select(Box(1, 2, 100, 200))
        qtbot.mouseDClick(canvas, Qt.MouseButton.LeftButton, pos=QPoint(100, 100))
        assert view.selection is None

    def test_a_double_click_does_not_select_an_edited_box_again(self, canvas, view):
        canvas.seek_requested.connect(lambda time_s: view.select(Box(1, 2, 100, 200)))
        press, release = QEvent.Type.MouseButtonPress, QEvent.Type.MouseButtonRelease
        for kind in (press, release, QEvent.Type.MouseButtonDblClick, release):
            mouse(canvas, kind, 100, 100, Qt.MouseButton.LeftButton)
        assert view.selection is None

    def test_a_drag_right_after_a_click_selects(self, canvas, view):
        view.select(Box(1, 2, 100, 200))
        for kind in (QEvent.Type.MouseButtonPress, QEvent.Type.MouseButtonRelease):
            mouse(canvas, kind, 200, 100, Qt.MouseButton.LeftButton)
        mouse(canvas, QEvent.Type.MouseButtonDblClick, 200, 100, Qt.MouseButton.LeftButton)
        mouse(canvas, QEvent.Type.MouseMove, 300, 200, Qt.MouseButton.LeftButton)
        mouse(canvas, QEvent.Type.MouseButtonRelease, 300, 200, Qt.MouseButton.LeftButton)
        assert view.selection == pytest.approx((5, 7.5, canvas._edge_hz(200), canvas._edge_hz(100)))

    def test_a_drag_right_after_a_middle_click_pans(self, canvas, view):
        view.show(Box(5, 10, 100, 1000))
        view.select(Box(6, 7, 200, 300))
        mouse(canvas, QEvent.Type.MouseButtonDblClick, 200, 100, Qt.MouseButton.MiddleButton)
        mouse(canvas, QEvent.Type.MouseMove, 280, 100, Qt.MouseButton.MiddleButton)
        assert view.range.start_s == pytest.approx(4.5)
        assert view.selection == Box(6, 7, 200, 300)

    def test_a_drag_ends_if_something_else_gets_the_release(self, canvas, view):
        mouse(canvas, QEvent.Type.MouseButtonPress, 200, 100, Qt.MouseButton.LeftButton)
        mouse(canvas, QEvent.Type.MouseMove, 300, 200, Qt.MouseButton.LeftButton)
        assert view.dragged
        mouse(canvas, QEvent.Type.MouseMove, 400, 300, Qt.MouseButton.NoButton)
        assert view.dragged is None
        mouse(canvas, QEvent.Type.MouseMove, 500, 300, Qt.MouseButton.NoButton)
        assert view.dragged is None
        assert view.selection is None

    def test_a_pan_ends_if_something_else_gets_the_release(self, canvas, view):
        view.show(Box(5, 10, 100, 1000))
        mouse(canvas, QEvent.Type.MouseButtonPress, 200, 100, Qt.MouseButton.MiddleButton)
        mouse(canvas, QEvent.Type.MouseMove, 400, 100, Qt.MouseButton.NoButton)
        assert view.range.start_s == 5

    def test_a_drag_ends_with_its_track(self, canvas, view):
        mouse(canvas, QEvent.Type.MouseButtonPress, 200, 100, Qt.MouseButton.LeftButton)
        mouse(canvas, QEvent.Type.MouseMove, 300, 200, Qt.MouseButton.LeftButton)
        view.open(RATE, 5 * RATE, 20.0, RATE / 2)
        mouse(canvas, QEvent.Type.MouseMove, 400, 300, Qt.MouseButton.LeftButton)
        mouse(canvas, QEvent.Type.MouseButtonRelease, 400, 300, Qt.MouseButton.LeftButton)
        assert view.dragged is None
        assert view.selection is None

    def test_scrubbing_ends_if_something_else_gets_the_release(self, view, qtbot):
        ruler = TimeRuler(view)
        qtbot.addWidget(ruler)
        shown(ruler, 800, 24)
        mouse(ruler, QEvent.Type.MouseButtonPress, 200, 10, Qt.MouseButton.LeftButton)
        mouse(ruler, QEvent.Type.MouseMove, 300, 10, Qt.MouseButton.LeftButton)
        with qtbot.waitSignal(ruler.scrub_ended):
            mouse(ruler, QEvent.Type.MouseMove, 400, 10, Qt.MouseButton.NoButton)

    def test_shift_drag_zooms_to_a_box(self, canvas, view):
        wanted = view.time_at(200 / 800), view.time_at(300 / 800)
        drag(canvas, (200, 100), (300, 300), held=Qt.KeyboardModifier.ShiftModifier)
        assert view.range[:2] == pytest.approx(wanted)
        assert view.selection is None

    def test_the_pointer_is_the_cursor(self, canvas, view, qtbot):
        mouse(canvas, QEvent.Type.MouseMove, 100, 50, Qt.MouseButton.NoButton)
        assert view.cursor == (canvas.time_at(100), canvas.frequency_at(50))
        QApplication.sendEvent(canvas, QEvent(QEvent.Type.Leave))
        assert view.cursor is None

    def test_rulers_zoom_their_axis(self, view, qtbot):
        time, frequency = TimeRuler(view), FrequencyRuler(view)
        for ruler in (time, frequency):
            qtbot.addWidget(ruler)
        shown(time, 800, time.height())
        shown(frequency, frequency.width(), 400)
        before, hz = view.time_at(0.25), float(view.axis.frequency(0.75))
        wheel(time, 200, 5, QPoint(0, 120))
        wheel(frequency, 5, 100, QPoint(0, 120))
        assert view.place(before) == pytest.approx(0.25)
        assert view.axis.position(hz) == pytest.approx(0.75)
        assert view.span_s < 20
        assert view.range.low_hz > 20

    def test_a_drag_on_the_time_ruler_asks_for_times_within_the_file(self, view, qtbot):
        ruler, asked = TimeRuler(view), []
        qtbot.addWidget(ruler)
        shown(ruler, 800, ruler.height())
        ruler.seek_requested.connect(asked.append)
        ruler.scrubbed.connect(asked.append)
        ruler.scrub_ended.connect(lambda: asked.append("ended"))
        drag(ruler, (400, 5), (900, 5))
        assert asked == [10, 16.25, 20, "ended"]


@pytest.fixture
def waveform(qtbot, view) -> Waveform:
    waveform = Waveform(view)
    qtbot.addWidget(waveform)
    shown(waveform, 800, 72)
    return waveform


def hover(widget, x, y, held=HELD.NoModifier):
    mouse(widget, QEvent.Type.MouseMove, x, y, Qt.MouseButton.NoButton, held)
    return widget.cursor().shape()


class TestSelection:
    """A view of 5 octaves in 400 pixels and 8 seconds in 800, with a box in it."""

    @pytest.fixture(autouse=True)
    def selected(self, view):
        view.show(Box(4, 12, 100, 3200))
        view.select(Box(6, 8, 200, 1600))  # from 200 to 400 across, from 80 down to 320

    @pytest.mark.parametrize(
        ("at", "to", "shape", "box"),
        [
            ((200, 200), (250, 200), SHAPE.SizeHorCursor, (6.5, 8, 200, 1600)),
            ((403, 200), (453, 200), SHAPE.SizeHorCursor, (6, 8.5, 200, 1600)),
            ((300, 80), (300, 160), SHAPE.SizeVerCursor, (6, 8, 200, 800)),
            ((300, 318), (300, 238), SHAPE.SizeVerCursor, (6, 8, 400, 1600)),
            ((200, 80), (100, 160), SHAPE.SizeFDiagCursor, (5, 8, 200, 800)),
            ((400, 320), (500, 240), SHAPE.SizeFDiagCursor, (6, 9, 400, 1600)),
            ((400, 80), (500, 160), SHAPE.SizeBDiagCursor, (6, 9, 200, 800)),
            ((200, 320), (500, 320), SHAPE.SizeBDiagCursor, (8, 9, 200, 1600)),  # past the other edge
        ],
    )
    def test_edges_and_corners_drag(self, canvas, view, at, to, shape, box):
        assert hover(canvas, *at) == shape
        drag(canvas, at, to)
        assert view.selection == pytest.approx(box)

    def test_on_the_waveform_only_times_drag(self, waveform, view):
        assert hover(waveform, 398, 1) == SHAPE.SizeHorCursor
        drag(waveform, (400, 1), (500, 40))
        assert view.selection == pytest.approx((6, 9, 200, 1600))
        assert hover(waveform, 300, 1) == SHAPE.CrossCursor

    def test_a_drag_inside_selects_anew(self, canvas, view):
        assert hover(canvas, 300, 200) == SHAPE.CrossCursor
        drag(canvas, (250, 160), (350, 240))
        assert view.selection == pytest.approx((6.5, 7.5, 400, 800))

    def test_with_ctrl_it_moves_whole_and_stops_at_the_ends(self, canvas, waveform, view):
        assert hover(canvas, 300, 200, HELD.ControlModifier) == SHAPE.SizeAllCursor
        drag(canvas, (300, 200), (350, 280), held=HELD.ControlModifier)
        assert view.selection == pytest.approx((6.5, 8.5, 100, 800))
        drag(waveform, (300, 20), (200, 40), held=HELD.ControlModifier)
        assert view.selection == pytest.approx((5.5, 7.5, 100, 800))
        view.show(Box(4, 12, 20, 640))
        drag(canvas, (200, 200), (200, 400), held=HELD.ControlModifier)
        assert view.selection == pytest.approx((5.5, 7.5, 20, 160))

    def test_shift_click_extends_and_without_a_selection_begins_at_the_playhead(self, canvas, waveform, view):
        drag(canvas, (600, 40), (600, 40), held=HELD.ShiftModifier)
        assert view.selection == pytest.approx((6, 10, 200, 2262.74), rel=1e-4)
        drag(waveform, (100, 40), (100, 40), held=HELD.ShiftModifier)
        assert view.selection == pytest.approx((5, 10, 200, 2262.74), rel=1e-4)
        view.select(None)
        view.set_playhead(7.0)
        drag(waveform, (100, 40), (100, 40), held=HELD.ShiftModifier)
        assert view.selection == pytest.approx((5, 7, *view.full[2:]))

    def test_escape_while_it_drags_brings_back_what_was_selected(self, canvas, view, qtbot):
        mouse(canvas, QEvent.Type.MouseButtonPress, 300, 200, Qt.MouseButton.LeftButton)
        mouse(canvas, QEvent.Type.MouseMove, 500, 100, Qt.MouseButton.LeftButton)
        assert view.dragged == pytest.approx((7, 9, 3200 / 2**2.5, 3200 / 2**1.25))
        assert view.selection == (6, 8, 200, 1600)  # until the button is released
        qtbot.keyClick(canvas, Qt.Key.Key_Escape)
        assert view.selection == (6, 8, 200, 1600)
        mouse(canvas, QEvent.Type.MouseMove, 600, 100, Qt.MouseButton.LeftButton)
        mouse(canvas, QEvent.Type.MouseButtonRelease, 600, 100, Qt.MouseButton.LeftButton)
        assert view.selection == (6, 8, 200, 1600)

    def test_a_click_on_an_edge_goes_there_though_the_hand_trembles(self, canvas, view, qtbot):
        with qtbot.waitSignal(canvas.seek_requested) as asked:
            drag(canvas, (400, 200), (401, 201))
        assert asked.args == [pytest.approx(8, abs=0.01)]
        assert view.selection == (6, 8, 200, 1600)

    def test_moving_marks_costs_no_picture(self, canvas, view, monkeypatch, qtbot):
        canvas.grab()
        canvas.grab()  # from the second time on it is kept
        monkeypatch.setattr(canvas, "_draw_picture", lambda painter: pytest.fail("drawn again"))
        view.select(Box(7, 9, 200, 1600))
        view.set_cursor((5.0, 440.0))
        view.toggle_pin()
        canvas.grab()


class TestSnapping:
    def test_edges_and_crosshair_snap_to_a_spectral_peak(self, canvas, view):
        band = canvas.picture.bands[9]
        peak, time_s = float(band.frequencies[3]), 1000 * band.hop / RATE
        view.show(Box(time_s - 0.01, time_s + 0.01, peak / 2, 2 * peak))
        x, y = canvas.x_of(time_s), canvas.y_of(peak) - 9
        view.set_snapping(True)
        hover(canvas, x, y)
        assert view.cursor[1] == peak
        drag(canvas, (x - 300, 350), (x, y))
        assert view.selection.high_hz == peak
        assert view.selection.low_hz == pytest.approx(canvas.axis.frequency(1 - 350 / 400))
        view.set_snapping(False)  # as the key is let go of
        assert view.cursor[1] != peak

    def test_times_snap_to_where_the_waveform_rises_through_zero(self, canvas, waveform, view):
        start, hz = 5 * RATE, 1000
        times = (start + np.arange(RATE // 10)) / RATE
        waveform.open()
        waveform.set_samples(start, np.sin(2 * np.pi * hz * (times - 0.0002))[None])
        canvas.find_crossing = waveform.crossing_near
        view.show(Box(5.01, 5.018, 100, 1000))
        view.set_snapping(True)
        for widget in (waveform, canvas):
            drag(widget, (212, 10), (412, 70))
            assert view.selection[:2] == pytest.approx((5.0122, 5.0142), abs=2e-6)
        drag(canvas, (260, 110), (370, 200))  # 40 pixels and 30 from the next: too far
        assert view.selection[:2] == pytest.approx((5.0126, 5.0137), abs=1e-9)
