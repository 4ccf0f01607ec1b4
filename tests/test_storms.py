"""More at once than a person does: sizes, parameters and files in quick succession, a worker that raises."""

from __future__ import annotations

import gc
import itertools
import os
import sys
import threading
import weakref
from dataclasses import replace
from functools import partial

import numpy as np
import pytest
from PyQt6.QtCore import QEvent
from PyQt6.QtWidgets import QApplication, QSlider
from waiting import LONG_S
from window_tools import Device, tone, write

from msviz.gui.canvas.viewport import Viewport
from msviz.gui.window import Window
from msviz.gui.work import analysis
from msviz.gui.work.jobs import Runner
from msviz.playback import player


@pytest.fixture(autouse=True)
def no_device(monkeypatch):
    monkeypatch.setattr(player, "Output", Device)


@pytest.fixture
def make_window(qtbot):
    made = []

    def make():
        window = Window()
        qtbot.addWidget(window)
        window.show()
        made.append(window)
        return window

    yield make
    for window in made:
        window.close()


@pytest.fixture
def track(tmp_path):
    return write(tmp_path / "tone.wav", np.tile(tone(), 3))


def wait_open(qtbot, window, path):
    qtbot.waitUntil(lambda: window.source is not None and window.source.path == path)


def wait_analysed(qtbot, window):
    qtbot.waitUntil(lambda: window.analysis is not None and window.analysis.progress == 1)


def test_after_a_storm_of_sizes_each_picture_is_that_of_its_size(qtbot, make_window, track):
    window = make_window()
    window.files.open(track)
    wait_open(qtbot, window, track)
    sizes = np.random.default_rng(2).integers((500, 400), (1500, 1000), (60, 2)).tolist()
    for number, (width, height) in enumerate(sizes):
        window.resize(width, height)
        if number % 3 == 0:
            QApplication.processEvents()
        if number % 10 == 5:
            window.view.zoom_time(1.7, 10.0)
    wait_analysed(qtbot, window)
    qtbot.waitUntil(lambda: all(p.pyramid.sharp for p in window.analysis.pictures))
    window.pictures.redraw()
    for panel in (window.pictures.octaves, window.pictures.stft):
        canvas = panel.canvas
        canvas.grab()
        size = canvas._device_size()
        place = canvas._place(0, size[0])
        afresh = Viewport()
        afresh.show(canvas.picture)
        assert canvas._viewport.pixels(place).codes.shape == size[::-1]
        assert np.array_equal(canvas._viewport.pixels(place).codes, afresh.pixels(place).codes)


def test_after_a_storm_of_parameters_the_last_are_drawn_and_nothing_of_the_others_is_kept(
    qtbot, make_window, track
):
    window = make_window()
    window.files.open(track)
    wait_open(qtbot, window, track)
    wait_analysed(qtbot, window)
    stft = window.analysis.pictures[1]
    seen = [weakref.ref(picture.pyramid) for picture in window.analysis.pictures]
    for number in range(12):
        changed = replace(window.track.parameters, resolution=5.0 + number, gamma=float(number % 4))
        window.work.set_parameters(changed)
        seen += [weakref.ref(picture.pyramid) for picture in window.analysis.pictures]
        if number % 4 == 0:  # some of them are under way when the next come
            qtbot.waitUntil(lambda: window.analysis.progress > 0)
    wait_analysed(qtbot, window)
    octaves, same = window.analysis.pictures
    assert octaves.transform.scale.resolution == 16.0
    assert same is stft  # it has not changed, and so is not made again
    qtbot.waitUntil(lambda: window.pictures.octaves.canvas.picture is octaves.pyramid)
    window.work.set_parameters(replace(window.track.parameters, window=2048, hop=512))
    wait_analysed(qtbot, window)
    assert window.analysis.pictures[0] is octaves
    del stft, same
    shown = {picture.pyramid for picture in window.analysis.pictures}
    qtbot.waitUntil(lambda: window.pictures.stft.canvas.picture in shown)

    def others():
        gc.collect()
        return {pyramid for ref in seen if (pyramid := ref()) is not None} - shown

    qtbot.waitUntil(lambda: not others())


def test_a_hand_at_the_slider_sees_pictures_on_its_way_and_the_last_at_its_end(
    qtbot, make_window, track, monkeypatch
):
    window = make_window()
    window.files.open(track)
    wait_open(qtbot, window, track)
    wait_analysed(qtbot, window)
    made, shown, moves = analysis.tile_levels, [], threading.Semaphore(0)

    def slow(*place):
        assert moves.acquire(timeout=LONG_S)  # from one move to the next at least
        return made(*place)

    monkeypatch.setattr(analysis, "tile_levels", slow)
    canvas, slider = window.pictures.octaves.canvas, window.inspector.parameters.findChild(QSlider)
    window.pictures.turned.connect(lambda: shown.append(canvas.picture))
    places = itertools.cycle([*range(60, 140), *range(140, 60, -1)])

    def moved_on():
        slider.setValue(next(places))
        moves.release()
        return len(shown) >= 3

    qtbot.waitUntil(moved_on)  # it looks every 10 ms
    assert len(set(shown)) == len(shown)
    monkeypatch.setattr(analysis, "tile_levels", made)
    moves.release(1000)
    slider.setValue(150)
    rests = window.track.requested
    qtbot.waitUntil(lambda: window.track.parameters == rests)
    octaves = window.analysis.pictures[0]
    assert octaves.transform.scale.resolution == rests.resolution
    qtbot.waitUntil(lambda: canvas.picture is octaves.pyramid)


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="looks into /proc")
def test_after_a_storm_of_files_only_the_last_is_open_and_after_closing_none(
    qtbot, make_window, track, tmp_path
):
    def held():
        files = {os.path.realpath(f"/proc/self/fd/{name}") for name in os.listdir("/proc/self/fd")}
        return {os.path.basename(path) for path in files if path.startswith(str(tmp_path))}

    paths = [write(tmp_path / f"{number}.flac", np.tile(tone(300 + number), 6)) for number in range(5)]
    window = make_window()
    for number, path in enumerate((*paths, *paths[::-1])):
        window.files.open(path)
        if number % 3 == 0:
            wait_open(qtbot, window, path)
        else:
            QApplication.processEvents()
    wait_open(qtbot, window, paths[0])
    qtbot.waitUntil(lambda: held() <= {"0.flac"})
    window.files.open(paths[3])
    wait_open(qtbot, window, paths[3])
    window.close()
    gc.collect()
    assert held() == set()
    assert window.source is None


def test_a_worker_that_raises_is_told_and_another_track_is_analysed(
    qtbot, make_window, track, tmp_path, monkeypatch
):
    window = make_window()
    whole = analysis.tile_levels

    def broken(picture, source, tile):
        raise ZeroDivisionError("unforeseen")

    monkeypatch.setattr(analysis, "tile_levels", broken)
    window.files.open(track)
    wait_open(qtbot, window, track)
    qtbot.waitUntil(lambda: "unforeseen" in window.messages.text)
    assert window.analysis.stopped
    assert window.analysis.progress == 0
    monkeypatch.setattr(analysis, "tile_levels", whole)
    other = write(tmp_path / "other.wav", tone(seconds=2))
    window.files.open(other)
    wait_open(qtbot, window, other)
    wait_analysed(qtbot, window)
    assert window.messages.text == ""


def test_an_idle_worker_holds_on_to_nothing(qtbot):
    class Large:
        pass

    runner, held = Runner(1), []

    def work(large):
        yield large

    large = Large()
    held.append(weakref.ref(large))
    job = runner.start(partial(work, large))
    del large
    with qtbot.waitSignal(job.ended):
        pass
    del job
    QApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete.value)
    gc.collect()
    try:
        qtbot.waitUntil(lambda: held[0]() is None)
    finally:
        runner.close()
