"""Files appear whole or not at all, have one writer at a time, and killed writers leave nothing for ever."""

import errno
import os
import signal
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Barrier

import pytest

from msviz import files
from msviz.convert import find
from msviz.errors import AudioError, MsvizError
from msviz.files import atomic_path, write_lock

unix = pytest.mark.skipif(sys.platform == "win32", reason="Windows locks open files and kills otherwise")


def test_a_file_appears_when_it_is_whole(tmp_path):
    path = tmp_path / "x.txt"
    with atomic_path(path) as part:
        part.write_text("new")
        assert not path.exists()
    assert path.read_text() == "new"
    assert os.listdir(tmp_path) == ["x.txt"]


def test_a_failure_leaves_what_was_there(tmp_path):
    path = tmp_path / "x.txt"
    path.write_text("old")
    with pytest.raises(ZeroDivisionError), atomic_path(path) as part, part.open("w") as file:
        file.write(str(1 / 0))
    assert path.read_text() == "old"
    assert os.listdir(tmp_path) == ["x.txt"]


def test_a_folder_takes_the_place_of_another(tmp_path):
    path = tmp_path / "x"
    for name in ("first", "second"):
        with atomic_path(path, folder=True) as part:
            part.mkdir()
            (part / name).touch()
    assert os.listdir(path) == ["second"]
    assert os.listdir(tmp_path) == ["x"]


@pytest.mark.parametrize("folder", [False, True])
def test_what_is_of_another_sort_is_refused(tmp_path, folder):
    path = tmp_path / "x"
    path.touch() if folder else path.mkdir()
    sort = "folder" if folder else "file"
    refused = pytest.raises(AudioError, match=f"x is not a {sort}: choose another name")
    with refused, atomic_path(path, AudioError, folder=folder):
        pytest.fail("it is not to be written")
    assert os.listdir(tmp_path) == ["x"]


@unix
def test_the_root_is_no_file():
    with pytest.raises(MsvizError, match="/ is not a file: choose another name"), atomic_path(Path("/")):
        pytest.fail("it is not to be written")


def test_of_many_writers_at_once_one_writes(tmp_path):
    together = Barrier(8)

    def write(number):
        together.wait(10)
        try:
            with atomic_path(tmp_path / "x") as part:
                part.write_text(str(number) * 1000)
                together.wait(10)
        except MsvizError as error:
            together.wait(10)
            return str(error)
        return "written"

    with ThreadPoolExecutor(8) as pool:
        ends = list(pool.map(write, range(8)))
    assert ends.count("written") == 1
    refused = [end for end in ends if "x is being written by another process: wait until that is done" in end]
    assert len(refused) == 7
    assert (tmp_path / "x").read_text() == str(ends.index("written")) * 1000
    assert os.listdir(tmp_path) == ["x"]


@unix
def test_where_there_are_no_locks_the_last_one_counts_and_each_is_whole(tmp_path, monkeypatch):
    def unknown(*_):
        raise OSError(errno.ENOLCK, "No locks available")

    monkeypatch.setattr("fcntl.flock", unknown)
    path = tmp_path / "x"
    with atomic_path(path) as first:
        first.write_text("first")
        with atomic_path(path) as second:
            second.write_text("second")
        assert path.read_text() == "second"
    assert path.read_text() == "first"
    assert os.listdir(tmp_path) == ["x"]


@unix
def test_a_lock_that_another_one_has_just_taken_away_locks_nothing(tmp_path, monkeypatch):
    lock, locked = tmp_path / ".x.lock", files._lock
    others = iter([lock.unlink])  # it ends between the opening of the file and its locking

    def late(file):
        next(others, lambda: None)()
        return locked(file)

    monkeypatch.setattr(files, "_lock", late)
    with write_lock(tmp_path / "x"):
        with pytest.raises(MsvizError, match="is being written"), write_lock(tmp_path / "x"):
            pass
        assert lock.exists()
    assert not lock.exists()


@unix
@pytest.mark.parametrize("name", ["x.wav", "[x]*?.wav"])
def test_what_a_killed_writer_left_is_no_file_and_goes_with_the_next(tmp_path, name):
    code = (
        "import os, signal, sys\n"
        "from pathlib import Path\n"
        "from msviz.files import atomic_path\n"
        "with atomic_path(Path(sys.argv[1])) as part:\n"
        "    part.write_bytes(b'RIFF0000WAVE')\n"
        "    os.kill(os.getpid(), signal.SIGKILL)\n"
    )
    path, other = tmp_path / name, tmp_path / "other.wav"
    other.touch()
    for _ in range(2):  # the second clears up what the first has left
        ended = subprocess.run([sys.executable, "-c", code, path], check=False)
        assert ended.returncode == -signal.SIGKILL
        left = sorted(set(os.listdir(tmp_path)) - {"other.wav"})
        assert [left_name.rpartition(".")[2] for left_name in left] in (["part", "lock"], ["lock", "part"])
    found = find([tmp_path])
    assert [one.source for one in found.files] == [str(other)]
    assert {one.reason for one in found.passed_over} == {"hidden"}
    with atomic_path(path) as part:
        part.touch()
    assert sorted(os.listdir(tmp_path)) == sorted([name, "other.wav"])


def test_what_another_file_is_written_to_is_left_alone(tmp_path):
    with atomic_path(tmp_path / "x.zarr.zip") as part:
        part.touch()
        with atomic_path(tmp_path / "x.zarr") as other:
            other.touch()
        with atomic_path(tmp_path / "x") as other:
            other.touch()
    assert sorted(os.listdir(tmp_path)) == ["x", "x.zarr", "x.zarr.zip"]
