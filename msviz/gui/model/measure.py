"""What a box measures, in words."""

from __future__ import annotations

import math

from msviz.gui.model.readout import scaled, time_text
from msviz.gui.model.view import Box

FASTEST_BEAT_S = 0.05  # what repeats quicker is a tone rather than a beat


def measured(box: Box, seen: Box) -> list[str]:
    """Duration and beat of a box, its width in Hz and its interval; not of a side that leaves the view."""
    texts = []
    if box.start_s > seen.start_s or box.stop_s < seen.stop_s:
        texts.append(duration_text(box.stop_s - box.start_s))
    if box.low_hz > seen.low_hz or box.high_hz < seen.high_hz:
        texts.append(interval_text(box.low_hz, box.high_hz))
    return texts


def duration_text(seconds: float) -> str:
    """``Δt 500.0 ms · 120.0 bpm``; of less than a beat, the frequency that it is a period of."""
    if seconds >= 60:
        return f"Δt {time_text(seconds)}"
    if seconds >= FASTEST_BEAT_S:
        return f"Δt {scaled(seconds, 's', 4)} · {_digits(60 / seconds)} bpm"
    return f"Δt {scaled(seconds, 's', 4)} · 1/Δt {scaled(1 / seconds, 'Hz', 4)}"


def interval_text(low_hz: float, high_hz: float) -> str:
    """``Δf 110.0 Hz · 7.02 semitones``."""
    return f"Δf {scaled(high_hz - low_hz, 'Hz', 4)} · {12 * math.log2(high_hz / low_hz):.2f} semitones"


def _digits(value: float) -> str:
    """Four figures, more before the point if need be."""
    return f"{value:.{max(0, 3 - math.floor(math.log10(value)))}f}" if 1 <= value < 1000 else f"{value:.4g}"
