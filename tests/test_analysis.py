"""The analysis of a track: what is in view first, everything in the end, and how it stops."""

from __future__ import annotations

import threading

import numpy as np
import pytest
from waiting import LONG_S

from msviz.errors import AudioError
from msviz.gui.work import analysis
from msviz.gui.work.analysis import Analysis, Picture, Sound
from msviz.gui.work.jobs import Runner
from msviz.picture import level_codes, to_code
from msviz.signal import Signal
from msviz.transform import STFT, OctaveTransform

RATE = 8000
TILES = 8
TILE = 1 << 16  # samples: about eight seconds


def noise(length):
    return Signal(np.random.default_rng(2).uniform(-0.5, 0.5, length).astype(np.float32), RATE)


SOUND = noise(TILES * TILE - 1000)


def pictures_of(source):
    return [Picture.of(transform, source) for transform in (OctaveTransform(RATE, workers=1), STFT(RATE))]


def look(pictures, first_tile, last_tile):
    """Turn to a view, in tiles, so far out that every tile is sharp enough as soon as it is there."""
    for picture in pictures:
        picture.pyramid.look(first_tile * TILE, last_tile * TILE, TILE)


class Track:
    """An analysis, and what it has told."""

    def __init__(self, source, workers=1):
        self.runner = Runner(workers)
        self.source = source
        self.pictures = pictures_of(source)
        self.analysis = Analysis(self.runner, Sound(source, source), self.pictures)
        self.done, self.failures = [], []
        self.analysis.tile_done.connect(
            lambda picture, tile: self.done.append((self.pictures.index(picture), tile))
        )
        self.analysis.failed.connect(self.failures.append)


@pytest.fixture
def track(qapp):
    tracks = []

    def make(*args, **options):
        tracks.append(Track(*args, **options))
        return tracks[-1]

    yield make
    for each in tracks:
        each.runner.close()


def test_the_tiles_are_as_these_tests_take_them():
    for picture in pictures_of(SOUND):
        assert picture.pyramid.tile_length == TILE
        assert picture.pyramid.tiles == TILES


def test_what_is_in_view_is_analysed_first_and_the_rest_by_its_distance(qtbot, track):
    one = track(SOUND)
    look(one.pictures, 4.2, 5.6)
    one.analysis.fill()
    qtbot.waitUntil(lambda: one.analysis.progress == 1)
    seen, rest = (4, 5), (3, 6, 2, 7, 1, 0)
    assert one.done == [(picture, tile) for tile in (*seen, *rest) for picture in (0, 1)]


def test_what_is_in_view_is_read_of_what_is_remembered_and_the_rest_is_not(qtbot, track):
    class Noted(Signal):
        def read(self, start, stop):
            places[id(self)].add((start + stop) // 2 // TILE)
            return super().read(start, stop)

    sound, near = Noted(SOUND.samples, RATE), Noted(SOUND.samples, RATE)
    places = {id(sound): set(), id(near): set()}
    one = track(sound)
    one.analysis = Analysis(one.runner, Sound(sound, sound), one.pictures, Sound(near, near))
    look(one.pictures, 4.2, 5.6)
    one.analysis.fill()
    qtbot.waitUntil(lambda: one.analysis.progress == 1)
    assert places[id(near)] == {4, 5}
    assert places[id(sound)] == {0, 1, 2, 3, 6, 7}


def test_what_is_decoded_does_not_wait_for_what_is_not(qtbot, track, monkeypatch):
    one = track(SOUND)
    look(one.pictures, 6.1, 7.9)
    monkeypatch.setattr(analysis, "decoded", lambda _: 3 * TILE)
    one.analysis.fill()
    qtbot.waitUntil(lambda: one.analysis.progress == 1)
    assert one.done[:7] == [(0, 2), (1, 2), (0, 1), (1, 1), (0, 0), (1, 0), (0, 6)]


def test_another_view_goes_before_all_but_what_is_under_way(qtbot, track):
    one = track(SOUND)
    look(one.pictures, 0.0, 1.0)
    one.analysis.fill()
    qtbot.waitUntil(lambda: bool(one.done))
    already = len(one.done)
    look(one.pictures, 6.1, 7.0)
    one.analysis.fill()
    qtbot.waitUntil(lambda: one.analysis.progress == 1)
    soon = one.done[already : already + 4]  # one tile may have been under way, and one have waited
    assert [(picture, tile) for picture, tile in soon if tile == 6] == [(0, 6), (1, 6)]


@pytest.mark.parametrize("view", [(0.2, 0.4), (7.2, 7.4)])
def test_what_was_let_go_of_is_analysed_again_when_it_is_looked_at(qtbot, track, view):
    one = track(SOUND)
    one.pictures[:] = [Picture.of(each.transform, SOUND, budget=1 << 19) for each in one.pictures]
    one.analysis = Analysis(one.runner, Sound(SOUND, SOUND), one.pictures)
    one.analysis.fill()
    qtbot.waitUntil(lambda: one.analysis.progress == 1)
    start, stop = (tile * TILE for tile in view)
    for picture in one.pictures:
        picture.pyramid.look(start, stop, 8)
    assert not any(picture.pyramid.sharp for picture in one.pictures)
    one.analysis.fill()
    qtbot.waitUntil(lambda: all(picture.pyramid.sharp for picture in one.pictures))


def test_in_the_end_all_is_as_if_analysed_at_once(qtbot, track):
    sound = noise(2 * TILE + 12345)
    one = track(sound, workers=2)
    one.analysis.fill()
    qtbot.waitUntil(lambda: one.analysis.progress == 1)
    for picture in one.pictures:
        whole = picture.transform.coefficients(sound, 0, sound.length)
        assert picture.pyramid.analysed.all()
        for number, (band, coefficients) in enumerate(zip(picture.transform.bands, whole, strict=True)):
            at_once = level_codes(coefficients[0]).T
            zoom_level = picture.pyramid.zoom_level(band.hop)
            got = picture.pyramid.frames(number, zoom_level, 0, len(at_once))
            assert got.shape == at_once.shape
            heard = at_once > to_code(-90)
            off = np.abs(got.astype(int) - at_once)[heard]
            assert off.max() <= 1  # a level on the edge between two codes
            assert np.mean(off == 0) > 0.99
            assert np.mean(heard) > 0.99


def test_every_worker_has_a_tile_and_no_tile_is_made_twice(qtbot, track):
    together = threading.Barrier(2)

    class Both(Signal):
        def read(self, start, stop):
            if not met.is_set():
                together.wait(LONG_S)  # until the other worker reads, too
                met.set()
            return super().read(start, stop)

    met = threading.Event()
    one = track(Both(SOUND.samples, RATE), workers=2)
    one.analysis.fill()
    one.analysis.fill()
    qtbot.waitUntil(lambda: one.analysis.progress == 1)
    assert sorted(one.done) == [(picture, tile) for picture in (0, 1) for tile in range(TILES)]


def test_stopped_it_stays_where_it_is_until_it_goes_on(qtbot, track):
    one = track(SOUND)
    told = []
    one.analysis.progressed.connect(lambda: told.append((one.analysis.progress, one.analysis.stopped)))
    one.analysis.tile_done.connect(lambda: len(one.done) == 3 and one.analysis.stop())
    one.analysis.fill()
    qtbot.waitUntil(lambda: one.analysis.stopped)
    stopped_at = one.analysis.progress
    assert stopped_at == 3 / (2 * TILES)
    assert told[-1] == (stopped_at, True)
    one.analysis.fill()  # the view has changed
    settled = []
    one.runner.start(lambda: iter((1,))).item.connect(settled.append)
    qtbot.waitUntil(lambda: bool(settled))
    assert len(one.done) == 3
    one.analysis.resume()
    qtbot.waitUntil(lambda: one.analysis.progress == 1)
    assert not one.analysis.stopped
    assert sorted(one.done) == [(picture, tile) for picture in (0, 1) for tile in range(TILES)]


class Damaged(Signal):
    """Sound that cannot be read past its middle, until it is mended."""

    def read(self, start, stop):
        mended, reads = state[id(self)]
        if stop > self.length // 2 and not mended.is_set():
            reads.append(start)
            raise AudioError("track.flac is damaged from 0:32 on.")
        return super().read(start, stop)


state = {}


@pytest.mark.parametrize("workers", [1, 2])
def test_a_file_that_cannot_be_read_further_is_told_once_and_not_tried_again(qtbot, track, workers):
    sound = Damaged(SOUND.samples, RATE)
    mended, reads = state[id(sound)] = threading.Event(), []
    one = track(sound, workers)
    look(one.pictures, 0.0, 0.5)
    one.analysis.fill()
    qtbot.waitUntil(lambda: bool(one.failures))
    settled = []
    for _ in range(workers):
        one.runner.start(lambda: iter((1,))).item.connect(settled.append)
    qtbot.waitUntil(lambda: len(settled) == workers)
    assert one.failures == ["track.flac is damaged from 0:32 on."]
    assert one.analysis.stopped
    assert 0 < len(one.done) < TILES
    assert len(reads) <= workers + 1  # one had been waiting

    one.analysis.resume()  # the same again, if it is asked for
    qtbot.waitUntil(lambda: len(one.failures) == 2)
    mended.set()
    one.analysis.resume()
    qtbot.waitUntil(lambda: one.analysis.progress == 1)
    assert len(one.failures) == 2


def test_closed_while_busy_nothing_more_is_told(qtbot, track):
    begun, go_on = threading.Event(), threading.Event()

    class Slow(Signal):
        def read(self, start, stop):
            begun.set()
            go_on.wait(LONG_S)
            return super().read(start, stop)

    one = track(Slow(SOUND.samples, RATE), workers=2)
    one.analysis.fill()
    assert begun.wait(LONG_S)
    one.analysis.stop()
    go_on.set()
    one.runner.close()
    qtbot.wait(0)
    assert one.done == []
    assert one.failures == []
    assert one.analysis.progress == 0


def test_a_tile_that_is_not_wanted_any_more_leaves_its_worker_soon(qtbot, track, monkeypatch):
    begun, go_on, made = threading.Event(), threading.Event(), []

    class Slow(Signal):
        def read(self, start, stop):
            begun.set()
            go_on.wait(LONG_S)
            return super().read(start, stop)

    monkeypatch.setattr(
        analysis,
        "level_codes",
        lambda coefficients: made.append(coefficients.size) or level_codes(coefficients),
    )
    one = track(Slow(SOUND.samples, RATE))
    one.analysis.fill()
    assert begun.wait(LONG_S)
    one.analysis.stop()
    go_on.set()
    one.runner.close()
    assert not any(made)
    assert one.failures == []
