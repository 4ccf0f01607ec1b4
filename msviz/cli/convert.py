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
    "-o",
    "--output",
    "out",
    metavar="FOLDER",
    required=True,
    help="Output folder; for a single file also NAME.zarr.",
)
@click.option(
    "--content",
    type=click.Choice(["complex64", "float16", "levels"]),
    default="complex64",
    show_default=True,
    help="complex64 is exact, float16 takes half the space, levels are only a picture.",
)
@click.option("--no-compress", is_flag=True, help="Faster to read and write, but larger.")
@click.option("--zip", "zipped", is_flag=True, help="Write a .zarr.zip file instead of a .zarr folder.")
@click.option(
    "--jobs",
    metavar="N",
    type=click.IntRange(min=1),
    help="How many files to convert at a time.  [one per processor]",
)
@click.option(
    "--bins-per-octave",
    metavar="N",
    type=int,
    default=DEFAULTS.bins_per_octave,
    show_default=True,
    help="Frequency bins per octave.",
)
@click.option(
    "--resolution",
    metavar="R",
    default=DEFAULTS.resolution,
    show_default=True,
    help="Frequency resolution: low is sharp in time, high is sharp in pitch.",
)
@click.option(
    "--gamma",
    metavar="HZ",
    default=DEFAULTS.gamma,
    show_default=True,
    help="Widens the lowest filters, which makes them shorter in time.",
)
@click.option("--fmin", metavar="HZ", type=float, help="Lowest frequency.  [20 at audio sampling rates]")
@click.option(
    "--track",
    metavar="N",
    type=click.IntRange(min=1),
    default=1,
    show_default=True,
    help="Audio track of a video.",
)
@click.option("--overwrite", is_flag=True, help="Overwrite existing output.")
@click.option("--strict", is_flag=True, help="Fail on files with damaged audio.")
@click.option(
    "--scheduler",
    metavar="ADDRESS",
    help="Convert on a Dask cluster (tcp://host:8786); --jobs is then ignored.",
)
@click.option("--json", "as_json", is_flag=True, help="Print a JSON report.")
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
    """Convert audio files, and all audio files in folders, to representations.

    Output that is already up to date is skipped, so an interrupted conversion resumes where it stopped.
    Files may also be fsspec addresses (s3://bucket/song.flac); - is standard input, and then the output
    must be a file (-o NAME.zarr).
    """
    from msviz.convert import Findings, Found, Settings, convert_on_cluster, find, plan, run
    from msviz.convert import convert as do

    piped = "-" in files
    if piped and (len(files) > 1 or scheduler or not out.endswith((".zarr", ".zip", ".npz"))):
        raise click.UsageError(
            "standard input must be converted alone, without --scheduler, to a file (-o NAME.zarr)."
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
