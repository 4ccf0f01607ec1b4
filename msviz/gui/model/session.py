"""A track that is open: its pictures, and what there is to hear of it."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

from PyQt6.QtCore import QObject, pyqtSignal

from msviz.audio import AudioSource, mix_down
from msviz.gui.model.descriptions import settings_text
from msviz.gui.model.parameters import POOLED, Parameters, kind_of
from msviz.gui.model.view import Box
from msviz.gui.work.analysis import Analysis, Picture, Sound
from msviz.gui.work.jobs import Runner
from msviz.lab import Recipe, Reconstruction
from msviz.playback import CachedSource, Difference, Player, Resynthesis
from msviz.signal import Source
from msviz.transform import STFT, Drawable, OctaveTransform, Transform, time_scale
from msviz.transform.edits import BoxEdit, Edits

SOURCES = ("Original", "Multi-scale", "STFT", "Difference")
NEAR_S = 24  # of sound that are kept, decoded: a view from near and the borders of its tiles


class Session(QObject):
    """One file, from when it is opened until another takes its place.

    Parameters
    ----------
    source : AudioSource
    parameters : Parameters
    runner : Runner
        Analyses it.
    player : Player
        Plays it, from `start` on.
    memory : int
        Bytes for the levels of both pictures.

    Attributes
    ----------
    transform : OctaveTransform
    stft : STFT
    analysis : Analysis or None
        Of the pictures that it has now.
    drawn : Source
        What they are pictures of.
    length : int
        Samples that pictures and sounds were made for.
    edits : Edits
    recipe : Recipe
    difference_gain_db : float
    only : Box or None
        What alone is heard of every source, whatever it is.
    sources : dict of str to Source
        What the player has, by the names in `SOURCES`.
    whole : dict of str to Source
        The same at all frequencies, whatever `only` is.
    rebuilt : Source
        What the octaves give, as edits and recipe leave them, all of it whatever `only` is.

    Raises
    ------
    ParameterError
        If the parameters do not go with the file's rate.
    """

    transform: OctaveTransform
    stft: STFT

    tile_done = pyqtSignal(object, int)
    samples_read = pyqtSignal(int, object)
    progressed = pyqtSignal()
    failed = pyqtSignal(str)

    def __init__(
        self, source: AudioSource, parameters: Parameters, runner: Runner, player: Player, *, memory: int
    ) -> None:
        super().__init__()
        self.source = source
        self.analysis: Analysis | None = None
        self.drawn: Source = source
        self.edits, self.recipe = Edits(), Recipe()
        self.difference_gain_db = 0.0
        self.only: Box | None = None
        self.sources: dict[str, Source] = {}
        self.whole: dict[str, Source] = {}
        self.rebuilt: Source = source
        self._runner, self._player, self._memory = runner, player, memory
        self.length = source.length
        self._near = self._cached()
        self._made: dict[tuple[Any, ...], Source] = {}
        self._drawn: dict[tuple[Any, ...], Picture] = {}
        self._set_parameters(parameters)

    def _cached(self) -> CachedSource:
        """The track, of which what lies around the view stays decoded."""
        rate = self.source.rate
        return CachedSource(self.source, kept=round(NEAR_S * time_scale(rate) * rate))

    def _set_parameters(self, parameters: Parameters) -> None:
        rate = self.source.rate
        transform, stft = parameters.octave_transform(rate), parameters.stft(rate)
        if not self.analysis or transform != self.transform:
            self.transform = transform
        if not self.analysis or stft != self.stft:
            self.stft = stft
        self.parameters = parameters

    def start(self) -> tuple[Picture, Picture]:
        """Load the player, and begin to fill the pictures that are returned."""
        self.sources = self._heard()
        self._player.load(self.sources)
        return self._analyze()

    def hear(self, **what: Any) -> None:
        """Set some of `edits`, `recipe`, `difference_gain_db` and `only`, and hear that at the same place."""
        for name, value in what.items():
            setattr(self, name, value)
        self._exchange()

    def reload(self) -> None:
        """Load the player again, which has played something else meanwhile."""
        self._player.load(self.sources)

    def _exchange(self, *, counted: bool = False) -> None:
        self.sources = self._heard()
        if self._player.names == SOURCES:  # else it is lent, and `reload` gives it these
            self._player.exchange(self.sources, counted=counted)

    def set_parameters(self, parameters: Parameters) -> tuple[Picture, Picture]:
        """Play with other parameters at the same place, and begin to fill other pictures.

        Raises
        ------
        ParameterError
            If they do not go with the file's rate; nothing has changed then.
        """
        self._set_parameters(parameters)
        if self.analysis:
            self.analysis.blockSignals(True)  # that it stops is no news
            self.analysis.stop()
        self._exchange()
        pictures = self._analyze()
        self.progressed.emit()
        return pictures

    def set_length(self) -> tuple[Picture, Picture]:
        """The file has turned out to have another length: hear and show all of it, at the same place.

        What is known of the pictures is taken over.
        """
        self.length = self.source.length
        self._near = self._cached()
        self._made.clear()
        self._drawn = {
            key: picture._replace(pyramid=picture.pyramid.resized(self.length))
            for key, picture in self._drawn.items()
        }
        if self.analysis:
            self.analysis.blockSignals(True)  # that it stops is no news
            self.analysis.stop()
        self._exchange(counted=True)
        return self._analyze()

    @property
    def settings(self) -> dict[str, str]:
        """How the sources are made, in words."""
        return settings_text(self.transform, self.stft, self.edits, self.recipe)

    @property
    def waveforms(self) -> tuple[Source, Source]:
        """The track and what is `rebuilt` of it, in the channels that the waveform shows."""
        return self._outlined(self.source), self._outlined(self.rebuilt)

    @property
    def _channel(self) -> str:
        return self.parameters.channel_of(self.source.channels)

    def _outlined(self, source: Source) -> Source:
        """In the channels that the waveform shows.

        Those of stereo apart, as one may be loud or clipped where their mean is not; of more, the mean.
        """
        channel = self._channel
        whole = channel in ("mix", "any")
        return (
            source
            if whole and source.channels <= 2
            else mix_down(source, "mix" if whole else kind_of(channel, source.channels))
        )

    def _pictured(self, source: Source) -> Source:
        """In the channel that the pictures show."""
        channel = self._channel
        return source if channel == "any" else mix_down(source, kind_of(channel, source.channels))

    def close(self) -> None:
        """Stop all that goes on; the file stays open for what is being written of it."""
        if self.analysis:
            self.analysis.stop()
        self._player.unload()

    def _heard(self) -> dict[str, Source]:
        """All that can be heard of the track; what is as before is the same object, and stays ready."""
        before, self._made = self._made, {}

        def once(kind: Callable[..., Source], *what: Any, **more: Any) -> Source:
            key = (kind, *what, *more.items())
            self._made[key] = before[key] if key in before else kind(*what, **more)
            return self._made[key]

        def rebuilt(transform: Transform) -> Source:
            left = once(Reconstruction, self.source, transform, self.recipe) if self.recipe else self.source
            if self.recipe and not self.edits:
                return left
            return once(Resynthesis, left, transform, self.edits or None)

        multi_scale, stft = rebuilt(self.transform), rebuilt(self.stft)
        self.rebuilt = multi_scale
        difference = once(Difference, self.source, multi_scale, gain_db=self.difference_gain_db)
        self.whole = dict(zip(SOURCES, (self.source, multi_scale, stft, difference), strict=True))
        return self.isolated(self.only, partial(once, Resynthesis)) if self.only else self.whole

    def isolated(self, box: Box, make: Callable[..., Source] = Resynthesis) -> dict[str, Source]:
        """Every source with only what lies in a box, resynthesized from its own transform."""
        edits = Edits(boxes=(BoxEdit(*box, gain_db=0.0, soloed=True),))
        transforms = (self.transform, self.transform, self.stft, self.transform)
        return {
            name: make(source, transform, edits)
            for (name, source), transform in zip(self.whole.items(), transforms, strict=True)
        }

    def _stored(self, transform: Transform, kind: str) -> Any:
        """The picture that the file itself holds, if it holds levels alone and just such are to be drawn."""
        picture = self.source.picture
        whole = kind in ("", "coefficients") and self._channel in ("mix", "any")
        if not (picture and whole):
            return None
        held = picture.stored.transform.parameters
        # A file of format version 1 is drawn as it is, too, though its filters were mirrored.
        same = all(
            held.get(name) == value for name, value in transform.parameters.items() if name != "mirrored"
        )
        return picture if same else None

    def _analyze(self) -> tuple[Picture, Picture]:
        """Begin to fill new pictures; one that is as before goes on where it was."""
        parameters = self.parameters
        self.drawn = drawn = self._pictured(self.source)
        pool = POOLED[parameters.pooled]
        before, self._drawn = self._drawn, {}

        def once(transform: Transform, kind: str, sharper: Callable[[Any], Drawable]) -> Picture:
            key = (transform, kind, drawn, pool)
            if key not in before:
                made = self._stored(transform, kind) or sharper(transform)
                before[key] = Picture.of(made, drawn, pool, budget=self._memory // 2)
            self._drawn[key] = before[key]
            return self._drawn[key]

        octaves = once(self.transform, parameters.drawn, parameters.octave_picture)
        spectra = once(self.stft, "", lambda stft: stft)
        read, again = (
            Sound(self._pictured(source), self._outlined(source)) for source in (self.source, self._near)
        )
        self.analysis = Analysis(self._runner, read, [octaves, spectra], again)
        for mine, its in (
            (self.tile_done, self.analysis.tile_done),
            (self.samples_read, self.analysis.samples_read),
            (self.progressed, self.analysis.progressed),
            (self.failed, self.analysis.failed),
        ):
            its.connect(mine)
        return octaves, spectra
