"""`msviz render`."""

from __future__ import annotations

import os
import re
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from msviz.cli.options import given, require_another, seconds, stretch, tell
from msviz.cli.reports import followed, report
from msviz.errors import MsvizError, ParameterError

if TYPE_CHECKING:
    from msviz.audio import AudioSource
    from msviz.convert import Events
    from msviz.signal import Source

_PICTURES = (".png", ".jpg", ".jpeg", ".svg")
COLOURS = ("magma", "inferno", "viridis", "cividis", "grey")
KINDS = {"standard": "coefficients", "reassigned": "reassigned", "combined": "combined"}
POOLS = {"peak": "peak", "mean": "mean power"}
CHANNELS = ("mix", "left", "right", "any", "mid", "side")
LOWEST_DB, HIGHEST_DB = -119, 7  # what levels can tell apart
_OCTAVES = {"bins_per_octave": int, "resolution": float, "gamma": float, "fmin": float}


Settings = tuple[tuple[str, Any], ...]
"""Names and values, so that what holds them can be compared."""


@dataclass(frozen=True)
class Drawing:
    """How files are drawn, whichever they are.

    Attributes
    ----------
    start_s, stop_s : float, float or None
        The stretch; None is the end.
    view : str or None
        "octaves", "stft", "both" or "curtain".
    size : tuple of int
        Width and height in pixels.
    channel : str
        A name, or a number from 1.
    low_hz, high_hz : float or None
    floor_db, ceiling_db : float
        The display range.
    colours : str
        One of `COLOURS`.
    octaves, stft : tuple of pairs
        Names and values of parameters that differ from the usual ones.
    kind, pool : str
        One of `KINDS`, one of `POOLS`.
    look : tuple of pairs
        What is on or off of the pictures, as `msviz.gui.figure.Look` has it.
    title : bool
    theme : str
    track : int
        Of the file's sound tracks, from 0.
    strict : bool
        Whether files with any damage are refused.
    """

    start_s: float = 0.0
    stop_s: float | None = None
    view: str | None = None
    size: tuple[int, int] = (1600, 900)
    channel: str = "mix"
    low_hz: float | None = None
    high_hz: float | None = None
    floor_db: float = -80.0
    ceiling_db: float = 0.0
    colours: str = "magma"
    octaves: Settings = ()
    stft: Settings = ()
    kind: str = "standard"
    pool: str = "peak"
    look: Settings = ()
    title: bool = False
    theme: str = "dark"
    track: int = 0
    strict: bool = False


def draw(file: Path | str, picture: Path, drawing: Drawing) -> list[str]:
    """Draw a file into a picture.

    Returns
    -------
    list of str
        What is to be said of the file: sentences without its name and the full stop.

    Raises
    ------
    MsvizError
        If it cannot be read or drawn so, or the picture cannot be written.
    """
    from msviz.audio import open_audio, problems, require_sound
    from msviz.audio.damage import clock
    from msviz.convert import StoredPicture, is_converted
    from msviz.storage import load

    with ExitStack() as opened:
        drawn: dict[str, Any] = {}
        view = drawing.view
        source: Source
        if is_converted(file):
            stored = load(file)
            kind = "stft" if stored.attributes["transform"] == "stft" else "octaves"
            if getattr(drawing, kind):
                raise ParameterError(f"{file} is drawn with the parameters that it was converted with.")
            if stored.content == "levels":
                if view not in (None, kind):
                    raise ParameterError(f"{file} holds levels, of which there is no other view than {kind}.")
                source = drawn[kind] = StoredPicture(stored)
                view = kind
            else:
                source, drawn[kind] = stored.source(), stored.transform
            told: AudioSource | Any = stored
        else:
            told = source = opened.enter_context(
                open_audio(given(file), track=drawing.track, wait=drawing.strict)
            )
            if drawing.stop_s is None or drawing.stop_s * source.rate > source.length:
                told.settle()
            if drawing.strict:
                for _ in told.check():
                    pass
        if drawing.strict:
            require_sound(str(file), problems(told))
        start_s, stop_s = stretch(file, source, drawing.start_s, drawing.stop_s)
        cancelled = _draw(source, picture, drawing, start_s, stop_s, view or "both", str(file), drawn, told)
        said = problems(told)
        if cancelled:
            begin, end = (clock(at / source.rate) for at in (cancelled[0].start, cancelled[-1].stop))
            said.append(
                f"has channels that cancel each other in the mix from {begin} to {end}: there, the picture "
                "shows the loudest of them"
            )
        return said


def _draw(
    source: Source,
    picture: Path,
    drawing: Drawing,
    start_s: float,
    stop_s: float,
    view: str,
    name: str,
    drawn: dict[str, Any],
    told: Any,
) -> list[range]:
    from msviz.gui.app import render
    from msviz.gui.colours import Colours
    from msviz.gui.figure import Look
    from msviz.gui.parameters import Parameters

    look = dict(drawing.look)
    svg = picture.suffix.lower() == ".svg"
    names = [each.lower() for each in getattr(told, "channel_names", ())]
    channel = drawing.channel
    if channel not in CHANNELS and channel in names:
        channel = str(names.index(channel) + 1)
    parameters = Parameters(
        **dict((*drawing.octaves, *drawing.stft)),
        channel=channel,
        drawn=KINDS[drawing.kind],
        pooled=POOLS[drawing.pool],
    )
    return sorted(
        render(
            source,
            picture,
            start_s=start_s,
            stop_s=stop_s,
            size=drawing.size,
            look=Look(
                shown=view,
                colours=Colours(drawing.colours, drawing.floor_db, drawing.ceiling_db),
                **look,
            ),
            parameters=parameters,
            low_hz=drawing.low_hz,
            high_hz=drawing.high_hz,
            # A drawing goes where nothing else tells what it shows.
            name=Path(name).name if (drawing.title or svg) and look.get("axes", True) else "",
            theme=drawing.theme,
            **drawn,
        ),
        key=lambda each: each.start,
    )


def _pixels(_ctx: click.Context, _param: click.Parameter, value: str) -> tuple[int, int]:
    """WIDTHxHEIGHT in pixels."""
    match = re.fullmatch(r"(\d+)[xX×](\d+)", value)
    if not match:
        raise click.BadParameter(f"{value!r} is not a size: give width and height in pixels (1600x900)")
    width, height = int(match[1]), int(match[2])
    if not (200 <= width <= 20_000 and 150 <= height <= 20_000):
        raise click.BadParameter(f"{value} is not between 200x150 and 20000x20000 pixels")
    return width, height


def _decibels(_ctx: click.Context, _param: click.Parameter, value: str) -> tuple[float, float]:
    """FLOOR:CEILING in dB."""
    number = r"[+-−]?\d+(?:\.\d*)?"
    match = re.fullmatch(rf"({number}):({number})", value)
    if not match:
        raise click.BadParameter(f"{value!r} is not a range: give the darkest and the brightest dB (-80:0)")
    floor, ceiling = (float(text.replace("−", "-")) for text in match.groups())
    if not LOWEST_DB <= floor < ceiling <= HIGHEST_DB:
        raise click.BadParameter(
            f"{value} does not go upwards between {LOWEST_DB} and {HIGHEST_DB} dB, what levels can tell"
        )
    return floor, ceiling


def _octaves(_ctx: click.Context, _param: click.Parameter, value: str | None) -> Settings:
    """A preset's name, and parameters: Notes,fmin=40."""
    from msviz.transform.presets import PRESETS

    found: dict[str, Any] = {}
    presets = {name.lower(): parameters for name, parameters in PRESETS.items()}
    for part in filter(None, re.split(r"[,\s]+", value or "")):
        name, equals, text = part.partition("=")
        if not equals and name.lower() in presets:
            found |= presets[name.lower()]
            continue
        if not equals or name not in _OCTAVES:
            raise click.BadParameter(
                f"{part!r} is neither a preset ({', '.join(PRESETS)}) nor one of "
                f"{', '.join(_OCTAVES)} with its value (resolution=24)"
            )
        try:
            found[name] = _OCTAVES[name](text)
        except ValueError:
            raise click.BadParameter(f"{name} is a number, not {text!r}") from None
    return tuple(found.items())


def _channel(_ctx: click.Context, _param: click.Parameter, value: str) -> str:
    return value.lower()


@click.command()
@click.argument("files", metavar="FILE|FOLDER...", nargs=-1, required=True)
@click.option(
    "-o",
    "--output",
    required=True,
    help="The picture to write, .png, .jpg or .svg; for several files a folder.",
)
@click.option(
    "--start",
    metavar="TIME",
    callback=seconds,
    default="0",
    help="Where it begins: seconds or m:ss.  [the start]",
)
@click.option("--stop", metavar="TIME", callback=seconds, help="Where it ends.  [the end]")
@click.option("--low", metavar="HZ", type=click.FloatRange(0, min_open=True), help="Lowest frequency.  [all]")
@click.option(
    "--high", metavar="HZ", type=click.FloatRange(0, min_open=True), help="Highest frequency.  [all]"
)
@click.option(
    "--channel",
    default="mix",
    metavar="CHANNEL",
    callback=_channel,
    help="mix, left, right, mid, side, any (the loudest), a number from 1, or a name: LFE.  [mix]",
)
@click.option(
    "--track", metavar="N", type=click.IntRange(min=1), default=1, help="Sound track of a video.  [1]"
)
@click.option(
    "--view",
    type=click.Choice(["octaves", "stft", "both", "curtain"]),
    help="What it shows.  [both]",
)
@click.option(
    "--kind",
    type=click.Choice(list(KINDS)),
    default="standard",
    show_default=True,
    help="How octaves are drawn.",
)
@click.option(
    "--octaves",
    metavar="PARAMETERS",
    callback=_octaves,
    help="A preset (Balanced, Beats, Notes, Ear), or resolution=24,bins_per_octave=48,gamma=0,fmin=20.",
)
@click.option("--window", metavar="SAMPLES", type=int, help="Window of the STFT.  [4096]")
@click.option("--hop", metavar="SAMPLES", type=int, help="Hop of the STFT.  [a quarter of the window]")
@click.option(
    "--pool",
    type=click.Choice(list(POOLS)),
    default="peak",
    show_default=True,
    help="What a pixel shows of several frames.",
)
@click.option(
    "--range",
    "levels",
    metavar="DB:DB",
    callback=_decibels,
    default="-80:0",
    show_default=True,
    help="Levels from the darkest colour to the brightest.",
)
@click.option(
    "--gain", metavar="DB", type=click.FloatRange(-100, 100), default=0.0, help="Makes all brighter.  [0]"
)
@click.option(
    "--colours", type=click.Choice(COLOURS), default="magma", show_default=True, help="The colour map."
)
@click.option(
    "--axis", type=click.Choice(["hz", "notes"]), default="hz", show_default=True, help="Frequencies as."
)
@click.option("--linear", is_flag=True, help="The STFT on a linear frequency axis.")
@click.option("--smooth", is_flag=True, help="Blend wide cells into each other.")
@click.option("--waveform", is_flag=True, help="The waveform above the pictures.")
@click.option("--title", is_flag=True, help="The file's name and what part of it is seen.")
@click.option("--no-axes", is_flag=True, help="The pictures alone, from edge to edge.")
@click.option(
    "--theme",
    type=click.Choice(["dark", "light"]),
    default="dark",
    show_default=True,
    help="Colours of what is around the pictures.",
)
@click.option(
    "--size",
    metavar="WIDTHxHEIGHT",
    callback=_pixels,
    default="1600x900",
    show_default=True,
    help="Its size in pixels.",
)
@click.option(
    "--format",
    "suffix",
    type=click.Choice(["png", "jpg", "svg"]),
    default="png",
    show_default=True,
    help="Of the pictures in a folder.",
)
@click.option(
    "--jobs",
    metavar="N",
    type=click.IntRange(min=1),
    help="How many of several files at a time.  [as many as there are processors]",
)
@click.option("--strict", is_flag=True, help="Refuse files that are cut or damaged.")
@click.option("--json", "as_json", is_flag=True, help="Report on several files as JSON.")
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
    """Draw files as the window does, without a display, into pictures.

    A file is audio, - for standard input, or a converted file, which is drawn with its own parameters.  A
    picture is a .png, .jpg or .svg; the last has a title, and axes that can be edited.  Of several files, and
    of all audio files in folders, the pictures go into a folder.
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
    folders = any(os.path.isdir(file) and not _is_converted(file) for file in files)
    if len(files) == 1 and not folders and not os.path.isdir(picture):
        require_another(picture, files[0], "input")
        tell(files[0], draw(Path(files[0]) if "://" not in files[0] else files[0], picture, drawing))
        return
    if picture.suffix.lower() in _PICTURES and not os.path.isdir(picture):
        raise click.UsageError(f"{picture} is one picture: give a folder for those of several files.")
    if "-" in files:
        raise click.UsageError("standard input is drawn by itself, into one picture.")
    _draw_all(files, picture, f".{suffix}", drawing, jobs, as_json=as_json)


def _is_converted(file: str) -> bool:
    from msviz.convert import is_converted

    return is_converted(file)


@dataclass(frozen=True)
class PictureJob:
    """One file to draw, with all that whoever draws it has to know.

    Attributes
    ----------
    source, target : str
    drawing : Drawing
    size : int
        Bytes of the source, 0 where they are not known.
    taken_by : str
        Another source whose picture has the same name; nothing by default.
    """

    source: str
    target: str
    drawing: Drawing
    size: int
    taken_by: str


def _draw_all(
    files: Sequence[str],
    folder: Path,
    suffix: str,
    drawing: Drawing,
    processes: int | None,
    *,
    as_json: bool,
) -> None:
    """Draw many files, several at a time, and report."""
    from msviz.convert import find, in_processes
    from msviz.convert.naming import names

    if folder.exists() and not folder.is_dir():
        raise ParameterError(f"{folder} is a file: give a folder for the pictures.")
    found = find(files)
    planned = [
        PictureJob(file.source, str(folder / inside), drawing, file.size, taken_by)
        for file, (inside, taken_by) in zip(found.files, names(found.files, suffix), strict=True)
    ]
    outcomes = followed(planned, in_processes(planned, draw_job, "drawn", processes=processes))
    report(outcomes, found.passed_over, "drawn", as_json=as_json)


def draw_job(job: Any, threads: int) -> Events:
    """What a process does with each `PictureJob`."""
    from msviz.convert import Outcome

    try:
        if job.taken_by:
            raise ParameterError(f"{job.target} is the picture of {job.taken_by} already")
        target = Path(job.target)
        target.parent.mkdir(parents=True, exist_ok=True)
        require_another(target, job.source, "input")
        yield Outcome(job, "converted", problems=tuple(draw(job.source, target, job.drawing)))
    except ParameterError as error:
        yield Outcome(job, "failed", f"{job.source} cannot be drawn: {str(error).rstrip('.')}.")
    except MsvizError as error:
        yield Outcome(job, "failed", str(error))
    except (OSError, MemoryError) as error:
        reason = getattr(error, "strerror", None) or "there is not enough memory for it"
        yield Outcome(job, "failed", f"{job.source} cannot be drawn: {reason}.")
    except Exception as error:
        # What nobody has foreseen about one file must not cost the others.
        yield Outcome(job, "failed", f"{job.source} cannot be drawn: internal error ({error!r}).")


def _stft(window: int | None, hop: int | None) -> Settings:
    """Parameters of the STFT that differ from the usual ones."""
    if window is None and hop is None:
        return ()
    window = window or 4096
    hop = hop or max(1, window // 4)
    if window < 2:
        raise click.UsageError(f"--window must be at least 2 samples, not {window}.")
    if not 1 <= hop <= window:
        raise click.UsageError(f"--hop must be from 1 to the window's {window} samples, not {hop}.")
    return (("window", window), ("hop", hop))
