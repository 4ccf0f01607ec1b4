"""How the cost grows with the length, the channels and the threads, and what a stretch of a long file costs.

    python -m benchmarks.scaling [--repeats N] [--quick] [--markdown [FILE]]

Sources are made up as they are read, at little cost, so that only the transform shows; one more is a FLAC
file of three hours.  Every length and number of channels runs in a process of its own, streamed.
"""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from statistics import median
from typing import NamedTuple

import numpy as np
import soundfile

from benchmarks.measure import (
    RATE,
    Report,
    held_mb,
    in_process,
    machine,
    options,
    peak_mb,
    seconds,
)
from msviz import OctaveTransform, Source, open_audio
from msviz.cpus import available_cpus
from msviz.transform.fft import planner, workspace

MINUTE = 60
LENGTHS_S = {"10 s": 10, "1 min": MINUTE, "10 min": 10 * MINUTE, "1 h": 60 * MINUTE, "3 h": 180 * MINUTE}
CHANNELS = (1, 2, 4, 8)
PATIENCE_S = 10.0  # short runs are repeated up to the number wished for, long ones only this long


@dataclass(frozen=True)
class Loop:
    """Noise that repeats every twelve seconds, for as long as is wished; a `Source`."""

    length: int
    channels: int = 1
    rate: int = RATE

    @cached_property
    def noise(self) -> np.ndarray:
        """One period."""
        return 0.1 * np.random.default_rng(0).standard_normal((self.channels, 2**19), np.float32)

    def read(self, start: int, stop: int) -> np.ndarray:
        """Samples [start, stop), zero outside the source."""
        out = np.zeros((self.channels, stop - start), np.float32)
        at, end = max(start, 0), min(stop, self.length)
        period = self.noise.shape[1]
        while at < end:
            taken = min(end - at, period - at % period)
            out[:, at - start : at - start + taken] = self.noise[:, at % period : at % period + taken]
            at += taken
        return out


class Streamed(NamedTuple):
    """What one source cost: seconds and MB, of analysis, and of analysis and synthesis."""

    analysis: float
    both: float
    analysis_mb: float
    both_mb: float


def _drain(pieces: Iterable[object]) -> None:
    for _ in pieces:
        pass


def _repeated(work: Callable[[], object], repeats: int) -> float:
    times: list[float] = []
    while len(times) < repeats and sum(times) < PATIENCE_S:
        times.append(seconds(work)[0])
    return median(times)


def stream(length_s: float, channels: int, repeats: int) -> Streamed:
    """Stream a source in this process, with one thread."""
    source = Loop(round(length_s * RATE), channels)
    transform = OctaveTransform(RATE, workers=1)
    _drain(transform.synthesize_stream(transform.stream(Loop(RATE, channels))))  # the plan is made once
    before = held_mb()
    analysis = _repeated(lambda: _drain(transform.stream(source)), repeats)
    analysis_mb = peak_mb() - before
    both = _repeated(lambda: _drain(transform.synthesize_stream(transform.stream(source))), repeats)
    return Streamed(analysis, both, analysis_mb, peak_mb() - before)


def local(source: Source, repeats: int) -> tuple[float, ...]:
    """Milliseconds of what is done somewhere in a long source: medians over places and runs.

    Reading and analysing 1 s; reading for and analysing 10 ms of the top octave.
    """
    transform = OctaveTransform(RATE)
    top = transform.octaves[-1]
    frames = RATE // 100 // top.hop
    works = (
        lambda at: source.read(at, at + RATE),
        lambda at: transform.analyze(source, start=at, stop=at + RATE),
        lambda at: transform.frames(source, top.index, at // top.hop, at // top.hop + frames),
    )
    # Every time another place: a file keeps what it decoded last.
    places = np.random.default_rng(0).integers(0, source.length - RATE, (10 * repeats, len(works)))
    times = [[seconds(work, int(at))[0] for work, at in zip(works, row, strict=True)] for row in places]
    return tuple(1000 * median(column) for column in zip(*times, strict=True))


def bin_ffts(points: float) -> None:
    """So many points through the FFTs that the transform uses, 24 bins of the highest octave at a time."""
    rows, frames = (
        workspace.array(name, (24, 4096), np.dtype(np.complex64)) for name in ("points", "frames")
    )
    transform = workspace.plan(rows, frames, backward=True)
    rows[:] = 0
    for _ in range(round(points / rows.size)):
        transform()


def threads(length_s: float, workers: int, repeats: int) -> tuple[float, ...]:
    """How much faster so many threads are than one: medians of pairs of runs.

    Analysis, synthesis, and the FFTs of bins alone, which show what the machine can give.
    """
    source = Loop(round(length_s * RATE))
    one, many = OctaveTransform(RATE, workers=1), OctaveTransform(RATE, workers=workers)
    points = length_s * RATE * one.redundancy / 2
    one.synthesize(one.analyze(source))
    planner.measure()
    gains = []
    with ThreadPoolExecutor(workers) as pool:
        for _ in range(repeats):
            c = None  # or its memory would be missing for the next
            forth, c = seconds(one.analyze, source)
            c = None
            forth_many, c = seconds(many.analyze, source)
            back, _ = seconds(one.synthesize, c)
            back_many, _ = seconds(many.synthesize, c)
            plain, _ = seconds(bin_ffts, points)
            plain_many, _ = seconds(lambda: list(pool.map(bin_ffts, [points / workers] * workers)))
            gains.append((forth / forth_many, back / back_many, plain / plain_many))
    return tuple(median(column) for column in zip(*gains, strict=True))


def plans(repeats: int) -> tuple[float, float, float]:
    """Milliseconds: a plan for new parameters; 1 s analysed for the first time with it, and again."""
    source = Loop(10 * RATE)
    times = []
    for run in range(repeats):
        made, transform = seconds(OctaveTransform, RATE, gamma=0.001 * run)
        first, _ = seconds(transform.analyze, source, start=RATE, stop=2 * RATE)
        again, _ = seconds(transform.analyze, source, start=RATE, stop=2 * RATE)
        times.append((made, first, again))
    made, first, again = (1000 * median(column) for column in zip(*times, strict=True))
    return made, first, again


def write_long_file(path: Path, length: int) -> None:
    """A FLAC file, written as quickly as can be."""
    source = Loop(length)
    with soundfile.SoundFile(path, "w", RATE, 1, "PCM_16", compression_level=0) as file:
        for start in range(0, length, 2**20):
            file.write(source.read(start, min(start + 2**20, length))[0])


def grown(report: Report, what: str, runs: dict[str, tuple[float, Streamed]], base: str) -> None:
    """A table of runs, each named and with its size, beside the cost in proportion to one of them."""
    size, reference = runs[base]
    rows = []
    for name, (its_size, run) in runs.items():
        share = its_size / size
        rows.append(
            [
                name,
                f"{run.analysis:.2f}",
                f"{run.both:.2f}",
                f"{run.analysis / reference.analysis / share:.2f}",
                f"{run.both / reference.both / share:.2f}",
                f"{run.analysis_mb:.0f}",
                f"{run.both_mb:.0f}",
            ]
        )
    report.table(
        (
            what,
            "analysis s",
            "and synthesis s",
            f"analysis / {base}, linear = 1",
            "and synthesis",
            "analysis MB",
            "and synthesis MB",
        ),
        rows,
    )
    sizes = np.log([its_size for its_size, _ in runs.values()])
    slopes = [
        np.polyfit(sizes, np.log([getattr(run, field) for _, run in runs.values()]), 1)[0]
        for field in ("analysis", "both")
    ]
    report.paragraph(f"Slope of log time over log size: analysis {slopes[0]:.3f}, both {slopes[1]:.3f}.")


def main() -> None:
    """Measure and print."""
    chosen = options(__doc__, repeats=7).parse_args()
    repeats = 3 if chosen.quick else chosen.repeats
    cores = available_cpus()
    report = Report("scaling", chosen.markdown)
    report.paragraph(f"{machine()}. msviz 24/12, {RATE} Hz, float32; one thread unless said otherwise.")
    lengths = dict(list(LENGTHS_S.items())[: 3 if chosen.quick else None])
    runs = {n: (float(s), in_process(stream, s, 1, repeats, threads=1)) for n, s in lengths.items()}
    grown(report, "length, streamed", runs, "1 min")
    runs = {str(n): (float(n), in_process(stream, MINUTE, n, repeats, threads=1)) for n in CHANNELS}
    grown(report, "channels, 1 min", runs, "1")

    length = 180 * MINUTE * RATE
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "long.flac"
        write_long_file(path, length // (18 if chosen.quick else 1))
        file = open_audio(path)
        sources = {f"FLAC file of {file.length / RATE / 3600:.1f} h": file, "made up, 3 h": Loop(length)}
        rows = [[name, *(f"{ms:.1f}" for ms in local(source, repeats))] for name, source in sources.items()]
        file.close()
    report.table(("anywhere in", "read 1 s, ms", "analyse 1 s, ms", "10 ms of the top octave, ms"), rows)

    gains = {n: in_process(threads, MINUTE, n, repeats, threads=n) for n in sorted({2, cores}) if n <= cores}
    if gains:
        rows = [[str(n), *(f"{gain:.2f}" for gain in its)] for n, its in gains.items()]
        report.table(("threads, against one", "analysis", "synthesis", "their FFTs alone"), rows)

    made, first, again = in_process(plans, 3 * repeats, threads=1)
    report.paragraph(
        f"New parameters: plan {made:.1f} ms; the first second analysed with it {first:.1f} ms, "
        f"then {again:.1f} ms a second."
    )
    report.finish()


if __name__ == "__main__":
    main()
