"""`msviz render`."""

from __future__ import annotations

import os
import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import click

from msviz.cli.drawing import KINDS, POOLS, Drawing, PictureJob, Settings, draw, draw_job
from msviz.cli.options import print_problems, require_another, seconds
from msviz.cli.reports import followed, report
from msviz.defaults import DEFAULTS
from msviz.errors import ParameterError

_PICTURES = (".png", ".jpg", ".jpeg", ".svg")
COLOURS = ("magma", "inferno", "viridis", "cividis", "grey")
LOWEST_DB, HIGHEST_DB = -119, 7  # the range of levels
_OCTAVES = {"bins_per_octave": int, "resolution": float, "gamma": float, "fmin": float}


def _pixels(_ctx: click.Context, _param: click.Parameter, value: str) -> tuple[int, int]:
    """WIDTHxHEIGHT in pixels."""
    match = re.fullmatch(r"(\d+)[xX×](\d+)", value)
    if not match:
        raise click.BadParameter(f"{value!r} is not a size: use WIDTHxHEIGHT in pixels (1600x900)")
    width, height = int(match[1]), int(match[2])
    if not (200 <= width <= 20_000 and 150 <= height <= 20_000):
        raise click.BadParameter(f"{value} is not between 200x150 and 20000x20000 pixels")
    return width, height


def _decibels(_ctx: click.Context, _param: click.Parameter, value: str) -> tuple[float, float]:
    """FLOOR:CEILING in dB."""
    number = r"[-+−]?\d+(?:\.\d*)?"
    match = re.fullmatch(rf"({number}):({number})", value)
    if not match:
        raise click.BadParameter(
            f"{value!r} is not a range: use the lowest and the highest level in dB (-80:0)"
        )
    floor, ceiling = (float(text.replace("−", "-")) for text in match.groups())
    if not LOWEST_DB <= floor < ceiling <= HIGHEST_DB:
        raise click.BadParameter(f"{value} is not a rising range within {LOWEST_DB} to {HIGHEST_DB} dB")
    return floor, ceiling


def _octaves(_ctx: click.Context, _param: click.Parameter, value: str | None) -> Settings:
    """A preset's name, and parameters: Notes,fmin=40."""
    from msviz.defaults import PRESETS

    found: dict[str, Any] = {}
    presets = {name.lower(): parameters for name, parameters in PRESETS.items()}
    for part in filter(None, re.split(r"[,\s]+", value or "")):
        name, equals, text = part.partition("=")
        if not equals and name.lower() in presets:
            found |= presets[name.lower()]
            continue
        if not equals or name not in _OCTAVES:
            raise click.BadParameter(
                f"{part!r} is neither a preset ({', '.join(PRESETS)}) nor a parameter "
                f"({', '.join(_OCTAVES)}) with a value, such as resolution=24"
            )
        try:
            found[name] = _OCTAVES[name](text)
        except ValueError:
            raise click.BadParameter(f"{name} must be a number, not {text!r}") from None
    return tuple(found.items())


def _channel(_ctx: click.Context, _param: click.Parameter, value: str) -> str:
    return value.lower()


@click.command()
@click.argument("files", metavar="FILE|FOLDER...", nargs=-1, required=True)
@click.option(
    "-o",
    "--output",
    required=True,
    help="Output picture, .png, .jpg or .svg; for several files a folder.",
)
@click.option(
    "--start",
    metavar="TIME",
    callback=seconds,
    default="0",
    help="Start time, in seconds or as m:ss.  [the beginning]",
)
@click.option("--stop", metavar="TIME", callback=seconds, help="Stop time.  [the end]")
@click.option("--low", metavar="HZ", type=click.FloatRange(0, min_open=True), help="Lowest frequency.  [all]")
@click.option(
    "--high", metavar="HZ", type=click.FloatRange(0, min_open=True), help="Highest frequency.  [all]"
)
@click.option(
    "--channel",
    default="mix",
    metavar="CHANNEL",
    callback=_channel,
    help="mix, left, right, mid, side, any (the loudest), a number from 1, or a name such as LFE.  [mix]",
)
@click.option(
    "--track", metavar="N", type=click.IntRange(min=1), default=1, help="Audio track of a video.  [1]"
)
@click.option(
    "--view",
    type=click.Choice(["octaves", "stft", "both", "curtain"]),
    help="What to show.  [both]",
)
@click.option(
    "--kind",
    type=click.Choice(list(KINDS)),
    default="standard",
    show_default=True,
    help="How to draw the octaves.",
)
@click.option(
    "--octaves",
    metavar="PARAMETERS",
    callback=_octaves,
    help="A preset and parameters, separated by commas: Balanced, Beats, Notes, Ear; resolution=24, "
    "bins_per_octave=48, gamma=0, fmin=20.",
)
@click.option(
    "--window", metavar="SAMPLES", type=int, help=f"STFT window.  [93 ms: {DEFAULTS.window} at 44.1 kHz]"
)
@click.option("--hop", metavar="SAMPLES", type=int, help="STFT hop.  [a quarter of the window]")
@click.option(
    "--pool",
    type=click.Choice(list(POOLS)),
    default="peak",
    show_default=True,
    help="How to combine several frames in a pixel.",
)
@click.option(
    "--range",
    "levels",
    metavar="DB:DB",
    callback=_decibels,
    default="-80:0",
    show_default=True,
    help="Levels of the darkest and the brightest colour.",
)
@click.option(
    "--gain", metavar="DB", type=click.FloatRange(-100, 100), default=0.0, help="Brighten the picture.  [0]"
)
@click.option("--colours", type=click.Choice(COLOURS), default="magma", show_default=True, help="Colour map.")
@click.option(
    "--axis", type=click.Choice(["hz", "notes"]), default="hz", show_default=True, help="Frequency labels."
)
@click.option("--linear", is_flag=True, help="Show the STFT on a linear frequency axis.")
@click.option("--smooth", is_flag=True, help="Smooth the picture between cells.")
@click.option("--waveform", is_flag=True, help="Show the waveform above the pictures.")
@click.option("--title", is_flag=True, help="Show the file name and the range.")
@click.option("--no-axes", is_flag=True, help="Draw only the pictures, from edge to edge.")
@click.option(
    "--theme",
    type=click.Choice(["dark", "light"]),
    default="dark",
    show_default=True,
    help="Colours around the pictures.",
)
@click.option(
    "--size",
    metavar="WIDTHxHEIGHT",
    callback=_pixels,
    default="1600x900",
    show_default=True,
    help="Picture size in pixels.",
)
@click.option(
    "--format",
    "suffix",
    type=click.Choice(["png", "jpg", "svg"]),
    default="png",
    show_default=True,
    help="File format of pictures in a folder.",
)
@click.option(
    "--jobs",
    metavar="N",
    type=click.IntRange(min=1),
    help="How many files to draw at a time.  [one per processor]",
)
@click.option("--strict", is_flag=True, help="Fail on files that are damaged or cut short.")
@click.option("--json", "as_json", is_flag=True, help="Print a JSON report on several files.")
def render(
    files: tuple[str, ...],
    output: str,
    suffix: str,
    jobs: int | None,
    as_json: bool,
    start: float,
    stop: float | None,
    levels: tuple[float, float],
    gain: float,
    axis: str,
    window: int | None,
    hop: int | None,
    low: float | None,
    high: float | None,
    track: int,
    linear: bool,
    smooth: bool,
    waveform: bool,
    no_axes: bool,
    **rest: Any,
) -> None:
    """Draw files as pictures, as in the window but without a display.

    A file is audio, - for standard input, or a converted file, which keeps its own parameters.  A picture
    is a .png, .jpg or .svg; an SVG has a title, and axes that can be edited.  The pictures of several
    files, or of all audio files in folders, go into a folder.
    """
    if not output:
        raise click.UsageError("--output is empty: give the picture a name.")
    picture = Path(output)
    if low is not None and high is not None and low >= high:
        raise click.UsageError(f"--low {low:g} must be below --high {high:g}.")
    drawing = Drawing(
        start_s=start,
        stop_s=stop,
        low_hz=low,
        high_hz=high,
        floor_db=levels[0] - gain,
        ceiling_db=levels[1] - gain,
        stft=_stft(window, hop),
        look=(
            ("notes", axis == "notes"),
            ("linear", linear),
            ("smooth", smooth),
            ("waveform", waveform),
            ("axes", not no_axes),
        ),
        track=track - 1,
        **rest,
    )
    folders = any(os.path.isdir(file) and not _is_representation(file) for file in files)
    if len(files) == 1 and not folders and not os.path.isdir(picture):
        require_another(picture, files[0], "input")
        print_problems(
            files[0], draw(Path(files[0]) if "://" not in files[0] else files[0], picture, drawing)
        )
        return
    if picture.suffix.lower() in _PICTURES and not os.path.isdir(picture):
        raise click.UsageError(f"{picture} is a single picture: several files need a folder.")
    if "-" in files:
        raise click.UsageError("standard input must be drawn alone, to a single picture.")
    _draw_all(files, picture, f".{suffix}", drawing, jobs, as_json=as_json)


def _is_representation(file: str) -> bool:
    from msviz.tracks import is_representation

    return is_representation(file)


def _draw_all(
    files: Sequence[str],
    folder: Path,
    suffix: str,
    drawing: Drawing,
    processes: int | None,
    *,
    as_json: bool,
) -> None:
    """Draw many files, several at a time, and print a report."""
    from msviz.convert import find, in_processes
    from msviz.convert.naming import names

    if folder.exists() and not folder.is_dir():
        raise ParameterError(f"{folder} is a file: choose a folder for the pictures.")
    found = find(files)
    planned = [
        PictureJob(file.source, str(folder / inside), drawing, file.size, taken_by)
        for file, (inside, taken_by) in zip(found.files, names(found.files, suffix), strict=True)
    ]
    outcomes = followed(planned, in_processes(planned, draw_job, "drawn", processes=processes))
    report(outcomes, found.passed_over, "drawn", as_json=as_json)


def _stft(window: int | None, hop: int | None) -> Settings:
    """Parameters of the STFT that differ from the defaults."""
    if window is None and hop is None:
        return ()
    window = window or 4096
    hop = hop or max(1, window // 4)
    if window < 2:
        raise click.UsageError(f"--window must be at least 2 samples, not {window}.")
    if not 1 <= hop <= window:
        raise click.UsageError(f"--hop must be from 1 to the window's {window} samples, not {hop}.")
    return (("window", window), ("hop", hop))
