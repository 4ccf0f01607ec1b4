"""What is left of a sound when coefficients are left out, made coarse, or lose their phase."""

import itertools
import math
import threading
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from msviz import STFT, OctaveTransform, ParameterError, Recipe, Reconstruction, Signal, signal_to_error_db
from msviz.cancellation import Cancelled, cancel_scope, raise_if_cancelled
from msviz.lab import RANGE_DB
from msviz.lab.coefficients import coarse_magnitudes, coarse_phases
from msviz.lab.phase import planes
from msviz.measures import spectral_convergence_db

RATE = 2000
SEGMENT = 2**12  # at this rate
TRANSFORMS = {
    "octave": OctaveTransform(RATE, workers=1),
    "stft": STFT(RATE, window=256, hop=64),
    "odd stft": STFT(RATE, window=250, hop=75),
}
LOSSY = [
    Recipe(kept=7),
    Recipe(magnitude_bits=5, phase_bits=4),
    Recipe(kept=20, magnitude_bits=6, rebuild_phase=True),
]

every_transform = pytest.mark.parametrize("transform", TRANSFORMS.values(), ids=TRANSFORMS)


def noise(channels, length, seed=0):
    return Signal(0.2 * np.random.default_rng(seed).standard_normal((channels, length)).astype("f4"), RATE)


def music(length, seed=0):
    """Two channels of decaying tones, clicks and some noise."""
    random = np.random.default_rng(seed)
    t = np.arange(length) / RATE
    samples = 0.001 * random.standard_normal((2, length))
    for start in random.uniform(-1, length / RATE, 8 * length // RATE):
        frequency, pan = 40 * 2 ** random.uniform(0, 4), random.random()
        tone = np.where(t > start, np.exp(-3 * (t - start)) * np.sin(2 * np.pi * frequency * (t - start)), 0)
        samples += 0.2 * np.array([[pan], [1 - pan]]) * tone
    samples[:, random.integers(0, length, 5)] += 0.5
    return Signal(samples.astype("f4"), RATE)


def without_lows(signal):
    spectrum = np.fft.rfft(signal.samples)
    spectrum[:, : int(50 * signal.length / RATE)] = 0
    return Signal(np.fft.irfft(spectrum, signal.length).astype("f4"), RATE)


def heard(signal, transform, recipe):
    return Reconstruction(signal, transform, recipe).read(0, signal.length)


def convergence(signal, rebuilt, transform, start=0, stop=None):
    """Spectral convergence in dB of the frames in a stretch."""
    stretch = start, signal.length if stop is None else stop
    pictures = [transform.coefficients(s, *stretch) for s in (signal, Signal(rebuilt, RATE))]
    return spectral_convergence_db(*pictures, transform.energies())


# ---------------------------------------------------------------------- recipes and measures


def test_a_recipe_knows_whether_it_loses_anything():
    assert not Recipe()
    assert not Recipe(kept=100.0)
    assert Recipe(kept=99)
    assert Recipe(magnitude_bits=16)
    assert Recipe(phase_bits=16)
    assert Recipe(rebuild_phase=True)


@pytest.mark.parametrize(
    ("parameters", "says"),
    [
        ({"kept": -1}, "kept .* not -1"),
        ({"kept": 101}, "kept .* not 101"),
        ({"kept": math.nan}, "kept .* not nan"),
        ({"magnitude_bits": 0}, "magnitude_bits .* not 0"),
        ({"phase_bits": 17}, "phase_bits .* not 17"),
        ({"phase_bits": 2.5}, "phase_bits .* not 2.5"),
    ],
)
def test_a_recipe_says_what_cannot_be(parameters, says):
    with pytest.raises(ParameterError, match=says):
        Recipe(**parameters)


def test_a_transform_for_another_rate_is_refused():
    with pytest.raises(ParameterError, match="44100 Hz"):
        Reconstruction(noise(1, 10), OctaveTransform(44100), Recipe())


def test_signal_to_error():
    x = np.array([[3.0, -4.0]])
    assert signal_to_error_db(x, 1.1 * x) == pytest.approx(20)
    assert signal_to_error_db(x, 0 * x) == 0
    assert signal_to_error_db(x, x) == math.inf
    assert signal_to_error_db(0 * x, x) == -math.inf
    assert signal_to_error_db(0 * x, 0 * x) == math.inf


def test_spectral_convergence_looks_at_magnitudes_alone_and_weighs_them():
    c = [np.array([[[1.0, 1j]]]), np.array([[[2.0]]])]
    weights = [np.array([1.0]), np.array([0.5])]
    assert spectral_convergence_db(c, [-c[0], 1j * c[1]], weights) == -math.inf
    # 0.5 · 0.2² of 1 + 1 + 0.5 · 2²
    assert spectral_convergence_db(c, [c[0], 1.1 * c[1]], weights) == pytest.approx(10 * np.log10(0.02 / 4))


@every_transform
def test_reals_are_counted(transform):
    def reals(**parameters):
        return Reconstruction(noise(1, 10), transform, Recipe(**parameters)).reals

    if isinstance(transform, OctaveTransform):
        rest = 1 / transform.residual_hop
        assert reals() == pytest.approx(transform.redundancy)
    else:
        rest = 0
        assert reals() == pytest.approx(transform.window / transform.hop)
    assert reals(kept=10) - rest == pytest.approx((reals() - rest) / 10)
    assert reals(kept=10, rebuild_phase=True) - rest == pytest.approx((reals() - rest) / 20)
    assert reals(phase_bits=3) == reals()


# ---------------------------------------------------------------------- coefficients


@every_transform
@settings(max_examples=10)
@given(length=st.integers(1, 3 * SEGMENT), data=st.data())
def test_a_recipe_that_loses_nothing_gives_the_source_back(transform, length, data):
    signal = noise(2, length)
    start = data.draw(st.integers(0, length - 1))
    stop = data.draw(st.integers(start + 1, length))
    rebuilt = Reconstruction(signal, transform, Recipe()).read(start, stop)
    peak = np.abs(signal.samples).max()
    assert np.abs(rebuilt - signal.samples[:, start:stop]).max() < 1e-5 * peak
    if stop - start > 100:
        assert signal_to_error_db(signal.samples[:, start:stop], rebuilt) > 120


@every_transform
def test_weighted_coefficients_have_the_energy_of_the_signal(transform):
    signal = noise(1, 4 * SEGMENT)
    if isinstance(transform, OctaveTransform):
        signal = without_lows(signal)  # they are the residual's
    bands = transform.analyze(signal).bands
    energy = sum(
        (np.abs(b.coefficients) ** 2 * w[:, None]).sum()
        for b, w in zip(bands, transform.energies(), strict=True)
    )
    exact = transform is TRANSFORMS["stft"]  # hops of a quarter of a window: S is level
    assert energy == pytest.approx(np.square(signal.samples).sum(), rel=1e-5 if exact else 0.02)


@every_transform
@pytest.mark.parametrize("kept", [0, 0.5, 3, 50, 99.9])
def test_so_many_coefficients_stay_and_no_stronger_one_goes(transform, kept):
    signal = noise(2, 3 * SEGMENT)
    left = Reconstruction(signal, transform, Recipe(kept=kept)).treated(0, signal.length)
    whole = transform.analyze(signal)
    stay, go, count = [], [], 0
    for before, after, weight in zip(whole.bands, left.bands, transform.energies(), strict=True):
        # The frames that are centred in the segment in the middle.
        frames = -(-SEGMENT // before.hop), -(-2 * SEGMENT // before.hop)
        strength = np.abs(before.between(*frames)) * np.sqrt(weight)[:, None]
        here = after.between(*frames) != 0
        stay.append(strength[here])
        go.append(strength[~here])
        count += here.size
        np.testing.assert_array_equal(after.between(*frames)[here], before.between(*frames)[here])
    stay, go = np.concatenate(stay), np.concatenate(go)
    assert abs(stay.size - round(count * kept / 100)) <= 1  # rounding may tie two
    if kept:
        assert stay.min() >= go.max() * (1 - 1e-4)


@every_transform
def test_the_more_stay_the_less_is_lost_and_never_more_than_what_went(transform):
    signal = music(3 * SEGMENT)
    energy = np.square(signal.samples, dtype=float).sum()
    ratios = []
    for kept in (1, 5, 20, 50, 90, 100):
        sound = Reconstruction(signal, transform, Recipe(kept=kept))
        ratios.append(signal_to_error_db(signal.samples, sound.read(0, signal.length)))
        left = sound.treated(0, signal.length)
        whole = transform.analyze(signal)
        gone = sum(
            (np.abs(a.coefficients - b.coefficients) ** 2 * w[:, None]).sum()
            for a, b, w in zip(whole.bands, left.bands, transform.energies(), strict=True)
        )
        if gone:  # synthesis is a projection where S is level: it cannot add to an error
            assert ratios[-1] > 10 * np.log10(energy / gone) - 0.2
    assert all(a < b for a, b in itertools.pairwise(ratios))


@settings(max_examples=40)
@given(bits=st.integers(1, 16), peak=st.floats(1e-6, 10), seed=st.integers(0, 99))
def test_coarse_magnitudes_are_off_by_half_a_step_at_most(bits, peak, seed):
    below = np.random.default_rng(seed).uniform(0, 1.2 * RANGE_DB, (2, 3, 50))
    below[0, 0, 0] = 0
    magnitudes = peak * 10 ** (-below / 20)
    made = coarse_magnitudes(magnitudes, np.full(50, peak), bits)
    step = RANGE_DB / (2**bits - 1)
    heard = below < RANGE_DB - 1e-9
    assert np.abs(20 * np.log10(made[heard] / magnitudes[heard])).max() <= step / 2 + 1e-6
    assert not made[below > RANGE_DB + 1e-9].any()
    assert np.unique(made).size <= 2**bits


def test_coarse_magnitudes_of_nothing():
    assert not coarse_magnitudes(np.zeros((1, 2, 3), "f4"), np.array([0, 0, 1], "f4"), 4).any()


@settings(max_examples=40)
@given(bits=st.integers(1, 16), seed=st.integers(0, 99))
def test_coarse_phases_are_off_by_half_a_step_at_most(bits, seed):
    random = np.random.default_rng(seed)
    values = random.standard_normal((2, 3, 50)) + 1j * random.standard_normal((2, 3, 50))
    made = coarse_phases(values, bits)
    assert np.abs(np.angle(made / values)).max() <= np.pi / 2**bits + 1e-9
    np.testing.assert_allclose(np.abs(made), np.abs(values))
    turns = np.angle(made) / (2 * np.pi) * 2**bits
    np.testing.assert_allclose(turns, np.rint(turns), atol=1e-6)


@every_transform
def test_each_bit_of_phase_wins_6_db(transform):
    signal = noise(1, SEGMENT)
    ratios = [
        signal_to_error_db(signal.samples, heard(signal, transform, Recipe(phase_bits=bits)))
        for bits in (4, 6, 8)
    ]
    assert np.diff(ratios) == pytest.approx([12, 12], abs=1)


# ---------------------------------------------------------------------- by stretch


@every_transform
@pytest.mark.parametrize("recipe", LOSSY, ids=["kept", "coarse", "rebuilt"])
def test_the_samples_do_not_depend_on_what_was_read_before(transform, recipe):
    signal = music(3 * SEGMENT + 300)
    whole = Reconstruction(signal, transform, recipe).read(-100, signal.length + 100)
    assert not whole[:, :100].any()
    assert not whole[:, -100:].any()
    assert np.isfinite(whole).all()
    random = np.random.default_rng(1)
    edges = np.sort(random.integers(-100, signal.length + 100, 12))
    pieces = list(itertools.pairwise([-100, *edges.tolist(), signal.length + 100]))
    other = Reconstruction(signal, transform, recipe)
    for index in random.permutation(len(pieces)):
        start, stop = pieces[index]
        np.testing.assert_array_equal(other.read(start, stop), whole[:, start + 100 : stop + 100])


@pytest.mark.parametrize("recipe", LOSSY, ids=["kept", "coarse", "rebuilt"])
def test_threads_share_what_is_made(recipe):
    class Counting(Signal):
        reads = 0
        lock = threading.Lock()

        def read(self, start, stop):
            with self.lock:
                type(self).reads += 1
            return super().read(start, stop)

    signal = Counting(music(4 * SEGMENT).samples, RATE)
    transform = TRANSFORMS["octave"]
    alone = heard(signal, transform, recipe)
    once, Counting.reads = Counting.reads, 0
    shared = Reconstruction(signal, transform, recipe)
    with ThreadPoolExecutor(8) as pool:
        made = list(pool.map(lambda _: shared.read(0, signal.length), range(8)))
    for samples in made:
        np.testing.assert_array_equal(samples, alone)
    assert Counting.reads == once


def test_a_reader_that_is_cancelled_leaves_others_what_they_read(waiting):
    began, go_on, cancelled = threading.Event(), threading.Event(), threading.Event()

    class Slow(Signal):
        def read(self, start, stop):
            began.set()
            assert go_on.wait(10)
            raise_if_cancelled()
            return super().read(start, stop)

    def cancelled_reader():
        with cancel_scope(cancelled.is_set):
            sound.read(0, 100)

    samples = noise(1, SEGMENT).samples
    sound = Reconstruction(Slow(samples, RATE), TRANSFORMS["stft"], Recipe())
    with ThreadPoolExecutor(2) as pool:
        first = pool.submit(cancelled_reader)
        assert began.wait(10)
        second = pool.submit(sound.read, 0, 100)
        assert waiting.wait(10)
        cancelled.set()
        go_on.set()
        assert isinstance(first.exception(10), Cancelled)
        np.testing.assert_allclose(second.result(10), samples[:, :100], atol=1e-6)


@every_transform
@pytest.mark.parametrize("recipe", [Recipe(), *LOSSY, Recipe(kept=0)])
@pytest.mark.parametrize("length", [0, 1, 2, SEGMENT + 1])
def test_the_shortest_sounds_and_silence(transform, recipe, length):
    for samples in (np.zeros((2, length), "f4"), np.ones((1, length), "f4")):
        sound = Reconstruction(Signal(samples, RATE), transform, recipe)
        made = sound.read(-5, length + 5)
        assert made.shape == (len(samples), length + 10)
        assert np.isfinite(made).all()
        assert not made[:, :5].any()
        for start in (-30, length, length + 3):  # nothing of it is in there
            np.testing.assert_array_equal(sound.read(start, start + 20), np.zeros((len(samples), 20)))
        if not samples.any():
            assert not made.any()


@every_transform
@pytest.mark.parametrize("recipe", [Recipe(), *LOSSY])
def test_samples_that_are_no_numbers_count_as_zero(transform, recipe):
    good = noise(1, SEGMENT)
    good.samples[0, [100, 1500]] = 0
    bad = Signal(good.samples.copy(), RATE)
    bad.samples[0, [100, 1500]] = np.nan, np.inf
    np.testing.assert_array_equal(heard(bad, transform, recipe), heard(good, transform, recipe))


def test_float64_stays_so():
    signal = Signal(noise(1, SEGMENT).samples.astype(float), RATE)
    transform = OctaveTransform(RATE, dtype="float64")
    rebuilt = heard(signal, transform, Recipe())
    assert rebuilt.dtype == np.float64
    assert signal_to_error_db(signal.samples, rebuilt) > 150
    assert heard(signal, transform, Recipe(rebuild_phase=True)).dtype == np.float64


# ---------------------------------------------------------------------- phases


def sine(length):
    return Signal(0.5 * np.sin(2 * np.pi * 194.4 * np.arange(length) / RATE).astype("f4")[None], RATE)


def pulses(length):
    samples = np.zeros((1, length), "f4")
    samples[0, 250::625] = 0.9
    return Signal(samples, RATE)


@pytest.mark.parametrize("transform", [TRANSFORMS["octave"], STFT(RATE, window=256, hop=16)])
@pytest.mark.parametrize("make", [sine, pulses])
def test_steps_in_phase_between_neighbours_are_those_of_the_coefficients(transform, make):
    """Of a tone along time, of a click along frequency, from octave to octave too."""
    signal = make(2 * SEGMENT)
    held = [values[0] for values in transform.coefficients(signal, 0, signal.length)]
    flat = np.concatenate([values.ravel() for values in held])

    def off(tail, head, steps):
        """Root mean square of the error in turns, the strong ones counting more."""
        error = np.angle(flat[head] * np.conj(flat[tail])) / (2 * np.pi) - steps
        weight = np.minimum(np.abs(flat[head]), np.abs(flat[tail])) ** 2
        return np.sqrt(np.average((error - np.rint(error)) ** 2, weights=weight))

    made = planes(transform, [np.abs(values) for values in held], 0)
    for number, (plane, values) in enumerate(zip(made, held, strict=True)):
        numbers = plane.first + np.arange(values.size).reshape(values.shape)
        if make is sine:
            if np.abs(values).max() > 0.4:
                assert off(numbers[:, :-1], numbers[:, 1:], plane.along_time) < 0.05
        elif number >= len(made) - 3:  # lower, clicks are not apart
            assert off(numbers[:-1], numbers[1:], plane.along_rows) < 0.05
            if plane.to_next[0].size:
                assert off(*plane.to_next) < 0.05


@pytest.mark.parametrize(
    ("transform", "number", "farthest", "sigma_hz"),
    [
        # σ of the Gaussian next to a Hann window: 0.7878 rows; next to a Nuttall window: 0.1457 of its width.
        (
            STFT(RATE, window=256, hop=16),
            0,
            lambda hz: hz + 3 * 0.7878 * RATE / 256,
            lambda _: 0.7878 * RATE / 256,
        ),
        (
            OctaveTransform(RATE, resolution=12, gamma=0),
            3,
            lambda hz: hz * 2 ** (3 * 0.1457 * 4 / 12),
            lambda hz: np.log(2) * 0.1457 * 4 / 12 * hz,
        ),
    ],
    ids=["stft", "octave"],
)
def test_where_magnitudes_jump_phases_are_led_no_further_than_three_sigma(
    transform, number, farthest, sigma_hz
):
    """The gradient of their logarithm would lead anywhere there."""
    band = transform.bands[number]
    hz = band.frequencies
    middle = len(hz) // 2

    def plane(loud):
        magnitudes = [np.full((len(band.frequencies), 9), 1e-6) for band in transform.bands]
        magnitudes[number][loud] = 1
        return planes(transform, magnitudes, 0)[number]

    def off(turns, expected):
        return np.abs(turns - expected - np.rint(turns - expected)).max()

    assert off(plane(np.s_[middle:]).along_time[middle], farthest(hz[middle]) * band.hop / RATE) < 1e-4
    slope = np.broadcast_to(-3 / (2 * np.pi * sigma_hz(hz)), hz.shape)
    assert off(plane(np.s_[:, 5:]).along_rows[:, 5], (slope[:-1] + slope[1:]) / 2 * np.diff(hz)) < 1e-4


@every_transform
@pytest.mark.parametrize(("make", "most_db"), [(sine, -30), (pulses, -20), (music, -22)])
def test_rebuilt_phases_fit_the_magnitudes(transform, make, most_db):
    signal = make(4 * SEGMENT)
    assert convergence(signal, heard(signal, transform, Recipe(rebuild_phase=True)), transform) < most_db


@every_transform
def test_without_any_phase_the_magnitudes_do_not_fit(transform):
    """What the test above would say of phases that are wrong."""
    signal = music(4 * SEGMENT)
    whole = transform.analyze(signal)
    for band in whole.bands:
        band.coefficients[...] = np.abs(band.coefficients)
    assert convergence(signal, transform.synthesize(whole).samples, transform) > -8


@every_transform
def test_phases_are_rebuilt_from_magnitudes_alone(transform):
    """A sound and its negative have the same magnitudes."""
    signal = without_lows(music(3 * SEGMENT))  # the residual keeps its sign
    turned = Signal(-signal.samples, RATE)
    one, other = (heard(s, transform, Recipe(rebuild_phase=True)) for s in (signal, turned))
    assert signal_to_error_db(one, other) > 30


@every_transform
def test_a_tone_goes_on_over_the_seams(transform):
    signal = sine(5 * SEGMENT)
    rebuilt = heard(signal, transform, Recipe(rebuild_phase=True))
    analytic = np.fft.ifft(np.fft.fft(rebuilt[0])[: rebuilt.shape[1] // 2], rebuilt.shape[1])
    level = 20 * np.log10(np.abs(2 * analytic) / 0.5)
    within = slice(SEGMENT // 2, -SEGMENT // 2)
    assert np.abs(level[within]).max() < 1  # dB
    hz = np.diff(np.unwrap(np.angle(analytic))) * RATE / (2 * np.pi)
    assert np.abs(np.convolve(hz, np.ones(100) / 100, "same")[within] - 194.4).max() < 1


@every_transform
def test_magnitudes_fit_at_the_seams_as_elsewhere(transform):
    signal = music(5 * SEGMENT, seed=3)
    rebuilt = heard(signal, transform, Recipe(rebuild_phase=True))
    whole = convergence(signal, rebuilt, transform)
    seams = [
        convergence(signal, rebuilt, transform, seam - 200, seam + 200)
        for seam in range(SEGMENT, 5 * SEGMENT, SEGMENT)
    ]
    assert max(seams) < -10
    assert np.median(seams) < whole + 3
