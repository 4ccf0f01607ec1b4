"""What is in a file, as people and programs ask for it."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

from msviz.addresses import is_address
from msviz.audio import AudioSource, open_audio
from msviz.convert.opening import is_converted
from msviz.storage import Stored, load


def describe(path: str | os.PathLike[str]) -> dict[str, Any]:
    """What an audio file or a representation holds, for JSON.

    Returns
    -------
    dict
        "file", "kind" ("audio" or "representation"), "format", "rate_hz", "channels", "length" (samples
        in each channel), "duration_s" and "bytes" (on disk; None at an address).  Of a representation
        also "content", "version" (of the msviz that wrote it), "transform", "parameters", "redundancy"
        (real numbers per sample), "origin" (what it was converted from), and "bands", the lowest first:
        "low_hz", "high_hz", "bins", "hop" (samples), "frames".

    Raises
    ------
    MsvizError
        If it can be opened as neither.
    """
    name = os.fspath(path)
    if not is_converted(name):
        with open_audio(name) as source:
            sound = {"kind": "audio", "format": source.format}
            return {"file": name, **sound, **_extent(source), "bytes": _bytes(Path(name))}
    stored = load(name)
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
    return {
        "file": name,
        "kind": "representation",
        "format": "NPZ" if name.lower().endswith(".npz") else "Zarr",
        **_extent(stored),
        "bytes": None if is_address(name) else _bytes(Path(name)),
        "content": stored.content,
        "version": stored.version,
        "transform": attributes["transform"],
        "parameters": attributes["parameters"],
        "redundancy": redundancy,
        "origin": attributes["origin"],
        "bands": bands,
    }


def _extent(sound: AudioSource | Stored) -> dict[str, Any]:
    return {
        "rate_hz": sound.rate,
        "channels": sound.channels,
        "length": sound.length,
        "duration_s": sound.length / sound.rate,
    }


def _bytes(path: Path) -> int:
    files = path.rglob("*") if path.is_dir() else [path]
    return sum(file.stat().st_size for file in files if file.is_file())
