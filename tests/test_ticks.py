"""Rulers' marks: round, dense, never gone, and no label over another."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from msviz.gui.canvas.ticks import (
    frequency_ticks,
    hz_of,
    level_ticks,
    note_label,
    note_of,
    note_ticks,
    pixel_of,
    time_label,
    time_ticks,
)
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
        assert all(start * 0.999999 <= tick.value <= stop * (1 + 1e-12) for tick in ticks)

    @pytest.mark.parametrize("ticks_of", [frequency_ticks, note_ticks])
    @given(st.floats(0.002, 5e6), st.floats(0.0003, 10), st.integers(20, 2000), st.booleans())
    def test_frequencies_are_there_at_any_zoom_and_do_not_overlap(
        self, ticks_of, low, octaves, height, linear
    ):
        axis = FrequencyAxis(low, low * 2**octaves, linear)
        ticks = ticks_of(axis, height, 20)
        labelled = [tick for tick in ticks if tick.label]
        assert len(labelled) >= (2 if height >= 6 * 20 else 0)
        assert len({tick.label for tick in labelled}) == len(labelled)
        places = [height * float(axis.position(tick.value)) for tick in labelled]
        assert all(b - a >= 20 * 0.999 for a, b in pairwise(places))
        assert all(low * 0.999999 <= tick.value <= axis.high_hz * 1.000001 for tick in ticks)
        if ticks_of is frequency_ticks:
            gaps = [b - a for a, b in pairwise([0, *places, height])]
            assert max(gaps) <= max(0.75 * height, 220)

    @given(st.floats(20, 10000), st.floats(0.01, 10), st.booleans(), st.floats(0, 1))
    def test_the_quick_pixels_are_those_of_the_axis(self, low, octaves, linear, place):
        axis = FrequencyAxis(low, low * 2**octaves, linear)
        hz = float(axis.frequency(place))
        assert pixel_of(axis, 500)(hz) == pytest.approx(500 * place, abs=1e-6)

    def test_known_rulers(self):
        axis = FrequencyAxis(20, 20000)
        labels = [t.label for t in frequency_ticks(axis, 200, 12)]
        assert [label for label in labels if label] == "20 50 100 200 500 1k 2k 5k 10k 20k".split()
        few = frequency_ticks(axis, 30, 12)
        assert [tick.label for tick in few if tick.label] == ["100", "10k"]
        linear = frequency_ticks(FrequencyAxis(20, 22050, linear=True), 200, 12)
        assert [t.label for t in linear if t.label] == [f"{k}k" for k in range(2, 23, 2)]
        labels = [t.label for t in frequency_ticks(FrequencyAxis(20_000, 5e6), 200, 12) if t.label]
        assert labels == "20k 50k 100k 200k 500k 1M 2M 5M".split()
        labels = [t.label for t in frequency_ticks(FrequencyAxis(2e-4, 0.5), 200, 12) if t.label]
        assert labels == "0.0002 0.0005 0.001 0.002 0.005 0.01 0.02 0.05 0.1 0.2 0.5".split()
        labels = [t.label for t in time_ticks(0, 365 * 86400, 1000, lambda label: 100) if t.label]
        assert labels == ["0:00", *(f"{hours}:00:00" for hours in range(1000, 8761, 1000))]
        labels = [t.label for t in time_ticks(59.9, 61.2, 700, lambda label: 100) if t.label]
        assert labels == ["1:00.0", "1:00.2", "1:00.4", "1:00.6", "1:00.8", "1:01.0", "1:01.2"]
        assert [tick.label for tick in level_ticks(-80, 0, 100, 20)] == ["−80", "−60", "−40", "−20", "0"]

    @pytest.mark.parametrize(
        ("low", "high", "height", "labels"),
        [
            (20, 20000, 400, [f"C{octave}" for octave in range(1, 11)]),
            (20, 20000, 100, ["C1", "C3", "C5", "C7", "C9"]),
            (250, 550, 200, "C4 D4 E4 G4 A4 C5".split()),
            (250, 550, 400, "C4 C♯4 D4 D♯4 E4 F4 F♯4 G4 G♯4 A4 A♯4 B4 C5".split()),
            (438, 442, 100, ["A4 −5", "A4", "A4 +5"]),
            (2, 40, 200, "2 5 C-1 G-1 C0 G0 C1".split()),
            (10_000, 200_000, 200, "G9 C10 G10 50k 100k 150k 200k".split()),
            (0.01, 0.1, 100, ["0.01", "0.02", "0.05", "0.1"]),
        ],
    )
    def test_known_keyboards(self, low, high, height, labels):
        ticks = note_ticks(FrequencyAxis(low, high), height, 19)
        assert [tick.label for tick in ticks if tick.label] == labels

    def test_notes_and_frequencies(self):
        assert note_of(440.0) == 69
        assert hz_of(60) == pytest.approx(261.6256, abs=1e-4)
        assert [note_label(note) for note in (60, 61.4, 60.5, 68.995)] == [
            "C4",
            "C♯4 +40",
            "C♯4 −50",
            "A4 −0.5",
        ]

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
