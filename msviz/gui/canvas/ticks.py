"""Where the marks of a ruler lie, and what is written beside them."""

from __future__ import annotations

import math
from collections.abc import Callable
from itertools import pairwise
from typing import NamedTuple

from msviz.gui.model.readout import A4, A4_HZ, HIGHEST_NOTE, LOWEST_NOTE, NOTES
from msviz.picture import FrequencyAxis

TIME_STEPS_S = (
    *(digit * 10.0**power for power in range(-7, 0) for digit in (1, 2, 5)),
    *(1.0, 2.0, 5.0, 10.0, 15.0, 30.0),
    *(60.0 * minutes for minutes in (1, 2, 5, 10, 15, 30)),
    *(3600.0 * hours for hours in (1, 2, 5)),
    *(3600.0 * digit * 10**power for power in range(1, 6) for digit in (1, 2, 5)),
)
MINOR_GAP = 7.0  # pixels between marks without a label, at least


class Tick(NamedTuple):
    """A mark; the label of a minor one is empty."""

    value: float
    label: str


def time_label(time_s: float, step_s: float) -> str:
    """Hours, minutes and seconds with as many decimals as a step needs: ``1:02:03``, ``0:42.137``."""
    decimals = max(0, math.ceil(-math.log10(step_s) - 1e-9))
    seconds, fraction = divmod(round(abs(time_s) * 10**decimals), 10**decimals)
    minutes, seconds = divmod(seconds, 60)
    hours, minutes = divmod(minutes, 60)
    sign = "−" if time_s < 0 and (hours or minutes or seconds or fraction) else ""
    clock = f"{hours}:{minutes:02d}:{seconds:02d}" if hours else f"{minutes}:{seconds:02d}"
    return sign + clock + (f".{fraction:0{decimals}d}" if decimals else "")


def time_ticks(start_s: float, stop_s: float, pixels: float, room: Callable[[str], float]) -> list[Tick]:
    """Round times from `start_s` to `stop_s`, as dense as their labels leave room for.

    Parameters
    ----------
    pixels : float
        From `start_s` to `stop_s`.
    room : callable
        Pixels that a label takes, the gap beside it included.
    """
    per_second = pixels / (stop_s - start_s)
    latest = max(abs(start_s), abs(stop_s))
    least = room("")  # spares writing labels that cannot fit
    fitting = (
        step
        for step in TIME_STEPS_S
        if step * per_second >= least and step * per_second >= room(time_label(latest, step))
    )
    step = next(fitting, TIME_STEPS_S[-1])
    parts = (step / finer for finer in TIME_STEPS_S if finer * per_second >= MINOR_GAP)
    division = next((round(part) for part in parts if abs(part - round(part)) < 1e-6), 1)
    numbers = range(math.ceil(start_s / step * division), math.floor(stop_s / step * division) + 1)
    times = [(number, number * step / division) for number in numbers]
    return [Tick(time, "" if number % division else time_label(time, step)) for number, time in times]


def frequency_label(hz: float) -> str:
    """``0.002``, ``50``, ``1k``, ``1.25k``, ``4M``."""
    for factor, prefix in ((1e6, "M"), (1e3, "k")):
        if hz >= factor:
            return f"{hz / factor:.7g}{prefix}"
    return f"{hz:.7f}".rstrip("0") if hz < 1e-3 else f"{hz:.7g}"


def frequency_ticks(axis: FrequencyAxis, pixels: float, gap: float) -> list[Tick]:
    """Round frequencies on an axis of so many pixels, with `gap` pixels or more from label to label."""
    if axis.linear:
        return _even_ticks(axis, pixels, gap)
    pixel = pixel_of(axis, pixels)
    labelled = _decade_marks(axis, pixel, gap)
    if len(labelled) < 2:
        labelled = _roundest(axis, pixel, gap)
    labels = {f"{mark:.9g}": "" for mark in _decade_marks(axis, pixel, MINOR_GAP)}
    labels |= {f"{mark:.9g}": frequency_label(mark) for mark in labelled}
    return sorted(Tick(float(mark), label) for mark, label in labels.items())


def pixel_of(axis: FrequencyAxis, pixels: float) -> Callable[[float], float]:
    """Where a frequency lies, in pixels from the lower edge; for single ones quicker than the axis."""
    low, high = axis.low_hz, axis.high_hz
    if axis.linear:
        per_hz = pixels / (high - low)
        return lambda hz: (hz - low) * per_hz
    per_unit = pixels / math.log(high / low)
    return lambda hz: math.log(hz / low) * per_unit


def _even_ticks(axis: FrequencyAxis, pixels: float, gap: float) -> list[Tick]:
    """Marks at equal distances, a digit times a power of ten."""
    per_hz = pixels / (axis.high_hz - axis.low_hz)
    step, minor = (_round_step(least / per_hz) for least in (gap, MINOR_GAP))
    marks = {f"{mark:.9g}": "" for mark in _multiples(minor, axis)}
    marks |= {f"{mark:.9g}": frequency_label(mark) for mark in _multiples(step, axis)}
    return sorted(Tick(float(mark), label) for mark, label in marks.items())


def _round_step(least: float) -> float:
    """The shortest of 1, 2, 5, 10, 20... that is no shorter."""
    power = 10.0 ** math.floor(math.log10(least))
    return next(digit * power for digit in (1, 2, 5, 10) if digit * power >= least)


def _multiples(step: float, axis: FrequencyAxis) -> list[float]:
    numbers = range(math.ceil(axis.low_hz / step), math.floor(axis.high_hz / step) + 1)
    return [number * step for number in numbers]


def _decade_marks(axis: FrequencyAxis, pixel: Callable[[float], float], least: float) -> list[float]:
    """Marks on a log axis, `least` pixels or more from one to the next.

    Decades are divided at 1, 2, 5, and each part again into equal tenths, fifths or halves as long as
    there is room, down to fractions of a hertz.
    """

    def roomy(marks: list[float]) -> bool:
        return pixel(marks[-1]) - pixel(marks[-2]) >= least  # the narrowest: they are closer higher up

    def divided(marks: list[float]) -> list[float]:
        """Equidistant marks, their distance a digit times a power of ten, divided further."""
        seen = [i for i, (a, b) in enumerate(pairwise(marks)) if b > axis.low_hz and a < axis.high_hz]
        if not seen:
            return []
        first, step = marks[seen[0]], marks[1] - marks[0]
        digit = round(step / 10 ** math.floor(math.log10(step) + 1e-9))
        for parts in {1: (10, 5, 2), 2: (10, 4, 2), 3: (3,), 5: (10, 5)}[digit]:
            finer = [first + step * part / parts for part in range(len(seen) * parts + 1)]
            if roomy(finer):
                return divided(finer)
        return marks[seen[0] : seen[-1] + 2]

    found = []
    for power in range(math.floor(math.log10(axis.low_hz)), math.floor(math.log10(axis.high_hz)) + 1):
        edges = [digit * 10.0**power for digit in (1, 2, 5, 10)]
        parts = [divided(list(part)) for part in pairwise(edges)] if roomy(edges) else [edges[::3]]
        found += [mark for part in parts for mark in part]
    distinct = [b for a, b in pairwise([0.0, *sorted(found)]) if b - a > 1e-9 * b]
    marks = [mark for mark in distinct if axis.low_hz <= mark <= axis.high_hz]
    close = any(pixel(b) - pixel(a) < least for a, b in pairwise(marks))  # not even decades have room
    return marks[:1] if close else marks


def _roundest(axis: FrequencyAxis, pixel: Callable[[float], float], gap: float) -> list[float]:
    """The roundest of all frequencies that have room beside each other, where no even steps have."""

    def figures(mark: float) -> tuple[int, int, float]:
        digits = f"{mark:.9g}".replace(".", "").strip("0")
        return len(digits), "152".find(digits[-1]) % 4, mark

    if axis.high_hz < 10 * axis.low_hz:
        marks = _multiples(_round_step((axis.high_hz - axis.low_hz) / 50), axis)
    else:
        powers = range(math.floor(math.log10(axis.low_hz)), math.floor(math.log10(axis.high_hz)) + 1)
        marks = [digit * 10.0**power for power in powers for digit in range(1, 10)]
        marks = [mark for mark in marks if axis.low_hz <= mark <= axis.high_hz]
    chosen: list[float] = []
    for mark in sorted(marks, key=figures):
        if all(abs(pixel(mark) - pixel(other)) >= gap for other in chosen):
            chosen.append(mark)
    return chosen


OCTAVE_PARTS = (  # notes of an octave that are written, the closest two so many semitones apart
    (12, (0,)),
    (5, (0, 7)),
    (3, (0, 4, 7)),
    (2, (0, 2, 4, 7, 9)),
    (1, tuple(range(12))),
)
CENTS = tuple(digit / power for power in (100, 10, 1, 0.1) for digit in (1, 2, 5))


def note_of(hz: float) -> float:
    """MIDI's number of a frequency, at A4 = 440 Hz and equal temperament."""
    return A4 + 12 * math.log2(hz / A4_HZ)


def hz_of(note: float) -> float:
    """The frequency of a note by MIDI's number."""
    return A4_HZ * 2 ** ((note - A4) / 12)


def note_label(note: float) -> str:
    """``A4``; between notes, how many cents from the nearest: ``A4 +20``."""
    nearest = math.floor(note + 0.5)
    octave, name = divmod(nearest, 12)
    cents = round(100 * (note - nearest), 2)
    return f"{NOTES[name]}{octave - 1}" + (f" {'−' if cents < 0 else '+'}{abs(cents):g}" if cents else "")


def note_ticks(axis: FrequencyAxis, pixels: float, gap: float) -> list[Tick]:
    """Notes on an axis of so many pixels, with `gap` pixels or more from label to label.

    Where there is little room, the C of each octave or of every few; with more, the chord and the
    scale on it, all semitones, and cents between them.  Beyond the notes that have names there are
    frequencies.
    """
    low, high = note_of(axis.low_hz), note_of(axis.high_hz)
    pixel = pixel_of(axis, pixels)

    def distance(note: float, semitones: float) -> float:
        return pixel(hz_of(note + semitones)) - pixel(hz_of(note))

    ticks: list[Tick] = []
    last = -math.inf  # on a linear axis octaves are wider the higher they are: what goes for one octave
    first_octave, last_octave = max(low, LOWEST_NOTE) // 12, min(high, HIGHEST_NOTE) // 12
    for octave in range(int(first_octave), int(last_octave) + 1):  # may not for the next
        bottom = max(12.0 * octave, low)
        step = next((cents / 100 for cents in CENTS if distance(bottom, cents / 100) >= gap), 0.0)
        if step:
            first, after = bottom, min(12.0 * (octave + 1), high + 1e-9)
            notes = [n * step for n in range(math.ceil(first / step - 1e-9), math.ceil(after / step - 1e-9))]
        else:
            parts = next((p for apart, p in OCTAVE_PARTS[::-1] if distance(bottom, apart) >= gap), (0,))
            notes = [12.0 * octave + part for part in parts]
        for note in notes:
            at = pixel(hz_of(note))
            if low - 1e-9 <= note <= high + 1e-9 and at - last >= gap * (1 - 1e-9):
                ticks.append(Tick(hz_of(note), note_label(note)))
                last = at
    places = [pixel(tick.value) for tick in ticks]
    for hz, label in frequency_ticks(axis, pixels, gap):
        if not LOWEST_NOTE <= note_of(hz) <= HIGHEST_NOTE:
            apart = min((abs(pixel(hz) - place) for place in places), default=gap)
            ticks.append(Tick(hz, label if apart >= gap else ""))
    return sorted(ticks)


def level_ticks(floor_db: float, ceiling_db: float, pixels: float, gap: float) -> list[Tick]:
    """Round levels with at least `gap` pixels from one to the next."""
    per_db = pixels / (ceiling_db - floor_db)
    step = next((step for step in (1, 2, 5, 10, 20) if step * per_db >= gap), 50)
    numbers = range(math.ceil(floor_db / step), math.floor(ceiling_db / step) + 1)
    return [Tick(number * step, f"{number * step}".replace("-", "−")) for number in numbers]
