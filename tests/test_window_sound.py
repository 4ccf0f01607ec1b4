"""Playing in the window, with a sound device and without one."""

from __future__ import annotations

import opened_window
import pytest
from opened_window import SECONDS, action, button, said, shown_texts, tone_is_seen
from PyQt6.QtCore import QPoint, Qt, QTimer
from waiting import wait_until
from window_tools import NO_DEVICE, RATE, Device, play_until

from msviz.playback import player

KEY = Qt.Key
SHIFT = Qt.KeyboardModifier.ShiftModifier

no_device, track, make_window = opened_window.no_device, opened_window.track, opened_window.make_window
window, opened = opened_window.window, opened_window.opened


def test_a_player_quicker_than_the_window_still_says_so_each_time(qtbot, opened, monkeypatch):
    play = opened.player.play

    def play_and_fail():
        play()
        wait_until(lambda: opened.player.error)

    monkeypatch.setattr(opened.player, "play", play_and_fail)
    for _ in range(2):
        qtbot.keyClick(opened, KEY.Key_Space)
        qtbot.waitUntil(lambda: said(opened) == NO_DEVICE)
        button(opened.messages, "Close").click()


def test_without_a_device_it_says_so_each_time_and_all_else_works(qtbot, opened):
    for _ in range(2):
        qtbot.keyClick(opened, KEY.Key_Space)
        qtbot.waitUntil(lambda: said(opened) == NO_DEVICE)
        assert button(opened.messages, "Try again").isVisible()
        qtbot.waitUntil(lambda: not opened.player.playing)
        assert opened.actions_.play.text() == "&Play"
        button(opened.messages, "Close").click()
        assert said(opened) == ""
    opened.listening.seek(3.0)
    assert opened.view.playhead_s == 3.0
    assert tone_is_seen(opened, 3.0)


def test_trying_again_plays_once_there_is_a_device(qtbot, opened, monkeypatch):
    rescans = []
    monkeypatch.setattr(player, "rescan", lambda: rescans.append(True))
    qtbot.keyClick(opened, KEY.Key_Space)
    qtbot.waitUntil(lambda: said(opened) == NO_DEVICE)
    button(opened.messages, "Try again").click()
    qtbot.waitUntil(lambda: said(opened) == NO_DEVICE)  # it was, for a moment, not said
    assert rescans == [True]
    Device.plugged = True
    button(opened.messages, "Try again").click()
    assert said(opened) == ""
    play_until(qtbot, opened, 0.5)
    assert said(opened) == ""
    assert opened.player.playing


@pytest.fixture
def device(monkeypatch):
    monkeypatch.setattr(Device, "plugged", True)


def test_playing_moves_the_playhead_and_offers_to_pause(qtbot, opened, device):
    assert opened.actions_.play.text() == "&Play"
    qtbot.keyClick(opened, KEY.Key_Space)
    assert opened.actions_.play.text() == "&Pause"
    play_until(qtbot, opened, 1.0)

    def clock():
        return next(text for text in shown_texts(opened.transport) if " / 0:20.000" in text)

    qtbot.waitUntil(lambda: clock().startswith("0:01."))
    qtbot.keyClick(opened, KEY.Key_Space)
    assert opened.actions_.play.text() == "&Play"


def test_paused_the_playhead_goes_on_to_where_the_sound_ends(qtbot, opened, device):
    qtbot.keyClick(opened, KEY.Key_Space)
    play_until(qtbot, opened, 1.0)
    qtbot.keyClick(opened, KEY.Key_Space)
    runs = []
    time_passes = QTimer()
    time_passes.timeout.connect(lambda: len(runs) < 50 and runs.append(Device.opened.run(0.005)))
    time_passes.start(1)
    qtbot.waitUntil(lambda: len(runs) == 50)
    qtbot.waitUntil(lambda: not opened.listening._ticker.isActive())
    time_passes.stop()
    assert opened.view.playhead_s * RATE == opened.player.position


def test_a_click_and_another_source_while_it_plays(qtbot, opened, device):
    qtbot.keyClick(opened, KEY.Key_Space)
    play_until(qtbot, opened, 0.5)
    canvas = opened.pictures.octaves.canvas
    qtbot.mouseClick(canvas, Qt.MouseButton.LeftButton, pos=QPoint(canvas.width() // 2, 50))
    assert opened.view.playhead_s == pytest.approx(SECONDS / 2, abs=0.05)
    qtbot.keyClick(opened, KEY.Key_4)
    play_until(qtbot, opened, SECONDS / 2 + 1)
    assert opened.player.playing
    assert opened.player.source == "Difference"
    qtbot.keyClick(opened, KEY.Key_Escape, SHIFT)
    qtbot.waitUntil(lambda: not opened.player.playing)
    assert opened.view.playhead_s == pytest.approx(SECONDS / 2, abs=0.05)  # where playing began
    qtbot.keyClick(opened, KEY.Key_Escape, SHIFT)
    assert opened.view.playhead_s == 0.0


def test_at_the_end_it_stops_and_plays_again_from_the_start(qtbot, opened, device):
    opened.listening.seek(SECONDS - 0.3)
    qtbot.keyClick(opened, KEY.Key_Space)
    play_until(qtbot, opened, SECONDS + 1)
    qtbot.waitUntil(lambda: opened.actions_.play.text() == "&Play")
    assert opened.view.playhead_s == SECONDS
    assert "0:20.000 / 0:20.000" in shown_texts(opened.transport)
    qtbot.keyClick(opened, KEY.Key_Space)
    play_until(qtbot, opened, 0.2)
    assert 0.2 <= opened.view.playhead_s < 1.0


def test_the_view_turns_the_page_where_the_playhead_leaves_it(qtbot, opened, device):
    opened.view.show(opened.view.full._replace(start_s=2.0, stop_s=3.0))
    opened.listening.seek(2.9)
    qtbot.keyClick(opened, KEY.Key_Space)
    play_until(qtbot, opened, 3.1)
    assert 3.0 < opened.view.range.start_s <= opened.view.playhead_s
    assert opened.view.span_s == pytest.approx(1.0)
    opened.view.show(opened.view.full._replace(start_s=10.0, stop_s=11.0))  # a hand looks elsewhere
    play_until(qtbot, opened, 3.5)
    assert opened.view.range[:2] == (10.0, 11.0)
    qtbot.keyClick(opened, KEY.Key_Space)
    qtbot.keyClick(opened, KEY.Key_Space)  # played anew, it is looked for
    assert opened.view.range.start_s <= opened.view.playhead_s <= opened.view.range.stop_s


def test_it_does_not_follow_when_told_not_to(qtbot, opened, device):
    action(opened, "Off").trigger()
    opened.view.show(opened.view.full._replace(start_s=2.0, stop_s=3.0))
    opened.listening.seek(2.9)
    qtbot.keyClick(opened, KEY.Key_Space)
    play_until(qtbot, opened, 3.2)
    assert opened.view.range[:2] == (2.0, 3.0)


def test_a_device_that_goes_away_is_told(qtbot, opened, device):
    qtbot.keyClick(opened, KEY.Key_Space)
    play_until(qtbot, opened, 0.3)
    Device.opened.active = False
    qtbot.waitUntil(lambda: said(opened) == "Playback stopped: the sound device was disconnected.")
    assert button(opened.messages, "Try again").isVisible()
    assert opened.actions_.play.text() == "&Play"
