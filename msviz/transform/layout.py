"""How the parts of a representation are named and described in files."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from msviz.bands import Band
from msviz.transform.base import Transform
from msviz.transform.frames import Range
from msviz.transform.representation import band_attributes


@dataclass(frozen=True)
class BandLayout:
    """The group of a band in a file.

    Attributes
    ----------
    band : Band
    frames : Range
        Numbers of the frames that are there.
    real : bool
        Whether it is the residual.
    """

    band: Band
    frames: Range
    real: bool

    @property
    def name(self) -> str:
        """Of the group."""
        return self.band.name

    @property
    def frequencies(self) -> NDArray[np.floating]:
        """Centre of each bin in Hz, shape (bins,)."""
        return self.band.frequencies

    @property
    def hop(self) -> int:
        """Samples between two frames."""
        return self.band.hop

    @property
    def count(self) -> int:
        """How many frames there are."""
        return self.frames.stop - self.frames.start

    @property
    def attributes(self) -> dict[str, Any]:
        """What the file tells of the group."""
        return band_attributes(self.band, self.frames)


def band_layouts(transform: Transform, frames: Sequence[Range]) -> tuple[BandLayout, ...]:
    """The groups of a representation, the lowest band first; last the residual, if it has frames."""
    return tuple(
        BandLayout(band, held, band is transform.residual)
        for band, held in zip(transform.all_bands, frames, strict=False)
    )
