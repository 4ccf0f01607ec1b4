"""Measure one transform as a command: the protocol between `benchmarks.transform` and what it compares.

    python -m benchmarks.peer NAME SAMPLES RATE THREADS REPEATS

Every transform of the table is such a command.  `benchmarks.transform --peer "NAME=COMMAND"` adds others,
in any language.  Four arguments are appended to the command:

- SAMPLES: a file of raw float32 samples of one channel, in the byte order of the machine;
- RATE: the sampling rate in Hz;
- THREADS: how many threads to use;
- REPEATS: how many runs to take the median of, after one that does not count.

The last line that the command prints is one JSON object:

- "version": a string;
- "analysis_s", "synthesis_s": median seconds of one run;
- "reals": how many real numbers all coefficients are; a complex one counts two;
- "error_db": the norm of the error over that of the signal, in dB;
- "peak_mb": the most memory used by analysis and synthesis, without libraries and signal;
- "fft_s": median seconds of a plain FFT of as many reals, measured in turn with the transform.

A number is null, or missing, if the transform has no inverse or the command does not measure it; only
"version", "analysis_s" and "reals" are required.  A command that fails exits with another status than 0, and
the last line of its standard error says why.

A Python script for another transform needs only its two functions:

    import sys
    from benchmarks.peer import run

    def build(rate, length, threads):
        return analyze, synthesize  # samples (n,) to coefficients, and back; synthesize may be None

    run(build, "1.0", *sys.argv[1:])
"""

from __future__ import annotations

import json
import math
import os
import sys
import time
import warnings
from importlib.metadata import version
from statistics import median
from typing import NamedTuple

import numpy as np

from benchmarks.measure import PLAIN_FFT, held_mb, peak_mb, plain_fft, seconds
from benchmarks.peers import PEERS, Build, reals

PATIENCE_S = 8.0  # slow transforms are not repeated after this time, but
FEWEST = 3  # runs are always made


class Record(NamedTuple):
    """What one transform did with one signal: one JSON object, None for what it does not do."""

    version: str
    analysis_s: float
    reals: int
    synthesis_s: float | None = None
    error_db: float | None = None
    peak_mb: float | None = None
    fft_s: float | None = None

    @classmethod
    def parse(cls, line: str) -> Record:
        """The record of a JSON line.

        Raises
        ------
        ValueError
            If it is none; the message says what is wrong.
        """
        try:
            values = json.loads(line)
        except ValueError:
            values = None
        if not isinstance(values, dict):
            raise ValueError("printed no JSON object")
        for field in cls._fields:
            value = values.get(field)
            if value is None:
                if field not in cls._field_defaults:
                    raise ValueError(f"its JSON lacks {field}")
            elif field == "version":
                if not isinstance(value, str):
                    raise ValueError("version is not a string")
            elif isinstance(value, bool) or not isinstance(value, int | float) or math.isnan(value):
                raise ValueError(f"{field} is not a number")
            elif value <= 0 and field not in ("error_db", "peak_mb"):
                raise ValueError(f"{field} is not positive")
        return cls(**{field: values.get(field) for field in cls._fields})

    def line(self) -> str:
        """The JSON line."""
        return json.dumps(self._asdict())


def measure(build: Build, version: str, samples: np.ndarray, rate: int, threads: int, repeats: int) -> Record:
    """Run a transform in this process."""
    analyze, synthesize = build(rate, len(samples), threads)
    before = held_mb()
    coefficients = analyze(samples)
    count = reals(coefficients)
    rebuilt = synthesize(coefficients) if synthesize else None
    # The plain FFT does whole batches only; its time is scaled to as many points as the transform has.
    timed = max(1, round(count / 2 / PLAIN_FFT.size)) * PLAIN_FFT.size
    times: list[tuple[float, float, float]] = []
    begin = time.perf_counter()
    while len(times) < repeats:
        if len(times) >= FEWEST and time.perf_counter() - begin > PATIENCE_S:
            break
        plain, _ = seconds(plain_fft, timed)
        coefficients = rebuilt = None  # free them before the next ones take their place
        forth, coefficients = seconds(analyze, samples)
        back, rebuilt = seconds(synthesize, coefficients) if synthesize else (0.0, None)
        times.append((plain * count / 2 / timed, forth, back))
    peak = peak_mb() - before
    plain, forth, back = map(median, zip(*times, strict=True))
    if rebuilt is None:
        return Record(version, forth, count, peak_mb=peak, fft_s=plain)
    exact = samples.astype(np.float64)
    with np.errstate(divide="ignore"):  # an exact inverse
        error_db = float(20 * np.log10(np.linalg.norm(rebuilt - exact) / np.linalg.norm(exact)))
    return Record(version, forth, count, back, error_db, peak, plain)


def run(build: Build, version: str, samples: str, rate: str, threads: str, repeats: str) -> None:
    """Measure a transform as the command's arguments say, and print its JSON line."""
    out = os.dup(1)
    os.dup2(2, 1)  # what libraries print is not part of the answer
    warnings.simplefilter("ignore")
    try:
        record = measure(
            build, version, np.fromfile(samples, np.float32), int(rate), int(threads), int(repeats)
        )
    except ImportError as error:
        sys.exit(f"not installed ({error.name})" if error.name else f"cannot be loaded: {error}")
    os.write(out, f"{record.line()}\n".encode())


def main(name: str, *arguments: str) -> None:
    """Measure a transform of `benchmarks.peers`."""
    peer = next((peer for peer in PEERS if peer.name == name), None)
    if peer is None:
        sys.exit(f"no transform is called {name!r}")
    try:
        installed = version(peer.distribution)
    except ImportError:
        sys.exit("not installed")
    run(peer.build, installed, *arguments)


if __name__ == "__main__":
    if len(sys.argv) != 6:
        sys.exit(__doc__)
    main(*sys.argv[1:])
