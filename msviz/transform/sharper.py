"""Sharper pictures of the octave transform, which cannot be inverted.

Both have the interface that pictures need: `rate`, `bands` and `coefficients`, which are magnitudes.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from msviz.signal import Source
from msviz.transform.base import Map
from msviz.transform.filters import WindowShape, mean_power
from msviz.transform.octave import OctaveTransform
from msviz.transform.scale import MIN_RESOLUTION, Octave

Array = NDArray[Any]

FINER = 4  # rows of a reassigned picture in a bin
SPREAD = 8  # frames on each side from which power is moved into a stretch; further away there is hardly any


class Reassigned:
    """The octave transform with the power of each coefficient moved to where it belongs.

    That is, to its instantaneous frequency and group delay: a steady tone becomes a single bin and a click
    a single column, however wide the filters are.  A sine of amplitude A still has magnitude A.

    Parameters
    ----------
    transform : OctaveTransform

    Notes
    -----
    After F. Auger and P. Flandrin, "Improving the readability of time-frequency and time-scale
    representations by the reassignment method", IEEE Trans. Signal Process. 43(5), 1995.  The two
    further analyses that they need are made with the filters' slopes and with the filters times the
    distance from their centres.
    """

    title = "Octaves, reassigned"
    needs_sound = True

    def __init__(self, transform: OctaveTransform) -> None:
        self.transform = transform
        self.rate = transform.rate
        rows = FINER * transform.scale.bins_per_octave
        steps = 2.0 ** ((np.arange(rows) + 0.5) / rows)
        self.bands: tuple[Octave, ...] = tuple(
            replace(octave, frequencies=octave.low * steps) for octave in transform.octaves
        )
        self._real = transform.dtype.type
        self._slopes = transform.with_window_shape(WindowShape.SLOPE)
        self._offsets = transform.with_window_shape(WindowShape.OFFSET)

    def bandwidth(self, frequency: float) -> float:
        """-3 dB bandwidth in Hz of the filters it is made from."""
        return self.transform.bandwidth(frequency)

    def coefficients(self, source: Source, start: int, stop: int, *, map: Map | None = None) -> list[Array]:
        """Magnitudes of every octave's frames centred in samples [start, stop).

        With `map` applied, as in `OctaveTransform.coefficients`.

        Returns
        -------
        list of float32 array (channels, bins, frames), one for each octave, the lowest first
        """
        most = SPREAD * max(band.hop for band in self.bands)
        stretch = start - most, stop + most
        plain, slopes, offsets = (
            analysis.coefficients(source, *stretch)
            for analysis in (self.transform, self._slopes, self._offsets)
        )
        # Times are counted from the stretch's first frame on: single precision tells them apart.
        begins = [-(-start // band.hop) for band in self.bands]
        power = [
            np.zeros((source.channels, band.frequencies.size, -(-stop // band.hop) - begin), self._real)
            for band, begin in zip(self.bands, begins, strict=True)
        ]
        for octave, values, slope, offset in zip(self.bands, plain, slopes, offsets, strict=True):
            first = -(-stretch[0] // octave.hop) - begins[octave.index]
            centres = self.transform.octaves[octave.index].frequencies.astype(self._real)[:, None]
            with np.errstate(divide="ignore", invalid="ignore"):  # where there is nothing to be moved
                hz = centres + (offset / values).real
                delay = (slope / values).imag * self._real(self.rate / (2 * np.pi * octave.hop))  # in frames
                share = np.square(values.real) + np.square(values.imag)
                share /= mean_power(self.transform.scale, hz)
                height = np.log2(hz)
            frame = np.arange(first, first + values.shape[-1], dtype=self._real) + delay
            # A tone near an octave's edge is in its neighbours' bins as well.
            for band, made, begin in zip(self.bands, power, begins, strict=True):
                if abs(band.index - octave.index) > 1:
                    continue
                rows = len(band.frequencies)
                row = (height - self._real(np.log2(band.low))) * self._real(rows)
                # A frame may last as long as several cells of a band with a shorter hop.
                longer = octave.hop // band.hop
                parts = 2 * longer if longer > 1 else 1
                ratio = octave.hop / band.hop
                ahead = begins[octave.index] * ratio - begin
                for channel, inside in enumerate((row >= 0) & (row < rows)):
                    within = np.flatnonzero(inside)
                    own_row = row[channel].take(within).astype(np.intp)
                    own_frame = frame[channel].take(within) * self._real(ratio)
                    weight = share[channel].take(within) * self._real(ratio / parts)
                    for part in range(parts):
                        away = ahead + longer * ((part + 0.5) / parts - 0.5)
                        _add(made[channel], weight, own_row, own_frame + self._real(away))
        return kept((np.sqrt(made) for made in power), map)


def kept(magnitudes: Iterable[Array], map: Map | None) -> list[Array]:
    """Magnitudes as float32, with `map` applied."""
    narrow = (np.asarray(values, np.float32) for values in magnitudes)
    return [map(values) if map else values for values in narrow]


def _add(made: Array, power: Array, row: Array, frame: Array) -> None:
    """Add power to the cells (bins, frames) that its rows and fractional frame numbers fall in."""
    column = np.floor(frame + 0.5)
    inside = np.flatnonzero((column >= 0) & (column < made.shape[1]))
    cells = row.take(inside) * made.shape[1] + column.take(inside).astype(np.intp)
    np.add.at(made.reshape(-1), cells, power.take(inside))


class Combined:
    """The geometric mean of three pictures: as sharp in time as the first, in pitch as the last.

    They have half, once and twice the resolution of a transform, as far as its bins allow.  What one of
    them smears remains only where all three agree.

    Parameters
    ----------
    transform : OctaveTransform

    Notes
    -----
    After S. Cheung and J. S. Lim, "Combined multiresolution (wide-band/narrow-band) spectrogram",
    IEEE Trans. Signal Process. 40(4), 1992.
    """

    title = "Octaves, combined"
    needs_sound = True

    def __init__(self, transform: OctaveTransform) -> None:
        self.transform = transform
        self.rate = transform.rate
        middle, most = transform.scale.resolution, float(transform.scale.bins_per_octave)
        self._parts = [
            transform.with_resolution(min(max(middle * factor, MIN_RESOLUTION), most))
            for factor in (0.5, 1, 2)
        ]
        self.bands: tuple[Octave, ...] = self._parts[0].octaves  # those of the shortest hops

    def bandwidth(self, frequency: float) -> float:
        """-3 dB bandwidth in Hz of the filters it is made from."""
        return self.transform.bandwidth(frequency)

    def coefficients(self, source: Source, start: int, stop: int, *, map: Map | None = None) -> list[Array]:
        """Magnitudes of every octave's frames centred in samples [start, stop).

        With `map` applied, as in `OctaveTransform.coefficients`.

        Returns
        -------
        list of float32 array (channels, bins, frames), one for each octave, the lowest first
        """
        total: list[Any] = [0.0] * len(self.bands)
        for part in self._parts:
            most = max(octave.hop for octave in part.octaves)
            begin = (start // most - 1) * most  # frames on both sides of the stretch
            made = part.coefficients(source, begin, stop + 2 * most)
            for number, (band, octave, values) in enumerate(zip(self.bands, part.octaves, made, strict=True)):
                frames = np.arange(-(-start // band.hop), -(-stop // band.hop)) * band.hop / octave.hop
                total[number] = total[number] + _at(_decades(values), frames - begin // octave.hop)
        return kept((10.0 ** (logarithms / len(self._parts)) for logarithms in total), map)


def _decades(values: Array) -> Array:
    """log10 of magnitudes; very low where they are zero."""
    return np.log10(np.abs(values) + np.float32(1e-12))


def _at(values: Array, frames: Array) -> Array:
    """Values (…, frames) at fractional frame numbers, by linear interpolation."""
    before = np.floor(frames).astype(np.intp)
    if not (frames - before).any():
        return values[..., before]
    beyond = (frames - before).astype(values.dtype)
    return np.asarray(values[..., before] * (1 - beyond) + values[..., before + 1] * beyond)
