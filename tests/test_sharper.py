"""The reassigned and the combined picture: sharper, in the right place, and as loud."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from msviz import OctaveTransform, Signal
from msviz.transform import Combined, Reassigned

RATE = 22050


def sine(frequency, seconds=3.0, amplitude=0.25):
    t = np.arange(round(seconds * RATE)) / RATE
    return Signal((amplitude * np.sin(2 * np.pi * frequency * t))[None], RATE)


@settings(max_examples=25)
@given(
    frequency=st.floats(90, 9000), gamma=st.sampled_from([0.0, 5.0]), resolution=st.sampled_from([6, 12, 24])
)
def test_reassignment_brings_a_sine_into_its_own_row_at_its_own_level(frequency, gamma, resolution):
    picture = Reassigned(OctaveTransform(RATE, gamma=gamma, resolution=resolution))
    made = picture.coefficients(sine(frequency), RATE, 2 * RATE)
    rows = np.concatenate([band.frequencies for band in picture.bands])
    power = np.concatenate([(values[0].astype(float) ** 2).mean(axis=1) for values in made])
    nearest = np.abs(np.log2(rows / frequency)).argsort()[:2]  # two where it lies on the line between them
    assert power[nearest].sum() / power.sum() >= 0.99
    # With a bin a bandwidth the filters do not sum quite evenly.
    assert np.sqrt(power[nearest].sum()) == pytest.approx(0.25, rel=0.04 if resolution == 24 else 0.01)


@settings(max_examples=15)
@given(at=st.integers(RATE, RATE + 5000))
def test_reassignment_brings_a_click_into_its_own_frame(at):
    samples = np.zeros((1, 3 * RATE), np.float32)
    samples[0, at] = 1
    picture = Reassigned(OctaveTransform(RATE))
    for band, values in zip(
        picture.bands, picture.coefficients(Signal(samples, RATE), 0, 3 * RATE), strict=True
    ):
        power = (values[0].astype(float) ** 2).sum(axis=0)
        nearest = np.abs(np.arange(power.size) * band.hop - at).argsort()[:2]
        if band.index < len(picture.bands) - 1:  # the highest also holds what is mirrored at Nyquist
            assert power[nearest].sum() / power.sum() >= 0.99


def test_reassignment_follows_a_glide():
    """A tone that rises by an octave in two seconds: its row rises with it."""
    seconds = np.arange(4 * RATE) / RATE
    glide = 0.25 * np.sin(2 * np.pi * 300 * 2 / np.log(2) * 2 ** (seconds / 2))
    picture = Reassigned(OctaveTransform(RATE))
    made = picture.coefficients(Signal(glide[None], RATE), RATE, 3 * RATE)
    for band, values in zip(picture.bands, made, strict=True):
        times = (-(-RATE // band.hop) + np.arange(values.shape[-1])) * band.hop / RATE
        true = 300 * 2 ** (times / 2)
        inside = (band.low * 1.05 < true) & (true < band.high / 1.05)
        rows = values[0][:, inside].argmax(axis=0)
        cents = 1200 * np.log2(band.frequencies[rows] / true[inside])
        assert np.abs(cents).max(initial=0) <= 20


@pytest.mark.parametrize("octave", [2, 5, 8])
def test_the_combined_picture_reads_a_sine_and_is_sharper_both_ways(octave):
    transform = OctaveTransform(RATE)
    combined = Combined(transform)
    made = combined.coefficients(sine(transform.octaves[octave].frequencies[7]), RATE, 2 * RATE)[octave][0]
    plain = np.abs(
        transform.coefficients(sine(transform.octaves[octave].frequencies[7]), RATE, 2 * RATE)[octave][0]
    )
    assert made[7] == pytest.approx(0.25, rel=0.01)
    assert made[9].max() < plain[9].max()
    samples = np.zeros((1, 3 * RATE), np.float32)
    samples[0, RATE] = 1
    click = combined.coefficients(Signal(samples, RATE), 0, 2 * RATE)[octave][0, 12]
    wide = np.abs(transform.coefficients(Signal(samples, RATE), 0, 2 * RATE)[octave][0, 12])
    assert width(click, combined.bands[octave].hop) < width(wide, transform.octaves[octave].hop)


def width(magnitudes, hop):
    """Standard deviation in samples."""
    power = magnitudes.astype(float) ** 2
    n = np.arange(power.size) * hop
    centre = (power * n).sum() / power.sum()
    return np.sqrt((power * (n - centre) ** 2).sum() / power.sum())


@pytest.mark.parametrize("sharper", [Reassigned, Combined])
def test_stretches_join(sharper):
    """A stretch is the same whether it is asked for alone or within a longer one."""
    signal = Signal(0.3 * np.random.default_rng(0).standard_normal((2, 4 * RATE)), RATE)
    picture = sharper(OctaveTransform(RATE))
    whole = picture.coefficients(signal, RATE, 3 * RATE)
    first, second = (picture.coefficients(signal, a, b) for a, b in ((RATE, 50_001), (50_001, 3 * RATE)))
    for a, b, both in zip(first, second, whole, strict=True):
        joined = np.concatenate([a, b], axis=-1)
        assert joined.shape == both.shape
        # A coefficient at the very edge of a cell may fall to its neighbour.
        assert np.mean(np.abs(joined - both) > 1e-3 * both.max()) < 0.01


@pytest.mark.parametrize("sharper", [Reassigned, Combined])
def test_silence_stays_silent(sharper):
    for values in sharper(OctaveTransform(RATE)).coefficients(Signal(np.zeros((1, RATE)), RATE), 0, RATE):
        assert np.isfinite(values).all()
        assert values.max(initial=0) < 1e-6


@pytest.mark.parametrize("sharper", [Reassigned, Combined])
def test_each_magnitude_may_be_kept_as_something_else(sharper):
    signal = Signal(0.3 * np.random.default_rng(0).standard_normal((2, RATE)), RATE)
    picture = sharper(OctaveTransform(RATE))
    plain, squared = (picture.coefficients(signal, 0, RATE, map=each) for each in (None, np.square))
    for values, squares in zip(plain, squared, strict=True):
        assert np.array_equal(squares, values**2)
