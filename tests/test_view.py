"""The view: what zooming and panning leave where it is, and where they end."""

from __future__ import annotations

import numpy as np
import pytest
from canvas_tools import LENGTH, RATE, open_view
from hypothesis import given, settings
from hypothesis import strategies as st

from msviz.gui.model.view import FEWEST_OCTAVES, FEWEST_SAMPLES, MARGIN, Box, View
from msviz.picture import FrequencyAxis


@pytest.mark.parametrize(
    ("selected", "left"),
    [((1, 4), (1, 4)), ((1, 8), (1, 5)), ((6, 8), None)],
)
def test_a_selection_stays_within_a_track_that_turns_out_shorter(selected, left):
    view = open_view()
    view.select(Box(*selected, 100, 200))
    view.set_length(5 * RATE)
    assert view.selection == (left and Box(*left, 100, 200))


class TestView:
    @given(st.floats(1.01, 100), st.floats(2, 18), st.floats(100, 5000))
    def test_zooming_keeps_what_is_under_the_pointer(self, factor, about_s, about_hz):
        view = open_view()
        view.show(Box(1, 19, 50, 10000))
        place, position = view.place(about_s), float(view.axis.position(about_hz))
        view.zoom_time(factor, about_s)
        view.zoom_frequency(min(factor, 50), about_hz)
        assert view.place(about_s) == pytest.approx(place)
        assert view.axis.position(about_hz) == pytest.approx(position)

    @settings(max_examples=50)
    @given(
        st.lists(
            st.tuples(st.sampled_from("tfp"), st.floats(-3, 3), st.floats(-25, 25), st.floats(-4, 4)),
            max_size=30,
        ),
        st.sampled_from([0, 1, 100, LENGTH, 3 * 3600 * RATE]),
    )
    def test_no_way_leads_out_of_the_limits(self, ways, length):
        view = open_view(length)
        for kind, exponent, where, up in ways:
            if kind == "t":
                view.zoom_time(10**exponent, where)
            elif kind == "f":
                view.zoom_frequency(10**exponent, 1000 * 2**up)
            else:
                view.pan(where)
                view.scroll(0, up)
            seen, duration = view.range, length / RATE
            shortest = FEWEST_SAMPLES / RATE
            assert shortest * 0.999 <= view.span_s <= max(shortest, 1.1 * duration) * 1.001
            beyond = max(MARGIN * view.span_s, view.span_s - duration) * 1.001 + 1e-9
            assert seen.start_s >= -beyond
            assert seen.stop_s <= duration + beyond
            assert 20 * 0.999 <= seen.low_hz < seen.high_hz <= RATE / 2 * 1.001

    def test_panning_in_time_leaves_the_frequencies_to_the_last_bit(self):
        view = open_view()
        view.show(Box(1, 2, 33.3, 4567.8))
        axis = view.axis
        for _ in range(50):
            view.pan(0.01)
        assert view.axis == axis

    def test_pans_show_the_same_pixels_elsewhere(self):
        view = open_view()
        view.columns = 1093.75
        view.show(Box(1, 2, 50, 5000))
        for step in (0.1, -0.03, 1e-5, 0.7):
            before = view.range
            view.pan(step)
            pixels = (view.range.start_s - before.start_s) / view.span_s * view.columns
            assert pixels == pytest.approx(round(pixels), abs=1e-6)
            assert view.range.start_s == pytest.approx(view.target.start_s, abs=0.5001 / view.columns)
        view.pan(2.0)  # nothing seen before is seen still
        assert view.range == view.target

    def test_pans_of_less_than_a_pixel_add_up(self):
        view = open_view()
        view.columns = 1000
        view.show(Box(1, 2, 50, 5000))
        for _ in range(300):
            view.pan(1e-4)
        assert view.range.start_s == pytest.approx(1.03, abs=0.00051)

    def test_back_undoes_zooms_and_a_run_of_the_wheel_is_one(self):
        view = open_view()
        whole = view.range
        view.show(Box(2, 6, 100, 1000))
        boxed = view.range
        for _ in range(5):
            view.zoom_time(1.2, 4.0)
        view.pan(0.1)
        view.back()
        assert view.range == boxed
        view.back()
        assert view.range == whole
        view.back()
        assert view.range == whole

    def test_another_file_forgets_the_last(self):
        view = open_view()
        view.show(Box(2, 6, 100, 1000))
        view.select(Box(3, 4, 200, 300))
        view.set_cursor((3.0, 440.0))
        view.open(8000, 8000, 31.25, 4000)
        assert (view.range, view.selection, view.cursor, view.playhead_s) == (
            Box(0, 1, 31.25, 4000),
            None,
            None,
            0,
        )
        view.back()
        assert view.range == Box(0, 1, 31.25, 4000)

    def test_a_selection_of_all_frequencies_fits_without_moving_those_in_view(self):
        view = open_view()
        view.show(Box(0, 20, 100, 1000))
        view.select(view.full._replace(start_s=3.0, stop_s=5.0))
        view.fit_selection()
        assert view.range == pytest.approx((3, 5, 100, 1000))

    def test_all_is_the_track_at_all_frequencies(self):
        view = open_view()
        view.show(Box(2, 6, 100, 1000))
        view.select_all()
        assert view.selection == (0, 20, 20, RATE / 2)

    def test_the_pin_stays_where_the_cursor_was_until_it_is_taken_out(self, qtbot):
        view = open_view()
        view.toggle_pin()
        assert view.pin is None  # nothing is under the pointer
        view.set_cursor((3.0, 440.0))
        with qtbot.waitSignal(view.pin_changed):
            view.toggle_pin()
        view.set_cursor((4.0, 550.0))
        assert view.pin == (3.0, 440.0)
        view.toggle_pin()
        assert view.pin is None


class TestFocus:
    """What zooming by keys zooms about, in a view from 4 to 8 s."""

    @pytest.mark.parametrize(
        ("selected", "playhead_s", "about_s"),
        [
            (None, 0.0, 6.0),  # the playhead is out of view: the middle
            (None, 5.0, 5.0),
            (Box(6.5, 7.5, 200, 300), 5.0, 7.0),
            (Box(0.5, 7.5, 200, 300), 5.0, 4.0),
            (Box(12, 14, 200, 300), 5.0, 5.0),
        ],
    )
    def test_it_is_the_selection_the_playhead_or_the_middle(self, selected, playhead_s, about_s):
        view = open_view()
        view.show(Box(4, 8, 100, 1600))
        view.select(selected)
        view.set_playhead(playhead_s)
        view.zoom_time(2)
        assert view.range == pytest.approx(
            (about_s - (about_s - 4) / 2, about_s + (8 - about_s) / 2, 100, 1600)
        )

    def test_in_frequency_it_is_the_middle_of_the_selection_or_of_the_view(self):
        view = open_view()
        view.show(Box(4, 8, 100, 1600))
        view.zoom_frequency(2)
        assert view.range[2:] == pytest.approx((200, 800))
        view.show(Box(4, 8, 100, 1600))
        view.select(Box(5, 6, 800, 1600))
        view.zoom_frequency(2)
        middle = np.log2(8 * 2**0.5)
        assert np.log2(np.divide(view.range[2:], 100)) == pytest.approx((middle / 2, middle / 2 + 2))
        view.show(Box(4, 8, 50, 200))
        view.zoom_frequency(2)
        assert view.range[2:] == pytest.approx((50 * 2**0.5, 100 * 2**0.5))

    def test_spans_are_shown_about_it_and_are_steps_back(self):
        view = open_view()
        view.columns = 441
        view.show(Box(4, 8, 100, 1600))
        view.set_playhead(5.0)
        view.show_span(1.0)
        assert view.range == pytest.approx((4.75, 5.75, 100, 1600))
        view.show_samples()
        assert view.range == pytest.approx((4.9975, 5.0075, 100, 1600))
        view.back()
        assert view.range[:2] == pytest.approx((4.75, 5.75))


class TestFrequencyAxes:
    @given(st.floats(1.01, 50), st.floats(150, 9000), st.booleans())
    def test_zooming_keeps_what_is_under_the_pointer_on_either_axis(self, factor, about_hz, linear):
        view = open_view()
        view.show(Box(1, 19, 100, 10000))
        place = axis(view, linear).position(about_hz)
        view.zoom_frequency(factor, about_hz, linear=linear)
        assert axis(view, linear).position(about_hz) == pytest.approx(place, abs=1e-9)
        view.zoom_frequency(1 / factor, about_hz, linear=linear)
        assert view.range[2:] == pytest.approx((100, 10000))

    @given(st.floats(-0.5, 0.5), st.booleans())
    def test_scrolling_moves_by_shares_of_the_height(self, up, linear):
        view = open_view()
        view.show(Box(1, 19, 9000, 10000))
        before = axis(view, linear)
        view.scroll(0, up, linear=linear)
        assert view.range[2:] == pytest.approx(before.frequency([up, 1 + up]).tolist())

    @pytest.mark.parametrize("linear", [False, True])
    def test_scrolling_ends_at_the_limits_with_the_width_it_had(self, linear):
        view = open_view()
        for up, edge in ((1e6, 1), (-1e6, 0)):
            view.show(Box(1, 19, 1000, 1500))
            width = np.diff(axis(view, linear, whole=True).position(view.range[2:]))
            view.scroll(0, up, linear=linear)
            assert view.range[2 + edge] == view.full[2 + edge]
            assert np.diff(axis(view, linear, whole=True).position(view.range[2:])) == pytest.approx(width)

    @pytest.mark.parametrize("linear", [False, True])
    def test_the_bottom_is_one_row_of_an_stft_and_no_dead_end(self, linear):
        view = open_view()
        for _ in range(100):
            view.zoom_frequency(2, 20000, linear=linear)
            view.zoom_time(2, 7)
        assert view.span_octaves == pytest.approx(FEWEST_OCTAVES, rel=0.01)
        assert view.range.low_hz <= 20000 <= view.range.high_hz
        assert view.range.high_hz - view.range.low_hz < RATE / 8192
        assert view.span_s == pytest.approx(FEWEST_SAMPLES / RATE)
        for _ in range(100):
            view.zoom_frequency(0.5, 20000, linear=linear)
            view.zoom_time(0.5, 7)
        assert view.range[2:] == view.full[2:]
        assert view.span_s >= LENGTH / RATE

    def test_more_at_the_limit_changes_nothing_and_is_no_step_back(self):
        view = open_view()
        view.zoom_time(0.1, 5)
        whole = view.range
        for linear in (False, True):
            view.zoom_frequency(0.5, 1000, linear=linear)
        assert view.range == whole
        view.show(Box(2, 3, 100, 1000))
        view.back()
        assert view.range == whole


def axis(view: View, linear: bool, *, whole: bool = False) -> FrequencyAxis:
    return FrequencyAxis(*(view.full if whole else view.range)[2:], linear)


class TestGlide:
    """Gliding by a clock of the test's own, a frame every 16 ms."""

    @pytest.fixture
    def gliding(self, monkeypatch, qapp) -> View:
        monkeypatch.setattr(View, "glide", True)
        self.now = 0.0
        monkeypatch.setattr("msviz.gui.model.view.time.perf_counter", lambda: self.now)
        return open_view()

    def frames(self, view: View):
        """Let it glide until it is there."""
        while view.gliding:
            self.now += 0.016
            view._glide_on()
            yield

    def test_it_is_short_and_ends_exactly_there(self, gliding):
        gliding.zoom_time(2**0.5, 3.0)
        gliding.zoom_frequency(2**0.5, 300.0)
        assert gliding.range != gliding.target
        part = gliding.span_s
        for frame, _ in enumerate(self.frames(gliding), 2):
            assert gliding.span_s <= part
            part = gliding.span_s
            if frame == 8:  # 128 ms
                assert gliding.span_s == pytest.approx(gliding.target.stop_s - gliding.target.start_s, 0.01)
        assert frame <= 16
        assert gliding.range == gliding.target

    @pytest.mark.parametrize("linear", [False, True])
    def test_what_is_under_the_pointer_stays_there_all_the_way(self, gliding, linear):
        time_s, hz = gliding.time_at(0.3), float(axis(gliding, linear).frequency(0.6))
        gliding.zoom_time(3, time_s)
        gliding.zoom_frequency(3, hz, linear=linear)
        for _ in self.frames(gliding):
            assert gliding.place(time_s) == pytest.approx(0.3)
            assert axis(gliding, linear).position(hz) == pytest.approx(0.6)

    def test_steps_add_up(self, gliding):
        span = gliding.span_s
        for _ in range(3):
            gliding.zoom_time(2, 10.0)
        assert gliding.target.stop_s - gliding.target.start_s == pytest.approx(span / 8)
        for _ in self.frames(gliding):
            pass
        assert gliding.span_s == pytest.approx(span / 8)
        gliding.back()
        assert gliding.target.stop_s - gliding.target.start_s == span

    def test_keys_zoom_about_where_it_goes(self, gliding):
        gliding.set_playhead(15.0)
        gliding.scroll(-0.6, 0.0)
        gliding.show(Box(4, 8, 100, 1600), glide=True)
        assert gliding.range.stop_s > 15.0  # still in view, but not where it goes
        gliding.zoom_time(2)
        gliding.zoom_frequency(2)
        assert gliding.target == pytest.approx((5, 7, 200, 800))
        gliding.show(Box(14, 18, 100, 1600), glide=True)
        gliding.show_span(2.0)
        assert gliding.target == pytest.approx((14.5, 16.5, 100, 1600))

    def test_a_hand_that_drags_takes_over_at_once(self, gliding):
        gliding.zoom_time(8, 10.0)
        seen = gliding.range
        gliding.scroll(0.1, 0.0, glide=False)
        assert not gliding.gliding
        assert gliding.range == gliding.target
        assert gliding.range.start_s == pytest.approx(seen.start_s + 0.1 * (seen.stop_s - seen.start_s))

    def test_another_file_ends_it(self, gliding):
        gliding.zoom_time(8, 10.0)
        gliding.open(RATE, LENGTH, 20.0, RATE / 2)
        assert not gliding.gliding
        assert gliding.range == gliding.target == gliding.full

    def test_the_event_loop_carries_it(self, monkeypatch, qtbot):
        monkeypatch.setattr(View, "glide", True)
        view = open_view()
        with qtbot.waitSignals([view.range_changed] * 3):
            view.zoom_time(8, 10.0)
        qtbot.waitUntil(lambda: view.range == view.target)
        assert not view._frames.isActive()
