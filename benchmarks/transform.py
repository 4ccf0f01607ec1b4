"""The octave transform beside what else there is, on the same signals in the same run.

    python -m benchmarks.transform [--seconds S] [--repeats N] [--quick] [--markdown [FILE]]

Every transform runs in a process of its own, first with one thread, then with one for each core where it
can use them.  Peers that are not installed are said (see the `benchmark` extra); a peer that fails or
crashes is a row.  All figures are medians over the runs; slow peers are stopped after a few seconds.
"""

from __future__ import annotations

import time
from concurrent.futures.process import BrokenProcessPool
from typing import NamedTuple

import numpy as np

from benchmarks.measure import (
    RATE,
    Report,
    held_mb,
    in_process,
    machine,
    options,
    peak_mb,
    plain_fft,
    seconds,
)
from benchmarks.peers import OURS, PEERS, Peer, reals
from msviz import demo_tracks, read_audio
from msviz.cpus import available_cpus

PATIENCE_S = 8.0  # a peer is not repeated any more after so long, but at least
FEWEST = 3
EXACT_DB = -100.0

COLUMNS = (
    "transform",
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


class Measured(NamedTuple):
    """What one transform did with one signal: medians; NaN for what it cannot do."""

    analysis: float  # seconds
    synthesis: float
    analysis_to_fft: float  # speed over the plain FFT's, in reals
    synthesis_to_fft: float
    reals: int
    error_db: float
    peak_mb: float


def music(length: int) -> np.ndarray:
    """The left channels of the demo tracks, one after the other, again and again."""
    tracks = [read_audio(path).samples[0] for path in demo_tracks().values()]
    return np.resize(np.concatenate(tracks), length).astype(np.float32)


def noise(length: int) -> np.ndarray:
    """White noise at -20 dBFS."""
    return (0.1 * np.random.default_rng(0).standard_normal(length)).astype(np.float32)


SIGNALS = {"music": music, "noise": noise}


def measure(index: int, signal: str, length: int, threads: int, repeats: int) -> Measured | str:
    """Run one of the peers, in this process; a sentence where that cannot be done."""
    samples = SIGNALS[signal](length)
    try:
        analyze, synthesize = PEERS[index].build(RATE, length, threads)
        before = held_mb()
        coefficients = analyze(samples)
        count = reals(coefficients)
        rebuilt = synthesize(coefficients) if synthesize else None
        times: list[tuple[float, float, float]] = []
        begin = time.perf_counter()
        while len(times) < repeats:
            if len(times) >= FEWEST and time.perf_counter() - begin > PATIENCE_S:
                break
            plain, _ = seconds(plain_fft, count / 2)
            coefficients = rebuilt = None  # before the next ones take their place
            forth, coefficients = seconds(analyze, samples)
            back, rebuilt = seconds(synthesize, coefficients) if synthesize else (np.nan, None)
            times.append((plain, forth, back))
        peak = peak_mb() - before
    except ImportError:
        return "not installed"
    except Exception as error:
        return f"failed: {type(error).__name__}: {error}".splitlines()[0][:60]
    error_db = np.nan
    if synthesize:
        exact = samples.astype(np.float64)
        error_db = 20 * np.log10(np.linalg.norm(rebuilt - exact) / np.linalg.norm(exact))
    plain, forth, back = np.array(times).T
    middles = (float(np.median(v)) for v in (forth, back, plain / forth, plain / back))
    return Measured(*middles, count, float(error_db), peak)


def attempt(peer: Peer, signal: str, length: int, threads: int, repeats: int) -> Measured | str:
    """Run a peer in a process of its own."""
    try:
        return in_process(measure, PEERS.index(peer), signal, length, threads, repeats, threads=threads)
    except BrokenProcessPool:
        return "crashed"


def figure(value: float, digits: int = 1) -> str:
    """A number as the tables show it."""
    return "–" if np.isnan(value) else f"{value:.{digits}f}"


def row(name: str, length: int, one: Measured | str, every: Measured | str | None) -> list[str]:
    """A row of the table: with one thread, and with all of them."""
    if isinstance(one, str):
        return [f"{name}: {one}", *["–"] * (len(COLUMNS) - 1)]
    speeds = [length / s / 1e6 for s in (one.analysis, one.synthesis)]
    more = (every.analysis, every.synthesis) if isinstance(every, Measured) else (np.nan, np.nan)
    density = one.reals / length
    return [
        name,
        *map(figure, speeds),
        figure(density, 2),
        *(figure(speed * density, 0) for speed in speeds),
        *(figure(share, 2) for share in (one.analysis_to_fft, one.synthesis_to_fft)),
        *(figure(length / s / 1e6) for s in more),
        figure(one.error_db, 0),
        figure(one.peak_mb, 0),
    ]


def compare(report: Report, results: dict[str, Measured | str]) -> None:
    """Ours against every peer that rebuilds the signal, in reals a second."""
    ours = [results[name] for name in OURS]
    rows = []
    for name, theirs in results.items():
        if name.startswith("msviz") or isinstance(theirs, str) or not theirs.error_db <= EXACT_DB:
            continue
        times = (theirs.analysis, theirs.synthesis, theirs.analysis + theirs.synthesis)
        gains = [
            theirs_s / ours_s * (our.reals / theirs.reals)
            for our in ours
            for theirs_s, ours_s in zip(
                times, (our.analysis, our.synthesis, our.analysis + our.synthesis), strict=True
            )
        ]
        rows.append([name, *(f"{gain:.1f}×" for gain in gains)])
    if rows:
        what = ("analysis", "synthesis", "both")
        report.table(["in reals/s, against", *(f"{name}, {w}" for name in OURS for w in what)], rows)


def main() -> None:
    """Measure and print."""
    parser = options(__doc__, repeats=7)
    parser.add_argument("--seconds", type=float, default=60.0, help="length of the signals (%(default)s)")
    chosen = parser.parse_args()
    length = round((min(chosen.seconds, 10) if chosen.quick else chosen.seconds) * RATE)
    repeats = FEWEST if chosen.quick else chosen.repeats
    report = Report("transform", chosen.markdown)
    report.paragraph(f"{machine()}. One channel of {length / RATE:g} s at {RATE} Hz, {repeats} runs.")
    for signal in SIGNALS:
        report.paragraph(f"**{signal.capitalize()}**, one thread unless said otherwise:")
        results = {peer.name: attempt(peer, signal, length, 1, repeats) for peer in PEERS}
        cores = available_cpus()
        rows = []
        for peer, one in zip(PEERS, results.values(), strict=True):
            more = peer.parallel and cores > 1 and isinstance(one, Measured)
            rows.append(
                row(peer.name, length, one, attempt(peer, signal, length, cores, repeats) if more else None)
            )
        report.table(COLUMNS, rows)
        compare(report, results)
    report.finish()


if __name__ == "__main__":
    main()
