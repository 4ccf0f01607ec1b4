"""What strangers pass: arrays of every kind, NumPy's numbers, values that cannot be used."""

import json
import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from msviz import STFT, Edits, OctaveTransform, ParameterError, Signal, Transform
from msviz.signal import HIGHEST_RATE_HZ

RATE = 8000
TRANSFORMS = (OctaveTransform(RATE), STFT(RATE, window=256, hop=64))
FRACTIONS = np.array([-1.0, -0.5, 0.0, 0.25, 0.5])


# ---------------------------------------------------------------------- samples


@pytest.mark.parametrize("dtype", ["int8", "int16", "int32"])
def test_pcm_is_scaled_by_its_width(dtype):
    full = -float(np.iinfo(dtype).min)
    np.testing.assert_array_equal(Signal((FRACTIONS * full).astype(dtype), RATE).samples[0], FRACTIONS)


@pytest.mark.parametrize("dtype", ["uint8", "uint16", "uint32"])
def test_unsigned_pcm_is_scaled_about_its_middle(dtype):
    middle = (int(np.iinfo(dtype).max) + 1) / 2
    np.testing.assert_array_equal(
        Signal((FRACTIONS * middle + middle).astype(dtype), RATE).samples[0], FRACTIONS
    )


@pytest.mark.parametrize(
    ("dtype", "kept"),
    [
        ("float16", "float32"),
        ("float32", "float32"),
        (">f4", "float32"),
        ("float64", "float64"),
        (">f8", "float64"),
    ],
)
def test_floats_keep_their_values(dtype, kept):
    samples = Signal(FRACTIONS.astype(dtype), RATE).samples
    assert samples.dtype == kept
    assert samples.dtype.isnative
    np.testing.assert_array_equal(samples[0], FRACTIONS)


def test_lists_and_strided_arrays_are_taken():
    assert Signal([0.5, -0.5], RATE).samples.tolist() == [[0.5, -0.5]]
    backwards = np.arange(10, dtype=np.float32)[::-2]
    np.testing.assert_array_equal(Signal(backwards, RATE).samples[0], backwards)


@pytest.mark.parametrize(
    ("samples", "sentence"),
    [
        (np.zeros((44100, 2)), r"shape \(channels, n\), not \(44100, 2\): transpose"),
        (np.zeros((44100, 6), np.int16), "transpose"),
        (np.zeros(8, complex), "must be real, not complex"),
        (0.5, r"shape \(channels, n\) or \(n,\), not \(\)"),
        (np.zeros((1, 2, 3)), r"not \(1, 2, 3\)"),
        (np.zeros((0, 5)), r"not \(0, 5\)"),
        ([0, 1, -1], "int64 have no known full scale"),
        (np.zeros(4, bool), "must be numbers"),
        (["a"], "must be numbers"),
        ([None], "must be numbers"),
    ],
)
@pytest.mark.parametrize(
    "take", [lambda x: Signal(x, RATE), *(transform.analyze for transform in TRANSFORMS)]
)
def test_what_holds_no_samples_is_refused(take, samples, sentence):
    with pytest.raises(ParameterError, match=sentence):
        take(samples)


@pytest.mark.parametrize("shape", [(2, 0), (2, 1), (6, 5), (32, 3), (192, 200)])
def test_short_sound_of_many_channels_is_sound(shape):
    assert Signal(np.zeros(shape), RATE).channels == shape[0]


@pytest.mark.parametrize("rate", [0, -1, 0.5, math.nan, math.inf, 1e300, "44100", None, [RATE]])
@pytest.mark.parametrize("make", [lambda rate: Signal([0.0], rate), OctaveTransform, STFT])
def test_what_is_no_rate_is_refused(make, rate):
    with pytest.raises(ParameterError, match="rate must be a number from 1"):
        make(rate)


@pytest.mark.parametrize("transform", TRANSFORMS)
def test_arrays_are_analysed_like_signals(transform):
    samples = np.random.default_rng(0).standard_normal((2, 3000)).astype(np.float32)
    signal = Signal(samples, RATE)
    whole = transform.analyze(signal)
    assert transform.analyze(samples) == transform.analyze(samples, RATE) == whole
    assert [*transform.stream(samples, piece=10_000)] == [whole]
    for a, b in zip(
        transform.coefficients(samples, 5, 99), transform.coefficients(signal, 5, 99), strict=True
    ):
        np.testing.assert_array_equal(a, b)
    np.testing.assert_array_equal(transform.frames(samples, 0, 1, 3), transform.frames(signal, 0, 1, 3))
    with pytest.raises(ParameterError, match="for a rate of 8000 Hz, but the signal has 44100 Hz"):
        transform.analyze(samples, 44100)
    with pytest.raises(ParameterError, match="rate applies to arrays only"):
        transform.analyze(signal, RATE)


# ---------------------------------------------------------------------- what both transforms refuse


@pytest.mark.parametrize("transform", TRANSFORMS)
@pytest.mark.parametrize(
    ("start", "stop"), [(-1, None), (5, 3), (0, 101), (101, None), (0.5, None), (math.nan, None), (None, 5)]
)
def test_both_refuse_the_same_intervals(transform, start, stop):
    with pytest.raises(ParameterError):
        transform.analyze(np.zeros(100), start=start, stop=stop)


@pytest.mark.parametrize("transform", TRANSFORMS)
def test_both_refuse_the_same_frames(transform):
    for band in (-1, len(transform.bands), 0.5, "octave_00"):
        with pytest.raises(ParameterError, match="band must be"):
            transform.frames(np.zeros(100), band, 0, 5)
    with pytest.raises(ParameterError, match="must not be before start"):
        transform.frames(np.zeros(100), 0, 5, 3)
    with pytest.raises(ParameterError, match="must not be before start"):
        transform.coefficients(np.zeros(100), 5, 3)
    for piece in (0, -5, 2.5, math.inf):
        with pytest.raises(ParameterError, match="piece must be"):
            transform.stream(np.zeros(100), piece=piece)  # at once, not when the first piece is asked for


@pytest.mark.parametrize("transform", TRANSFORMS)
@pytest.mark.parametrize("bad", [math.nan, math.inf, -math.inf])
def test_both_analyse_what_is_not_finite_as_zero(transform, bad):
    samples = np.random.default_rng(0).standard_normal(500)
    clean = samples.copy()
    samples[100], clean[100] = bad, 0
    with pytest.warns(UserWarning, match="non-finite samples"):
        made = transform.analyze(samples)
    assert made == transform.analyze(clean)


def test_samples_whose_sum_overflows_are_finite():
    huge = np.full(500, 3e38, np.float32)
    assert np.isfinite(STFT(RATE, window=16, hop=4).analyze(huge * 1e-3).bands[0].coefficients).all()


# ---------------------------------------------------------------------- parameters


@pytest.mark.parametrize(
    "parameters",
    [
        {"bins_per_octave": 24.0},
        {"bins_per_octave": np.int64(24), "resolution": np.float32(12)},
        {"resolution": 12, "gamma": np.float64(0), "fmin": np.int32(20)},
        {"resolution": np.array(12.0), "workers": np.int64(2), "mirrored": np.False_},
        {"dtype": np.float32},
        {"dtype": np.dtype("float32")},
    ],
)
def test_numbers_of_any_type_are_the_same_parameters(parameters):
    transform, plain = OctaveTransform(RATE, **parameters), OctaveTransform(RATE)
    assert transform == plain
    assert hash(transform) == hash(plain)
    assert json.loads(json.dumps(transform.parameters)) == plain.parameters
    samples = np.ones(1000, np.float32)
    assert transform.analyze(samples) == plain.analyze(samples)


def test_numbers_of_any_type_are_the_same_parameters_of_an_stft():
    assert STFT(float(RATE), window=256.0, hop=np.uint8(64)) == STFT(RATE, window=256, hop=64)


@pytest.mark.parametrize(
    "bad", [math.nan, math.inf, -math.inf, -1, 1e300, 2.5, "12", None, [1], 1 + 1j, 10**400]
)
@pytest.mark.parametrize(
    "name", ["bins_per_octave", "resolution", "gamma", "fmin", "workers", "window", "hop", "dtype"]
)
def test_values_that_cannot_be_used_are_refused_by_name(name, bad):
    if (name, bad) in [
        ("fmin", None),
        ("workers", None),
        ("hop", None),
        ("workers", 10**400),
        ("gamma", 2.5),
        ("fmin", 2.5),
    ]:
        return  # these can
    make = STFT if name in ("window", "hop") else OctaveTransform
    with pytest.raises(ParameterError, match=name):
        make(RATE, **{name: bad})
    OctaveTransform(RATE).analyze(np.zeros(10))  # and nothing is left behind


@settings(deadline=None, max_examples=60)
@given(
    rate=st.floats(1, HIGHEST_RATE_HZ),
    resolution=st.floats(0, 2000),
    fmin=st.floats(0, 1e6),
    gamma=st.floats(0, 1e5),
)
def test_parameters_are_refused_or_ask_for_bounded_memory(rate, resolution, fmin, gamma):
    try:
        transform = OctaveTransform(rate, bins_per_octave=1200, resolution=resolution, fmin=fmin, gamma=gamma)
    except ParameterError:
        return
    slowest = min(np.diff(transform.scale.filter_edges(transform.octaves[0].frequencies[:1]), axis=0)[0])
    assert transform.rate / slowest <= 2**22
    assert len(transform.octaves) <= 40


@pytest.mark.parametrize("fmin", [1e-300, 1e-9, 1e-6])
def test_the_least_fmin_is_told_and_can_be_used(fmin):
    with pytest.raises(ParameterError, match="fmin must be at least") as refused:
        OctaveTransform(44100, fmin=fmin)
    least = float(str(refused.value).split("at least ")[1].split()[0])
    OctaveTransform(44100, fmin=2 * least)


# ---------------------------------------------------------------------- synthesis by another transform


@pytest.mark.parametrize(
    ("made_by", "rebuilt_by"),
    [
        (OctaveTransform(RATE), OctaveTransform(RATE, resolution=11)),
        (OctaveTransform(RATE), OctaveTransform(RATE, gamma=1)),
        (OctaveTransform(RATE), OctaveTransform(16000, fmin=40)),
        (STFT(RATE, window=2048), STFT(RATE, window=2049)),
        (STFT(RATE), STFT(RATE, hop=512)),
        (STFT(RATE), OctaveTransform(RATE)),
        (OctaveTransform(RATE), STFT(RATE)),
    ],
)
def test_only_the_same_transform_synthesizes(made_by, rebuilt_by):
    made = made_by.analyze(np.ones(2000))
    with pytest.raises(ParameterError, match="the representation was made by"):
        rebuilt_by.synthesize(made)
    with pytest.raises(ParameterError, match="the representation was made by"):
        list(rebuilt_by.synthesize_stream([made]))
    assert made_by.synthesize(made).length == 2000


def test_precision_may_differ():
    samples = np.random.default_rng(0).standard_normal(2000)
    made = OctaveTransform(RATE, dtype="float64").analyze(samples)
    np.testing.assert_allclose(OctaveTransform(RATE).synthesize(made).samples[0], samples, atol=1e-5)


def test_other_window_shapes_are_not_inverted():
    from msviz.transform.filters import WindowShape

    slopes = OctaveTransform(RATE).with_window_shape(WindowShape.SLOPE)
    with pytest.raises(ParameterError, match="only the filters themselves can be inverted"):
        slopes.synthesize(slopes.analyze(np.ones(100)))


def test_kinds_have_names():
    assert Transform.of("stft", {"rate": RATE}) == STFT(RATE)
    assert Transform.of("octave", OctaveTransform(RATE).parameters) == OctaveTransform(RATE)
    for kind, parameters in (("wavelet", {}), ("stft", {"rate": RATE, "colour": 1}), ("octave", {})):
        with pytest.raises(ParameterError):
            Transform.of(kind, parameters)


def test_edits_are_of_the_transform_that_made_a_representation():
    made = STFT(RATE).analyze(np.ones(2000))
    assert Edits()(made) is made
