"""Transforms that the benchmarks measure as commands."""

import shlex
import sys

import numpy as np
import pytest

from benchmarks import peer, transform
from benchmarks.measure import PLAIN_FFT, RATE
from benchmarks.peer import Record, measure
from benchmarks.transform import COLUMNS, TRANSFORMS, attempt, command, main, row

LENGTH = 4410

# What a peer in any language does: read the samples, print one line.
PEER = """
import json, os, sys
import numpy as np
samples, rate, threads, repeats = sys.argv[1:]
assert rate == "44100" and repeats == "3" and os.environ["OMP_NUM_THREADS"] == threads
length = len(np.fromfile(samples, np.float32))
print("loading")
print(json.dumps({"version": "2.5", "analysis_s": length / 1e6, "synthesis_s": length / 4e6,
                  "reals": 3 * length, "error_db": -123.4}))
"""


def run(code, tmp_path, name="fake"):
    """What a command made of Python code gives for a short sound."""
    script, samples = tmp_path / "peer.py", tmp_path / "samples.f32"
    script.write_text(code)
    np.zeros(LENGTH, np.float32).tofile(samples)
    line = shlex.join([sys.executable, str(script)])
    return attempt(command(f"{name}={line}"), samples, 1, 3)


def test_a_peer_is_measured_by_its_command(tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(transform, "TRANSFORMS", [])
    monkeypatch.setattr(transform, "SIGNALS", {"noise": transform.noise})
    script = tmp_path / "a peer.py"
    script.write_text(PEER)
    main(["--quick", "--seconds", "0.1", "--peer", f"fast = {shlex.join([sys.executable, str(script)])}"])
    line = next(line for line in capsys.readouterr().out.splitlines() if line.startswith(" fast"))
    version, analysis, synthesis, density, *_, error_db, peak = line.split()[1:]
    assert (version, analysis, synthesis, density) == ("2.5", "1.0", "4.0", "3.00")
    assert (error_db, peak) == ("-123", "–")


@pytest.mark.parametrize(
    ("code", "reason"),
    [
        ("import sys; print('{}'); sys.exit('no licence')", "no licence"),
        ("import sys; sys.exit(3)", "ended with status 3"),
        ("import os; os.abort()", "ended with status -6"),
        ("raise ValueError('too short')", "ValueError: too short"),
        ("", "printed no JSON object"),
        ("print('45 Ms/s')", "printed no JSON object"),
        ("print('[1, 2]')", "printed no JSON object"),
        ("""print('{"version": "1", "analysis_s": 1}')""", "its JSON lacks reals"),
        ("""print('{"version": 1, "analysis_s": 1, "reals": 1}')""", "version is not a string"),
        ("""print('{"version": "1", "analysis_s": "1 s", "reals": 1}')""", "analysis_s is not a number"),
        ("""print('{"version": "1", "analysis_s": NaN, "reals": 1}')""", "analysis_s is not a number"),
        ("""print('{"version": "1", "analysis_s": 0, "reals": 1}')""", "analysis_s is not positive"),
    ],
)
def test_a_failed_peer_is_a_row_that_says_why(code, reason, tmp_path):
    result = run(code, tmp_path)
    assert result == reason
    assert row("fake", LENGTH, result, None) == [f"fake: {reason}", *["–"] * (len(COLUMNS) - 1)]


def test_a_missing_command_is_a_row_that_says_so(tmp_path):
    assert attempt(command(f"fake={tmp_path}/nothing"), tmp_path, 1, 3) == (
        "cannot be run: No such file or directory"
    )


@pytest.mark.parametrize("text", ["gaborator", "=gaborator", "gaborator=", "gaborator='unclosed"])
def test_a_peer_without_a_name_or_command_is_an_error(text, monkeypatch, capsys):
    monkeypatch.setattr(transform, "SIGNALS", {})
    with pytest.raises(SystemExit):
        main(["--peer", text])
    assert f"argument --peer: {text!r}" in capsys.readouterr().err


def test_two_peers_of_one_name_are_an_error(monkeypatch, capsys):
    monkeypatch.setattr(transform, "SIGNALS", {})
    with pytest.raises(SystemExit):
        main(["--peer", "nsgt=true"])
    assert "the table already has nsgt" in capsys.readouterr().err


def test_our_own_transforms_are_commands_too(tmp_path):
    samples = tmp_path / "samples.f32"
    np.random.default_rng(0).standard_normal(LENGTH).astype(np.float32).tofile(samples)
    record = attempt(TRANSFORMS[0], samples, 1, 1)
    assert isinstance(record, Record), record
    assert record.error_db < -120
    assert record.fft_s > 0
    assert record == Record.parse(record.line())


def test_the_error_is_that_of_the_whole_signal():
    samples = np.ones(LENGTH, np.float32)
    record = measure(lambda *_: (np.copy, lambda c: c / 2), "1", samples, RATE, 1, 3)
    assert record.reals == LENGTH
    assert record.error_db == pytest.approx(20 * np.log10(0.5))
    assert measure(lambda *_: (np.copy, np.copy), "1", samples, RATE, 1, 3).error_db == -np.inf
    assert measure(lambda *_: (np.copy, None), "1", samples, RATE, 1, 3).synthesis_s is None


def test_the_fft_is_of_as_many_points(monkeypatch):
    # One millisecond for each batch, whatever the transform takes.
    monkeypatch.setattr(
        peer,
        "seconds",
        lambda work, *a: (1e-3 * a[0] / PLAIN_FFT.size if work is peer.plain_fft else 1, work(*a)),
    )
    for reals in (PLAIN_FFT.size // 2, 5 * PLAIN_FFT.size):  # a quarter of a batch; two and a half
        record = measure(lambda *_, n=reals: (lambda x: np.zeros(n), None), "1", np.ones(9), RATE, 1, 3)
        assert record.fft_s == pytest.approx(1e-3 * reals / 2 / PLAIN_FFT.size)


def test_ratios_to_an_fft_need_the_time_of_one():
    first = COLUMNS.index("analysis / FFT")
    timed = Record("1", 2.0, LENGTH, 4.0, fft_s=1.0)
    assert row("fake", LENGTH, timed, None)[first : first + 2] == ["0.50", "0.25"]
    assert row("fake", LENGTH, timed._replace(fft_s=None), None)[first : first + 2] == ["–", "–"]
