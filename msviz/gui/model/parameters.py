"""What can be set of the pictures, and the transforms that follow from it."""

from __future__ import annotations

import math
from dataclasses import Field, dataclass, fields, replace
from typing import Any

from PyQt6.QtCore import QSettings

from msviz.audio.opening import MOST_CHANNELS
from msviz.defaults import DEFAULTS
from msviz.errors import ParameterError
from msviz.picture import mean_power, peak
from msviz.transform import STFT, Combined, OctaveTransform, Reassigned, Transform, time_scale

SHARPENED = {"coefficients": None, "reassigned": Reassigned, "combined": Combined}
"""How the octaves are drawn.  Only the coefficients themselves can be played."""

POOLED = {"peak": peak, "mean power": mean_power}
"""What a pixel shows of several frames."""

CHANNELS = ("mix", "left", "right", "any", "mid", "side")
"""What both pictures show of stereo."""

SIDE_BY_SIDE = "left and right"
"""The channel of two pictures of the octaves: of the first channel and of the second."""

WHOLE = ("mix", "any", SIDE_BY_SIDE)
"""Those of which the waveform shows all channels."""

IN_HZ = ("gamma", "fmin")
"""Parameters that do not grow with the rate: what suits sound does not suit the vibrations of a building."""

IN_SAMPLES = ("window", "hop")
"""Parameters that are saved as a duration, to suit tracks of any rate."""

AUDIO_RATE = 44100
DEFAULT_WINDOW_S = DEFAULTS.window / AUDIO_RATE
DEFAULT_OVERLAP = DEFAULTS.window // DEFAULTS.hop
SMALLEST_WINDOW, LARGEST_WINDOW = 16, 1 << 20


def window_of(seconds: float, rate: int) -> int:
    """The window, a power of two in samples, that lasts about so long in a track of this rate.

    It is at most a fifth longer: at 8 kHz the default is 512 samples or 64 ms, not 128 ms, which would blur
    the syllables of speech.

    Parameters
    ----------
    seconds : float
        Of sound; at rates below those of sound, everything lasts longer (see `time_scale`).
    rate : int
        In Hz.
    """
    power = math.floor(math.log2(max(seconds * _samples_per_s(rate), 1.0)) + 0.25)
    return min(max(1 << power, SMALLEST_WINDOW), LARGEST_WINDOW)


def _samples_per_s(rate: int) -> float:
    return rate * time_scale(rate)


def channels_of(count: int) -> tuple[str, ...]:
    """What can be drawn of so many channels: one only as it is, those after the second by their numbers."""
    if count == 1:
        return CHANNELS[:1]
    return (*CHANNELS, SIDE_BY_SIDE, *(str(number) for number in range(3, count + 1)))


def kind_of(channel: str, count: int) -> str | int:
    """What `mix_down` calls one of so many channels, which people count from 1.

    Raises
    ------
    ParameterError
        If there is no channel of that number.
    """
    if not channel.isdecimal():
        return channel
    if not 1 <= int(channel) <= count:
        raise ParameterError(f"channel must be from 1 to {count}, not {channel}")
    return int(channel) - 1


@dataclass(frozen=True)
class Parameters:
    """Of the transforms, and of what is drawn of them.

    The first four are those of `OctaveTransform`, the next two those of `STFT`.

    Attributes
    ----------
    fmin : float or None
        None for the lowest frequency that suits a track's rate.
    window, hop : int or None
        In samples; None for about 93 ms of sound and a quarter of the window.
    drawn : str
        One of `SHARPENED`.
    channel : str
        One of `channels_of` some track; "mix" is drawn of a track that lacks it.
    pooled : str
        One of `POOLED`.
    """

    bins_per_octave: int = DEFAULTS.bins_per_octave
    resolution: float = DEFAULTS.resolution
    gamma: float = DEFAULTS.gamma
    fmin: float | None = None
    window: int | None = None
    hop: int | None = None
    drawn: str = "coefficients"
    channel: str = "mix"
    pooled: str = "peak"

    def octave_transform(self, rate: int) -> OctaveTransform:
        """The octave transform for tracks of this rate.

        Raises
        ------
        ParameterError
            If they do not go together, or not with this rate.
        """
        return OctaveTransform(
            rate,
            bins_per_octave=self.bins_per_octave,
            resolution=self.resolution,
            gamma=self.gamma,
            fmin=self.fmin,
            workers=1,  # tiles are shared among workers, not blocks
        )

    def stft(self, rate: int) -> STFT:
        """The STFT for tracks of this rate.

        Raises
        ------
        ParameterError
            If window and hop do not go together.
        """
        window = self.window or window_of(DEFAULT_WINDOW_S, rate)
        return STFT(rate, window=window, hop=self.hop or max(1, window // DEFAULT_OVERLAP))

    def channel_of(self, count: int) -> str:
        """What is drawn of a track with so many channels."""
        return self.channel if self.channel in channels_of(count) else CHANNELS[0]

    def lanes_of(self, names: tuple[str, ...]) -> tuple[str, ...]:
        """What the waveform shows of channels with these names: all of them, or the one that is drawn."""
        channel = self.channel_of(len(names))
        if channel in WHOLE:
            return names
        return (names[int(channel) - 1] if channel.isdecimal() else channel,)

    def of(self, transform: Transform) -> Parameters:
        """These, with those of a transform in the place of their own."""
        names = {field.name for field in fields(self)}
        own = {name: value for name, value in transform.parameters.items() if name in names}
        return replace(self, **own)

    def octave_picture(self, transform: OctaveTransform) -> OctaveTransform | Reassigned | Combined:
        """What is drawn of an octave transform."""
        sharpened = SHARPENED[self.drawn]
        return sharpened(transform) if sharpened else transform

    @classmethod
    def _kept(cls, rate: int | None) -> list[Field[Any]]:
        """What is kept for tracks of a rate: at others than those of sound, nothing that is told in Hz."""
        audible = rate is None or time_scale(rate) == 1
        elsewhere = IN_SAMPLES + (() if audible else IN_HZ)
        return [field for field in fields(cls) if field.name not in elsewhere]

    def save(self, settings: QSettings, rate: int | None = None) -> None:
        """Save for the next start, and for tracks of other rates."""
        for field in self._kept(rate):
            settings.setValue(f"parameters/{field.name}", getattr(self, field.name))
        if self.window:
            hop = self.hop or max(1, self.window // DEFAULT_OVERLAP)
            settings.setValue("parameters/window_s", self.window / _samples_per_s(rate or AUDIO_RATE))
            settings.setValue("parameters/overlap", self.window / hop)
        else:
            settings.remove("parameters/window_s")
            settings.remove("parameters/overlap")

    @classmethod
    def load(cls, settings: QSettings, rate: int | None = None) -> Parameters:
        """As they were kept; the default for what is missing or makes no sense."""
        kept: dict[str, Any] = {}
        for field in cls._kept(rate):
            value = settings.value(f"parameters/{field.name}", field.default)
            kind = float if field.name in IN_HZ else type(field.default)
            try:
                kept[field.name] = kind(value)  # type: ignore[misc]
            except (TypeError, ValueError):
                kept[field.name] = field.default
        try:
            window_s = float(settings.value("parameters/window_s"))
            overlap = float(settings.value("parameters/overlap"))
            kept["window"] = window_of(window_s, rate or AUDIO_RATE)
            kept["hop"] = max(1, round(kept["window"] / overlap))
        except (TypeError, ValueError, OverflowError, ZeroDivisionError):
            kept["window"] = kept["hop"] = None
        channels = channels_of(MOST_CHANNELS)
        known = kept["drawn"] in SHARPENED and kept["channel"] in channels and kept["pooled"] in POOLED
        if not known:
            return cls()
        return cls(**kept)


PRESET_TIPS = {
    "Balanced": "Equally sharp in time and in pitch",
    "Beats": "Sharp in time, to see when something happens",
    "Notes": "Sharp in pitch, to separate neighbouring notes and voices",
    "Ear": "Bandwidths like those of the ear's own filters",
}
