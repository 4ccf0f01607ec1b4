"""Representations in files: what is saved comes back, read by stretch and written as a stream."""

import math
import os
import pickle
import shutil
import subprocess
import sys
import tracemalloc
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import fsspec
import numpy as np
import pytest
import storage_tools
import zarr
from storage_tools import OCTAVES, PLACES, RATE, TRANSFORMS, assert_same, error_db, noise, parts

import msviz
from msviz import STFT, OctaveTransform, ParameterError, Signal, StorageError, load, read_audio, save
from msviz.demos import demo_tracks
from msviz.picture import level_codes
from msviz.storage import CONTENTS, StoredRepresentation, save_stream, stream_writer
from msviz.storage.description import Description
from msviz.storage.shard_store import ShardStore
from msviz.storage.sinks import FolderSink
from msviz.storage.writers import ZarrWriter
from msviz.transform import base

stored = storage_tools.stored


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
    assert found.content == "complex128"
    assert_same(found.read(), transform.analyze(signal))
    assert error_db(found.synthesize(), signal) < -160
    save(found.read(), tmp_path / "x.zarr", content="complex64")
    assert -160 < error_db(load(tmp_path / "x.zarr").synthesize(), signal) < -135


@pytest.mark.parametrize("name", PLACES)
def test_a_file_of_format_version_1_comes_back(tmp_path, monkeypatch, name):
    """Its filters saw the mirror image of the spectrum, and no parameter told."""
    signal = noise()
    transform = OctaveTransform(RATE, bins_per_octave=12, resolution=6, fmin=400, mirrored=True)
    parameters = {key: value for key, value in transform.parameters.items() if key != "mirrored"}
    with monkeypatch.context() as old:
        old.setattr("msviz.storage.description.VERSION", 1)
        old.setattr(OctaveTransform, "parameters", parameters)
        save(transform.analyze(signal), tmp_path / name)
    found = load(tmp_path / name)
    assert repr(found.transform) == repr(transform) != repr(OCTAVES)
    assert error_db(found.synthesize(), signal) < -120
    again = tmp_path / f"again{Path(name).suffix}"
    save(found.read(), again)
    assert load(again).transform.parameters["mirrored"]
    assert error_db(load(again).synthesize(), signal) < -120


@pytest.mark.parametrize("kind", ["version_1", "version_2", "version_2_stft", "version_2_levels"])
@pytest.mark.parametrize("packed", [True, False])
def test_files_of_the_versions_before_shards_come_back(tmp_path, kind, packed):
    """Written before there were shards, with chunks of 256 samples: see tests/stored/README.md."""
    path = Path(__file__).parent / "stored" / f"{kind}.zarr.zip"
    if not packed:
        shutil.unpack_archive(path, tmp_path / "x.zarr")
        path = tmp_path / "x.zarr"
    n, found = np.arange(400), load(path)
    signal = Signal(np.stack([0.5 * np.sin(n**2 / 800), 0.25 * np.cos(n**2 / 1500)]).astype("f4"), RATE)
    expected = OctaveTransform(RATE, bins_per_octave=6, resolution=3, fmin=1000, mirrored=kind == "version_1")
    if kind == "version_2_stft":
        expected = STFT(RATE, window=64, hop=16)
    assert repr(found.transform) == repr(expected)
    made = expected.analyze(signal)
    if kind == "version_2_levels":
        for codes, band in zip(found.levels(), made.bands, strict=True):
            close = codes.astype(int) - level_codes(band.between(0, codes.shape[-1])).astype(int)
            assert np.abs(close).max() <= 1
    else:
        assert error_db(found.synthesize(), signal) < (-75 if "stft" in kind else -120)
        np.testing.assert_allclose(found.image(1), made.image(1), atol=0.1)


def test_numbers_of_numpy_are_stored_as_numbers(tmp_path):
    signal = noise(1, 2000)
    transform = STFT(np.int64(RATE), window=np.int32(64), hop=np.int16(16))
    for name in ("x.zarr", "x.npz"):
        writing = stream_writer(tmp_path / name, transform, np.int64(2000), origin={"gain": np.float32(0.5)})
        with writing as writer:
            writer.write(transform.analyze(signal))
        found = load(tmp_path / name)
        assert repr(found.transform) == repr(STFT(RATE, window=64, hop=16))
        assert found.attributes["origin"] == {"gain": 0.5}


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
    monkeypatch.setattr(store, "open", store.sync_fs.open)  # which the wrapper lacks
    monkeypatch.setattr("msviz.storage.sinks.file_system", lambda _: (store, "/bucket/x.zarr"))
    made = OCTAVES.analyze(noise())
    save(made, "memory://bucket/x.zarr")
    assert_same(load("memory://bucket/x.zarr").read(), made)
    assert given == [1, 20, 1]  # the root, all else that is known before, the root again


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
        expected = level_codes(band.between(first, last))
        np.testing.assert_array_equal(one, expected)
        np.testing.assert_array_equal(other, expected)


def test_levels_are_a_picture_only(tmp_path):
    save(OCTAVES.analyze(noise()), tmp_path / "x.zarr", content="levels")
    found = load(tmp_path / "x.zarr")
    with pytest.raises(StorageError, match=r"x\.zarr contains only levels"):
        found.source()
    with pytest.raises(ParameterError, match="magnitudes without phases cannot be synthesized"):
        found.synthesize()
    whole = found.read()
    assert whole.residual is None
    for band, exact in zip(whole.bands, OCTAVES.analyze(noise()).bands, strict=True):
        np.testing.assert_array_equal(level_codes(band.coefficients), level_codes(exact.coefficients))
    save(found, tmp_path / "again.zarr", content="levels")
    assert load(tmp_path / "again.zarr").read() == whole
    with pytest.raises(ParameterError, match="magnitudes without phases can only be stored as levels"):
        save(found, tmp_path / "x.npz")


@pytest.mark.parametrize("content", ["complex64", "levels"])
@pytest.mark.parametrize("frame_rate", [100, 31.7, RATE / 64])
def test_its_image_is_that_of_the_representation(tmp_path, content, frame_rate):
    made = OCTAVES.analyze(noise())
    save(made, tmp_path / "x.zarr", content=content)
    image, expected = (r.image(1, 500, 15_000, frame_rate) for r in (load(tmp_path / "x.zarr"), made))
    np.testing.assert_allclose(image, expected, atol=0.28 if content == "levels" else 0)


def test_uncompressed_is_the_same_but_larger(tmp_path):
    made = OCTAVES.analyze(noise())
    sizes = []
    for compress in (True, False):
        save(made, tmp_path / "x.zarr", compress=compress)
        assert_same(load(tmp_path / "x.zarr").read(), made)
        sizes.append(sum(path.stat().st_size for path in (tmp_path / "x.zarr").rglob("*") if path.is_file()))
    assert 0.5 < sizes[0] / sizes[1] < 0.95


def test_another_process_may_open_what_is_open_here(stored, tmp_path, monkeypatch):
    """Also in another folder."""
    monkeypatch.chdir(tmp_path)
    pickled = pickle.dumps(load("x.zarr"))
    monkeypatch.chdir("/")
    found = pickle.loads(pickled)
    assert_same(found.read(), load(stored).read())


# ---------------------------------------------------------------------- by stretch


@pytest.fixture
def chunks_read(monkeypatch):
    """The chunks of coefficients that are read."""
    read = []
    get = ShardStore.get

    async def counting(self, key, *args, **kwargs):
        if "/coefficients/c/" in key:
            read.append(key)
        return await get(self, key, *args, **kwargs)

    monkeypatch.setattr(ShardStore, "get", counting)
    return read


def test_a_stretch_touches_its_chunks_alone(tmp_path, chunks_read):
    transform = OctaveTransform(RATE, fmin=1000)
    signal = noise(2, 800_000)
    save_stream(transform.stream(signal), tmp_path / "x.zarr", transform, signal.length)
    found = load(tmp_path / "x.zarr")
    start, stop = 300_000, 350_000
    chunks_read.clear()
    made = found.read(start, stop)
    expected, chunks = set(), 0
    groups = zarr.open_group(tmp_path / "x.zarr", mode="r")
    whole = transform.frame_ranges(0, signal.length)
    for number, (first, last) in enumerate(transform.frame_ranges(start, stop)):
        name = f"octave_{number:02}" if number < len(transform.octaves) else "residual"
        size = groups[name]["coefficients"].chunks[2]
        begin, end = (first - whole[number].start) // size, (last - 1 - whole[number].start) // size
        expected |= {f"{name}/coefficients/c/{c}/0/{n}" for c in (0, 1) for n in range(begin, end + 1)}
        chunks += groups[name]["coefficients"].nchunks
    assert sorted(chunks_read) == sorted(expected)
    assert len(expected) < 0.4 * chunks
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
        with pytest.raises(ParameterError, match=f"samples {start} to {stop} are not within"):
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


@pytest.mark.parametrize("name", PLACES)
@pytest.mark.parametrize("content", ["complex64", "float16"])
def test_coefficients_in_a_file_are_indexed_like_an_array(tmp_path, name, content):
    save(OCTAVES.analyze(noise()), tmp_path / name, content=content)
    found = load(tmp_path / name)
    exact, lazy = found.read().bands[1].coefficients, found.bands[1].coefficients
    assert (lazy.shape, lazy.ndim, lazy.dtype) == (exact.shape, 3, exact.dtype)
    for key in np.index_exp[
        :, ..., 1, (0, 2), (..., 5), (1, ..., slice(7, 50)), (0, slice(2, 5), slice(-9, None))
    ]:
        np.testing.assert_array_equal(lazy[key], exact[key])
    np.testing.assert_array_equal(np.asarray(lazy), exact)
    with pytest.raises(IndexError):
        lazy[2]


# ---------------------------------------------------------------------- streams


@pytest.mark.parametrize("content", CONTENTS)
def test_an_hour_is_few_files(tmp_path, content):
    """As many as a minute, for shards hold more than an hour at 44.1 kHz."""
    transform, rate = OctaveTransform(44100), 44100
    frames = tuple(transform.frame_ranges(0, 3600 * rate))
    with ZarrWriter(FolderSink(tmp_path), compress=True) as writer:
        writer.create(Description(transform, content, 2, 0, 3600 * rate, frames))
    files = 1 + len(list(tmp_path.rglob("zarr.json")))  # with the root, which comes last
    for array in (zarr.open_array(path) for path in tmp_path.glob("*/*") if path.is_dir()):
        files += math.prod(
            -(-n // size) for n, size in zip(array.shape, array.shards or array.chunks, strict=True)
        )
    assert files <= 80  # of two channels
    top = zarr.open_array(tmp_path / "octave_09" / "coefficients")
    assert top.chunks[2] * transform.octaves[-1].hop / rate < 6  # s


@pytest.mark.parametrize("content", ["complex64", "float16", "levels"])
@pytest.mark.parametrize("kind", TRANSFORMS)
def test_a_stream_writes_the_file_that_the_whole_would(tmp_path, kind, content):
    transform, signal = TRANSFORMS[kind], noise(1, 280_000)
    pieces = list(transform.stream(signal, piece=17_000))
    shares = []
    save_stream(
        pieces, tmp_path / "x.zarr", transform, signal.length, content=content, progress=shares.append
    )
    assert shares == sorted(shares)
    assert shares[-1] == 1
    joined = pieces[0]
    for piece in pieces[1:]:
        joined = joined.joined(piece)
    save(joined, tmp_path / "y.zarr", content=content)
    assert same_files(tmp_path / "x.zarr", tmp_path / "y.zarr")


def same_files(one, other):
    names = sorted(path.relative_to(one) for path in one.rglob("*") if path.is_file())
    assert names == sorted(path.relative_to(other) for path in other.rglob("*") if path.is_file())
    return all((one / name).read_bytes() == (other / name).read_bytes() for name in names)


def save_codes(path, transform, signal):
    with stream_writer(path, transform, signal.length, content="levels") as writer:
        for bands in transform.map_stream(signal, level_codes):
            writer.write_codes(bands)


@pytest.mark.parametrize("kind", TRANSFORMS)
def test_levels_computed_in_a_stream_are_those_of_its_coefficients(tmp_path, monkeypatch, kind):
    monkeypatch.setattr(base, "STREAM", 34_000)
    transform, signal = TRANSFORMS[kind], noise(2, 280_000)
    save_codes(tmp_path / "x.zarr", transform, signal)
    pieces = transform.stream(signal)
    save_stream(pieces, tmp_path / "y.zarr", transform, signal.length, content="levels")
    assert same_files(tmp_path / "x.zarr", tmp_path / "y.zarr")


def test_levels_in_a_stream_need_no_memory_for_coefficients(tmp_path):
    signal = noise(1, 1_000_000)

    def peak(save, *arguments, **keywords):
        tracemalloc.start()
        save(*arguments, **keywords)
        most = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        return most

    arguments = OCTAVES.stream(signal), tmp_path / "x.zarr", OCTAVES, signal.length
    coefficients = peak(save_stream, *arguments, content="levels")
    assert peak(save_codes, tmp_path / "y.zarr", OCTAVES, signal) < coefficients / 2


def test_whole_chunks_are_written_from_where_they_are(tmp_path, monkeypatch):
    made = OCTAVES.analyze(noise(1, 2_000_000))
    copied = []

    def write(self, band, first, values):
        held = next(its for its in made.all_bands if its.band.name == band.name)
        if not np.shares_memory(values, held.coefficients):
            copied.append(first + values.shape[2] == band.size)

    monkeypatch.setattr(ZarrWriter, "write", write)
    save(made, tmp_path / "x.zarr")
    assert len(copied) <= len(made.all_bands)
    assert all(copied)  # only the last of a band, which is not whole


def test_memory_does_not_grow_with_the_length(tmp_path):
    def peak(length):
        signal = noise(1, length)
        pieces = OCTAVES.stream(signal, piece=100_000)
        tracemalloc.start()
        save_stream(pieces, tmp_path / "x.zarr", OCTAVES, length, content="float16")
        most = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        return most

    peak(10_000)
    assert peak(1_500_000) < 1.4 * peak(500_000)


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


def test_a_long_file_is_synthesized_piece_by_piece(tmp_path, monkeypatch):
    monkeypatch.setattr(base, "STREAM", 4000)
    monkeypatch.setattr(base, "SHORTEST_PIECE", 1000)
    signal = noise(2, 20_000)
    save(OCTAVES.analyze(signal), tmp_path / "x.zarr")
    lengths, read = [], StoredRepresentation.read

    def watched(self, start, stop):
        lengths.append(stop - start)
        return read(self, start, stop)

    monkeypatch.setattr(StoredRepresentation, "read", watched)
    assert error_db(load(tmp_path / "x.zarr").synthesize(), signal) < -120
    assert lengths == [2000] * 10
