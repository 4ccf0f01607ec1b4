"""What a box measures, in words."""

import pytest

from msviz.gui.model.measure import duration_text, interval_text, measured
from msviz.gui.model.view import Box


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (0.5, "Δt 500.0 ms · 120.0 bpm"),
        (2.0, "Δt 2.000 s · 30.00 bpm"),
        (0.05, "Δt 50.00 ms · 1200 bpm"),
        (0.01, "Δt 10.00 ms · 1/Δt 100.0 Hz"),
        (1 / 44100, "Δt 22.68 µs · 1/Δt 44.10 kHz"),
        (83.25, "Δt 1:23.250"),
    ],
)
def test_durations(seconds, text):
    assert duration_text(seconds) == text


@pytest.mark.parametrize(
    ("low", "high", "text"),
    [
        (220, 330, "Δf 110.0 Hz · 7.02 semitones"),
        (1000, 4000, "Δf 3.000 kHz · 24.00 semitones"),
        (440, 440.02, "Δf 20.00 mHz · 0.00 semitones"),
    ],
)
def test_intervals(low, high, text):
    assert interval_text(low, high) == text


def test_a_side_that_leaves_the_view_measures_nothing():
    seen = Box(1, 2, 100, 1000)
    assert [text[:2] for text in measured(Box(1.2, 1.4, 200, 300), seen)] == ["Δt", "Δf"]
    assert [text[:2] for text in measured(Box(1.2, 1.4, 50, 2000), seen)] == ["Δt"]
    assert [text[:2] for text in measured(Box(0, 5, 200, 3000), seen)] == ["Δf"]
    assert measured(Box(0, 5, 50, 3000), seen) == []
