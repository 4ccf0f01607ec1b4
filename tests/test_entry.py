"""Times and frequencies as they are typed."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from msviz.errors import MsvizError
from msviz.gui.model.entry import parse_frequency, parse_time
from msviz.gui.model.readout import frequency_text, note_text, time_text

RATE = 44100


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("0", 0),
        ("12.5", 12.5),
        (" 12.5 s ", 12.5),
        (".5", 0.5),
        ("3.", 3),
        ("250 ms", 0.25),
        ("250ms", 0.25),
        ("20 µs", 20e-6),
        ("20 μs", 20e-6),  # the Greek letter
        ("20us", 20e-6),
        ("2 min", 120),
        ("1 h", 3600),
        ("1:23.5", 83.5),
        ("90:00", 5400),
        ("0:05", 5),
        ("1:02:03.25", 3723.25),
        ("44100 samples", 1),
        ("22,050 Samples", 0.5),
        ("1 sample", 1 / RATE),
        ("441 sa", 0.01),
        ("441smp", 0.01),
    ],
)
def test_times(text, seconds):
    assert parse_time(text, RATE) == pytest.approx(seconds, rel=1e-12)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "soon",
        "-1",
        "1:60",
        "1:2:3:4",
        "1:75:00",
        "1e3",
        "nan",
        "inf",
        "1.5 samples",
        "12 Hz",
        "1 2",
        "9" * 400,
    ],
)
def test_what_is_no_time_is_refused_with_what_is_accepted(text):
    with pytest.raises(MsvizError, match=r"is not a time\. Type seconds .12\.5.|is longer than any track"):
        parse_time(text, RATE)


@given(st.integers(0, 10**10))
def test_times_read_back_as_the_window_shows_them(microseconds):
    assert parse_time(time_text(microseconds / 1e6, 6), RATE) == pytest.approx(microseconds / 1e6, abs=1e-9)


@pytest.mark.parametrize(
    ("text", "hz"),
    [
        ("440", 440),
        ("440 Hz", 440),
        ("440hz", 440),
        ("1.2k", 1200),
        ("1.2 kHz", 1200),
        ("1.2 KHZ", 1200),
        ("2.5 MHz", 2.5e6),
        ("31.25 mHz", 0.03125),
        ("A4", 440),
        ("a4", 440),
        ("A5", 880),
        ("C4", 261.6255653005986),
        ("C♯5", 554.3652619537442),
        ("C#5", 554.3652619537442),
        ("Db5", 554.3652619537442),
        ("Bb3", 233.08188075904496),
        ("bb3", 233.08188075904496),
        ("b3", 246.94165062806206),
        ("C-1", 8.175798915643707),
        ("A4 +100", 466.1637615180899),
        ("A4+100 ct", 466.1637615180899),
        ("A4 −100 ct", 415.3046975799451),
        ("A4 - 100 cents", 415.3046975799451),
    ],
)
def test_frequencies(text, hz):
    assert parse_frequency(text) == pytest.approx(hz, rel=1e-12)


@pytest.mark.parametrize(
    "text", ["", "0", "-5", "H4", "A", "A#b4", "A99", "A4 +", "A4 +1e9", "loud", "1e3", "9" * 400, "12 s"]
)
def test_what_is_no_frequency_is_refused_with_what_is_accepted(text):
    with pytest.raises(MsvizError, match=r"is not a frequency\. Type Hz .440."):
        parse_frequency(text)


@given(st.floats(9.0, 30000.0))
def test_frequencies_read_back_as_the_window_shows_them(hz):
    assert parse_frequency(frequency_text(hz)) == pytest.approx(hz, rel=5.1e-4)
    assert parse_frequency(note_text(hz)) == pytest.approx(hz, rel=0.51 / 1200)
