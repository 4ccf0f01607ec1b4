"""The STFT that stands beside the octave transform."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.signal import ShortTimeFFT
from scipy.signal.windows import hann

from msviz import STFT, ParameterError, Signal


def noise(channels, length, rate=44100, seed=0):
    return Signal(0.3 * np.random.default_rng(seed).standard_normal((channels, length)).astype("f4"), rate)


@settings(max_examples=40)
@given(
    window_and_hop=st.sampled_from([(4096, 1024), (1000, 300), (256, 128), (64, 13), (4, 1)]),
    length=st.integers(0, 6000),
    channels=st.sampled_from([1, 2, 6]),
    data=st.data(),
)
def test_synthesis_gives_any_stretch_back(window_and_hop, length, channels, data):
    window, hop = window_and_hop
    signal = noise(channels, length)
    start = data.draw(st.integers(0, length))
    stop = data.draw(st.integers(start, length))
    stft = STFT(44100, window=window, hop=hop)
    rebuilt = stft.synthesize(stft.analyze(signal, start=start, stop=stop)).samples
    assert rebuilt.shape == (channels, stop - start)
    assert np.abs(rebuilt - signal.samples[:, start:stop]).max(initial=0) < 3e-6


def test_frames_are_windowed_fourier_transforms_centred_on_their_hop():
    signal = noise(1, 5000)
    stft = STFT(44100, window=512, hop=100)
    window = 0.5 - 0.5 * np.cos(2 * np.pi * np.arange(512) / 512)
    made = stft.frames(signal, 0, -1, 52)
    for number in (-1, 0, 20, 51):
        direct = np.fft.rfft(window * signal.read(number * 100 - 256, number * 100 + 256)[0])
        direct *= 2 / window.sum()
        assert np.abs(made[0, 1:-1, number + 1]) == pytest.approx(np.abs(direct[1:-1]), abs=1e-6)


@pytest.mark.parametrize(("window", "hop"), [(256, 100), (257, 128), (64, 13), (5, 1)])
def test_frames_are_those_of_shorttimefft(window, hop):
    signal = noise(2, 40_000)
    scipy = ShortTimeFFT(
        hann(window, sym=False), hop, 44100, fft_mode="onesided2X", scale_to="magnitude", phase_shift=0
    )
    expected = scipy.stft(signal.samples, 0, 39_000 // hop)
    made = STFT(44100, window=window, hop=hop).frames(signal, 0, 0, 39_000 // hop)
    assert made.dtype == np.complex64
    np.testing.assert_allclose(made, expected, atol=1e-6)


def test_a_sine_and_a_constant_read_their_amplitude():
    t = np.arange(44100) / 44100
    stft = STFT(44100)
    frequency = stft.bands[0].frequencies[100]
    made = stft.coefficients(Signal((0.25 * np.sin(2 * np.pi * frequency * t))[None], 44100), 20000, 22048)[0]
    assert np.abs(made[0, 100]) == pytest.approx(0.25, rel=0.001)
    made = stft.coefficients(Signal(np.full((1, 44100), 0.5), 44100), 20000, 22048)[0]
    assert np.abs(made[0, 0]) == pytest.approx(0.5, rel=0.001)


@pytest.mark.parametrize(("window", "last"), [(64, 31), (300, 149), (301, 149)])
def test_a_sine_reads_its_amplitude_in_every_row_between_the_ends(window, last):
    stft = STFT(44100, window=window, hop=window // 4)
    for row in range(1, last + 1):
        turns = np.arange(8 * window) * (stft.bands[0].frequencies[row] / 44100)
        for phase in (0.0, 0.7, np.pi / 2):
            source = Signal(0.5 * np.sin(2 * np.pi * turns + phase)[None], 44100)
            assert np.abs(stft.frames(source, 0, 4, 16)[0, row]) == pytest.approx(0.5, rel=1e-4)


def test_an_alternation_reads_its_amplitude_at_the_nyquist_frequency():
    source = Signal(0.5 * np.cos(np.pi * np.arange(4096))[None], 44100)
    assert np.abs(STFT(44100, window=64, hop=16).frames(source, 0, 4, 16)[0, 32]) == pytest.approx(0.5)


def test_bandwidth_is_where_a_sine_reads_3_db_less():
    stft = STFT(44100)
    frequency = stft.bands[0].frequencies[100] + stft.bandwidth(1000) / 2
    t = np.arange(44100) / 44100
    made = stft.coefficients(Signal(np.sin(2 * np.pi * frequency * t)[None], 44100), 20000, 22048)[0]
    assert 20 * np.log10(np.abs(made[0, 100])).mean() == pytest.approx(-3, abs=0.1)


def test_coefficients_hold_the_frames_centred_in_the_stretch():
    stft = STFT(44100, window=64, hop=10)
    assert stft.coefficients(noise(2, 100), 1, 31)[0].shape == (2, 33, 3)
    assert stft.coefficients(noise(2, 100), 10, 11)[0].shape == (2, 33, 1)
    assert stft.coefficients(noise(2, 100), 11, 12)[0].shape == (2, 33, 0)


@pytest.mark.parametrize("length", [0, 1, 100_000])
def test_each_coefficient_may_be_kept_as_something_else(length):
    stft, signal = STFT(44100, window=512, hop=128), noise(2, 100_000)
    (made,) = stft.coefficients(signal, 0, length, map=np.abs)
    assert made.dtype == np.float32
    assert np.array_equal(made, np.abs(stft.coefficients(signal, 0, length)[0]))


@pytest.mark.parametrize(
    ("parameters", "says"),
    [
        ({"window": 2}, "window .* not 2"),
        ({"hop": 0}, "hop .* not 0"),
        ({"hop": 2049}, r"hop .*2048.* not 2049"),
    ],
)
def test_wrong_parameters_are_named(parameters, says):
    with pytest.raises(ParameterError, match=says):
        STFT(44100, **parameters)


def test_another_rate_or_another_window_is_refused():
    with pytest.raises(ParameterError, match="48000 Hz"):
        STFT(44100).analyze(noise(1, 10, 48000))
    made = STFT(44100).analyze(noise(1, 10))
    with pytest.raises(ParameterError, match=r"was made by STFT\(44100\), not by"):
        STFT(44100, window=2048).synthesize(made)


def test_a_hop_is_a_quarter_of_the_window_unless_it_is_given():
    assert STFT(44100) == STFT(44100, window=4096, hop=1024)
    assert [STFT(44100, window=window).hop for window in (4, 1000, 1023)] == [1, 250, 255]
