"""What of a picture is needed to hear it: coefficients left out, made coarse, or without their phase."""

from msviz.lab.coefficients import RANGE_DB
from msviz.lab.recipe import Recipe
from msviz.lab.reconstruction import Reconstruction

__all__ = [
    "RANGE_DB",
    "Recipe",
    "Reconstruction",
]
