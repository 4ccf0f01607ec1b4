"""The sound of levels: there are no phases in them, so those are made up."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from msviz.lab.rebuilding import Rebuilding
from msviz.signal import read_blocks
from msviz.storage import Stored
from msviz.storage.contents import MAGNITUDES
from msviz.transform import STFT, Band, Frames, Representation

Array = NDArray[Any]

SEGMENT_S = 1.5  # about; as long as the lab's


class RebuiltSource:
    """What levels sound like, with phases that go with them; a `Source`.

    Parameters
    ----------
    stored : Stored
        Its sample `start` is sample 0 here.
    """

    def __init__(self, stored: Stored) -> None:
        self.stored = stored
        self.rate, self.channels, self.length = stored.rate, stored.channels, stored.length
        self._segment = 2 ** round(math.log2(SEGMENT_S * self.rate))
        # Places are those of the original, where frames lie at multiples of their hops.
        self._segments = Rebuilding(stored.transform, self._magnitudes, self._segment, stored.stop)

    def read(self, start: int, stop: int) -> NDArray[np.floating]:
        """Samples [start, stop) as an array (channels, stop - start); zero outside the source.

        May be called from several threads at once.
        """
        out = np.zeros((self.channels, max(stop - start, 0)), np.float32)
        first, last = self.stored.start + start, self.stored.start + stop
        read_blocks(
            self._segments, self._segment, first, last, out, range(self.stored.start, self.stored.stop)
        )
        return out

    def _magnitudes(self, start: int, stop: int) -> Representation:
        """What is stored of samples [start, stop) of the original, all phases 0."""
        stored, transform = self.stored, self.stored.transform
        layout: Sequence[Band] = transform.bands
        first = min(max(start, stored.start), stored.stop)
        last = max(min(stop, stored.stop), first)
        bands = tuple(
            Frames.of(band, MAGNITUDES[codes].astype(np.complex64), -(-first // band.hop), self.rate)
            for band, codes in zip(layout, stored.levels(first, last), strict=True)
        )
        residual = None
        if not isinstance(transform, STFT):  # nothing is stored of what lies below the lowest octave
            held = transform.frame_ranges(start, stop)[-1]
            nothing = np.zeros((self.channels, 1, held.stop - held.start), np.float32)
            residual = Frames(nothing, held.start, transform.residual_hop, self.rate, np.zeros(1))
        return Representation(bands, residual, self.rate, start, stop, transform)
