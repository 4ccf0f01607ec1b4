"""The state of the open track: the one place for everything a user sets about it."""

from __future__ import annotations

from dataclasses import replace
from typing import Generic, TypeVar, overload

from PyQt6.QtCore import QObject, pyqtSignal

from msviz.audio import AudioSource
from msviz.errors import ParameterError
from msviz.gui.model.descriptions import settings_text
from msviz.gui.model.parameters import AUDIO_RATE, Parameters
from msviz.gui.model.view import Box, View
from msviz.lab import Recipe
from msviz.transform import STFT, Octave, OctaveTransform
from msviz.transform.edits import Edits, OctaveEdit

SOURCES = ("Original", "Multi-scale", "STFT", "Difference")

T = TypeVar("T")


class Observed(Generic[T]):
    """An attribute of a QObject that emits signals when its value changes.

    Parameters
    ----------
    default : T
    *signals : str
        Names of the object's signals, emitted in this order.
    """

    def __init__(self, default: T, *signals: str) -> None:
        self._default, self._signals = default, signals

    def __set_name__(self, owner: type, name: str) -> None:
        self._name = f"_{name}"

    @overload
    def __get__(self, instance: None, owner: type) -> Observed[T]: ...
    @overload
    def __get__(self, instance: object, owner: type) -> T: ...
    def __get__(self, instance: object | None, owner: type) -> T | Observed[T]:
        if instance is None:
            return self
        value: T = instance.__dict__.get(self._name, self._default)
        return value

    def __set__(self, instance: object, value: T) -> None:
        if value != self.__get__(instance, type(instance)):
            instance.__dict__[self._name] = value
            for signal in self._signals:
                getattr(instance, signal).emit()


class TrackState(QObject):
    """What is set of the open track.

    Widgets, the session that analyses the track and the player all read it here and subscribe to its
    signals.  Nobody keeps a copy.

    Attributes
    ----------
    view : View
        The visible range, the selection, the cursor, the playhead and damaged parts.
    source : AudioSource or None
        The file; None before one is open.
    parameters : Parameters
        Of the transforms and the pictures.  `set_parameters` changes them.
    requested : Parameters
        What the user last asked for.  `parameters` follows as soon as its pictures can be shown.
    transform : OctaveTransform
    stft : STFT
        The transforms that the parameters stand for.
    edits : Edits
        What is done to octaves and boxes.
    recipe : Recipe
        What the resynthesis is made from.
    difference_gain_db : float
        Gain applied to the difference.
    only : Box or None
        The only part of every source that is played.
    heard : str
        The name in `SOURCES` of the source that is played.  `hear` changes it.
    pair : tuple of str
        A and B, the last two sources that were played.
    """

    opened = pyqtSignal()
    """Another track is open."""
    parameters_changed = pyqtSignal()
    requested_changed = pyqtSignal()
    edits_changed = pyqtSignal()
    recipe_changed = pyqtSignal()
    heard_changed = pyqtSignal()
    sound_changed = pyqtSignal()
    """Something changed that the sources are made from."""

    requested = Observed(Parameters(), "requested_changed")
    edits = Observed(Edits(), "edits_changed", "sound_changed")
    recipe = Observed(Recipe(), "recipe_changed", "sound_changed")
    difference_gain_db = Observed(0.0, "sound_changed")
    only: Observed[Box | None] = Observed(None, "sound_changed")

    transform: OctaveTransform
    stft: STFT

    def __init__(
        self, view: View | None = None, parameters: Parameters | None = None, rate: int = AUDIO_RATE
    ) -> None:
        super().__init__()
        self.view = view or View(self)
        self.source: AudioSource | None = None
        self.heard, self.pair = SOURCES[0], SOURCES[:2]
        self._set_transforms(parameters or Parameters(), rate)

    def open(self, source: AudioSource, parameters: Parameters) -> None:
        """Turn to another track, of which nothing is edited yet.

        Raises
        ------
        ParameterError
            If the parameters do not suit its rate; nothing has changed then.
        """
        self._set_transforms(parameters, source.rate)
        self.source = source
        self.heard, self.pair = SOURCES[0], SOURCES[:2]
        self.view.open(source.rate, source.length, self.octaves[0].low, source.rate / 2)
        self.edits, self.recipe, self.only = Edits(), Recipe(), None
        for signal in (self.opened, self.parameters_changed, self.heard_changed):
            signal.emit()

    def close(self) -> None:
        """No track is open any more."""
        self.source = None
        self.only = None

    def _set_transforms(self, parameters: Parameters, rate: int) -> None:
        transform, stft = parameters.octave_transform(rate), parameters.stft(rate)
        # Equal ones stay the same objects, which have their filters ready.
        self.transform = transform if transform != getattr(self, "transform", None) else self.transform
        self.stft = stft if stft != getattr(self, "stft", None) else self.stft
        self.parameters = parameters
        self.requested = parameters

    @property
    def octaves(self) -> tuple[Octave, ...]:
        """The octaves of the transform, the lowest first."""
        return self.transform.octaves

    @property
    def altered(self) -> bool:
        """Whether the resynthesis is meant to differ from the track."""
        return bool(self.edits or self.recipe)

    def set_parameters(self, parameters: Parameters) -> None:
        """Use other parameters.  Edits of octaves that remain stay.

        Raises
        ------
        ParameterError
            If they do not suit the track's rate; nothing has changed then, and nothing is requested.
        """
        before = len(self.octaves)
        try:
            self._set_transforms(parameters, self.source.rate if self.source else AUDIO_RATE)
        except ParameterError:
            self.requested = self.parameters
            raise
        more = len(self.octaves) - before
        if self.source:
            self.view.set_lowest(self.octaves[0].low)
        if more and self.edits.octaves:  # they are counted from the lowest
            octaves = (OctaveEdit(),) * more + self.edits.octaves[max(0, -more) :]
            self.edits = replace(self.edits, octaves=octaves)
        self.parameters_changed.emit()

    def edit_of(self, octave: int) -> OctaveEdit:
        """What is done to an octave."""
        return self.edits.octaves[octave] if octave < len(self.edits.octaves) else OctaveEdit()

    def hear(self, name: str) -> None:
        """Play another source.

        If it is neither A nor B, the source played until now becomes A and the new one B.
        """
        if name != self.heard:
            if name not in self.pair:
                self.pair = (self.heard, name)
            self.heard = name
            self.heard_changed.emit()

    @property
    def settings(self) -> dict[str, str]:
        """What the sources are made with, in words."""
        return settings_text(self.transform, self.stft, self.edits, self.recipe)
