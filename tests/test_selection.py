"""What hands and keys make of a selection, worked out by hand."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from msviz.gui.model.selection import (
    Grip,
    Step,
    between,
    extended,
    moved,
    nudge_step,
    nudged,
    resized,
    with_edge,
    with_length,
)
from msviz.gui.model.view import Box

FULL = Box(0.0, 20.0, 20.0, 20480.0)  # ten octaves
BOX = Box(5.0, 8.0, 200.0, 800.0)
OCTAVES = [
    SimpleNamespace(high=100 * 2**n, hop=4096 >> n, frequencies=50 * 2**n * 2 ** (np.arange(24) / 24))
    for n in range(4)
]

times = st.floats(-5, 25)
frequencies = st.floats(1, 40000)


def inside(box):
    return (
        FULL.start_s <= box.start_s <= box.stop_s <= FULL.stop_s
        and FULL.low_hz <= box.low_hz <= box.high_hz <= FULL.high_hz
    )


def test_a_box_between_two_points_is_in_order_and_within_the_track():
    assert between((21, 4), (30000, 10), FULL) == Box(4, 20, 20, 20480)


@given(times, times, frequencies, frequencies, times, frequencies, st.integers(-1, 1), st.integers(-1, 1))
def test_nothing_leads_out_of_the_track(start, stop, low, high, time_s, hz, right, up):
    box = between((start, stop), (low, high), FULL)
    grip, step = Grip(right, up), Step(1.5, 0.5)
    assert inside(resized(box, grip, time_s, hz, FULL))
    assert inside(extended(box, time_s, hz, FULL))
    assert inside(moved(box, time_s, up / 3, FULL))
    assert inside(nudged(box, right, up, step, FULL))
    assert inside(nudged(box, right, up, step, FULL, resize=True))
    assert inside(with_edge(box, Grip(right or 1, 0), time_s, FULL))
    assert inside(with_edge(box, Grip(0, up or 1), hz, FULL))
    assert inside(with_length(box, abs(time_s), FULL))


@pytest.mark.parametrize(
    ("grip", "expected"),
    [
        (Grip(-1, 0), Box(6, 8, 200, 800)),
        (Grip(1, 0), Box(5, 6, 200, 800)),
        (Grip(0, 1), Box(5, 8, 200, 300)),
        (Grip(0, -1), Box(5, 8, 300, 800)),
        (Grip(-1, 1), Box(6, 8, 200, 300)),
        (Grip(1, -1), Box(5, 6, 300, 800)),
    ],
)
def test_held_edges_move_and_the_others_stay(grip, expected):
    assert resized(BOX, grip, 6.0, 300.0, FULL) == expected


def test_an_edge_may_pass_the_one_opposite():
    assert resized(BOX, Grip(-1, 1), 9.0, 100.0, FULL) == Box(8, 9, 100, 200)


@pytest.mark.parametrize(
    ("time_s", "hz", "expected"),
    [
        (10.0, 400.0, Box(5, 10, 200, 800)),
        (1.0, 400.0, Box(1, 8, 200, 800)),
        (5.5, 400.0, Box(5.5, 8, 200, 800)),  # inside, the nearer edge comes
        (7.0, 400.0, Box(5, 7, 200, 800)),
        (10.0, 1600.0, Box(5, 10, 200, 1600)),
        (1.0, 50.0, Box(1, 8, 50, 800)),
        (10.0, None, Box(5, 10, 200, 800)),  # over a waveform
    ],
)
def test_extending_brings_the_nearer_edge(time_s, hz, expected):
    assert extended(BOX, time_s, hz, FULL) == expected


class TestMoving:
    def test_it_keeps_length_and_interval_on_a_log_axis(self):
        assert moved(BOX, -2.0, 0.1, FULL) == pytest.approx(Box(3, 6, 400, 1600))

    def test_it_keeps_the_width_on_a_linear_axis(self):
        assert moved(BOX, 0.0, 0.5, FULL, linear=True) == pytest.approx(Box(5, 8, 10430, 11030))

    def test_it_stops_at_the_ends_with_the_size_it_had(self):
        assert moved(BOX, 100.0, 1.0, FULL) == pytest.approx(Box(17, 20, 5120, 20480))
        assert moved(BOX, -100.0, -1.0, FULL) == pytest.approx(Box(0, 3, 20, 80))

    def test_in_time_alone_the_frequencies_stay_to_the_last_bit(self):
        box = Box(1.0, 2.0, 33.3, 4567.8)
        assert moved(box, 0.5, 0.0, FULL)[2:] == box[2:]


class TestNudging:
    step = Step(0.5, 1.0)

    def test_it_moves_by_steps(self):
        assert nudged(BOX, 1, 0, self.step, FULL) == Box(5.5, 8.5, 200, 800)
        assert nudged(BOX, 0, -1, self.step, FULL) == pytest.approx(Box(5, 8, 100, 400))

    def test_it_resizes_by_the_end_and_the_upper_edge(self):
        assert nudged(BOX, -1, 0, self.step, FULL, resize=True) == Box(5, 7.5, 200, 800)
        assert nudged(BOX, 0, 1, self.step, FULL, resize=True) == pytest.approx(Box(5, 8, 200, 1600))

    def test_it_never_makes_a_box_vanish(self):
        box = BOX
        for _ in range(20):
            box = nudged(box, -1, -1, self.step, FULL, resize=True)
        assert box == pytest.approx(Box(5, 5.5, 200, 400))
        tiny = Box(5, 5.1, 200, 210)
        assert nudged(tiny, -1, -1, self.step, FULL, resize=True) == pytest.approx(tiny)

    @pytest.mark.parametrize(
        ("pixel_s", "seconds"),
        [
            (0.5 / 44100, 1 / 44100),  # single samples show
            (2 / 44100, 1024 / 44100),  # frames of the band at 283 Hz are wider than a pixel
            (0.1, 0.1),
        ],
    )
    def test_a_step_is_a_sample_a_frame_or_a_pixel_and_a_bin(self, pixel_s, seconds):
        step = nudge_step(Box(0, 1, 200, 400), OCTAVES, 44100, pixel_s)
        assert step == pytest.approx((seconds, 1 / 24))

    def test_bins_of_an_stft_are_equally_far_apart_in_hz(self):
        stft = [SimpleNamespace(high=4000, hop=64, frequencies=np.arange(0, 4001, 10.0))]
        step = nudge_step(Box(0, 1, 995, 995), stft, 8000, 1.0)
        assert 990 * 2**step.octaves == pytest.approx(1000)
        lowest = nudge_step(Box(0, 1, 1, 1), stft, 8000, 1.0)
        assert 10 * 2**lowest.octaves == pytest.approx(20)  # 0 Hz is at no interval from anything


class TestTyping:
    def test_an_edge_goes_where_it_is_typed(self):
        assert with_edge(BOX, Grip(-1, 0), 6.0, FULL) == Box(6, 8, 200, 800)
        assert with_edge(BOX, Grip(0, 1), 1000.0, FULL) == Box(5, 8, 200, 1000)

    @pytest.mark.parametrize(
        ("grip", "value", "expected"),
        [
            (Grip(-1, 0), 10.0, Box(10, 13, 200, 800)),
            (Grip(1, 0), 4.0, Box(1, 4, 200, 800)),
            (Grip(0, -1), 1000.0, Box(5, 8, 1000, 4000)),
            (Grip(0, 1), 100.0, Box(5, 8, 25, 100)),
        ],
    )
    def test_past_the_other_edge_it_takes_that_along(self, grip, value, expected):
        assert with_edge(BOX, grip, value, FULL) == expected

    def test_a_length_begins_at_the_start_and_ends_with_the_track(self):
        assert with_length(BOX, 1.5, FULL) == Box(5, 6.5, 200, 800)
        assert with_length(BOX, 100.0, FULL) == Box(5, 20, 200, 800)
