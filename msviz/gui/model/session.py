"""An open file at work: its pictures, and the sources that can be played."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

from PyQt6.QtCore import QObject, pyqtSignal

from msviz.audio import AudioSource, mix_down
from msviz.gui.model.parameters import POOLED, SIDE_BY_SIDE, WHOLE, kind_of
from msviz.gui.model.track import SOURCES, TrackState
from msviz.gui.model.view import Box
from msviz.gui.work.analysis import Analysis, Picture, Sound
from msviz.gui.work.jobs import Runner
from msviz.gui.work.one_channel import OneChannel
from msviz.lab import Reconstruction
from msviz.playback import CachedSource, Difference, Player, Resynthesis
from msviz.signal import Source
from msviz.transform import Drawable, Transform, time_scale
from msviz.transform.edits import BoxEdit, Edits

NEAR_S = 24  # seconds around the view that stay decoded: a close view, and the borders of its tiles


class Session(QObject):
    """One file, from opening it until another takes its place.

    Follows the state of the track: other parameters give other pictures, edits give other sources, each at
    the same place.

    Parameters
    ----------
    source : AudioSource
    track : TrackState
        Open on this source.
    runner : Runner
        Analyses it.
    player : Player
        Plays it.
    memory : int
        Bytes for the levels of both pictures.

    Attributes
    ----------
    analysis : Analysis
        Fills the current pictures.
    pictures : tuple of Picture
        The octaves' and the STFT's, or the octaves' of two channels.
    drawn : Source
        What they are pictures of.
    length : int
        Samples that pictures and sources were made for.
    sources : dict of str to Source
        What the player has, by the names in `SOURCES`.
    whole : dict of str to Source
        The same at all frequencies, whatever `TrackState.only` is.
    rebuilt : Source
        The multi-scale resynthesis, all of it whatever `TrackState.only` is.
    """

    tile_done = pyqtSignal(object, int)
    samples_read = pyqtSignal(object, object)
    """As `Analysis.samples_read`."""
    progressed = pyqtSignal()
    failed = pyqtSignal(str)
    pictures_changed = pyqtSignal()
    sources_changed = pyqtSignal()

    def __init__(
        self, source: AudioSource, track: TrackState, runner: Runner, player: Player, *, memory: int
    ) -> None:
        super().__init__()
        self.source = source
        self.analysis: Analysis | None = None
        self.drawn: Source = source
        self.sources: dict[str, Source] = {}
        self.whole: dict[str, Source] = {}
        self.rebuilt: Source = source
        self._track, self._runner, self._player, self._memory = track, runner, player, memory
        self.length = source.length
        self._near = self._cached()
        self._made: dict[tuple[Any, ...], Source] = {}
        self._drawn: dict[tuple[Any, ...], Picture] = {}
        self.sources = self._playable()
        player.load(self.sources)
        self.pictures = self._analyze()
        track.parameters_changed.connect(self._turn)
        track.sound_changed.connect(self._exchange)

    def _cached(self) -> CachedSource:
        """The track, of which what lies around the view stays decoded."""
        rate = self.source.rate
        return CachedSource(self.source, kept=round(NEAR_S * time_scale(rate) * rate))

    def reload(self) -> None:
        """Load the player again, which has played something else meanwhile."""
        self._player.load(self.sources)

    def _exchange(self, *, counted: bool = False) -> None:
        before, self.sources = self.sources, self._playable()
        if self._player.names == SOURCES:  # else it is lent, and `reload` gives it these
            self._player.exchange(self.sources, counted=counted)
        if self.sources != before:
            self.sources_changed.emit()

    def _turn(self) -> None:
        """Play and draw with other parameters, at the same place."""
        self._stop_analysis()
        self._exchange()
        self.pictures = self._analyze()
        self.pictures_changed.emit()
        self.progressed.emit()

    def _stop_analysis(self) -> None:
        if self.analysis:
            self.analysis.blockSignals(True)  # stopping is no news here
            self.analysis.stop()

    def set_length(self) -> None:
        """Play and draw the file at the length that it has turned out to have, at the same place.

        What is known of the pictures is taken over.
        """
        self.length = self.source.length
        self._near = self._cached()
        self._made.clear()
        self._drawn = {
            key: picture._replace(pyramid=picture.pyramid.resized(self.length))
            for key, picture in self._drawn.items()
        }
        self._stop_analysis()
        self._exchange(counted=True)
        self.pictures = self._analyze()

    @property
    def waveforms(self) -> tuple[Source, Source]:
        """The track and what is `rebuilt` of it, in the channels that the waveform shows."""
        return self._outlined(self.source), self._outlined(self.rebuilt)

    @property
    def _channel(self) -> str:
        return self._track.parameters.channel_of(self.source.channels)

    @property
    def lanes(self) -> tuple[str, ...]:
        """Names of the channels that the waveform shows."""
        return self._track.parameters.lanes_of(self.source.channel_names)

    def _outlined(self, source: Source) -> Source:
        """In the channels that the waveform shows: all of a mix, as one may be loud or clipped alone."""
        channel = self._channel
        return source if channel in WHOLE else mix_down(source, kind_of(channel, source.channels))

    def _pictured(self, source: Source) -> Source:
        """In the channel that the pictures show, or in all that they are made from."""
        channel = self._channel
        whole = channel in ("any", SIDE_BY_SIDE)
        return source if whole else mix_down(source, kind_of(channel, source.channels))

    def close(self) -> None:
        """Stop everything; the file stays open for exports that still read it."""
        self._track.parameters_changed.disconnect(self._turn)
        self._track.sound_changed.disconnect(self._exchange)
        if self.analysis:
            self.analysis.stop()
        self._player.unload()

    def _playable(self) -> dict[str, Source]:
        """All that can be heard of the track; what is as before is the same object, and stays ready."""
        track = self._track
        before, self._made = self._made, {}

        def once(kind: Callable[..., Source], *what: Any, **more: Any) -> Source:
            key = (kind, *what, *more.items())
            self._made[key] = before[key] if key in before else kind(*what, **more)
            return self._made[key]

        def rebuilt(transform: Transform) -> Source:
            left = once(Reconstruction, self.source, transform, track.recipe) if track.recipe else self.source
            if track.recipe and not track.edits:
                return left
            return once(Resynthesis, left, transform, track.edits or None)

        multi_scale, stft = rebuilt(track.transform), rebuilt(track.stft)
        self.rebuilt = multi_scale
        difference = once(Difference, self.source, multi_scale, gain_db=track.difference_gain_db)
        self.whole = dict(zip(SOURCES, (self.source, multi_scale, stft, difference), strict=True))
        return self.isolated(track.only, partial(once, Resynthesis)) if track.only else self.whole

    def isolated(self, box: Box, make: Callable[..., Source] = Resynthesis) -> dict[str, Source]:
        """Every source with only what lies in a box, resynthesized from its own transform."""
        edits = Edits(boxes=(BoxEdit(*box, gain_db=0.0, soloed=True),))
        octaves, stft = self._track.transform, self._track.stft
        transforms = (octaves, octaves, stft, octaves)
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
        parameters = self._track.parameters
        self.drawn = drawn = self._pictured(self.source)
        pool = POOLED[parameters.pooled]
        before, self._drawn = self._drawn, {}

        def once(transform: Transform, kind: Any, sharper: Callable[[Any], Drawable]) -> Picture:
            key = (transform, kind, drawn, pool)
            if key not in before:
                made = self._stored(transform, kind) or sharper(transform)
                before[key] = Picture.of(made, drawn, pool, budget=self._memory // 2)
            self._drawn[key] = before[key]
            return self._drawn[key]

        def of_channel(number: int) -> Picture:
            def one(transform: Any) -> Drawable:
                sharper = parameters.octave_picture(transform)
                return OneChannel(sharper, number, self.source.channel_names[number])

            return once(self._track.transform, (parameters.drawn, number), one)

        if self._channel == SIDE_BY_SIDE:
            upper, lower = of_channel(0), of_channel(1)
        else:
            upper = once(self._track.transform, parameters.drawn, parameters.octave_picture)
            lower = once(self._track.stft, "", lambda stft: stft)
        read, again = (
            Sound(self._pictured(source), self._outlined(source)) for source in (self.source, self._near)
        )
        self.analysis = Analysis(self._runner, read, [upper, lower], again)
        for mine, its in (
            (self.tile_done, self.analysis.tile_done),
            (self.samples_read, self.analysis.samples_read),
            (self.progressed, self.analysis.progressed),
            (self.failed, self.analysis.failed),
        ):
            its.connect(mine)
        return upper, lower
