"""Sound from reduced coefficients: some of them discarded, quantized, or without their phases."""

from msviz.lab.coefficients import RANGE_DB
from msviz.lab.recipe import Recipe
from msviz.lab.reconstruction import Reconstruction

__all__ = [
    "RANGE_DB",
    "Recipe",
    "Reconstruction",
]
