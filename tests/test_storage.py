"""Representations in files: exact, read by stretch, whole or not at all, refused when something is wrong."""

import errno
import json
import os
import pickle
import shutil
import subprocess
import sys
import tracemalloc
import zipfile
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import fsspec
import numpy as np
import pytest
import zarr

import msviz
from msviz import (
    STFT,
    MsvizError,
    OctaveTransform,
    ParameterError,
    Representation,
    Signal,
    StorageError,
    load,
    read_audio,
    save,
)
from msviz.demos import demo_tracks
from msviz.picture import levels, to_db
from msviz.storage import locks, save_stream
from msviz.storage.targets import ZarrTarget
from msviz.transform.filters import NUTTALL

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


# ---------------------------------------------------------------------- what comes back


@pytest.mark.parametrize("name", PLACES)
@pytest.mark.parametrize("kind", TRANSFORMS)
@pytest.mark.parametrize(
    ("channels", "length", "stretch"),
    [(2, 20_000, None), (1, 1, None), (3, 9000, (np.int64(77), np.int64(5000)))],
)
def test_complex64_comes_back_exactly(tmp_path, name, kind, channels, length, stretch):
    start, stop = stretch or (0, length)
    made = TRANSFORMS[kind].analyze(noise(channels, length), start=start, stop=stop)
    save(made, tmp_path / name)
    found = load(tmp_path / name)
    assert_same(found.read(np.int64(start), np.int64(stop)), made)
    assert (found.channels, found.start, found.stop, found.length) == (channels, start, stop, stop - start)
    assert (found.rate, found.content, found.version) == (RATE, "complex64", msviz.__version__)
    assert_same(found.read(), made)
    np.testing.assert_allclose(found.synthesize().samples, made.synthesize().samples, atol=1e-6)
    assert os.listdir(tmp_path) == [name]


def test_a_transform_in_double_precision_comes_back(tmp_path):
    signal = noise(1)
    transform = OctaveTransform(RATE, fmin=1000, dtype="float64")
    save(transform.analyze(signal), tmp_path / "x.zarr")
    found = load(tmp_path / "x.zarr")
    assert repr(found.transform) == repr(transform)
    assert found.synthesize().samples.dtype == np.float64
    assert error_db(found.synthesize(), signal) < -135  # coefficients are kept in single precision


@pytest.mark.parametrize("compress", [True, False])
@pytest.mark.parametrize("kind", ["memory", "file"])
def test_an_address_holds_one_too(tmp_path, kind, compress):
    made = OCTAVES.analyze(noise())
    address = f"{kind}://{tmp_path.as_posix()}/somewhere/x.zarr"
    save(made, address, compress=compress)
    assert_same(load(address).read(), made)


def test_an_object_store_is_given_many_files_at_once(monkeypatch):
    from fsspec.implementations.asyn_wrapper import AsyncFileSystemWrapper

    store, given = AsyncFileSystemWrapper(fsspec.filesystem("memory"), asynchronous=False), []
    pipe = store.pipe
    monkeypatch.setattr(store, "pipe", lambda files: (given.append(len(files)), pipe(files)))
    monkeypatch.setattr(store, "makedirs", lambda *_, **__: 1 / 0)  # it has no folders
    monkeypatch.setattr("msviz.storage.places.file_system", lambda _: (store, "/bucket/x.zarr"))
    made = OCTAVES.analyze(noise())
    save(made, "memory://bucket/x.zarr")
    assert_same(load("memory://bucket/x.zarr").read(), made)
    assert max(given) > 20
    assert len(given) < 15


@pytest.mark.parametrize("transform", [OctaveTransform(44100), STFT(44100)])
def test_music_is_rebuilt_from_its_file(tmp_path, transform):
    signal = Signal(read_audio(demo_tracks()["Seven tone"]).samples[:, : 4 * 44100], 44100)
    made = transform.analyze(signal)
    errors = {}
    for content in ("complex64", "float16"):
        save(made, tmp_path / "x.zarr", content=content)
        errors[content] = error_db(load(tmp_path / "x.zarr").synthesize(), signal)
    assert errors["complex64"] < -120
    assert -100 < errors["float16"] < -75


def test_float16_keeps_what_is_quiet(tmp_path):
    signal = noise()
    for gain_db in (0, -60, -100):
        quiet = Signal(signal.samples * np.float32(10 ** (gain_db / 20)), RATE)
        save(OCTAVES.analyze(quiet), tmp_path / "x.npz", content="float16")
        assert error_db(load(tmp_path / "x.npz").synthesize(), quiet) < (-75 if gain_db > -100 else -45)


@pytest.mark.parametrize("name", PLACES)
def test_levels_are_those_of_the_picture(tmp_path, name):
    made = OCTAVES.analyze(noise())
    save(made, tmp_path / name, content="levels")
    save(made, tmp_path / "exact.zarr")
    picture, exact = load(tmp_path / name), load(tmp_path / "exact.zarr")
    for one, other, band in zip(picture.levels(333, 9000), exact.levels(333, 9000), made.bands, strict=True):
        first, last = -(-333 // band.hop), -(-9000 // band.hop)
        expected = levels(band.between(first, last))
        np.testing.assert_array_equal(one, expected)
        np.testing.assert_array_equal(other, expected)


def test_levels_are_a_picture_only(tmp_path):
    save(OCTAVES.analyze(noise()), tmp_path / "x.zarr", content="levels")
    found = load(tmp_path / "x.zarr")
    for use in (found.read, found.source, found.synthesize):
        with pytest.raises(StorageError, match=r"x\.zarr holds levels, a picture only"):
            use()


@pytest.mark.parametrize("content", ["complex64", "levels"])
@pytest.mark.parametrize("frame_rate", [100, 31.7, RATE / 64])
def test_its_image_is_that_of_the_representation(tmp_path, content, frame_rate):
    made = OCTAVES.analyze(noise())
    save(made, tmp_path / "x.zarr", content=content)
    image = load(tmp_path / "x.zarr").image(1, 500, 15_000, frame_rate)
    np.testing.assert_allclose(image, np.maximum(made.image(1, 500, 15_000, frame_rate), -119.5), atol=0.28)


def test_uncompressed_is_the_same_but_larger(tmp_path):
    made = OCTAVES.analyze(noise())
    sizes = []
    for compress in (True, False):
        save(made, tmp_path / "x.zarr", compress=compress)
        assert_same(load(tmp_path / "x.zarr").read(), made)
        sizes.append(sum(path.stat().st_size for path in (tmp_path / "x.zarr").rglob("*") if path.is_file()))
    assert 0.5 < sizes[0] / sizes[1] < 0.95


def test_another_process_may_open_what_is_open_here(stored):
    found = pickle.loads(pickle.dumps(load(stored)))
    assert_same(found.read(), load(stored).read())


# ---------------------------------------------------------------------- by stretch


@pytest.fixture
def chunks_read(monkeypatch):
    """The chunks of coefficients that are read."""
    read = []
    get = zarr.storage.LocalStore.get

    async def counting(self, key, *args, **kwargs):
        if "/coefficients/c/" in key:
            read.append(key)
        return await get(self, key, *args, **kwargs)

    monkeypatch.setattr(zarr.storage.LocalStore, "get", counting)
    return read


def test_a_stretch_touches_its_chunks_alone(tmp_path, chunks_read):
    transform = OctaveTransform(RATE, fmin=1000)
    signal = noise(2, 800_000)
    for _ in save_stream(transform.stream(signal), tmp_path / "x.zarr", transform, signal.length):
        pass
    found = load(tmp_path / "x.zarr")
    start, stop = 300_000, 350_000
    chunks_read.clear()
    made = found.read(start, stop)
    expected = set()
    groups = zarr.open_group(tmp_path / "x.zarr", mode="r")
    whole = transform.frame_ranges(0, signal.length)
    for number, (first, last) in enumerate(transform.frame_ranges(start, stop)):
        name = f"octave_{number:02}" if number < len(transform.octaves) else "residual"
        size = groups[name]["coefficients"].chunks[2]
        begin, end = (first - whole[number].start) // size, (last - 1 - whole[number].start) // size
        expected |= {f"{name}/coefficients/c/{c}/0/{n}" for c in (0, 1) for n in range(begin, end + 1)}
    assert sorted(chunks_read) == sorted(expected)
    assert len(expected) < 0.4 * len(list((tmp_path / "x.zarr").glob("*/coefficients/c/*/0/*")))
    rebuilt = made.synthesize().samples
    np.testing.assert_allclose(rebuilt, signal.samples[:, start:stop], atol=3e-6)

    chunks_read.clear()
    found.image(1, start, stop)
    assert {key.split("/")[3] for key in chunks_read} == {"1"}


def test_a_stretch_is_what_analysis_of_it_gives(stored):
    signal, found = noise(), load(stored)
    for start, stop in [(0, 20_000), (0, 1), (5000, 5000), (12_345, 17_000), (19_999, 20_000)]:
        made, expected = found.read(start, stop), OCTAVES.analyze(signal, start=start, stop=stop)
        for a, b in zip(parts(made), parts(expected), strict=True):
            assert (a.first_frame, a.coefficients.shape) == (b.first_frame, b.coefficients.shape)
            np.testing.assert_allclose(a.coefficients, b.coefficients, atol=1e-5)
    for start, stop in [(-1, 10), (10, 5), (0, 20_001)]:
        with pytest.raises(ParameterError, match=f"from sample {start} to {stop} does not lie within"):
            found.read(start, stop)


@pytest.mark.parametrize("kind", TRANSFORMS)
def test_its_source_plays_from_any_thread(tmp_path, kind):
    signal = noise(2, 400_000)
    save(TRANSFORMS[kind].analyze(signal, start=1000), tmp_path / "x.zarr")
    source = load(tmp_path / "x.zarr").source()
    assert (source.rate, source.channels, source.length) == (RATE, 2, 399_000)
    starts = np.random.default_rng(0).integers(-2000, 400_000, 12)
    with ThreadPoolExecutor(4) as pool:
        made = list(pool.map(lambda start: source.read(start, start + 3000), starts.tolist()))
    expected = Signal(signal.samples[:, 1000:], RATE)
    for start, samples in zip(starts.tolist(), made, strict=True):
        np.testing.assert_allclose(samples, expected.read(start, start + 3000), atol=5e-6)


def test_playing_on_reads_no_chunk_twice(tmp_path, chunks_read):
    save(OCTAVES.analyze(noise(1, 280_000)), tmp_path / "x.zarr")
    source = load(tmp_path / "x.zarr").source()
    source.read(0, 4000)
    first = len(chunks_read)
    for start in range(4000, 100_000, 4000):
        source.read(start, start + 4000)
    assert len(chunks_read) == first > 0


# ---------------------------------------------------------------------- streams


@pytest.mark.parametrize("content", ["complex64", "float16", "levels"])
@pytest.mark.parametrize("kind", TRANSFORMS)
def test_a_stream_writes_the_file_that_the_whole_would(tmp_path, kind, content):
    transform, signal = TRANSFORMS[kind], noise(1, 280_000)
    pieces = list(transform.stream(signal, stretch=17_000))
    shares = list(save_stream(pieces, tmp_path / "x.zarr", transform, signal.length, content=content))
    assert shares == sorted(shares)
    assert shares[-1] == 1
    joined = pieces[0]
    for piece in pieces[1:]:
        joined = joined.joined(piece)
    save(joined, tmp_path / "y.zarr", content=content)
    files = sorted(path.relative_to(tmp_path / "x.zarr") for path in (tmp_path / "x.zarr").rglob("*"))
    assert sum(path.name.isdigit() for path in files) > 5
    for path in files:
        if (tmp_path / "x.zarr" / path).is_file():
            assert (tmp_path / "x.zarr" / path).read_bytes() == (tmp_path / "y.zarr" / path).read_bytes()


def test_memory_does_not_grow_with_the_length(tmp_path):
    def peak(length):
        signal = noise(1, length)
        pieces = OCTAVES.stream(signal, stretch=100_000)
        tracemalloc.start()
        for _ in save_stream(pieces, tmp_path / "x.zarr", OCTAVES, length, content="float16"):
            pass
        most = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        return most

    peak(10_000)
    assert peak(1_500_000) < 1.4 * peak(500_000)


# ---------------------------------------------------------------------- for other programs


@pytest.mark.filterwarnings("ignore:Consolidated metadata is currently not part")
@pytest.mark.parametrize("compress", [True, False])
@pytest.mark.parametrize("content", ["complex64", "float16", "levels"])
def test_its_files_are_those_that_zarr_makes(tmp_path, monkeypatch, content, compress):
    """Of the same arrays and attributes, byte by byte; metadata as they are understood."""
    monkeypatch.setattr("msviz.storage.targets.TIMES", 10_000)
    save(OCTAVES.analyze(noise(2, 280_000)), tmp_path / "x.zarr", content=content, compress=compress)
    made = zarr.open_group(tmp_path / "x.zarr", mode="r", use_consolidated=False)
    copy = zarr.create_group(tmp_path / "y.zarr", attributes=dict(made.attrs))
    for name, group in made.groups():
        band = copy.create_group(name, attributes=dict(group.attrs))
        for key, array in group.arrays():
            band.create_array(
                key,
                shape=array.shape,
                dtype=array.dtype,
                chunks=array.chunks,
                fill_value=array.fill_value,
                dimension_names=array.metadata.dimension_names,
                attributes=dict(array.attrs),
                compressors=array.compressors,
                filters=None,
                config={"write_empty_chunks": True},
            )[...] = array[...]
    zarr.consolidate_metadata(copy.store)

    def files(root):
        return {
            path.relative_to(root).as_posix(): path.read_bytes()
            if path.name != "zarr.json"
            else json.loads(path.read_text())
            for path in root.rglob("*")
            if path.is_file()
        }

    ours, zarrs = files(tmp_path / "x.zarr"), files(tmp_path / "y.zarr")
    assert any(name.endswith(("0/1", "0/1/0")) for name in ours)  # a last chunk, longer than its frames
    assert ours == zarrs


@pytest.mark.parametrize("content", ["complex64", "float16", "levels"])
@pytest.mark.parametrize("kind", TRANSFORMS)
def test_xarray_opens_it_as_it_is(tmp_path, kind, content):
    xarray = pytest.importorskip("xarray")
    made = TRANSFORMS[kind].analyze(noise())
    save(made, tmp_path / "x.zarr", content=content)
    with xarray.open_datatree(tmp_path / "x.zarr", engine="zarr") as tree:
        names = [f"octave_{number:02}" for number in range(3)] if kind == "octaves" else ["stft"]
        rest = ["residual"] if kind == "octaves" and content != "levels" else []
        assert list(tree.children) == [*names, *rest]
        assert tree.attrs["content"] == content
        for name, band in zip([*names, *rest], parts(made), strict=False):
            group = tree[name]
            values = group["coefficients"]
            assert values.dims[:3] == ("channel", "bin", "frame")
            np.testing.assert_array_equal(group["frequency"], band.frequencies)
            np.testing.assert_array_equal(group["time"], band.times)
            np.testing.assert_array_equal(group["channel"], [0, 1])
            if name == "residual" or content == "complex64":
                np.testing.assert_array_equal(values, band.coefficients)
            elif content == "float16":
                both = values.isel(part=0) + 1j * values.isel(part=1)
                np.testing.assert_allclose(both, band.coefficients, rtol=2**-10, atol=1e-7)
            else:
                codes = levels(band.coefficients).astype(float)
                np.testing.assert_allclose(values, to_db(0) + codes / 2)


def window(u):
    """W of docs/transform.md."""
    cosines = (a * np.cos(2 * np.pi * n * u) for n, a in enumerate(NUTTALL))
    return np.where(np.abs(u) < 0.5, sum(cosines), 0)


def test_it_can_be_inverted_by_what_the_format_tells(tmp_path):
    """The recipe of docs/format.md, with NumPy, Zarr and nothing of msviz."""
    signal = noise(1, 6000)
    save(
        OctaveTransform(RATE, bins_per_octave=12, resolution=7, gamma=3, fmin=60).analyze(signal),
        tmp_path / "x.zarr",
    )

    root = zarr.open_group(tmp_path / "x.zarr", mode="r")
    told, bands = root.attrs["parameters"], root.attrs["bands"]
    rate, resolution = told["rate"], told["resolution"]
    offset = told["gamma"] * resolution / np.log(2)
    longest = max(band["hop"] for band in bands.values())
    first = min(band["first_frame"] * band["hop"] for band in bands.values()) // longest * longest
    last = max((band["first_frame"] + band["frames"]) * band["hop"] for band in bands.values())
    size = -(-(last - first) // longest) * longest
    sums, operator = np.zeros(size, complex), np.zeros(size)
    for name, band in bands.items():
        values = root[name]["coefficients"][0]
        period = np.zeros((len(values), size // band["hop"]), complex)
        begin = band["first_frame"] - first // band["hop"]
        period[:, begin : begin + band["frames"]] = values
        for centre, row in zip(root[name]["frequency"][:], np.fft.fft(period), strict=True):
            if name == "residual":
                j = np.arange(
                    -int(band["stop_edge_hz"] * size / rate), int(band["stop_edge_hz"] * size / rate) + 1
                )
                fall = band["stop_edge_hz"] - band["pass_edge_hz"]
                u = np.clip((np.abs(j * rate / size) - band["pass_edge_hz"]) / fall, 0, 1)
                a0, a1, a2, a3 = NUTTALL
                ripple = (
                    a1 * np.sin(2 * np.pi * u)
                    - a2 / 2 * np.sin(4 * np.pi * u)
                    + a3 / 3 * np.sin(6 * np.pi * u)
                )
                filters = 1 - u + ripple / (2 * np.pi * a0)
                weight, gain = band["weight"], 1
            else:
                reach = 2.0 ** (2 / resolution)
                low, high = (centre + offset) / reach - offset, (centre + offset) * reach - offset
                j = np.arange(int(np.floor(low * size / rate)) + 1, int(np.ceil(high * size / rate)))
                u = (np.log2(j * rate / size + offset) - np.log2(centre + offset)) * resolution / 4
                filters, weight, gain = window(u), 1, 2
            product = weight * filters * row[j % len(row)] * band["hop"] / gain
            np.add.at(sums, j % size, product)
            np.add.at(operator, j % size, weight * filters**2)
            if gain == 2:  # and the mirror image, of the negative frequencies
                np.add.at(sums, -j % size, np.conj(product))
                np.add.at(operator, -j % size, filters**2)
    rebuilt = np.fft.ifft(sums / operator)[-first : -first + 6000]
    assert np.abs(rebuilt.imag).max() < 1e-6
    assert error_db(Signal(rebuilt.real, RATE), signal) < -110


def test_an_stft_can_be_inverted_by_what_the_format_tells(tmp_path):
    signal = noise(1, 6000)
    save(STFT(RATE, window=301, hop=70).analyze(signal), tmp_path / "x.zarr")

    root = zarr.open_group(tmp_path / "x.zarr", mode="r")
    size, hop = root.attrs["parameters"]["window"], root.attrs["parameters"]["hop"]
    first = root.attrs["bands"]["stft"]["first_frame"]
    spectra = root["stft/coefficients"][0].T
    spectra[:, 0] *= 2
    frames = np.roll(np.fft.irfft(spectra, size), size // 2, axis=1)
    hann = (1 - np.cos(2 * np.pi * np.arange(size) / size)) / 2
    squares = np.array([np.square(hann[m % hop :: hop]).sum() for m in range(size)])
    rebuilt = np.zeros((len(frames) - 1) * hop + size)
    for number, frame in enumerate(frames):
        rebuilt[number * hop :][:size] += frame * hann / squares * hann.sum() / 2
    begin = size // 2 - first * hop
    assert error_db(Signal(rebuilt[begin : begin + 6000], RATE), signal) < -110


# ---------------------------------------------------------------------- refused


def with_attributes(path, **changes):
    root = json.loads((path / "zarr.json").read_text())
    for name, value in changes.items():
        if value is None:
            del root["attributes"][name]
        else:
            root["attributes"][name] = value
    (path / "zarr.json").write_text(json.dumps(root))


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"format_version": 2}, r"has format version 2, and this msviz reads up to 1: install a newer msviz"),
        ({"format": "spectrogram"}, "holds something else than a representation"),
        ({"format": None}, "holds something else than a representation"),
        ({"complete": False}, "was not written to its end"),
        ({"content": "int4"}, "attributes do not fit each other"),
        ({"transform": "wavelets"}, "attributes cannot be used"),
        ({"parameters": {"rate": -5}}, "attributes cannot be used"),
        ({"bands": {}}, "attributes do not fit each other"),
        ({"channels": 3}, r"octave_00 is complex64 \(2, 12, .* not complex64 \(3, 12,"),
    ],
)
def test_what_msviz_did_not_write_so_is_refused(stored, changes, sentence):
    with_attributes(stored, **changes)
    with pytest.raises(StorageError, match=rf"x\.zarr .*{sentence}"):
        load(stored)


def test_what_is_no_representation_is_refused(tmp_path):
    (tmp_path / "empty.zarr").mkdir()
    (tmp_path / "text.zip").write_text("text")
    (tmp_path / "text.npz").write_text("text")
    np.savez(tmp_path / "other.npz", a=np.arange(3))
    zarr.create_group(tmp_path / "other.zarr")
    zarr.create_array(tmp_path / "array.zarr", shape=(3,), dtype="f4")
    np.savez(tmp_path / "list.npz", attributes=np.array("[]"))
    made = "empty.zarr text.zip text.npz other.npz list.npz other.zarr array.zarr gone.zarr".split()
    for name in made:
        with pytest.raises(StorageError, match=name.replace(".", r"\.")) as caught:
            load(tmp_path / name)
        assert "\n" not in str(caught.value)
    for name in ("memory://nowhere/x.zarr", "nothing://x.zarr"):
        with pytest.raises(StorageError, match=name):
            load(name)


def test_pickles_are_not_opened(tmp_path):
    np.savez(tmp_path / "x.npz", attributes=np.array([{}], dtype=object))
    with pytest.raises(StorageError, match=r"x\.npz is not a representation"):
        load(tmp_path / "x.npz")


def damaged(chunk, how):
    if how == "missing":
        chunk.unlink()
    elif how == "truncated":
        chunk.write_bytes(chunk.read_bytes()[: chunk.stat().st_size // 2])
    elif how == "empty":
        chunk.write_bytes(b"")
    else:
        data = bytearray(chunk.read_bytes())
        data[len(data) // 2] ^= 1
        chunk.write_bytes(bytes(data))


@pytest.mark.parametrize("content", ["complex64", "float16", "levels"])
@pytest.mark.parametrize("compress", [True, False])
def test_damaged_chunks_are_refused(tmp_path, compress, content):
    save(OCTAVES.analyze(noise()), tmp_path / "x.zarr", content=content, compress=compress)
    chunk = next(path for path in tmp_path.glob("x.zarr/octave_01/coefficients/c/1/**/*") if path.is_file())
    data, found = chunk.read_bytes(), load(tmp_path / "x.zarr")
    read = found.levels if content == "levels" else found.read
    read()
    for how in ("missing", "truncated", "empty", "one bit"):
        damaged(chunk, how)
        with pytest.raises(StorageError, match=r"x\.zarr is damaged: .*octave_01 .* between .* s"):
            read()
        chunk.write_bytes(data)


def test_a_missing_residual_chunk_is_refused(stored):
    damaged(stored / "residual/coefficients/c/0/0/0", "missing")
    with pytest.raises(StorageError, match=r"residual is missing or not a number"):
        load(stored).source().read(0, 100)


@pytest.mark.parametrize("value", [np.nan, np.inf])
def test_what_is_not_a_number_is_refused(stored, value):
    zarr.open_group(stored, mode="r+")["octave_00/coefficients"][0, 3, 7] = value
    with pytest.raises(StorageError, match="something of octave_00 is missing or not a number"):
        load(stored).read()
    made = OCTAVES.analyze(noise())
    made.bands[1].coefficients[0, 0, 0] = value
    with pytest.raises(ParameterError, match="not finite"):
        save(made, stored)


@pytest.mark.parametrize("gone", ["octave_02", "octave_02/coefficients", "octave_02/coefficients/zarr.json"])
def test_a_missing_array_is_refused(stored, gone):
    path = stored / gone
    shutil.rmtree(path) if path.is_dir() else path.unlink()
    with pytest.raises(StorageError, match=r"x\.zarr is damaged: octave_02 is missing"):
        load(stored)


@pytest.mark.parametrize(
    "text", ["", "{", "[]", "null", "{}", '{"zarr_format": 3, "node_type": "group", "attributes": []}']
)
@pytest.mark.parametrize("file", ["zarr.json", "octave_02/coefficients/zarr.json"])
def test_broken_metadata_are_told(stored, file, text):
    (stored / file).write_text(text)
    with pytest.raises(StorageError, match=r"x\.zarr (is|was) (not|damaged)"):
        load(stored).read()


def test_a_group_in_the_place_of_an_array_is_refused(stored):
    shutil.rmtree(stored / "octave_02/coefficients")
    zarr.create_group(stored / "octave_02/coefficients")
    with pytest.raises(StorageError, match=r"x\.zarr is damaged: octave_02 is missing"):
        load(stored)


def test_a_zip_of_another_kind_is_told_and_left_alone(stored, tmp_path):
    save(load(stored).read(), tmp_path / "x.npz")
    data = bytearray((tmp_path / "x.npz").read_bytes())
    entry = data.index(b"PK\x01\x02")
    data[entry + 6] = 249  # the version of ZIP that it takes to read it
    (tmp_path / "x.npz").write_bytes(data)
    with pytest.raises(StorageError, match=r"x\.npz is not a representation"):
        load(tmp_path / "x.npz")
    with pytest.raises(StorageError, match=r"x\.npz is a file with something else in it"):
        save(load(stored).read(), tmp_path / "x.npz")
    assert (tmp_path / "x.npz").read_bytes() == data


def test_a_truncated_file_is_refused(tmp_path):
    for name in PLACES[1:]:
        save(OCTAVES.analyze(noise()), tmp_path / name)
        data = (tmp_path / name).read_bytes()
        (tmp_path / name).write_bytes(data[: len(data) // 2])
        with pytest.raises(StorageError, match=rf"{name} is not a representation"):
            load(tmp_path / name)


# ---------------------------------------------------------------------- whole or not at all


def failing(count):
    for number, piece in enumerate(OCTAVES.stream(noise(1, 90_000), stretch=15_000)):
        if number == count:
            raise MsvizError("it ends here")
        yield piece


@pytest.mark.parametrize("name", PLACES)
@pytest.mark.parametrize(("count", "before"), [(0, True), (1, False), (5, True)])
def test_a_failure_leaves_what_was_there(tmp_path, name, count, before):
    made = OCTAVES.analyze(noise())
    if before:
        save(made, tmp_path / name)
    with pytest.raises(MsvizError, match="it ends here"):
        list(save_stream(failing(count), tmp_path / name, OCTAVES, 90_000))
    assert os.listdir(tmp_path) == ([name] if before else [])
    if before:
        assert_same(load(tmp_path / name).read(), made)


@pytest.mark.parametrize("name", [*PLACES, "memory://cancelled/x.zarr"])
def test_a_cancelled_one_leaves_nothing(tmp_path, name):
    place = name if "://" in name else tmp_path / name
    writing = save_stream(failing(6), place, OCTAVES, 90_000)
    next(writing)
    next(writing)
    writing.close()
    assert os.listdir(tmp_path) == []
    assert not fsspec.filesystem("memory").exists("/cancelled/x.zarr")


def test_a_half_written_one_at_an_address_is_refused():
    writing = save_stream(failing(6), "memory://half/x.zarr", OCTAVES, 90_000)
    next(writing)
    with pytest.raises(StorageError, match=r"memory://half/x\.zarr was not written to its end"):
        load("memory://half/x.zarr")
    writing.close()


@pytest.mark.parametrize("moment", ["empty", "group"])
def test_one_that_was_hardly_begun_at_an_address_is_made_again(monkeypatch, moment):
    address, made = f"memory://begun-{moment}/x.zarr", OCTAVES.analyze(noise())
    if moment == "empty":
        with fsspec.open(f"{address}/zarr.json", "wb"):
            pass
    else:  # a killed process cannot clear up after itself
        with monkeypatch.context() as patch:
            patch.setattr(ZarrTarget, "_add_coefficients", lambda *_: 1 / 0)
            patch.setattr(type(fsspec.filesystem("memory")), "rm", lambda *_, **__: None)
            with pytest.raises(ZeroDivisionError):
                save(made, address)
    save(made, address)
    assert load(address).length == 20_000


def test_the_next_one_clears_what_a_killed_process_left(tmp_path):
    for name in (".x.zarr.part", ".x.zarr.old"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "0").touch()
    save(OCTAVES.analyze(noise()), tmp_path / "x.zarr")
    assert os.listdir(tmp_path) == ["x.zarr"]
    assert "0" not in os.listdir(tmp_path / "x.zarr")


def test_one_that_was_out_of_the_way_when_its_process_was_killed_is_back(tmp_path):
    signal = noise()
    save(OCTAVES.analyze(signal), tmp_path / "x.zarr")
    (tmp_path / "x.zarr").rename(tmp_path / ".x.zarr.old")
    with pytest.raises(ParameterError, match="nothing to be written"):
        list(save_stream([], tmp_path / "x.zarr", OCTAVES, signal.length))
    assert os.listdir(tmp_path) == ["x.zarr"]
    assert load(tmp_path / "x.zarr").length == signal.length


@pytest.mark.parametrize("name", PLACES)
def test_what_is_being_written_is_refused_to_others(tmp_path, name):
    pieces = list(OCTAVES.stream(noise(1, 90_000), stretch=15_000))
    writing = save_stream(pieces, tmp_path / name, OCTAVES, 90_000)
    next(writing)
    with pytest.raises(StorageError, match=rf"{name} is being written by another process: wait until"):
        save(OCTAVES.analyze(noise(2)), tmp_path / name)
    save(OCTAVES.analyze(noise(2)), tmp_path / f"other-{name}")
    assert list(writing)[-1] == 1
    assert (load(tmp_path / name).channels, load(tmp_path / name).length) == (1, 90_000)
    save(OCTAVES.analyze(noise(2)), tmp_path / name)
    assert load(tmp_path / name).channels == 2
    assert sorted(os.listdir(tmp_path)) == sorted([name, f"other-{name}"])


@pytest.mark.skipif(sys.platform == "win32", reason="an open file cannot be taken away there")
def test_a_lock_that_another_one_has_just_taken_away_locks_nothing(tmp_path, monkeypatch):
    lock, locked = tmp_path / ".x.zarr.lock", locks._locked
    others = iter([lock.unlink])  # it ends between the opening of the file and its locking

    def late(file):
        next(others, lambda: None)()
        return locked(file)

    monkeypatch.setattr(locks, "_locked", late)
    with locks.alone(tmp_path / "x.zarr"):
        with pytest.raises(StorageError, match="is being written"), locks.alone(tmp_path / "x.zarr"):
            pass
        assert lock.exists()
    assert not lock.exists()


@pytest.mark.skipif(sys.platform == "win32", reason="there all file systems know locks")
def test_where_there_are_no_locks_it_is_written_all_the_same(tmp_path, monkeypatch):
    def unknown(*_):
        raise OSError(errno.ENOLCK, "No locks available")

    monkeypatch.setattr("fcntl.flock", unknown)
    save(OCTAVES.analyze(noise()), tmp_path / "x.zarr")
    assert load(tmp_path / "x.zarr").length == 20_000


def test_of_many_at_once_each_is_whole_or_refused(tmp_path):
    made = {channels: OCTAVES.analyze(noise(channels, 9000)) for channels in range(1, 7)}

    def attempt(channels):
        try:
            save(made[channels], tmp_path / "x.zarr")
        except StorageError as error:
            return str(error)
        return "whole"

    with ThreadPoolExecutor(6) as pool:
        ends = set(pool.map(attempt, [*made] * 5))
    assert "whole" in ends
    assert all("is being written by another process" in end for end in ends - {"whole"})
    found = load(tmp_path / "x.zarr")
    assert_same(found.read(), made[found.channels])
    assert os.listdir(tmp_path) == ["x.zarr"]


@pytest.mark.skipif(sys.platform == "win32", reason="processes are killed otherwise there")
@pytest.mark.parametrize("name", PLACES)
def test_a_killed_process_is_in_nobodys_way(tmp_path, name):
    code = (
        "import os, signal, sys\n"
        "import numpy as np\n"
        "from msviz import OctaveTransform, Signal\n"
        "from msviz.storage import save_stream\n"
        f"transform = OctaveTransform({RATE}, fmin=1000)\n"
        f"pieces = transform.stream(Signal(np.ones((1, 90_000), 'f4'), {RATE}), stretch=15_000)\n"
        "writing = save_stream(pieces, sys.argv[1], transform, 90_000)\n"
        "next(writing)\n"
        "os.kill(os.getpid(), signal.SIGKILL)\n"
    )
    ended = subprocess.run(
        [sys.executable, "-c", code, tmp_path / name], cwd=Path(__file__).parent.parent, check=False
    )
    assert ended.returncode == -9
    assert f".{name}.lock" in os.listdir(tmp_path)
    made = OCTAVES.analyze(noise())
    save(made, tmp_path / name)
    assert_same(load(tmp_path / name).read(), made)
    assert os.listdir(tmp_path) == [name]


def test_pieces_that_do_not_follow_each_other_are_refused(tmp_path):
    pieces = list(OCTAVES.stream(noise(1, 90_000), stretch=15_000))
    for wrong in (pieces[1:], pieces[:2] + pieces[3:], pieces[:-1], []):
        with pytest.raises(ParameterError, match=r"does not follow|pieces end after|nothing to be written"):
            list(save_stream(wrong, tmp_path / "x.zarr", OCTAVES, 90_000))
        assert os.listdir(tmp_path) == []


@pytest.mark.skipif(sys.platform == "win32", reason="limits are set otherwise there")
@pytest.mark.parametrize("name", PLACES)
def test_a_full_disk_is_told_and_leaves_nothing(tmp_path, name):
    import resource

    made = OCTAVES.analyze(noise(1, 100_000))
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, limits[1]))  # a write past it fails
    try:
        with pytest.raises(StorageError, match=rf"{name} cannot be written: File too large"):
            save(made, tmp_path / name)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
    assert os.listdir(tmp_path) == []


def test_places_that_cannot_be_written_are_told(tmp_path):
    made = OCTAVES.analyze(noise())
    (tmp_path / "file").touch()
    (tmp_path / "music.zarr").mkdir()
    (tmp_path / "music.zarr" / "song.wav").touch()
    (tmp_path / "folder.zip").mkdir()
    with zipfile.ZipFile(tmp_path / "photos.zip", "w") as photos:
        photos.writestr("beach.jpg", b"")
    np.savez(tmp_path / "data.npz", attributes=np.array("mine"))
    (tmp_path / "text.zip").write_text("not a zip")
    for name, sentence in {
        "gone/x.zarr": "there is no folder",
        "file/x.zarr": "there is no folder",
        "music.zarr": "something else in it",
        "folder.zip": "is a folder",
        "photos.zip": "is a file with something else in it",
        "data.npz": "is a file with something else in it",
        "text.zip": "is a file with something else in it",
    }.items():
        with pytest.raises(StorageError, match=sentence):
            save(made, tmp_path / name)
    for name in ("x.wav", "memory://x.zip"):
        with pytest.raises(ParameterError, match=r"must end in \.zarr"):
            save(made, name)
    assert (tmp_path / "music.zarr" / "song.wav").exists()
    assert (tmp_path / "text.zip").read_text() == "not a zip"


def test_what_cannot_be_stored_is_told(tmp_path):
    made = OCTAVES.analyze(noise())
    with pytest.raises(ParameterError, match="content must be one of complex64, float16, levels, not 'int8'"):
        save(made, tmp_path / "x.zarr", content="int8")
    with pytest.raises(ParameterError, match="does not know its transform"):
        save(replace(made, transform=None), tmp_path / "x.zarr")
    made.bands[0].coefficients[0, 0, 0] = 65
    with pytest.raises(ParameterError, match="do not fit into float16: take complex64"):
        save(made, tmp_path / "x.zarr", content="float16")
    assert os.listdir(tmp_path) == []


# ---------------------------------------------------------------------- the package


def test_msviz_is_light():
    code = (
        "import sys, msviz; msviz.OctaveTransform, msviz.load, msviz.StorageError; "
        "print([name for name in ('zarr', 'fsspec', 'xarray', 'PyQt6', 'soundfile') if name in sys.modules])"
    )
    told = subprocess.run(
        [sys.executable, "-c", code],
        capture_output=True,
        text=True,
        check=True,
        cwd=Path(__file__).parent.parent,
    )
    assert told.stdout.strip() == "[]"
