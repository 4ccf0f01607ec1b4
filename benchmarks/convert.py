"""Converting files: how long the command takes, what a second process gains, the memory of a long file.

    python -m benchmarks.convert [--repeats N] [--quick] [--folder FOLDER] [--before CHECKOUT]

With --before, the command of another checkout of msviz is measured in turns with this one.  Gains stand
beside those of two processes that do plain FFTs, which show what the machine can give; both are measured in
turns.  The long file needs room: two gigabytes of sound, and what it becomes (three as levels, forty as
complex64).
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path
from statistics import median

import numpy as np
import soundfile

from benchmarks.measure import Report, machine, options, plain_fft
from benchmarks.tracks import make_track
from msviz.convert import Job, Outcome, Settings, convert, plan
from msviz.demos import demo_tracks

FILES = 16
FILE_S = 30
MOST_MB = 400
MANY = 100  # files

HERE = Path(__file__).parent.parent
COMMAND = [sys.executable, "-c", "from msviz.cli import main; main()", "convert"]


def make_files(folder: Path, seconds: float) -> list[Job]:
    """Stereo files of a demo track, and the jobs that convert them."""
    samples, rate = soundfile.read(demo_tracks()["House"], dtype="int16", frames=round(seconds * 44100))
    (folder / "in").mkdir()
    for number in range(FILES):
        soundfile.write(folder / "in" / f"{number}.flac", samples, rate)
    return plan([folder / "in"], folder / "out", overwrite=True)


def convert_all(jobs: list[Job], processes: int) -> None:
    """Convert, and make sure of it."""
    for event in convert(jobs, processes=processes):
        if isinstance(event, Outcome) and event.state != "converted":
            raise RuntimeError(event.reason)


def plain_ffts(points: float, processes: int) -> None:
    """As many points through SciPy's FFT, shared among processes."""
    with ProcessPoolExecutor(processes, mp_context=get_context("spawn")) as pool:
        list(pool.map(plain_fft, [points / FILES] * FILES))


def seconds(work: Callable[..., None], *arguments: object) -> float:
    """How long it takes."""
    begin = time.perf_counter()
    work(*arguments)
    return time.perf_counter() - begin


def command_seconds(checkout: Path, source: Path, content: str) -> float:
    """How long `msviz convert` of a checkout takes, its start included."""
    out = source.parent / "out"
    begin = time.perf_counter()
    subprocess.run(
        [*COMMAND, str(source), "-o", str(out), "--content", content],
        check=True,
        capture_output=True,
        cwd=source.parent,  # not in a checkout, whose msviz would be imported
        env={**os.environ, "PYTHONPATH": str(checkout)},
    )
    took = time.perf_counter() - begin
    shutil.rmtree(out)
    return took


def commands(folder: Path, checkouts: list[Path], repeats: int, many: int) -> list[list[str]]:
    """Rows of seconds that the command takes for a short file, for one of 30 s, and for many of these."""
    samples, rate = soundfile.read(demo_tracks()["House"], dtype="int16")
    folder.joinpath("many").mkdir()
    sources = {"1 s": folder / "short.flac", "30 s": folder / "30s.flac", f"{many} × 30 s": folder / "many"}
    soundfile.write(sources["1 s"], samples[:rate], rate)
    soundfile.write(sources["30 s"], np.resize(samples, (30 * rate, samples.shape[1])), rate)
    for number in range(many):
        shutil.copy(sources["30 s"], folder / "many" / f"{number}.flac")
    rows = []
    for name, source in sources.items():
        for content in ("levels", "complex64"):
            runs = [
                [command_seconds(checkout, source, content) for checkout in checkouts]
                for _ in range(1 if source.is_dir() else repeats)
            ]
            took = [median(column) for column in zip(*runs, strict=True)]
            ratio = [f"{took[0] / took[1]:.2f}"] if len(took) > 1 else []
            rows.append([f"{name}, {content}", *(f"{s:.2f}" for s in took), *ratio])
    return rows


def gains(folder: Path, repeats: int, length_s: float) -> tuple[float, float, float, float]:
    """Seconds with one process and with two, how much faster two are, and how much with plain FFTs."""
    jobs = make_files(folder, length_s)
    points = 20e6 * length_s * FILES / 4  # takes about as long
    convert_all(jobs, 2)
    rows = []
    for _ in range(repeats):
        one, two = seconds(convert_all, jobs, 1), seconds(convert_all, jobs, 2)
        plain_one, plain_two = seconds(plain_ffts, points, 1), seconds(plain_ffts, points, 2)
        rows.append((one, two, one / two, plain_one / plain_two))
    a, b, gain, plain = (median(column) for column in zip(*rows, strict=True))
    return a, b, gain, plain


def long_file(folder: Path, hours: float, content: str) -> tuple[float, float, float]:
    """Minutes that a long file takes, the most memory of any process in MB, and gigabytes on disk."""
    track, out = folder / "long.wav", folder / "long.zarr"
    if not track.exists():
        make_track(track, 60 * hours)
    begin = time.perf_counter()
    process = subprocess.Popen(
        [*COMMAND, str(track), "-o", str(out), "--overwrite", "--content", content], stdout=subprocess.DEVNULL
    )
    _, status, usage = os.wait4(process.pid, 0)  # the most that it or a process that it started has held
    took = (time.perf_counter() - begin) / 60
    if status:
        raise RuntimeError(f"the conversion ended with status {status}")
    size = sum(path.stat().st_size for path in out.rglob("*") if path.is_file())
    shutil.rmtree(out)
    return took, usage.ru_maxrss * (1 if sys.platform == "darwin" else 1024) / 1e6, size / 1e9


def main() -> None:
    """Measure and print."""
    parser = options(__doc__, repeats=3)
    parser.add_argument("--folder", help="where there is room (that for temporary files)")
    parser.add_argument("--content", nargs="*", default=["complex64", "levels"], help="of the long file")
    parser.add_argument("--before", type=Path, help="another checkout of msviz, to compare with")
    chosen = parser.parse_args()
    report = Report("convert", chosen.markdown)
    report.paragraph(f"{machine()}. Stereo at 44.1 kHz, {Settings()}.")
    with tempfile.TemporaryDirectory(dir=chosen.folder) as name:
        folder = Path(name)
        checkouts = [HERE, *([chosen.before.resolve()] if chosen.before else [])]
        report.table(
            ("msviz convert, s", "now", *(["before", "now / before"] if chosen.before else [])),
            commands(folder, checkouts, chosen.repeats, 4 if chosen.quick else MANY),
        )
        length_s = FILE_S / 3 if chosen.quick else FILE_S
        one, two, gain, plain = gains(folder, 1 if chosen.quick else chosen.repeats, length_s)
        report.table(
            (f"{FILES} files of {length_s:g} s", "one process", "two", "gain", "plain FFTs gain"),
            [["convert, s", f"{one:.1f}", f"{two:.1f}", f"{gain:.2f}", f"{plain:.2f}"]],
        )
        shutil.rmtree(folder / "in")
        shutil.rmtree(folder / "out")
        hours = 0.2 if chosen.quick else 3
        rows = []
        for content in chosen.content:
            minutes, most, size = long_file(folder, hours, content)
            rows.append(
                [f"{hours:g} h, {content}", f"{minutes:.1f}", f"{most:.0f}", str(MOST_MB), f"{size:.1f}"]
            )
        report.table(("one file", "minutes", "peak MB", "at most", "GB on disk"), rows)
    report.finish()


if __name__ == "__main__":
    main()
