"""Phases from magnitudes: integrate their gradient, then apply a few projections.

The phase gradient of a frame of Gaussian windows is the gradient of the logarithm of its magnitudes,
turned by a right angle (Portnoff, ICASSP 1979).  With V(t, f) = ∫X(ν) g(ν - f) e^{2πiνt} dν
and g(ν) = exp(-ν²/2σ²),

    ∂φ/∂t = 2π(f + σ²·∂log|V|/∂f)        ∂φ/∂f = -(∂log|V|/∂t) / 2πσ².

It is integrated from coefficient to coefficient along the ridges of the magnitudes.  Průša, Balazs and
Søndergaard do so with a heap, one coefficient at a time.  Their path is a spanning tree of the neighbours in
time and frequency; here it is the maximum spanning tree, where the weight of an edge is the weaker of its
ends, which follows the same ridges and can be found and summed with whole arrays.

References
----------
Z. Průša, P. Balazs and P. L. Søndergaard, "A noniterative method for reconstruction of phase from STFT
magnitude", IEEE/ACM Trans. Audio Speech Lang. Process. 25(5), 2017.
Z. Průša and N. Holighaus, "Non-iterative filter bank phase (re)construction", EUSIPCO 2017.
N. Perraudin, P. Balazs and P. L. Søndergaard, "A fast Griffin-Lim algorithm", WASPAA 2013.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from itertools import pairwise
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from msviz.bands import Band
from msviz.transform import Transform
from msviz.transform.base import FARTHEST_SIGMA

Array = NDArray[Any]

FLOOR_DB = 80.0  # below the peak, no ridge is followed: phases there are as good as random


class Plane(NamedTuple):
    """The coefficients of a band in one channel, and how their phases change (in turns)."""

    magnitudes: Array  # (bins, frames)
    first: int  # number of its first coefficient among those of all bands
    along_time: Array  # (bins, frames - 1), from each frame to the next
    along_rows: Array  # (bins - 1, frames), from each row to the next
    to_next: tuple[Array, Array, Array]  # coefficients of this band, those above them in the next, their step


class Edges(NamedTuple):
    """Pairs of neighbouring coefficients, and the phase step (in turns) from one to the other."""

    tail: Array
    head: Array
    step: Array


def planes(transform: Transform, magnitudes: Sequence[Array], start: int) -> list[Plane]:
    """Phase steps from the magnitudes (bins, frames) of frames centred from `start` on."""
    bands: Sequence[Band] = transform.bands
    peak = max(float(values.max(initial=0)) for values in magnitudes)
    floor = max(peak * 10 ** (-FLOOR_DB / 20), float(np.finfo(np.float32).tiny))
    logs = [np.log(np.maximum(values, floor)) for values in magnitudes]
    firsts = [-(-start // band.hop) for band in bands]
    times = [
        (first + np.arange(log.shape[1])) * band.hop
        for first, log, band in zip(firsts, logs, bands, strict=True)
    ]
    found: list[Plane] = []
    slopes: list[Array] = []
    begin = 0
    for number, (band, log) in enumerate(zip(bands, logs, strict=True)):
        # Magnitudes of the rows beside the outermost: the neighbouring band's, or such that slopes go on.
        below, above = 2 * log[0] - log[1], 2 * log[-1] - log[-2]
        if number > 0 and times[number - 1].size:
            below = np.interp(times[number], times[number - 1], logs[number - 1][-1])
        if number + 1 < len(logs) and times[number + 1].size:
            above = np.interp(times[number], times[number + 1], logs[number + 1][0])
        sloped = np.empty_like(log)
        sloped[1:-1] = log[2:] - log[:-2]
        sloped[0], sloped[-1] = log[1] - below, above - log[-2]
        hz, sigma = transform.instantaneous_frequencies(band, sloped)
        advance = hz * (band.hop / transform.rate)
        rising = np.gradient(log, axis=1) if log.shape[1] > 1 else np.zeros_like(log)
        # ∂φ/∂f in turns per Hz.
        slope = np.clip(
            rising * (-transform.rate / band.hop / (2 * np.pi * sigma) ** 2)[:, None],
            -FARTHEST_SIGMA / (2 * np.pi * sigma)[:, None],
            FARTHEST_SIGMA / (2 * np.pi * sigma)[:, None],
        )
        slopes.append(slope)
        found.append(
            Plane(
                magnitudes[number],
                begin,
                _wrapped((advance[:, :-1] + advance[:, 1:]) / 2),
                _wrapped((slope[:-1] + slope[1:]) / 2 * np.diff(band.frequencies)[:, None]),
                (np.empty(0, np.intp), np.empty(0, np.intp), np.empty(0, np.float32)),
            )
        )
        begin += log.size
    for number, (low, high) in enumerate(pairwise(bands)):
        frames = firsts[number] + np.arange(logs[number].shape[1])
        same = frames * (low.hop // high.hop) - firsts[number + 1]
        held = (same >= 0) & (same < logs[number + 1].shape[1])
        step = (slopes[number][-1][held] + slopes[number + 1][0][same[held]]) / 2
        step = _wrapped(step * (high.frequencies[0] - low.frequencies[-1]))
        top = found[number].first + (len(logs[number]) - 1) * logs[number].shape[1]
        joined = (top + np.flatnonzero(held), found[number + 1].first + same[held], step)
        found[number] = found[number]._replace(to_next=joined)
    return found


def _wrapped(turns: Array) -> Array:
    """Turns without whole ones, so that they stay exact in float32."""
    return np.asarray(turns - np.rint(turns), np.float32)


class Ridges:
    """The coefficients of one channel, grouped into hills, and the phase relations between the hills.

    Every coefficient is linked to the strongest of its neighbours, and so on to the summit of its hill: these
    links belong to a maximum spanning tree (Borůvka's first round).  It remains to find the tree of the
    hills, of which there are a tenth as many.

    Parameters
    ----------
    transform : Transform
    magnitudes : sequence of array (bins, frames)
        Those of frames centred from `start` on, one array per band.
    start : int
        In samples.
    """

    def __init__(self, transform: Transform, magnitudes: Sequence[Array], start: int) -> None:
        bands: Sequence[Band] = transform.bands
        self._planes = planes(transform, magnitudes, start)
        self._shapes = [plane.magnitudes.shape for plane in self._planes]
        self.strength = np.concatenate([plane.magnitudes.ravel() for plane in self._planes])
        parent, step = self._ascents()
        while True:
            further = parent[parent]
            if np.array_equal(further, parent):
                break
            step = _wrapped(step + step[parent])
            parent = further
        #: Coefficients that are summits, and of every coefficient its summit's place there.
        self.summits = np.flatnonzero(parent == np.arange(parent.size))
        number = np.empty(parent.size, np.intp)
        number[self.summits] = np.arange(self.summits.size)
        self._hill = number[parent]
        self._to_summit = step
        #: Where the summits lie, in samples.
        self.times = np.concatenate(
            [
                (-(-start // band.hop) + frames % max(shape[1], 1)) * band.hop
                for band, shape, frames in zip(bands, self._shapes, self._by_plane(self.summits), strict=True)
            ]
        )
        self._passes()

    def _by_plane(self, numbers: Array) -> list[Array]:
        """Convert ascending numbers of coefficients to numbers within their bands."""
        firsts = [plane.first for plane in self._planes]
        parts = np.split(numbers, np.searchsorted(numbers, firsts[1:]))
        return [part - first for part, first in zip(parts, firsts, strict=True)]

    def _ascents(self) -> tuple[Array, Array]:
        """For every coefficient, the strongest of itself and its neighbours, and the phase step to that."""
        best = self.strength.copy()
        parent = np.arange(best.size)
        step = np.zeros(best.size, np.float32)

        def offer(where: Any, shape: tuple[int, ...], held: slice, by: Any, steps: Array) -> None:
            strongest, leads, away = (values[held].reshape(shape) for values in (best, parent, step))
            strength = self.strength[held].reshape(shape)[by]
            better = strength > strongest[where]
            np.copyto(strongest[where], strength, where=better)
            np.copyto(leads[where], np.arange(held.start, held.stop).reshape(shape)[by], where=better)
            np.copyto(away[where], steps, where=better)

        for plane in self._planes:
            shape = plane.magnitudes.shape
            held = slice(plane.first, plane.first + plane.magnitudes.size)
            early, late = np.s_[:, :-1], np.s_[:, 1:]
            offer(early, shape, held, late, plane.along_time)
            offer(late, shape, held, early, -plane.along_time)
            low, high = np.s_[:-1], np.s_[1:]
            offer(low, shape, held, high, plane.along_rows)
            offer(high, shape, held, low, -plane.along_rows)
            tail, head, steps = plane.to_next
            for one, other, away in ((tail, head, steps), (head, tail, -steps)):
                better = self.strength[other] > best[one]
                best[one[better]] = self.strength[other[better]]
                parent[one[better]], step[one[better]] = other[better], away[better]
        return parent, step

    def _edges(self) -> Iterator[Edges]:
        for plane in self._planes:
            size = plane.magnitudes.size
            numbers = np.arange(plane.first, plane.first + size).reshape(plane.magnitudes.shape)
            yield Edges(numbers[:, :-1].ravel(), numbers[:, 1:].ravel(), plane.along_time.ravel())
            yield Edges(numbers[:-1].ravel(), numbers[1:].ravel(), plane.along_rows.ravel())
            yield Edges(*plane.to_next)

    def _passes(self) -> None:
        """The highest pass between adjacent hills: its strength, and the phase step between the summits."""
        floor = self.strength.max(initial=0) * 10 ** (-FLOOR_DB / 20)
        strengths, steps, keys = [], [], []
        hills = self.summits.size
        for tail, head, step in self._edges():
            strength = np.minimum(self.strength[tail], self.strength[head])
            one, other = self._hill[tail], self._hill[head]
            use = np.flatnonzero((one != other) & (strength > floor))
            tail, head, one, other = tail[use], head[use], one[use], other[use]
            away = step[use] + self._to_summit[head] - self._to_summit[tail]
            keys.append(np.minimum(one, other) * hills + np.maximum(one, other))
            steps.append(np.where(one < other, away, -away))
            strengths.append(strength[use])
        key, strength = np.concatenate(keys), np.concatenate(strengths)
        # One sort for both: floats that are positive sort as their bits do.
        bits = strength.astype(np.float32).view(np.int32) >> 11  # 20 are left
        order = np.argsort(key << 20 | (1 << 20) - 1 - bits)
        key = key[order]
        first = np.flatnonzero(np.diff(key, prepend=-1))
        self._pass = key[first]
        self._pass_strength = strength[order[first]]
        self._pass_step = _wrapped(np.concatenate(steps)[order[first]])

    def phases(self, known: Array, turns: Array) -> list[Array]:
        """Phases in turns, one array (bins, frames) per band, that continue the known ones.

        Parameters
        ----------
        known : bool array (summits,)
            Which summits have known phases.
        turns : array (summits,)
            Those phases; for the others, their values if they are not connected to any.
        """
        # Imported here, for they take 50 ms: the window starts without them.
        from scipy.sparse import csr_array
        from scipy.sparse.csgraph import breadth_first_order, minimum_spanning_tree

        hills = self.summits.size
        root = hills
        peak = self.strength.max(initial=0) or 1.0
        cost = 2 - np.log(self._pass_strength / peak)
        # From the root to what is known it costs least, and to the rest more than all passes do.
        own = np.where(known, 1.0, 1e3 - np.log(np.maximum(self.strength[self.summits] / peak, 1e-30)))
        one, other = np.divmod(self._pass, max(hills, 1))
        # In int32, which is all that csgraph takes before SciPy 1.17.1.
        tails = np.concatenate([one, np.arange(hills)], dtype=np.int32)
        heads = np.concatenate([other, np.full(hills, root)], dtype=np.int32)
        graph = csr_array((np.concatenate([cost, own]), (tails, heads)), shape=(hills + 1, hills + 1))
        _, parent = breadth_first_order(minimum_spanning_tree(graph), root, directed=False)
        parent = parent.astype(np.intp)
        parent[root] = root
        one, other = np.arange(hills), parent[:hills]
        place = np.searchsorted(self._pass, np.minimum(one, other) * hills + np.maximum(one, other))
        place = np.minimum(place, max(self._pass.size - 1, 0))
        step = np.zeros(hills + 1, np.float32)  # from a summit to its parent
        if self._pass.size:
            step[:hills] = np.where(one < other, self._pass_step[place], -self._pass_step[place])
        step[:hills][other == root] = -turns[other == root]
        while not (parent == root).all():
            step = _wrapped(step + step[parent])
            parent = parent[parent]
        turned = _wrapped(-step[:hills][self._hill] - self._to_summit)
        ends = np.cumsum([math.prod(shape) for shape in self._shapes])[:-1]
        return [
            values.reshape(shape) for values, shape in zip(np.split(turned, ends), self._shapes, strict=True)
        ]
