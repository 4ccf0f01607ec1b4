"""Converting many files: what a second process gains, and the memory that a long file takes.

    python -m benchmarks.convert [--repeats N] [--quick] [--folder FOLDER]

Gains stand beside those of two processes that do plain FFTs, which show what the machine can give; both are
measured in turns.  The long file needs room: two gigabytes of sound, and what it becomes (three as levels,
forty as complex64).
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

import soundfile

from benchmarks.measure import Report, machine, options, plain_fft
from benchmarks.tracks import make_track
from msviz.convert import Job, Outcome, Settings, convert, plan
from msviz.demos import demo_tracks

FILES = 16
FILE_S = 30
MOST_MB = 400


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
    command = [sys.executable, "-c", "from msviz.cli import main; main()", "convert", str(track)]
    begin = time.perf_counter()
    process = subprocess.Popen(
        [*command, "-o", str(out), "--overwrite", "--content", content], stdout=subprocess.DEVNULL
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
    chosen = parser.parse_args()
    report = Report("convert", chosen.markdown)
    report.paragraph(f"{machine()}. Stereo at 44.1 kHz, {Settings()}.")
    with tempfile.TemporaryDirectory(dir=chosen.folder) as name:
        folder = Path(name)
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
