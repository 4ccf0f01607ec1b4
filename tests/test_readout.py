"""What people read: times, frequencies, notes, levels; rounded before they are cut into units."""

import pytest

from msviz.gui.model.readout import (
    delta_text,
    frequency_text,
    level_text,
    moment_text,
    note_text,
    rate_text,
    time_text,
)


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (0, "0:00.000"),
        (0.0005, "0:00.000"),  # half to even
        (0.0006, "0:00.001"),
        (7.25, "0:07.250"),
        (59.9994, "0:59.999"),
        (59.9996, "1:00.000"),
        (187.25, "3:07.250"),
        (3599.9996, "1:00:00.000"),
        (3723, "1:02:03.000"),
        (36000, "10:00:00.000"),
        (-0.5, "−0:00.500"),
        (-59.9996, "−1:00.000"),
        (-0.0004, "0:00.000"),
    ],
)
def test_time(seconds, text):
    assert time_text(seconds) == text


@pytest.mark.parametrize(
    ("decimals", "text"), [(0, "1:23"), (1, "1:23.5"), (2, "1:23.46"), (6, "1:23.456000")]
)
def test_time_to_so_many_decimals(decimals, text):
    assert time_text(83.456, decimals) == text


@pytest.mark.parametrize(
    ("hz", "text"),
    [
        (21.533, "21.53 Hz"),
        (82.407, "82.41 Hz"),
        (99.994, "99.99 Hz"),
        (99.996, "100.0 Hz"),
        (440, "440.0 Hz"),
        (999.94, "999.9 Hz"),
        (999.96, "1000 Hz"),
        (1318.5, "1318 Hz"),
        (9999.4, "9999 Hz"),
        (9999.6, "10.00 kHz"),
        (10548, "10.55 kHz"),
        (96000, "96.00 kHz"),
        (999_996, "1.000 MHz"),
        (2_500_000, "2.500 MHz"),
        (5.004, "5.004 Hz"),
        (0.03125, "31.25 mHz"),
        (0.99996, "1.000 Hz"),
        (0.001953125, "1.953 mHz"),
        (2e-6, "2.000 µHz"),
    ],
)
def test_frequency(hz, text):
    assert frequency_text(hz) == text


@pytest.mark.parametrize(
    ("hz", "text"),
    [
        (440, "A4 +0 ct"),
        (261.6256, "C4 +0 ct"),
        (246.9417, "B3 +0 ct"),
        (27.5, "A0 +0 ct"),
        (16.3516, "C0 +0 ct"),
        (8.1758, "C-1 +0 ct"),
        (466.1638, "A♯4 +0 ct"),
        (440 * 2 ** (13 / 1200), "A4 +13 ct"),
        (440 * 2 ** (-20 / 1200), "A4 −20 ct"),
        (440 * 2 ** (49.4 / 1200), "A4 +49 ct"),
        (440 * 2 ** (50.6 / 1200), "A♯4 −49 ct"),
        (440 * 2 ** (-0.4 / 1200), "A4 +0 ct"),
        (14080, "A9 +0 ct"),
    ],
)
def test_note(hz, text):
    assert note_text(hz) == text


@pytest.mark.parametrize("hz", [0.002, 7.9, 32_600, 2.5e6])
def test_what_nobody_hears_is_no_note(hz):
    assert note_text(hz) == ""


@pytest.mark.parametrize(
    ("rate", "text"),
    [
        (1, "1 Hz"),
        (250, "250 Hz"),
        (1000, "1 kHz"),
        (44100, "44.1 kHz"),
        (44055.94, "44.05594 kHz"),
        (768_000, "768 kHz"),
        (10_000_000, "10 MHz"),
    ],
)
def test_rate(rate, text):
    assert rate_text(rate) == text


def test_half_way_between_two_notes_either_is_right():
    assert note_text(440 * 2 ** (1 / 24)) in ("A4 +50 ct", "A♯4 −50 ct")


@pytest.mark.parametrize(
    ("level", "text"),
    [(0.0, "0.0 dB"), (-37.5, "−37.5 dB"), (-119.5, "−119.5 dB"), (7.5, "7.5 dB"), (None, "–")],
)
def test_level(level, text):
    assert level_text(level) == text


@pytest.mark.parametrize(
    ("pixel_s", "text"),
    [
        (1.0, "   0:04.405"),
        (1e-3, "   0:04.405"),
        (9e-5, "   0:04.40523"),
        (1e-5, "   0:04.40523  sample     211,451"),
        (1e-9, "   0:04.405229  sample     211,451"),
    ],
)
def test_a_moment_is_told_as_finely_as_pixels_tell_it(pixel_s, text):
    rate, length = 48000, 300_000_000
    assert moment_text(211_451 / rate, pixel_s, rate, length) == text
    for other in (-0.01, 0.0, 4405.0, 6249.9, 6251.0):
        assert len(moment_text(other, pixel_s, rate, length)) == len(text)  # nothing jumps


def test_samples_are_told_apart_at_any_rate():
    first, second = (moment_text(sample * 1e-7, 1e-9, 10_000_000, 100) for sample in (12, 13))
    assert (first, second) == ("   0:00.0000012  sample  12", "   0:00.0000013  sample  13")


def test_beyond_the_track_there_is_no_sample():
    assert [moment_text(time_s, 1e-4, 1000, 5).split()[-1] for time_s in (-1e-3, 0, 4e-3, 5e-3)] == list(
        "–04–"
    )


@pytest.mark.parametrize(
    ("place", "text"),
    [
        ((0.25, 440.0, 880.0, (6.0, -0.5)), "Δ +250.0 ms +440.0 Hz +12.00 st octaves +6.0 dB STFT −0.5 dB"),
        ((-2.5, 440.0, 220.0, (None, 0.0)), "Δ −2.500 s −220.0 Hz −12.00 st octaves – STFT +0.0 dB"),
        ((0.0, 440.0, 440.0, (None, None)), "Δ 0 s 0 Hz +0.00 st octaves – STFT –"),
        ((0.25, 440.0, None), "Δ +250.0 ms"),  # from a picture to the waveform
        ((0.25,), "Δ +250.0 ms"),
    ],
)
def test_how_far_one_place_is_from_another(place, text):
    assert " ".join(delta_text(*place).split()) == text


def test_deltas_line_up():
    texts = [delta_text(*p) for p in ((0.25, 440.0, 880.0, (6.0, -0.5)), (0.0, 440.0, 440.0, (-100.5, None)))]
    assert len({len(text) for text in texts}) == 1
