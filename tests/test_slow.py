"""The same sound slower, and at another rate: what is heard of it, and that stretches fit together."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from msviz.playback.resample import Resampled
from msviz.playback.slow import SlowedSource, slowed
from msviz.playback.sources import CachedSource
from msviz.signal import Signal
from msviz.transform import Frames
from msviz.transform.stft import STFTBand

RATE = 44100


def sine(hz, rate, count, phase=0.3):
    return 0.5 * np.sin(2 * np.pi * hz * np.arange(count) / rate + phase)


def decibels(part, whole):
    return 20 * np.log10(np.linalg.norm(part) / np.linalg.norm(whole) + 1e-20)


def apart_from_sine(samples, hz):
    """What remains beside the best sine of this frequency, and that sine's amplitude."""
    angle = 2 * np.pi * hz * np.arange(len(samples)) / RATE
    basis = np.stack([np.cos(angle), np.sin(angle)], axis=1)
    found = np.linalg.lstsq(basis, samples, rcond=None)[0]
    return samples - basis @ found, np.hypot(*found)


def noise(seconds, channels=2, rate=RATE):
    samples = np.random.default_rng(2).uniform(-0.5, 0.5, (channels, round(seconds * rate)))
    return Signal(samples.astype(np.float32), rate)


def in_pieces(source, start, stop, sizes):
    parts = []
    while start < stop:
        size = min(sizes[len(parts) % len(sizes)], stop - start)
        parts.append(source.read(start, start + size))
        start += size
    return np.concatenate(parts, axis=1)


# Slower


@pytest.mark.parametrize("factor", [2, 4])
@pytest.mark.parametrize("hz", [61.7, 1000.0, 9876.5])
def test_sine_keeps_its_pitch_and_its_level(hz, factor):
    slow = SlowedSource(Signal(sine(hz, RATE, 2 * RATE)[np.newaxis], RATE), factor)
    assert (slow.rate, slow.channels, slow.length) == (RATE, 1, 2 * RATE * factor)
    heard = slow.read(RATE // 2 * factor, 3 * RATE // 2 * factor)[0]
    rest, amplitude = apart_from_sine(heard, hz)
    assert decibels(rest, heard) < -100  # so its level is steady too
    assert 20 * np.log10(amplitude / 0.5) == pytest.approx(0, abs=0.01)


@pytest.mark.parametrize("factor", [2, 4])
def test_low_tone_stays_clean_up_to_its_highest_harmonics(factor):
    count = 2 * RATE
    tone = sum(sine(110.0 * k, RATE, count, phase=k * k) / k for k in range(1, 73))
    slow = SlowedSource(Signal(tone[np.newaxis], RATE), factor)
    heard = slow.read(RATE // 2 * factor, RATE // 2 * factor + RATE)[0]  # one second: lines at whole Hz
    lines = np.abs(np.fft.rfft(heard * np.hanning(RATE))) ** 2
    distance = np.abs((np.arange(len(lines)) + 55) % 110 - 55)
    assert 10 * np.log10(lines[distance > 3].sum() / lines.sum()) < -40


@pytest.mark.parametrize("factor", [2, 4])
def test_attack_stays_one_at_its_place(factor):
    samples = np.zeros((1, RATE), np.float32)
    samples[0, 20_000] = 1
    heard = SlowedSource(Signal(samples, RATE), factor).read(0, RATE * factor)[0]
    assert np.argmax(np.abs(heard)) == 20_000 * factor
    near = heard[20_000 * factor - 22 : 20_000 * factor + 23]  # half a millisecond to both sides
    assert np.square(near).sum() > 0.9 * np.square(heard).sum()


def test_slower_pieces_are_those_of_the_whole():
    slow = SlowedSource(noise(2.0), 2)
    whole = slow.read(0, slow.length)
    pieces = in_pieces(slow, 0, slow.length, [32768, 1001])
    assert decibels(pieces - whole, whole) < -90
    tone = SlowedSource(Signal(np.stack([sine(440, RATE, RATE), sine(3001.3, RATE, RATE)]), RATE), 4)
    whole = tone.read(0, tone.length)
    assert decibels(in_pieces(tone, 0, tone.length, [32768, 1001]) - whole, whole) < -100


def test_what_lies_outside_is_silence():
    slow = SlowedSource(noise(0.1), 2)
    around = slow.read(-50, slow.length + 50)
    assert not around[:, :50].any()
    assert not around[:, -50:].any()
    np.testing.assert_array_equal(slow.read(-5, -1), np.zeros((2, 4)))


def test_constant_below_all_octaves_stays_what_it_is():
    slow = SlowedSource(Signal(np.full((1, 4 * RATE), -0.25), RATE), 2)
    np.testing.assert_allclose(slow.read(3 * RATE, 5 * RATE), -0.25, atol=1e-5)


@pytest.mark.parametrize("factor", [2, 4])
def test_frames_between_go_evenly_from_one_to_the_next(factor):
    values = np.array([[[1.0, 3 * np.exp(2j), 0, 2 * np.exp(1j)]]])
    made = slowed(Frames(STFTBand(np.ones(1), 0, 2, 8), values, -1, RATE), factor)
    assert (made.first_frame, made.hop) == (-factor, 8)
    size = np.interp(np.arange(3 * factor + 1) / factor, np.arange(4), np.abs(values[0, 0]))
    # From nothing or to nothing there is no phase to go from or to.
    known = np.r_[: factor + 1, 2 * factor, 3 * factor]
    np.testing.assert_allclose(np.abs(made.coefficients[0, 0])[known], size[known])
    phases = np.exp(2j * np.arange(factor + 1))  # 2 radians a frame, as before
    np.testing.assert_allclose(made.coefficients[0, 0, : factor + 1], size[: factor + 1] * phases, atol=1e-12)
    np.testing.assert_allclose(made.coefficients[0, 0, -1], 2 * np.exp(1j * factor))


# At another rate

RATES = [(44100, 48000), (48000, 44100), (44100, 22050), (22050, 44100), (96000, 44100), (8000, 48000)]


@pytest.mark.parametrize(("rate", "other"), RATES)
def test_resampled_sine_is_the_same_sine(rate, other):
    hz = 0.2 * min(rate, other)
    made = Resampled(Signal(sine(hz, rate, 2 * rate)[np.newaxis], rate), other)
    assert (made.rate, made.channels, made.length) == (other, 1, 2 * other)
    expected = sine(hz, other, 2 * other)
    middle = np.s_[other // 2 : -other // 2]
    assert decibels(made.read(0, made.length)[0, middle] - expected[middle], expected[middle]) < -100


@pytest.mark.parametrize(
    ("rate", "other", "error_db"),
    [*((*rates, -120) for rates in RATES), (44056, 48000, -100)],  # soxr counts odd ratios with less care
)
def test_resampled_pieces_are_those_of_the_whole(rate, other, error_db):
    made = Resampled(noise(1.5, rate=rate), other)
    whole = made.read(0, made.length)
    pieces = in_pieces(made, 0, made.length, [9973, 32768, 1])
    assert decibels(pieces - whole, whole) < error_db
    far = made.read(other, other + 1000)
    assert decibels(far - whole[:, other : other + 1000], far) < error_db


def test_resampled_is_silent_outside():
    made = Resampled(noise(0.1), 48000)
    around = made.read(-50, made.length + 50)
    assert not around[:, :50].any()
    assert not around[:, -50:].any()


@pytest.mark.parametrize("factor", [2, 4])
def test_the_residual_goes_in_a_straight_line_from_frame_to_frame(factor):
    corners = np.array([[[0, 4, -4, 8]]], np.float32)
    made = slowed(Frames(STFTBand(np.zeros(1), 0, 2, 8), corners, -1, RATE), factor).coefficients[0, 0]
    places = np.arange(3 * factor + 1) / factor
    np.testing.assert_array_equal(made, np.interp(places, np.arange(4), corners[0, 0]))


# Read in blocks


@settings(max_examples=30)
@given(st.integers(-10, 70_000), st.integers(0, 70_000))
def test_remembered_source_is_the_source(start, count):
    original = noise(1.5)
    np.testing.assert_array_equal(
        CachedSource(original).read(start, start + count), original.read(start, start + count)
    )


def test_what_is_remembered_is_read_once():
    class Counted(Signal):
        stretches = ()

        def read(self, start, stop):
            Counted.stretches += ((start, stop),)
            return super().read(start, stop)

    source = CachedSource(Counted(np.zeros((1, 100_000)), RATE))
    for start in range(0, 90_000, 1000):
        source.read(start, start + 10_000)
    assert Counted.stretches == ((0, 32768), (32768, 65536), (65536, 98304), (98304, 100_000))
