"""The command line.  It imports the window only to open it, or to draw with its canvases."""

from __future__ import annotations

import re
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from msviz import __version__
from msviz.cli.convert import convert
from msviz.cli.files import info, resynth
from msviz.cli.options import FilePath, given, require_another, seconds, stretch
from msviz.errors import MsvizError, ParameterError

if TYPE_CHECKING:
    from msviz.signal import Source


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
        except KeyboardInterrupt:
            click.echo("msviz: Interrupted.", err=True)
            raise click.exceptions.Exit(130) from None
        click.echo(f"msviz: {message}", err=True)
        raise click.exceptions.Exit(1)


@click.group(cls=_Commands, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, message="%(prog)s %(version)s")
def main() -> None:
    """See and hear a track octave by octave.

    "msviz FILE..." opens a window on each file, "msviz" alone one to choose a file in.
    """


@main.command("open")
@click.argument("files", nargs=-1, type=FilePath)
def open_files(files: tuple[Path, ...]) -> None:
    """Open a window on each of FILES, audio or converted, or a welcome where there is none.

    - is standard input.
    """
    from msviz.convert import open_source

    # Opened here, so that a file that cannot be opened is told where it was asked for.
    with ExitStack() as opened:
        sources: list[Any] = [opened.enter_context(open_source(given(path))) for path in files]
        from msviz.gui.app import run

        status = run(sources)
        opened.pop_all()  # each window has closed its own
    raise SystemExit(status)


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
    callback=seconds,
    default="0",
    help="Where it begins: seconds or m:ss.  [the start]",
)
@click.option("--stop", metavar="TIME", callback=seconds, help="Where it ends.  [the end]")
@click.option(
    "--view",
    type=click.Choice(["octaves", "stft", "both"]),
    help="What it shows.  [both]",
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
    file: Path, picture: Path, start: float, stop: float | None, view: str | None, size: tuple[int, int]
) -> None:
    """Draw FILE as the window does, without a display, into a picture.

    FILE is audio, or a converted file, which is drawn with its own parameters.  The picture is a .png, .jpg
    or .svg; the last has a title, and axes that can be edited.
    """
    from msviz.audio import open_audio
    from msviz.convert import StoredPicture, is_converted
    from msviz.storage import load

    require_another(picture, file, "input")
    with ExitStack() as opened:
        drawn: dict[str, Any] = {}
        source: Source
        if is_converted(file):
            stored = load(file)
            kind = "stft" if stored.attributes["transform"] == "stft" else "octaves"
            if stored.content == "levels":
                if view not in (None, kind):
                    raise ParameterError(f"{file} holds levels, of which there is no other view than {kind}.")
                source = drawn[kind] = StoredPicture(stored)
                view = kind
            else:
                source, drawn[kind] = stored.source(), stored.transform
        else:
            source = opened.enter_context(open_audio(file))
        start_s, stop_s = stretch(file, source, start, stop)
        from msviz.gui.app import render as draw

        # A drawing goes where nothing else tells what it shows.
        drawn["name"] = file.name if picture.suffix.lower() == ".svg" else ""
        draw(source, picture, start_s=start_s, stop_s=stop_s, view=view or "both", size=size, **drawn)


for command in (convert, info, resynth):
    main.add_command(command)
