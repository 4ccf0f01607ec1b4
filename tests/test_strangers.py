"""What people from NumPy try first: many channels, arrays beside signals, NumPy's integers, odd gains."""

import multiprocessing
import os
import pickle
from dataclasses import replace

import numpy as np
import pytest
from waiting import LONG_S

import msviz
from msviz import (
    STFT,
    BoxEdit,
    Edits,
    OctaveTransform,
    ParameterError,
    Recipe,
    Reconstruction,
    Signal,
    StorageError,
    from_xarray,
    load,
    mix_down,
    save,
    signal_to_error_db,
    write_audio,
)
from msviz.storage import save_stream

RATE = 8000
OCTAVES = OctaveTransform(RATE, bins_per_octave=12, resolution=6, fmin=100)
TRANSFORMS = (OCTAVES, STFT(RATE, window=256, hop=64))
both = pytest.mark.parametrize("transform", TRANSFORMS)


def noise(channels=1, length=1000):
    return np.random.default_rng(0).standard_normal((channels, length))


# ---------------------------------------------------------------------- few samples of many channels


@both
def test_few_samples_of_many_channels_are_rebuilt(transform):
    samples = noise(64, 500)
    made = transform.analyze(samples)
    np.testing.assert_allclose(made.read(3, 4).synthesize().samples, samples[:, 3:4], atol=1e-5)
    parts = [part.samples for part in transform.synthesize_stream(transform.stream(samples, piece=450))]
    np.testing.assert_allclose(np.concatenate(parts, axis=1), samples, atol=1e-5)


def test_few_samples_of_many_channels_can_be_selected_and_mixed():
    first = Signal(noise(64, 500), RATE).between(0, 1 / RATE)
    assert first.samples.shape == (64, 1)
    np.testing.assert_array_equal((first + first).samples, 2 * first.samples)


# ---------------------------------------------------------------------- what is no number


class Stubborn:
    def __array__(self, dtype=None, copy=None):
        raise RuntimeError("needs .detach()")


@pytest.mark.parametrize("what", [[[0.1, 0.2], [0.3]], Stubborn(), None, {}])
def test_what_numpy_makes_no_numbers_of_is_refused(what):
    with pytest.raises(ParameterError, match="samples must be"):
        Signal(what, RATE)
    with pytest.raises(ParameterError, match="a gain must be"):
        Signal(noise(), RATE) * what
    with pytest.raises(ParameterError, match="must be"):
        signal_to_error_db(what, noise())


@both
def test_gains_of_any_number_type(transform):
    signal, made = Signal(noise(), RATE), transform.analyze(noise())
    for half in (0.5, np.float32(0.5), np.array(0.5)):
        assert half * signal == signal * 0.5
        assert half * made == made * 0.5
    assert made * np.True_ == made
    with pytest.raises(ParameterError, match="a gain must be numbers"):
        made * None
    with pytest.raises(ParameterError, match=r"cannot be broadcast|one mask per band"):
        made * ([[]] * len(made.bands))


@both
def test_what_is_real_takes_no_complex_gain(transform):
    for real in (Signal(noise(), RATE), abs(transform.analyze(noise()))):
        with pytest.raises(ParameterError, match="must be real"):
            real * 1j


@pytest.mark.parametrize("fmin", [5e-324, 2e-311, 1e-300])
def test_the_smallest_numbers_are_refused_too(fmin):
    with pytest.raises(ParameterError, match="fmin must be at least"):
        OctaveTransform(1, fmin=fmin)


# ---------------------------------------------------------------------- intervals


@both
def test_numpys_integers_are_samples_and_frames(transform):
    samples, first, last = noise(), np.int64(100), np.int64(900)
    for made, expected in zip(
        transform.coefficients(samples, first, last), transform.coefficients(samples, 100, 900), strict=True
    ):
        np.testing.assert_array_equal(made, expected)
    np.testing.assert_array_equal(
        transform.frames(samples, np.int64(0), np.int8(1), 3.0), transform.frames(samples, 0, 1, 3)
    )


@both
@pytest.mark.parametrize("bad", ["a", 0.5, float("nan"), None, [1]])
def test_what_is_no_sample_is_refused_by_name(transform, bad):
    samples = noise()
    made = transform.analyze(samples)
    for call in (transform.coefficients, lambda *interval: transform.frames(*interval[:1], 0, *interval[1:])):
        with pytest.raises(ParameterError, match="stop must be a whole number, not"):
            call(samples, 0, bad)
    with pytest.raises(ParameterError, match="length must be"):
        transform.upper_border_begin(bad)
    for name in ("start", "stop"):
        if bad is not None:
            with pytest.raises(ParameterError, match=f"{name} must be a whole number, not"):
                made.image(**{name: bad})


@pytest.mark.parametrize("bad", ["a", 0, -1, RATE + 1, float("nan"), [1]])
def test_what_is_no_frame_rate_is_refused(bad):
    with pytest.raises(ParameterError, match="frame_rate must be"):
        OCTAVES.analyze(noise()).image(frame_rate=bad)


def test_slow_signals_have_an_image_by_default():
    assert STFT(10, window=8, hop=2).analyze(noise()).image().shape == (5, 1000)


def test_ends_of_ranges_are_told_in_full():
    with pytest.raises(ParameterError, match=r"window must be a whole number from 4 to 67108864, not 3"):
        STFT(RATE, window=3)


@both
def test_a_column_longer_than_the_sound_shows_all_of_it_in_little_memory(transform):
    made = transform.analyze(noise())
    column = made.image(frame_rate=1e-9)
    assert column.shape == (sum(band.frequencies.size for band in made.bands), 1)
    strongest = [np.abs(band.coefficients[0]).max(axis=1) for band in made.bands]
    np.testing.assert_allclose(column[:, 0], 20 * np.log10(np.concatenate(strongest)), atol=1e-3)


@both
def test_columns_beside_the_sound_are_at_the_floor(transform):
    made = transform.analyze(noise())
    assert (made.image(start=-9 * RATE, stop=-8 * RATE) == made.image(start=8 * RATE, stop=9 * RATE)).all()
    assert made.image(start=8 * RATE, stop=9 * RATE).max() == -119.5


# ---------------------------------------------------------------------- what goes in where


@both
def test_a_representation_is_no_sound(transform):
    made = transform.analyze(noise())
    with pytest.raises(ParameterError, match="is a representation, not a signal: call its synthesize"):
        transform.analyze(made)
    for take in (mix_down, lambda source: write_audio("never.wav", source)):
        for what, sentence in (
            (made, "is a representation, not a signal"),
            (noise(), "expected a signal, not ndarray"),
        ):
            with pytest.raises(ParameterError, match=sentence):
                take(what)
    for what in (None, noise()):
        with pytest.raises(ParameterError, match="only a representation can be synthesized"):
            transform.synthesize(what)


def test_an_array_is_compared_with_a_signal():
    samples = noise()
    assert signal_to_error_db(samples, Signal(0.9 * samples, RATE)) == pytest.approx(20)
    assert signal_to_error_db(Signal(samples, RATE), 0.9 * samples[0]) == pytest.approx(20)
    assert signal_to_error_db(1j * samples, 0.9j * samples) == pytest.approx(20)
    with pytest.raises(ParameterError, match="is a representation, not a signal"):
        signal_to_error_db(OCTAVES.analyze(samples), samples)


# ---------------------------------------------------------------------- in files


@both
@pytest.mark.parametrize("name", ["a.zarr", "a.npz"])
def test_what_lies_in_a_file_is_edited_and_indexed_like_what_is_in_memory(transform, name, tmp_path):
    made = transform.analyze(noise())
    save(made, tmp_path / name)
    stored = load(tmp_path / name)
    edits = Edits(boxes=(BoxEdit(0.02, 0.05, 500, 1500),))
    assert edits(stored) == edits(made) != made
    value = stored.bands[-1].coefficients[0, 1, 2]
    assert isinstance(value, np.complex64)
    assert value == made.bands[-1].coefficients[0, 1, 2]


@pytest.mark.skipif("fork" not in multiprocessing.get_all_start_methods(), reason="this system does not fork")
@pytest.mark.filterwarnings("ignore:.*multi-threaded, use of fork:DeprecationWarning")
@pytest.mark.parametrize("name", ["a.zarr", "a.zip", "a.npz"])
def test_a_forked_child_reads_what_its_parent_opened(name, tmp_path):
    save(OCTAVES.analyze(noise()), tmp_path / name)
    stored = load(tmp_path / name)
    mine = stored.synthesize()
    with multiprocessing.get_context("fork").Pool(1, _inherit, (stored,)) as pool:
        assert pool.apply_async(_inherited_sound).get(LONG_S) == mine


def _inherit(stored):
    global _inherited
    _inherited = stored


def _inherited_sound():
    return _inherited.synthesize()


@pytest.mark.parametrize("name", ["a.zarr", "a.zip", "a.npz"])
def test_what_is_read_lazily_is_pickled_without_its_values(name, tmp_path):
    signal = Signal(noise(1, 20_000), RATE)
    save(OCTAVES.analyze(signal), tmp_path / name)
    stored = load(tmp_path / name)
    for frames in stored.all_bands:
        assert len(text := pickle.dumps(frames)) < 2000
        assert pickle.loads(text) == frames
    for source in (stored.source(), Reconstruction(signal, OCTAVES, Recipe(kept=50))):
        mine = source.read(0, 100)
        np.testing.assert_array_equal(pickle.loads(pickle.dumps(source)).read(0, 100), mine)
    assert len(pickle.dumps(stored.source())) < 2000


def test_damage_is_told_however_it_was_indexed(tmp_path):
    made = OCTAVES.analyze(noise())
    save(made, tmp_path / "a.npz")
    coefficients = load(tmp_path / "a.npz").bands[0].coefficients
    coefficients._array[:] = np.nan
    for frames in (-1, [0, 1], np.int64(0), slice(2, 3)):
        with pytest.raises(StorageError, match="octave_00 has missing"):
            coefficients[0, 0, frames]


def test_only_representations_are_saved(tmp_path):
    with pytest.raises(ParameterError, match="only a representation can be saved, not Signal"):
        save(Signal(noise(), RATE), tmp_path / "a.zarr")


@both
def test_coefficients_and_magnitudes_are_not_mixed(transform):
    made = transform.analyze(noise())
    with pytest.raises(ParameterError, match="both or neither magnitudes alone"):
        made + abs(made)


# ---------------------------------------------------------------------- pictures and trees


def test_what_is_no_path_or_axes_is_refused():
    made = OCTAVES.analyze(noise())
    read, write = os.pipe()
    with pytest.raises(TypeError):
        made.render(write)  # wrote into the open file of this number, and closed it
    os.close(write)
    os.close(read)
    with pytest.raises(ParameterError, match="colours must be one of"):
        made.render(colours=["magma"])
    pytest.importorskip("matplotlib")
    with pytest.raises(ParameterError, match="ax must be a single Matplotlib Axes, not ndarray"):
        made.plot(np.array([None, None]))


@both
@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        (lambda band: band.isel(frame=slice(None, None, 2)), "frames of .* must be consecutive"),
        (lambda band: band.isel(frame=slice(None, None, -1)), "frames of .* must be consecutive"),
        (lambda band: band.isel(bin=slice(None, None, -1)), "bins of .* must be complete"),
        (lambda band: band.isel(frame=3), "not have the layout of to_xarray"),
        (lambda band: band.astype("U5"), "coefficients must be numbers"),
    ],
)
def test_trees_that_would_be_another_sound_are_refused(transform, change, sentence):
    xarray = pytest.importorskip("xarray")
    tree = transform.analyze(noise()).to_xarray()
    name = transform.bands[0].name
    tree[name] = xarray.DataTree(change(tree[name].to_dataset()))
    with pytest.raises(ParameterError, match=sentence):
        from_xarray(tree)


@pytest.mark.parametrize(("start", "stop"), [(5, 4), (0.5, 100), (None, 3)])
def test_trees_of_no_interval_are_refused(start, stop):
    pytest.importorskip("xarray")
    tree = OCTAVES.analyze(noise()).to_xarray()
    tree.attrs |= {"start": start, "stop": stop}
    with pytest.raises(ParameterError, match=r"start must be|stop must be"):
        from_xarray(tree)


@pytest.mark.parametrize(
    ("name", "bad"),
    [
        ("seconds", "a"),
        ("seconds", float("inf")),
        ("frame_rate", "a"),
        ("channel", 0.5),
        ("crops_per_file", 1.5),
        ("seed", -1),
    ],
)
def test_data_sets_are_refused_by_the_name_of_the_parameter(name, bad, tmp_path):
    pytest.importorskip("torch")
    save(OCTAVES.analyze(noise()), tmp_path / "a.npz")
    with pytest.raises(ParameterError, match=rf"{name}( of .*)? must be"):
        msviz.torch.OctaveDataset(tmp_path, **{name: bad})


# ---------------------------------------------------------------------- pieces


@both
def test_pieces_that_do_not_go_together_are_refused(transform, tmp_path):
    mono, stereo = ([*transform.stream(noise(n), piece=400)] for n in (1, 2))
    magnitudes = [*stereo[:1], abs(stereo[1]), *stereo[2:]]
    for pieces in ([*stereo[:1], *mono[1:]], magnitudes):
        with pytest.raises(ParameterError, match="does not follow"):
            [*transform.synthesize_stream(pieces)]
        with pytest.raises(ParameterError, match=r"does not follow|magnitudes without phases"):
            save_stream(pieces, tmp_path / "a.zarr", transform, 1000)
    other = STFT(RATE, window=250, hop=64)
    with pytest.raises(ParameterError, match=r"the piece was made by .*, not by STFT\(8000, window=250"):
        save_stream(stereo, tmp_path / "a.zarr", other, 1000)
    with pytest.raises(ParameterError, match="only a representation can be saved, not ndarray"):
        save_stream([noise()], tmp_path / "a.zarr", transform, 1000)
    assert not [*tmp_path.iterdir()]


@both
def test_frames_are_given_as_pairs_and_lengths_as_any_whole_number(transform, tmp_path):
    made = transform.analyze(noise())
    pairs = [tuple(band.range) for band in made.all_bands]
    save_stream([made], tmp_path / "a.npz", transform, np.int64(1000), frames=pairs)
    assert load(tmp_path / "a.npz") == made
    for bad in (-1, 0.5, "a", None):
        with pytest.raises(ParameterError, match="length must be a whole number of at least 0"):
            save_stream([made], tmp_path / "b.npz", transform, bad)


# ---------------------------------------------------------------------- sources of one's own, and their texts


@both
@pytest.mark.parametrize(
    "made",
    [
        lambda n: np.ones((2, n - 1)),
        lambda n: np.ones((1, n)),
        lambda n: np.ones(n),
        lambda n: np.ones((2, n), complex),
        lambda n: np.ones((2, n), np.int16),
        lambda n: [[1.0] * n] * 2,
        lambda n: None,
    ],
)
def test_a_source_that_reads_something_else_is_told(transform, made):
    class Own:
        rate, channels, length = RATE, 2, 500

        def read(self, start, stop):
            return made(stop - start)

    with pytest.raises(ParameterError, match=r"Own.* must read samples .* as an array of floats"):
        transform.analyze(Own())


@both
def test_bands_have_short_texts(transform):
    for band in transform.all_bands:
        assert len(repr(band)) < 110
        assert "np." not in repr(band)


# ---------------------------------------------------------------------- representations made by hand


@both
@pytest.mark.parametrize(
    "change",
    [
        lambda c: c[:, :5],
        lambda c: c[0],
        lambda c: c.tolist(),
        lambda c: c.astype(object),
        lambda c: c.real.astype(int),
    ],
)
def test_coefficients_of_another_shape_or_type_are_refused(transform, change):
    made = transform.analyze(noise(2))
    lowest = replace(made.bands[0], coefficients=change(made.bands[0].coefficients))
    with pytest.raises(ParameterError, match=f"{lowest.band.name} must have a complex NumPy array of shape"):
        replace(made, bands=(lowest, *made.bands[1:]))


@both
def test_representations_of_other_bands_are_refused(transform):
    made = transform.analyze(noise(2))
    with pytest.raises(ParameterError, match=r"has \d bands, not"):
        replace(made, bands=made.bands[1:])
    with pytest.raises(ParameterError, match="must not be before start"):
        replace(made, start=500, stop=5)
    with pytest.raises(ParameterError, match="at hop"):
        replace(made, bands=tuple(replace(b, band=replace(b.band, hop=3)) for b in made.bands))


def test_a_residual_is_real_has_all_channels_and_is_saved(tmp_path):
    made = OCTAVES.analyze(noise(2))
    for change in (lambda c: 1j * c, lambda c: c[:1]):
        with pytest.raises(
            ParameterError, match=r"residual must have a real NumPy array of shape \(2, 1, frames"
        ):
            replace(made, residual=replace(made.residual, coefficients=change(made.residual.coefficients)))
    with pytest.raises(ParameterError, match="without its residual can only be stored as levels"):
        save(replace(made, residual=None), tmp_path / "a.zarr")
    save(replace(made, residual=None), tmp_path / "a.zarr", content="levels")
    assert load(tmp_path / "a.zarr").residual is None
