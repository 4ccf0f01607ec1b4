"""A picture of one channel, to be shown with that of another."""

from __future__ import annotations

from typing import Any

from numpy.typing import NDArray

from msviz.audio import mix_down
from msviz.signal import Source
from msviz.transform import Drawable
from msviz.transform.base import Map


class OneChannel:
    """A transform of one channel of a source, whatever other channels that has.

    Parameters
    ----------
    transform : Drawable
    number : int
        The channel, counted from 0.
    channel : str
        Its name.
    """

    needs_sound = True

    def __init__(self, transform: Drawable, number: int, channel: str) -> None:
        self._transform, self._number, self.channel = transform, number, channel
        self.rate, self.bands = transform.rate, transform.bands

    @property
    def title(self) -> str:
        """What its picture is called."""
        return f"{self._transform.title}, {self.channel}"

    def bandwidth(self, frequency: float) -> float:
        """-3 dB bandwidth in Hz of the bin centred at `frequency`."""
        return self._transform.bandwidth(frequency)

    def coefficients(
        self, source: Source, start: int, stop: int, *, map: Map | None = None
    ) -> list[NDArray[Any]]:
        """Frames of every band that are centred in samples [start, stop), or what `map` makes of them."""
        return self._transform.coefficients(mix_down(source, self._number), start, stop, map=map)
