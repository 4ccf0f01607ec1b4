"""`msviz info` and `msviz resynth`."""

from __future__ import annotations

import json
import math
from collections.abc import Iterator
from contextlib import ExitStack, closing
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from msviz.cli.options import FilePath, given, progress, require_another, seconds, stretch, tell
from msviz.errors import ParameterError

if TYPE_CHECKING:
    from msviz.audio import AudioSource
    from msviz.storage import StoredRepresentation
    from msviz.tracks import Track


@click.command()
@click.argument("file", metavar="FILE")
@click.option("--no-check", is_flag=True, help="Tell only what is known without decoding the sound.")
@click.option("--strict", is_flag=True, help="Exit with 1 if anything is wrong with it.")
@click.option("--json", "as_json", is_flag=True, help="As JSON.")
def info(file: str, no_check: bool, strict: bool, as_json: bool) -> None:
    """Tell what is in FILE: sound, or a representation; - is standard input.

    Sound is decoded to its end to find what is damaged.
    """
    from msviz.audio import require_sound
    from msviz.tracks import describe, open_track

    with open_track(given(file), wait=False) as source:
        if not no_check:
            check(source)
        told = describe(file, source) | {"checked": not no_check}
    click.echo(json.dumps(told) if as_json else "\n".join(_lines(told)))
    if strict:
        require_sound(click.format_filename(file), told["problems"])


def check(source: Track) -> None:
    """Find all that is damaged, with a bar that shows how far it is."""
    with progress("Checking", 1000) as bar:
        for share in source.check():
            bar.update(int(1000 * share) - bar.pos)


def _lines(told: dict[str, Any]) -> Iterator[str]:
    minutes, seconds = divmod(told["duration_s"], 60)
    channels, named = told["channels"], ", ".join(told["channel_names"])
    rows = {
        "format": told["format"],
        "rate": f"{told['exact_rate_hz']:.10g} Hz",
        "channels": f"{channels} ({named})" if channels > 2 else str(channels),
        "duration": f"{'' if told['settled'] else 'about '}{minutes:.0f}:{seconds:06.3f} "
        f"({told['length']} samples)",
    }
    if told["kind"] == "representation":
        parameters = {name: value for name, value in told["parameters"].items() if name != "rate"}
        rows |= {
            "content": told["content"],
            "transform": told["transform"],
            "parameters": ", ".join(f"{name} {value}" for name, value in parameters.items()),
            "redundancy": f"{told['redundancy']:.2f} real numbers a sample",
            "made from": told["origin"].get("source", {}).get("name", "unknown"),
            "made by": f"msviz {told['version']}",
        }
    if told["bytes"] is not None:
        rows["on disk"] = f"{told['bytes'] / 1e6:.2f} MB"
    yield click.format_filename(told["file"])
    yield from (f"  {name:<11} {value}" for name, value in rows.items())
    if len(told["tracks"]) > 1:
        yield from (f"  track       {track}" for track in told["tracks"])
    yield from (f"  problem     {problem}" for problem in told["problems"])
    if not told["problems"]:
        yield f"  problems    {'none' if told['checked'] else 'not looked for'}"
    for number, band in enumerate(told.get("bands", ())):
        yield (
            f"  band {number:<6} {band['low_hz']:9.7g} to {band['high_hz']:9.7g} Hz, {band['bins']} bins, "
            f"hop {band['hop']}, {band['frames']} frames"
        )


@click.command()
@click.argument("file", metavar="FILE")
@click.option("-o", "--output", "out", type=FilePath, required=True, help="The .wav or .flac to write.")
@click.option("--original", metavar="AUDIO", help="Tell how far the result is from this file, in dB.")
@click.option(
    "--start",
    metavar="TIME",
    callback=seconds,
    default="0",
    help="Where it begins: seconds or m:ss.  [the start]",
)
@click.option("--stop", metavar="TIME", callback=seconds, help="Where it ends.  [the end]")
@click.option("--strict", is_flag=True, help="Refuse what was made from damaged sound.")
@click.option("--json", "as_json", is_flag=True, help="Report as JSON.")
def resynth(
    file: str,
    out: Path,
    original: str | None,
    start: float,
    stop: float | None,
    strict: bool,
    as_json: bool,
) -> None:
    """Turn FILE, a representation, into sound again."""
    from msviz.audio import audio_writer, open_audio, problems, require_sound
    from msviz.measures import signal_to_error_db
    from msviz.signal import Excerpt
    from msviz.storage import load

    require_another(out, file, "input")
    if original:
        require_another(out, original, "original")
    stored = load(file)
    source = stored.source()
    first, last = (round(time_s * source.rate) for time_s in stretch(file, source, start, stop))
    with ExitStack() as opened:
        compared = opened.enter_context(open_audio(given(original))) if original else None
        if compared:
            _require_original(stored, compared)
        if strict:
            require_sound(file, problems(stored))
            if compared:
                check(compared)
                require_sound(str(original), problems(compared))
        with (
            progress("PhaseReconstruction", 1000) as bar,
            closing(audio_writer(out, Excerpt(source, first, last))) as steps,
        ):
            for share in steps:
                bar.update(int(1000 * share) - bar.pos)
        found = problems(stored)
        report: dict[str, Any] = {
            "file": file,
            "output": str(out),
            "duration_s": (last - first) / source.rate,
            "problems": found,
        }
        if compared:
            # Of what was written, so that what the file's format rounds off is told as well.
            written = opened.enter_context(open_audio(out))
            its = Excerpt(compared, stored.start + first, stored.start + last)
            ratio_db = signal_to_error_db(its, written)
            report["signal_to_error_db"] = ratio_db if math.isfinite(ratio_db) else None
            report["original_problems"] = problems(compared)
            if not as_json:
                click.echo(f"Signal to error: {ratio_db:.1f} dB")
                tell(str(original), report["original_problems"])
    if as_json:
        click.echo(json.dumps(report))
    else:
        tell(file, found)


def _require_original(stored: StoredRepresentation, original: AudioSource) -> None:
    its = original.rate, original.channels, original.length
    ours = stored.rate, stored.channels, max(stored.stop, 1)
    if its[:2] != ours[:2] or its[2] < ours[2]:
        raise ParameterError(
            f"{original.path} ({its[0]} Hz, {its[1]} channels, {its[2]} samples) is not what {stored.path} "
            f"({ours[0]} Hz, {ours[1]} channels, {ours[2]} samples) was made from."
        )
