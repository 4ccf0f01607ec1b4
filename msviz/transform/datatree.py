"""Representations as `xarray.DataTree`, and back."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from msviz.errors import ParameterError
from msviz.transform.base import Transform
from msviz.transform.frames import Frames
from msviz.transform.representation import Representation

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
        If it is laid out in another way.

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
        start, stop = int(attributes["start"]), int(attributes["stop"])
        frames = []
        for band in transform.all_bands:
            group: Any = tree[band.name]
            first = int(group.attrs["first_frame"])
            if "time" in group.coords and group["time"].size:  # it knows when frames were left out
                first = round(float(group["time"][0]) * transform.rate / band.hop)
            values = np.asarray(group["coefficients"].transpose("channel", "bin", "frame"))
            frames.append(Frames(band, values, first, transform.rate))
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise ParameterError(f"the tree is not laid out as to_xarray lays it out ({error})") from error
    for held in frames:
        rows = held.coefficients.shape[1]
        if rows != held.frequencies.size:
            raise ParameterError(f"{held.band.name} must have {held.frequencies.size} bins, not {rows}")
    residual = frames.pop() if transform.residual is not None else None
    return Representation(transform, tuple(frames), residual, start, stop)
