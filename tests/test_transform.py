"""The octave transform: exact, local, calibrated, and the same picture an octave up."""

import functools
import itertools
import math
import threading
import tracemalloc
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from scipy.signal import resample

from msviz import STFT, OctaveTransform, ParameterError, Representation, Signal, read_audio
from msviz.cancellation import Cancelled, cancel_scope
from msviz.demos import demo_tracks
from msviz.transform import stages
from msviz.transform.filters import NUTTALL, WindowShape, filter_bank, frame_operator

BAR_DB = {"float32": -120.0, "float64": -150.0}


def decibels(ratio: float) -> float:
    return 20 * math.log10(max(float(ratio), 1e-300))


def error_db(rebuilt: Signal, signal: Signal) -> float:
    assert rebuilt.samples.shape == signal.samples.shape
    norm = np.linalg.norm(signal.samples)
    return decibels(np.linalg.norm(rebuilt.samples.astype(float) - signal.samples) / norm)


def noise(channels: int, length: int, rate: int, dtype: str = "float32", seed: int = 0) -> Signal:
    samples = 0.3 * np.random.default_rng(seed).standard_normal((channels, length))
    return Signal(samples.astype(dtype), rate)


def sine(frequency: float, amplitude: float, seconds: float, rate: int) -> Signal:
    t = np.arange(round(seconds * rate)) / rate
    return Signal((amplitude * np.sin(2 * np.pi * frequency * t))[None], rate)


# -------------------------------------------------------------------- reconstruction


@settings(max_examples=60)
@given(
    rate=st.sampled_from([8000, 11025, 22050, 44100, 48000, 96000, 192000]),
    resolution=st.floats(3, 24),
    gamma=st.sampled_from([0.0, 5.0]),
    dtype=st.sampled_from(["float32", "float64"]),
    channels=st.sampled_from([1, 2, 6]),
    length=st.one_of(st.integers(1, 4), st.integers(5, 50_000)),
    kind=st.sampled_from(["noise", "first", "last", "anywhere"]),
    seed=st.integers(0, 1000),
)
def test_synthesis_gives_the_signal_back(rate, resolution, gamma, dtype, channels, length, kind, seed):
    transform = OctaveTransform(rate, resolution=resolution, gamma=gamma, dtype=dtype)
    signal = noise(channels, length, rate, dtype, seed)
    if kind != "noise":
        at = {"first": 0, "last": length - 1, "anywhere": seed * 7919 % length}[kind]
        signal.samples[:] = 0
        signal.samples[:, at] = 1
    assert error_db(transform.synthesize(transform.analyze(signal)), signal) <= BAR_DB[dtype]


@pytest.mark.parametrize(("dtype", "most_db"), [("float32", -129), ("float64", -170)])
@pytest.mark.parametrize("resolution", [12, 24])
@pytest.mark.parametrize("name", sorted(demo_tracks()))
def test_every_demo_track_is_rebuilt(name, resolution, dtype, most_db):
    track = read_audio(demo_tracks()[name])
    signal = Signal(track.samples.astype(dtype), track.rate)
    transform = OctaveTransform(track.rate, resolution=resolution, dtype=dtype)
    assert error_db(transform.synthesize(transform.analyze(signal)), signal) <= most_db


@pytest.mark.parametrize(("bins", "resolution", "gamma"), [(24, 24, 0), (48, 12, 20), (12, 12, 0), (3, 3, 0)])
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_long_noise_is_rebuilt_across_many_blocks(bins, resolution, gamma, dtype):
    transform = OctaveTransform(44100, bins_per_octave=bins, resolution=resolution, gamma=gamma, dtype=dtype)
    signal = noise(1, 400_001, 44100, dtype)
    assert error_db(transform.synthesize(transform.analyze(signal)), signal) <= BAR_DB[dtype]


def test_an_empty_signal_stays_empty():
    transform = OctaveTransform(44100)
    rebuilt = transform.synthesize(transform.analyze(Signal(np.zeros((2, 0)), 44100)))
    assert rebuilt.samples.shape == (2, 0)


def test_float64_coefficients_are_computed_in_float64():
    representation = OctaveTransform(8000, dtype="float64").analyze(noise(1, 100, 8000))
    assert representation.octaves[0].coefficients.dtype == np.complex128
    assert OctaveTransform(8000).analyze(noise(1, 100, 8000)).octaves[0].coefficients.dtype == np.complex64


# -------------------------------------------------------------------- the definition


def fall(v):
    """From 1 at v = 0 to 0 at v = 1: the integral of the window, by trapezoids."""
    u = np.linspace(-0.5, 0.5, 10_001)
    window = sum(a * np.cos(2 * np.pi * i * u) for i, a in enumerate(NUTTALL))
    rise = np.cumsum((window[1:] + window[:-1]) / 2, dtype=float)
    return 1 - np.interp(v, u[1:] + 0.5, rise / rise[-1])


# With 11.05 and 21.9, filters nearly fill their rows: both ends of one are in the same chunk.
@pytest.mark.parametrize(("resolution", "gamma"), [(12, 0), (24, 0), (3, 0), (6, 40), (11.05, 0), (21.9, 0)])
def test_coefficients_are_those_of_the_definition(resolution, gamma):
    """One FFT of the whole signal, each filter by its formula: no stages, no blocks."""
    rate, size = 8000, 2**17
    transform = OctaveTransform(rate, resolution=resolution, gamma=gamma, dtype="float64")
    length = 20_000
    lead = (size - length) // 2 // 4096 * 4096  # a whole number of every hop
    signal = noise(1, length, rate, "float64")
    padded = np.zeros(size)
    padded[lead : lead + length] = signal.samples[0]
    spectrum = np.fft.fft(padded)
    representation = transform.analyze(signal)
    offset = gamma * resolution / math.log(2)
    j = np.arange(-size // 2, size)  # from below 0 Hz to beyond Nyquist: the spectrum repeats
    f = j * rate / size
    for octave, frames in zip(transform.octaves, representation.octaves, strict=True):
        for k in (0, 11, 23):
            with np.errstate(invalid="ignore", divide="ignore"):
                u = (np.log2(f + offset) - np.log2(octave.frequencies[k] + offset)) * resolution / 4
            inside = np.abs(u) < 0.5
            window = sum(a * np.cos(2 * np.pi * i * u[inside]) for i, a in enumerate(NUTTALL))
            for end, reached in ((0, f[inside][0] < 0), (rate / 2, f[inside][-1] > rate / 2)):
                if reached:  # from the centre to its image at the other side of the end
                    centre = octave.frequencies[k]
                    window = window * fall((f[inside] - centre) / (2 * (end - centre)))
            product = np.zeros(size, complex)
            np.add.at(product, j[inside] % size, window * spectrum[j[inside] % size])
            direct = 2 * np.fft.ifft(product)[:: octave.hop]
            numbers = np.arange(frames.first_frame, frames.stop_frame)
            within = (numbers * octave.hop >= -lead // 2) & (numbers * octave.hop < length + lead // 2)
            column = (numbers[within] * octave.hop + lead) // octave.hop
            peak = np.abs(direct).max()
            got = frames.coefficients[0, k, within]
            assert decibels(np.abs(got - direct[column]).max() / peak) <= -105


def test_octaves_hops_and_bins_are_where_the_definition_puts_them():
    transform = OctaveTransform(44100)
    assert len(transform.octaves) == 10
    assert [octave.hop for octave in transform.octaves] == [4096 >> i for i in range(10)]
    top = transform.octaves[-1]
    assert (top.low, top.high) == (11025, 22050)
    assert top.frequencies == pytest.approx(11025 * 2 ** ((np.arange(24) + 0.5) / 24))
    assert top.frame_rate == 44100 / 8
    assert transform.redundancy == pytest.approx(12, abs=0.1)


@pytest.mark.parametrize("resolution", [3, 8, 12])
def test_filters_sum_to_the_closed_form(resolution):
    """With half as many filters a bandwidth as bins or fewer, Σ|g|² is 4B/R · ∫W², exactly flat."""
    transform = OctaveTransform(44100, resolution=resolution)
    square = NUTTALL[0] ** 2 + sum(a**2 for a in NUTTALL[1:]) / 2
    flat = 24 * 4 / resolution * square
    operator = frame_operator(transform.scale, 1.0, 22051, reaches_nyquist=True)
    flat_part = operator[100:11_000]  # at the Nyquist frequency the geometric series ends
    assert flat_part == pytest.approx(np.full(flat_part.shape, flat), rel=1e-6)
    low, high = transform.frame_bounds
    assert flat / 4 - 1e-6 < low < flat / 3  # where filters fall to ½ on both sides of the Nyquist frequency
    assert flat - 1e-6 < high < 1.25 * flat  # the residual adds a little where it meets the bins


def test_a_representation_made_by_other_parameters_is_refused():
    representation = OctaveTransform(8000).analyze(noise(1, 100, 8000))
    with pytest.raises(ParameterError, match=r"was made by OctaveTransform\(8000\), not by"):
        OctaveTransform(8000, bins_per_octave=12).synthesize(representation)


# -------------------------------------------------------------------- locality


@pytest.fixture(scope="module")
def whole():
    """A signal with its whole analysis, by resolution."""
    rate = 22050
    signal = noise(1, 12 * rate, rate)
    return {r: (signal, t := OctaveTransform(rate, resolution=r), t.analyze(signal)) for r in (3, 12, 24)}


@settings(max_examples=40)
@given(resolution=st.sampled_from([3, 12, 24]), start=st.floats(0, 1), stop=st.floats(0, 1))
@example(resolution=12, start=0, stop=0.1)
@example(resolution=12, start=0.9, stop=1)
@example(resolution=24, start=0.5, stop=0.500001)
@example(resolution=3, start=112_543 / 264_600, stop=112_567 / 264_600)  # where falls at Nyquist reach far
def test_a_stretch_alone_has_the_frames_of_the_whole(whole, resolution, start, stop):
    signal, transform, representation = whole[resolution]
    start, stop = (round(at * signal.length) for at in sorted((start, stop)))
    part = transform.analyze(signal, start=start, stop=stop)
    for alone, all_frames in zip(part.octaves, representation.octaves, strict=True):
        # In the border of the stretch lie frames that only it, or only the whole, holds.
        first = max(alone.first_frame, all_frames.first_frame)
        last = min(alone.stop_frame, all_frames.stop_frame)
        difference = alone.between(first, last) - all_frames.between(first, last)
        peak = np.abs(all_frames.coefficients).max()
        assert decibels(np.abs(difference).max(initial=0) / peak) <= -100
    if stop > start:
        piece = Signal(signal.samples[:, start:stop], signal.rate)
        assert error_db(transform.synthesize(part), piece) <= -120


@settings(max_examples=30)
@given(octave=st.integers(0, 9), at=st.floats(0, 1), count=st.integers(1, 40))
def test_frames_of_one_octave_are_those_of_the_whole(whole, octave, at, count):
    signal, transform, representation = whole[12]
    octave = min(octave, len(transform.octaves) - 1)
    all_frames = representation.octaves[octave]
    first = round(at * signal.length / all_frames.hop)
    alone = transform.frames(signal, octave, first, first + count)
    assert alone.shape == (1, 24, count)
    held = all_frames.between(first, first + count)
    assert decibels(np.abs(alone - held).max() / np.abs(all_frames.coefficients).max()) <= -100


def test_coefficients_hold_the_frames_centred_in_the_stretch(whole):
    signal, transform, representation = whole[12]
    for start, stop in [(0, 1), (1, 2), (5000, 5001), (4096, 8192), (100, 30_000)]:
        made = transform.coefficients(signal, start, stop)
        for values, octave, held in zip(made, transform.octaves, representation.octaves, strict=True):
            numbers = [n for n in range(stop) if start <= n * octave.hop < stop]
            assert values.shape == (1, 24, len(numbers))
            if numbers:
                same = held.between(numbers[0], numbers[-1] + 1)
                assert decibels(np.abs(values - same).max() / np.abs(held.coefficients).max()) <= -100


@pytest.mark.parametrize("workers", [1, 2])
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_each_coefficient_may_be_kept_as_something_else(dtype, workers):
    signal = noise(2, 400_000, 44100, dtype)
    transform = OctaveTransform(44100, dtype=dtype, workers=workers)
    sizes = []

    def rounded(values):
        sizes.append(values.size)
        return np.rint(100 * np.abs(values)).astype(np.int16)

    for start, stop in [(0, signal.length), (5000, 5001), (-2000, 3000), (77, 77)]:
        made = transform.coefficients(signal, start, stop, map=rounded)
        whole = transform.coefficients(signal, start, stop)
        for values, coefficients in zip(made, whole, strict=True):
            assert values.dtype == np.int16
            assert np.array_equal(values, rounded(coefficients))
            assert values.swapaxes(1, 2).flags.c_contiguous  # frame by frame
    whole_size = transform.coefficients(signal, 0, signal.length)[-1].size
    sizes.clear()
    transform.coefficients(signal, 0, signal.length, map=rounded)
    assert max(sizes) < whole_size / 2  # never all at once


class Watched(Signal):
    """Remembers how many samples were read."""

    total = 0

    def read(self, start, stop):
        Watched.total += stop - start
        return super().read(start, stop)


def test_a_stretch_costs_what_the_stretch_costs():
    transform = OctaveTransform(44100)
    source = Watched(np.zeros((1, 44100 * 600), np.float32), 44100)
    transform.coefficients(source, 300 * 44100, 301 * 44100)
    assert Watched.total < 44100 + 2 * transform.border
    Watched.total = 0
    transform.frames(source, 9, 10**6, 10**6 + 55)  # 10 ms of the top octave
    assert Watched.total < 2**14


@pytest.mark.parametrize("rate", [8000, 44100])
@pytest.mark.parametrize(
    ("resolution", "gamma"), [(3, 0.0), (12, 0.0), (24, 0.0), (6.4, 24.7), (12, 400.0), (24, 150.0)]
)
def test_blocks_overlap_by_what_every_filter_reaches(rate, resolution, gamma):
    transform = OctaveTransform(rate, resolution=resolution, gamma=gamma)
    for stage in transform._stages:
        size = 1024 * stage.grain
        for octave in stage.octaves:
            bank = filter_bank(transform.scale, octave.index, rate / stage.decimation / size, size)
            responses = np.zeros((len(bank.first), size))
            responses[bank.row, bank.index % size] = bank.response
            energy = np.abs(np.fft.ifft(responses)) ** 2
            beyond = energy[:, stage.reach + 1 : size - stage.reach].sum(axis=1) / energy.sum(axis=1)
            assert 10 * math.log10(beyond.max()) < -100


REACHES = [
    ({"rate": 44100}, [(1792, 1792), (1792, 1792), (1792, 1856)]),
    ({"rate": 44100, "dtype": "float64"}, [(7616, 5184), (7616, 5184), (7616, 5312)]),
    ({"rate": 44100, "resolution": 3}, [(528, 672), (528, 528), (528, 576)]),
    (
        {"rate": 44100, "bins_per_octave": 3, "resolution": 3, "mirrored": True},
        [(480, 512), (480, 512), (480, 576)],
    ),
    (
        {"rate": 44100, "resolution": 6, "gamma": 20, "dtype": "float64"},
        [(3488, 2400), (1968, 1264), (400, 784)],
    ),
    ({"rate": 8000, "bins_per_octave": 48, "resolution": 48}, [(7168, 7680), (7168, 8192)]),
    (
        {"rate": 96000, "bins_per_octave": 6, "resolution": 3, "gamma": 1395.86722, "mirrored": True},
        [(272, 416), (36, 118)],
    ),
]


@pytest.mark.parametrize(("parameters", "expected"), REACHES)
def test_reaches_stay_as_they_are(parameters, expected):
    """They decide which frames a file has."""
    transform = OctaveTransform(**parameters)
    assert [(stage.reach, stage.dual_reach) for stage in transform._stages] == expected


@given(
    st.sampled_from([2000, 22050, 48000]),
    st.sampled_from([(3, 3), (6, 3), (12, 7.5), (24, 24)]),
    st.one_of(st.just(0.0), st.floats(0, 0.02)),
    st.booleans(),
    st.sampled_from(["float32", "float64"]),
)
@example(96000, (6, 3), 0.01454028, True, "float32")  # its second octave reaches farther
@settings(max_examples=20, deadline=None)
def test_no_octave_has_duals_that_reach_farther(rate, bands, gamma, mirrored, dtype):
    bins, resolution = bands
    try:
        transform = OctaveTransform(
            rate,
            bins_per_octave=bins,
            resolution=resolution,
            gamma=gamma * rate,
            mirrored=mirrored,
            dtype=dtype,
        )
    except ParameterError:  # too wide for the rate
        return
    for stage in transform._stages:
        of_all = stage._reach(stage.octaves, stage._duals, stage.tolerance_db.duals, stages.FALLING_DB)
        assert stage.dual_reach == of_all


@pytest.mark.parametrize("workers", [1, 2])
def test_an_analysis_that_is_not_wanted_any_more_ends_between_blocks(workers):
    signal = noise(1, 1_000_000, 44100)
    transform = OctaveTransform(44100, workers=workers)
    asked = itertools.count(1)
    with pytest.raises(Cancelled), cancel_scope(lambda: next(asked) == 3):
        transform.coefficients(signal, 0, signal.length)
    assert next(asked) == 4
    again = transform.coefficients(signal, 0, 1000)  # nothing is left of that
    assert [band.shape[-1] for band in again] == [-(-1000 // octave.hop) for octave in transform.octaves]


def test_a_cancelled_analysis_leaves_no_thread_at_work():
    """The other thread, within its first block when the analysis is cancelled, begins no other."""
    signal, transform = noise(1, 1_000_000, 44100), OctaveTransform(44100, workers=2)
    others, began, go_on = [], threading.Event(), threading.Event()

    def watched(values):
        if threading.current_thread() is not threading.main_thread():
            others.append(values.shape)
            began.set()
            assert go_on.wait(10)
        return values

    with pytest.raises(Cancelled), cancel_scope(lambda: began.wait(10)):
        transform.coefficients(signal, 0, signal.length, map=watched)
    go_on.set()
    transform.coefficients(signal, 0, signal.length)  # for which that thread has to be ready
    assert others
    assert len(set(others)) == len(others)  # of each octave once


def test_several_threads_get_what_one_gets(whole):
    signal, _, representation = whole[12]
    transform = OctaveTransform(signal.rate, fmin=21)  # a plan that nobody has built yet
    with ThreadPoolExecutor(4) as pool:
        for made in pool.map(lambda _: transform.analyze(signal), range(4)):
            for ours, theirs in zip(made.octaves, representation.octaves, strict=True):
                assert np.array_equal(ours.coefficients, theirs.coefficients)


# -------------------------------------------------------------------- what the picture says


@pytest.mark.parametrize("rate", [8000, 44100, 192000])
@pytest.mark.parametrize("gamma", [0, 5])
def test_a_sine_reads_its_amplitude(rate, gamma):
    transform = OctaveTransform(rate, gamma=gamma)
    for octave in range(2, len(transform.octaves)):
        frequency = transform.octaves[octave].frequencies[7]
        seconds = 400 / frequency
        signal = sine(frequency, 0.25, seconds, rate)
        n = signal.length // 2 // transform.octaves[octave].hop
        middle = transform.frames(signal, octave, n, n + 1)
        assert abs(decibels(np.abs(middle[0, 7, 0]) / 0.25)) <= 0.1
        assert np.abs(middle[0, :, 0]).argmax() == 7


class Sine:
    """A sine that has always been there and never ends."""

    channels, length = 1, 2**40

    def __init__(self, frequency, amplitude, phase, rate):
        self.frequency, self.amplitude, self.phase, self.rate = frequency, amplitude, phase, rate

    def read(self, start, stop):
        turns = np.arange(start, stop) * (self.frequency / self.rate)
        return (self.amplitude * np.sin(2 * np.pi * turns + self.phase))[None]


ENDS = [  # parameters, and whether filters reach below 0 Hz
    ({}, False),
    ({"dtype": "float64"}, False),
    ({"resolution": 3}, False),
    ({"resolution": 24}, False),
    ({"bins_per_octave": 3, "resolution": 3}, False),
    ({"bins_per_octave": 96, "resolution": 3, "fmin": 700}, False),
    ({"bins_per_octave": 96, "resolution": 96, "fmin": 2000}, False),
    ({"gamma": 5, "resolution": 6.4}, False),
    ({"gamma": 40, "resolution": 6}, True),
    ({"gamma": 3000}, True),
]


@pytest.mark.parametrize(("parameters", "below"), ENDS)
def test_a_sine_reads_its_amplitude_at_the_centre_of_every_bin(parameters, below):
    transform = OctaveTransform(44101, **parameters)
    assert (transform.scale.filter_edges(transform.octaves[0].frequencies[0])[0] < 0) == below
    ends = {0, len(transform.octaves) - 1}
    for octave in transform.octaves:
        bins = len(octave.frequencies)
        rows = range(bins) if octave.index in ends else (0, bins // 2, bins - 1)
        for row, phase in zip(rows, itertools.cycle([0.0, 0.7, math.pi / 2, 2.5]), strict=False):
            source = Sine(octave.frequencies[row], 0.5, phase, 44101)
            first = 1_000_000 // octave.hop + 17 * row
            read = np.abs(transform.frames(source, octave.index, first, first + 16)[0, row])
            assert np.abs(20 * np.log10(read / 0.5)).max() < 0.01


@pytest.mark.parametrize("parameters", [{}, {"resolution": 3}, {"resolution": 6, "gamma": 40}])
def test_no_sine_reads_more_than_its_amplitude(parameters):
    """Between the last bin's centre and the Nyquist frequency it beats with its image, from below."""
    transform = OctaveTransform(44100, **parameters)
    top, last = transform.octaves[-1], transform.octaves[-1].frequencies[-1]
    for frequency in [*np.linspace(last, 22050, 9), *np.linspace(20_000, last, 9)]:
        source = Sine(frequency, 1.0, math.pi / 2, 44100)
        most = np.abs(transform.frames(source, top.index, 10_000, 10_500)).max()
        assert -1.0 < decibels(most) < 0.001
    for frequency in (0.0, 5.0, 13.0):
        source = Sine(frequency, 1.0, math.pi / 2, 44100)
        assert decibels(np.abs(transform.frames(source, 0, 100, 200)).max()) < 0.001


#: With these, the residual reaches beyond the Nyquist frequency.
WIDE = {"bins_per_octave": 3, "resolution": 3, "gamma": 300.0, "fmin": 1800.0}


@pytest.mark.parametrize("parameters", [{}, {"resolution": 3}, {"gamma": 400.0}, {"mirrored": True}, WIDE])
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_the_ends_of_the_spectrum_are_rebuilt(parameters, dtype):
    transform = OctaveTransform(8001, dtype=dtype, **parameters)
    length = 6001
    for frequency in (0.0, 1.0, 3950.0, 4000.5):
        source = Sine(frequency, 0.5, math.pi / 2, 8001)
        signal = Signal(source.read(0, length).astype(dtype), 8001)
        assert error_db(transform.synthesize(transform.analyze(signal)), signal) <= BAR_DB[dtype]


@pytest.mark.parametrize(("resolution", "least"), [(24, -0.8), (12, -1.7), (3, -3.0)])
def test_noise_and_clicks_read_less_only_where_the_spectrum_ends(resolution, least):
    """A filter there takes in no more than the half of its width that lies within the spectrum."""
    scale = OctaveTransform(44100, resolution=resolution).scale
    bank, mirrored = (filter_bank(s, 9, 4.0, 11_025 * 2) for s in (scale, replace(scale, mirrored=True)))
    for power, fewest in ((2, least), (1, -6.2)):  # of noise its power, of a click its amplitude
        ours, theirs = (np.bincount(b.row, b.response**power) for b in (bank, mirrored))
        change = 10 * (3 - power) * np.log10(ours / theirs)
        assert (np.diff(change) <= 1e-9).all()
        assert change[0] == pytest.approx(0, abs=1e-3)
        assert fewest <= change[-1] < 0


@pytest.mark.parametrize(
    ("octave", "resolution", "gamma", "spacing"),
    [(9, 12, 0.0, 4.0), (9, 3, 0.0, 4.0), (0, 12, 0.0, 0.01), (0, 6, 40.0, 0.25), (5, 12, 3000.0, 2.0)],
)
def test_slopes_are_those_of_the_filters(octave, resolution, gamma, spacing):
    scale = OctaveTransform(44100, resolution=resolution, gamma=gamma).scale
    bank, slopes = (
        filter_bank(scale, octave, spacing, 10**6, s) for s in (WindowShape.WINDOW, WindowShape.SLOPE)
    )
    for row in range(24):
        own = bank.row == row
        numeric = np.gradient(bank.response[own], spacing)
        assert slopes.response[own] == pytest.approx(numeric, abs=2e-3 * np.abs(numeric).max())


@pytest.mark.parametrize("gamma", [0, 20])
def test_bandwidth_is_where_a_sine_reads_3_db_less(gamma):
    transform = OctaveTransform(44100, gamma=gamma)
    frequency = transform.octaves[5].frequencies[12]
    for side in (-1, 1):
        signal = sine(frequency + side * transform.bandwidth(frequency) / 2, 1.0, 3, 44100)
        n = 66_150 // transform.octaves[5].hop
        level = decibels(np.abs(transform.frames(signal, 5, n, n + 1)[0, 12, 0]))
        assert level == pytest.approx(-3.2, abs=0.2)


def test_an_impulse_halves_in_width_octave_by_octave():
    rate = 44100
    transform = OctaveTransform(rate)
    samples = np.zeros((1, 2 * rate), np.float32)
    samples[0, rate] = 1
    representation = transform.analyze(Signal(samples, rate))
    widths = []
    for frames in representation.octaves:
        power = (np.abs(frames.coefficients[0, 12]) ** 2).astype(float)
        centre = (power * frames.times).sum() / power.sum()
        assert centre == pytest.approx(1, abs=frames.hop / rate)
        widths.append(math.sqrt((power * (frames.times - centre) ** 2).sum() / power.sum()))
    assert widths == sorted(widths, reverse=True)
    for wide, narrow in itertools.pairwise(widths):
        assert wide / narrow == pytest.approx(2, rel=0.05)


def test_an_octave_up_is_the_same_picture_higher():
    """The same sound at twice the speed: each octave's picture moves to the octave above."""
    rate = 44100
    rng = np.random.default_rng(3)
    t = np.arange(4 * rate) / rate
    sound = np.zeros_like(t)
    for f in (110, 277, 523, 1480, 3100, 6000):
        start, decay = rng.uniform(0.5, 2.5), rng.uniform(1, 20)
        sound += np.where(t > start, np.exp(-(t - start) * decay), 0) * np.sin(2 * np.pi * f * t)
    low = Signal(sound[None], rate)
    transform = OctaveTransform(rate)
    slow = transform.analyze(low)
    fast = transform.analyze(Signal(resample(sound, sound.size // 2)[None], rate))
    for octave in range(2, 8):
        below, above = np.abs(slow.octaves[octave].coefficients[0]), fast.octaves[octave + 1]
        shift = slow.octaves[octave].first_frame
        moved = np.abs(above.between(shift, shift + below.shape[-1])[0])
        correlation = np.corrcoef(below.ravel(), moved.ravel())[0, 1]
        assert correlation >= 0.99


# -------------------------------------------------------------------- bad input


@pytest.mark.parametrize(
    ("parameters", "says"),
    [
        ({"rate": 0}, "rate"),
        ({"bins_per_octave": 2}, "bins_per_octave .* not 2"),
        ({"bins_per_octave": 12.5}, "bins_per_octave .* not 12.5"),
        ({"resolution": 2.9}, "resolution .* not 2.9"),
        ({"resolution": 25}, "resolution .*24.* not 25"),
        ({"resolution": math.nan}, "resolution"),
        ({"gamma": -1}, "gamma .* not -1"),
        ({"gamma": math.inf}, "gamma"),
        ({"gamma": 1e5}, "gamma 100000 Hz is too large"),
        ({"fmin": 0}, "fmin .* not 0"),
        ({"fmin": 12000}, "fmin .* not 12000"),
        ({"fmin": math.nan}, "fmin"),
        ({"dtype": "int16"}, "dtype .* not .int16."),
        ({"workers": 0}, "workers .* not 0"),
    ],
)
def test_wrong_parameters_are_named(parameters, says):
    with pytest.raises(ParameterError, match=says):
        OctaveTransform(**{"rate": 44100, **parameters})


def test_a_signal_of_another_rate_is_refused():
    with pytest.raises(ParameterError, match=r"44100 Hz.*48000 Hz"):
        OctaveTransform(44100).analyze(noise(1, 10, 48000))


@pytest.mark.parametrize("octave", [-1, 10])
def test_an_octave_that_is_not_there_is_refused(octave):
    with pytest.raises(ParameterError, match=f"from 0 to 9, not {octave}"):
        OctaveTransform(44100).frames(noise(1, 10, 44100), octave, 0, 1)


@pytest.mark.parametrize(("start", "stop"), [(-1, 5), (3, 2), (0, 11)])
def test_a_stretch_outside_the_signal_is_refused(start, stop):
    with pytest.raises(ParameterError, match=r"samples|start must be"):
        OctaveTransform(44100).analyze(noise(1, 10, 44100), start=start, stop=stop)


def test_samples_that_are_not_numbers_count_as_zero_and_are_told_of():
    signal = noise(1, 1000, 8000)
    clean = signal.samples.copy()
    clean[0, [5, 6]] = 0
    signal.samples[0, [5, 6]] = np.nan, np.inf
    transform = OctaveTransform(8000)
    with pytest.warns(UserWarning, match="non-finite"):
        made = transform.analyze(signal)
    assert np.array_equal(
        made.octaves[3].coefficients, transform.analyze(Signal(clean, 8000)).octaves[3].coefficients
    )


# -------------------------------------------------------------------- streams


@settings(max_examples=25)
@given(
    length=st.one_of(st.integers(0, 5), st.integers(6, 300_000)),
    stretch=st.sampled_from([20_000, 2**16, 99_999, 10**6]),
    channels=st.sampled_from([1, 2]),
    dtype=st.sampled_from(["float32", "float64"]),
)
def test_a_stream_gives_the_whole_analysis_and_the_signal_back(length, stretch, channels, dtype):
    transform = OctaveTransform(22050, dtype=dtype)
    signal = noise(channels, length, 22050, dtype)
    whole = transform.analyze(signal)
    pieces = list(transform.stream(signal, piece=stretch))
    assert [piece.start for piece in pieces] == list(range(0, max(length, 1), stretch))
    joined = functools.reduce(Representation.joined, pieces)
    assert (joined.start, joined.stop) == (0, length)
    for ours, theirs in zip((*joined.bands, joined.residual), (*whole.bands, whole.residual), strict=True):
        assert ours.first_frame == theirs.first_frame
        difference = ours.coefficients - theirs.coefficients
        peak = np.abs(theirs.coefficients).max(initial=1e-9)
        assert decibels(np.abs(difference).max(initial=0) / peak) <= -100
    stretches = [made.samples for made in transform.synthesize_stream(iter(pieces))]
    rebuilt = np.concatenate(stretches, axis=1)
    assert rebuilt.shape == signal.samples.shape
    if length:
        assert error_db(Signal(rebuilt, 22050), signal) <= BAR_DB[dtype]


def test_a_stream_is_rebuilt_as_it_comes():
    """Not at its end: what is waiting stays as long as a border and a stretch."""
    transform = OctaveTransform(8000)
    signal = noise(1, 80 * 8000, 8000)
    given, rebuilt = 0, 0

    def pieces():
        nonlocal given
        for piece in transform.stream(signal, piece=2 * 8000):
            given = piece.stop
            yield piece

    for made in transform.synthesize_stream(pieces()):
        rebuilt += made.length
        assert given - rebuilt <= transform.border
    assert rebuilt == signal.length


def test_a_stream_is_rebuilt_in_bounded_memory():
    """Frames that nothing to come needs are let go."""
    transform = OctaveTransform(8000, workers=1)

    def peak(length):
        signal = noise(1, length, 8000)
        tracemalloc.start()
        for _ in transform.synthesize_stream(transform.stream(signal, piece=16_000)):
            pass
        most = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        return most

    peak(1_200_000)  # blocks get no larger, nor the memory that threads reuse for them
    assert peak(1_200_000) < 1.1 * peak(400_000)


@pytest.mark.parametrize("transform", [OctaveTransform(8000), STFT(8000)])
@pytest.mark.parametrize("length", [0, 1, 70_000, 2 * 2**20 // 3 + 5])
def test_a_mapped_stream_is_that_of_the_coefficients(transform, length):
    signal = noise(3, length, 8000)
    pieces, mapped = transform.stream(signal), transform.map_stream(signal, np.abs)
    for piece, bands in zip(pieces, mapped, strict=True):
        assert len(bands) == len(transform.bands)
        for frames, band in zip(piece.bands, bands, strict=True):
            assert (band.band, band.first_frame) == (frames.band, frames.first_frame)
            assert np.allclose(band.coefficients, np.abs(frames.coefficients), rtol=0, atol=1e-6)


def test_pieces_that_do_not_follow_each_other_are_refused():
    transform = OctaveTransform(8000)
    first, _, third = transform.stream(noise(1, 60_000, 8000), piece=20_000)
    with pytest.raises(ParameterError, match="sample 40000 does not follow sample 19999"):
        list(transform.synthesize_stream([first, third]))
    with pytest.raises(ParameterError, match="piece must be a whole number of at least 1, not 0"):
        next(transform.stream(noise(1, 10, 8000), piece=0))


@pytest.mark.parametrize("workers", [1, 2, 5])
def test_threads_change_nothing(workers):
    signal = noise(3, 200_000, 44100)
    one = OctaveTransform(44100, workers=1)
    several = OctaveTransform(44100, workers=workers)
    alone, shared = one.analyze(signal), several.analyze(signal)
    for a, b in zip(alone.octaves, shared.octaves, strict=True):
        assert np.array_equal(a.coefficients, b.coefficients)
    assert np.array_equal(one.synthesize(alone).samples, several.synthesize(shared).samples)


@pytest.mark.parametrize("channels", [1, 2, 6, 64])
def test_channels_do_not_touch_each_other(channels):
    signal = noise(channels, 3000, 44100)
    transform = OctaveTransform(44100)
    together = transform.analyze(signal)
    last = transform.analyze(Signal(signal.samples[-1:], 44100))
    for a, b in zip(together.octaves, last.octaves, strict=True):
        assert np.allclose(a.coefficients[-1], b.coefficients[0], atol=1e-7)
