"""Draw files as pictures, for `msviz render`."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from msviz.cli.options import given, require_another, time_range
from msviz.errors import ParameterError

if TYPE_CHECKING:
    from msviz.convert import Events
    from msviz.signal import Source
    from msviz.tracks import Track

KINDS = {"standard": "coefficients", "reassigned": "reassigned", "combined": "combined"}
POOLS = {"peak": "peak", "mean": "mean power"}
CHANNELS = ("mix", "left", "right", "any", "mid", "side")

Settings = tuple[tuple[str, Any], ...]
"""Names and values, as pairs so that they can be compared."""


@dataclass(frozen=True)
class Drawing:
    """How to draw files.

    Attributes
    ----------
    start_s, stop_s : float, float or None
        The time range; None is the end.
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
        Names and values of parameters that differ from the defaults.
    kind, pool : str
        One of `KINDS`, one of `POOLS`.
    look : tuple of pairs
        What is switched on or off, as in `msviz.gui.panels.pictures.Look`.
    title : bool
    theme : str
    track : int
        Which of the file's audio tracks, from 0.
    strict : bool
        Whether to reject files with any damage.
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
    """Draw a file as a picture.

    Returns
    -------
    list of str
        Problems to report: sentences without the file's name or a full stop.

    Raises
    ------
    MsvizError
        If the file cannot be read or drawn like this, or the picture cannot be written.
    """
    from msviz.audio import problems, require_sound
    from msviz.audio.damage import clock
    from msviz.tracks import open_track

    with open_track(given(file), track=drawing.track, wait=drawing.strict) as track:
        drawn: dict[str, Any] = {}
        source: Source = track
        view = drawing.view
        if track.stored:
            kind = "stft" if track.stored.transform.kind == "stft" else "octaves"
            if getattr(drawing, kind):
                options = "--window and --hop" if kind == "stft" else "--octaves"
                raise ParameterError(f"{file} keeps the parameters of its conversion: leave out {options}.")
            drawn[kind] = track.stored.transform
            if track.picture:
                if view not in (None, kind):
                    raise ParameterError(f"{file} contains only levels, whose only view is {kind}.")
                source, view = track.picture, kind
                drawn[kind] = source
        if drawing.stop_s is None or drawing.stop_s * source.rate > source.length:
            track.settle()
        if drawing.strict:
            for _ in track.check():
                pass
            require_sound(str(file), problems(track))
        start_s, stop_s = time_range(file, source, drawing.start_s, drawing.stop_s)
        cancelled = _draw(source, picture, drawing, start_s, stop_s, view or "both", str(file), drawn, track)
        said = problems(track)
        if cancelled:
            begin, end = (clock(at / source.rate) for at in (cancelled[0].start, cancelled[-1].stop))
            said.append(
                f"has channels that cancel each other in the mix from {begin} to {end}: the picture shows "
                "the loudest channel there"
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
    track: Track,
) -> list[range]:
    from msviz.gui.app import render
    from msviz.gui.canvas.colours import Colours
    from msviz.gui.model.parameters import Parameters
    from msviz.gui.panels.pictures import Look

    look = dict(drawing.look)
    svg = picture.suffix.lower() == ".svg"
    names = [each.lower() for each in track.channel_names]
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
            # An SVG is used on its own, so it says what it shows.
            name=Path(name).name if (drawing.title or svg) and look.get("axes", True) else "",
            theme=drawing.theme,
            **drawn,
        ),
        key=lambda each: each.start,
    )


@dataclass(frozen=True)
class PictureJob:
    """One file to draw, with everything needed to draw it.

    Attributes
    ----------
    source, target : str
    drawing : Drawing
    size : int
        Bytes of the source, 0 if unknown.
    taken_by : str
        Another source whose picture has the same name, if any.
    """

    source: str
    target: str
    drawing: Drawing
    size: int
    taken_by: str


def draw_job(job: Any, threads: int) -> Events:
    """Do a `PictureJob`, in a worker process."""
    from msviz.convert.conversion import Outcome, failed

    try:
        if job.taken_by:
            raise ParameterError(f"{job.target} is already the picture of {job.taken_by}")
        target = Path(job.target)
        target.parent.mkdir(parents=True, exist_ok=True)
        require_another(target, job.source, "input")
        yield Outcome(job, "converted", problems=tuple(draw(job.source, target, job.drawing)))
    except Exception as error:  # an unforeseen error in one file must not affect the others
        yield failed(job, "drawn", error)
