"""Representations as `xarray.DataTree`, and back."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np

from msviz.bands import Band
from msviz.errors import ParameterError
from msviz.transform.base import Transform
from msviz.transform.frames import Frames
from msviz.transform.representation import Representation
from msviz.validation import numbers, whole

if TYPE_CHECKING:
    import xarray


def from_xarray(tree: xarray.DataTree) -> Representation:
    """The representation that `to_xarray` gave, as it is or changed.

    Parameters
    ----------
    tree : xarray.DataTree
        Laid out as `to_xarray` lays it out; of a file of complex numbers, `xarray.open_datatree` does
        too.

    Raises
    ------
    ParameterError
        If it is laid out in another way, or lacks bins, or frames amid others.

    See Also
    --------
    Representation.to_xarray : The way there.

    Examples
    --------
    >>> import numpy as np
    >>> import msviz
    >>> representation = msviz.OctaveTransform(44100).analyze(np.zeros(44100, np.float32))
    >>> msviz.from_xarray(representation.to_xarray()) == representation
    True
    """
    try:
        attributes = dict(tree.attrs)
        transform = Transform.of(attributes["transform"], dict(attributes["parameters"]))
        start = whole("start", attributes["start"], -math.inf)
        stop = whole("stop", attributes["stop"], start)
        frames = [_frames(tree[band.name], band, transform.rate) for band in transform.all_bands]
    except (LookupError, TypeError, ValueError, AttributeError) as error:
        raise ParameterError(f"the tree is not laid out as to_xarray lays it out ({error})") from error
    residual = frames.pop() if transform.residual is not None else None
    return Representation(transform, tuple(frames), residual, start, stop)


def _frames(group: Any, band: Band, rate: int) -> Frames:
    """The frames of a band in its group; ParameterError if they are not what they were in all but values."""
    values = numbers("coefficients", group["coefficients"].transpose("channel", "bin", "frame"))
    hz = np.asarray(group["frequency"]) if "frequency" in group.coords else band.frequencies
    if hz.shape != band.frequencies.shape or not np.allclose(hz, band.frequencies):
        raise ParameterError(f"the bins of {band.name} must be all that there were, in their order")
    first, count = int(group.attrs["first_frame"]), values.shape[-1]
    if "time" in group.coords and count:  # it knows when frames were left out
        held = np.rint(np.asarray(group["time"]) * (rate / band.hop))
        first = int(held[0])
        if not np.array_equal(held, first + np.arange(count)):
            raise ParameterError(f"the frames of {band.name} must follow each other")
    return Frames(band, values, first, rate)
