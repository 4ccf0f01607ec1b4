"""The analysis of a track: its pictures' tiles, computed in worker threads, what is in view first."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import partial
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from PyQt6.QtCore import QObject, pyqtSignal

from msviz.audio import Mix, decoded
from msviz.cancellation import Cancelled, cancel_scope
from msviz.gui.work.jobs import Job, Outcome, Runner
from msviz.picture import Pyramid, level_codes, peak
from msviz.picture.pyramid import Pool
from msviz.signal import Source
from msviz.transform import Drawable


class Picture(NamedTuple):
    """A transform and what is known of its picture."""

    transform: Drawable
    pyramid: Pyramid

    @classmethod
    def of(
        cls, transform: Drawable, source: Source, pool: Pool = peak, *, budget: int = 128 << 20
    ) -> Picture:
        """The picture of a source, of which nothing is known yet; `budget` bytes are for its levels."""
        pyramid = Pyramid(transform.bands, source.rate, source.length, pool=pool, budget=budget)
        return cls(transform, pyramid)


NAMES = ("octaves", "STFT")


def names_of(pictures: Sequence[Picture]) -> tuple[str, ...]:
    """Short names of two pictures: what they are made with, or of which channels."""
    named = zip(pictures, NAMES, strict=False)
    return tuple(getattr(picture.transform, "channel", name) for picture, name in named)


def tile_levels(picture: Picture, source: Source, tile: int) -> list[NDArray[np.uint8]]:
    """Compute a tile: the levels of its frames, one array (frames, rows) a band.

    Of several channels, the loudest at each place; also where they cancel each other in a mix of them.
    """
    start, stop = picture.pyramid.tile_range(tile)

    def loudest(source: Source) -> list[NDArray[np.uint8]]:
        bands = picture.transform.coefficients(source, start, stop, map=level_codes)
        loudest = [band[0] if len(band) == 1 else np.maximum.reduce(band) for band in bands]
        return [np.ascontiguousarray(band.T) for band in loudest]  # which they are but for several channels

    drawn = loudest(source)
    if isinstance(source, Mix):
        cancelled, size = source.cancels(start, stop)
        if cancelled.any():
            bands = zip(drawn, loudest(source.source), picture.transform.bands, strict=True)
            for codes, channels, band in bands:
                at = (-(-start // band.hop) + np.arange(len(codes))) * band.hop - start
                there = cancelled[np.minimum(at // size, len(cancelled) - 1)]
                codes[there] = channels[there]
    return drawn


class Sound(NamedTuple):
    """What an analysis reads of a track."""

    drawn: Source
    """What the pictures show; of several channels, the loudest at each place."""
    outlined: Source
    """What the waveform shows."""


class Tile(NamedTuple):
    """What a worker makes of a tile."""

    steps: list[list[NDArray[np.uint8]]]  # its levels, halved again and again
    start: int
    samples: NDArray[np.floating] | None


class Analysis(QObject):
    """Fills the pictures of one source, tile by tile.

    Every worker has one tile under way, and one waits, so that none is idle until the window comes to
    ask for the next.  What has come into view goes before the rest without anything being rearranged.

    Parameters
    ----------
    runner : Runner
    sound : Sound
    pictures : sequence of Picture
        With the tiles of the first that is made of sound come the samples of the waveform.
    near : Sound, optional
        The same, remembered for a while: what is in view is read of it, and again with other parameters.
    """

    tile_done = pyqtSignal(object, int)
    """A picture, and which of its tiles has come in."""
    samples_read = pyqtSignal(object, object)
    """Where a stretch of the waveform begins, and its samples (channels, n)."""
    progressed = pyqtSignal()
    failed = pyqtSignal(str)

    def __init__(
        self, runner: Runner, sound: Sound, pictures: Sequence[Picture], near: Sound | None = None
    ) -> None:
        super().__init__()
        self.pictures = tuple(pictures)
        self._runner = runner
        self._sound, self._near = sound, near or sound
        # A picture that a file holds is there at once; its sound is made up, which takes long.
        self._sounding = [n for n, each in enumerate(self.pictures) if each.transform.needs_sound]
        self._under_way: dict[tuple[int, int], Job] = {}
        self._stopped = False

    @property
    def progress(self) -> float:
        """How much of the pictures has been analysed, from 0 to 1."""
        done = sum(int(picture.pyramid.analysed.sum()) for picture in self.pictures)
        return done / sum(picture.pyramid.tiles for picture in self.pictures)

    @property
    def cancels(self) -> bool:
        """Whether channels have been met that cancel each other in the mix that is drawn."""
        drawn = (self._sound.drawn, self._near.drawn)
        return any(isinstance(source, Mix) and bool(source.cancellations) for source in drawn)

    @property
    def stopped(self) -> bool:
        """Whether it was told to stop before it was done."""
        return self._stopped

    def stop(self) -> None:
        """Analyse nothing more until `resume`."""
        self._stopped = True
        for job in list(self._under_way.values()):
            job.cancel()
        self.progressed.emit()

    def resume(self) -> None:
        """Go on where `stop` left off."""
        self._stopped = False
        self.fill()

    def _next(self) -> tuple[int, int] | None:
        """The picture and tile that are wanted most: first all that is in view.

        The picture that lacks most comes first, so that they grow together, out of the same samples.
        What is not decoded yet has to wait, the first of it in a worker that has nothing else to do.
        """
        there, waiting = decoded(self._sound.drawn), []
        for wanted in (Pyramid.missing, Pyramid.pending):
            lacking = [wanted(picture.pyramid) for picture in self.pictures]
            for number in sorted(
                range(len(lacking)),
                key=lambda n: (n in self._sounding, self._busy_with(n) - len(lacking[n])),
            ):
                tiles, pyramid = lacking[number], self.pictures[number].pyramid
                for picture, tile in self._under_way:
                    if picture == number:
                        tiles = tiles[tiles != tile]
                ready = tiles[np.minimum((tiles + 1) * pyramid.tile_length, pyramid.length) <= there]
                if len(ready):
                    return number, int(ready[0])
                waiting += [(number, int(tiles.min()))] if len(tiles) else []
        idle = len(self._under_way) < self._runner.workers
        return waiting[0] if waiting and idle else None

    @property
    def _blurred(self) -> bool:
        return not all(picture.pyramid.sharp for picture in self.pictures)

    def _busy_with(self, number: int) -> int:
        """How many tiles of a picture are under way."""
        return sum(picture == number for picture, _ in self._under_way)

    def fill(self) -> None:
        """Give every worker what is wanted most, and one tile more, two if they are in view.

        To be called again when the view has changed.
        """
        if self._stopped or all(picture.pyramid.done for picture in self.pictures):
            return
        spare = self._runner.workers + 1
        while len(self._under_way) < spare or (len(self._under_way) == spare and self._blurred):
            if not (place := self._next()):
                break
            seen = place[1] in self.pictures[place[0]].pyramid.missing()
            if len(self._under_way) == spare and not seen:
                break
            sound = self._near if seen else self._sound
            job = self._runner.start(partial(self._work, *place, sound), urgent=seen)
            job.item.connect(partial(self._put, *place))
            job.ended.connect(partial(self._ended, place))
            self._under_way[place] = job

    def read(self, start: int, stop: int) -> Job:
        """Read samples [start, stop) of the waveform: the job's one item, (channels, n)."""
        return self._runner.start(partial(self._read, start, stop), urgent=True)

    def _read(self, start: int, stop: int) -> Iterator[NDArray[np.floating]]:
        yield self._sound.outlined.read(start, stop)

    def _work(self, number: int, tile: int, sound: Sound) -> Iterator[Tile]:
        picture = self.pictures[number]
        try:
            with cancel_scope(lambda: self._stopped):  # whoever stops it waits for the worker
                codes = tile_levels(picture, sound.drawn, tile)
        except Cancelled:
            return
        steps = picture.pyramid.halved(codes)
        start, stop = picture.pyramid.tile_range(tile)
        yield Tile(steps, start, sound.outlined.read(start, stop) if number == self._sounding[0] else None)

    def _put(self, number: int, tile: int, made: Tile) -> None:
        picture = self.pictures[number]
        picture.pyramid.put_halved(tile, made.steps)
        if made.samples is not None:
            self.samples_read.emit(made.start, made.samples)
        self.tile_done.emit(picture, tile)
        self.progressed.emit()

    def _ended(self, place: tuple[int, int], outcome: Outcome) -> None:
        job = self._under_way.pop(place)
        if outcome is Outcome.FAILED:
            self.stop()
            self.failed.emit(str(job.error))
        elif outcome is Outcome.FINISHED:
            self.fill()
