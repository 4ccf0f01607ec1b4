"""What the benchmarks share: processes of their own, the memory that they take, tables, the machine."""

from __future__ import annotations

import argparse
import os
import platform
import resource
import sys
import time
import warnings
from collections.abc import Callable, Sequence
from concurrent.futures import ProcessPoolExecutor
from importlib.metadata import version
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import numpy as np
from scipy import fft

from msviz.cpus import available_cpus

RATE = 44100

#: What numeric libraries read, when they are loaded, to know how many threads to start.
THREAD_VARIABLES = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "NUMBA_NUM_THREADS")

PLAIN_FFT = np.random.default_rng(1).standard_normal((64, 1024, 2), np.float32).view(np.complex64)[..., 0]


def in_process(work: Callable[..., Any], *arguments: Any, threads: int) -> Any:
    """What `work` returns, from a new process whose numeric libraries have so many threads.

    Raises
    ------
    concurrent.futures.process.BrokenProcessPool
        If the process died.
    """
    os.environ.update(dict.fromkeys(THREAD_VARIABLES, str(threads)))
    with ProcessPoolExecutor(1, mp_context=get_context("spawn"), initializer=_quiet) as pool:
        return pool.submit(work, *arguments).result()


def _quiet() -> None:
    """What libraries print belongs into no table."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
    warnings.simplefilter("ignore")


def seconds(work: Callable[..., Any], *arguments: Any, **keywords: Any) -> tuple[float, Any]:
    """How long `work` took, and what it returned."""
    begin = time.perf_counter()
    result = work(*arguments, **keywords)
    return time.perf_counter() - begin, result


def plain_fft(points: float) -> None:
    """The yardstick: that many complex points through SciPy's FFT, in rows and batches that suit it."""
    for _ in range(round(points / PLAIN_FFT.size)):
        fft.ifft(PLAIN_FFT, norm="ortho", workers=1)


def peak_mb() -> float:
    """The most memory that this process has held so far, in MB."""
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak / 1e6 if sys.platform == "darwin" else peak * 1024 / 1e6


def held_mb() -> float:
    """The memory that this process holds now, in MB; where the system does not tell, the most so far."""
    statm = Path("/proc/self/statm")
    return int(statm.read_text().split()[1]) * resource.getpagesize() / 1e6 if statm.exists() else peak_mb()


def machine() -> str:
    """Where this runs."""
    model = platform.processor() or platform.machine()
    cpuinfo = Path("/proc/cpuinfo")
    if cpuinfo.exists():
        named = [line for line in cpuinfo.read_text().splitlines() if line.startswith("model name")]
        model = named[0].partition(":")[2].strip() if named else model
    libraries = ", ".join(f"{name} {version(name.lower())}" for name in ("NumPy", "SciPy"))
    system = f"{platform.system()}, Python {platform.python_version()}"
    return f"{model}, {available_cpus()} cores; {system}, {libraries}"


def options(description: str, repeats: int) -> argparse.ArgumentParser:
    """The options that every benchmark of the transform has."""
    parser = argparse.ArgumentParser(
        description=description, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument(
        "--repeats", type=int, default=repeats, help="runs to take the median of (%(default)s)"
    )
    parser.add_argument("--quick", action="store_true", help="a glance: short signals, few runs")
    parser.add_argument(
        "--markdown",
        nargs="?",
        const="-",
        metavar="FILE",
        help="print Markdown; with FILE, put it there between this benchmark's marks",
    )
    return parser


class Report:
    """Paragraphs and tables: shown as they come, or gathered as Markdown."""

    def __init__(self, name: str, markdown: str | None) -> None:
        self.name = name
        self.markdown = markdown
        self._parts: list[str] = []

    def paragraph(self, text: str) -> None:
        """One line of prose."""
        self._add(text)

    def table(self, header: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
        """A table, its first column to the left, the others to the right."""
        widths = [max(map(len, column)) for column in zip(header, *rows, strict=True)]
        between, edge = (" | ", "|") if self.markdown else ("  ", "")

        def line(cells: Sequence[str]) -> str:
            padded = [cells[0].ljust(widths[0]), *map(str.rjust, cells[1:], widths[1:])]
            return f"{edge} {between.join(padded)} {edge}".rstrip()

        lines = [line(header), *map(line, rows)]
        if self.markdown:
            lines.insert(1, line(["-" * widths[0], *("-" * (w - 1) + ":" for w in widths[1:])]))
        self._add("\n".join(lines))

    def _add(self, part: str) -> None:
        self._parts.append(part)
        if self.markdown in (None, "-"):
            print(part, end="\n\n", flush=True)

    def finish(self) -> None:
        """Put what was gathered where it belongs."""
        if self.markdown in (None, "-"):
            return
        page = Path(self.markdown)
        begin, end = f"<!-- {self.name} -->\n", f"<!-- end of {self.name} -->\n"
        before, _, rest = page.read_text().partition(begin)
        after = rest.partition(end)[2]
        page.write_text(before + begin + "\n".join([*(f"{p}\n" for p in self._parts), end]) + after)
