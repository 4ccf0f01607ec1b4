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
    """What X was, and what the listener answered: "A" or "B"."""

    x_is: str
    answer: str


class Trials:
    """An ABX test: X is A or B, by chance and anew in each trial.

    Nothing about X can be learned from it before the last answer, but for what is needed to play it.

    Parameters
    ----------
    count : int
        How many trials.
    rng : random.Random, optional
        The operating system's randomness by default.

    Attributes
    ----------
    count : int
        How many there are; fewer than `planned` once it was stopped.
    planned : int

    Raises
    ------
    ParameterError
        If there is no trial.
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
        """Which trial it is, from 1 on; after the last answer, still the last."""
        return min(self.given + 1, self.count)

    @property
    def done(self) -> bool:
        """Whether all trials have been answered."""
        return self.given == self.count

    @property
    def x_is(self) -> str:
        """What X is in this trial, "A" or "B": for who plays it, and nobody else."""
        return self._order[self.number - 1]

    def answer(self, choice: str) -> None:
        """Take X for "A" or "B", and go on to the next trial.

        Raises
        ------
        ParameterError
            If it is neither, or all trials have been answered.
        """
        if choice not in PLACES:
            raise ParameterError(f"X can be taken for A or B, not for {choice}")
        if self.done:
            raise ParameterError(f"all {self.count} trials have been answered")
        self._answers.append(choice)

    @property
    def given(self) -> int:
        """How many trials have been answered."""
        return len(self._answers)

    def stop(self) -> None:
        """End with the answers that are given: nobody knows how many are right, so the p-value holds.

        Raises
        ------
        ParameterError
            If there are none.
        """
        if not self._answers:
            raise ParameterError("no trial has been answered")
        self.count = self.given

    @property
    def results(self) -> tuple[Trial, ...]:
        """Every trial.

        Raises
        ------
        ParameterError
            If not all have been answered: who knows the score on the way stops when it pleases.
        """
        if not self.done:
            raise ParameterError(f"{self.given} of {self.count} trials have been answered")
        return tuple(map(Trial, self._order, self._answers))

    @property
    def hits(self) -> int:
        """How many answers are right, once all are given."""
        return sum(x_is == answer for x_is, answer in self.results)

    @property
    def p_value(self) -> float:
        """How probable so many hits or more are for someone who guesses: a one-sided binomial test."""
        return p_value(self.hits, self.count)

    @property
    def verdict(self) -> str:
        """What the result means, in a sentence or two."""
        chance = (
            f"Guessing gets {self.hits} or more of {self.count} right in {100 * self.p_value:.2g} % of tests."
        )
        if self.p_value < SIGNIFICANT:
            return f"{chance} You could tell A and B apart."
        return f"{chance} This does not show that you can tell A and B apart, nor that they sound the same."

    @property
    def summary(self) -> str:
        """Hits and p-value, on one line."""
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
        """The test as plain text.

        Parameters
        ----------
        track : str
            The file.
        region_s : tuple of float
            Start and end of the part that was played, in seconds.
        names : tuple of str
            The sources A and B.
        settings : mapping of str to str
            How they were made, in words.
        date : datetime
            When the test was taken.
        """
        a, b = names
        stopped = f"after {self.count} of {self.planned} trials"
        heads = {
            "Track": track,
            "Region": f"{clock(region_s[0])} to {clock(region_s[1])}",
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
    """Probability of `hits` or more in `count` fair throws, exact to the last digit."""
    return float(sum(comb(count, k) for k in range(hits, count + 1)) / 2**count)


def save_report(report: str, path: Path) -> None:
    """Write a report to a file, whole or not at all.

    Raises
    ------
    MsvizError
        If it cannot be written there.
    """
    with atomic_path(path) as part:
        part.write_text(report, encoding="utf-8")
