"""What the pointer snaps to: spectral peaks and zero crossings."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from msviz.picture import Pyramid


def peak_near(
    pyramid: Pyramid, sample: float, samples_per_pixel: float, low_hz: float, high_hz: float
) -> float | None:
    """The frequency in Hz of the strongest local peak between two frequencies, at a sample.

    It is the centre of a bin.  None if there is no peak, or nothing is analysed yet.

    Parameters
    ----------
    pyramid : Pyramid
    sample : float
    samples_per_pixel : float
        Zoom of the picture: peaks are found in what a pixel shows.
    """
    zoom_level = pyramid.zoom_level(samples_per_pixel)
    best: tuple[int, float] | None = None
    for number, band in enumerate(pyramid.bands):
        if band.high < low_hz or band.low > high_hz:
            continue
        hop = band.hop << pyramid.step(number, zoom_level)
        last = -(-pyramid.tiles * pyramid.tile_length // hop) - 1
        frame = min(max(round(sample / band.hop) * band.hop // hop, 0), last)
        codes = pyramid.frames(number, zoom_level, frame, frame + 1)[0].astype(np.int16)
        below, above = np.concatenate([codes[:1], codes[:-1]]), np.concatenate([codes[1:], codes[-1:]])
        peaks = (codes >= below) & (codes >= above) & ((codes > below) | (codes > above))
        peaks &= (band.frequencies >= low_hz) & (band.frequencies <= high_hz)
        if peaks.any():
            row = int(np.argmax(np.where(peaks, codes, -1)))
            if best is None or codes[row] > best[0]:
                best = int(codes[row]), float(band.frequencies[row])
    return best[1] if best else None


def rising_crossing_near(samples: NDArray[np.floating], at: float) -> float | None:
    """The index nearest to `at` where the line between samples rises through zero; None if nowhere."""
    before, after = samples[:-1], samples[1:]
    rises = np.flatnonzero((before < 0) & (after >= 0))
    if not len(rises):
        return None
    crossings = rises + before[rises] / (before[rises] - after[rises])
    return float(crossings[np.argmin(np.abs(crossings - at))])
