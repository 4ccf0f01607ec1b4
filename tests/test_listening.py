"""Listening in the window: what keys, ruler and selection make the player do, and what is heard then."""

from itertools import pairwise

import numpy as np
import pytest
import window_tools
from canvas_tools import drag, wheel
from PyQt6.QtCore import QPoint, QSettings, Qt
from PyQt6.QtWidgets import QLabel, QPushButton
from window_tools import HIGH_HZ, LOW_HZ, RATE, SECONDS, Device, level_db, play_until, write

from msviz.audio import open_audio
from msviz.gui.canvas.rulers import TimeRuler
from msviz.gui.dialogs.abx import AbxDialog
from msviz.gui.model.parameters import Parameters
from msviz.gui.model.preferences import Preferences
from msviz.gui.model.view import Box
from msviz.gui.panels import meter
from msviz.gui.panels.lab import BITS
from msviz.gui.work.analysis import Picture
from msviz.lab import Recipe
from msviz.playback import Player
from msviz.signal import Signal

KEY = Qt.Key
SHIFT, CTRL = Qt.KeyboardModifier.ShiftModifier, Qt.KeyboardModifier.ControlModifier

device, track, window = window_tools.device, window_tools.track, window_tools.window


def heard(seconds):
    """The last seconds that were sent to the device, left side."""
    return np.concatenate(Device.opened.heard)[-round(seconds * RATE) :, 0]


def shows(widget, text):
    """Whether a label says it."""
    return any(text in label.text() for label in widget.findChildren(QLabel))


# Sources


def test_d_is_the_difference_and_its_gain_is_asked_for_only_there(qtbot, window):
    gain = window.transport._gain
    assert not gain.isEnabled()
    qtbot.keyClick(window, KEY.Key_D)
    assert window.player.source == "Difference"
    assert gain.isEnabled()
    multi_scale = window.session.sources["Multi-scale"]
    gain.setValue(60)
    assert window.session.sources["Difference"].gain_db == 60
    assert window.session.sources["Multi-scale"] is multi_scale  # it stays ready
    qtbot.keyClick(window, KEY.Key_1)
    assert not gain.isEnabled()


def test_a_and_b_are_the_last_two_that_were_heard(qtbot, window):
    def press(key):
        qtbot.keyClick(window, key)
        letters = {button.letter: name for name, button in window.transport._sources.items() if button.letter}
        return window.player.source, letters["A"], letters["B"]

    assert press(KEY.Key_B) == ("Multi-scale", "Original", "Multi-scale")
    assert press(KEY.Key_A) == ("Original", "Original", "Multi-scale")
    assert press(KEY.Key_3) == ("STFT", "Original", "STFT")
    assert press(KEY.Key_A) == ("Original", "Original", "STFT")
    assert press(KEY.Key_B) == ("STFT", "Original", "STFT")
    assert press(KEY.Key_2) == ("Multi-scale", "STFT", "Multi-scale")
    assert press(KEY.Key_3) == ("STFT", "STFT", "Multi-scale")  # it is one of them: nothing moves


def test_what_has_not_changed_stays_ready(window):
    before = dict(window.session.sources)
    window.track.recipe = Recipe(kept=10.0)
    assert window.session.sources["Original"] is before["Original"]
    assert window.session.sources["Multi-scale"] is not before["Multi-scale"]
    reconstruction = window.session.sources["Multi-scale"]
    window.view.select(Box(1.0, 2.0, 100.0, 500.0))
    window.editing.remove()
    assert window.session.sources["Multi-scale"].source is reconstruction  # which is dear
    window.work.set_parameters(Parameters(window=1024, hop=256))
    assert window.session.sources["Multi-scale"].source is reconstruction
    window.work.set_parameters(Parameters(resolution=6.0))
    assert window.session.sources["Multi-scale"].source is not reconstruction
    assert window.session.sources["Multi-scale"].source.recipe == Recipe(kept=10.0)


def test_edits_are_heard_and_the_original_stays(qtbot, window):
    octave = next(o.index for o in window.track.transform.octaves if o.low <= HIGH_HZ < o.high)
    window.editing.change_octave(octave, "muted", True)
    for key, quiet in ((KEY.Key_2, True), (KEY.Key_3, True), (KEY.Key_1, False)):
        qtbot.keyClick(window, key)
        window.listening.seek(2.0)
        qtbot.keyClick(window, KEY.Key_Space)
        play_until(qtbot, window, 3.0)
        qtbot.keyClick(window, KEY.Key_Space)
        assert level_db(heard(0.5), LOW_HZ) == pytest.approx(-12, abs=0.2)
        assert (level_db(heard(0.5), HIGH_HZ) < -72) is quiet


@pytest.mark.parametrize("what", ["edits", "recipe"])
def test_what_is_changed_is_heard_at_once_and_the_original_only_when_it_is_asked_for(qtbot, window, what):
    def change(some):
        if what == "edits":
            window.editing.change_octave(1, "muted", some)
        else:
            window.track.recipe = Recipe(kept=10.0 if some else 100.0)

    change(True)
    assert window.player.source == "Multi-scale"
    assert any("Press 1 for the original" in label.text() for label in window.status.findChildren(QLabel))
    qtbot.keyClick(window, KEY.Key_1)
    change(False)  # nothing is changed any more
    assert window.player.source == "Original"
    qtbot.keyClick(window, KEY.Key_3)
    change(True)
    assert window.player.source == "STFT"


def test_a_soloed_selection_is_heard_alone_and_shown_until_solo_is_turned_off(qtbot, window):
    def solo():
        buttons = [b for b in window.status.findChildren(QPushButton) if b.text().startswith("Solo")]
        return next((b for b in buttons if not b.isHidden()), None)

    window.view.select(Box(0.0, SECONDS, 100.0, 500.0))
    window.editing.remove()
    qtbot.keyClick(window, KEY.Key_Space)
    play_until(qtbot, window, 1.0)
    assert level_db(heard(0.5), LOW_HZ) < -72
    assert solo() is None
    window.editing.toggle_solo()
    play_until(qtbot, window, 2.5)
    assert level_db(heard(0.5), LOW_HZ) == pytest.approx(-12, abs=0.2)
    assert level_db(heard(0.5), HIGH_HZ) < -72
    assert solo().text() == "Solo: selection"
    solo().click()
    assert solo() is None
    play_until(qtbot, window, 4.0)
    assert level_db(heard(0.5), LOW_HZ) < -72
    assert level_db(heard(0.5), HIGH_HZ) == pytest.approx(-12, abs=0.2)


# Transport


def test_sound_that_takes_long_to_make_is_told_until_it_is_heard(qtbot, window):
    def told():
        return any("Rendering audio…" in label.text() for label in window.status.findChildren(QLabel))

    qtbot.keyClick(window, KEY.Key_Space)
    qtbot.waitUntil(told)  # no time passes on the device
    play_until(qtbot, window, 0.5)
    qtbot.waitUntil(lambda: not told())


def test_a_selection_is_played_once_and_of_it_only_its_frequencies(qtbot, window):
    window.view.select(Box(2.0, 3.0, 100.0, 500.0))
    qtbot.keyClick(window, KEY.Key_Space, SHIFT)
    assert window.track.only == window.view.selection
    play_until(qtbot, window, 2.8)
    assert level_db(heard(0.5), LOW_HZ) == pytest.approx(-12, abs=0.2)
    assert level_db(heard(0.5), HIGH_HZ) < -72
    play_until(qtbot, window, 99.0)
    assert not window.player.playing
    qtbot.waitUntil(lambda: window.track.only is None)
    assert window.view.playhead_s == pytest.approx(2.0)
    qtbot.keyClick(window, KEY.Key_Space)
    play_until(qtbot, window, 2.8)
    assert level_db(heard(0.5), HIGH_HZ) == pytest.approx(-12, abs=0.2)


def test_a_selection_of_all_frequencies_is_played_as_it_is(qtbot, window):
    window.view.select(window.view.full._replace(start_s=2.0, stop_s=3.0))
    qtbot.keyClick(window, KEY.Key_Space, SHIFT)
    assert window.track.only is None
    assert window.player.playing


def test_without_a_selection_it_says_what_to_do(qtbot, window):
    qtbot.keyClick(window, KEY.Key_Space, SHIFT)
    assert not window.player.playing
    assert shows(window.status, "Nothing selected. Drag over a picture to select.")


def test_the_loop_is_the_selection_and_goes_with_it(qtbot, window):
    assert window.player.loop is None
    qtbot.keyClick(window, KEY.Key_L)
    assert window.player.loop == (0, SECONDS * RATE)
    window.view.select(Box(2.0, 3.0, 100.0, 500.0))
    assert window.player.loop == (2 * RATE, 3 * RATE)
    window.view.select(Box(2.5, 2.505, 100.0, 500.0))
    assert window.player.loop == (2.5 * RATE, 2.505 * RATE)
    assert not shows(window.status, "shortest loop")
    window.view.select(Box(2.5, 2.5000001, 100.0, 500.0))
    assert window.player.loop == (2.5 * RATE, 2.501 * RATE)
    assert shows(window.status, "Looping 1 ms, the shortest loop.")
    window.show_source(open_audio(window.source.path))
    assert window.player.loop == (0, SECONDS * RATE)  # another track begins with nothing selected
    qtbot.keyClick(window, KEY.Key_L)
    assert window.player.loop is None


@pytest.mark.parametrize(("playhead", "begins"), [(0.5, 2.0), (2.5, 2.5), (6.0, 2.0)])
def test_looping_playing_begins_in_the_loop(qtbot, window, playhead, begins):
    window.view.select(Box(2.0, 3.0, 100.0, 1000.0))
    qtbot.keyClick(window, KEY.Key_L)
    window.listening.seek(playhead)
    qtbot.keyClick(window, KEY.Key_Space)
    assert window.player.position == begins * RATE


def test_dragging_on_the_ruler_scrubs_and_a_click_goes_there(qtbot, window, monkeypatch):
    calls = []
    monkeypatch.setattr(window.player, "scrub", lambda sample: calls.append(sample))
    monkeypatch.setattr(window.player, "end_scrub", lambda: calls.append("end"))
    ruler = window.findChild(TimeRuler)
    width = ruler.width()
    qtbot.mousePress(ruler, Qt.MouseButton.LeftButton, pos=ruler.rect().center())
    assert window.player.position == pytest.approx(SECONDS / 2 * RATE, rel=0.01)
    qtbot.mouseRelease(ruler, Qt.MouseButton.LeftButton, pos=ruler.rect().center())
    calls.clear()
    drag(ruler, (width / 4, 5), (width / 2, 5))
    *samples, last = calls
    assert samples == pytest.approx([3 / 8 * SECONDS * RATE, SECONDS / 2 * RATE], rel=0.01)
    assert last == "end"


def test_followed_smoothly_the_playhead_stays_in_the_middle_and_a_hand_goes_first(qtbot, window):
    window.view.show(window.view.full._replace(start_s=2.0, stop_s=3.0))
    window.listening.seek(2.6)
    qtbot.keyClick(window, KEY.Key_F7)
    qtbot.keyClick(window, KEY.Key_Space)
    play_until(qtbot, window, 4.5)
    assert window.view.place(window.view.playhead_s) == pytest.approx(0.5, abs=0.15)
    window.view.show(window.view.full._replace(start_s=6.0, stop_s=7.0))
    play_until(qtbot, window, 4.9)
    assert window.view.range[:2] == (6.0, 7.0)


@pytest.mark.parametrize("follow", [KEY.Key_F6, KEY.Key_F7])
def test_a_loop_in_view_leaves_the_view_where_it_is(qtbot, window, follow):
    window.view.show(window.view.full._replace(start_s=2.0, stop_s=3.0))
    before = window.view.range
    window.view.select(Box(2.8, 2.95, 100.0, 500.0))
    qtbot.keyClick(window, follow)
    qtbot.keyClick(window, KEY.Key_L)
    qtbot.keyClick(window, KEY.Key_Space)
    qtbot.waitUntil(lambda: Device.opened is not None)
    ticked = []

    def tick():
        ticked.append(window.view.playhead_s)
        Device.opened.run(0.04)

    window.listening.ticked.connect(tick)
    qtbot.waitUntil(lambda: sum(a > b for a, b in pairwise(ticked)) > 4)  # it has turned some times
    assert window.view.range == before


def test_a_loop_that_leaves_the_view_is_followed(qtbot, window):
    window.view.show(window.view.full._replace(start_s=2.0, stop_s=3.0))
    window.view.select(Box(2.5, 3.5, 100.0, 500.0))
    qtbot.keyClick(window, KEY.Key_L)
    qtbot.keyClick(window, KEY.Key_Space)
    play_until(qtbot, window, 3.2)
    assert window.view.range.start_s > 2.0


@pytest.mark.parametrize(("key", "speed"), [("1", 1.0), ("2", 0.5), ("4", 0.25)])
def test_speeds_have_keys(qtbot, window, key, speed):
    qtbot.keyClick(window, getattr(KEY, f"Key_{key}"), CTRL)
    assert window.player.speed == speed
    assert window.actions_.speeds[speed].isChecked()


def test_volume_and_mute_are_shown_wherever_they_are_changed(qtbot, window):
    window.transport._volume.setValue(50)
    assert window.player.volume == pytest.approx(0.25)
    assert "−12.0 dB" in window.transport._volume.toolTip()
    qtbot.keyClick(window, KEY.Key_Up, CTRL)
    assert window.transport._volume.value() == 55
    qtbot.keyClick(window, KEY.Key_M, CTRL)
    assert window.player.muted
    qtbot.keyClick(window, KEY.Key_Down, CTRL)  # whoever turns it wants to hear it
    assert not window.player.muted
    assert not window.actions_.mute.isChecked()
    assert QSettings().value("volume", type=int) == 50


def test_devices_are_offered_and_the_one_chosen_is_kept(window):
    menu = window.actions_._devices
    menu.aboutToShow.emit()
    assert [a.text() for a in menu.actions()] == ["System default", "Speakers", "Head && phones"]
    menu.actions()[2].trigger()
    assert window.player.device == "Head & phones"
    assert Preferences.load(QSettings()).device == "Head & phones"
    menu.aboutToShow.emit()
    assert [a.isChecked() for a in menu.actions()] == [False, False, True]


def dropouts_shown(window):
    """What the counter of dropouts says, if it is there."""
    buttons = window.status.findChildren(QPushButton)
    return next((b.text() for b in buttons if "dropout" in b.text() and not b.isHidden()), None)


def test_dropouts_are_shown_where_there_are_any(window):
    window.status.show_dropouts(0)
    assert dropouts_shown(window) is None
    window.status.show_dropouts(1)
    assert dropouts_shown(window) == "1 dropout"
    window.status.show_dropouts(3)
    assert dropouts_shown(window) == "3 dropouts"


def test_dropouts_and_clipping_start_anew_with_each_track_and_can_be_reset(qtbot, window, tmp_path):
    loud = write(tmp_path / "loud.wav", np.tile([1.5, -1.5], 4 * RATE), subtype="FLOAT")

    def play_badly():
        window.show_source(open_audio(loud))
        qtbot.keyClick(window, KEY.Key_Space)
        play_until(qtbot, window, 0.5)
        Device.opened.underflows += 2
        qtbot.waitUntil(lambda: dropouts_shown(window) == "2 dropouts" and window.meter.clipped)

    play_badly()
    button = next(b for b in window.status.findChildren(QPushButton) if "dropout" in b.text())
    assert "reset" in button.toolTip()
    button.click()
    assert dropouts_shown(window) is None
    play_until(qtbot, window, 1.0)
    qtbot.keyClick(window, KEY.Key_Space)
    Device.opened.run(0.5)
    assert "reset" in window.meter.toolTip()
    qtbot.mouseClick(window.meter, Qt.MouseButton.LeftButton)
    assert not window.meter.clipped
    play_badly()
    window.show_source(open_audio(window.files.recent()[-1]))  # while the loud one plays
    Device.opened.run(0.5)
    window.meter.wake()
    assert dropouts_shown(window) is None
    assert not window.meter.clipped


def test_a_rate_that_the_device_lacks_is_told_once(qtbot, window, monkeypatch):
    told = []
    window.listening.message.connect(told.append)
    monkeypatch.setattr(Player, "resampled", 48000)
    for _ in range(3):
        window.listening._tick()
    assert told == ["The sound device doesn't support 8000 Hz: resampling to 48000 Hz."]


# The blind test


def test_the_blind_test_gives_the_player_back_as_it_was(qtbot, window):
    qtbot.keyClick(window, KEY.Key_3)
    window.listening.seek(2.5)
    window.view.select(Box(1.0, 2.0, 100.0, 500.0))
    qtbot.keyClick(window, KEY.Key_L)
    qtbot.keyClick(window, KEY.Key_X)
    dialog = window.findChild(AbxDialog)
    assert dialog._region == (RATE, 2 * RATE)
    assert not window.meter._timer.isActive()
    window.player.load({"A": Signal(np.zeros(RATE), RATE)})
    window.track.recipe = Recipe(kept=10.0)  # asked for just before
    dialog.reject()
    assert window.player.names == tuple(window.session.sources)
    assert (window.player.source, window.player.position) == ("STFT", 2.5 * RATE)
    assert window.player.loop == (RATE, 2 * RATE)


# The lab


def test_the_labs_recipe_is_heard_and_its_error_told(qtbot, window):
    lab = window.inspector.lab
    lab._magnitude.activated.emit(BITS.index(4))
    qtbot.waitUntil(lambda: window.track.recipe == Recipe(magnitude_bits=4))
    qtbot.keyClick(window, KEY.Key_2)
    qtbot.keyClick(window, KEY.Key_Space)
    play_until(qtbot, window, 2.0)
    qtbot.waitUntil(lambda: lab._error.text() != "–")
    assert 5 < float(lab._error.text().removesuffix(" dB")) < 60
    lab._reset.click()
    qtbot.waitUntil(lambda: window.track.recipe == Recipe())


def error_db(window):
    """What the lab says of the signal to error; None where it says nothing."""
    text = window.inspector.lab._error.text()
    return None if text == "–" else float(text.removesuffix(" dB"))


def fresh_error_db(qtbot, window):
    """What it says after it has said nothing."""
    assert error_db(window) is None
    qtbot.waitUntil(lambda: error_db(window) is not None)
    return error_db(window)


@pytest.mark.parametrize("name", ["Multi-scale", "STFT"])
def test_stopped_the_error_is_that_of_what_would_be_heard(qtbot, window, name):
    """Of two tones of the same level, one is taken away: its error is half of the energy, 3.0 dB."""
    window.listening.seek(3.0)
    window.track.hear(name)
    assert fresh_error_db(qtbot, window) > 80
    window.view.select(Box(2.0, 4.0, 1000.0, 4000.0))
    window.editing.remove()
    assert fresh_error_db(qtbot, window) == 3.0
    window.listening.seek(6.0)
    assert fresh_error_db(qtbot, window) > 80
    window.listening.seek(3.0)
    assert fresh_error_db(qtbot, window) == 3.0
    window.editing.steps.undo()
    assert fresh_error_db(qtbot, window) > 80
    window.track.recipe = Recipe(kept=1.0)
    assert fresh_error_db(qtbot, window) < 80
    window.track.hear("Original")
    assert error_db(window) is None
    assert Device.opened is None


def test_the_error_of_what_has_changed_meanwhile_is_not_told(qtbot, window, monkeypatch):
    monkeypatch.setattr(window.work.error._soon, "start", window.work.error._start)
    window.view.select(Box(2.0, 4.0, 1000.0, 4000.0))
    window.editing.remove()
    window.listening.seek(3.0)
    told = []
    window.work.error.read.connect(told.append)
    window.listening.seek(6.0)  # a worker is reading at 3 s
    qtbot.waitUntil(lambda: any(told) and not window.runner._jobs)
    assert [db is None or db > 80 for db in told] == [True, True]


# The meter


def test_the_meter_shows_what_is_played_and_rests_with_it(qtbot, window, monkeypatch):
    monkeypatch.setattr(meter, "HELD_S", 0.1)
    monkeypatch.setattr(meter, "FALL_DB_S", 300.0)
    qtbot.keyClick(window, KEY.Key_Space)
    play_until(qtbot, window, 1.0)
    qtbot.waitUntil(lambda: max(window.meter.levels_db) > -10)
    qtbot.keyClick(window, KEY.Key_Space)
    Device.opened.run(0.5)
    qtbot.waitUntil(lambda: not window.meter._timer.isActive())
    assert window.meter.at_rest


# Preferences


def test_memory_is_shared_by_both_pictures(window, monkeypatch):
    budgets, of = [], Picture.of
    monkeypatch.setattr(
        Picture, "of", lambda *a, budget, **more: budgets.append(budget) or of(*a, budget=budget, **more)
    )
    window.work.preferences = Preferences(memory_mb=64)
    window.show_source(open_audio(window.source.path))
    assert budgets == [32 << 20] * 2


def test_the_wheel_zooms_in_time_where_that_is_preferred(window):
    canvas, before = window.pictures.octaves.canvas, window.view.range
    window.work.set_preferences(Preferences(wheel_zooms=True))
    wheel(canvas, 100, 50, QPoint(0, 120))
    assert window.view.span_s < before.stop_s - before.start_s
    assert window.view.range[2:] == before[2:]
