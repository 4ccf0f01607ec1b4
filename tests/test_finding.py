"""Which files a folder gives, and which names they get: all that is sound, once, and none stops others."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import numpy as np
import pytest
import soundfile
from audio_tools import encode

from msviz.convert import find, names, plan
from msviz.convert.finding import Found
from msviz.errors import MsvizError

RATE = 8000
SILENCE = np.zeros((RATE // 10, 1), np.float32)


def wav(path):
    path.parent.mkdir(parents=True, exist_ok=True)
    soundfile.write(path, SILENCE, RATE, format="WAV")
    return path


def inside(found):
    return [file.inside for file in found.files]


def reasons(found, folder):
    return {Path(one.file).relative_to(folder).as_posix(): one.reason for one in found.passed_over}


def link(path, to):
    path.parent.mkdir(parents=True, exist_ok=True)
    try:
        path.symlink_to(to)
    except OSError:
        pytest.skip("no links here")
    return path


# Which files


def test_a_file_is_known_by_its_name_or_by_its_beginning(tmp_path):
    for name in ("a.wav", "b.wave", "c.bwf", "nameless", "misnamed.dat", "deep/d.WAV"):
        wav(tmp_path / name)
    soundfile.write(tmp_path / "d.snd", SILENCE, RATE, format="AU")
    soundfile.write(tmp_path / "e.sph", SILENCE, RATE, format="NIST")
    encode(tmp_path / "e.m4a", SILENCE, "aac", rate=RATE)
    encode(tmp_path / "f.mkv", SILENCE, "aac", rate=RATE)
    (tmp_path / "broken.mp3").write_text("no sound at all")  # its name says so: it fails when its turn comes
    for name, data in (("cover.jpg", b"\xff\xd8\xff\xe0"), ("notes.txt", b"dear diary"), ("empty", b"")):
        (tmp_path / name).write_bytes(data)
    found = find([tmp_path])
    assert inside(found) == [
        *("a.wav", "b.wave", "broken.mp3", "c.bwf", "d.snd", "deep/d.WAV"),
        *("e.m4a", "e.sph", "f.mkv", "misnamed.dat", "nameless"),
    ]
    assert reasons(found, tmp_path) == {"cover.jpg": "not audio", "notes.txt": "not audio", "empty": "empty"}
    assert not any(one.failed for one in found.passed_over)


def test_what_is_hidden_or_made_by_msviz_is_not_entered(tmp_path):
    wav(tmp_path / "a.wav")
    for name in (".hidden.wav", ".git/b.wav", "made.zarr/c.wav"):
        wav(tmp_path / name)
    (tmp_path / "made.zarr.zip").write_bytes(b"PK\3\4")
    found = find([tmp_path])
    assert inside(found) == ["a.wav"]
    assert reasons(found, tmp_path) == {
        ".hidden.wav": "hidden",
        ".git": "hidden",
        "made.zarr": "a representation",
        "made.zarr.zip": "a representation",
    }


def test_links_are_followed_once_and_never_in_circles(tmp_path):
    folder, elsewhere = tmp_path / "in", tmp_path / "elsewhere"
    wav(folder / "a.wav")
    wav(folder / "deep" / "b.wav")
    wav(elsewhere / "c.wav")
    link(folder / "0 first.wav", folder / "a.wav")  # a file goes by its own name, not by a link's
    link(folder / "0 loop", folder)
    link(folder / "deep" / "up", folder)
    link(folder / "other", elsewhere)
    link(folder / "other again", elsewhere)
    link(elsewhere / "back", folder / "deep")
    link(folder / "self", folder / "self")
    link(folder / "nowhere", tmp_path / "gone")
    link(folder / "gone.wav", tmp_path / "gone.wav")  # by its name it is sound: it fails by itself
    found = find([folder])
    assert inside(found) == ["a.wav", "deep/b.wav", "gone.wav", "other/c.wav"]
    assert reasons(found, folder) == {
        "0 first.wav": f"the same file as {folder / 'a.wav'}",
        "0 loop": f"the same file as {folder}",
        "deep/up": f"the same file as {folder}",
        "other again": f"the same file as {folder / 'other'}",
        "other/back": f"the same file as {folder / 'deep'}",
        "self": "a broken link",
        "nowhere": "a broken link",
    }


def test_hard_links_are_one_file(tmp_path):
    wav(tmp_path / "a.wav")
    try:
        (tmp_path / "b.wav").hardlink_to(tmp_path / "a.wav")
    except OSError:
        pytest.skip("no links here")
    found = find([tmp_path])
    assert inside(found) == ["a.wav"]
    assert reasons(found, tmp_path) == {"b.wav": f"the same file as {tmp_path / 'a.wav'}"}


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="has no pipes with names")
def test_what_is_no_file_is_not_opened(tmp_path):
    wav(tmp_path / "a.wav")
    os.mkfifo(tmp_path / "pipe.wav")  # opened, it would wait for a writer for ever
    found = find([tmp_path])
    assert inside(found) == ["a.wav"]
    assert reasons(found, tmp_path) == {"pipe.wav": "not a regular file"}


def test_an_unreadable_folder_costs_itself_alone(tmp_path, monkeypatch):
    wav(tmp_path / "a.wav")
    wav(tmp_path / "locked" / "b.wav")
    listed = os.listdir

    def refuse(path):
        if str(path).endswith("locked"):
            raise PermissionError(13, "Permission denied", str(path))
        return listed(path)

    monkeypatch.setattr(os, "listdir", refuse)
    found = find([tmp_path])
    assert inside(found) == ["a.wav"]
    assert found.passed_over == [(str(tmp_path / "locked"), "cannot be read: Permission denied", True)]
    with pytest.raises(MsvizError, match=r"locked cannot be read: Permission denied\.$"):
        find([tmp_path / "locked"])


def test_what_may_be_listed_and_not_entered_is_told(tmp_path, monkeypatch):
    wav(tmp_path / "a.wav")
    (tmp_path / "locked").mkdir()
    known = os.stat

    def refuse(path, **options):
        if str(path).endswith("locked"):
            raise PermissionError(13, "Permission denied", str(path))
        return known(path, **options)

    monkeypatch.setattr(os, "stat", refuse)
    found = find([tmp_path])
    assert inside(found) == ["a.wav"]
    assert found.passed_over == [(str(tmp_path / "locked"), "cannot be read: Permission denied", True)]


def test_a_folder_without_sound_stops_no_others(tmp_path):
    wav(tmp_path / "music" / "a.wav")
    (tmp_path / "docs").mkdir()
    found = find([tmp_path / "docs", tmp_path / "music"])
    assert inside(found) == ["a.wav"]
    assert reasons(found, tmp_path) == {"docs": "without audio files"}
    # What was named already is there, though the folder adds nothing.
    assert not find([tmp_path / "music" / "a.wav", tmp_path / "music"]).passed_over
    with pytest.raises(MsvizError, match=r"docs contains no audio files\.$"):
        find([tmp_path / "docs"])
    with pytest.raises(MsvizError, match=r"docs, .*docs contain no audio files\.$"):
        find([tmp_path / "docs", tmp_path / "docs"])


def test_at_an_address_the_same_is_found(tmp_path):
    memory = pytest.importorskip("fsspec").filesystem("memory")
    data = wav(tmp_path / "a.wav").read_bytes()
    for name in ("a.wav", "deep/nameless", ".hidden/b.wav", "made.zarr/zarr.json", "made.zarr/c/0.wav"):
        memory.pipe(f"/found/{name}", data)
    memory.pipe("/found/notes.txt", b"dear diary")
    try:
        found = find(["memory://found", "memory://found/a.wav"])
        assert [(file.source, file.size) for file in found.files] == [
            ("memory://found/a.wav", len(data)),
            ("memory://found/deep/nameless", len(data)),
        ]
        assert sorted(found.passed_over) == [
            ("memory://found/.hidden", "hidden", False),
            ("memory://found/made.zarr", "a representation", False),
            ("memory://found/notes.txt", "not audio", False),
        ]
        found = find(["ftp://127.0.0.1:1/in", "memory://found"])
        assert len(found.files) == 2
        assert found.passed_over[0].failed
        assert found.passed_over[0].reason.startswith("cannot be reached: ")
    finally:
        memory.rm("/found", recursive=True)


def test_an_unreadable_folder_at_an_address_costs_itself_alone(tmp_path, monkeypatch):
    memory = pytest.importorskip("fsspec").filesystem("memory")
    for name in ("a.wav", "locked/b.wav"):
        memory.pipe(f"/found/{name}", wav(tmp_path / "a.wav").read_bytes())
    listed = type(memory).ls

    def refuse(self, path, **options):
        if path.endswith("locked"):
            raise PermissionError("not for you")
        return listed(self, path, **options)

    monkeypatch.setattr(type(memory), "ls", refuse)
    try:
        found = find(["memory://found"])
        assert inside(found) == ["a.wav"]
        assert found.passed_over == [("memory://found/locked", "cannot be read: not for you", True)]
    finally:
        monkeypatch.undo()
        memory.rm("/found", recursive=True)


# Which names


def named(*files, suffix=".zarr"):
    """What files are called that lie so in folders: "folder:inside"."""
    found = [Found(file, file.partition(":")[2], file.partition(":")[0], 0, True) for file in files]
    return {
        file: name.inside.removesuffix(suffix) for file, name in zip(files, names(found, suffix), strict=True)
    }


def test_a_name_has_what_tells_it_apart():
    assert named("x:a.wav", "x:b.wav", "x:b.flac", "x:deep/a.wav") == {
        "x:a.wav": "a",
        "x:b.wav": "b.wav",
        "x:b.flac": "b.flac",
        "x:deep/a.wav": "deep/a",
    }
    # One file's whole name may be the other's without its end.
    assert named("x:a.wav", "x:a.flac", "x:a.wav.mp3") == {
        "x:a.wav": "a.wav",
        "x:a.flac": "a.flac",
        "x:a.wav.mp3": "a.wav.mp3",
    }


@pytest.mark.parametrize("other", ["Kick.wav", "KICK.WAV"])
def test_names_that_differ_in_capitals_alone(other):
    both = named("x:kick.wav", f"x:{other}")
    assert both["x:kick.wav"] == "kick.wav"
    assert both[f"x:{other}"].startswith(f"{other}.")
    assert len({name.casefold() for name in both.values()}) == 2
    # Each has the same name whoever else is there, and in whatever order they come.
    three = named("x:kIck.wav", f"x:{other}", "x:snare.wav", "x:kick.wav")
    assert both.items() <= three.items()
    assert len({name.casefold() for name in three.values()}) == 4


def test_names_that_differ_in_how_an_accent_is_spelt():
    one, other = "x:caf\u00e9.wav", "x:cafe\u0301.wav"
    both = named(one, other)
    assert both[one] == "caf\u00e9.wav"
    assert both[other].startswith("cafe\u0301.wav.")


def test_folders_that_differ_in_capitals_alone():
    both = named("x:drums/kick.wav", "x:Drums/kick.wav")
    assert both["x:drums/kick.wav"] == "drums/kick.wav"
    assert both["x:Drums/kick.wav"].startswith("Drums/kick.wav.")


def test_files_of_one_name_from_several_folders_lie_in_those():
    assert named("disc1:01.wav", "disc2:01.wav", "disc2:02.wav") == {
        "disc1:01.wav": "disc1/01",
        "disc2:01.wav": "disc2/01",
        "disc2:02.wav": "02",
    }


def test_what_has_no_name_of_its_own_costs_itself_alone(tmp_path):
    files = [wav(tmp_path / name / "in" / "a.wav") for name in ("one", "two")]
    jobs = plan([*files, wav(tmp_path / "b.wav")], tmp_path / "out")
    assert [job.taken_by for job in jobs] == ["", str(files[0]), ""]
    assert len({job.target for job in jobs}) == 2


def test_names_have_the_end_that_is_asked_for():
    assert named("x:a.wav", suffix=".png") == {"x:a.wav": "a"}
    assert names([Found("x", "a.wav", "x", 0, True)], ".png")[0].inside == "a.png"


@pytest.mark.skipif(sys.platform in ("win32", "darwin"), reason="a and A are one file here")
def test_a_pair_in_one_folder_is_planned_alike_every_time(tmp_path):
    for name in ("kick.wav", "Kick.wav", "other.wav"):
        wav(tmp_path / "in" / name)
    first = plan([tmp_path / "in"], tmp_path / "out")
    assert first == plan([tmp_path / "in"], tmp_path / "out")
    assert not any(job.taken_by for job in first)
    assert len({job.target.casefold() for job in first}) == 3
