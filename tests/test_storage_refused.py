"""Files that are damaged, or hold something else, are refused and told."""

import functools
import json
import re
import shutil

import numpy as np
import pytest
import storage_tools
import zarr
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from storage_tools import OCTAVES, PLACES, TRANSFORMS, noise

from msviz import ParameterError, StorageError, load, save
from msviz.storage import Recording
from msviz.storage.description import Description
from msviz.storage.shards import MISSING, checked

stored = storage_tools.stored


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
        (
            {"format_version": 3},
            r"has format version 3, but this msviz reads only up to 2: install a newer msviz",
        ),
        ({"format": "spectrogram"}, "is not an msviz file"),
        ({"format": None}, "is not an msviz file"),
        ({"complete": False}, "is incomplete"),
        ({"format_version": 2.5}, "its attribute format_version is 2.5, not a whole number from 1 to"),
        ({"format_version": -1}, "its attribute format_version is -1, not a whole number from 1 to"),
        ({"format_version": float("inf")}, "its attribute format_version is inf, not a whole number"),
        ({"content": "int4"}, "its attribute content is 'int4', not one of complex128, complex64"),
        ({"transform": "wavelets"}, "transform must be one of octave, stft, not 'wavelets'"),
        (
            {"parameters": {"rate": -5}},
            r"its attribute parameters is invalid \(rate must be a number from 1",
        ),
        ({"parameters": []}, r"its attribute parameters is \[\], not an object"),
        ({"rate": 44100}, "its attribute rate is 44100, not 8000, the rate of its transform"),
        ({"channels": 0}, "its attribute channels is 0, not a whole number from 1"),
        ({"start": 5, "stop": 4}, "its attribute stop is 4, not a whole number from 5"),
        ({"stop": 1e300}, r"its attribute stop is 1e\+300, not a whole number"),
        ({"stop": 40_000}, r"its attribute bands\.octave_00\.first_frame is -33, not the first of frames"),
        ({"channel_names": ["left"]}, r"its attribute channel_names is \['left'\], not a list of 2 strings"),
        ({"damage": [[5, 3, "lost"]]}, r"its attribute damage is \[\[5, 3, 'lost'\]\], not a list of"),
        ({"exact_rate": "8k"}, "its attribute exact_rate is '8k', not a number from 0"),
        ({"bands": {}}, r"its attribute bands is \{\}, not the bands of OctaveTransform"),
        ({"bands": None}, "its attribute bands is missing"),
        ({"channels": 3}, r"octave_00 is complex64 \(2, 12, .* not complex64 \(3, 12,"),
    ],
)
def test_what_msviz_did_not_write_so_is_refused(stored, changes, sentence):
    with_attributes(stored, **changes)
    with pytest.raises(StorageError, match=rf"x\.zarr .*{sentence}"):
        load(stored)


VALUES = st.sampled_from(
    [None, True, -1, 0, 2.5, 1e300, 10**400, float("inf"), float("nan"), "2", "", [], {}]
)
JSON = st.recursive(
    VALUES | st.integers() | st.floats() | st.text(max_size=3),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=2),
    max_leaves=4,
)


def places(values, place=()):
    """Where there is a value in JSON."""
    if place:
        yield place
    for key in values if isinstance(values, dict) else range(len(values)) if isinstance(values, list) else ():
        yield from places(values[key], (*place, key))


@settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.data())
@pytest.mark.parametrize("kind", TRANSFORMS)
def test_any_value_in_any_place_is_told_or_right(kind, data):
    transform, recording = (
        TRANSFORMS[kind],
        Recording(((0, 5, "lost"),), ("it is short",), ("left", "right"), 7999.5),
    )
    frames = tuple(transform.frame_ranges(0, 20_000))
    made = Description(transform, "complex64", 2, 0, 20_000, frames, origin={"a": 1}, recording=recording)
    changed = json.loads(json.dumps(made.attributes))
    *above, key = data.draw(st.sampled_from(list(places(changed))))
    inside = functools.reduce(lambda values, key: values[key], above, changed)
    inside[key] = data.draw(JSON)
    try:
        found = Description.of(changed, "x.zarr")
    except StorageError as error:
        said = str(error)
    else:
        assert recorded(found.attributes) == recorded(changed)
        return
    assert re.fullmatch(
        r"x\.zarr (is damaged: its attribute .*|is not an msviz file|has format version .*)\.", said
    )


def recorded(attributes):
    """What must come back as it stands in the file."""
    held = {name: value for name, value in attributes.items() if name not in ("format_version", "bands")}
    bands = {
        name: [band[key] for key in ("hop", "first_frame", "frames")]
        for name, band in attributes["bands"].items()
    }
    return {"damage": [], "notes": [], "channel_names": [], "origin": {}, "exact_rate": None, **held}, bands


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
    with pytest.raises(StorageError, match=r"x\.npz is not a readable msviz file"):
        load(tmp_path / "x.npz")


def damaged(chunk, how):
    if how == "missing":
        chunk.unlink()
    elif how == "truncated":
        chunk.write_bytes(chunk.read_bytes()[: chunk.stat().st_size // 2])
    elif how == "empty":
        chunk.write_bytes(b"")
    elif how == "without a chunk":  # of the first channel
        data = chunk.read_bytes()
        chunk.write_bytes(data[:-36] + checked(MISSING.to_bytes(8, "little") * 2 + data[-20:-4]))
    elif how == "wrong index":
        data = bytearray(chunk.read_bytes())
        data[-6] ^= 1
        chunk.write_bytes(data)
    else:
        data = bytearray(chunk.read_bytes())
        data[len(data) // 2] ^= 1
        chunk.write_bytes(bytes(data))


@pytest.mark.parametrize("content", ["complex64", "float16", "levels"])
@pytest.mark.parametrize("compress", [True, False])
def test_damaged_chunks_are_refused(tmp_path, compress, content):
    save(OCTAVES.analyze(noise()), tmp_path / "x.zarr", content=content, compress=compress)
    chunk = next(path for path in tmp_path.glob("x.zarr/octave_01/coefficients/c/**/*") if path.is_file())
    data = chunk.read_bytes()
    for how in ("missing", "truncated", "empty", "one bit", "without a chunk", "wrong index"):
        damaged(chunk, how)
        what = "has missing" if how in ("missing", "without a chunk") else ""
        with pytest.raises(StorageError, match=rf"x\.zarr is damaged: .*octave_01 {what}.* between .* s"):
            (load(tmp_path / "x.zarr").levels if content == "levels" else load(tmp_path / "x.zarr").read)()
        chunk.write_bytes(data)


def test_a_missing_residual_chunk_is_refused(stored):
    damaged(stored / "residual/coefficients/c/0/0/0", "missing")
    with pytest.raises(StorageError, match=r"residual has missing or non-finite values"):
        load(stored).source().read(0, 100)


@pytest.mark.parametrize("value", [np.nan, np.inf])
def test_what_is_not_a_number_is_refused(stored, value):
    zarr.open_group(stored, mode="r+")["octave_00/coefficients"][0, 3, 7] = value
    with pytest.raises(StorageError, match="octave_00 has missing or non-finite values"):
        load(stored).read()
    made = OCTAVES.analyze(noise())
    made.bands[1].coefficients[0, 0, 0] = value
    with pytest.raises(ParameterError, match="non-finite"):
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
    with pytest.raises(StorageError, match=r"x\.npz is not a readable msviz file"):
        load(tmp_path / "x.npz")
    with pytest.raises(StorageError, match=r"x\.npz exists and is not an msviz file"):
        save(load(stored).read(), tmp_path / "x.npz")
    assert (tmp_path / "x.npz").read_bytes() == data


def test_a_truncated_file_is_refused(tmp_path):
    for name in PLACES[1:]:
        save(OCTAVES.analyze(noise()), tmp_path / name)
        data = (tmp_path / name).read_bytes()
        (tmp_path / name).write_bytes(data[: len(data) // 2])
        with pytest.raises(StorageError, match=rf"{name} is not a readable msviz file"):
            load(tmp_path / name)
