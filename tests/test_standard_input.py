"""Standard input, for which a file is called "-": read as a file of the same bytes is."""

from __future__ import annotations

import io
import json
import subprocess
import sys

import pytest
import soundfile
from audio_tools import mp3, noise
from click.testing import CliRunner
from waiting import LONG_S

from msviz.cli import main
from msviz.cli.options import given
from msviz.errors import AudioError
from msviz.measures import signal_to_error_db
from msviz.tracks import open_track

RATE = 8000


@pytest.fixture
def track(tmp_path):
    soundfile.write(tmp_path / "track.wav", noise(2, rate=RATE), RATE)
    return tmp_path / "track.wav"


def call(*args, given=b""):
    return CliRunner().invoke(main, [str(arg) for arg in args], prog_name="msviz", input=given)


def program(*args, **options):
    script = "from msviz.cli import main; main(prog_name='msviz')"
    command = [sys.executable, "-c", script, *map(str, args)]
    return subprocess.run(command, capture_output=True, timeout=LONG_S, **options)


def test_what_is_no_dash_stays_what_it_is():
    for name in ("track.wav", "./-", "s3://bucket/-", ""):
        assert given(name) is name


def test_what_is_piped_is_what_is_in_the_file(track, tmp_path):
    expected = json.loads(call("info", track, "--json").stdout) | {"file": "-", "bytes": None}
    with track.open("rb") as opened:
        seeking = program("info", "-", "--json", stdin=opened)
    for done in (
        program("info", "-", "--json", input=track.read_bytes()),  # a pipe, which cannot seek
        seeking,
    ):
        assert (done.returncode, done.stderr) == (0, b"")
        assert json.loads(done.stdout) == expected
    untold = mp3(tmp_path / "a.mp3", noise(3), tag=False)  # its length is known from both ends
    told = json.loads(call("info", "-", "--json", given=untold.read_bytes()).stdout)
    assert told["length"] == json.loads(call("info", untold, "--json").stdout)["length"]


def test_what_was_read_before_is_left_out(track):
    """As a shell does that reads a line itself."""
    with io.BytesIO(b"a line\n" + track.read_bytes()) as stdin:
        stdin.readline()
        result = CliRunner().invoke(main, ["info", "-", "--json"], input=stdin)
    assert json.loads(result.stdout)["format"] == "WAV, 16 bit"


def test_what_is_piped_is_representation(track, tmp_path):
    out = tmp_path / "x.zarr"
    for _ in range(2):  # whether it is the same as before, nothing tells: it is made again
        result = call("convert", "-", "-o", out, "--fmin", 500, given=track.read_bytes())
        assert (result.exit_code, result.stderr) == (0, "")
        assert result.stdout == "1 converted, 0 failed.\n"
    with open_track(track) as original, open_track(out) as rebuilt:
        assert signal_to_error_db(original, rebuilt) > 120
    result = call("info", out)
    assert "  made from   standard input" in result.stdout.splitlines()


@pytest.mark.parametrize(
    "more", [["-o", "folder"], ["b.wav", "-o", "x.zarr"], ["-o", "x.zarr", "--scheduler", "y"]]
)
def test_what_is_piped_needs_a_name_of_its_own(more):
    result = call("convert", "-", *more)
    assert result.exit_code == 2
    assert "standard input must be converted alone" in result.stderr


def test_an_original_may_be_piped(track, tmp_path):
    out = tmp_path / "x.zarr"
    assert call("convert", track, "-o", out).exit_code == 0
    arguments = ("resynth", out, "-o", tmp_path / "back.wav", "--original", "-", "--json")
    result = call(*arguments, given=track.read_bytes())
    assert json.loads(result.stdout)["signal_to_error_db"] > 120


def test_a_window_opens_on_what_is_piped(track, monkeypatch):
    opened = []
    monkeypatch.setattr(
        "msviz.gui.app.run", lambda sources: opened.extend((s.name, s.length) for s in sources) or 0
    )
    for command in (["open", "-"], ["-"]):
        assert call(*command, given=track.read_bytes()).exit_code == 0
    assert opened == 2 * [("standard input", 2 * RATE)]


def test_what_cannot_be_read_is_told_in_a_sentence(tmp_path):
    for data, told in (
        (b"", "Standard input is empty (0 bytes)."),
        (b"no sound at all", "standard input is not an audio file."),
    ):
        for command in (["info", "-"], ["open", "-"], ["convert", "-", "-o", tmp_path / "x.zarr"]):
            result = call(*command, given=data)
            assert result.exit_code == 1
            assert result.stderr == f"msviz: {told}\n"
    assert not list(tmp_path.iterdir())


class Stdin(io.BytesIO):
    """What a command has as standard input, in a certain condition."""

    def __init__(self, terminal=False, error=None):
        super().__init__(b"RIFF")
        self.terminal, self.error = terminal, error

    def isatty(self):
        return self.terminal

    def seekable(self):
        return False

    def read(self, *_):
        raise self.error


@pytest.mark.parametrize(
    ("stdin", "told"),
    [
        (
            Stdin(terminal=True),
            "Standard input is a terminal: redirect a file to it (msviz info - < track.wav).",
        ),
        (Stdin(error=OSError(28, "No space left")), "Standard input cannot be read: No space left."),
        (None, "There is no standard input to read from."),
    ],
)
def test_what_is_no_input_is_told(monkeypatch, stdin, told):
    monkeypatch.setattr(sys, "stdin", stdin and io.TextIOWrapper(stdin))
    with pytest.raises(AudioError) as error:
        given("-")
    assert str(error.value) == told
