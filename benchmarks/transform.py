"""The octave transform compared with others, on the same signals in the same run.

    python -m benchmarks.transform [--seconds S] [--repeats N] [--quick] [--markdown [FILE]]
                                   [--peer NAME=COMMAND]...

Every transform is a command in a process of its own, `benchmarks.peer`, which runs with one thread, then with
one for each core if it can use them.  `--peer` adds others: `benchmarks.peer` says what such a command gets
and prints.  A peer that is not installed (see the `benchmark` extra), fails or crashes is a row that says so.
All figures are medians over the runs; slow peers are stopped after a few seconds.
"""

from __future__ import annotations

import argparse
import os
import shlex
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import NamedTuple

import numpy as np

from benchmarks.measure import RATE, THREAD_VARIABLES, Report, machine, options
from benchmarks.peer import FEWEST, Record
from benchmarks.peers import OURS, PEERS
from msviz import demo_tracks, read_audio
from msviz.cpus import available_cpus

EXACT_DB = -100.0

COLUMNS = (
    "transform",
    "version",
    "analysis Ms/s",
    "synthesis Ms/s",
    "reals/sample",
    "analysis Mreals/s",
    "synthesis Mreals/s",
    "analysis / FFT",
    "synthesis / FFT",
    "all cores, analysis",
    "all cores, synthesis",
    "error dB",
    "peak MB",
)


class Entry(NamedTuple):
    """A row of the table, and the command that measures it."""

    name: str
    command: list[str]
    parallel: bool = True  # whether it can use more than one core


TRANSFORMS = [
    Entry(peer.name, [sys.executable, "-m", "benchmarks.peer", peer.name], peer.parallel) for peer in PEERS
]


def command(text: str) -> Entry:
    """The entry that `--peer` describes."""
    name, _, line = text.partition("=")
    try:
        words = shlex.split(line)
    except ValueError as error:
        raise argparse.ArgumentTypeError(f"{text!r}: {error}") from None
    if not (name.strip() and words):
        raise argparse.ArgumentTypeError(f"{text!r} is not NAME=COMMAND")
    return Entry(name.strip(), words)


def music(length: int) -> np.ndarray:
    """The left channels of the demo tracks, one after the other, again and again."""
    tracks = [read_audio(path).samples[0] for path in demo_tracks().values()]
    return np.resize(np.concatenate(tracks), length).astype(np.float32)


def noise(length: int) -> np.ndarray:
    """White noise at -20 dBFS."""
    return (0.1 * np.random.default_rng(0).standard_normal(length)).astype(np.float32)


SIGNALS = {"music": music, "noise": noise}


def attempt(entry: Entry, samples: Path, threads: int, repeats: int) -> Record | str:
    """Run a transform's command; what it measured, or what went wrong."""
    environment = os.environ | dict.fromkeys(THREAD_VARIABLES, str(threads))
    arguments = map(str, (samples, RATE, threads, repeats))
    try:
        done = subprocess.run(
            [*entry.command, *arguments], env=environment, capture_output=True, text=True, errors="replace"
        )
    except OSError as error:
        return f"cannot be run: {error.strerror or error}"
    if done.returncode:
        why = _last_line(done.stderr)
        if done.returncode < 0 or not why:
            return f"ended with status {done.returncode}"
        return why[:60]
    try:
        return Record.parse(_last_line(done.stdout))
    except ValueError as error:
        return str(error)


def _last_line(text: str) -> str:
    return text.strip().rpartition("\n")[2]


def figure(value: float | None, digits: int = 1) -> str:
    """A number as the tables show it."""
    return "–" if value is None else f"{value:.{digits}f}"


def speed(amount: float | None, took_s: float | None) -> float | None:
    """An amount per second, if both are known."""
    return amount / took_s if amount and took_s else None


def row(name: str, length: int, one: Record | str, every: Record | str | None) -> list[str]:
    """A row of the table: with one thread, and with all of them."""
    if isinstance(one, str):
        return [f"{name}: {one}", *["–"] * (len(COLUMNS) - 1)]
    times = (one.analysis_s, one.synthesis_s)
    more = (every.analysis_s, every.synthesis_s) if isinstance(every, Record) else (None, None)
    return [
        name,
        one.version,
        *(figure(speed(length / 1e6, s)) for s in times),
        figure(one.reals / length, 2),
        *(figure(speed(one.reals / 1e6, s), 0) for s in times),
        *(figure(speed(one.fft_s, s), 2) for s in times),
        *(figure(speed(length / 1e6, s)) for s in more),
        figure(one.error_db, 0),
        figure(one.peak_mb, 0),
    ]


def compare(report: Report, results: dict[str, Record | str]) -> None:
    """Ours against every peer that rebuilds the signal, in reals a second."""
    ours = [record for name in OURS if isinstance(record := results.get(name), Record)]
    rows = []
    for name, theirs in results.items():
        if name.startswith("msviz") or isinstance(theirs, str) or theirs.synthesis_s is None:
            continue
        if theirs.error_db is None or theirs.error_db > EXACT_DB:
            continue
        gains = [
            theirs_s / ours_s * (our.reals / theirs.reals)
            for our in ours
            for theirs_s, ours_s in zip(_times(theirs), _times(our), strict=True)
        ]
        rows.append([name, *(f"{gain:.1f}×" for gain in gains)])
    if rows and len(ours) == len(OURS):
        what = ("analysis", "synthesis", "both")
        report.table(["in reals/s, against", *(f"{name}, {w}" for name in OURS for w in what)], rows)


def _times(record: Record) -> tuple[float, float, float]:
    return record.analysis_s, record.synthesis_s, record.analysis_s + record.synthesis_s


def main(arguments: list[str] | None = None) -> None:
    """Measure and print."""
    parser = options(__doc__, repeats=7)
    parser.add_argument("--seconds", type=float, default=60.0, help="length of the signals (%(default)s)")
    parser.add_argument(
        "--peer",
        type=command,
        action="append",
        default=[],
        metavar="NAME=COMMAND",
        dest="peers",
        help="another transform, see benchmarks.peer",
    )
    chosen = parser.parse_args(arguments)
    entries = [*TRANSFORMS, *chosen.peers]
    names = [entry.name for entry in entries]
    if twice := {name for name in names if names.count(name) > 1}:
        parser.error(f"--peer: the table already has {', '.join(sorted(twice))}; choose another name")
    length = round((min(chosen.seconds, 10) if chosen.quick else chosen.seconds) * RATE)
    repeats = FEWEST if chosen.quick else chosen.repeats
    cores = available_cpus()
    report = Report("transform", chosen.markdown)
    report.paragraph(f"{machine()}. One channel of {length / RATE:g} s at {RATE} Hz, {repeats} runs.")
    for signal, make in SIGNALS.items():
        report.paragraph(f"**{signal.capitalize()}**, one thread unless said otherwise:")
        results: dict[str, Record | str] = {}
        rows = []
        with tempfile.TemporaryDirectory() as folder:
            samples = Path(folder) / f"{signal}.f32"
            make(length).tofile(samples)
            for entry in entries:
                one = results[entry.name] = attempt(entry, samples, 1, repeats)
                more = entry.parallel and cores > 1 and isinstance(one, Record)
                every = attempt(entry, samples, cores, repeats) if more else None
                rows.append(row(entry.name, length, one, every))
        report.table(COLUMNS, rows)
        compare(report, results)
    report.finish()


if __name__ == "__main__":
    main()
