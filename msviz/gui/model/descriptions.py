"""Settings in words, for reports that people read."""

from __future__ import annotations

import math

from msviz.gui.model.readout import hz_text
from msviz.lab import Recipe
from msviz.transform import STFT, OctaveTransform
from msviz.transform.edits import Edits


def settings_text(octaves: OctaveTransform, stft: STFT, edits: Edits, recipe: Recipe) -> dict[str, str]:
    """How the sounds of a track are made, by what each text describes."""
    chosen, lowest = octaves.parameters, hz_text(octaves.octaves[0].low)
    texts = {
        "Multi-scale": f"{chosen['bins_per_octave']} bins per octave, resolution {chosen['resolution']:g}, "
        f"gamma {chosen['gamma']:g} Hz, from {lowest}",
        "STFT": f"window {stft.window} samples, hop {stft.hop} samples",
        "Coefficients": recipe_text(recipe) if recipe else "",
        "Edits": edits_text(edits),
    }
    return {name: text for name, text in texts.items() if text}


def edits_text(edits: Edits) -> str:
    """``1 box silenced, 2 octaves muted``; nothing for edits that change nothing."""
    boxes, octaves = edits.boxes, edits.octaves
    parts = [
        _counted("box", "soloed", sum(box.soloed for box in boxes)),
        _counted("box", "silenced", sum(box.silenced for box in boxes)),
        _counted("box", "changed in gain", sum(box.gain_db not in (0, -math.inf) for box in boxes)),
        _counted("octave", "soloed", sum(octave.soloed for octave in octaves)),
        _counted("octave", "muted", sum(octave.muted for octave in octaves)),
        _counted("octave", "changed in gain", sum(bool(octave.gain_db) for octave in octaves)),
    ]
    return ", ".join(part for part in parts if part)


def _counted(thing: str, done: str, count: int) -> str:
    plural = {"box": "boxes"}.get(thing, f"{thing}s")
    return f"{count} {thing if count == 1 else plural} {done}" if count else ""


def recipe_text(recipe: Recipe) -> str:
    """``strongest 56 % of coefficients, 12-bit magnitudes``; ``unchanged`` if nothing is lost."""
    parts = [f"strongest {recipe.kept:g} % of coefficients"] if recipe.kept < 100 else []
    parts += [f"{recipe.magnitude_bits}-bit magnitudes"] if recipe.magnitude_bits else []
    if recipe.rebuild_phase:
        parts.append("estimated phases")
    elif recipe.phase_bits:
        parts.append(f"{recipe.phase_bits}-bit phases")
    return ", ".join(parts) or "unchanged"
