"""Where the marks of a ruler lie, and what is written beside them."""

from __future__ import annotations

import math
from collections.abc import Callable
from itertools import pairwise
from typing import NamedTuple

TIME_STEPS_S = (
    *(digit * 10.0**power for power in range(-7, 0) for digit in (1, 2, 5)),
    *(1.0, 2.0, 5.0, 10.0, 15.0, 30.0),
    *(60.0 * minutes for minutes in (1, 2, 5, 10, 15, 30)),
    *(3600.0 * hours for hours in (1, 2, 5, 10, 20, 50, 100)),
)
MINOR_GAP = 5.0  # pixels between marks without a label, at least


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
    fitting = (step for step in TIME_STEPS_S if step * per_second >= room(time_label(latest, step)))
    step = next(fitting, TIME_STEPS_S[-1])
    parts = (step / finer for finer in TIME_STEPS_S if finer * per_second >= MINOR_GAP)
    division = next((round(part) for part in parts if abs(part - round(part)) < 1e-6), 1)
    numbers = range(math.ceil(start_s / step * division), math.floor(stop_s / step * division) + 1)
    times = [(number, number * step / division) for number in numbers]
    return [Tick(time, "" if number % division else time_label(time, step)) for number, time in times]


def frequency_label(hz: float) -> str:
    """``50``, ``1k``, ``1.25k``."""
    return f"{hz / 1000:.7g}k" if hz >= 1000 else f"{hz:.7g}"


def frequency_ticks(low_hz: float, high_hz: float, pixel: Callable[[float], float], gap: float) -> list[Tick]:
    """Round frequencies from `low_hz` to `high_hz` on any axis, with `gap` pixels from label to label.

    Decades are divided at 1, 2, 5, and each part again into equal tenths, fifths or halves as long as
    there is room, down to fractions of a hertz.  The axis may be any that is bent one way only.
    """

    def roomy(marks: list[float], least: float) -> bool:
        pairs = ((marks[0], marks[1]), (marks[-2], marks[-1]))  # one of them is the narrowest
        return all(abs(pixel(b) - pixel(a)) >= least for a, b in pairs)

    def divided(marks: list[float], least: float) -> list[float]:
        """Equidistant marks, their distance a digit times a power of ten, divided further."""
        seen = [i for i, (a, b) in enumerate(pairwise(marks)) if b > low_hz and a < high_hz]
        if not seen:
            return []
        first, step = marks[seen[0]], marks[1] - marks[0]
        digit = round(step / 10 ** math.floor(math.log10(step) + 1e-9))
        for parts in {1: (10, 5, 2), 2: (10, 4, 2), 3: (3,), 5: (10, 5)}[digit]:
            finer = [first + step * part / parts for part in range(len(seen) * parts + 1)]
            if roomy(finer, least):
                return divided(finer, least)
        return marks[seen[0] : seen[-1] + 2]

    def decade(a: float, least: float) -> list[float]:
        edges = [a, 2 * a, 5 * a, 10 * a]
        parts = [divided([p, q], least) for p, q in pairwise(edges)]
        return [mark for part in parts for mark in part] if roomy(edges, least) else [a, 10 * a]

    def marks(least: float) -> list[float]:
        powers = range(math.floor(math.log10(low_hz)), math.floor(math.log10(high_hz)) + 1)
        found = sorted(mark for power in powers for mark in decade(10.0**power, least))
        distinct = [b for a, b in pairwise([0.0, *found]) if b - a > 1e-9 * b]
        return [mark for mark in distinct if low_hz <= mark <= high_hz]

    labelled = marks(gap)
    if any(abs(pixel(b) - pixel(a)) < gap for a, b in pairwise(labelled)):  # not even decades have room
        labelled = labelled[:1]
    labels = {f"{mark:.9g}": "" for mark in marks(MINOR_GAP)}
    labels |= {f"{mark:.9g}": frequency_label(mark) for mark in labelled}
    return sorted(Tick(float(mark), label) for mark, label in labels.items())


def level_ticks(floor_db: float, ceiling_db: float, pixels: float, gap: float) -> list[Tick]:
    """Round levels with at least `gap` pixels from one to the next."""
    per_db = pixels / (ceiling_db - floor_db)
    step = next((step for step in (1, 2, 5, 10, 20) if step * per_db >= gap), 50)
    numbers = range(math.ceil(floor_db / step), math.floor(ceiling_db / step) + 1)
    return [Tick(number * step, f"{number * step}".replace("-", "−")) for number in numbers]
