"""What is under the pointer, in words: times, frequencies, notes, levels."""

from __future__ import annotations

import math

NOTES = ("C", "C♯", "D", "D♯", "E", "F", "F♯", "G", "G♯", "A", "A♯", "B")
A4_HZ = 440.0
A4 = 69  # its MIDI number


def time_text(seconds: float, decimals: int = 3) -> str:
    """Minutes and seconds, with hours where there are any: "3:07.250", "1:02:03.000"."""
    units = round(abs(seconds) * 10**decimals)  # rounded first: 59.9996 s is 1:00.000
    minutes, rest = divmod(units, 60 * 10**decimals)
    hours, minutes = divmod(minutes, 60)
    whole, fraction = divmod(rest, 10**decimals)
    text = f"{hours}:{minutes:02d}:{whole:02d}" if hours else f"{minutes}:{whole:02d}"
    if decimals:
        text += f".{fraction:0{decimals}d}"
    return f"−{text}" if seconds < 0 and units else text


def moment_text(time_s: float, pixel_s: float, rate: int, length: int) -> str:
    """A time in as many decimals as pixels tell apart, from 3 to 6, and from near its sample.

    All of a track that are told with the same pixels are of the same length.
    """
    decimals = min(max(math.ceil(-math.log10(pixel_s)), 3), 6)
    text = f"{time_text(time_s, decimals):>{8 + decimals}}"
    if pixel_s * rate > 1:
        return text
    sample = round(time_s * rate)
    number = f"{sample:,}" if 0 <= sample < length else "–"
    return f"{text}  sample {number:>{len(f'{length:,}')}}"


def frequency_text(hz: float) -> str:
    """With four figures: "82.41 Hz", "1318 Hz", "10.55 kHz"."""
    if hz >= 9999.5:
        return f"{hz / 1000:.2f} kHz"
    decimals = 0 if hz >= 999.95 else 1 if hz >= 99.995 else 2
    return f"{hz:.{decimals}f} Hz"


def rate_text(hz: float) -> str:
    """A sampling rate as people write it: "44.1 kHz", "250 Hz", "44.05594 kHz", "2 MHz"."""
    for factor, unit in ((1e6, "MHz"), (1e3, "kHz")):
        if hz >= factor:
            return f"{hz / factor:.7g} {unit}"
    return f"{hz:.7g} Hz"


def note_text(hz: float) -> str:
    """The nearest note of equal temperament at A4 = 440 Hz, and how far off: "A4 +13 ct"."""
    number = A4 + 12 * math.log2(hz / A4_HZ)
    nearest = round(number)
    octave, name = divmod(nearest, 12)
    cents = round(100 * (number - nearest))
    return f"{NOTES[name]}{octave - 1} {'−' if cents < 0 else '+'}{abs(cents)} ct"


def level_text(level_db: float | None) -> str:
    """A level to half a dB, as pictures hold it; a dash where nothing is known."""
    if level_db is None:
        return "–"
    return f"{level_db:.1f} dB".replace("-", "−")
