"""Gains and solos of octaves and boxes, in words."""

from __future__ import annotations

import math

from msviz.transform.edits import Edits

HIGHEST_DB = 12.0
SOFTEST_DB = -60.0  # below it there is nothing left but silence


def gain_text(gain_db: float) -> str:
    """``+6 dB``, ``−3.5 dB``, ``0 dB``; of nothing ``−∞ dB``."""
    if gain_db == -math.inf:
        return "−∞ dB"
    return f"{'−' if gain_db < 0 else '+' if gain_db > 0 else ''}{abs(gain_db):.3g} dB"


def solo_text(edits: Edits) -> str:
    """``Solo: selection``, ``Solo: 2 selections, 1 octave``; nothing where nothing is soloed."""
    boxes, octaves = len(edits.soloed), sum(octave.soloed for octave in edits.octaves)
    texts = ["selection" if boxes == 1 else f"{boxes} selections"] if boxes else []
    texts += [f"{octaves} octave{'s' if octaves > 1 else ''}"] if octaves else []
    return f"Solo: {', '.join(texts)}" if texts else ""


def limited(gain_db: float) -> float:
    """The nearest gain that there is, in quarters of a dB; silence below the softest."""
    return -math.inf if gain_db < SOFTEST_DB else min(round(4 * gain_db) / 4, HIGHEST_DB)


def moved(gain_db: float, by_db: float) -> float:
    """A gain so many dB further; from silence it comes back at the softest."""
    return limited(by_db + (SOFTEST_DB - abs(by_db) if gain_db == -math.inf else gain_db))
