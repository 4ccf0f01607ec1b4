"""The window's other views, and parameters that change while a track is open."""

import sys
from types import SimpleNamespace

import numpy as np
import pytest
import soundfile
from PyQt6.QtCore import QSettings, Qt
from window_tools import shown_window

from msviz import read_audio
from msviz.gui import app
from msviz.gui.model.parameters import Parameters
from msviz.gui.window import Window
from msviz.playback import Player
from msviz.transform import Reassigned

RATE = 8000


@pytest.fixture
def track(tmp_path):
    """437.5 Hz on the left, 1312.5 Hz on the right, in the middle of bins of the STFT."""
    t = np.arange(12 * RATE) / RATE
    path = tmp_path / "track.wav"
    soundfile.write(path, 0.5 * np.sin(2 * np.pi * np.array([437.5, 1312.5]) * t[:, np.newaxis]), RATE)
    return path


@pytest.fixture
def make_window(qtbot, track):
    def make():
        window = shown_window(qtbot, track)
        qtbot.waitUntil(lambda: window.analysis is not None and window.analysis.progress == 1)
        return window

    return make


@pytest.fixture
def window(make_window):
    return make_window()


def drawn(window):
    """The pictures whose pyramids the two panels draw."""
    shown = window.pictures
    return [panel.canvas._viewport.pyramid for panel in (shown.octaves, shown.stft)]


def test_other_parameters_are_drawn_and_played_at_the_same_place(qtbot, window):
    window.listening.seek(3.0)
    window.track.hear("Multi-scale")
    window.view.show(window.view.full._replace(start_s=2.0, stop_s=4.0))
    before, seen = drawn(window), window.view.range
    heard = window.player._mixer.request.track
    window.inspector.parameters._presets["Beats"].click()
    assert drawn(window) == before  # nothing is empty meanwhile
    qtbot.waitUntil(lambda: drawn(window) != before)
    assert [picture.pyramid for picture in window.analysis.pictures] == drawn(window)
    assert window.analysis.pictures[0].transform.scale.resolution == 4
    assert window.view.range == seen
    playing = window.player._mixer.request.track
    assert playing is not heard
    assert playing.sources[1].transform.scale.resolution == 4
    assert (window.player.source, window.player.position) == ("Multi-scale", 3 * RATE)
    qtbot.waitUntil(lambda: window.analysis.progress == 1)


def test_parameters_that_cannot_be_are_said_and_nothing_changes(qtbot, window):
    before = window.analysis
    window.work.set_parameters(Parameters(fmin=2000.0 + 1))
    assert "fmin" in window.messages.text
    assert window.track.parameters == window.track.requested == Parameters()
    assert window.analysis is before


@pytest.mark.parametrize(
    ("channel", "levels"),
    [
        ("left", (-6, None)),
        ("right", (None, -6)),
        ("mix", (-12, -12)),
        ("any", (-6, -6)),
        ("side", (-12, -12)),
        ("3", (-12, -12)),  # of a track without one, the mix
    ],
)
def test_the_channel_that_is_drawn(qtbot, window, channel, levels):
    window.work.set_parameters(Parameters(channel=channel))
    qtbot.waitUntil(lambda: drawn(window) == [picture.pyramid for picture in window.analysis.pictures])
    qtbot.waitUntil(lambda: window.analysis.progress == 1)
    for hz, level in zip((437.5, 1312.5), levels, strict=True):
        for shown in window.pictures.levels_at(6.0, hz):
            if level is None:
                assert shown < -50
            else:
                assert shown == pytest.approx(level, abs=1)


def test_one_of_many_channels_is_drawn(qtbot, window, tmp_path):
    t = np.arange(2 * RATE) / RATE
    path = tmp_path / "four.wav"
    soundfile.write(
        path, 0.5 * np.sin(2 * np.pi * np.array([437.5, 437.5, 1312.5, 437.5]) * t[:, np.newaxis]), RATE
    )
    window.work.set_parameters(Parameters(channel="3"))
    window.files.open(path)
    qtbot.waitUntil(lambda: window.source.path == path and window.analysis.progress == 1)
    qtbot.waitUntil(lambda: window.inspector.parameters._channel.currentText() == "3")
    qtbot.waitUntil(lambda: drawn(window) == [picture.pyramid for picture in window.analysis.pictures])
    for high in window.pictures.levels_at(1.0, 1312.5):
        assert high == pytest.approx(-6, abs=1)
    for low in window.pictures.levels_at(1.0, 437.5):
        assert low < -50
    assert window.pictures.waveform.lanes == 1


def test_a_reassigned_picture_is_titled_so_and_what_is_played_stays_the_coefficients(qtbot, window):
    window.work.set_parameters(Parameters(drawn="reassigned"))
    qtbot.waitUntil(lambda: window.pictures.octaves.canvas._title == "Octaves, reassigned")
    assert isinstance(window.analysis.pictures[0].transform, Reassigned)
    assert not isinstance(window.player._mixer.request.track.sources[1].transform, Reassigned)


def test_another_lowest_frequency_moves_the_end_of_the_axis(qtbot, window):
    assert window.view.range.low_hz == RATE / 2 / 2**7
    window.work.set_parameters(Parameters(fmin=100.0))
    assert window.view.range.low_hz == window.view.full.low_hz == RATE / 2 / 2**5


def test_the_curtain_has_the_octaves_left_and_the_stft_right(qtbot, window):
    qtbot.keyClick(window, Qt.Key.Key_F5)
    shown = window.pictures
    assert [panel.isVisible() for panel in (shown.octaves, shown.stft, shown.curtain)] == [False, False, True]
    canvas = shown.curtain.canvas
    assert [viewport.pyramid for viewport in canvas._viewports()] == drawn(window)
    qtbot.waitUntil(lambda: shown.levels_at(6.0, 437.5) == (pytest.approx(-12, abs=1),) * 2)
    qtbot.keyClick(window, Qt.Key.Key_Right, Qt.KeyboardModifier.ShiftModifier)
    assert canvas.edge == pytest.approx(0.52)


def test_the_waveform_is_that_of_the_track(qtbot, window, track):
    waveform = window.pictures.waveform
    assert waveform.isVisible()
    samples = read_audio(track).samples[:, RATE : 2 * RATE]
    for lane, channel in enumerate(samples):
        down, up = waveform._original.reach(lane, RATE, RATE, 1)[:, 0]
        assert up / 32767 == pytest.approx(channel.max(), abs=0.01)
        assert down / 32767 == pytest.approx(-channel.min(), abs=0.01)
    window.view.show(window.view.full._replace(start_s=1.0, stop_s=1.002))
    there = waveform._original
    qtbot.waitUntil(lambda: there.start <= RATE and there.stop >= 1.002 * RATE)
    held = there.samples[:, RATE - there.start :][:, :16]
    np.testing.assert_allclose(held, samples[:, :16], atol=1e-6)


@pytest.mark.parametrize(
    ("key", "is_on"),
    [
        (Qt.Key.Key_S, lambda shown: shown.octaves.canvas._viewport.smooth),
        (Qt.Key.Key_N, lambda shown: shown.stft.ruler._notes),
        (Qt.Key.Key_H, lambda shown: shown._view.harmonics),
        (Qt.Key.Key_W, lambda shown: not shown.waveform.isVisible()),
    ],
    ids="SNHW",
)
def test_one_key_changes_the_view_and_it_is_kept(qtbot, make_window, key, is_on):
    window = make_window()
    assert not is_on(window.pictures)
    qtbot.keyClick(window, key)
    assert is_on(window.pictures)
    window.close()
    assert is_on(make_window().pictures)


def test_brighter_and_darker_move_the_range_as_far_as_levels_go(qtbot, window):
    qtbot.keyClick(window, Qt.Key.Key_Period)
    assert (window.pictures.colours.floor_db, window.pictures.colours.ceiling_db) == (-83, -3)
    for _ in range(30):
        qtbot.keyClick(window, Qt.Key.Key_Period)
    assert (window.pictures.colours.floor_db, window.pictures.colours.ceiling_db) == (-119, -39)


class Stub:
    """An application whose loop meets other colours of the system, and a fault."""

    @property
    def commitDataRequest(self):
        return SimpleNamespace(connect=lambda do: None)

    def styleHints(self):
        return self

    @property
    def colorSchemeChanged(self):
        return self

    def connect(self, do):
        self.suit = do

    def closeAllWindows(self):
        """Asked for by Ctrl-C alone."""

    def sendPostedEvents(self, *_):
        """The window is the test's own, and deleted by it."""

    def exec(self):
        self.suit()
        sys.excepthook(ValueError, ValueError("odd"), None)
        return 0


def test_an_error_that_nobody_foresaw_is_said_in_the_window_and_logged(window, monkeypatch, caplog):
    monkeypatch.setattr(app, "application", Stub)
    themes = []
    monkeypatch.setattr(app, "apply_theme", lambda _, theme: themes.append(theme))
    QSettings().setValue("preferences/theme", "light")
    monkeypatch.setattr("msviz.gui.window.Window", lambda: window)
    monkeypatch.setattr(app.signal, "signal", lambda *_: None)
    assert app.run([]) == 0
    assert themes == ["light", "light"]
    assert "Internal error: ValueError('odd')" in window.messages._text.text()
    assert [str(record.exc_info[1]) for record in caplog.records] == ["odd"]
    assert sys.excepthook is sys.__excepthook__


def test_a_window_that_is_asked_for_opens_with_its_file(qtbot, window, track, monkeypatch):
    made = [window]

    class Opening(Stub):
        def exec(self):
            window.window_requested.emit(track)
            window.window_requested.emit(None)
            qtbot.waitUntil(lambda: made[1].source is not None)
            self.shown = [(each.isVisible(), each.source and each.source.path) for each in made[1:]]
            return 0

    stub = Opening()

    def make():
        if stub.begun:
            made.append(Window(Player()))
        stub.begun = True
        return made[-1]

    stub.begun = False
    monkeypatch.setattr(app, "application", lambda: stub)
    monkeypatch.setattr(app, "apply_theme", lambda *_: None)
    monkeypatch.setattr("msviz.gui.window.Window", make)
    monkeypatch.setattr(app.signal, "signal", lambda *_: None)
    assert app.run([]) == 0
    assert stub.shown == [(True, track), (True, None)]
