"""The octave transform, the STFT beside it, and what both give back."""

from msviz.transform.blocks import Each
from msviz.transform.edits import BoxEdit, Edits, OctaveEdit
from msviz.transform.octave import OctaveTransform
from msviz.transform.representation import Frames, Representation
from msviz.transform.scale import Band, Octave, default_fmin, time_scale
from msviz.transform.sharper import Combined, Reassigned
from msviz.transform.stft import STFT

__all__ = [
    "STFT",
    "Band",
    "BoxEdit",
    "Combined",
    "Each",
    "Edits",
    "Frames",
    "Octave",
    "OctaveEdit",
    "OctaveTransform",
    "Reassigned",
    "Representation",
    "default_fmin",
    "time_scale",
]
