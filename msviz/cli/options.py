"""Shared by the options of all commands."""

from __future__ import annotations

import io
import os
import re
import shutil
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from msviz.errors import AudioError, ParameterError

if TYPE_CHECKING:
    from click._termui_impl import ProgressBar

    from msviz.audio.media import File
    from msviz.signal import Source

FilePath = click.Path(path_type=Path)
_MOST_PROBLEMS = 5  # of a file that are printed as text


class _StandardInput(io.BufferedReader):
    """Standard input as a seekable file with a name to show."""

    @property
    def name(self) -> str:
        return "standard input"


def given(name: str | os.PathLike[str]) -> File:
    """The input of a command: a path or address as it is, or standard input for "-".

    A pipe, which cannot seek, is first copied to an unnamed temporary file, deleted when the command ends.

    Raises
    ------
    AudioError
        If standard input is a terminal or is empty, or there is no room for a copy of it.
    """
    if os.fspath(name) != "-":
        return name
    if sys.stdin is None:  # in a windowed process without a console
        raise AudioError("There is no standard input to read from.")
    stdin: Any = sys.stdin.buffer
    if stdin.isatty():
        raise AudioError("Standard input is a terminal: redirect a file to it (msviz info - < track.wav).")
    try:
        # A file that was read in part already must not be read again from its beginning.
        file = _StandardInput(stdin if stdin.seekable() and stdin.tell() == 0 else _copied(stdin))
        size = file.seek(0, os.SEEK_END)
        file.seek(0)
    except OSError as error:
        raise AudioError(f"Standard input cannot be read: {error.strerror or error}.") from None
    click.get_current_context().call_on_close(file.close)
    if not size:
        raise AudioError("Standard input is empty (0 bytes).")
    return file


def _copied(stdin: Any) -> Any:
    import tempfile

    from msviz.audio.decode import scratch_folder

    copy = tempfile.TemporaryFile(buffering=0, prefix="msviz-", dir=scratch_folder())  # noqa: SIM115
    try:
        shutil.copyfileobj(stdin, copy, 1 << 20)
    except BaseException:
        copy.close()
        raise
    return copy


def seconds(_ctx: click.Context, _param: click.Parameter, value: str | None) -> float | None:
    """Seconds, or minutes:seconds, or hours:minutes:seconds."""
    if value is None:
        return None
    if not re.fullmatch(r"(\d+:){0,2}\d+(\.\d*)?|\.\d+", value):
        raise click.BadParameter(
            f"{value!r} is not a time: use seconds (83.5) or minutes and seconds (1:23.5)"
        )
    sum_s = 0.0
    for part in value.split(":"):
        sum_s = 60 * sum_s + float(part)
    return sum_s


def time_range(file: str | Path, source: Source, start_s: float, stop_s: float | None) -> tuple[float, float]:
    """The range that --start and --stop select in a file, in seconds.

    Raises
    ------
    ParameterError
        If it is empty.
    """
    duration_s = source.length / source.rate
    stop_s = duration_s if stop_s is None else min(stop_s, duration_s)
    if start_s >= stop_s:
        raise ParameterError(
            f"--start ({start_s:g} s) must be before --stop ({stop_s:g} s), "
            f"and {file} is {duration_s:g} s long."
        )
    return start_s, stop_s


def require_another(out: Path, given: str | Path, what: str) -> None:
    """Refuse to overwrite an input, whatever names lead to it.

    Raises
    ------
    ParameterError
        If both are the same file.
    """
    if os.path.exists(out) and os.path.exists(given) and out.samefile(given):
        raise ParameterError(f"{out} is the {what} itself: choose another name for the output.")


def print_problems(file: str, problems: Sequence[str]) -> None:
    """Print the problems of a file to standard error, one per line."""
    for problem in problems[:_MOST_PROBLEMS]:
        click.echo(f"msviz: {file} {problem}.", err=True)
    if len(problems) > _MOST_PROBLEMS:
        more = len(problems) - _MOST_PROBLEMS
        click.echo(f"msviz: {file} has {more} more problems: --json lists them all.", err=True)


def progress(label: str, length: int) -> ProgressBar[Any]:
    """A progress bar on a terminal, nothing elsewhere."""
    return click.progressbar(
        length=length, label=label, file=sys.stderr if sys.stderr.isatty() else io.StringIO()
    )
