"""What failed is in the log with its traceback; a person reads a sentence, or asks for more."""

import logging

import pytest
from click.testing import CliRunner

from msviz import AudioError, log
from msviz.cli import main
from msviz.convert import plan, run
from msviz.log import log_path, logged, logger
from msviz.playback.buffer import PlaybackBuffer
from msviz.signal import Signal

UNEXPECTED = "Internal error: ZeroDivisionError('oh') (see Help > Show log, or run msviz --verbose)."


def broken(*_args, **_options):
    raise ZeroDivisionError("oh")


def call(*args):
    return CliRunner().invoke(main, [str(arg) for arg in args], prog_name="msviz")


def fail():
    try:
        broken()
    except ZeroDivisionError:
        logger.warning("It failed", exc_info=True)


def test_a_failure_is_in_the_log_with_its_traceback(capfd):
    fail()
    assert not log_path().exists()
    with logged():
        assert not log_path().exists()  # nothing has failed yet
        fail()
    fail()
    text = log_path().read_text()
    assert text.count("WARNING MainThread: It failed\nTraceback") == 1
    assert text.endswith("ZeroDivisionError: oh\n")
    assert capfd.readouterr() == ("", "")


def test_the_log_is_not_larger_than_twice_its_limit(monkeypatch):
    monkeypatch.setattr(log, "LARGEST", 10_000)
    with logged():
        for _ in range(200):
            fail()
    files = list(log_path().parent.iterdir())
    assert sorted(file.name for file in files) == ["msviz.log", "msviz.log.1"]
    assert all(0 < file.stat().st_size <= 10_000 for file in files)


def test_where_nothing_can_be_written_all_goes_on(monkeypatch, tmp_path, capfd):
    (tmp_path / "file").touch()
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "file"))
    with logged():
        fail()
    assert capfd.readouterr() == ("", "")


@pytest.mark.parametrize("before", [True, False])
def test_verbose_shows_the_traceback_of_a_command_that_fails(tmp_path, before):
    missing = tmp_path / "missing.wav"
    words = ("--verbose", "info", missing) if before else ("info", missing, "--verbose")
    told = call(*words).stderr
    assert "Traceback" in told
    assert told.endswith(f"msviz: {missing} does not exist.\n")
    assert call("info", missing).stderr == f"msviz: {missing} does not exist.\n"
    assert log_path().read_text().count(f"AudioError: {missing} does not exist.") == 2
    assert logger.handlers == [handler for handler in logger.handlers if type(handler) is logging.NullHandler]


def test_verbose_goes_before_a_file_too(tmp_path):
    told = call("--verbose", tmp_path / "missing.wav").stderr
    assert "Traceback" in told
    assert told.endswith("missing.wav does not exist.\n")


def test_what_nobody_has_foreseen_is_a_sentence(monkeypatch, tmp_path):
    monkeypatch.setattr("msviz.tracks.open_track", broken)
    result = call("info", tmp_path / "a.wav")
    assert (result.exit_code, result.stderr) == (1, f"msviz: {UNEXPECTED}\n")
    assert "in broken" in log_path().read_text()


def test_a_file_that_cannot_be_converted_is_in_the_log(monkeypatch, tmp_path):
    """Its process gives the traceback to the one that writes the log."""
    (tmp_path / "a.wav").write_text("no sound")
    told = call("convert", tmp_path / "a.wav", "-o", tmp_path / "out").stderr
    assert "Traceback" not in told
    text = log_path().read_text()
    assert "Traceback" in text
    assert "AudioError: " in text
    [job] = plan([tmp_path / "a.wav"], tmp_path / "out")
    monkeypatch.setattr("msviz.convert.conversion.open_audio", broken)
    [outcome] = run(job)
    assert outcome.reason == f"{tmp_path / 'a.wav'} cannot be converted. {UNEXPECTED}"
    assert outcome.details.endswith("ZeroDivisionError: oh\n")


def test_a_source_that_cannot_be_played_is_in_the_log(caplog):
    class Broken(Signal):
        read = broken

    made = PlaybackBuffer({"one": Broken([0.0] * 100, 1000)})
    made.make(0, 0, [])
    assert str(made.failures[0]) == f"one cannot be played. {UNEXPECTED}"
    assert isinstance(made.failures[0], AudioError)
    [record] = caplog.records
    assert record.exc_info[0] is ZeroDivisionError
