"""What a representation takes on disk and what writing and reading it costs, beside the sound itself.

    python -m benchmarks.storage [--repeats N] [--quick] [--markdown [FILE]]

The demo tracks, in stereo, with the transforms' defaults.  Times are of the processor, one thread for the
transform, in proportion to the analysis of the same track: medians over the tracks and runs.
"""

from __future__ import annotations

import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from statistics import mean, median
from typing import Any, NamedTuple

import numpy as np
import soundfile

from benchmarks.measure import Report, machine, options
from msviz import STFT, OctaveTransform, Signal, demo_tracks, load, read_audio, save
from msviz.storage import CONTENTS

COLUMNS = ("file", "MB a minute", "from", "to", "of WAV", "write / analyse", "read / analyse", "error dB")


class Measured(NamedTuple):
    """One file of one track: MB a minute, times in proportion to analysis, error; NaN for what is not."""

    size: float
    write: float = float("nan")
    read: float = float("nan")
    error_db: float = float("nan")


def cpu_seconds(work: Callable[..., Any], *arguments: Any, **keywords: Any) -> tuple[float, Any]:
    """How long the processors worked, and what came of it."""
    begin = time.process_time()
    result = work(*arguments, **keywords)
    return time.process_time() - begin, result


def on_disk(path: Path) -> int:
    """Bytes of a file, or of all in a folder."""
    return (
        sum(p.stat().st_size for p in path.rglob("*") if p.is_file())
        if path.is_dir()
        else path.stat().st_size
    )


def error_db(rebuilt: Signal, signal: Signal) -> float:
    """20·log10 of the norm of the difference over that of the signal."""
    difference = rebuilt.samples.astype(np.float64) - signal.samples
    return float(20 * np.log10(np.linalg.norm(difference) / np.linalg.norm(signal.samples)))


def stored(
    signal: Signal, folder: Path, transform: OctaveTransform | STFT, repeats: int
) -> dict[str, Measured]:
    """Every content of one track, compressed and not."""
    transform.analyze(signal)  # the plan is made once
    analysis, made = zip(*(cpu_seconds(transform.analyze, signal) for _ in range(repeats)), strict=True)
    minutes, found = signal.duration / 60, {}
    for content in CONTENTS[1:]:  # nothing here is in double precision
        for compress in (True, False):
            path = folder / "x.zarr"
            keywords = {"content": content, "compress": compress}
            write = median(cpu_seconds(save, made[0], path, **keywords)[0] for _ in range(repeats))
            file = load(path)
            whole = file.levels if content == "levels" else file.read
            read = median(cpu_seconds(whole)[0] for _ in range(repeats))
            error = float("nan") if content == "levels" else error_db(file.synthesize(), signal)
            name = content if compress else f"{content}, not compressed"
            found[name] = Measured(
                on_disk(path) / 1e6 / minutes, write / median(analysis), read / median(analysis), error
            )
    return found


def sound(signal: Signal, folder: Path) -> dict[str, Measured]:
    """The track as 16-bit WAV and FLAC."""
    sizes = {}
    for kind in ("WAV", "FLAC"):
        path = folder / f"x.{kind.lower()}"
        soundfile.write(path, signal.samples.T, signal.rate, "PCM_16")
        sizes[kind] = Measured(on_disk(path) / 1e6 / (signal.duration / 60))
    return sizes


def figure(value: float, digits: int) -> str:
    """A number for the table; nothing where there is none."""
    return "" if np.isnan(value) else f"{value:.{digits}f}"


def main() -> None:
    """Measure and print."""
    chosen = options(__doc__, repeats=5).parse_args()
    repeats = 1 if chosen.quick else chosen.repeats
    report = Report("storage", chosen.markdown)
    signals = [read_audio(path) for path in demo_tracks().values()]
    lengths = ", ".join(f"{signal.duration:.0f}" for signal in signals)
    report.paragraph(f"{machine()}. The four demo tracks, {lengths} s, stereo at 44.1 kHz.")
    rate = signals[0].rate
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        tracks = [sound(signal, folder) for signal in signals]
        wav = mean(track["WAV"].size for track in tracks)
        for title, transform in {"octaves": OctaveTransform(rate, workers=1), "STFT": STFT(rate)}.items():
            files = [
                {**made, **stored(signal, folder, transform, repeats)}
                for made, signal in zip(tracks, signals, strict=True)
            ]
            rows = []
            for kind in files[0]:
                runs = [file[kind] for file in files]
                sizes = [run.size for run in runs]
                rows.append(
                    [
                        kind,
                        f"{mean(sizes):.1f}",
                        f"{min(sizes):.1f}",
                        f"{max(sizes):.1f}",
                        f"{mean(sizes) / wav:.2f}",
                        figure(median(run.write for run in runs), 1),
                        figure(median(run.read for run in runs), 1),
                        figure(max(run.error_db for run in runs), 0),
                    ]
                )
            report.table((f"{COLUMNS[0]}: {title}", *COLUMNS[1:]), rows)
    report.finish()


if __name__ == "__main__":
    main()
