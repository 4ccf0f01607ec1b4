"""The sound of a source after a recipe is applied, for any interval."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from msviz.caching import SingleFlightCache
from msviz.lab.coefficients import Limits, limits, treated
from msviz.lab.phase_reconstruction import PhaseReconstruction
from msviz.lab.recipe import Recipe
from msviz.signal import PaddedSource, Source, as_source, read_blocks
from msviz.transform import Representation, Transform

Array = NDArray[Any]

SEGMENT_S = 1.5  # about; long enough to rank coefficients in, short enough to be made at once
SHORTEST, LONGEST = 2**12, 2**20  # samples of a segment, at any rate
REMEMBERED = 6  # segments: those that two readers near each other need


class Reconstruction(PaddedSource):
    """A source after a `Recipe` is applied to its coefficients; a `Source`.

    It is computed in segments on a grid that begins at the first sample.  The samples do not depend on what
    was read before, or by which thread.

    Parameters
    ----------
    source : Source
        The original.  Non-finite samples count as zero.
    transform : Transform
        The transform whose coefficients the recipe reduces.
    recipe : Recipe
        How to reduce them.

    Raises
    ------
    ParameterError
        If the transform is for another sampling rate.

    Examples
    --------
    >>> from msviz import OctaveTransform, Recipe, Reconstruction, demo_tracks, read_audio, signal_to_error_db
    >>> track = read_audio(demo_tracks()["Bach"])
    >>> tenth = Reconstruction(track, OctaveTransform(track.rate), Recipe(kept=10))
    >>> heard = tenth.read(44100, 88200)
    >>> signal_to_error_db(track.read(44100, 88200), heard) > 20
    True
    """

    def __init__(self, source: Source, transform: Transform, recipe: Recipe) -> None:
        source = as_source(source, None, transform.rate)
        self.source, self.transform, self.recipe = source, transform, recipe
        self.rate, self.channels, self.length = source.rate, source.channels, source.length
        self.dtype = transform.dtype
        #: Samples in a segment.
        self.segment = 2 ** round(math.log2(min(max(SEGMENT_S * self.rate, SHORTEST), LONGEST)))
        self._finite = _Finite(source)
        self._weights = transform.energies()
        self._limits = SingleFlightCache(self._find_limits, 1 << 14)
        self._segments: Callable[[int], Array] = (
            PhaseReconstruction(transform, self.treated, self.segment, self.length)
            if recipe.rebuild_phase
            else SingleFlightCache(self._make, REMEMBERED)
        )

    @property
    def reals(self) -> float:
        """Real numbers per sample that remain, not counting which ones were kept.

        A coefficient counts as two, a magnitude as one, and each value of the residual as one.
        """
        transform = self.transform
        rest = 1 / transform.residual.hop if transform.residual else 0.0
        return rest + (transform.redundancy - rest) * self.recipe.kept / 100 / (
            2 if self.recipe.rebuild_phase else 1
        )

    def _read(self, start: int, stop: int) -> NDArray[np.floating]:
        return read_blocks(self._segments, self.segment, start, stop, self.channels, self.dtype)

    def _find_limits(self, number: int) -> Limits:
        start = number * self.segment
        held = self.transform.coefficients(self._finite, start, start + self.segment)
        return limits(held, self._weights, self.recipe.kept)

    def _make(self, number: int) -> Array:
        start = number * self.segment
        stop = min(start + self.segment, self.length)
        return self.transform.synthesize(self.treated(start, stop)).samples

    def treated(self, start: int, stop: int) -> Representation:
        """The reduced coefficients of samples [start, stop), before phases are reconstructed."""
        made = self.transform.analyze(self._finite, start=start, stop=stop)
        last = (self.length - 1) // self.segment  # what lies before the file or behind counts to its ends

        def limits_of(segment: int) -> Limits:
            return self._limits(min(max(segment, 0), last))

        bands = tuple(
            treated(band, weight, self.recipe, limits_of, self.segment)
            for band, weight in zip(made.bands, self._weights, strict=True)
        )
        return replace(made, bands=bands)


class _Finite:
    """A source whose non-finite samples are zero."""

    def __init__(self, source: Source) -> None:
        self._read: Callable[[int, int], NDArray[np.floating]] = source.read
        self.rate, self.channels, self.length = source.rate, source.channels, source.length

    def read(self, start: int, stop: int) -> NDArray[np.floating]:
        samples = self._read(start, stop)
        if np.isfinite(samples).all():
            return samples
        finite: NDArray[np.floating] = np.nan_to_num(samples, nan=0.0, posinf=0.0, neginf=0.0)
        return finite
