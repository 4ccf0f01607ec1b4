"""The command line.  It imports the window only to open it or to draw with its canvases."""

from __future__ import annotations

from contextlib import ExitStack
from pathlib import Path
from typing import Any

import click

from msviz import __version__
from msviz.cli.convert import convert
from msviz.cli.files import info, resynth
from msviz.cli.options import FilePath, given
from msviz.cli.render import render
from msviz.errors import as_sentence
from msviz.log import logged, logger


class _Commands(click.Group):
    """A group whose first word may also be a file, which means `open`."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        verbose = [arg for arg in args if arg == "--verbose"][:1]  # in any position
        args = [arg for arg in args if arg != "--verbose"]
        if not args or args[0] == "-" or not (args[0] in self.commands or args[0].startswith("-")):
            args = ["open", *args]
        return super().parse_args(ctx, [*verbose, *args])

    def invoke(self, ctx: click.Context) -> Any:
        with logged(verbose=ctx.params["verbose"]):
            try:
                return super().invoke(ctx)
            except (click.ClickException, click.Abort, click.exceptions.Exit, BrokenPipeError):
                raise  # click handles these
            except KeyboardInterrupt:
                click.echo("msviz: Interrupted.", err=True)
                raise click.exceptions.Exit(130) from None
            except Exception as error:
                logger.warning("%s failed", ctx.invoked_subcommand, exc_info=True)
                click.echo(f"msviz: {as_sentence(error)}", err=True)
                raise click.exceptions.Exit(1) from None


@click.group(cls=_Commands, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, message="%(prog)s %(version)s")
@click.option("--verbose", is_flag=True, help="Also print the traceback of any failure.")
def main(verbose: bool) -> None:
    """See and hear a track octave by octave.

    "msviz FILE..." opens a window on each file; "msviz" alone opens a window to choose a file.
    """


@main.command("open")
@click.argument("files", nargs=-1, type=FilePath)
def open_files(files: tuple[Path, ...]) -> None:
    """Open a window on each of FILES.

    They are audio or converted files; - is standard input.  Without FILES, a welcome window opens.
    """
    from msviz.tracks import open_track

    # Opened here, so that errors are printed in the terminal.
    with ExitStack() as opened:
        sources: list[Any] = [opened.enter_context(open_track(given(path), wait=False)) for path in files]
        from msviz.gui.app import run

        status = run(sources)
        opened.pop_all()  # each window has closed its own
    raise SystemExit(status)


for command in (render, convert, info, resynth):
    main.add_command(command)
