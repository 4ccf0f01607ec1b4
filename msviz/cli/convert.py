"""`msviz convert`."""

from __future__ import annotations

import json
import os
from collections import Counter
from collections.abc import Generator, Sequence
from contextlib import closing
from typing import TYPE_CHECKING, Any

import click

from msviz.cli.options import given, progress, tell
from msviz.errors import ParameterError

if TYPE_CHECKING:
    from msviz.convert import Events, Job, Outcome, PassedOver
    from msviz.storage import Content

_MOST_NAMES = 3  # of those that are passed over for one reason


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
@click.option("--fmin", metavar="HZ", default=20.0, show_default=True, help="Lowest frequency.")
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
    fmin: float,
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
        events = run(planned[0], jobs or os.cpu_count() or 1, given("-"))
    else:
        events = convert_on_cluster(planned, scheduler) if scheduler else do(planned, processes=jobs)
    outcomes = _followed(planned, events)
    (_report_json if as_json else _report)(outcomes, found.passed_over)
    if any(one.state == "failed" for one in outcomes) or any(one.failed for one in found.passed_over):
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


def _report(outcomes: list[Outcome], passed_over: Sequence[PassedOver]) -> None:
    count = Counter(outcome.state for outcome in outcomes)
    for one in passed_over:
        if one.failed:
            click.echo(f"msviz: {one.file} {one.reason}.", err=True)
    for outcome in outcomes:
        tell(outcome.job.source, outcome.problems)
        if outcome.reason:
            click.echo(f"msviz: {outcome.reason}", err=True)
    there = f", {count['skipped']} there already" if count["skipped"] else ""
    damaged = sum(bool(outcome.problems) for outcome in outcomes)
    told = f", {damaged} with damage" if damaged else ""
    click.echo(f"{count['converted']} converted{there}, {count['failed']} failed{told}.")
    if passed_over:
        click.echo(f"{len(passed_over)} passed over: {_why(passed_over)}.")


def _why(passed_over: Sequence[PassedOver]) -> str:
    """How many were passed over for each reason, and which, unless they are many."""
    groups: dict[str, list[str]] = {}
    for one in passed_over:
        # Those of one kind together: "cannot be read: …", "the same as …".
        reason = one.reason.partition(":")[0]
        if reason.startswith("the same as"):
            reason = "the same as others"
        groups.setdefault(reason, []).append(os.path.basename(one.file.rstrip("/")))
    parts = []
    for reason, names in groups.items():
        told = ", ".join(map(click.format_filename, names[:_MOST_NAMES]))
        more = ", …" if len(names) > _MOST_NAMES else ""
        parts.append(f"{len(names)} {reason} ({told}{more})")
    return ", ".join(parts)


def _report_json(outcomes: list[Outcome], passed_over: Sequence[PassedOver]) -> None:
    files = [
        {
            "source": o.job.source,
            "target": o.job.target,
            "state": o.state,
            "reason": o.reason or None,
            "problems": list(o.problems),
        }
        for o in outcomes
    ]
    count = Counter(outcome.state for outcome in outcomes)
    report: dict[str, Any] = {state: count[state] for state in ("converted", "skipped", "failed")}
    report["damaged"] = sum(bool(outcome.problems) for outcome in outcomes)
    report["files"] = files
    report["passed_over"] = [{"file": one.file, "reason": one.reason} for one in passed_over]
    click.echo(json.dumps(report))
