"""Small representations, and how to compare them, for the tests of storage."""

import numpy as np
import pytest

from msviz import STFT, OctaveTransform, Representation, Signal, save

RATE = 8000
OCTAVES = OctaveTransform(RATE, bins_per_octave=12, resolution=6, fmin=400)
TRANSFORMS = {"octaves": OCTAVES, "stft": STFT(RATE, window=512, hop=100)}
PLACES = ("x.zarr", "x.zarr.zip", "x.npz")


def noise(channels=2, length=20_000, rate=RATE, seed=0):
    return Signal(0.3 * np.random.default_rng(seed).standard_normal((channels, length)).astype("f4"), rate)


def error_db(rebuilt, signal):
    assert rebuilt.samples.shape == signal.samples.shape
    return 20 * np.log10(np.linalg.norm(rebuilt.samples - signal.samples) / np.linalg.norm(signal.samples))


def parts(representation):
    return [*representation.bands, *([representation.residual] if representation.residual else [])]


def assert_same(one: Representation, other: Representation):
    assert (one.rate, one.start, one.stop) == (other.rate, other.start, other.stop)
    assert repr(one.transform) == repr(other.transform)
    for a, b in zip(parts(one), parts(other), strict=True):
        assert (a.first_frame, a.hop, a.coefficients.dtype) == (b.first_frame, b.hop, b.coefficients.dtype)
        np.testing.assert_array_equal(a.coefficients, b.coefficients)
        np.testing.assert_array_equal(a.frequencies, b.frequencies)


@pytest.fixture
def stored(tmp_path):
    """A representation of noise in a folder."""
    signal = noise()
    save(OCTAVES.analyze(signal), tmp_path / "x.zarr")
    return tmp_path / "x.zarr"
