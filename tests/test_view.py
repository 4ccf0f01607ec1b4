"""The view: what zooming and panning leave where it is, and where they end."""

from __future__ import annotations

import pytest
from canvas_tools import LENGTH, RATE, open_view
from hypothesis import given, settings
from hypothesis import strategies as st

from msviz.gui.view import FEWEST_SAMPLES, MARGIN, Box


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
                view.pan(where, up)
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
            view.pan(0.01, 0.0)
        assert view.axis == axis

    def test_back_undoes_zooms_and_a_run_of_the_wheel_is_one(self):
        view = open_view()
        whole = view.range
        view.show(Box(2, 6, 100, 1000))
        boxed = view.range
        for _ in range(5):
            view.zoom_time(1.2, 4.0)
        view.pan(0.1, 0)
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
