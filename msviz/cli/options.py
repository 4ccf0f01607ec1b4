"""What the commands' options have in common."""

from __future__ import annotations

import io
import os
import re
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from msviz.errors import ParameterError

if TYPE_CHECKING:
    from click._termui_impl import ProgressBar

    from msviz.signal import Source

FilePath = click.Path(path_type=Path)


def seconds(_ctx: click.Context, _param: click.Parameter, value: str | None) -> float | None:
    """Seconds, or minutes:seconds, or hours:minutes:seconds."""
    if value is None:
        return None
    if not re.fullmatch(r"(\d+:){0,2}\d+(\.\d*)?|\.\d+", value):
        raise click.BadParameter(
            f"{value!r} is not a time: give seconds (83.5) or minutes and seconds (1:23.5)"
        )
    sum_s = 0.0
    for part in value.split(":"):
        sum_s = 60 * sum_s + float(part)
    return sum_s


def stretch(file: str | Path, source: Source, start_s: float, stop_s: float | None) -> tuple[float, float]:
    """What --start and --stop mean for a file, in seconds.

    Raises
    ------
    ParameterError
        If there is nothing between them.
    """
    duration_s = source.length / source.rate
    stop_s = duration_s if stop_s is None else min(stop_s, duration_s)
    if start_s >= stop_s:
        raise ParameterError(
            f"--start {start_s:g} s must come before --stop ({stop_s:g} s), "
            f"and {file} ends at {duration_s:g} s."
        )
    return start_s, stop_s


def require_another(out: Path, given: str | Path, what: str) -> None:
    """Refuse to write over what is read, by whatever name it goes.

    Raises
    ------
    ParameterError
        If both are the same file.
    """
    if os.path.exists(out) and os.path.exists(given) and out.samefile(given):
        raise ParameterError(f"{out} is the {what} itself: give the result a name of its own.")


def progress(label: str, length: int) -> ProgressBar[Any]:
    """A bar on a terminal, and nothing elsewhere."""
    return click.progressbar(
        length=length, label=label, file=sys.stderr if sys.stderr.isatty() else io.StringIO()
    )
