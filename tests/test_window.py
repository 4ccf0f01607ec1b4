"""The window as a person meets it: real files, keys and drops; a sound device only where a test lends one."""

from __future__ import annotations

import os
import threading

import numpy as np
import pytest
from playback_tools import wait_until
from PyQt6.QtCore import QMimeData, QPoint, QPointF, QSettings, Qt, QTimer, QUrl
from PyQt6.QtGui import QAction, QDragEnterEvent, QDropEvent
from PyQt6.QtWidgets import (
    QAbstractButton,
    QAbstractSlider,
    QAbstractSpinBox,
    QApplication,
    QCheckBox,
    QComboBox,
    QDoubleSpinBox,
    QFileDialog,
    QLabel,
    QProgressBar,
    QPushButton,
    QScrollBar,
    QSlider,
    QSpinBox,
    QTextBrowser,
    QWidget,
)
from window_tools import NO_DEVICE, RATE, Device, play_until, tone, write

from msviz.audio import open_audio
from msviz.demos import demo_tracks
from msviz.errors import AudioError
from msviz.gui import kept
from msviz.gui.colours import Colours
from msviz.gui.session import SOURCES
from msviz.gui.view import Box
from msviz.gui.window import Window
from msviz.playback import Player, player
from msviz.transform.edits import BoxEdit, Edits, OctaveEdit

SECONDS = 20.0
KEY = Qt.Key
CTRL, ALT, SHIFT = (
    Qt.KeyboardModifier.ControlModifier,
    Qt.KeyboardModifier.AltModifier,
    Qt.KeyboardModifier.ShiftModifier,
)


@pytest.fixture(autouse=True)
def no_device(monkeypatch, qapp):
    monkeypatch.setattr(player, "Output", Device)
    monkeypatch.setattr(player, "rescan", lambda: None)
    monkeypatch.setattr(Device, "plugged", False)
    monkeypatch.setattr(Device, "opened", None)
    qapp.setOrganizationName("msviz")
    qapp.setApplicationName("msviz")


@pytest.fixture
def make_window(qtbot):
    def make():
        window = Window(Player())
        qtbot.addWidget(window)
        with qtbot.waitExposed(window):
            window.show()
        window.activateWindow()
        qtbot.waitUntil(window.isActiveWindow)
        return window

    return make


@pytest.fixture
def window(make_window):
    return make_window()


@pytest.fixture
def track(tmp_path):
    return write(tmp_path / "track.wav", tone())


def wait_open(qtbot, window, path):
    qtbot.waitUntil(lambda: window.source is not None and window.source.path == path)


def wait_analysed(qtbot, window):
    qtbot.waitUntil(lambda: window.analysis is not None and window.analysis.progress == 1, timeout=20_000)


@pytest.fixture
def opened(qtbot, window, track):
    """A window with a track, analysed."""
    window.files.open(track)
    wait_open(qtbot, window, track)
    wait_analysed(qtbot, window)
    qtbot.waitUntil(lambda: tone_is_seen(window, 10.0))
    return window


def tone_is_seen(window, time_s):
    """Whether both pictures show 440 Hz at its level, within a pixel's worth of rows."""
    octaves, stft = window.pictures.levels_at(time_s, 440)
    return octaves is not None and stft is not None and abs(octaves + 6) < 1 and abs(stft + 6) < 6


def said(window):
    """What stands in the message bar."""
    return window.messages.text


def shown_texts(widget):
    return [label.text() for label in widget.findChildren(QLabel) if label.isVisible() and label.text()]


def button(widget, text):
    return next(b for b in widget.findChildren(QPushButton) if b.text() == text and not b.isHidden())


def action(window, text):
    every = (a for a in window.findChildren(QAction) if a.menu() is None)
    return next(a for a in every if a.text().replace("&", "") == text)


def drop(window, *urls):
    data = QMimeData()
    data.setUrls(list(urls))
    offered, left = Qt.DropAction.CopyAction | Qt.DropAction.MoveAction, Qt.MouseButton.LeftButton
    entering = QDragEnterEvent(QPoint(300, 300), offered, data, left, SHIFT)  # Shift asks for a move
    QApplication.sendEvent(window, entering)
    if entering.isAccepted():
        dropped = QDropEvent(QPointF(300, 300), offered, data, left, SHIFT)
        QApplication.sendEvent(window, dropped)
        assert entering.dropAction() == dropped.dropAction() == Qt.DropAction.CopyAction
    return entering.isAccepted()


# Opening


def test_it_welcomes_and_offers_only_what_can_be_had(window):
    assert window.windowTitle() == "msviz"
    assert window.welcome.isVisible()
    assert not window.pictures.isVisible()
    assert not window.colour_bar.isEnabled()
    for name in ("Play", "Fit all", "Original"):
        assert not action(window, name).isEnabled()
    for name in ("Open…", "Quit", "Keys and mouse"):
        assert action(window, name).isEnabled()
    assert "Recent" not in shown_texts(window.welcome)
    assert window.focusWidget().text() == "Open a track…"


def by_drop(window, track, monkeypatch):
    assert drop(window, QUrl.fromLocalFile(str(track)))


def by_dialog(window, track, monkeypatch):
    monkeypatch.setattr(QFileDialog, "getOpenFileName", lambda *_: (str(track), ""))
    action(window, "Open…").trigger()
    assert QSettings().value("folder") == str(track.parent)


def by_recent(window, track, monkeypatch):
    window.files.remember(track)
    QApplication.processEvents()
    button(window.welcome, track.name).click()


def by_menu(window, track, monkeypatch):
    window.files.remember(track)
    action(window, track.name).trigger()


@pytest.mark.parametrize("way", [by_drop, by_dialog, by_recent, by_menu])
def test_a_track_opens_in_every_way(qtbot, window, track, monkeypatch, way):
    way(window, track, monkeypatch)
    wait_open(qtbot, window, track)
    assert window.pictures.isVisible()
    assert not window.welcome.isVisible()
    assert window.windowTitle() == "track.wav – msviz"
    assert "WAV, 16 bit · 8 kHz · mono" in shown_texts(window.status)
    assert "0:00.000 / 0:20.000" in shown_texts(window.transport)
    assert said(window) == ""
    assert action(window, "Play").isEnabled()
    assert window.colour_bar.isEnabled()
    assert window.player.names == SOURCES
    assert action(window, "Original").isChecked()
    assert window.files.recent() == [str(track)]


@pytest.mark.parametrize("name", list(demo_tracks()))
def test_each_demo_opens(qtbot, window, name):
    button(window.welcome, name).click()
    wait_open(qtbot, window, demo_tracks()[name])
    assert said(window) == ""


def test_a_file_can_be_dropped_anywhere(opened):
    taking = [w for w in opened.findChildren(QWidget) if w.acceptDrops() and w.isVisible()]
    assert {type(widget).__name__ for widget in taking} <= {"QLineEdit", "QSpinBox", "QDoubleSpinBox"}


def test_a_cancelled_dialog_opens_nothing(window, monkeypatch):
    monkeypatch.setattr(QFileDialog, "getOpenFileName", lambda *_: ("", ""))
    window.files.choose(window)
    assert window.source is None
    assert window.files.opening is None


def test_what_is_no_file_is_not_taken(window):
    assert not drop(window, QUrl("https://example.org/track.flac"))
    assert not drop(window)


def missing(folder):
    return folder / "missing.wav"


def a_folder(folder):
    return folder


def text(folder):
    path = folder / "text.wav"
    path.write_text("no sound at all")
    return path


def empty(folder):
    path = folder / "empty.wav"
    path.touch()
    return path


def truncated(folder):
    path = write(folder / "cut.wav", tone())
    path.write_bytes(path.read_bytes()[:5000])
    return path


def no_samples(folder):
    return write(folder / "nothing.wav", np.zeros(0))


def forbidden(folder):
    if os.geteuid() == 0:
        pytest.skip("the administrator may read everything")
    path = write(folder / "forbidden.wav", tone())
    path.chmod(0)
    return path


@pytest.mark.parametrize("bad", [missing, a_folder, text, empty, truncated, no_samples, forbidden])
def test_a_bad_file_is_told_in_a_sentence_and_the_open_track_stays(qtbot, opened, track, tmp_path, bad):
    path = bad(tmp_path)
    before = opened.source, opened.analysis, opened.windowTitle(), opened.files.recent()
    drop(opened, QUrl.fromLocalFile(str(path)))
    qtbot.waitUntil(lambda: bool(said(opened)))
    told = said(opened)
    assert told.startswith(f"{path} ")
    assert told.endswith(".")
    assert ". " not in told
    assert not button(opened.messages, "Close").isHidden()
    assert (opened.source, opened.analysis, opened.windowTitle(), opened.files.recent()) == before
    assert opened.source.read(0, 4).shape == (1, 4)  # not closed
    assert "WAV, 16 bit · 8 kHz · mono" in shown_texts(opened.status)
    button(opened.messages, "Close").click()
    assert said(opened) == ""


def test_a_good_file_after_a_bad_one_takes_the_message_away(qtbot, window, track, tmp_path):
    window.files.open(tmp_path / "missing.wav")
    qtbot.waitUntil(lambda: bool(said(window)))
    assert window.welcome.isVisible()
    window.files.open(track)
    wait_open(qtbot, window, track)
    assert said(window) == ""


@pytest.mark.parametrize(("odd", "told"), [(1, "1 sample is"), (3, "3 samples are")])
def test_samples_that_are_no_numbers_are_told(qtbot, window, tmp_path, odd, told):
    samples = tone().astype(np.float32)
    samples[[4000, 12000, 20000][:odd]] = [np.nan, np.inf, -np.inf][:odd]
    path = write(tmp_path / "odd.wav", samples, subtype="FLOAT")
    window.files.open(path)
    wait_open(qtbot, window, path)
    wait_analysed(qtbot, window)
    assert said(window) == f"odd.wav: {told} not a number; played and shown as silence."


FILES = {
    "one sample": (np.array([0.5]), RATE, "WAV, 16 bit · 8 kHz · mono"),
    "silence": (np.zeros((RATE, 2)), RATE, "WAV, 16 bit · 8 kHz · stereo"),
    "six channels": (np.full((4800, 6), 0.1), 48000, "WAV, 16 bit · 48 kHz · 6 channels"),
    "192 kHz": (tone(seconds=0.5, rate=192000), 192000, "WAV, 16 bit · 192 kHz · mono"),
    "1 kHz": (tone(seconds=3, rate=1000), 1000, "WAV, 16 bit · 1 kHz · mono"),
    "22.05 kHz": (tone(seconds=1, rate=22050), 22050, "WAV, 16 bit · 22.05 kHz · mono"),
}


@pytest.mark.parametrize("name", FILES)
def test_sound_of_every_kind_is_opened_analysed_and_drawn(qtbot, window, tmp_path, name):
    samples, rate, kind = FILES[name]
    path = write(tmp_path / "some & odd – name.wav", samples, rate)
    window.files.open(path)
    wait_open(qtbot, window, path)
    wait_analysed(qtbot, window)
    assert kind in shown_texts(window.status)
    assert window.windowTitle() == "some & odd – name.wav – msviz"
    assert window.view.full == Box(0.0, len(samples) / rate, window.view.full.low_hz, rate / 2)
    for _ in range(3):
        qtbot.keyClick(window, KEY.Key_Equal, CTRL)
    assert not window.grab().isNull()
    assert said(window) == ""


def test_of_many_files_opened_in_a_row_the_last_one_is_shown(qtbot, window, tmp_path):
    paths = [write(tmp_path / f"{number}.wav", tone(seconds=1 + number)) for number in range(8)]
    shown = []
    window.windowTitleChanged.connect(shown.append)
    for path in paths:
        window.files.open(path)
    wait_open(qtbot, window, paths[-1])
    wait_analysed(qtbot, window)
    assert shown == ["7.wav – msviz"]
    assert window.view.full.stop_s == 8.0
    assert len(window.files.recent()) == 1


def test_files_opened_one_after_another_are_remembered_the_newest_first(qtbot, window, tmp_path):
    paths = [write(tmp_path / f"{number}.wav", tone(seconds=0.1)) for number in range(10)]
    for path in [*paths, paths[5]]:
        window.files.open(path)
        wait_open(qtbot, window, path)
    assert window.files.recent() == [str(paths[n]) for n in (5, 9, 8, 7, 6, 4, 3, 2)]
    paths[9].unlink()
    window._show_recent()
    assert [a.text() for a in window.actions_._recent.actions()] == [
        f"{n}.wav" for n in (5, 8, 7, 6, 4, 3, 2)
    ]


def test_files_of_the_same_name_are_told_apart_by_their_folders(window, tmp_path):
    paths = [tmp_path / name for name in ("first/take.wav", "second/take.wav", "second/other.wav")]
    for path in paths:
        path.parent.mkdir(exist_ok=True)
        window.files.remember(write(path, tone(seconds=0.1)))
    names = ["other.wav", *(f"take.wav in {tmp_path / name}" for name in ("second", "first"))]
    assert [each.text() for each in window.actions_._recent.actions()] == names
    assert [each.toolTip() for each in window.actions_._recent.actions()] == [str(p) for p in paths[::-1]]


def test_another_file_opened_while_one_is_analysed_takes_its_place(qtbot, window, tmp_path):
    long = write(tmp_path / "long.wav", np.tile(tone(), 20))
    short = write(tmp_path / "short.wav", tone(seconds=1))
    window.files.open(long)
    wait_open(qtbot, window, long)
    first = window.source
    window.files.open(short)
    wait_open(qtbot, window, short)
    wait_analysed(qtbot, window)
    assert window.view.full.stop_s == 1.0
    qtbot.waitUntil(lambda: tone_is_seen(window, 0.5))
    assert said(window) == ""
    with pytest.raises(AudioError, match="no longer open"):
        first.read(0, first.length)


@pytest.mark.parametrize("busy", ["opening", "analysing"])
def test_closed_while_busy_it_leaves_nothing_behind(qtbot, make_window, tmp_path, busy):
    long = write(tmp_path / "long.wav", np.tile(tone(), 20))
    before = set(threading.enumerate())
    window = make_window()
    window.files.open(long)
    if busy == "analysing":
        wait_open(qtbot, window, long)
    window.close()
    qtbot.wait(0)
    assert set(threading.enumerate()) <= before
    assert window.source is None


# Keys


def seen(window):
    """The view as a person sees it: start and stop in seconds, octaves."""
    return (window.view.range.start_s, window.view.range.stop_s, window.view.span_octaves)


def test_keys_do_what_the_menus_say(qtbot, opened):
    view = opened.view
    whole = seen(opened)
    octaves = whole[2]
    assert whole[:2] == (0, SECONDS)

    def press(key, held=Qt.KeyboardModifier.NoModifier):
        qtbot.keyClick(opened, key, held)
        return seen(opened)

    assert press(KEY.Key_Equal, CTRL) == pytest.approx((5, 15, octaves))
    pixel = view.span_s / view.columns  # the view moves by whole ones
    assert press(KEY.Key_Right) == pytest.approx((6, 16, octaves), abs=pixel / 2)
    assert press(KEY.Key_Left) == pytest.approx((5, 15, octaves), abs=pixel / 2)
    softly = -0.5, 9.5, octaves  # a little past the start
    assert press(KEY.Key_Left, CTRL) == pytest.approx(softly, abs=pixel / 2)
    assert press(KEY.Key_Right, CTRL) == pytest.approx((9.5, 19.5, octaves))
    assert press(KEY.Key_Minus, CTRL)[1] - seen(opened)[0] == pytest.approx(20)
    press(KEY.Key_F)
    assert seen(opened) == pytest.approx(whole)
    assert press(KEY.Key_Equal, ALT) == pytest.approx((0, SECONDS, octaves / 2))
    low = view.range.low_hz
    press(KEY.Key_Up)
    assert view.range.low_hz == pytest.approx(low * 2 ** (0.1 * octaves / 2))
    press(KEY.Key_Down)
    assert view.range.low_hz == pytest.approx(low)
    press(KEY.Key_Minus, ALT)
    assert seen(opened) == pytest.approx(whole)

    view.select(Box(2.0, 4.0, 100.0, 400.0))
    assert press(KEY.Key_E, CTRL) == pytest.approx((2, 4, 2))
    assert press(KEY.Key_Backspace) == pytest.approx(whole)
    press(KEY.Key_Escape)
    assert view.selection is None
    assert press(KEY.Key_E, CTRL) == pytest.approx(whole)


def test_keys_move_the_playhead_and_the_view_goes_there(qtbot, opened):
    def press(key):
        qtbot.keyClick(opened, key)
        return opened.view.playhead_s

    opened.view.show(opened.view.full._replace(start_s=8.0, stop_s=9.0))
    assert press(KEY.Key_BracketRight) == 10.0
    assert opened.view.range[:2] == pytest.approx((10.0, 11.0))
    assert "0:10.000 / 0:20.000" in shown_texts(opened.transport)
    assert press(KEY.Key_End) == SECONDS
    assert opened.view.range.start_s < SECONDS < opened.view.range.stop_s
    assert press(KEY.Key_BracketRight) == SECONDS
    assert press(KEY.Key_BracketLeft) == 10.0
    assert press(KEY.Key_Home) == 0.0
    assert opened.view.range.start_s <= 0.0 < opened.view.range.stop_s


@pytest.mark.parametrize("number", range(4))
def test_numbers_choose_what_is_heard(qtbot, opened, number):
    qtbot.keyClick(opened, getattr(KEY, f"Key_{2 if number == 0 else 1}"))
    qtbot.keyClick(opened, getattr(KEY, f"Key_{number + 1}"))
    assert opened.player.source == SOURCES[number]
    assert [name for name, act in opened.actions_.sources.items() if act.isChecked()] == [SOURCES[number]]


@pytest.mark.parametrize(
    ("key", "visible"), [("F2", (True, True)), ("F3", (True, False)), ("F4", (False, True))]
)
def test_function_keys_choose_what_is_shown(qtbot, opened, key, visible):
    qtbot.keyClick(opened, KEY.Key_F3 if key == "F2" else KEY.Key_F2)
    qtbot.keyClick(opened, getattr(KEY, f"Key_{key}"))
    assert (opened.pictures.octaves.isVisible(), opened.pictures.stft.isVisible()) == visible


def test_full_screen_and_back(qtbot, opened):
    qtbot.keyClick(opened, KEY.Key_F11)
    assert opened.isFullScreen()
    qtbot.keyClick(opened, KEY.Key_F11)
    assert not opened.isFullScreen()


def test_the_help_tells_every_key(qtbot, opened):
    qtbot.keyClick(opened, KEY.Key_F1)
    told = opened.findChild(QTextBrowser).toPlainText()
    for act in opened.findChildren(QAction):
        if act.shortcuts():
            name = act.text().replace("&", "").rstrip("…")
            keys = ", ".join(key.toString() for key in act.shortcuts())
            assert f"{keys}\n{name}" in told
    assert "Ctrl + wheel, pinch\nzoom in time, about the pointer" in told
    dialog = opened.findChild(QTextBrowser).window()
    button(dialog, "Close").click()
    qtbot.waitUntil(lambda: opened.findChild(QTextBrowser) is None)


def test_the_help_names_keys_not_what_they_would_do_now(qtbot, opened):
    edited(opened)
    opened.editing.steps.undo()
    qtbot.keyClick(opened, KEY.Key_F1)
    browser = opened.findChild(QTextBrowser)
    assert "Ctrl+Z\nUndo\n" in browser.toPlainText()
    assert "Ctrl+Shift+Z, Ctrl+Y\nRedo\n" in browser.toPlainText()
    browser.window().reject()


def test_edits_can_be_cleared_while_there_are_some(opened):
    clear = action(opened, "Clear all edits")
    assert not clear.isEnabled()
    edited(opened)
    assert clear.isEnabled()
    clear.trigger()
    assert not opened.editing.edits
    assert not clear.isEnabled()


def test_no_two_actions_have_the_same_key(window):
    keys = [key.toString() for act in window.findChildren(QAction) for key in act.shortcuts()]
    assert len(keys) == len(set(keys))


# Keys stay the window's, whatever was clicked last


def test_space_plays_while_a_level_is_typed_and_enter_gives_the_keys_back(qtbot, opened):
    floor = opened.colour_bar.findChildren(QSpinBox)[0]
    floor.setFocus()
    floor.selectAll()
    qtbot.keyClicks(floor, "-60")
    assert opened.colours.floor_db == -60
    assert opened.player.source == "Original"  # a digit is a digit there
    qtbot.keyClick(floor, KEY.Key_Space)
    qtbot.waitUntil(lambda: said(opened) == NO_DEVICE)
    assert floor.value() == -60
    qtbot.keyClick(floor, KEY.Key_Return)
    assert not floor.hasFocus()
    qtbot.keyClick(opened, KEY.Key_2)
    assert opened.player.source == "Multi-scale"


def test_the_arrows_of_a_level_do_not_keep_the_keys(qtbot, opened):
    ceiling = opened.colour_bar.findChildren(QSpinBox)[1]
    ceiling.setFocus()
    qtbot.mouseClick(ceiling, Qt.MouseButton.LeftButton, pos=ceiling.rect().bottomRight() - QPoint(6, 6))
    assert opened.colours.ceiling_db == -3
    assert not ceiling.hasFocus()
    before = seen(opened)
    qtbot.keyClick(opened, KEY.Key_Equal, CTRL)
    qtbot.keyClick(opened, KEY.Key_Right)
    assert seen(opened) != before


def test_space_plays_after_a_button_was_clicked(qtbot, opened):
    opened.messages.show_message("Something happened.")
    close = button(opened.messages, "Close")
    close.setFocus()
    qtbot.keyClick(close, KEY.Key_Space)
    qtbot.waitUntil(lambda: said(opened) == NO_DEVICE)


def test_arrows_move_the_picture_although_the_colour_map_has_the_focus(qtbot, opened):
    maps = opened.findChild(QComboBox)
    maps.setFocus()
    qtbot.keyClick(maps, KEY.Key_Equal, CTRL)
    before = seen(opened)
    qtbot.keyClick(maps, KEY.Key_Right)
    assert seen(opened)[0] > before[0]
    assert opened.colours.name == "magma"


def test_a_right_click_chooses_the_box_that_is_under_the_pointer(qtbot, opened):
    box = Box(0.2, 0.8, 100.0, 1000.0)
    opened.view.select(box)
    opened.editing.remove()
    opened.view.select(None)
    opened.view.set_cursor((0.5, 300.0))
    opened.pictures.menu_requested.emit(QPoint(300, 300))
    opened.actions_.edit_menu.close()
    assert opened.view.selection == box


def test_controls_that_tab_leads_to_are_worked_by_keys_until_escape(qtbot, opened):
    tab = Qt.FocusReason.TabFocusReason
    opened.view.select(Box(0.2, 0.8, 100.0, 1000.0))
    beats = button(opened.inspector, "Beats")
    beats.setFocus(tab)
    qtbot.keyClick(beats, KEY.Key_Space)
    assert opened.parameters.resolution == 4.0
    assert not opened.player.playing
    slider = opened.inspector.parameters.findChild(QSlider)
    slider.setFocus(tab)
    before = seen(opened)
    qtbot.keyClick(slider, KEY.Key_Right)
    qtbot.waitUntil(lambda: opened.parameters.resolution > 4.0)  # as soon as those before are shown
    assert seen(opened) == before
    qtbot.keyClick(slider, KEY.Key_Escape)
    assert not slider.hasFocus()
    assert opened.view.selection  # another Escape clears it
    slider.setFocus(Qt.FocusReason.MouseFocusReason)
    qtbot.keyClick(opened, KEY.Key_Equal, CTRL)
    before, resolution = seen(opened), opened.parameters.resolution
    qtbot.keyClick(slider, KEY.Key_Right)
    assert seen(opened) != before
    assert opened.parameters.resolution == resolution


def test_a_number_takes_the_keys_that_type_it_and_leaves_the_others(qtbot, opened):
    gamma = opened.inspector.parameters.findChildren(QDoubleSpinBox)[0]
    gamma.setFocus(Qt.FocusReason.TabFocusReason)
    gamma.selectAll()
    qtbot.keyClicks(gamma, "12.5")
    assert opened.parameters.gamma == 0.0  # each digit would be an analysis
    shown = opened.actions_.switches["smooth"].isChecked()
    qtbot.keyClick(gamma, KEY.Key_S)
    assert opened.actions_.switches["smooth"].isChecked() != shown
    qtbot.keyClick(gamma, KEY.Key_Return)
    qtbot.waitUntil(lambda: opened.parameters.gamma == 12.5)
    assert not gamma.hasFocus()
    gamma.setFocus(Qt.FocusReason.TabFocusReason)
    before = seen(opened)
    qtbot.keyClick(gamma, KEY.Key_Up)
    qtbot.waitUntil(lambda: opened.parameters.gamma == 17.5)
    assert seen(opened) == before
    qtbot.keyClicks(gamma, "99")
    qtbot.keyClick(gamma, KEY.Key_Escape)
    assert not gamma.hasFocus()
    assert opened.parameters.gamma == gamma.value() == 17.5


def test_a_list_that_tab_led_to_keeps_the_keys_after_it_was_opened(qtbot, opened):
    bins = opened.inspector.parameters.findChild(QComboBox)
    bins.setFocus(Qt.FocusReason.TabFocusReason)
    qtbot.keyClick(bins, KEY.Key_Down)
    qtbot.waitUntil(lambda: opened.parameters.bins_per_octave == 36)
    qtbot.keyClick(bins, KEY.Key_Space)
    qtbot.waitUntil(bins.view().isVisible)
    qtbot.keyClick(bins.view(), KEY.Key_Return)
    qtbot.waitUntil(lambda: not bins.view().isVisible())
    bins.setFocus(Qt.FocusReason.PopupFocusReason)
    qtbot.keyClick(bins, KEY.Key_Space)
    qtbot.waitUntil(bins.view().isVisible)
    bins.hidePopup()


def test_no_control_has_the_focus_before_tab_was_pressed_or_after_escape(qtbot, opened):
    assert opened.focusWidget() is opened.pictures
    opened.focusNextPrevChild(True)
    at = opened.focusWidget()
    assert isinstance(at, QAbstractButton)
    at.setFocus(Qt.FocusReason.TabFocusReason)
    qtbot.keyClick(at, KEY.Key_Escape)
    assert opened.focusWidget() is opened


def test_tab_leads_to_every_control_and_to_nothing_else(opened):
    inspector, reached = opened.inspector, []
    while opened.focusNextPrevChild(True) and opened.focusWidget() not in reached:
        reached.append(opened.focusWidget())
    wanted = [
        control
        for kind in (QPushButton, QComboBox, QAbstractSlider, QDoubleSpinBox, QSpinBox, QCheckBox)
        for control in inspector.findChildren(kind)
        if control.isVisible() and control.isEnabled() and not isinstance(control, QScrollBar)
    ]
    assert len(wanted) > 12
    inside = [widget for widget in reached if inspector.isAncestorOf(widget)]
    assert [c.toolTip() for c in wanted if c not in inside] == []
    assert [type(c).__name__ for c in inside if c not in wanted] == ["QTabBar"]
    tops = [c.mapTo(inspector, c.rect().center()).y() for c in inside]
    assert tops == sorted(tops)


def test_every_control_has_a_name(opened):
    def named(control):
        text = getattr(control, "text", getattr(control, "currentText", str))()
        said = isinstance(control, QAbstractButton) and text
        labels = [label for label in opened.findChildren(QLabel) if label.buddy() is control]
        return bool(control.accessibleName() or said or labels)

    kinds = (QAbstractButton, QComboBox, QAbstractSlider, QAbstractSpinBox)
    controls = [control for kind in kinds for control in opened.findChildren(kind)]
    mine = [c for c in controls if not c.objectName().startswith("qt_") and not isinstance(c, QScrollBar)]
    assert len(mine) > 30
    assert [(type(c).__name__, c.toolTip()) for c in mine if not named(c)] == []


# Edits outlive a track's being open


def edited(window):
    """Remove a box and mute the highest octave."""
    window.view.select(Box(0.2, 0.8, 100.0, 1000.0))
    window.editing.remove()
    window.editing.change_octave(len(window.editing.octaves) - 1, "muted", True)
    return window.editing.edits


@pytest.mark.parametrize("way", ["another track", "the same track", "another window"])
def test_edits_are_back_when_their_track_is(qtbot, opened, make_window, track, tmp_path, way):
    edits = edited(opened)
    window = opened
    if way == "another track":
        other = write(tmp_path / "other.wav", tone(seconds=5.0))
        window.files.open(other)
        wait_open(qtbot, window, other)
        assert not window.editing.edits
    if way == "another window":
        window.close()
        window = make_window()
    source = window.source
    window.files.open(track)
    qtbot.waitUntil(lambda: window.source not in (source, None) and window.files.opening is None)
    assert window.editing.edits == window.session.edits == edits
    assert window.player.source == "Original"
    assert any("edits of last time" in text for text in shown_texts(window.status))
    qtbot.keyClick(window, KEY.Key_Z, CTRL)
    assert not window.session.edits
    window.close()
    assert kept.kept(track, round(SECONDS * RATE), 7) == Edits()


def test_edits_are_those_of_the_same_sound_however_many_octaves_it_has(qapp, track):
    edits = Edits((OctaveEdit(), OctaveEdit(muted=True)), (BoxEdit(0.0, 1.0, 20.0, 30.0, gain_db=3.0),), True)
    kept.keep(track, 100, edits)
    assert kept.kept(track, 100, 2) == edits
    assert kept.kept(track, 100, 3).octaves == (OctaveEdit(), *edits.octaves)
    assert kept.kept(track, 100, 1).octaves == edits.octaves[1:]
    assert kept.kept(track, 101, 2) == Edits()
    assert kept.kept(track.parent, 100, 2) == Edits()


@pytest.mark.parametrize(
    "text",
    [
        "{",
        "3",
        '["x"]',
        '[{"path": PATH, "length": 100}]',
        '[{"path": PATH, "length": 100, "octaves": [], "boxes": [[2, 1, 3, 4, 0]]}]',
        '[{"path": PATH, "length": 100, "octaves": [["loud"]], "boxes": []}]',
    ],
)
def test_edits_that_mean_nothing_are_left_alone(qapp, track, text):
    QSettings().setValue(kept.KEY, text.replace("PATH", f'"{track.resolve()}"'))
    assert kept.kept(track, 100, 7) == Edits()
    kept.keep(track, 100, Edits(octaves=(OctaveEdit(muted=True),)))
    assert kept.kept(track, 100, 1)


def test_edits_of_the_tracks_edited_last_are_kept(qapp, tmp_path):
    edits = Edits(octaves=(OctaveEdit(muted=True),))
    for number in range(kept.MOST_TRACKS + 1):
        kept.keep(tmp_path / f"{number}.wav", 100, edits)
    assert kept.kept(tmp_path / f"{number}.wav", 100, 1) == kept.kept(tmp_path / "1.wav", 100, 1) == edits
    assert not kept.kept(tmp_path / "0.wav", 100, 1)


# Sound


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
    action(opened, "Not at all").trigger()
    opened.view.show(opened.view.full._replace(start_s=2.0, stop_s=3.0))
    opened.listening.seek(2.9)
    qtbot.keyClick(opened, KEY.Key_Space)
    play_until(qtbot, opened, 3.2)
    assert opened.view.range[:2] == (2.0, 3.0)


def test_a_device_that_goes_away_is_told(qtbot, opened, device):
    qtbot.keyClick(opened, KEY.Key_Space)
    play_until(qtbot, opened, 0.3)
    Device.opened.active = False
    qtbot.waitUntil(lambda: said(opened) == "Playing stopped: the sound device went away.")
    assert button(opened.messages, "Try again").isVisible()
    assert opened.actions_.play.text() == "&Play"


# What the bars tell


def test_the_status_bar_tells_what_is_under_the_pointer(qtbot, opened):
    opened.view.set_cursor((3.25, 440.0))
    read_out = next(text for text in shown_texts(opened.status) if "octaves" in text)
    words = read_out.split()
    assert words[:5] == ["0:03.250", "440.0", "Hz", "A4", "+0"]
    octaves, stft = (opened.pictures.levels_at(3.25, 440.0)[i] for i in (0, 1))
    assert words[5:] == f"ct octaves −{-octaves} dB STFT −{-stft} dB".split()
    for cursor in ((0.0, 25.0), (19.999, 3999.0), (-0.01, 1000.0)):
        opened.view.set_cursor(cursor)
        other = next(text for text in shown_texts(opened.status) if "octaves" in text)
        assert len(other) == len(read_out)  # nothing jumps
    opened.view.set_cursor(None)
    assert not [text for text in shown_texts(opened.status) if "octaves" in text]


def read_out(window):
    """Levels in octaves and STFT, as the status bar tells them."""
    text = next(text for text in shown_texts(window.status) if "octaves" in text)
    octaves, stft = text.split("octaves")[1].split("STFT")
    return octaves.strip(), stft.strip()


def test_levels_under_a_resting_pointer_are_those_of_another_view(qtbot, opened):
    qtbot.waitUntil(lambda: not opened._read_out_soon.isActive())
    opened.view.set_cursor((10.0, 440.0))
    assert read_out(opened)[0] == "−6.0 dB"
    opened.view.show(opened.view.full._replace(low_hz=1000.0))
    qtbot.waitUntil(lambda: read_out(opened) == ("–", "–"))
    opened.view.show(opened.view.full)
    qtbot.waitUntil(lambda: read_out(opened)[0] == "−6.0 dB")


def test_levels_under_a_resting_pointer_are_told_when_they_are_known(qtbot, window, track):
    window.show_source(open_audio(track))
    window.analysis.stop()
    qtbot.waitUntil(lambda: not window._read_out_soon.isActive())
    window.view.set_cursor((10.0, 440.0))
    assert read_out(window) == ("–", "–")
    window.analysis.resume()
    qtbot.waitUntil(lambda: read_out(window)[0] == "−6.0 dB")


def test_the_analysis_stops_and_goes_on(qtbot, window, tmp_path):
    long = write(tmp_path / "long.wav", np.tile(tone(), 20))
    window.files.open(long)
    wait_open(qtbot, window, long)
    qtbot.waitUntil(window.status.findChild(QProgressBar).isVisible)
    button(window.status, "Stop").click()
    percent = int(100 * window.analysis.progress)
    assert f"Stopped at {percent} %" in shown_texts(window.status)
    assert window.status.findChild(QProgressBar).value() == percent < 100
    button(window.status, "Go on").click()
    wait_analysed(qtbot, window)
    assert not window.status.findChild(QProgressBar).isVisible()
    assert shown_texts(window.status) == ["WAV, 16 bit · 8 kHz · mono"]


# What is remembered


def test_colours_what_is_shown_and_the_size_outlive_the_window(qtbot, make_window, track):
    first = make_window()
    first.files.open(track)
    wait_open(qtbot, first, track)
    first.findChild(QComboBox).textActivated.emit("viridis")
    floor, ceiling = first.colour_bar.findChildren(QSpinBox)
    floor.setValue(-90)
    ceiling.setValue(-6)
    qtbot.keyClick(first, KEY.Key_F4)
    first.setGeometry(40, 50, 720, 510)
    first.close()

    second = make_window()
    assert second.colours == Colours("viridis", -90, -6)
    assert second.findChild(QComboBox).currentText() == "viridis"
    assert [box.value() for box in second.colour_bar.findChildren(QSpinBox)] == [-90, -6]
    assert second.pictures.octaves.isHidden()
    assert not second.pictures.stft.isHidden()
    assert action(second, "STFT only").isChecked()
    assert (second.width(), second.height()) == (720, 510)
    button(second.welcome, track.name).click()
    wait_open(qtbot, second, track)


def test_settings_that_mean_nothing_are_left_alone(make_window):
    settings = QSettings()
    for name, value in {
        "geometry": "nonsense",
        "colours/map": "plaid",
        "colours/floor": "dark",
        "colours/ceiling": "-inf",
        "shown": "nothing",
        "recent": "/nowhere/at/all.wav",
    }.items():
        settings.setValue(name, value)
    window = make_window()
    assert window.colours == Colours()
    assert not window.pictures.octaves.isHidden()
    assert not window.pictures.stft.isHidden()
    assert "Recent" not in shown_texts(window.welcome)


def test_the_range_of_colours_never_closes(window):
    floor, ceiling = window.colour_bar.findChildren(QSpinBox)
    floor.setValue(100)
    assert window.colours.floor_db == -6
    ceiling.setValue(-100)
    assert window.colours.ceiling_db == 0
    ceiling.setValue(100)
    assert window.colours.ceiling_db == 7
