"""The command line: pictures that show what was asked for, and one sentence where that cannot be."""

from __future__ import annotations

import errno
import json
import os
import signal
import struct
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
import soundfile
from audio_tools import encode, write_tracks
from click.testing import CliRunner
from PyQt6.QtGui import QImage
from PyQt6.QtWidgets import QApplication
from waiting import LONG_S, wait_until

import msviz
from msviz.cli import main
from msviz.convert import Settings, plan, run
from msviz.gui.canvas.rulers import FREQUENCY_RULER_WIDTH, LEGEND_WIDTH
from msviz.gui.theme import apply_theme

RATE = 8000
WIDTH, HEIGHT = 640, 400
CANVAS = slice(FREQUENCY_RULER_WIDTH, WIDTH - LEGEND_WIDTH)


def call(*args):
    return CliRunner().invoke(main, [str(arg) for arg in args], prog_name="msviz")


READY = """
from PyQt6.QtCore import QTimer
from msviz.gui.app import application
app = application()
QTimer.singleShot(0, lambda: print("ready", flush=True))
"""


def program(*args, before="", **environment):
    """Start msviz in a process of its own; what is None is not in its environment."""
    variables = {name: value for name, value in (os.environ | environment).items() if value is not None}
    script = f"{before}\nfrom msviz.cli import main; main(prog_name='msviz')"
    command = [sys.executable, "-c", script, *map(str, args)]
    return subprocess.Popen(command, env=variables, text=True, stdout=subprocess.PIPE, stderr=subprocess.PIPE)


def is_a_sentence(text):
    """Whether it is one sentence on a line of its own, said by the program."""
    return text.startswith("msviz: ") and text.endswith(".\n") and text.count("\n") == 1 and ". " not in text


@pytest.fixture(autouse=True)
def dark(qapp):
    """As in a process of its own, whichever test made Qt's application."""
    apply_theme(qapp)


@pytest.fixture
def track(tmp_path):
    """Three seconds: 300 Hz, then 1200 Hz, then 2400 Hz."""
    time_s = np.arange(RATE) / RATE
    tones = [0.5 * np.sin(2 * np.pi * hz * time_s) for hz in (300, 1200, 2400)]
    soundfile.write(tmp_path / "tones.wav", np.concatenate(tones), RATE)
    return tmp_path / "tones.wav"


@pytest.fixture
def picture(tmp_path):
    return tmp_path / "picture.png"


def drawn(path):
    """How bright the pixels of a picture are, (height, width)."""
    image = QImage(str(path)).convertToFormat(QImage.Format.Format_Grayscale8)
    lines = image.constBits().asarray(image.sizeInBytes())
    return np.asarray(lines).reshape(image.height(), -1)[:, : image.width()].astype(int)


# Words


@pytest.mark.parametrize("flag", ["--help", "-h"])
def test_help(flag):
    told = call(flag)
    assert told.exit_code == 0
    assert "See and hear a track octave by octave." in told.output
    for command in ("convert", "info", "open", "render", "resynth"):
        assert f"  {command} " in told.output


def test_help_is_quick():
    """It loads nothing that it does not show."""
    done = program("--help", before="import atexit, sys; atexit.register(lambda: print(*sys.modules))")
    told, _ = done.communicate(timeout=LONG_S)
    roots = {name.partition(".")[0] for name in told.splitlines()[-1].split()}
    assert "click" in roots
    assert not roots & {
        "numpy",
        "scipy",
        "zarr",
        "soundfile",
        "sounddevice",
        "PyQt6",
        "distributed",
        "fsspec",
    }


def test_version():
    told = call("--version")
    assert (told.exit_code, told.output) == (0, f"msviz {msviz.__version__}\n")


@pytest.mark.parametrize(
    ("args", "told"),
    [
        (["--plaid"], "No such option"),
        (["--"], "Missing command"),
        (["render"], "Missing argument 'FILE|FOLDER...'"),
        (["render", "a.wav"], "Missing option '-o'"),
        (
            ["render", "a.wav", "b.wav", "-o", "c.png"],
            "c.png is a single picture: several files",
        ),
        (["render", "a.wav", "-o", ""], "--output is empty"),
        (["render", "a.wav", "-o", "c.png", "--view", "plaid"], "'plaid' is not one of"),
        (["render", "a.wav", "-o", "c.png", "--start", "1:2:3:4"], "'1:2:3:4' is not a time: use seconds"),
        (["render", "a.wav", "-o", "c.png", "--start", "-5"], "'-5' is not a time"),
        (["render", "a.wav", "-o", "c.png", "--stop", "soon"], "'soon' is not a time"),
        (["render", "a.wav", "-o", "c.png", "--stop", ""], "'' is not a time"),
        (["render", "a.wav", "-o", "c.png", "--size", "big"], "'big' is not a size: use WIDTHxHEIGHT"),
        (["render", "a.wav", "-o", "c.png", "--size", "100x100"], "100x100 is not between 200x150 and"),
        (["render", "a.wav", "-o", "c.png", "--size", "99999x400"], "99999x400 is not between"),
        (["convert", "-o", "out"], "Missing argument 'FILE|FOLDER...'"),
        (["convert", "a.wav"], "Missing option '-o'"),
        (["convert", "a.wav", "-o", "out", "--content", "sound"], "'sound' is not one of"),
        (["convert", "a.wav", "-o", "out", "--jobs", "0"], "0 is not in the range x>=1"),
        (
            ["convert", "a.wav", "-o", "out", "--resolution", "25"],
            "resolution must be between 3 and bins_per",
        ),
        (["convert", "a.wav", "-o", "out", "--fmin", "low"], "'low' is not a valid float"),
        (["info"], "Missing argument 'FILE'"),
        (["resynth", "a.zarr"], "Missing option '-o'"),
        (["resynth", "a.zarr", "-o", "b.wav", "--start", "soon"], "'soon' is not a time"),
    ],
)
def test_wrong_usage(args, told):
    result = call(*args)
    assert result.exit_code == 2
    assert result.stderr.startswith("Usage: ")
    assert told in result.stderr


# Pictures


@pytest.mark.parametrize("view", ["octaves", "stft", "both"])
def test_a_picture_has_the_size_and_the_view_that_were_asked_for(track, picture, view):
    result = call("render", track, "-o", picture, "--view", view, "--size", f"{WIDTH}x{HEIGHT}")
    assert (result.exit_code, result.output) == (0, "")
    bright = drawn(picture)
    assert bright.shape == (HEIGHT, WIDTH)
    # In the middle second only 1200 Hz sounds: one bright line a picture, below the time ruler.
    middle = bright[HEIGHT // 10 :, CANVAS][:, (WIDTH - FREQUENCY_RULER_WIDTH - LEGEND_WIDTH) * 2 // 5]
    lines = np.flatnonzero(np.diff((middle > 0.8 * middle.max()).astype(int)) == 1)
    assert len(lines) == (2 if view == "both" else 1)
    assert os.listdir(picture.parent) == sorted([picture.name, track.name])


@pytest.mark.parametrize("view", ["octaves", "stft"])
def test_a_tone_is_bright_at_its_frequency_and_only_in_its_time(track, picture, view):
    call("render", track, "-o", picture, "--view", view, "--size", f"{WIDTH}x{HEIGHT}")
    canvas = drawn(picture)[HEIGHT // 10 :, CANVAS]  # without the time ruler
    seconds = np.array_split(canvas, 3, axis=1)
    rows = [int(second[:, second.shape[1] // 2].argmax()) for second in seconds]
    low_hz = RATE / 2 / 2**7  # seven octaves lie between 20 Hz and 4 kHz
    pixels_an_octave = (rows[0] - rows[2]) / 3
    assert rows[1] - rows[2] == pytest.approx(pixels_an_octave, abs=1.5)
    assert canvas.shape[0] - rows[1] == pytest.approx(np.log2(1200 / low_hz) * pixels_an_octave, abs=2.5)
    for number, row in enumerate(rows):
        levels = [second[row, second.shape[1] // 2] for second in seconds]
        others = [level for other, level in enumerate(levels) if other != number]
        assert levels[number] > 3 * max(others)


def edge(canvas, row):
    """Where a row becomes dark, or bright: a share of the width."""
    line = canvas[row] > canvas[row].max() / 2
    line[:3] = line[3]  # where the playhead stands
    changes = np.flatnonzero(np.diff(line.astype(int)))
    assert len(changes) == 1
    return (changes[0] + 1) / len(line)


@pytest.mark.parametrize(
    ("start", "stop", "ends_at"), [("0", "2", 1 / 2), ("0:00.75", "1.25", 1 / 2), ("0.9", "00:01.0", None)]
)
def test_a_part_of_a_track_fills_the_picture(track, picture, start, stop, ends_at):
    size = f"{WIDTH}x{HEIGHT}"
    call(
        "render", track, "-o", picture, "--view", "octaves", "--size", size, "--start", start, "--stop", stop
    )
    canvas = drawn(picture)[HEIGHT // 10 :, CANVAS]
    row = int(canvas[:, 20].argmax())
    if ends_at is None:
        assert canvas[row].min() > canvas[row].max() / 2
    else:  # the first tone ends at 1 s, blurred by its filter: 300 Hz has a bandwidth of 25 Hz
        seconds = sum(float(part) * 60**n for n, part in enumerate(reversed(stop.split(":")))) - float(
            start.split(":")[-1]
        )
        assert edge(canvas, row) == pytest.approx(ends_at, abs=0.03 / seconds)


def test_a_picture_can_end_past_the_track(track, picture, tmp_path):
    size = f"{WIDTH}x{HEIGHT}"
    other = tmp_path / "other.png"
    assert call("render", track, "-o", picture, "--size", size, "--stop", "99:00").exit_code == 0
    assert call("render", track, "-o", other, "--size", size).exit_code == 0
    assert np.array_equal(drawn(picture), drawn(other))


def test_other_kinds_of_picture(track, tmp_path):
    path = tmp_path / "picture.jpg"
    assert call("render", track, "-o", path, "--size", "200x150").exit_code == 0
    assert path.read_bytes()[:3] == b"\xff\xd8\xff"
    path = tmp_path / "picture"
    assert call("render", track, "-o", path, "--size", "200x150").exit_code == 0
    assert path.read_bytes()[:4] == b"\x89PNG"


# Conversion


def converted_to(path, track, **settings):
    """As the command does, but in this process."""
    *_, outcome = run(plan([track], path, Settings(**settings))[0])
    assert outcome.state == "converted"
    return path


@pytest.fixture
def converted(track, tmp_path):
    return converted_to(tmp_path / "tones.zarr", track)


def test_what_was_converted_and_what_failed_is_told(track, tmp_path):
    (tmp_path / "text.wav").write_text("no sound at all")
    names = (track, tmp_path / "text.wav", tmp_path / "missing.wav")
    result = call("convert", *names, "-o", tmp_path / "out", "--jobs", 1)
    assert result.exit_code == 1
    assert result.stdout == "1 converted, 2 failed.\n"
    told = result.stderr.splitlines()
    assert [line.partition(" ")[2].partition(" ")[0] for line in told] == [str(name) for name in names[1:]]
    assert all(line.startswith("msviz: ") and line.endswith(".") for line in told)
    assert os.listdir(tmp_path / "out") == ["tones.zarr"]
    result = call("convert", track, "-o", tmp_path / "out")
    assert (result.exit_code, result.output) == (0, "0 converted, 1 skipped, 0 failed.\n")


def test_a_report_for_programs(track, tmp_path):
    (tmp_path / "text.wav").write_text("no sound at all")
    result = call("convert", tmp_path, "-o", tmp_path / "out", "--zip", "--jobs", 1, "--json")
    assert (result.exit_code, result.stderr) == (1, "")
    report = json.loads(result.stdout)
    broken, tones = report.pop("files")
    assert report == {"converted": 1, "skipped": 0, "failed": 1, "damaged": 0, "passed_over": []}
    assert tones == {
        "source": str(track),
        "target": str(tmp_path / "out" / "tones.zarr.zip"),
        "state": "converted",
        "reason": None,
        "problems": [],
    }
    assert broken["state"] == "failed"
    assert broken["reason"].startswith(f"{tmp_path / 'text.wav'} is not an audio file")


def test_what_a_folder_holds_besides_is_told(track, tmp_path):
    (tmp_path / "cover.jpg").write_bytes(b"\xff\xd8\xff\xe0")
    for number in range(5):
        (tmp_path / f"{number}.txt").write_text("dear diary")
    (tmp_path / ".hidden").touch()
    (tmp_path / "twice.wav").hardlink_to(track)
    arguments = ("convert", tmp_path, "-o", tmp_path / "out", "--jobs", 1)
    result = call(*arguments)
    assert (result.exit_code, result.stderr) == (0, "")
    told = result.stdout.splitlines()
    assert told == [
        "1 converted, 0 failed.",
        "8 ignored: 1 hidden (.hidden), 6 not audio (0.txt, 1.txt, 2.txt, …), "
        "1 the same file as others (twice.wav).",
    ]
    report = json.loads(call(*arguments, "--json").stdout)
    assert report["skipped"] == 1
    assert {"file": str(tmp_path / "cover.jpg"), "reason": "not audio"} in report["passed_over"]
    # Its own output, met again, among them.
    assert {"file": str(tmp_path / "out" / "tones.zarr"), "reason": "a representation"} in report[
        "passed_over"
    ]
    assert len(report["passed_over"]) == 9


def test_a_folder_that_cannot_be_read_is_told(track, tmp_path, monkeypatch):
    (tmp_path / "locked").mkdir()
    listed = os.listdir

    def refuse(path):
        if str(path).endswith("locked"):
            raise PermissionError(13, "Permission denied", str(path))
        return listed(path)

    monkeypatch.setattr(os, "listdir", refuse)
    result = call("convert", tmp_path, "-o", tmp_path / "out", "--jobs", 1)
    assert result.exit_code == 1
    assert result.stderr == f"msviz: {tmp_path / 'locked'} cannot be read: Permission denied.\n"
    assert result.stdout == ("1 converted, 0 failed.\n1 ignored: 1 cannot be read (locked).\n")


def test_what_a_conversion_asks_for_it_gets(track, tmp_path):
    options = "--content levels --no-compress --bins-per-octave 12 --resolution 6 --gamma 2 --fmin 50".split()
    result = call("convert", track, "-o", tmp_path / "out", "--jobs", 1, *options)
    assert result.exit_code == 0
    told = json.loads(call("info", tmp_path / "out" / "tones.zarr", "--json").stdout)
    assert told["content"] == "levels"
    expected = {"rate": RATE, "bins_per_octave": 12, "resolution": 6.0, "gamma": 2.0, "fmin": 50.0}
    assert expected.items() <= told["parameters"].items()
    assert told["origin"]["settings"]["compress"] is False


def test_without_dask_a_cluster_is_told_of(track, tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "distributed", None)
    result = call("convert", track, "-o", tmp_path / "out", "--scheduler", "tcp://127.0.0.1:9")
    assert (result.exit_code, result.stdout) == (1, "")
    assert result.stderr == "msviz: A cluster needs Dask: pip install 'msviz[cluster]'.\n"


def test_what_is_in_an_audio_file(track):
    told = json.loads(call("info", track, "--json").stdout)
    assert told == {
        "file": str(track),
        "kind": "audio",
        "format": "WAV, 16 bit",
        "rate_hz": RATE,
        "exact_rate_hz": RATE,
        "channels": 1,
        "channel_names": ["mono"],
        "length": 3 * RATE,
        "settled": True,
        "duration_s": 3.0,
        "track": 0,
        "tracks": ["WAV, 16 bit"],
        "damage": [],
        "problems": [],
        "checked": True,
        "bytes": track.stat().st_size,
    }
    lines = call("info", track).stdout.splitlines()
    assert lines[0] == str(track)
    assert "  rate        8000 Hz" in lines
    assert "  duration    0:03.000 (24000 samples)" in lines


def test_what_channels_are_for_is_told_where_they_are_many(tmp_path):
    path = encode(tmp_path / "a.ac3", np.zeros((48000, 6), np.float32), "ac3", rate=48000)
    lines = call("info", path).stdout.splitlines()
    assert "  channels    6 (left, right, centre, LFE, side left, side right)" in lines


def test_all_sound_tracks_of_a_video_are_told(tmp_path):
    sound = np.zeros((RATE, 1), np.float32)
    path = write_tracks(tmp_path / "a.mkv", [(sound, "aac"), (sound, "aac")], rate=RATE, video=True)
    told = json.loads(call("info", path, "--json").stdout)
    assert (told["track"], len(told["tracks"])) == (0, 2)
    lines = call("info", path).stdout.splitlines()
    assert [line for line in lines if line.startswith("  track ")] == [
        f"  track       {track}" for track in told["tracks"]
    ]


def test_a_rate_with_a_fraction_is_told_as_it_is(track, tmp_path, monkeypatch):
    soundfile.write(tmp_path / "a.aiff", np.zeros(RATE), 44056)
    data = bytearray((tmp_path / "a.aiff").read_bytes())
    at = data.index(b"COMM") + 16
    data[at : at + 10] = struct.pack(">HQ", 16383 + 15, int(44055.94 * 2**48))
    (tmp_path / "a.aiff").write_bytes(data)
    assert "  rate        44055.94 Hz" in call("info", tmp_path / "a.aiff").stdout.splitlines()
    converted_to(tmp_path / "a.zarr", tmp_path / "a.aiff")
    assert "  rate        44055.94 Hz" in call("info", tmp_path / "a.zarr").stdout.splitlines()


def test_a_length_that_is_not_certain_is_told_so(tmp_path):
    path = encode(tmp_path / "a.aac", np.zeros((3 * RATE, 1), np.float32), "aac", rate=RATE, container="adts")
    told = json.loads(call("info", path, "--no-check", "--json").stdout)
    assert not told["settled"]
    duration = next(
        line for line in call("info", path, "--no-check").stdout.splitlines() if "duration" in line
    )
    assert duration.startswith("  duration    about ")
    assert json.loads(call("info", path, "--json").stdout)["settled"]


def test_what_is_in_a_converted_file(track, converted):
    told = json.loads(call("info", converted, "--json").stdout)
    assert (told["kind"], told["format"], told["content"]) == ("representation", "Zarr", "complex64")
    assert (told["rate_hz"], told["channels"], told["length"], told["duration_s"]) == (RATE, 1, 3 * RATE, 3.0)
    assert told["version"] == msviz.__version__
    assert told["transform"] == "octave"
    transform = msviz.OctaveTransform(RATE)
    assert told["redundancy"] == pytest.approx(transform.redundancy)
    assert told["origin"]["source"]["name"] == "tones.wav"
    assert told["bytes"] == sum(path.stat().st_size for path in converted.rglob("*") if path.is_file())
    shapes = [(band["low_hz"], band["high_hz"], band["bins"], band["hop"]) for band in told["bands"]]
    assert shapes == [(octave.low, octave.high, 24, octave.hop) for octave in transform.octaves]
    assert all(band["frames"] * band["hop"] > 3 * RATE for band in told["bands"])
    lines = call("info", converted).stdout.splitlines()
    assert "  content     complex64" in lines
    assert "  made from   tones.wav" in lines
    assert len([line for line in lines if line.startswith("  band ")]) == len(transform.octaves)


def test_converted_and_back_it_is_the_same_sound(track, converted, tmp_path):
    result = call("resynth", converted, "-o", tmp_path / "back.wav", "--original", track, "--json")
    assert (result.exit_code, result.stderr) == (0, "")
    report = json.loads(result.stdout)
    assert report["signal_to_error_db"] > 120
    assert (report["output"], report["duration_s"]) == (str(tmp_path / "back.wav"), 3.0)
    original, back = (soundfile.read(path)[0] for path in (track, tmp_path / "back.wav"))
    assert np.abs(back - original).max() < 1e-5
    told = call("resynth", converted, "-o", tmp_path / "back.wav", "--original", track).stdout
    assert told == f"Signal-to-error ratio: {report['signal_to_error_db']:.1f} dB\n"
    assert call("resynth", converted, "-o", tmp_path / "back.wav").output == ""


def test_an_original_is_not_written_over(track, converted):
    before = track.read_bytes()
    result = call("resynth", converted, "-o", track, "--original", track)
    assert result.exit_code == 1
    assert "is the original itself" in result.stderr
    assert track.read_bytes() == before


def test_what_is_read_is_not_written_over_by_whatever_name(track, converted, tmp_path):
    """What a file is, its beginning tells and not its name: one of sound may be called a picture."""
    (tmp_path / "other").mkdir()
    zipped = tmp_path / "zipped.zarr.zip"
    assert call("convert", track, "-o", zipped).exit_code == 0
    for command, given, suffix in (("render", track, ".png"), ("resynth", zipped, ".wav")):
        misnamed, link = given.with_name(f"misnamed{suffix}"), tmp_path / f"link{suffix}"
        given.rename(misnamed)
        link.hardlink_to(misnamed)
        before = misnamed.read_bytes()
        for out in (misnamed, link, tmp_path / "other" / ".." / misnamed.name):
            result = call(command, misnamed, "-o", out)
            assert result.exit_code == 1
            assert "is the input itself: choose another name for the output." in result.stderr
            assert misnamed.read_bytes() == out.read_bytes() == before


def test_a_part_of_a_converted_file_sounds_alone(track, converted, tmp_path):
    arguments = ("-o", tmp_path / "back.flac", "--original", track, "--start", "0:01.5", "--stop", "2")
    result = call("resynth", converted, *arguments, "--json")
    report = json.loads(result.stdout)
    assert report["signal_to_error_db"] > 110  # rounded to 24 bit
    assert report["duration_s"] == 0.5
    original, back = (soundfile.read(path)[0] for path in (track, tmp_path / "back.flac"))
    assert np.abs(back - original[3 * RATE // 2 : 2 * RATE]).max() < 1e-5


def test_what_cannot_be_made_sound_again_is_told(track, converted, tmp_path):
    out = tmp_path / "back.wav"
    other = tmp_path / "other.wav"
    soundfile.write(other, np.zeros(RATE), RATE)
    converted_to(tmp_path / "levels.zarr", track, content="levels")
    for arguments, told in (
        ([tmp_path / "levels.zarr"], "contains only levels"),
        ([tmp_path / "missing.zarr"], "does not exist"),
        ([converted, "--original", other], "does not match"),
        ([converted, "--original", tmp_path / "none.wav"], "does not exist"),
        ([converted, "--start", "4"], "must be before --stop"),
    ):
        result = call("resynth", *arguments, "-o", out)
        assert result.exit_code == 1
        assert result.stderr.startswith("msviz: ")
        assert told in result.stderr
        assert not out.exists()


@pytest.mark.parametrize("view", ["octaves", "stft", "both"])
def test_a_converted_file_is_drawn_as_its_sound_is(track, converted, picture, tmp_path, view):
    options = ("--view", view, "--size", f"{WIDTH}x{HEIGHT}", "--start", "0.5", "--stop", "1.5")
    other = tmp_path / "other.png"
    assert call("render", track, "-o", picture, *options).exit_code == 0
    assert call("render", converted, "-o", other, *options).exit_code == 0
    assert np.mean(np.abs(drawn(picture) - drawn(other)) > 8) < 0.001


def test_levels_are_drawn_as_they_are(track, picture, tmp_path):
    levels = converted_to(tmp_path / "levels.zarr", track, content="levels")
    other = tmp_path / "other.png"
    size = ("--size", f"{WIDTH}x{HEIGHT}")
    assert call("render", track, "-o", picture, "--view", "octaves", *size).exit_code == 0
    assert call("render", levels, "-o", other, *size).exit_code == 0
    assert np.mean(np.abs(drawn(picture) - drawn(other)) > 8) < 0.001
    result = call("render", levels, "-o", other, "--view", "both")
    assert result.exit_code == 1
    assert result.stderr == f"msviz: {levels} contains only levels, whose only view is octaves.\n"


# What cannot be


@pytest.mark.parametrize("command", [["render", "-o", "c.png"], ["open"], [], ["info"]])
@pytest.mark.parametrize(
    ("name", "told"), [("missing.wav", "does not exist"), ("text.wav", "is not an audio file")]
)
def test_a_bad_file_is_told_in_a_sentence(tmp_path, monkeypatch, command, name, told):
    monkeypatch.chdir(tmp_path)
    Path("text.wav").write_text("no sound at all")
    result = call(*command, tmp_path / name)
    assert result.exit_code == 1
    assert is_a_sentence(result.stderr)
    assert result.stderr.startswith(f"msviz: {tmp_path / name} {told}")
    assert os.listdir() == ["text.wav"]


@pytest.mark.parametrize(
    ("start", "stop", "told"),
    [
        ("2", "1", "--start (2 s) must be before --stop (1 s), and {} is 3 s long."),
        ("3", None, "--start (3 s) must be before --stop (3 s), and {} is 3 s long."),
        ("1:00", "2:00", "--start (60 s) must be before --stop (3 s), and {} is 3 s long."),
    ],
)
def test_a_stretch_that_is_none(track, picture, start, stop, told):
    result = call("render", track, "-o", picture, "--start", start, *(["--stop", stop] if stop else []))
    assert result.exit_code == 1
    assert result.stderr == f"msviz: {told.format(track)}\n"
    assert not picture.exists()


def in_no_folder(folder):
    return folder / "nowhere" / "picture.png", "No such file or directory"


def with_a_long_name(folder):
    return folder / f"{'x' * 300}.png", "File name too long"


def of_an_unknown_kind(folder):
    return folder / "picture.xyz", "choose a name that ends in .png"


def a_device(folder):
    return Path(os.devnull), "is not a file"


def forbidden(folder):
    if os.geteuid() == 0:
        pytest.skip("the administrator may write everywhere")
    folder = folder / "locked"
    folder.mkdir(mode=0o500)
    return folder / "picture.png", "Permission denied"


@pytest.mark.parametrize("place", [in_no_folder, with_a_long_name, of_an_unknown_kind, a_device, forbidden])
def test_a_picture_that_cannot_be_written_is_told_and_leaves_nothing(track, tmp_path, place):
    path, told = place(tmp_path)
    before = sorted(tmp_path.rglob("*"))
    result = call("render", track, "-o", path, "--size", "200x150")
    assert result.exit_code == 1
    assert is_a_sentence(result.stderr.replace(". is", "'.' is"))
    assert told in result.stderr
    assert sorted(tmp_path.rglob("*")) == before


def test_a_full_disk_leaves_the_last_picture_as_it_was(track, picture, monkeypatch):
    picture.write_bytes(b"the last picture")

    def full(path, data):
        with path.open("wb") as file:
            file.write(data[: len(data) // 2])
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(Path, "write_bytes", full)
    result = call("render", track, "-o", picture, "--size", "200x150")
    assert result.exit_code == 1
    assert result.stderr == f"msviz: {picture} cannot be written: No space left on device.\n"
    assert picture.read_bytes() == b"the last picture"
    assert len(os.listdir(picture.parent)) == 2


def test_too_little_memory_is_told(monkeypatch, track, picture):
    def draw(*_args, **_options):
        raise MemoryError

    monkeypatch.setattr("msviz.gui.app.render", draw)
    result = call("render", track, "-o", picture)
    assert (result.exit_code, result.stderr) == (1, "msviz: There is not enough memory for this.\n")


# Processes of their own


def test_a_picture_needs_no_display_and_its_size_is_in_pixels(track, picture):
    """Whatever a person has set for windows."""
    done = program(
        *("render", track, "-o", picture, "--size", "300x200"),
        DISPLAY=None,
        WAYLAND_DISPLAY=None,
        QT_QPA_PLATFORM="xcb",
        QT_SCALE_FACTOR="2",
    )
    assert done.communicate(timeout=LONG_S) == ("", "")
    assert done.returncode == 0
    assert drawn(picture).shape == (200, 300)


def test_a_bad_file_leaves_no_traceback(tmp_path):
    done = program(tmp_path / "missing.wav")
    _, told = done.communicate(timeout=LONG_S)
    assert done.returncode == 1
    assert told == f"msviz: {tmp_path / 'missing.wav'} does not exist.\n"


@pytest.mark.skipif(sys.platform != "linux", reason="other systems always have a display")
def test_without_a_display_it_says_so(track):
    done = program(track, DISPLAY=None, WAYLAND_DISPLAY=None, QT_QPA_PLATFORM=None)
    _, told = done.communicate(timeout=LONG_S)
    assert done.returncode == 1
    assert told.startswith("msviz: There is no display to open a window on")
    assert told.count("\n") == 1


def rests(process):
    """Whether the first thread of a process sleeps, and goes on to for a hundred looks."""
    stat = Path(f"/proc/{process.pid}/stat")
    states = (stat.read_text().rpartition(")")[2].split()[0] for _ in range(100))
    return all(state == "S" and time.sleep(0.001) is None for state in states)


@pytest.mark.parametrize("files", [0, 2])
def test_interrupted_in_the_terminal_it_leaves_no_process(track, files):
    with program(*[track] * files, before=READY, QT_QPA_PLATFORM="offscreen") as running:
        try:
            assert running.stdout.readline() == "ready\n"
            if sys.platform == "linux":
                wait_until(lambda: rests(running))  # in Qt's loop, where Python hears no signal by itself
            running.send_signal(signal.SIGINT)
            _, told = running.communicate(timeout=LONG_S)
            assert "Traceback" not in told
            assert running.returncode == 0
        finally:
            running.kill()


WRITING = """
import itertools, pathlib, time
from PyQt6.QtCore import QTimer
from msviz.gui.app import application
from msviz.gui.work.exporting import ExportTask
from msviz.gui.window import Window

class Endless(ExportTask):
    path = pathlib.Path("endless.wav")
    def work(self):
        return lambda: (time.sleep(0.01) or 0.5 for _ in itertools.count())

def begin(window, source, open=Window.show_source):
    open(window, source)
    window.exporter.start(Endless())
    if "HOW" == "asked before":
        QTimer.singleShot(0, window.close)
    QTimer.singleShot(0, tell)

def tell():
    if "HOW" == "asked before" and not application().activeModalWidget():
        QTimer.singleShot(10, tell)
        return
    print("ready", flush=True)
    if "HOW" == "loop ended":
        application().exit()

Window.show_source = begin
"""


@pytest.mark.parametrize("how", ["interrupted", "asked before", "loop ended"])
def test_ended_from_elsewhere_while_it_writes_it_does_not_ask(track, how):
    """Nor wait for an answer, if it has asked before it is interrupted."""
    with program(track, before=WRITING.replace("HOW", how), QT_QPA_PLATFORM="offscreen") as running:
        try:
            assert running.stdout.readline() == "ready\n"
            if how != "loop ended":
                running.send_signal(signal.SIGINT)
            _, told = running.communicate(timeout=LONG_S)
            assert "Traceback" not in told
            assert running.returncode == 0
        finally:
            running.kill()


def test_a_window_that_cannot_be_shown_leaves_no_thread(track, monkeypatch):
    from msviz.errors import ParameterError
    from msviz.gui.window import Window

    def refuse(window, source):
        raise ParameterError("fmin must be above 0.")

    monkeypatch.setattr(Window, "show_source", refuse)
    result = call(track)
    assert (result.exit_code, result.stderr) == (1, "msviz: fmin must be above 0.\n")
    assert not [w for w in QApplication.topLevelWidgets() if isinstance(w, Window) and w.isVisible()]
