"""Hands on a canvas and its rulers: wheels, fingers, drags, clicks."""

from __future__ import annotations

import math

import pytest
from canvas_tools import RATE, drag, mouse, open_view, picture_with_click, shown, wheel
from PyQt6.QtCore import QEvent, QPoint, QPointF, Qt
from PyQt6.QtGui import QNativeGestureEvent, QPointingDevice
from PyQt6.QtWidgets import QApplication

from msviz.gui.canvas.picture_canvas import PictureCanvas
from msviz.gui.canvas.rulers import FrequencyRuler, TimeRuler
from msviz.gui.model.view import Box, View
from msviz.transform import OctaveTransform


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


class TestHands:
    def test_ctrl_wheel_zooms_time_about_the_pointer(self, canvas, view):
        before = canvas.time_at(300)
        wheel(canvas, 300, 100, QPoint(0, 240), Qt.KeyboardModifier.ControlModifier)
        assert view.span_s == pytest.approx(20 / 2 ** (2 / 3))
        assert canvas.time_at(300) == pytest.approx(before)

    @pytest.mark.parametrize("turn", [QPoint(0, 240), QPoint(240, 0)])  # X11 turns the wheel's axis with Alt
    def test_alt_wheel_zooms_frequency_about_the_pointer(self, canvas, view, turn):
        before, times = canvas.frequency_at(100), view.range[:2]
        wheel(canvas, 300, 100, turn, Qt.KeyboardModifier.AltModifier)
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

    def test_the_playhead_is_dragged(self, canvas, view, qtbot):
        asked = []
        canvas.scrubbed.connect(asked.append)
        canvas.scrub_ended.connect(lambda: asked.append("ended"))
        view.set_playhead(view.time_at(0.5))
        drag(canvas, (402, 50), (900, 60))
        assert asked == [pytest.approx(canvas.time_at(651)), 20.0, "ended"]
        assert view.selection is None

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

    def test_a_selection_ends_with_the_file(self, canvas, view):
        view.show(Box(0.0, 19.9, 100, 1000))
        view.pan(5.0)
        drag(canvas, (400, 300), (900, 100))
        assert view.selection.stop_s == 20.0

    def test_a_double_click_clears(self, canvas, view, qtbot):
        view.select(Box(1, 2, 100, 200))
        qtbot.mouseDClick(canvas, Qt.MouseButton.LeftButton, pos=QPoint(100, 100))
        assert view.selection is None

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
