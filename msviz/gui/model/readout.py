"""What is under the pointer, in words: times, frequencies, notes, levels."""

from __future__ import annotations

import math
from collections.abc import Sequence

from msviz.gui.work.analysis import NAMES

NOTES = ("C", "C♯", "D", "D♯", "E", "F", "F♯", "G", "G♯", "A", "A♯", "B")
A4_HZ = 440.0
A4 = 69  # its MIDI number
LOWEST_NOTE, HIGHEST_NOTE = 0, 143  # that are named: C-1, 8 Hz, to B10, 32 kHz; nobody hears any further


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
    """A time in as many decimals as pixels tell apart, from 3 to 6 or one sample's, and from near its sample.

    All of a track that are told with the same pixels are of the same length.
    """
    decimals = min(max(math.ceil(-math.log10(pixel_s)), 3), max(math.ceil(math.log10(rate)), 6))
    text = f"{time_text(time_s, decimals):>{8 + decimals}}"
    if pixel_s * rate > 1:
        return text
    sample = round(time_s * rate)
    number = f"{sample:,}" if 0 <= sample < length else "–"
    return f"{text}  sample {number:>{len(f'{length:,}')}}"


def frequency_text(hz: float) -> str:
    """With four figures: "31.25 mHz", "82.41 Hz", "1318 Hz", "10.55 kHz", "2.500 MHz"."""
    if 999.95 <= hz < 9999.5:
        return f"{hz:.0f} Hz"
    return scaled(hz, "Hz", 4)


def scaled(value: float, unit: str, figures: int) -> str:
    """A positive number in the unit's multiple that leaves one to three digits before the point.

    "22.68 µs", "31.25 mHz", "1.000 kHz"; below the smallest multiple zeros come first.
    """
    prefixes = {6: "M", 3: "k", 0: "", -3: "m", -6: "µ"}
    power = math.floor(math.log10(float(f"{value:.{figures - 1}e}")))  # rounded first: 999.96 is 1000
    multiple = min(max(3 * (power // 3), -6), 6)
    decimals = max(0, figures - 1 - power + multiple)
    return f"{value / 10**multiple:.{decimals}f} {prefixes[multiple]}{unit}"


def rate_text(rate: float) -> str:
    """A sampling rate, exactly: "250 Hz", "44.1 kHz", "44.05594 kHz", "10 MHz"."""
    for factor, unit in ((1e6, "MHz"), (1e3, "kHz")):
        if rate >= factor:
            return f"{rate / factor:.9g} {unit}"
    return f"{rate:.9g} Hz"


def note_text(hz: float) -> str:
    """The nearest note of equal temperament at A4 = 440 Hz, and how far off: "A4 +13 ct"; nothing if it has
    no name.
    """
    number = A4 + 12 * math.log2(hz / A4_HZ)
    nearest = round(number)
    if not LOWEST_NOTE <= nearest <= HIGHEST_NOTE:
        return ""
    octave, name = divmod(nearest, 12)
    cents = round(100 * (number - nearest))
    return f"{NOTES[name]}{octave - 1} {'−' if cents < 0 else '+'}{abs(cents)} ct"


def level_text(level_db: float | None) -> str:
    """A level to half a dB, as pictures hold it; a dash where nothing is known."""
    if level_db is None:
        return "–"
    return f"{level_db:.1f} dB".replace("-", "−")


def delta_text(
    seconds: float,
    from_hz: float | None = None,
    to_hz: float | None = None,
    levels_db: tuple[float | None, float | None] = (None, None),
    names: Sequence[str] = NAMES,
) -> str:
    """How far one place is from another: "Δ +250.0 ms  +110.0 Hz  +3.86 st  octaves +3.0 dB  STFT –".

    Parameters
    ----------
    seconds : float
        From one to the other.
    from_hz, to_hz : float or None
        Their frequencies; None over a waveform, where the rest is left out.
    levels_db : tuple
        How much louder the other is in each picture, where that is known.
    names : sequence of str
        Of the pictures.
    """
    text = f"{'Δ ' + _signed(seconds, 's'):>11}"
    if from_hz is None or to_hz is None:
        return text
    semitones = f"{12 * math.log2(to_hz / from_hz):+.2f}".replace("-", "−")
    changes = ("–" if db is None else f"{db:+.1f} dB".replace("-", "−") for db in levels_db)
    levels = "".join(f"  {name} {change:>9}" for name, change in zip(names, changes, strict=True))
    pitch = f"{_signed(to_hz - from_hz, 'Hz'):>10}  {semitones:>7} st"
    return f"{text}  {pitch}{levels}"


def _signed(value: float, unit: str) -> str:
    """With four figures and its sign."""
    return f"{'−' if value < 0 else '+'}{scaled(abs(value), unit, 4)}" if value else f"0 {unit}"


def hz_text(hz: float) -> str:
    """Three figures: "440 Hz", "12.5 kHz"."""
    return f"{figures(hz)} Hz" if 0.1 <= hz < 9999.5 else scaled(hz, "Hz", 3)


def figures(value: float) -> str:
    """Three digits, and no exponent."""
    return f"{value:.3g}" if value < 999.5 else f"{value:.0f}"
