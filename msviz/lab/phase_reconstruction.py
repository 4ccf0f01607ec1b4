"""Sound from magnitudes, segment by segment."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any, Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from msviz.caching import SingleFlightCache
from msviz.lab.phase import Ridges
from msviz.signal import Signal
from msviz.transform import Frames, Representation, Transform, time_scale

Array = NDArray[Any]

CONTEXT_S: Final = 0.25, 1.0  # of sound, least and most on both sides of a segment
FADE_S: Final = 0.02  # from samples that are known to those that are reconstructed
ITERATIONS: Final = 8
ACCELERATION: Final = 0.99  # α of the fast Griffin-Lim algorithm
REMEMBERED: Final = 8  # stretches: those that two readers near each other need


class PhaseReconstruction:
    """Segments whose phases are reconstructed from their magnitudes.

    Segments with even numbers are reconstructed independently, with some context on both sides.  Those
    between them continue both neighbours: the samples there are known and fixed, and phases run from those
    on the left to those on the right.  So a segment needs two others at most, no phase jumps at a seam, and
    the result does not depend on what was read before.

    Parameters
    ----------
    transform : Transform
    magnitudes_of : callable
        Returns the representation of samples [start, stop) with the magnitudes; its phases are ignored.
    segment, length : int
        Samples in a segment and in the source.
    """

    def __init__(
        self,
        transform: Transform,
        magnitudes_of: Callable[[int, int], Representation],
        segment: int,
        length: int,
    ) -> None:
        self._transform, self._magnitudes_of = transform, magnitudes_of
        self._segment, self._length = segment, length
        bandwidth = transform.bandwidth(float(transform.bands[0].frequencies[0]))
        # As far as the slowest filter reaches, more or less.
        second = time_scale(transform.rate) * transform.rate
        self._context = round(
            float(np.clip(0.5 / bandwidth * transform.rate, *np.multiply(CONTEXT_S, second)))
        )
        self._fade = round(FADE_S * second)
        self._stretches = SingleFlightCache(self._make, REMEMBERED)

    def __call__(self, number: int) -> Array:
        """Samples (channels, n) of a segment."""
        count = min(self._segment, self._length - number * self._segment)
        return self._stretches(number).read(number * self._segment, number * self._segment + count)

    def _make(self, number: int) -> OffsetSource:
        """A segment with its context, which is silent beyond the source."""
        start = number * self._segment
        stop = min(start + self._segment, self._length)
        begin, end = start - self._context, stop + self._context
        wanted = self._magnitudes_of(max(begin, 0), min(end, self._length))
        bands = tuple(_centred(band, begin, end) for band in wanted.bands)
        wanted = replace(wanted, bands=bands, start=begin, stop=end)
        known = np.zeros((wanted.channels, end - begin), bands[0].coefficients.real.dtype)
        sure = np.zeros(end - begin, known.dtype)  # 1 where samples are known, and falling to 0 beside
        sides: list[Side] = []
        if number % 2:
            away = np.arange(begin, end)
            left = self._stretches(number - 1)
            sides.append(Side(left, begin, start))
            known[:, : self._context + self._fade] = left.read(begin, start + self._fade)
            sure += np.clip((start + self._fade - away) / self._fade, 0, 1).astype(sure.dtype)
            if stop < self._length:
                right = self._stretches(number + 1)
                sides.append(Side(right, stop, end))
                known[:, stop - self._fade - begin :] = right.read(stop - self._fade, end)
                sure += np.clip((away - stop + self._fade) / self._fade, 0, 1).astype(sure.dtype)
        for outside in (slice(0, max(-begin, 0)), slice(min(self._length, end) - begin, None)):
            known[:, outside], sure[outside] = 0, 1
        turns = self._start(wanted, sides, np.random.default_rng(number))
        return OffsetSource(self._projected(wanted, turns, known, sure), begin, self._transform.rate)

    def _start(
        self, wanted: Representation, sides: Sequence[Side], random: np.random.Generator
    ) -> list[Array]:
        """Phases in turns, (channels, bins, frames) per band, that continue those known on both sides."""
        stretch = wanted.start, wanted.stop
        fronts = [(side, self._transform.coefficients(side.samples, *stretch)) for side in sides]
        found = [np.empty(band.coefficients.shape, np.float32) for band in wanted.bands]
        for channel in range(wanted.channels):
            magnitudes = [np.abs(band.coefficients[channel]) for band in wanted.bands]
            ridges = Ridges(self._transform, magnitudes, wanted.start)
            free = random.random(ridges.summits.size, np.float32)
            starts = [ridges.phases(np.zeros(free.size, bool), free)] if not fronts else []
            for side, coefficients in fronts:
                held = (ridges.times >= side.start) & (ridges.times < side.stop)
                flat = np.concatenate([values[channel].ravel() for values in coefficients])
                turns = np.angle(flat[ridges.summits]) / (2 * np.pi)
                starts.append(ridges.phases(held, np.where(held, turns, free)))
            for number, band in enumerate(wanted.bands):
                phases = starts[0][number]
                if len(starts) == 2:  # what the two sides do not agree on is made up for bit by bit
                    times = np.arange(band.first_frame, band.stop_frame) * band.hop
                    share = (times - sides[0].stop) / (sides[1].start - sides[0].stop)
                    apart = starts[1][number] - phases
                    phases = phases + np.clip(share, 0, 1) * (apart - np.rint(apart))
                found[number][channel] = phases
        return found

    def _projected(self, wanted: Representation, turns: list[Array], known: Array, sure: Array) -> Array:
        """Samples after some steps of the fast Griffin-Lim algorithm.

        A step synthesizes the coefficients, restores the known samples, analyses them, and adopts the phases,
        extrapolated by a fraction of the difference from the previous step.
        """
        magnitudes = [np.abs(band.coefficients) for band in wanted.bands]
        dtype = wanted.bands[0].coefficients.dtype
        values = [
            (m * np.exp(2j * np.pi * turn)).astype(dtype) for m, turn in zip(magnitudes, turns, strict=True)
        ]
        last: list[Array] = []
        for left in range(ITERATIONS, -1, -1):
            bands = tuple(
                replace(band, coefficients=value) for band, value in zip(wanted.bands, values, strict=True)
            )
            samples: Array = self._transform.synthesize(replace(wanted, bands=bands)).samples
            samples += sure * (known - samples)
            if left:
                placed = OffsetSource(samples, wanted.start, self._transform.rate)
                made = self._transform.coefficients(placed, wanted.start, wanted.stop)
                values = []
                for number, (new, magnitude) in enumerate(zip(made, magnitudes, strict=True)):
                    ahead = new + ACCELERATION * (new - last[number]) if last else new
                    size = np.abs(ahead)
                    scale = np.divide(magnitude, size, out=np.zeros_like(size), where=size > 0)
                    values.append(ahead * scale)
                last = made
        return samples


class OffsetSource:
    """Samples [start, length) of a source that is silent before and after; a `Source`."""

    def __init__(self, samples: Array, start: int, rate: int) -> None:
        self._signal = Signal(samples, rate)
        self.start, self.rate = start, rate
        self.channels, self.length = self._signal.channels, start + self._signal.length

    def read(self, start: int, stop: int) -> NDArray[np.floating]:
        """Samples [start, stop); zero where there are none."""
        return self._signal.read(start - self.start, stop - self.start)


class Side(NamedTuple):
    """The known samples on one side of a segment."""

    samples: OffsetSource
    start: int
    stop: int


def _centred(band: Frames, start: int, stop: int) -> Frames:
    """The frames centred in samples [start, stop)."""
    first = -(-start // band.hop)
    return replace(band, coefficients=band.between(first, -(-stop // band.hop)), first_frame=first)
