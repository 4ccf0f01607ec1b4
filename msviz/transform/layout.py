"""How the parts of a representation are named and described outside the program: in files, in xarray."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from msviz.transform.blocks import Range
from msviz.transform.filters import Residual
from msviz.transform.octave import OctaveTransform
from msviz.transform.scale import Band
from msviz.transform.stft import STFT


@dataclass(frozen=True)
class BandLayout:
    """One group: an octave, the STFT's only band, or the residual.

    Attributes
    ----------
    name : str
        Of the group.
    frequencies : array (rows,)
        Centre of each row in Hz.
    hop : int
        Samples between two frames.
    frames : Range
        Numbers of the frames that are there.
    real : bool
        Whether it is the residual.
    edges : dict
        Its edges in Hz and what else tells its filters.
    """

    name: str
    frequencies: NDArray[np.floating]
    hop: int
    frames: Range
    real: bool
    edges: dict[str, float]

    @property
    def count(self) -> int:
        """How many frames there are."""
        return self.frames.stop - self.frames.start

    @property
    def attributes(self) -> dict[str, Any]:
        """What is told of the group."""
        first, count = int(self.frames.start), int(self.count)  # JSON takes no NumPy integers
        return {"hop": self.hop, "first_frame": first, "frames": count, **self.edges}


def band_layouts(transform: OctaveTransform | STFT, frames: Sequence[Range]) -> tuple[BandLayout, ...]:
    """The groups of a representation, the lowest octave first; last the residual, if it has frames."""
    bands: Sequence[Band] = transform.bands
    names = ["stft"]
    if isinstance(transform, OctaveTransform):
        names = [f"octave_{octave.index:02}" for octave in transform.octaves]
    layouts = [
        BandLayout(name, band.frequencies, band.hop, held, False, {"low_hz": band.low, "high_hz": band.high})
        for name, band, held in zip(names, bands, frames, strict=False)
    ]
    if isinstance(transform, OctaveTransform) and len(frames) > len(bands):
        low = Residual.below(transform.scale)
        edges = {"pass_edge_hz": low.pass_edge, "stop_edge_hz": low.stop_edge, "weight": low.weight}
        layouts.append(BandLayout("residual", np.zeros(1), transform.residual_hop, frames[-1], True, edges))
    return tuple(layouts)


def described(transform: OctaveTransform | STFT, channels: int, start: int, stop: int) -> dict[str, Any]:
    """What is told of a representation as a whole; fit for JSON."""
    return {
        "rate": transform.rate,
        "channels": channels,
        "start": int(start),
        "stop": int(stop),
        "transform": "stft" if isinstance(transform, STFT) else "octave",
        "parameters": transform.parameters,
    }
