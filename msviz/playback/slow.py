"""Slow playback at constant pitch."""

from __future__ import annotations

from dataclasses import replace
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from msviz.playback.sources import CachedSource
from msviz.signal import PaddedSource, Source
from msviz.transform import Frames, OctaveTransform, time_scale


@lru_cache(maxsize=2)
def _transform(rate: int) -> OctaveTransform:
    """A transform that resolves the harmonics of a low voice and the attack of a bass note.

    Several harmonics in one bin beat, and the beats would be slowed down: at the resolution of the pictures,
    a tone of 110 Hz becomes a growl.
    """
    return OctaveTransform(rate, bins_per_octave=256, resolution=128, gamma=10 / time_scale(rate), workers=1)


class SlowedSource(PaddedSource):
    """A source slowed down to two or four times its length at constant pitch; a `Source`.

    Parameters
    ----------
    source : Source
        The original.
    factor : int
        How many times longer.

    Notes
    -----
    A phase vocoder for integer factors (Flanagan & Golden, Bell Syst. Tech. J. 45, 1966): output frame f·n
    has the magnitude of frame n and f times its phase, and the frames between are interpolated.  Because f
    is an integer, no phase needs to be unwrapped; because nothing is summed over time, any interval can be
    computed on its own; and because all bins are treated alike, attacks are preserved: phases aligned at t
    are aligned at f·t (Laroche & Dolson, IEEE Trans. Speech Audio Process. 7(3), 1999).
    """

    def __init__(self, source: Source, factor: int) -> None:
        self.source, self.factor = CachedSource(source), factor
        self.rate, self.channels, self.length = source.rate, source.channels, source.length * factor

    def _read(self, start: int, stop: int) -> NDArray[np.floating]:
        transform = _transform(self.rate)
        begin, end = start // self.factor, -(-stop // self.factor)
        short = transform.analyze(self.source, start=begin, stop=end)
        long = short.of_bands(slowed(band, self.factor) for band in short.all_bands)
        return transform.synthesize(replace(long, start=start, stop=stop)).samples


def slowed(frames: Frames, factor: int) -> Frames:
    """Stretch frames to `factor` times their length, 2 or 4, at the same hop, by interpolation."""
    values = frames.coefficients
    made = np.empty((*values.shape[:-1], factor * (values.shape[-1] - 1) + 1), values.dtype)
    size = np.abs(values)
    here, there = size[..., :-1], size[..., 1:]
    if np.iscomplexobj(values):
        turned = values / np.maximum(size, np.finfo(size.dtype).tiny)  # of magnitude 1, or 0
        advance = turned[..., 1:] * turned[..., :-1].conj()  # from frame to frame, as it was
        for _ in range(factor.bit_length() - 1):
            turned *= turned
        phase = turned[..., :-1]
        for between in range(factor):
            level = here + np.float32(between / factor) * (there - here)
            np.multiply(level, phase, out=made[..., between:-1:factor])
            phase = phase * advance
        last = size[..., -1] * turned[..., -1]
    else:  # the residual: too low to have a pitch
        for between in range(factor):
            share = np.float32(between / factor)
            made[..., between:-1:factor] = values[..., :-1] + share * (values[..., 1:] - values[..., :-1])
        last = values[..., -1]
    made[..., -1] = last
    return replace(frames, coefficients=made, first_frame=frames.first_frame * factor)
