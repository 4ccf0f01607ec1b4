"""Edits that outlive a track's being open: opened again, they are there again."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from PyQt6.QtCore import QSettings

from msviz.errors import ParameterError
from msviz.transform.edits import BoxEdit, Edits, OctaveEdit

MOST_TRACKS = 50
KEY = "edits"


Fingerprint = dict[str, str | int | None]


def fingerprint(path: Path, length: int) -> Fingerprint:
    """What tells a file of so many samples from what takes its place, or comes of it, later."""
    try:
        known = (path / "zarr.json" if path.is_dir() else path).stat()
    except OSError:
        size = modified_ns = None
    else:
        size, modified_ns = known.st_size, known.st_mtime_ns
    return {"path": str(path.resolve()), "length": length, "size": size, "modified_ns": modified_ns}


def save_edits(file: Fingerprint, edits: Edits) -> None:
    """Keep what was done to a file as it was when it was opened, for the next time that it is."""
    entry = {
        **file,
        "octaves": [list(vars(edit).values()) for edit in edits.octaves],
        "boxes": [list(vars(edit).values()) for edit in edits.boxes],
    }
    others = [other for other in _entries() if other["path"] != file["path"]]
    kept = [entry, *others] if edits else others
    QSettings().setValue(KEY, json.dumps(kept[:MOST_TRACKS]))


def load_edits(file: Fingerprint, octave_count: int) -> Edits:
    """What was done to a file; nothing if it has changed since.

    Octaves are counted from the highest: how many there are below depends on the lowest frequency.
    """
    for entry in _entries():
        if file.items() <= entry.items():
            try:
                octaves = tuple(OctaveEdit(*values) for values in entry["octaves"])
                boxes = tuple(BoxEdit(*values) for values in entry["boxes"])
            except (KeyError, TypeError, ParameterError):
                break
            if octaves:
                more = octave_count - len(octaves)
                octaves = (OctaveEdit(),) * more + octaves[max(0, -more) :]
            return Edits(octaves, boxes)
    return Edits()


def _entries() -> list[dict[str, Any]]:
    """What settings hold and makes sense, the newest first."""
    try:
        entries = json.loads(QSettings().value(KEY, "[]", str))
    except (TypeError, ValueError):
        return []
    if not isinstance(entries, list):
        return []
    return [entry for entry in entries if isinstance(entry, dict) and "path" in entry]
