"""`msviz info` and `msviz resynth`."""

from __future__ import annotations

import json
import math
from collections.abc import Iterator
from contextlib import ExitStack, closing
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from msviz.cli.options import FilePath, given, print_problems, progress, require_another, seconds, time_range
from msviz.errors import ParameterError

if TYPE_CHECKING:
    from msviz.audio import AudioSource
    from msviz.storage import StoredRepresentation
    from msviz.tracks import Track


@click.command()
@click.argument("file", metavar="FILE")
@click.option("--no-check", is_flag=True, help="Do not decode the audio to look for damage.")
@click.option("--strict", is_flag=True, help="Exit with 1 if there are any problems.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def info(file: str, no_check: bool, strict: bool, as_json: bool) -> None:
    """Describe FILE, audio or a representation; - is standard input.

    Audio is decoded completely to find damage.
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
    """Find all damage, with a progress bar."""
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
            "redundancy": f"{told['redundancy']:.2f} real numbers per sample",
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
        yield f"  problems    {'none' if told['checked'] else 'not checked'}"
    for number, band in enumerate(told.get("bands", ())):
        yield (
            f"  band {number:<6} {band['low_hz']:9.7g} to {band['high_hz']:9.7g} Hz, {band['bins']} bins, "
            f"hop {band['hop']}, {band['frames']} frames"
        )


@click.command()
@click.argument("file", metavar="FILE")
@click.option("-o", "--output", "out", type=FilePath, required=True, help="Output file, .wav or .flac.")
@click.option("--original", metavar="AUDIO", help="Print the signal-to-error ratio against this file.")
@click.option(
    "--start",
    metavar="TIME",
    callback=seconds,
    default="0",
    help="Start time, in seconds or as m:ss.  [the beginning]",
)
@click.option("--stop", metavar="TIME", callback=seconds, help="Stop time.  [the end]")
@click.option("--strict", is_flag=True, help="Fail if the original audio was damaged.")
@click.option("--json", "as_json", is_flag=True, help="Print a JSON report.")
def resynth(
    file: str,
    out: Path,
    original: str | None,
    start: float,
    stop: float | None,
    strict: bool,
    as_json: bool,
) -> None:
    """Synthesize the sound of FILE, a representation."""
    from msviz.audio import audio_writer, open_audio, problems, require_sound
    from msviz.measures import signal_to_error_db
    from msviz.signal import Excerpt
    from msviz.storage import load

    require_another(out, file, "input")
    if original:
        require_another(out, original, "original")
    stored = load(file)
    source = stored.source()
    first, last = (round(time_s * source.rate) for time_s in time_range(file, source, start, stop))
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
            progress("Synthesizing", 1000) as bar,
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
            # Compare the file as written, so that rounding to its sample format counts as well.
            written = opened.enter_context(open_audio(out))
            its = Excerpt(compared, stored.start + first, stored.start + last)
            ratio_db = signal_to_error_db(its, written)
            report["signal_to_error_db"] = ratio_db if math.isfinite(ratio_db) else None
            report["original_problems"] = problems(compared)
            if not as_json:
                click.echo(f"Signal-to-error ratio: {ratio_db:.1f} dB")
                print_problems(str(original), report["original_problems"])
    if as_json:
        click.echo(json.dumps(report))
    else:
        print_problems(file, found)


def _require_original(stored: StoredRepresentation, original: AudioSource) -> None:
    its = original.rate, original.channels, original.length
    ours = stored.rate, stored.channels, max(stored.stop, 1)
    if its[:2] != ours[:2] or its[2] < ours[2]:
        raise ParameterError(
            f"{original.path} ({_shape(*its)}) does not match {stored.path} ({_shape(*ours)})."
        )


def _shape(rate: int, channels: int, length: int) -> str:
    return f"{rate} Hz, {channels} channel{'s' if channels != 1 else ''}, {length} samples"
