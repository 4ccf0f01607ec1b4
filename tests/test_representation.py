"""A representation on its own: its image, its tree for xarray, what made it."""

import builtins
from types import SimpleNamespace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from msviz import STFT, MsvizError, OctaveTransform, ParameterError, Signal, save
from msviz.picture import FLOOR_DB
from msviz.transform import Frames, Representation
from msviz.transform.stft import STFTBand

RATE = 8000
OCTAVES = OctaveTransform(RATE, bins_per_octave=12, resolution=6, fmin=400)
TRANSFORMS = (OCTAVES, STFT(RATE, window=256, hop=64))


def noise(channels=1, length=4000, seed=0):
    return Signal(0.3 * np.random.default_rng(seed).standard_normal((channels, length)).astype("f4"), RATE)


def band(values, first_frame, hop):
    values = np.asarray(values, np.complex64)
    return Frames(STFTBand(np.array([100.0]), 0, RATE / 2, hop), values[None, None], first_frame, RATE)


def made_of(*bands, stop):
    own = tuple(frames.band for frames in bands)
    transform = SimpleNamespace(rate=RATE, dtype=np.dtype("f4"), bands=own, all_bands=own, residual=None)
    return Representation(transform, bands, None, 0, stop)


def db(values):
    return pytest.approx(np.maximum(20 * np.log10(np.maximum(np.abs(values), 1e-9)), FLOOR_DB), abs=1e-4)


# ---------------------------------------------------------------------- the image


def test_dense_frames_show_their_maximum_and_sparse_ones_are_repeated():
    # Columns every 4 samples, from two samples before their centres to two behind.
    dense = band([0.1, 0.2, 0.9, 0.3, 0.4, 0.5, 0.6, 0.2, 0.1], -1, 2)  # at samples -2, 0, …, 14
    sparse = band([0.5, 0.25, 1.0], -1, 8)  # at samples -8, 0, 8
    image = made_of(dense, sparse, stop=12).image(0, 0, 12, RATE / 4)
    assert image.dtype == np.float32
    assert image[0] == db([0.2, 0.9, 0.5])  # frames at -2 and 0, at 2 and 4, at 6 and 8
    assert image[1] == db([0.25, 1.0, 1.0])  # the nearest to 0, 4 and 8


def test_frames_at_the_columns_rate_are_shown_as_they_are():
    made = OCTAVES.analyze(noise())
    for octave in made.octaves:
        at = slice(12 * made.octaves.index(octave), 12 * (made.octaves.index(octave) + 1))
        image = made.image(0, 640, 3200, RATE / octave.hop)[at]
        frames = octave.between(640 // octave.hop, 3200 // octave.hop)[0]
        np.testing.assert_allclose(image, 20 * np.log10(np.abs(frames)), atol=1e-3)


@given(
    hop=st.integers(1, 50),
    step=st.floats(1, 60),
    start=st.integers(-100, 1000),
    length=st.integers(1, 500),
    seed=st.integers(0, 99),
)
def test_every_column_shows_what_lies_in_it(hop, step, start, length, seed):
    values = np.random.default_rng(seed).uniform(0.01, 1, 3000)
    image = made_of(band(values, -1000 // hop, hop), stop=0).image(0, start, start + length, RATE / step)
    step = RATE / (RATE / step)
    centres = (np.arange(3000) + -1000 // hop) * hop
    assert image.shape == (1, np.ceil(length / step))
    for number, level in enumerate(image[0]):
        centre = start + number * step
        inside = (centres >= centre - step / 2) & (centres < centre + step / 2)
        nearest = np.abs(centres - centre) <= np.abs(centres - centre).min() + 1e-9
        allowed = [values[inside].max()] if hop < step else values[nearest]
        assert any(level == db(value) for value in allowed)


def test_a_click_is_in_its_column_of_every_octave():
    samples = np.zeros(8000, np.float32)
    samples[4000] = 1
    image = OCTAVES.analyze(Signal(samples, RATE)).image(frame_rate=RATE / 32)
    assert image.shape == (12 * len(OCTAVES.octaves), 250)
    assert (image.max(axis=1) == image[:, 125]).all()


def test_silence_is_at_the_floor_and_so_is_what_lies_outside():
    made = OCTAVES.analyze(Signal(np.zeros((1, 2000), np.float32), RATE))
    assert (made.image() == FLOOR_DB).all()
    assert (OCTAVES.analyze(noise()).image(0, 50_000, 51_000, 100) == FLOOR_DB).all()
    assert made.image(0, 100, 100).shape == (12 * len(OCTAVES.octaves), 0)


def test_each_channel_has_its_own_image():
    signal = noise(2)
    both = STFT(RATE, window=256, hop=64).analyze(signal)
    alone = STFT(RATE, window=256, hop=64).analyze(Signal(signal.samples[1:], RATE))
    np.testing.assert_array_equal(both.image(1), alone.image(0))


def test_images_that_there_are_not():
    made = OCTAVES.analyze(noise(2))
    for channel in (-1, 2):
        with pytest.raises(
            ParameterError, match=f"channel must be a whole number from 0 to 1, not {channel}"
        ):
            made.image(channel)
    for frame_rate in (0, -1, RATE + 1, float("nan")):
        with pytest.raises(ParameterError, match="frame_rate must be"):
            made.image(frame_rate=frame_rate)


# ---------------------------------------------------------------------- what made it


@pytest.mark.parametrize("transform", TRANSFORMS)
def test_it_knows_what_made_it(transform):
    signal = noise(2)
    made = transform.analyze(signal, start=500, stop=3000)
    assert made.transform is transform
    np.testing.assert_allclose(made.synthesize().samples, signal.samples[:, 500:3000], atol=3e-6)
    assert all(piece.transform is transform for piece in transform.stream(signal, piece=1500))


@pytest.mark.parametrize("transform", TRANSFORMS)
def test_parameters_make_a_transform_again(transform):
    again = type(transform)(**transform.parameters)
    assert repr(again) == repr(transform)


@pytest.mark.parametrize("transform", TRANSFORMS)
@pytest.mark.parametrize("stretch", [37, 1000, 5000])
def test_a_stream_joined_is_the_whole(transform, stretch):
    signal = noise(2, 4000)
    pieces = list(transform.stream(signal, piece=stretch))
    joined = pieces[0]
    for piece in pieces[1:]:
        joined = joined.joined(piece)
    whole = transform.analyze(signal)
    assert (joined.start, joined.stop) == (0, 4000)
    for a, b in zip(joined.bands, whole.bands, strict=True):
        assert a.first_frame == b.first_frame
        np.testing.assert_allclose(a.coefficients, b.coefficients, atol=1e-5)


def test_frames_of_another_hop_do_not_follow():
    one, other = (STFT(RATE, window=256, hop=hop).analyze(noise()).bands[0] for hop in (128, 64))
    stop = one.stop_frame
    with pytest.raises(
        ParameterError, match=f"frame {stop} at hop 64 does not follow frame {stop - 1} at hop 128"
    ):
        one.joined(other.since(stop))


@pytest.mark.parametrize("transform", TRANSFORMS)
@pytest.mark.parametrize(("start", "stop"), [(0, 4000), (0, 0), (123, 124), (1000, 3000)])
def test_frame_ranges_are_those_of_an_analysis(transform, start, stop):
    made = transform.analyze(noise(), start=start, stop=stop)
    frames = [*made.bands, *([made.residual] if made.residual else [])]
    assert transform.frame_ranges(start, stop) == [(b.first_frame, b.stop_frame) for b in frames]


def test_an_stft_streams_no_stretch_of_nothing():
    with pytest.raises(ParameterError, match="piece must be a whole number of at least 1, not 0"):
        next(STFT(RATE).stream(noise(), piece=0))


# ---------------------------------------------------------------------- xarray


@pytest.mark.parametrize("transform", TRANSFORMS)
def test_its_tree_is_that_of_its_file(tmp_path, transform):
    xarray = pytest.importorskip("xarray")
    made = transform.analyze(noise(2))
    save(made, tmp_path / "x.zarr")
    tree = made.to_xarray()
    with xarray.open_datatree(tmp_path / "x.zarr", engine="zarr") as stored:
        assert list(tree.children) == list(stored.children)
        for name, group in tree.children.items():
            xarray.testing.assert_equal(group.to_dataset(), stored[name].to_dataset())
            assert group.attrs == stored[name].attrs
        assert tree.attrs == {name: stored.attrs[name] for name in tree.attrs}


def test_without_xarray_there_is_a_sentence(monkeypatch):
    def missing(name, *args, **kwargs):
        if name == "xarray":
            raise ImportError(name)
        return found(name, *args, **kwargs)

    found = builtins.__import__
    monkeypatch.setattr(builtins, "__import__", missing)
    with pytest.raises(MsvizError, match=r'to_xarray needs xarray: pip install "msviz\[xarray\]"'):
        OCTAVES.analyze(noise()).to_xarray()
