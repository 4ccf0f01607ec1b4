"""`msviz convert`."""

from __future__ import annotations

from collections.abc import Generator
from typing import TYPE_CHECKING

import click

from msviz.cli.options import given
from msviz.cli.reports import followed, report
from msviz.cpus import available_cpus
from msviz.defaults import DEFAULTS
from msviz.errors import ParameterError

if TYPE_CHECKING:
    from msviz.convert import Events, Outcome
    from msviz.storage import Content


@click.command()
@click.argument("files", metavar="FILE|FOLDER...", nargs=-1, required=True)
@click.option(
    "-o", "--output", "out", metavar="FOLDER", required=True, help="Where to; for one file also NAME.zarr."
)
@click.option(
    "--content",
    type=click.Choice(["complex64", "float16", "levels"]),
    default="complex64",
    show_default=True,
    help="Exact, in half the space, or the picture alone.",
)
@click.option("--no-compress", is_flag=True, help="Quicker to read and write, and larger.")
@click.option("--zip", "zipped", is_flag=True, help="One .zarr.zip instead of a folder for each.")
@click.option(
    "--jobs",
    metavar="N",
    type=click.IntRange(min=1),
    help="How many files at a time.  [as many as there are processors]",
)
@click.option("--bins-per-octave", metavar="N", type=int, default=DEFAULTS.bins_per_octave, show_default=True)
@click.option(
    "--resolution",
    metavar="R",
    default=DEFAULTS.resolution,
    show_default=True,
    help="Small: sharp in time; large: sharp in pitch.",
)
@click.option(
    "--gamma",
    metavar="HZ",
    default=DEFAULTS.gamma,
    show_default=True,
    help="Shortens the low octaves in time.",
)
@click.option("--fmin", metavar="HZ", type=float, help="Lowest frequency.  [20 at the rates of sound]")
@click.option(
    "--track",
    metavar="N",
    type=click.IntRange(min=1),
    default=1,
    show_default=True,
    help="Which sound track of a video.",
)
@click.option("--overwrite", is_flag=True, help="Make again what is there already.")
@click.option("--strict", is_flag=True, help="Let a file fail whose sound is damaged.")
@click.option(
    "--scheduler",
    metavar="ADDRESS",
    help="Let a Dask cluster do it: tcp://host:8786.  --jobs is its own then.",
)
@click.option("--json", "as_json", is_flag=True, help="Report as JSON.")
def convert(
    files: tuple[str, ...],
    out: str,
    content: Content,
    no_compress: bool,
    zipped: bool,
    jobs: int | None,
    bins_per_octave: int,
    resolution: float,
    gamma: float,
    fmin: float | None,
    track: int,
    overwrite: bool,
    strict: bool,
    scheduler: str | None,
    as_json: bool,
) -> None:
    """Convert audio files, and all in folders, into representations.

    What is there already, made of the same file in the same way, is skipped: a conversion that was
    interrupted goes on where it was.  Files may also be fsspec addresses (s3://bucket/song.flac); - is
    standard input, whose result needs a name (-o NAME.zarr).
    """
    from msviz.convert import Findings, Found, Settings, convert_on_cluster, find, plan, run
    from msviz.convert import convert as do

    piped = "-" in files
    if piped and (len(files) > 1 or scheduler or not out.endswith((".zarr", ".zip", ".npz"))):
        raise click.UsageError(
            "standard input is converted by itself, on this machine, into a file with a name (-o NAME.zarr)."
        )
    try:
        settings = Settings(content, not no_compress, bins_per_octave, resolution, gamma, fmin, track - 1)
    except ParameterError as error:
        raise click.UsageError(f"{error}.") from None
    found = Findings([Found("standard input", "", "", 0, False)]) if piped else find(files)
    planned = plan(found, out, settings, zipped=zipped, overwrite=overwrite, strict=strict)
    events: Events | Generator[Outcome, None, None]
    if piped:
        events = run(planned[0], jobs or available_cpus(), given("-"))
    else:
        events = convert_on_cluster(planned, scheduler) if scheduler else do(planned, processes=jobs)
    outcomes = followed(planned, events)
    report(outcomes, found.passed_over, "converted", as_json=as_json)
