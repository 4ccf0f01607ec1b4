"""Frames of a band, and ranges of integers to index them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from msviz.bands import Band
from msviz.errors import ParameterError


class Range(NamedTuple):
    """Integers from `start` up to, but not including, `stop`: samples or frames, counted from the first."""

    start: int
    stop: int

    def widened(self, by: int) -> Range:
        """The range, extended on both sides."""
        return Range(self.start - by, self.stop + by)

    def times(self, factor: int) -> Range:
        """The range of corresponding samples at a higher rate, from the first to the last."""
        return Range(self.start * factor, (self.stop - 1) * factor + 1)

    def over(self, hop: int) -> Range:
        """The frames whose centres are in this range of samples."""
        return Range(-(-self.start // hop), -(-self.stop // hop))

    def common(self, other: Range) -> Range:
        """The intersection; empty (stop <= start) if they do not overlap."""
        return Range(max(self.start, other.start), min(self.stop, other.stop))

    @staticmethod
    def hull(ranges: Iterable[Range | None]) -> Range | None:
        """The smallest range that contains all non-empty ones."""
        held = [r for r in ranges if r is not None and r.stop > r.start]
        return Range(min(r.start for r in held), max(r.stop for r in held)) if held else None


@dataclass(frozen=True, eq=False, repr=False)
class Frames:
    """The coefficients of one band over a range of frames.

    Attributes
    ----------
    band : Band
        The band.
    coefficients : array (channels, bins, frames)
        Complex; real for the residual.  May be changed in place before synthesis.  In a file opened by
        `msviz.load`, they are read when they are indexed.
    first_frame : int
        Number of the frame in column 0, negative in the border before the file.  Frame n is
        centred on sample n × hop of the original signal.
    rate : int
        Sampling rate of the original signal in Hz.
    """

    band: Band
    coefficients: NDArray[Any]
    first_frame: int
    rate: int

    @property
    def hop(self) -> int:
        """Samples between two frames."""
        return self.band.hop

    @property
    def frequencies(self) -> NDArray[np.floating]:
        """Centre of each bin in Hz, shape (bins,)."""
        return self.band.frequencies

    @property
    def stop_frame(self) -> int:
        """Number of the frame after the last column."""
        return self.first_frame + int(self.coefficients.shape[-1])

    @property
    def range(self) -> Range:
        """Numbers of the frames."""
        return Range(self.first_frame, self.stop_frame)

    @property
    def times(self) -> NDArray[np.floating]:
        """Centre of each frame in seconds, shape (frames,)."""
        return np.arange(self.first_frame, self.stop_frame) * (self.hop / self.rate)

    def between(self, start: int, stop: int) -> NDArray[Any]:
        """A copy of the coefficients of frames [start, stop), zero where there are none."""
        shape = self.coefficients.shape
        out = np.zeros((*shape[:-1], max(stop - start, 0)), self.coefficients.dtype)
        held = self.range.common(Range(start, stop))
        if held.start < held.stop:
            out[..., held.start - start : held.stop - start] = self.crop(held).coefficients
        return out

    def crop(self, frames: Range) -> Frames:
        """The frames within a range, in memory; a view if they already were."""
        first = min(max(frames.start, self.first_frame), self.stop_frame)
        last = max(min(frames.stop, self.stop_frame), first)
        held = self.coefficients[..., first - self.first_frame : last - self.first_frame]
        return replace(self, coefficients=held, first_frame=first)

    def joined(self, after: Frames) -> Frames:
        """Join consecutive frames.

        Raises
        ------
        ParameterError
            If `after` does not begin where these frames end, or has another hop, other channels or only
            magnitudes.
        """
        if (after.first_frame, after.hop) != (self.stop_frame, self.hop):
            raise ParameterError(
                f"frame {after.first_frame} at hop {after.hop} does not follow "
                f"frame {self.stop_frame - 1} at hop {self.hop}"
            )
        pair = self.coefficients, after.coefficients
        mine, its = ((c.shape[:-1], c.dtype.kind) for c in pair)
        if mine != its:
            raise ParameterError(f"{after!r} does not follow {self!r}")
        return replace(self, coefficients=np.concatenate(pair, axis=-1))

    def since(self, frame: int) -> Frames:
        """A copy without the frames before `frame`, so that their memory is freed."""
        return replace(self, coefficients=self.between(frame, self.stop_frame), first_frame=frame)

    def __eq__(self, other: object) -> bool:
        """Whether both have equal bands, frame numbers and coefficients."""
        if not isinstance(other, Frames):
            return NotImplemented
        return (
            (self.first_frame, self.rate, self.hop) == (other.first_frame, other.rate, other.hop)
            and np.array_equal(self.frequencies, other.frequencies)
            and np.array_equal(self.coefficients[...], other.coefficients[...])
        )

    __hash__ = None  # type: ignore[assignment]  # coefficients can change

    def __repr__(self) -> str:
        channels, rows, frames = self.coefficients.shape
        return (
            f"Frames({self.band.name}: {channels} × {rows} × {frames} {self.coefficients.dtype}, "
            f"hop {self.hop}, from frame {self.first_frame})"
        )
