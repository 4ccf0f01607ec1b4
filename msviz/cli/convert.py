"""`msviz convert`."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Generator
from contextlib import closing
from typing import TYPE_CHECKING

import click

from msviz.cli.options import progress
from msviz.errors import ParameterError

if TYPE_CHECKING:
    from msviz.convert import Events, Job, Outcome
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
@click.option("--bins-per-octave", metavar="N", type=int, default=24, show_default=True)
@click.option(
    "--resolution",
    metavar="R",
    default=12.0,
    show_default=True,
    help="Small: sharp in time; large: sharp in pitch.",
)
@click.option(
    "--gamma", metavar="HZ", default=0.0, show_default=True, help="Shortens the low octaves in time."
)
@click.option("--fmin", metavar="HZ", type=float, help="Lowest frequency.  [20 at the rates of sound]")
@click.option("--overwrite", is_flag=True, help="Make again what is there already.")
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
    overwrite: bool,
    scheduler: str | None,
    as_json: bool,
) -> None:
    """Convert audio files, and all in folders, into representations.

    What is there already, made of the same file in the same way, is skipped: a conversion that was
    interrupted goes on where it was.  Files may also be fsspec addresses (s3://bucket/song.flac).
    """
    from msviz.convert import Settings, convert_on_cluster, plan
    from msviz.convert import convert as do

    try:
        settings = Settings(content, not no_compress, bins_per_octave, resolution, gamma, fmin)
    except ParameterError as error:
        raise click.UsageError(f"{error}.") from None
    planned = plan(files, out, settings, zipped=zipped, overwrite=overwrite)
    events = convert_on_cluster(planned, scheduler) if scheduler else do(planned, processes=jobs)
    outcomes = _followed(planned, events)
    (_report_json if as_json else _report)(outcomes)
    if any(outcome.state == "failed" for outcome in outcomes):
        raise click.exceptions.Exit(1)


def _followed(jobs: list[Job], events: Events | Generator[Outcome, None, None]) -> list[Outcome]:
    """All outcomes, in the order of the jobs; a bar shows how far it is, in bytes of the sources."""
    from msviz.convert import Outcome

    done = dict.fromkeys(jobs, 0)
    outcomes: dict[Job, Outcome] = {}
    label = f"{len(jobs)} file{'s' if len(jobs) != 1 else ''}"
    with closing(events), progress(label, sum(_weight(job) for job in jobs)) as bar:
        for event in events:
            if isinstance(event, Outcome):
                outcomes[event.job] = event
                now = _weight(event.job)
            else:
                now = int(event.share * _weight(event.job))
            bar.update(now - done[event.job])
            done[event.job] = now
    return [outcomes[job] for job in jobs]


def _weight(job: Job) -> int:
    return job.size or 1


def _report(outcomes: list[Outcome]) -> None:
    count = Counter(outcome.state for outcome in outcomes)
    for outcome in outcomes:
        if outcome.reason:
            click.echo(f"msviz: {outcome.reason}", err=True)
    there = f", {count['skipped']} there already" if count["skipped"] else ""
    click.echo(f"{count['converted']} converted{there}, {count['failed']} failed.")


def _report_json(outcomes: list[Outcome]) -> None:
    files = [
        {"source": o.job.source, "target": o.job.target, "state": o.state, "reason": o.reason or None}
        for o in outcomes
    ]
    count = Counter(outcome.state for outcome in outcomes)
    click.echo(
        json.dumps({state: count[state] for state in ("converted", "skipped", "failed")} | {"files": files})
    )
