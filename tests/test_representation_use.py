"""What people do with a representation: compare, mix, mask, select, look at it, take it to xarray."""

import io
import pickle

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image
from scipy.signal import ShortTimeFFT

import msviz
from msviz import STFT, MsvizError, OctaveTransform, ParameterError, Representation, Signal, from_xarray
from msviz.picture import COLOUR_MAPS, colour_map
from msviz.transform import representation

RATE = 8000
OCTAVES = OctaveTransform(RATE, bins_per_octave=12, resolution=6, fmin=100)
TRANSFORMS = (OCTAVES, STFT(RATE, window=256, hop=64), STFT(RATE, window=63, hop=20, dtype="float64"))
both = pytest.mark.parametrize("transform", TRANSFORMS)


def noise(channels=1, length=6000, seed=0):
    return Signal(0.3 * np.random.default_rng(seed).standard_normal((channels, length)), RATE)


def close(a, b):
    np.testing.assert_allclose(a.samples, b.samples, atol=2e-5)


# ---------------------------------------------------------------------- signals


def test_signals_compare_scale_and_mix():
    a, b = noise(seed=1), noise(seed=2)
    assert a == Signal(a.samples.copy(), RATE)
    assert a != b
    assert a != Signal(a.samples, RATE + 1)
    assert a != "a"
    assert a + b == b + a
    np.testing.assert_array_equal((0.5 * a - b).samples, 0.5 * a.samples - b.samples)
    assert np.float64(2) * a == a * 2 == a + a
    assert -a + a == a * 0
    assert abs(-a) == abs(a)
    assert a / 2 == a * 0.5
    assert np.array_equal(np.asarray(a), a.samples)
    assert np.array(a, np.float32).dtype == np.float32
    envelope = np.linspace(0, 1, a.length)
    np.testing.assert_array_equal((envelope * a).samples, a.samples * envelope)
    with pytest.raises(TypeError):
        hash(a)


def test_signals_that_do_not_go_together_are_refused():
    a = noise()
    for other in (noise(2), noise(length=5), Signal(a.samples, RATE * 2)):
        with pytest.raises(ParameterError, match="the same rate and shape"):
            a + other
    with pytest.raises(ParameterError, match=r"a gain of shape \(3,\) cannot be broadcast"):
        a * np.ones(3)
    with pytest.raises(ParameterError, match="cannot be broadcast"):
        a * np.ones((2, 1))
    for what in (3, "a", None):
        with pytest.raises(TypeError):
            a + what
    with pytest.raises(TypeError):
        a * a


def test_what_lies_between_two_times():
    a = noise(2)
    np.testing.assert_array_equal(a.between(0.25, 0.5).samples, a.samples[:, 2000:4000])
    assert a.between(0, a.duration) == a
    for start_s, stop_s in [(-0.1, 0.5), (0.5, 0.25), (0, 1), (float("nan"), 0.5), ("a", 1)]:
        with pytest.raises(ParameterError, match=r"start_s|stop_s"):
            a.between(start_s, stop_s)


# ---------------------------------------------------------------------- comparing, mixing, masking


@both
def test_representations_compare(transform):
    made = transform.analyze(noise(2))
    assert made == transform.analyze(noise(2))
    assert made == pickle.loads(pickle.dumps(made))
    assert made != transform.analyze(noise(2, seed=5))
    assert made != transform.analyze(noise(2), start=1)
    assert made != "made"
    made.all_bands[-1].coefficients[0, 0, 3] += 1
    assert made != transform.analyze(noise(2))
    with pytest.raises(TypeError):
        hash(made)


@both
def test_it_is_linear(transform):
    a, b = noise(2, seed=1), noise(2, seed=2)
    of_a, of_b = transform.analyze(a), transform.analyze(b)
    close((of_a + of_b).synthesize(), a + b)
    close((of_a - of_b).synthesize(), a - b)
    close((0.5 * of_a * np.float32(3)).synthesize(), 1.5 * a)
    close((-of_a).synthesize(), -a)
    assert of_a / 4 == of_a * 0.25
    assert of_a * 1.0 == of_a
    assert of_a.bands[0].coefficients.dtype == (2 * of_a).bands[0].coefficients.dtype


def test_a_mask_for_each_band_and_the_residual_follows_the_lowest_row():
    made = OCTAVES.analyze(noise())
    masks = [np.zeros((len(band.frequencies), 1)) for band in made.bands]
    assert not np.any((made * masks).synthesize().samples)  # the residual went with the lowest row
    masks[0][0] = 1
    lowest = made * masks
    np.testing.assert_array_equal(lowest.residual.coefficients, made.residual.coefficients)
    np.testing.assert_array_equal(lowest.bands[0].coefficients[:, 0], made.bands[0].coefficients[:, 0])
    assert not lowest.bands[0].coefficients[:, 1:].any()
    with_residual = made * [*masks, 0.0]
    assert not with_residual.residual.coefficients.any()
    assert (made * [mask != 0 for mask in masks]) == lowest  # Boolean ones, too


def test_a_mask_over_time_reaches_the_residual_at_the_same_times():
    made = OCTAVES.analyze(noise())
    masks = [(band.times > 0.4)[None, None] for band in made.bands]
    masked = made * masks
    lowest, residual = made.bands[0], masked.residual
    nearest = np.rint(residual.times * RATE / lowest.hop) * lowest.hop / RATE
    expected = np.where(nearest > 0.4, made.residual.coefficients[0, 0], 0)
    np.testing.assert_array_equal(residual.coefficients[0, 0], expected)


def test_complex_masks_turn_phases():
    made = STFT(RATE, window=256, hop=64).analyze(noise())
    turned = made * [np.array(1j)]
    np.testing.assert_array_equal(turned.bands[0].coefficients, made.bands[0].coefficients * np.complex64(1j))
    np.testing.assert_array_equal((OCTAVES.analyze(noise()) * 1j).residual.coefficients, 0)


@both
def test_masks_that_do_not_fit_are_refused(transform):
    made = transform.analyze(noise(2))
    with pytest.raises(ParameterError, match="one mask per band"):
        made * ([np.ones(1)] * 9)
    with pytest.raises(ParameterError, match="cannot be broadcast"):
        made * ([np.ones((3, 1))] * len(made.bands))
    for what in ("a", made):
        with pytest.raises(TypeError):
            made * what
    with pytest.raises(ParameterError, match="of one transform and of the same frames"):
        made + transform.analyze(noise(2, 5000))
    with pytest.raises(TypeError):
        made + 1


@both
def test_magnitudes_are_seen_but_not_heard(transform):
    made = transform.analyze(noise())
    sizes = abs(made)
    np.testing.assert_array_equal(sizes.image(), made.image())
    for a, b in zip(sizes.all_bands, made.all_bands, strict=True):
        np.testing.assert_array_equal(a.coefficients, np.abs(b.coefficients))
    with pytest.raises(ParameterError, match="magnitudes without phases cannot be synthesized"):
        sizes.synthesize()


# ---------------------------------------------------------------------- selecting


@both
@settings(deadline=None, max_examples=30)
@given(ends=st.lists(st.integers(1000, 5000), min_size=2, max_size=2).map(sorted))
def test_a_crop_rebuilds_its_samples(transform, ends):
    start, stop = ends
    signal = noise(2)
    made = transform.analyze(signal, start=1000, stop=5000)
    cropped = made.read(start, stop)
    assert (cropped.start, cropped.stop) == (start, stop)
    np.testing.assert_allclose(cropped.synthesize().samples, signal.samples[:, start:stop], atol=2e-5)
    assert cropped == transform.analyze(signal, start=1000, stop=5000).read(start, stop)


@both
def test_a_crop_shares_memory_and_stays_within(transform):
    made = transform.analyze(noise())
    assert np.shares_memory(made.read(100, 200).bands[0].coefficients, made.bands[0].coefficients)
    assert made.between(0.125, 0.25) == made.read(1000, 2000)
    for start, stop in [(-1, 5), (5, 3), (0, 6001)]:
        with pytest.raises(ParameterError, match="are not within"):
            made.read(start, stop)


# ---------------------------------------------------------------------- the border


@settings(deadline=None)
@given(
    window=st.integers(4, 200),
    share=st.floats(0.01, 1),
    length=st.integers(500, 900),
)
def test_the_border_of_an_stft_is_that_of_scipy(window, share, length):
    hop = max(1, int(window // 2 * share))
    mine, scipys = STFT(RATE, window=window, hop=hop), ShortTimeFFT(np.ones(window), hop, RATE)
    assert mine.lower_border_end() == (scipys.lower_border_end,)
    begins = np.arange(length + 1) * hop - window // 2  # of frames; SciPy 1.13 says one too few
    frame = int(np.flatnonzero(begins + window > length)[0])
    assert mine.upper_border_begin(length) == ((int(begins[frame]), frame),)
    ranges = mine.frame_ranges(0, length)[0]
    assert ranges == (scipys.p_min, scipys.p_max(length))


@both
def test_frames_inside_the_border_do_not_see_what_lies_outside(transform):
    length = 40_000
    signal = noise(length=length)
    louder = Signal(np.pad(signal.samples, ((0, 0), (length, length)), constant_values=10.0), RATE)
    alone, amid = transform.analyze(signal), transform.analyze(louder, start=length, stop=2 * length)
    lower, upper = transform.lower_border_end(), transform.upper_border_begin(length)
    seen = 0
    for mine, its, first, last in zip(alone.all_bands, amid.all_bands, lower, upper, strict=True):
        inside = np.arange(first.frame, last.frame)
        offset = length // mine.hop if length % mine.hop == 0 else None
        if offset is None or not inside.size:
            continue
        a = mine.between(first.frame, last.frame)
        b = its.between(first.frame + offset, last.frame + offset)
        np.testing.assert_allclose(a, b, atol=2e-3)
        seen += 1
    assert seen


@both
def test_every_sample_is_exact_from_the_first_on(transform):
    for window in (5, 7, 63, 64, 65, 1001):
        if transform.kind == "stft":
            transform = STFT(RATE, window=window, hop=window // 2, dtype=transform.dtype)
        signal = noise(length=3000)
        rebuilt = transform.analyze(signal).synthesize()
        np.testing.assert_allclose(rebuilt.samples, signal.samples, atol=5e-6)


# ---------------------------------------------------------------------- repr and pickle


def test_short_texts():
    assert repr(OctaveTransform(44100)) == "OctaveTransform(44100)"
    assert repr(STFT(8000, window=256, hop=64)) == "STFT(8000, window=256, hop=64)"
    assert eval(repr(OCTAVES), vars(msviz)) == OCTAVES
    made = OctaveTransform(44100).analyze(np.zeros((2, 500)))
    assert repr(made) == "Representation(2 channels, samples 0 to 500, OctaveTransform(44100))"
    assert repr(made.octaves[9]).startswith("Frames(octave_09: 2 × 24 × ")


@both
def test_a_pickle_holds_no_tables(transform):
    transform.synthesize(transform.analyze(noise()))
    assert len(pickle.dumps(transform)) < 1000
    again = pickle.loads(pickle.dumps(transform))
    assert again == transform
    assert getattr(again, "workers", 0) == getattr(transform, "workers", 0)
    made = transform.analyze(noise())
    coefficients = sum(band.coefficients.nbytes for band in made.all_bands)
    assert len(pickle.dumps(made)) < coefficients + 20_000


# ---------------------------------------------------------------------- pictures


def sine(hz, length=8000):
    return Signal(0.5 * np.sin(2 * np.pi * hz * np.arange(length) / RATE), RATE)


@pytest.mark.parametrize("hz", [250, 700, 1900])
def test_a_tone_is_drawn_where_it_lies(hz):
    made = OctaveTransform(RATE).analyze(sine(hz))
    rgb = made.render(width=200, height=400, low_hz=100, high_hz=4000)
    assert rgb.shape == (400, 200, 3)
    brightest = rgb[:, 100].astype(int).sum(axis=1).argmax()
    assert brightest / 400 == pytest.approx(1 - np.log(hz / 100) / np.log(40), abs=0.02)
    colours = colour_map("magma", 161)  # of half a dB from -80 to 0
    expected = np.rint(colours[round((20 * np.log10(0.5) + 80) * 2)])
    np.testing.assert_allclose(rgb[brightest, 100], expected, atol=8)
    linear = STFT(RATE).analyze(sine(hz)).render(width=200, height=400)
    assert linear[:, 100].astype(int).sum(axis=1).argmax() / 400 == pytest.approx(1 - hz / 4000, abs=0.02)


def test_silence_is_black_and_colours_follow_the_range():
    made = OCTAVES.analyze(np.zeros(4000))
    assert (made.render(width=5, height=7) == np.rint(colour_map("magma", 2)[0])).all()
    loud = OCTAVES.analyze(noise()).render(
        width=50, height=50, floor_db=-119, ceiling_db=-100, colours="grey"
    )
    assert (loud == 255).mean() > 0.9


@both
def test_no_click_is_lost_in_few_columns(transform):
    samples = np.zeros(80_000)
    samples[31_234] = 1
    rgb = transform.analyze(samples).render(width=10, height=50, floor_db=-100).astype(int).sum(axis=2)
    assert rgb[:25].sum(axis=0).argmax() == 3


def test_a_picture_is_written_as_png(tmp_path):
    made = OCTAVES.analyze(noise(2))
    rgb = made.render(tmp_path / "a.png", width=120, height=80, channel=1)
    np.testing.assert_array_equal(np.asarray(Image.open(tmp_path / "a.png")), rgb)
    with pytest.raises(MsvizError, match="cannot be written"):
        made.render(tmp_path / "none" / "a.png")


@pytest.mark.parametrize(
    ("what", "name"),
    [
        ({"width": 0}, "width"),
        ({"height": 1.5}, "height"),
        ({"channel": 1}, "channel"),
        ({"channel": -1}, "channel"),
        ({"low_hz": -1}, "low_hz"),
        ({"low_hz": 500, "high_hz": 400}, "high_hz"),
        ({"colours": "jet"}, "colours"),
        ({"floor_db": 0, "ceiling_db": -10}, "floor_db"),
        ({"floor_db": float("nan")}, "floor_db"),
    ],
)
def test_pictures_that_cannot_be_are_refused_by_name(what, name):
    with pytest.raises(ParameterError, match=name):
        OCTAVES.analyze(noise()).render(**what)


@pytest.mark.parametrize("name", COLOUR_MAPS)
def test_colour_maps_are_those_of_the_window(name):
    import pyqtgraph

    table = pyqtgraph.colormap.get(COLOUR_MAPS[name]).getLookupTable(nPts=256)
    np.testing.assert_allclose(colour_map(name, 256), table, atol=1)


@both
def test_a_notebook_shows_the_picture(transform):
    from base64 import b64decode

    made = transform.analyze(noise(2))
    html = made._repr_html_()
    assert repr(made) in html
    pictures = [part.split('"')[0] for part in html.split("base64,")[1:]]
    assert len(pictures) == 2
    for channel, picture in enumerate(pictures):
        shown = np.asarray(Image.open(io.BytesIO(b64decode(picture))))
        np.testing.assert_array_equal(shown, made.render(height=240, channel=channel))
    assert "<svg" in noise(2)._repr_html_()
    for length in (0, 1):
        transform.analyze(np.zeros(length))._repr_html_()
        Signal(np.zeros(length), RATE)._repr_html_()


@both
def test_pictures_of_long_files_are_pooled_piece_by_piece(transform, tmp_path, monkeypatch):
    made = transform.analyze(noise(2))
    whole = made.image(1, frame_rate=70), made.render(width=300, height=100)
    monkeypatch.setattr(representation, "POOLED", 1000)
    msviz.save(made, tmp_path / "x.zarr")
    for again in (made, msviz.load(tmp_path / "x.zarr")):
        np.testing.assert_array_equal(again.image(1, frame_rate=70), whole[0])
        np.testing.assert_array_equal(again.render(width=300, height=100), whole[1])
    monkeypatch.setattr(representation, "LONGEST_SHOWN", 100)
    assert "<img" in made._repr_html_()
    assert "<img" not in msviz.load(tmp_path / "x.zarr")._repr_html_()


@both
def test_a_plot_has_the_axes_of_the_window(transform):
    matplotlib = pytest.importorskip("matplotlib")
    matplotlib.use("agg")
    from matplotlib import pyplot

    made = transform.analyze(noise(2), start=800, stop=4800)
    ax = made.plot(channel=1, floor_db=-60)
    try:
        assert ax.get_xlim() == pytest.approx((0.1, 0.6))
        assert ax.get_ylim() == pytest.approx((transform.bands[0].low, RATE / 2))
        assert ax.get_yscale() == ("log" if transform is OCTAVES else "linear")
        assert (ax.get_xlabel(), ax.get_ylabel()) == ("Time (s)", "Frequency (Hz)")
        assert len(ax.collections) == len(made.bands)
        assert ax.collections[0].get_clim() == (-60, 0)
        assert made.plot(ax, linear=True) is ax
    finally:
        pyplot.close("all")


# ---------------------------------------------------------------------- xarray


@both
def test_to_xarray_and_back(transform):
    xarray = pytest.importorskip("xarray")
    made = transform.analyze(noise(2), start=100, stop=3000)
    tree = made.to_xarray()
    assert from_xarray(tree) == made
    half = tree.map_over_datasets(lambda group: group * 0.5 if group.data_vars else group)
    for node in tree.subtree:  # what arithmetic drops
        half[node.path].attrs.update(node.attrs)
    close(from_xarray(half).synthesize(), 0.5 * made.synthesize())
    first = tree.children[transform.bands[0].name].to_dataset().isel(frame=slice(2, None))
    cut = xarray.DataTree.from_dict(
        {"/": tree.to_dataset(), **{n: c.to_dataset() for n, c in tree.children.items()}}
    )
    cut[transform.bands[0].name] = xarray.DataTree(first)
    assert from_xarray(cut).bands[0].first_frame == made.bands[0].first_frame + 2


def test_other_trees_are_refused():
    xarray = pytest.importorskip("xarray")
    tree = OCTAVES.analyze(noise()).to_xarray()
    for broken in (xarray.DataTree(), tree.children["octave_00"]):
        with pytest.raises(ParameterError, match="not have the layout of to_xarray"):
            from_xarray(broken)
    few = tree.copy()
    few["octave_01"] = xarray.DataTree(few.children["octave_01"].to_dataset().isel(bin=slice(3)))
    with pytest.raises(ParameterError, match="the bins of octave_01 must be complete"):
        from_xarray(few)


def test_representations_are_made_by_hand():
    made = OCTAVES.analyze(noise())
    again = Representation(OCTAVES, made.bands, made.residual, made.start, made.stop)
    assert again == made
    assert again.in_memory
    with pytest.raises(ParameterError, match="residual"):
        Representation(OCTAVES, made.bands, None, made.start, made.stop).synthesize()
