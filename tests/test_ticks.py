"""Rulers' marks: round, dense, never gone, and no label over another."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from msviz.gui.ticks import frequency_ticks, level_ticks, time_label, time_ticks
from msviz.picture import FrequencyAxis


class TestTicks:
    @given(st.floats(0, 10800, allow_subnormal=False), st.floats(-4.3, 4), st.integers(150, 3000))
    def test_times_are_dense_round_and_do_not_overlap(self, start, exponent, pixels):
        stop = start + 10**exponent

        def room(label: str) -> float:
            return 7 * len(label) + 16

        ticks = time_ticks(start, stop, pixels, room)
        labelled = [tick for tick in ticks if tick.label]
        longest = room(time_label(stop, 10**exponent / 1e3))
        assert len(labelled) >= pixels / longest / 3 - 1
        for a, b in pairwise(labelled):
            assert (b.value - a.value) / (stop - start) * pixels >= room(a.label) * 0.999
            assert a.label != b.label
        assert all(start * 0.999999 <= tick.value <= stop for tick in ticks)

    @given(st.floats(20, 20000), st.floats(0.0003, 10), st.integers(100, 2000))
    def test_frequencies_are_there_at_any_zoom_and_do_not_overlap(self, low, octaves, height):
        axis = FrequencyAxis(low, low * 2**octaves)

        def pixel(hz: float) -> float:
            return float(1 - axis.position(hz)) * height

        ticks = frequency_ticks(axis, height, 20)
        labelled = [tick for tick in ticks if tick.label]
        assert len(labelled) >= (2 if height >= 6 * 20 else 1)
        assert len({tick.label for tick in labelled}) == len(labelled)
        for a, b in pairwise(labelled):
            assert pixel(a.value) - pixel(b.value) >= 20 * 0.999
        ends = [height, *(pixel(tick.value) for tick in labelled), 0]
        assert max(a - b for a, b in pairwise(ends)) <= max(0.75 * height, 220)

    def test_known_rulers(self):
        axis = FrequencyAxis(20, 20000)
        labels = [t.label for t in frequency_ticks(axis, 200, 12)]
        assert [label for label in labels if label] == "20 50 100 200 500 1k 2k 5k 10k 20k".split()
        few = frequency_ticks(axis, 30, 12)
        assert [tick.label for tick in few if tick.label] == ["100", "10k"]
        labels = [t.label for t in time_ticks(59.9, 61.2, 700, lambda label: 100) if t.label]
        assert labels == ["1:00.0", "1:00.2", "1:00.4", "1:00.6", "1:00.8", "1:01.0", "1:01.2"]
        assert [tick.label for tick in level_ticks(-80, 0, 100, 20)] == ["−80", "−60", "−40", "−20", "0"]

    @pytest.mark.parametrize(
        ("time_s", "step_s", "label"),
        [
            (0, 1, "0:00"),
            (42.137, 0.001, "0:42.137"),
            (59.9999, 0.1, "1:00.0"),
            (3723.5, 0.5, "1:02:03.5"),
            (-0.25, 0.05, "−0:00.25"),
            (-0.0, 1, "0:00"),
        ],
    )
    def test_times_are_written_as_clocks_are(self, time_s, step_s, label):
        assert time_label(time_s, step_s) == label
