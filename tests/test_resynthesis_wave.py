"""What workers read of the resynthesis for the waveform: what is to be seen, and only if it may differ."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
import soundfile
from PyQt6.QtCore import Qt
from PyQt6.QtWidgets import QApplication

from msviz.gui.canvas.colours import on_light
from msviz.gui.canvas.waveform import LEVELS, REBUILT, WAVE, _table
from msviz.gui.model.parameters import Parameters
from msviz.gui.window import Window
from msviz.gui.work import resynthesis
from msviz.lab import Recipe
from msviz.picture import NOTHING
from msviz.picture.envelope import FULL_REACH
from msviz.playback import Player

RATE = 8000
SECONDS = 40
LOW_OCTAVE = 3  # 250 to 500 Hz of seven that end at 4 kHz


@pytest.fixture
def asked(monkeypatch):
    """The stretches that are asked of workers."""
    stretches = []
    growing = resynthesis.growing

    def told(source, start, stop):
        stretches.append((start, stop))
        return growing(source, start, stop)

    monkeypatch.setattr(resynthesis, "growing", told)
    return stretches


@pytest.fixture
def window(qtbot, tmp_path, asked):
    """A window on 375 Hz at 0.5 on the left and 1500 Hz at 0.5 on the right."""
    t = np.arange(SECONDS * RATE) / RATE
    path = tmp_path / "track.wav"
    soundfile.write(path, 0.5 * np.sin(2 * np.pi * np.array([375, 1500]) * t[:, np.newaxis]), RATE)
    window = Window(Player())
    qtbot.addWidget(window)
    window.resize(1000, 700)
    with qtbot.waitExposed(window):
        window.show()
    window.files.open(path)
    qtbot.waitUntil(lambda: window.analysis is not None and window.analysis.progress == 1)
    return window


def look(window, start_s, stop_s):
    window.view.show(window.view.full._replace(start_s=start_s, stop_s=stop_s))


def mute(window, octave=LOW_OCTAVE, *, muted=True):
    window.editing.change_octave(octave, "muted", muted)


def reaches(window, start_s=20.0, stop_s=30.0):
    """How far what is rebuilt reaches in each lane, from afar; None where nothing is known."""
    wave = window.pictures.waveform._rebuilt
    reach = [
        wave.reach(lane, start_s * RATE, (stop_s - start_s) * RATE, 1)[1, 0] for lane in range(wave.lanes)
    ]
    return [None if up == NOTHING else up / FULL_REACH for up in reach]


def held(window):
    wave = window.pictures.waveform._rebuilt
    return wave.start, wave.stop


def rest(qtbot, window):
    """Let what is asked soon be asked, and wait until it is there."""
    QApplication.processEvents()
    qtbot.waitUntil(lambda: not window._feed.rebuilt._job and not window._feed.rebuilt._soon.isActive())


def test_nothing_is_asked_while_nothing_is_altered(qtbot, window, asked):
    for stop_s in (SECONDS, 15.0, 10.5):
        look(window, 10.0, stop_s)
        window.view.pan(0.1)
        rest(qtbot, window)
    mute(window)
    mute(window, muted=False)  # again as it was, before anybody looked
    rest(qtbot, window)
    assert not asked


def test_over_single_samples_the_whole_is_the_original(qtbot, window, asked):
    look(window, 10.0, 10.01)
    qtbot.waitUntil(lambda: held(window)[1] > 10.01 * RATE)
    assert len(asked) == 1
    waveform = window.pictures.waveform
    start, stop = held(window)
    assert start <= 10 * RATE
    original = window.source.read(start, stop)
    np.testing.assert_allclose(waveform._rebuilt.samples, original, atol=1e-5)
    window.view.pan(0.005)
    rest(qtbot, window)
    assert len(asked) == 1  # what is beside is there already


def test_a_muted_octave_is_missing_from_afar(qtbot, window, asked):
    mute(window)
    qtbot.waitUntil(lambda: reaches(window)[0] is not None and not window._feed.rebuilt._job)
    left, right = reaches(window)
    assert left < 0.001  # 60 dB
    assert right == pytest.approx(0.5, abs=0.01)
    pieces = sorted(asked)
    assert pieces[0][0] == 0
    assert pieces[-1][1] == SECONDS * RATE
    assert len(set(pieces)) == len(pieces)  # each once
    waveform = window.pictures.waveform
    waveform._redraw()
    image = waveform.grab().toImage()
    table = _table(on_light(waveform.palette()))
    x, height = waveform.width() // 2, waveform.height()
    quarter = round(height / 2 * 0.125)  # half of what 0.5 reaches
    assert image.pixel(x, height // 4 - quarter) == table[WAVE * LEVELS]
    assert image.pixel(x, 3 * height // 4 - quarter) == table[(WAVE + REBUILT) * LEVELS]
    mute(window, LOW_OCTAVE + 2)
    assert reaches(window) == [None, None]
    qtbot.waitUntil(lambda: reaches(window)[0] is not None and not window._feed.rebuilt._job)
    assert max(reaches(window)) < 0.001
    mute(window, muted=False)
    mute(window, LOW_OCTAVE + 2, muted=False)
    assert not waveform.wants_rebuilt
    assert reaches(window) == [None, None]


def test_from_close_it_is_what_is_heard(qtbot, window):
    mute(window)
    look(window, 20.0, 20.5)
    qtbot.waitUntil(lambda: held(window)[0] <= 20 * RATE and held(window)[1] >= 20.5 * RATE)
    heard = window.session.sources["Multi-scale"].read(20 * RATE, 21 * RATE)[:, : RATE // 2]
    samples = window.pictures.waveform._rebuilt.samples[:, 20 * RATE - held(window)[0] :][:, : RATE // 2]
    np.testing.assert_allclose(samples, heard, atol=1e-4)


def test_recipes_and_parameters_ask_again(qtbot, window, asked):
    look(window, 20.0, 20.5)
    samples = []
    for change in (
        lambda: setattr(window.track, "recipe", Recipe(kept=1.0)),
        lambda: window.work.set_parameters(Parameters(resolution=4.0)),
        lambda: mute(window),
    ):
        before = len(asked)
        change()
        rest(qtbot, window)
        assert len(asked) == before + 1
        samples.append(window.pictures.waveform._rebuilt.samples)
    assert not any(np.array_equal(one, other) for one, other in pairwise(samples))
    before = len(asked)
    window.track.difference_gain_db = 20.0  # nothing of this
    rest(qtbot, window)
    assert len(asked) == before


def test_where_the_view_was_before_is_not_read(qtbot, window, asked):
    mute(window)
    rest(qtbot, window)
    asked.clear()
    for start_s in (2.0, 8.0, 14.0, 30.0):
        look(window, start_s, start_s + 0.5)
    rest(qtbot, window)
    assert [start <= 30 * RATE <= stop for start, stop in asked] == [True]
    first = window._feed.rebuilt._near
    look(window, 5.0, 5.5)
    window._feed.rebuilt._fill()
    gone = window._feed.rebuilt._job
    look(window, 25.0, 25.5)
    window._feed.rebuilt._fill()
    assert gone.outcome is not None
    qtbot.waitUntil(lambda: held(window)[0] <= 25 * RATE <= held(window)[1])
    assert window._feed.rebuilt._near == held(window) != first


def test_from_afar_the_pictures_go_first(qtbot, window):
    window.work.set_parameters(Parameters(resolution=8.0))
    assert window.analysis.progress < 1
    mute(window)
    window._feed.rebuilt._fill()
    assert not window._feed.rebuilt._job
    qtbot.waitUntil(lambda: reaches(window)[0] is not None)
    assert window.analysis.progress == 1


def test_switched_off_it_is_neither_read_nor_drawn(qtbot, window, asked):
    qtbot.keyClick(window, Qt.Key.Key_W, Qt.KeyboardModifier.ShiftModifier)
    mute(window)
    rest(qtbot, window)
    assert not asked
    qtbot.keyClick(window, Qt.Key.Key_W, Qt.KeyboardModifier.ShiftModifier)
    qtbot.waitUntil(lambda: reaches(window)[0] is not None)


@pytest.mark.parametrize(
    ("channel", "whole", "muted"),
    [
        ("any", [0.5, 0.5], [0, 0.5]),
        ("left", [0.5], [0]),
        ("side", [0.482], [0.25]),  # the highest of (sin x - sin 4x) / 4, and without the first
    ],
)
def test_the_channel_that_is_drawn(qtbot, window, channel, whole, muted):
    mute(window)
    lanes = len(whole)
    waveform = window.pictures.waveform
    look(window, 20.0, 20.5)
    rest(qtbot, window)
    height = waveform.height()
    window.work.set_parameters(Parameters(channel=channel))
    qtbot.waitUntil(lambda: window.analysis.progress == 1)
    rest(qtbot, window)
    assert waveform.lanes == lanes
    qtbot.waitUntil(lambda: (waveform.height() == height) is (lanes == 2))
    for wave, expected in ((waveform._original, whole), (waveform._rebuilt, muted)):
        up = [wave.reach(lane, 20 * RATE, 250, 16)[1].max() / FULL_REACH for lane in range(lanes)]
        assert up == pytest.approx(expected, abs=0.01)
    waveform.set_samples(0, np.zeros((3, 100)))  # wanted when there were three
    assert len(waveform._original.samples) == lanes


def test_a_fault_is_told_once(qtbot, window, monkeypatch, asked):
    def broken(source, start, stop):
        asked.append((start, stop))
        raise ValueError("broken")
        yield

    monkeypatch.setattr(resynthesis, "growing", broken)
    mute(window)
    qtbot.waitUntil(lambda: "broken" in window.messages.text)
    window.view.pan(0.1)
    rest(qtbot, window)
    assert len(asked) == 1


def test_another_track_while_it_is_read(qtbot, window, asked):
    mute(window)
    window._feed.rebuilt._fill()
    assert window._feed.rebuilt._job
    other = window.source.path.with_name("other.wav")
    soundfile.write(other, np.zeros(SECONDS * RATE), RATE)
    window.files.open(other)
    qtbot.waitUntil(lambda: window.source.path == other and window.analysis.progress == 1)
    asked.clear()
    rest(qtbot, window)
    assert reaches(window) == [None]
    assert not asked
