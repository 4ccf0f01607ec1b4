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
    """Convert the result of `to_xarray`, possibly modified, back to a representation.

    Parameters
    ----------
    tree : xarray.DataTree
        With the layout of `to_xarray`; for files with complex coefficients, `xarray.open_datatree` returns
        that, too.

    Raises
    ------
    ParameterError
        If it has another layout, or bins or frames are missing.

    See Also
    --------
    Representation.to_xarray : The inverse.

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
        raise ParameterError(f"the tree does not have the layout of to_xarray ({error})") from error
    residual = frames.pop() if transform.residual is not None else None
    return Representation(transform, tuple(frames), residual, start, stop)


def _frames(group: Any, band: Band, rate: int) -> Frames:
    """The frames of a band from its group; ParameterError if anything but their values has changed."""
    values = numbers("coefficients", group["coefficients"].transpose("channel", "bin", "frame"))
    hz = np.asarray(group["frequency"]) if "frequency" in group.coords else band.frequencies
    if hz.shape != band.frequencies.shape or not np.allclose(hz, band.frequencies):
        raise ParameterError(f"the bins of {band.name} must be complete and in their original order")
    first, count = int(group.attrs["first_frame"]), values.shape[-1]
    if "time" in group.coords and count:  # it knows when frames were left out
        held = np.rint(np.asarray(group["time"]) * (rate / band.hop))
        first = int(held[0])
        if not np.array_equal(held, first + np.arange(count)):
            raise ParameterError(f"the frames of {band.name} must be consecutive")
    return Frames(band, values, first, rate)
