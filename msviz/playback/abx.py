"""Blind comparison of two sources: which of them is X?

References
----------
D. Clark, "High-resolution subjective testing using a double-blind comparator", J. Audio Eng. Soc. 30(5),
1982.
"""

from __future__ import annotations

import random
from collections.abc import Mapping
from datetime import datetime
from math import comb
from pathlib import Path
from typing import NamedTuple

from msviz import __version__
from msviz.audio.damage import clock
from msviz.errors import ParameterError
from msviz.files import atomic_path

PLACES = ("A", "B")
SIGNIFICANT = 0.05


class Trial(NamedTuple):
    """What X was, and the answer: "A" or "B"."""

    x_is: str
    answer: str


class Trials:
    """An ABX test: in each trial, X is randomly A or B.

    It reveals nothing about X before the last answer, except what is needed to play it.

    Parameters
    ----------
    count : int
        How many trials.
    rng : random.Random, optional
        By default the operating system's random numbers.

    Attributes
    ----------
    count : int
        How many there are; fewer than `planned` after `stop`.
    planned : int

    Raises
    ------
    ParameterError
        If there are no trials.
    """

    def __init__(self, count: int = 16, *, rng: random.Random | None = None) -> None:
        if count < 1:
            raise ParameterError(f"an ABX test needs at least 1 trial, not {count}")
        self.count = count
        chance = rng or random.SystemRandom()
        self._order = tuple(chance.choice(PLACES) for _ in range(count))
        self.planned = count
        self._answers: list[str] = []

    @property
    def number(self) -> int:
        """The number of the current trial, from 1; after the last answer, that of the last."""
        return min(self.given + 1, self.count)

    @property
    def done(self) -> bool:
        """Whether all trials have been answered."""
        return self.given == self.count

    @property
    def x_is(self) -> str:
        """What X is in this trial, "A" or "B"; for playing it, not for showing it."""
        return self._order[self.number - 1]

    def answer(self, choice: str) -> None:
        """Answer that X is "A" or "B", and go on to the next trial.

        Raises
        ------
        ParameterError
            If it is neither, or all trials have been answered.
        """
        if choice not in PLACES:
            raise ParameterError(f"choice must be A or B, not {choice}")
        if self.done:
            raise ParameterError(f"all {self.count} trials have been answered")
        self._answers.append(choice)

    @property
    def given(self) -> int:
        """How many trials have been answered."""
        return len(self._answers)

    def stop(self) -> None:
        """End the test early.  The score is not known until then, so the p-value stays valid.

        Raises
        ------
        ParameterError
            If there are no answers.
        """
        if not self._answers:
            raise ParameterError("no trials have been answered")
        self.count = self.given

    @property
    def results(self) -> tuple[Trial, ...]:
        """Every trial.

        Raises
        ------
        ParameterError
            If some are not answered yet: knowing the score, one could stop when it is high.
        """
        if not self.done:
            raise ParameterError(f"only {self.given} of {self.count} trials have been answered")
        return tuple(map(Trial, self._order, self._answers))

    @property
    def hits(self) -> int:
        """How many answers are right, once all have been given."""
        return sum(x_is == answer for x_is, answer in self.results)

    @property
    def p_value(self) -> float:
        """Probability of at least this many hits by guessing: a one-sided binomial test."""
        return p_value(self.hits, self.count)

    @property
    def verdict(self) -> str:
        """What the result means, in a sentence or two."""
        chance = (
            f"Guessing scores {self.hits} or more out of {self.count} in {100 * self.p_value:.2g} % of tests."
        )
        if self.p_value < SIGNIFICANT:
            return f"{chance} A and B were told apart."
        return f"{chance} This shows neither that A and B were told apart nor that they sound the same."

    @property
    def summary(self) -> str:
        """Score and p-value, on one line."""
        return f"{self.hits} of {self.count} right, p = {self.p_value:.3g}"

    def report(
        self,
        *,
        track: str,
        region_s: tuple[float, float],
        names: tuple[str, str],
        settings: Mapping[str, str],
        date: datetime,
    ) -> str:
        """The test as readable text.

        Parameters
        ----------
        track : str
            The file.
        region_s : tuple of float
            The range played, in seconds.
        names : tuple of str
            The sources A and B.
        settings : mapping of str to str
            How they were made, as text.
        date : datetime
            When the test was taken.
        """
        a, b = names
        stopped = f"after {self.count} of {self.planned} trials"
        heads = {
            "Track": track,
            "Range": f"{clock(region_s[0])} to {clock(region_s[1])}",
            "A": a,
            "B": b,
            **settings,
            **({"Stopped": stopped} if self.count < self.planned else {}),
            "Date": f"{date:%Y-%m-%d %H:%M}",
            "Program": f"msviz {__version__}",
        }
        width = max(map(len, heads)) + 2
        lines = ["ABX test", "", *(f"{head + ':':{width}}{text}" for head, text in heads.items()), ""]
        lines += [f"{self.summary} (one-sided binomial test)", self.verdict, "", "Trial  X  answered"]
        for number, (x_is, answer) in enumerate(self.results, 1):
            lines.append(f"{number:5}  {x_is}  {answer}{'' if x_is == answer else '  wrong'}")
        return "\n".join(lines) + "\n"


def p_value(hits: int, count: int) -> float:
    """Probability of `hits` or more in `count` fair coin tosses, computed exactly."""
    return float(sum(comb(count, k) for k in range(hits, count + 1)) / 2**count)


def save_report(report: str, path: Path) -> None:
    """Write a report to a file, completely or not at all.

    Raises
    ------
    MsvizError
        If it cannot be written there.
    """
    with atomic_path(path) as part:
        part.write_text(report, encoding="utf-8")
