"""Edits of a representation: octaves and boxes in time and frequency, muted, soloed or with a gain.

An edit is a gain for some bins over some frames.  A silenced region must be gone completely, so an edit
applies to every coefficient that extends into the region: a filter in frequency, an atom (the impulse
response of a filter) in time, each as far as it is above -60 dB of its peak.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from msviz.errors import ParameterError
from msviz.transform.base import Support, Transform
from msviz.transform.frames import Frames
from msviz.transform.representation import Representation

Array = NDArray[Any]

HIGHEST_GAIN_DB = 12.0


def _linear(gain_db: float) -> float:
    return float(10.0 ** (gain_db / 20))


def _check_gain(gain_db: float) -> None:
    if not gain_db <= HIGHEST_GAIN_DB:
        raise ParameterError(f"gain must be at most {HIGHEST_GAIN_DB:g} dB, not {gain_db:g} dB")


@dataclass(frozen=True)
class BoxEdit:
    """Gain and solo of a box in time and frequency.

    Parameters
    ----------
    start_s, stop_s : float
        Time range in seconds from the start of the track.
    low_hz, high_hz : float
        Frequency range in Hz.
    gain_db : float
        From -inf, which silences the box, to 12 dB.
    soloed : bool
        Whether only this box and other soloed boxes and octaves are audible.  A silenced box plays at 0 dB
        while it is soloed.

    Raises
    ------
    ParameterError
        If the box is empty or the gain is out of range.
    """

    start_s: float
    stop_s: float
    low_hz: float
    high_hz: float
    gain_db: float = -math.inf
    soloed: bool = False

    def __post_init__(self) -> None:
        if not self.start_s < self.stop_s:
            raise ParameterError(f"stop_s ({self.stop_s}) must be after start_s ({self.start_s})")
        if not self.low_hz < self.high_hz:
            raise ParameterError(f"high_hz ({self.high_hz}) must be above low_hz ({self.low_hz})")
        _check_gain(self.gain_db)

    @property
    def silenced(self) -> bool:
        """Whether nothing of the box is heard."""
        return self.gain_db == -math.inf and not self.soloed


@dataclass(frozen=True)
class OctaveEdit:
    """Changes to one octave.

    Parameters
    ----------
    gain_db : float
        From -inf, which silences it, to 12 dB.
    muted : bool
        Whether it is silent, whatever its gain.
    soloed : bool
        Whether only it and other soloed octaves and boxes are audible.

    Raises
    ------
    ParameterError
        If the gain is out of range.
    """

    gain_db: float = 0.0
    muted: bool = False
    soloed: bool = False

    def __post_init__(self) -> None:
        _check_gain(self.gain_db)


_UNCHANGED = OctaveEdit()


@dataclass(frozen=True)
class Edits:
    """Gains of octaves and of boxes, applied to coefficients between analysis and synthesis.

    Parameters
    ----------
    octaves : tuple of OctaveEdit
        The lowest first; the highest ends at the Nyquist frequency, and the lowest includes everything
        below it.  Empty to change none.
    boxes : tuple of BoxEdit
        Where they overlap, their gains multiply.

    Notes
    -----
    A bin that extends into several octaves is attenuated by all of them, so that nothing of a muted octave
    remains in the bins of its neighbours, and amplified only by its own octave.  A soloed octave keeps every
    bin that extends into it: an octave soloed and the same octave muted add up to the whole, and so do boxes
    soloed and the same boxes silenced.

    Examples
    --------
    >>> import numpy as np
    >>> from msviz import BoxEdit, Edits, OctaveEdit, OctaveTransform, Signal
    >>> tones = [np.sin(2 * np.pi * hz * np.arange(44100) / 44100) for hz in (500, 8000)]
    >>> transform = OctaveTransform(44100)
    >>> representation = transform.analyze(Signal(0.1 * sum(tones), 44100))
    >>> muted = Edits(octaves=(OctaveEdit(),) * 8 + (OctaveEdit(muted=True), OctaveEdit()))
    >>> rest = muted(representation).synthesize()
    >>> bool(np.abs(rest.samples - 0.1 * tones[0])[:, 5000:-5000].max() < 1e-3)
    True
    >>> Edits().with_box(BoxEdit(start_s=0.2, stop_s=0.4, low_hz=7000, high_hz=9000)).boxes[0].gain_db
    -inf
    """

    octaves: tuple[OctaveEdit, ...] = ()
    boxes: tuple[BoxEdit, ...] = ()

    def __bool__(self) -> bool:
        """Whether they change anything."""
        changed = any(box.gain_db or box.soloed for box in self.boxes)
        return changed or any(octave != _UNCHANGED for octave in self.octaves)

    @property
    def soloed(self) -> tuple[BoxEdit, ...]:
        """The boxes that are soloed: if there are any, only they and soloed octaves are heard."""
        return tuple(box for box in self.boxes if box.soloed)

    def with_octave(self, index: int, octave_count: int, **changes: Any) -> Edits:
        """The same with one octave changed.

        Parameters
        ----------
        index : int
            0 for the lowest octave.
        octave_count : int
            How many there are.
        **changes
            Parameters of `OctaveEdit`.

        Raises
        ------
        ParameterError
            If there is no such octave, or a gain is out of range.
        """
        if not 0 <= index < octave_count:
            raise ParameterError(f"octave must be from 0 to {octave_count - 1}, not {index}")
        held = self.octaves[-octave_count:]  # octaves descend from Nyquist, however many there are
        octaves = [_UNCHANGED] * (octave_count - len(held)) + list(held)
        octaves[index] = replace(octaves[index], **changes)
        return replace(self, octaves=tuple(octaves))

    def with_box(self, box: BoxEdit, index: int | None = None) -> Edits:
        """The same with an additional box, or with `box` replacing the one at an index."""
        boxes = list(self.boxes)
        if index is None:
            boxes.append(box)
        else:
            boxes[index] = box
        return replace(self, boxes=tuple(boxes))

    def without_box(self, index: int) -> Edits:
        """The same without the box at an index."""
        return replace(self, boxes=self.boxes[:index] + self.boxes[index + 1 :])

    def __call__(self, representation: Representation) -> Representation:
        """Apply the edits to a representation.

        Parameters
        ----------
        representation : Representation
            Not modified.

        Returns
        -------
        Representation
            Bands that are not edited are shared with `representation`, not copied.
        """
        if not self:
            return representation
        return representation.of_bands(
            self.band(frames, representation.transform) for frames in representation.all_bands
        )

    def band(self, frames: Frames, transform: Transform) -> Frames:
        """The frames of one band with these edits; the same object if no edit affects them."""
        return self._edited(frames, transform.support(frames.band))

    def _edited(self, frames: Frames, support: Support) -> Frames:
        gains, soloed = self._octave_gains(frames.frequencies, support, frames.rate / 2)
        parts = [(part, box) for box in self.boxes if (part := _part(support, frames, box))]
        if not parts and soloed.all() and (gains == 1).all():
            return frames
        values = frames.coefficients[...] * gains[:, None]
        edited = values if soloed.all() else values * soloed[:, None]
        for part, box in parts:
            if box.soloed:
                edited[part] = values[part]
        for part, box in parts:
            if box.silenced or box.gain_db > -math.inf:
                edited[part] *= _linear(box.gain_db)
        return replace(frames, coefficients=edited)

    def _octave_gains(self, frequencies: Array, support: Support, nyquist: float) -> tuple[Array, Array]:
        """The gain of each bin due to octave edits, and whether it is audible outside soloed boxes."""
        if all(octave == _UNCHANGED for octave in self.octaves):
            return np.ones(len(frequencies), np.float32), np.full(len(frequencies), not self.soloed)
        high = nyquist * 2.0 ** np.arange(1 - len(self.octaves), 1)
        low = np.append(0.0, high[:-1])
        reached = _meets(support, low[:, None], high[:, None])
        gains = np.array([0.0 if o.muted else _linear(o.gain_db) for o in self.octaves], np.float32)
        own = np.minimum(np.searchsorted(high, frequencies, "right"), len(high) - 1)
        cut = np.where(reached, gains[:, None], 1).min(axis=0)
        octaves = [octave.soloed for octave in self.octaves]
        anything = np.full(len(frequencies), not (self.soloed or any(octaves)))
        return np.minimum(cut, 1) * np.maximum(gains[own], 1), anything | reached[octaves].any(axis=0)


def _meets(support: Support, low: Any, high: Any) -> Array:
    """Which bins extend into a frequency range, shape (bins,); for n ranges, (n, bins)."""
    found: Array = (support.low_hz < high) & (support.high_hz > low)
    return found


def _part(support: Support, frames: Frames, box: BoxEdit) -> tuple[slice, slice, slice] | None:
    """The channels, bins and frames that extend into a box; None if there are none."""
    rows = np.flatnonzero(_meets(support, box.low_hz, box.high_hz))
    if not len(rows):
        return None
    reach_s, frame_s = float(support.time_s[rows].max()), frames.hop / frames.rate
    first = math.ceil(max((box.start_s - reach_s) / frame_s, frames.first_frame))
    last = math.floor(min((box.stop_s + reach_s) / frame_s, frames.stop_frame - 1)) + 1
    if first >= last:
        return None
    held = slice(first - frames.first_frame, last - frames.first_frame)
    return slice(None), slice(int(rows[0]), int(rows[-1]) + 1), held
