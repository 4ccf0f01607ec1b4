"""The octave transform, the STFT, and the representations that they compute."""

from msviz.bands import Band, default_fmin, time_scale
from msviz.transform.base import Drawable, Map, Transform
from msviz.transform.datatree import from_xarray
from msviz.transform.edits import BoxEdit, Edits, OctaveEdit
from msviz.transform.frames import Frames, Range
from msviz.transform.octave import OctaveTransform
from msviz.transform.representation import Representation
from msviz.transform.scale import Octave
from msviz.transform.sharper import Combined, Reassigned
from msviz.transform.stft import STFT

__all__ = [
    "STFT",
    "Band",
    "BoxEdit",
    "Combined",
    "Drawable",
    "Edits",
    "Frames",
    "Map",
    "Octave",
    "OctaveEdit",
    "OctaveTransform",
    "Range",
    "Reassigned",
    "Representation",
    "Transform",
    "default_fmin",
    "from_xarray",
    "time_scale",
]
