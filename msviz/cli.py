"""The command line.  It imports the window only to open it, or to draw with its canvases."""

from __future__ import annotations

import re
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import click

from msviz import __version__
from msviz.errors import MsvizError, ParameterError


class _Commands(click.Group):
    """A group whose first word may also be a file, which means `open`."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        if not args or not (args[0] in self.commands or args[0].startswith("-")):
            args = ["open", *args]
        return super().parse_args(ctx, args)

    def invoke(self, ctx: click.Context) -> Any:
        try:
            return super().invoke(ctx)
        except MsvizError as error:
            message = str(error)
        except MemoryError:
            message = "There is not enough memory for this."
        click.echo(f"msviz: {message}", err=True)
        raise click.exceptions.Exit(1)


@click.group(cls=_Commands, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, message="%(prog)s %(version)s")
def main() -> None:
    """See and hear a track octave by octave.

    "msviz FILE..." opens a window on each file, "msviz" alone one to choose a file in.
    """


FilePath = click.Path(path_type=Path)


@main.command("open")
@click.argument("files", nargs=-1, type=FilePath)
def open_files(files: tuple[Path, ...]) -> None:
    """Open a window on each of FILES, or a welcome where there is none."""
    from msviz.audio import open_audio

    # Opened here, so that a file that cannot be opened is told where it was asked for.
    with ExitStack() as opened:
        sources = [opened.enter_context(open_audio(path)) for path in files]
        from msviz.gui.app import run

        opened.pop_all()  # from here on each window closes its own
        raise SystemExit(run(sources))


def _seconds(_ctx: click.Context, _param: click.Parameter, value: str | None) -> float | None:
    """Seconds, or minutes:seconds, or hours:minutes:seconds."""
    if value is None:
        return None
    if not re.fullmatch(r"(\d+:){0,2}\d+(\.\d*)?|\.\d+", value):
        raise click.BadParameter(
            f"{value!r} is not a time: give seconds (83.5) or minutes and seconds (1:23.5)"
        )
    seconds = 0.0
    for part in value.split(":"):
        seconds = 60 * seconds + float(part)
    return seconds


def _pixels(_ctx: click.Context, _param: click.Parameter, value: str) -> tuple[int, int]:
    """WIDTHxHEIGHT in pixels."""
    match = re.fullmatch(r"(\d+)[xX×](\d+)", value)
    if not match:
        raise click.BadParameter(f"{value!r} is not a size: give width and height in pixels (1600x900)")
    width, height = int(match[1]), int(match[2])
    if not (200 <= width <= 20_000 and 150 <= height <= 20_000):
        raise click.BadParameter(f"{value} is not between 200x150 and 20000x20000 pixels")
    return width, height


@main.command()
@click.argument("file", type=FilePath)
@click.option("-o", "--output", "picture", type=FilePath, required=True, help="The picture to write.")
@click.option(
    "--start",
    metavar="TIME",
    callback=_seconds,
    default="0",
    help="Where it begins: seconds or m:ss.  [the start]",
)
@click.option("--stop", metavar="TIME", callback=_seconds, help="Where it ends.  [the end]")
@click.option(
    "--view",
    type=click.Choice(["octaves", "stft", "both"]),
    default="both",
    show_default=True,
    help="What it shows.",
)
@click.option(
    "--size",
    metavar="WIDTHxHEIGHT",
    callback=_pixels,
    default="1600x900",
    show_default=True,
    help="Its size in pixels.",
)
def render(
    file: Path, picture: Path, start: float, stop: float | None, view: str, size: tuple[int, int]
) -> None:
    """Draw FILE as the window does, without a display, into a picture."""
    from msviz.audio import open_audio

    with open_audio(file) as source:
        duration = source.length / source.rate
        stop = duration if stop is None else min(stop, duration)
        if start >= stop:
            raise ParameterError(
                f"--start {start:g} s must come before --stop ({stop:g} s), "
                f"and {file} ends at {duration:g} s."
            )
        from msviz.gui.app import render as draw

        draw(source, picture, start_s=start, stop_s=stop, view=view, size=size)
