"""Progress and results of work on many files."""

from __future__ import annotations

import json
import os
from collections import Counter
from collections.abc import Generator, Sequence
from contextlib import closing
from typing import TYPE_CHECKING, Any

import click

from msviz.cli.options import print_problems, progress
from msviz.log import logger

if TYPE_CHECKING:
    from msviz.convert import Events, Outcome, PassedOver

_MOST_NAMES = 3  # listed for each reason to ignore files


def followed(jobs: Sequence[Any], events: Events | Generator[Outcome, None, None]) -> list[Outcome]:
    """All outcomes, in the order of the jobs; a bar shows the progress, in bytes of the sources."""
    from msviz.convert import Outcome

    done = dict.fromkeys(jobs, 0)
    outcomes: dict[Any, Outcome] = {}
    label = f"{len(jobs)} file{'s' if len(jobs) != 1 else ''}"
    with closing(events), progress(label, sum(_weight(job) for job in jobs)) as bar:
        for event in events:
            if isinstance(event, Outcome):
                if event.state == "failed":
                    logger.warning("%s\n%s", event.reason, event.details)
                outcomes[event.job] = event
                now = _weight(event.job)
            else:
                now = int(event.share * _weight(event.job))
            bar.update(now - done[event.job])
            done[event.job] = now
    return [outcomes[job] for job in jobs]


def _weight(job: Any) -> int:
    return job.size or 1


def report(outcomes: list[Outcome], passed_over: Sequence[PassedOver], done: str, *, as_json: bool) -> None:
    """Print the results; `done` names what was done to each file: "converted".

    Raises
    ------
    click.exceptions.Exit
        With 1, if anything failed.
    """
    (_report_json if as_json else _report)(outcomes, passed_over, done)
    if any(one.state == "failed" for one in outcomes) or any(one.failed for one in passed_over):
        raise click.exceptions.Exit(1)


def _report(outcomes: list[Outcome], passed_over: Sequence[PassedOver], done: str) -> None:
    count = Counter(outcome.state for outcome in outcomes)
    for one in passed_over:
        if one.failed:
            click.echo(f"msviz: {one.file} {one.reason}.", err=True)
    for outcome in outcomes:
        print_problems(outcome.job.source, outcome.problems)
        if outcome.reason:
            click.echo(f"msviz: {outcome.reason}", err=True)
    skipped = f", {count['skipped']} skipped" if count["skipped"] else ""
    damaged = sum(bool(outcome.problems) for outcome in outcomes)
    with_damage = f", {damaged} with damage" if damaged else ""
    click.echo(f"{count['converted']} {done}{skipped}, {count['failed']} failed{with_damage}.")
    if passed_over:
        click.echo(f"{len(passed_over)} ignored: {_why(passed_over)}.")


def _why(passed_over: Sequence[PassedOver]) -> str:
    """How many files were ignored for each reason, and the first of them."""
    groups: dict[str, list[str]] = {}
    for one in passed_over:
        # One group for each kind of reason: "cannot be read: …", "the same file as …".
        reason = one.reason.partition(":")[0]
        if reason.startswith("the same file as"):
            reason = "the same file as others"
        groups.setdefault(reason, []).append(os.path.basename(one.file.rstrip("/")))
    parts = []
    for reason, names in groups.items():
        listed = ", ".join(map(click.format_filename, names[:_MOST_NAMES]))
        more = ", …" if len(names) > _MOST_NAMES else ""
        parts.append(f"{len(names)} {reason} ({listed}{more})")
    return ", ".join(parts)


def _report_json(outcomes: list[Outcome], passed_over: Sequence[PassedOver], done: str) -> None:
    files = [
        {
            "source": o.job.source,
            "target": o.job.target,
            "state": done if o.state == "converted" else o.state,
            "reason": o.reason or None,
            "problems": list(o.problems),
        }
        for o in outcomes
    ]
    count = Counter(outcome.state for outcome in outcomes)
    report: dict[str, Any] = {
        done: count["converted"],
        "skipped": count["skipped"],
        "failed": count["failed"],
    }
    report["damaged"] = sum(bool(outcome.problems) for outcome in outcomes)
    report["files"] = files
    report["passed_over"] = [{"file": one.file, "reason": one.reason} for one in passed_over]
    click.echo(json.dumps(report))
