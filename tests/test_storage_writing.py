"""Representations are written whole or not at all, and one at a time."""

import errno
import os
import subprocess
import sys
import zipfile
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import fsspec
import numpy as np
import pytest
from storage_tools import OCTAVES, PLACES, RATE, assert_same, noise

from msviz import MsvizError, ParameterError, StorageError, load, save
from msviz.storage import save_stream, stream_writer
from msviz.storage.writers import ZarrWriter


def failing(count):
    for number, piece in enumerate(OCTAVES.stream(noise(1, 90_000), piece=15_000)):
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
        save_stream(failing(count), tmp_path / name, OCTAVES, 90_000)
    assert os.listdir(tmp_path) == ([name] if before else [])
    if before:
        assert_same(load(tmp_path / name).read(), made)


@pytest.mark.parametrize("name", [*PLACES, "memory://cancelled/x.zarr"])
def test_a_cancelled_one_leaves_nothing(tmp_path, name):
    place = name if "://" in name else tmp_path / name

    def cancelled(share):
        if share > 0.3:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        save_stream(failing(6), place, OCTAVES, 90_000, progress=cancelled)
    assert os.listdir(tmp_path) == []
    assert not fsspec.filesystem("memory").exists("/cancelled/x.zarr")


def test_a_half_written_one_at_an_address_is_refused():
    with stream_writer("memory://half/x.zarr", OCTAVES, 90_000) as writer:
        for piece in failing(6):
            writer.write(piece)
            with pytest.raises(StorageError, match=r"memory://half/x\.zarr is incomplete"):
                load("memory://half/x.zarr")
    assert load("memory://half/x.zarr").length == 90_000


@pytest.mark.parametrize("moment", ["empty", "group"])
def test_one_that_was_hardly_begun_at_an_address_is_made_again(monkeypatch, moment):
    address, made = f"memory://begun-{moment}/x.zarr", OCTAVES.analyze(noise())
    if moment == "empty":
        with fsspec.open(f"{address}/zarr.json", "wb"):
            pass
    else:  # a killed process cannot clear up after itself
        with monkeypatch.context() as patch:
            patch.setattr(ZarrWriter, "_add_coefficients", lambda *_: 1 / 0)
            patch.setattr(type(fsspec.filesystem("memory")), "rm", lambda *_, **__: None)
            with pytest.raises(ZeroDivisionError):
                save(made, address)
    save(made, address)
    assert load(address).length == 20_000


def test_the_next_one_clears_what_a_killed_process_left(tmp_path):
    for name in (".x.zarr.0123abcd.part", ".x.zarr.old"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "0").touch()
    save(OCTAVES.analyze(noise()), tmp_path / "x.zarr")
    assert os.listdir(tmp_path) == ["x.zarr"]
    assert "0" not in os.listdir(tmp_path / "x.zarr")


def test_one_that_was_out_of_the_way_when_its_process_was_killed_is_back(tmp_path):
    signal = noise()
    save(OCTAVES.analyze(signal), tmp_path / "x.zarr")
    (tmp_path / "x.zarr").rename(tmp_path / ".x.zarr.old")
    with pytest.raises(ParameterError, match="nothing to write"):
        save_stream([], tmp_path / "x.zarr", OCTAVES, signal.length)
    assert os.listdir(tmp_path) == ["x.zarr"]
    assert load(tmp_path / "x.zarr").length == signal.length


@pytest.mark.parametrize("name", PLACES)
def test_what_is_being_written_is_refused_to_others(tmp_path, name):
    pieces = list(OCTAVES.stream(noise(1, 90_000), piece=15_000))
    with stream_writer(tmp_path / name, OCTAVES, 90_000) as writer:
        writer.write(pieces[0])
        with pytest.raises(StorageError, match=rf"{name} is being written by another process: wait until"):
            save(OCTAVES.analyze(noise(2)), tmp_path / name)
        save(OCTAVES.analyze(noise(2)), tmp_path / f"other-{name}")
        assert [writer.write(piece) for piece in pieces[1:]][-1] == 1
    assert (load(tmp_path / name).channels, load(tmp_path / name).length) == (1, 90_000)
    save(OCTAVES.analyze(noise(2)), tmp_path / name)
    assert load(tmp_path / name).channels == 2
    assert sorted(os.listdir(tmp_path)) == sorted([name, f"other-{name}"])


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
        f"pieces = transform.stream(Signal(np.ones((1, 90_000), 'f4'), {RATE}), piece=15_000)\n"
        "kill = lambda share: os.kill(os.getpid(), signal.SIGKILL)\n"
        "save_stream(pieces, sys.argv[1], transform, 90_000, progress=kill)\n"
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
    pieces = list(OCTAVES.stream(noise(1, 90_000), piece=15_000))
    for wrong in (pieces[1:], pieces[:2] + pieces[3:], pieces[:-1], []):
        with pytest.raises(ParameterError, match=r"does not follow|pieces end after|nothing to write"):
            save_stream(wrong, tmp_path / "x.zarr", OCTAVES, 90_000)
        assert os.listdir(tmp_path) == []
    stereo = list(OCTAVES.stream(noise(2, 90_000), piece=15_000))
    with pytest.raises(ParameterError, match=r"in 2 channels does not follow frame .* in 1"):
        save_stream([*pieces[:3], *stereo[3:]], tmp_path / "x.zarr", OCTAVES, 90_000)


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
        "music.zarr": "contains other files",
        "folder.zip": "is a folder",
        "photos.zip": "exists and is not an msviz file",
        "data.npz": "exists and is not an msviz file",
        "text.zip": "exists and is not an msviz file",
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
    with pytest.raises(
        ParameterError, match="content must be one of complex128, complex64, float16, levels, not 'int8'"
    ):
        save(made, tmp_path / "x.zarr", content="int8")
    short = replace(made.bands[0], first_frame=made.bands[0].first_frame + 2)
    with pytest.raises(ParameterError, match="do not cover samples 0 to 20000"):
        save(replace(made, bands=(short, *made.bands[1:])), tmp_path / "x.zarr")
    made.bands[0].coefficients[0, 0, 0] = 65
    with pytest.raises(ParameterError, match="are too large for float16: use complex64"):
        save(made, tmp_path / "x.zarr", content="float16")
    assert os.listdir(tmp_path) == []
