"""Parsing typed times and frequencies."""

from __future__ import annotations

import math
import re

from msviz.errors import MsvizError
from msviz.gui.model.readout import A4, A4_HZ

NUMBER = r"\d+\.?\d*|\.\d+"
CLOCK = re.compile(rf"(?:(\d+):)?(\d+):({NUMBER})")
SAMPLES = re.compile(r"(\d[\d,]*)\s*(?:samples?|sa|smp)", re.IGNORECASE)
SECONDS = re.compile(rf"({NUMBER})\s*(h|min|s|ms|µs|us)?", re.IGNORECASE)
HERTZ = re.compile(rf"({NUMBER})\s*([mkKM]?)(?:[hH][zZ])?")
NOTE = re.compile(r"([A-Ga-g])([#♯b♭]?)(-?\d+)(?:\s*([+-]\s*\d+\.?\d*)\s*(?:ct|cents?)?)?")

UNITS = {"h": 3600.0, "min": 60.0, "s": 1.0, "": 1.0, "ms": 1e-3, "µs": 1e-6, "us": 1e-6}
MULTIPLES = {"m": 1e-3, "": 1.0, "k": 1e3, "K": 1e3, "M": 1e6}
SEMITONES = {"C": 0, "D": 2, "E": 4, "F": 5, "G": 7, "A": 9, "B": 11}
ACCIDENTALS = {"": 0, "#": 1, "♯": 1, "b": -1, "♭": -1}
MOST_OCTAVES = 20  # up or down; far beyond any track


def parse_time(text: str, rate: float) -> float:
    """Parse a time such as ``12.5``, ``1:23.5``, ``250 ms`` or ``44100 samples`` into seconds.

    Parameters
    ----------
    text : str
    rate : float
        Samples in a second.

    Raises
    ------
    MsvizError
        If it is not a time; the message says what is accepted.
    """
    typed = _plain(text)
    if found := CLOCK.fullmatch(typed):
        hours, minutes, seconds = int(found[1] or 0), int(found[2]), float(found[3])
        if seconds < 60 and (minutes < 60 or found[1] is None):
            return _finite(3600.0 * hours + 60.0 * minutes + seconds, text)
    elif found := SAMPLES.fullmatch(typed):
        return _finite(float(found[1].replace(",", "")) / rate, text)
    elif found := SECONDS.fullmatch(typed):
        return _finite(float(found[1]) * UNITS[(found[2] or "").lower()], text)
    raise MsvizError(
        f"“{text.strip()}” is not a time. Type seconds (12.5), minutes and seconds (1:23.5), "
        "250 ms or 44100 samples."
    )


def parse_frequency(text: str) -> float:
    """Parse a frequency such as ``440``, ``1.2 kHz``, ``A4`` or ``C#5 +10`` (ten cents above C♯5) into Hz.

    Raises
    ------
    MsvizError
        If it is not a frequency above 0; the message says what is accepted.
    """
    typed = _plain(text)
    if found := HERTZ.fullmatch(typed):
        hz = float(found[1]) * MULTIPLES[found[2]]
        if 0 < hz < math.inf:
            return hz
    elif found := NOTE.fullmatch(typed):
        letter, accidental, octave, cents = found.groups()
        if abs(int(octave)) <= MOST_OCTAVES:
            note = 12 * (int(octave) + 1) + SEMITONES[letter.upper()] + ACCIDENTALS[accidental]
            note_cents = float((cents or "0").replace(" ", ""))
            if abs(note_cents) <= 1200 * MOST_OCTAVES:
                return float(A4_HZ * 2.0 ** ((note - A4 + note_cents / 100) / 12))
    raise MsvizError(
        f"“{text.strip()}” is not a frequency. Type Hz (440), kHz (1.2 kHz) or a note (A4, C#5 +10)."
    )


def _plain(text: str) -> str:
    """The text without surrounding spaces, with the minus and micro signs of keyboards."""
    return text.strip().replace("−", "-").replace("μ", "µ")


def _finite(seconds: float, text: str) -> float:
    if math.isinf(seconds):
        raise MsvizError(f"“{text.strip()}” is longer than any track.")
    return seconds
