"""What is in a file, as people and programs ask for it."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

from msviz.audio import problems
from msviz.convert.opening import Track


def describe(file: str | os.PathLike[str], source: Track) -> dict[str, Any]:
    """What an audio file or a representation holds, for JSON; of damage what is known so far.

    Parameters
    ----------
    file : path or address
    source : Track
        The file, opened by `open_source`.

    Returns
    -------
    dict
        "file", "kind" ("audio" or "representation"), "format", "rate_hz", "exact_rate_hz" (as the file gives
        it, with a fraction), "channels", "channel_names", "length" (samples in each channel), "settled"
        (whether that is certain), "duration_s", "track" and "tracks", "damage" ("start", "stop", "start_s",
        "stop_s", "reason"), "problems" (that damage and all else that is wrong, as sentences without the
        file's name), and "bytes" (on disk; None of what lies elsewhere).  Of a representation also "content",
        "version" (of the msviz that wrote it), "transform", "parameters", "redundancy" (real numbers per
        sample), "origin" (what it was converted from), and "bands", the lowest first: "low_hz", "high_hz",
        "bins", "hop" (samples), "frames".
    """
    name = os.fspath(file)
    told = {
        "file": name,
        "kind": "representation" if source.stored else "audio",
        "format": source.format,
        "rate_hz": source.rate,
        "exact_rate_hz": source.exact_rate,
        "channels": source.channels,
        "channel_names": list(source.channel_names),
        "length": source.length,
        "settled": source.settled,
        "duration_s": source.length / source.rate,
        "track": source.track,
        "tracks": list(source.tracks),
        "damage": [
            {
                "start": start,
                "stop": stop,
                "start_s": start / source.rate,
                "stop_s": stop / source.rate,
                "reason": reason,
            }
            for start, stop, reason in source.damage
        ],
        "problems": problems(source),
        "bytes": _bytes(Path(name)) if os.path.exists(name) else None,
    }
    if not (stored := source.stored):
        return told
    attributes = stored.attributes
    rows = [band.frequencies.size for band in stored.transform.bands]
    bands = [
        {"bins": count, **{key: band[key] for key in ("low_hz", "high_hz", "hop", "frames")}}
        for count, band in zip(rows, attributes["bands"].values(), strict=False)  # without the residual
    ]
    reals = 1 if stored.content == "levels" else 2
    redundancy = sum(reals * band["bins"] / band["hop"] for band in bands)
    if residual := attributes["bands"].get("residual"):
        redundancy += 1 / residual["hop"]
    return told | {
        "format": "NPZ" if name.lower().endswith(".npz") else "Zarr",
        "content": stored.content,
        "version": stored.version,
        "transform": attributes["transform"],
        "parameters": attributes["parameters"],
        "redundancy": redundancy,
        "origin": attributes["origin"],
        "bands": bands,
    }


def _bytes(path: Path) -> int:
    files = path.rglob("*") if path.is_dir() else [path]
    return sum(file.stat().st_size for file in files if file.is_file())
