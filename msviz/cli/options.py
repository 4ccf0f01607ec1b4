"""What the commands' options have in common."""

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
_MOST_PROBLEMS = 5  # of a file that are told as text


class _StandardInput(io.BufferedReader):
    """Standard input as a file that can seek, with a name for people."""

    @property
    def name(self) -> str:
        return "standard input"


def given(name: str | os.PathLike[str]) -> File:
    """What a command was given to read: a path or address as it is, for "-" standard input.

    A pipe, which cannot seek, is copied to an unnamed temporary file first, which goes with the command.

    Raises
    ------
    AudioError
        If standard input is a terminal or is empty, or there is no room for a copy of it.
    """
    if os.fspath(name) != "-":
        return name
    if sys.stdin is None:  # of a window without a console
        raise AudioError("There is no standard input to read from.")
    stdin: Any = sys.stdin.buffer
    if stdin.isatty():
        raise AudioError("Standard input is a terminal: send a file to it (msviz info - < track.wav).")
    try:
        # What has been read in part already would be read again from its beginning.
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


def tell(file: str, problems: Sequence[str]) -> None:
    """Say on standard error what is wrong with the sound of a file, a line each."""
    for problem in problems[:_MOST_PROBLEMS]:
        click.echo(f"msviz: {file} {problem}.", err=True)
    if len(problems) > _MOST_PROBLEMS:
        more = len(problems) - _MOST_PROBLEMS
        click.echo(f"msviz: {file} has {more} more problems: --json lists them all.", err=True)


def progress(label: str, length: int) -> ProgressBar[Any]:
    """A bar on a terminal, and nothing elsewhere."""
    return click.progressbar(
        length=length, label=label, file=sys.stderr if sys.stderr.isatty() else io.StringIO()
    )
