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


def keep(path: Path, length: int, edits: Edits) -> None:
    """Keep what was done to a file of so many samples, for the next time that it is opened."""
    name = str(path.resolve())
    entry = {
        "path": name,
        "length": length,
        "octaves": [list(vars(edit).values()) for edit in edits.octaves],
        "boxes": [list(vars(edit).values()) for edit in edits.boxes],
        "alone": edits.alone,
    }
    others = [other for other in _entries() if other["path"] != name]
    kept = [entry, *others] if edits else others
    QSettings().setValue(KEY, json.dumps(kept[:MOST_TRACKS]))


def kept(path: Path, length: int, octave_count: int) -> Edits:
    """What was done to a file; nothing if it has another length now.

    Octaves are counted from the highest: how many there are below depends on the lowest frequency.
    """
    name = str(path.resolve())
    for entry in _entries():
        if entry["path"] == name and entry["length"] == length:
            try:
                octaves = tuple(OctaveEdit(*values) for values in entry["octaves"])
                boxes = tuple(BoxEdit(*values) for values in entry["boxes"])
            except (KeyError, TypeError, ParameterError):
                break
            if octaves:
                more = octave_count - len(octaves)
                octaves = (OctaveEdit(),) * more + octaves[max(0, -more) :]
            return Edits(octaves, boxes, bool(entry.get("alone")))
    return Edits()


def _entries() -> list[dict[str, Any]]:
    """What settings hold and makes sense, the newest first."""
    try:
        entries = json.loads(QSettings().value(KEY, "[]", str))
    except (TypeError, ValueError):
        return []
    if not isinstance(entries, list):
        return []
    return [entry for entry in entries if isinstance(entry, dict) and {"path", "length"} <= entry.keys()]
