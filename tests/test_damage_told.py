"""What is wrong with a sound is told by every command, stays with what is made of it, and can be refused."""

from __future__ import annotations

import json

import pytest
import soundfile
from audio_tools import noise
from click.testing import CliRunner

from msviz import OctaveTransform, open_audio
from msviz.audio import Damage, problems
from msviz.cli import main
from msviz.convert import Settings, plan, run
from msviz.storage import Recording, load, stream_writer
from msviz.tracks import StoredTrack, open_track

RATE = 8000
SECONDS = 6
QUICK = Settings(fmin=1000.0)


def call(*args):
    return CliRunner().invoke(main, [str(arg) for arg in args], prog_name="msviz")


def flac(path):
    soundfile.write(path, noise(SECONDS, rate=RATE), RATE)
    return path


@pytest.fixture
def damaged(tmp_path):
    """A FLAC with a hole in the middle."""
    path = flac(tmp_path / "hole.flac")
    data = bytearray(path.read_bytes())
    data[len(data) // 2 : len(data) // 2 + 200] = bytes(200)
    path.write_bytes(data)
    return path


@pytest.fixture
def cut(tmp_path):
    """A WAV that ends within a sample, before its header says."""
    path = tmp_path / "cut.wav"
    soundfile.write(path, noise(SECONDS, rate=RATE), RATE)
    path.write_bytes(path.read_bytes()[:-40_001])
    return path


@pytest.fixture
def whole(tmp_path):
    return flac(tmp_path / "whole.flac")


def all_damage(path):
    with open_audio(path) as source:
        for _ in source.check():
            pass
        return source.damage, problems(source)


def converted(path, **options):
    *_, outcome = run(plan([path], path.parent / "out", QUICK, **options)[0])
    return outcome


def test_the_inputs_are_what_they_are_meant_to_be(damaged, cut, whole):
    assert all_damage(whole) == ((), [])
    damage, _ = all_damage(damaged)
    assert len(damage) == 1
    assert 0 < damage[0].start < RATE * SECONDS / 2 < damage[0].stop < RATE * SECONDS
    damage, said = all_damage(cut)
    assert not damage
    assert said[0].startswith("is cut short")


# Converting


def test_a_conversion_goes_on_and_tells(damaged, cut, whole):
    for path in (damaged, cut, whole):
        outcome = converted(path)
        assert outcome.state == "converted"
        assert list(outcome.problems) == all_damage(path)[1]
        again = converted(path)
        assert (again.state, again.problems) == ("skipped", outcome.problems)


def test_what_is_strict_refuses_and_leaves_nothing(damaged, cut, whole):
    out = damaged.parent / "out"
    for path in (damaged, cut):
        outcome = converted(path, strict=True)
        assert outcome.state == "failed"
        assert outcome.reason == f"{path} was rejected: it {all_damage(path)[1][0]}."
        assert not list(out.iterdir())
    assert converted(whole, strict=True).state == "converted"
    # An existing output, made without it, is rejected as well, and left alone.
    assert converted(damaged).state == "converted"
    before = load(out / "hole.zarr").attributes
    assert converted(damaged, strict=True).state == "failed"
    assert converted(damaged, strict=True, overwrite=True).state == "failed"
    assert load(out / "hole.zarr").attributes == before


@pytest.mark.parametrize("name", ["a.zarr", "a.zarr.zip", "a.npz"])
def test_a_representation_remembers_damage(damaged, cut, tmp_path, name):
    for path in (damaged, cut):
        target = tmp_path / path.stem / name
        *_, outcome = run(plan([path], target, QUICK)[0])
        assert outcome.state == "converted"
        damage, said = all_damage(path)
        assert load(target).attributes["damage"] == [list(one) for one in damage]
        with open_track(target) as source:
            assert isinstance(source, StoredTrack)
            assert source.damage == damage
            assert problems(source) == said
            assert (source.settled, list(source.check()), source.settle()) == (True, [1.0], None)
            assert (source.name, source.exact_rate) == (name, RATE)
            assert source.channel_names == ("left", "right")
            assert (source.track, source.tracks) == (0, (source.format,))


def test_damage_lies_where_the_sound_does(tmp_path, whole):
    """Of a part of a track, samples count from its beginning, and what lies outside is none of its own."""
    transform = OctaveTransform(RATE, fmin=1000.0)
    damage = (Damage(0, 500, "lost"), Damage(900, 1100, "damaged"), Damage(5000, 6000, "missing"))
    with open_audio(whole) as source:
        writing = stream_writer(tmp_path / "part.zarr", transform, 3000, start=1000)
        with writing as writer:
            writer.write(transform.analyze(source, start=1000, stop=4000))
            writer.recording = Recording(damage, channel_names=("back left", "LFE"), exact_rate=7999.5)
    assert load(tmp_path / "part.zarr").damage == damage
    with open_track(tmp_path / "part.zarr") as source:
        assert source.damage == (Damage(0, 100, "damaged"),)
        assert (source.channel_names, source.exact_rate) == (("back left", "LFE"), 7999.5)


def test_what_the_window_exports_remembers_damage(damaged, tmp_path):
    from msviz.gui.work.exporting import DataExport

    path, stretch = tmp_path / "part.zarr", (RATE, RATE * SECONDS)
    with open_audio(damaged) as source:
        task = DataExport(path, OctaveTransform(RATE, fmin=1000.0), source, stretch, "complex64", "hole.flac")
        assert list(task.write())[-1] == 1.0
    assert load(path).damage == all_damage(damaged)[0]


def test_files_from_before_have_no_damage(tmp_path, whole):
    assert converted(whole).state == "converted"
    root = tmp_path / "out" / "whole.zarr" / "zarr.json"
    told = json.loads(root.read_text())
    for name in ("damage", "notes", "channel_names"):
        del told["attributes"][name]
    del told["attributes"]["origin"]["settings"]["track"]
    root.write_text(json.dumps(told))
    with open_track(root.parent) as source:
        assert (source.damage, source.notes, source.channel_names) == ((), (), ("left", "right"))
    assert converted(whole).state == "skipped"


def test_damage_that_is_none_is_told(tmp_path, whole):
    assert converted(whole).state == "converted"
    root = tmp_path / "out" / "whole.zarr" / "zarr.json"
    told = json.loads(root.read_text())
    told["attributes"]["damage"] = [[1, 2]]
    root.write_text(json.dumps(told))
    result = call("info", root.parent)
    assert result.exit_code == 1
    assert "its attribute damage is [[1, 2]], not a list of" in result.stderr


# The commands


def test_convert_tells_damage(damaged, cut, whole, tmp_path):
    arguments = ("convert", damaged, cut, whole, "-o", tmp_path / "out", "--fmin", 1000, "--jobs", 1)
    lines = [f"msviz: {path} {all_damage(path)[1][0]}." for path in (damaged, cut)]
    result = call(*arguments)
    assert result.exit_code == 0
    assert result.stderr.splitlines() == lines
    assert result.stdout == "3 converted, 0 failed, 2 with damage.\n"
    report = json.loads(call(*arguments, "--json").stdout)
    assert (report["skipped"], report["damaged"]) == (3, 2)
    assert [file["problems"] for file in report["files"]] == [
        all_damage(path)[1] for path in (damaged, cut, whole)
    ]
    result = call(*arguments, "--strict", "--overwrite")
    assert result.exit_code == 1
    assert result.stdout == "1 converted, 2 failed.\n"
    assert all("was rejected" in line for line in result.stderr.splitlines())


def test_very_much_damage_is_not_told_in_full(whole, monkeypatch):
    lost = [f"is damaged from {n}" for n in range(1000)]
    monkeypatch.setattr("msviz.convert.conversion.problems", lambda _source: lost)
    outcome = converted(whole, strict=True)
    assert outcome.reason.endswith(
        "it is damaged from 0; is damaged from 1; is damaged from 2; and 997 more."
    )
    assert len(converted(whole).problems) == 1000


def test_info_looks_for_damage(damaged, whole):
    damage, said = all_damage(damaged)
    told = json.loads(call("info", damaged, "--json").stdout)
    assert (told["problems"], told["checked"]) == (said, True)
    (start, stop, reason) = damage[0]
    assert told["damage"] == [
        {
            "start": start,
            "stop": stop,
            "start_s": start / RATE,
            "stop_s": stop / RATE,
            "reason": reason,
        }
    ]
    result = call("info", damaged)
    assert (result.exit_code, result.stderr) == (0, "")
    assert f"  problem     {said[0]}" in result.stdout.splitlines()
    assert "  problems    none" in call("info", whole).stdout.splitlines()
    result = call("info", damaged, "--strict")
    assert result.exit_code == 1
    assert f"  problem     {said[0]}" in result.stdout.splitlines()
    assert result.stderr == f"msviz: {damaged} was rejected: it {said[0]}.\n"
    assert call("info", whole, "--strict").exit_code == 0


def test_info_need_not_look(damaged, monkeypatch):
    def looked(_source):
        raise AssertionError

    monkeypatch.setattr("msviz.audio.AudioSource.check", looked)
    result = call("info", damaged, "--no-check")
    assert "  problems    not checked" in result.stdout.splitlines()
    assert json.loads(call("info", damaged, "--no-check", "--json").stdout)["checked"] is False


def test_info_tells_the_same_of_what_was_made(damaged, cut):
    for path in (damaged, cut):
        target = converted(path).job.target
        told = json.loads(call("info", target, "--json").stdout)
        its = json.loads(call("info", path, "--json").stdout)
        assert told["problems"] == its["problems"] != []
        assert told["damage"] == its["damage"]


def test_resynth_tells_damage(damaged, whole, tmp_path):
    out = tmp_path / "back.wav"
    said = all_damage(damaged)[1]
    target = converted(damaged).job.target
    result = call("resynth", target, "-o", out, "--strict")
    assert result.exit_code == 1
    assert result.stderr == f"msviz: {target} was rejected: it {said[0]}.\n"
    assert not out.exists()
    result = call("resynth", target, "-o", out)
    assert (result.exit_code, result.stderr) == (0, f"msviz: {target} {said[0]}.\n")
    report = json.loads(call("resynth", target, "-o", out, "--json").stdout)
    assert report["problems"] == said


def test_resynth_tells_damage_of_the_original(damaged, whole, tmp_path):
    out = tmp_path / "back.wav"
    said = all_damage(damaged)[1]
    target = converted(whole).job.target
    arguments = ("resynth", target, "-o", out, "--original", damaged)
    result = call(*arguments, "--strict")
    assert result.exit_code == 1
    assert result.stderr == f"msviz: {damaged} was rejected: it {said[0]}.\n"
    assert not out.exists()
    result = call(*arguments)
    assert (result.exit_code, result.stderr) == (0, f"msviz: {damaged} {said[0]}.\n")
    report = json.loads(call(*arguments, "--json").stdout)
    assert (report["problems"], report["original_problems"]) == ([], said)
