"""Keys in the window: what they do, and which control has them."""

from __future__ import annotations

import numpy as np
import opened_window
import pytest
from canvas_tools import mouse, wheel
from opened_window import SECONDS, action, button, edited, said, shown_texts
from PyQt6.QtCore import QEvent, QPoint, Qt
from PyQt6.QtGui import QAction
from PyQt6.QtWidgets import (
    QAbstractButton,
    QAbstractSlider,
    QAbstractSpinBox,
    QApplication,
    QCheckBox,
    QComboBox,
    QDoubleSpinBox,
    QLabel,
    QLineEdit,
    QPushButton,
    QScrollArea,
    QScrollBar,
    QSlider,
    QSpinBox,
    QTextBrowser,
)
from window_tools import NO_DEVICE

from msviz.audio import open_audio
from msviz.gui.dialogs.go_to import GoToDialog
from msviz.gui.dialogs.keys import KeysDialog
from msviz.gui.model.session import SOURCES
from msviz.gui.model.view import Box
from msviz.log import log_path, logged, logger

KEY = Qt.Key
CTRL, ALT = Qt.KeyboardModifier.ControlModifier, Qt.KeyboardModifier.AltModifier
SHIFT = Qt.KeyboardModifier.ShiftModifier

no_device, track, make_window = opened_window.no_device, opened_window.track, opened_window.make_window
window, opened = opened_window.window, opened_window.opened


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

    assert press(KEY.Key_Equal, CTRL) == pytest.approx((0, 10, octaves))  # about the playhead
    press(KEY.Key_F)
    view.set_playhead(10.0)
    assert press(KEY.Key_Equal, CTRL) == pytest.approx((5, 15, octaves))
    pixel = view.span_s / view.columns  # the view moves by whole ones
    assert press(KEY.Key_Right) == pytest.approx((6, 16, octaves), abs=0.51 * pixel)
    assert press(KEY.Key_Left) == pytest.approx((5, 15, octaves), abs=0.51 * pixel)
    softly = -0.5, 9.5, octaves  # a little past the start
    assert press(KEY.Key_Left, CTRL) == pytest.approx(softly, abs=0.51 * pixel)
    assert press(KEY.Key_Right, CTRL) == pytest.approx((9.5, 19.5, octaves), abs=0.51 * pixel)
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


def test_zoom_presets_are_about_the_playhead(qtbot, opened):
    opened.view.set_playhead(10.0)
    qtbot.keyClick(opened, KEY.Key_1, ALT)
    assert seen(opened)[:2] == pytest.approx((9.5, 10.5))
    qtbot.keyClick(opened, KEY.Key_2, ALT)
    assert seen(opened)[:2] == pytest.approx((5, 15))
    qtbot.keyClick(opened, KEY.Key_3, ALT)
    assert opened.view.span_s * opened.view.rate == pytest.approx(opened.view.columns)


def test_keys_select_all_and_none(qtbot, opened):
    qtbot.keyClick(opened, KEY.Key_A, CTRL)
    assert opened.view.selection == opened.view.full
    qtbot.keyClick(opened, KEY.Key_Escape)
    assert opened.view.selection is None


@pytest.mark.parametrize(("key", "start_s", "stop_s"), [("Home", 0.0, 7.0), ("End", 7.0, SECONDS)])
def test_keys_select_from_the_playhead_to_an_end(qtbot, opened, key, start_s, stop_s):
    opened.view.set_playhead(7.0)
    qtbot.keyClick(opened, getattr(KEY, f"Key_{key}"), SHIFT)
    assert opened.view.selection == opened.view.full._replace(start_s=start_s, stop_s=stop_s)
    assert opened.view.playhead_s == 7.0


def test_keys_extend_the_selection_to_both_ends_at_its_frequencies(qtbot, opened):
    opened.view.select(Box(12.0, 14.0, 600.0, 800.0))
    qtbot.keyClick(opened, KEY.Key_Home, SHIFT)
    assert opened.view.selection == Box(0.0, 14.0, 600.0, 800.0)
    qtbot.keyClick(opened, KEY.Key_End, SHIFT)
    assert opened.view.selection == Box(0.0, SECONDS, 600.0, 800.0)


def test_nothing_is_selected_from_the_start_to_the_start(qtbot, opened):
    opened.view.set_playhead(0.0)
    qtbot.keyClick(opened, KEY.Key_Home, SHIFT)
    assert opened.view.selection is None


def test_arrows_nudge_the_selection_by_pixels_frames_and_bins(qtbot, opened):
    view, bands = opened.view, opened.session.pictures[0].pyramid.bands
    bin_ = bands[-1].frequencies[1] / bands[-1].frequencies[0]
    box = Box(2.0, 4.0, 600.0, 800.0)
    view.select(box)
    pixel = view.span_s / view.columns
    qtbot.keyClick(opened, KEY.Key_Right, ALT)
    assert view.selection == pytest.approx((2 + pixel, 4 + pixel, 600, 800))
    qtbot.keyClick(opened, KEY.Key_Left, ALT)
    qtbot.keyClick(opened, KEY.Key_Up, ALT)
    assert view.selection == pytest.approx((2, 4, 600 * bin_, 800 * bin_))
    qtbot.keyClick(opened, KEY.Key_Down, ALT)
    qtbot.keyClick(opened, KEY.Key_Down, CTRL | SHIFT)
    assert view.selection == pytest.approx((2, 4, 600, 800 / bin_))
    qtbot.keyClick(opened, KEY.Key_Up, CTRL | SHIFT)
    view.show(Box(2.0, 2.0 + 10 / view.rate, 100, 1000))
    qtbot.keyClick(opened, KEY.Key_Left, CTRL | SHIFT)
    assert view.selection == pytest.approx((2, 4 - 1 / view.rate, 600, 800), abs=1e-9)
    qtbot.keyClick(opened, KEY.Key_Right, CTRL | SHIFT)
    assert view.selection == pytest.approx(box)


def test_going_to_a_time_that_is_typed(qtbot, opened):
    opened.view.show(opened.view.full._replace(start_s=8.0, stop_s=9.0))
    qtbot.keyClick(opened, KEY.Key_G, CTRL)
    dialog = opened.findChild(GoToDialog)
    text = dialog.findChild(QLineEdit)
    ok = next(b for b in dialog.findChildren(QPushButton) if b.text().endswith("OK"))
    for typed, problem in (("soon", "is not a time"), ("0:21", "This track ends at 0:20.000.")):
        text.selectAll()
        qtbot.keyClicks(text, typed)
        assert any(problem in said for said in shown_texts(dialog))
        assert not ok.isEnabled()
    text.selectAll()
    qtbot.keyClicks(text, "0:12.5")
    qtbot.keyClick(text, KEY.Key_Return)
    assert opened.view.playhead_s == 12.5
    assert opened.view.range[0] <= 12.5 < opened.view.range[1]


def test_the_read_out_tells_how_far_the_pin_is_and_can_be_copied(qtbot, opened):
    clipboard = QApplication.clipboard()
    qtbot.keyClick(opened, KEY.Key_C, CTRL)
    assert "Point at a picture to copy its readout." in shown_texts(opened.status)
    opened.view.set_cursor((5.0, 440.0))
    qtbot.keyClick(opened, KEY.Key_P)
    opened.view.set_cursor((7.5, 880.0))
    levels = opened.pictures.levels_at(7.5, 880.0)[0] - opened.pictures.levels_at(5.0, 440.0)[0]
    delta = f"Δ +2.500 s  +440.0 Hz  +12.00 st  octaves {levels:.1f} dB".replace("-", "−")
    assert delta in opened._read_out.plain
    qtbot.keyClick(opened, KEY.Key_C, CTRL)
    assert clipboard.text() == opened._read_out.plain
    assert clipboard.text().startswith("0:07.500  880.0 Hz  A5 +0 ct  octaves")
    qtbot.keyClick(opened, KEY.Key_P)
    assert "Δ" not in opened._read_out.plain


def test_what_the_pointer_is_on_snaps_while_z_is_held(qtbot, opened):
    canvas = opened.pictures.octaves.canvas
    canvas.setFocus()
    x, y = canvas.x_of(5.0), canvas.y_of(440.0) - 6
    mouse(canvas, QEvent.Type.MouseMove, x, y, Qt.MouseButton.NoButton)
    bins = np.concatenate([band.frequencies for band in canvas.picture.bands])
    nearest = bins[np.argmin(abs(bins - 440))]
    assert opened.view.cursor[1] > 1.01 * nearest
    qtbot.keyPress(canvas, KEY.Key_Z)
    assert opened.view.cursor[1] == nearest
    qtbot.keyRelease(canvas, KEY.Key_Z)
    assert opened.view.cursor[1] > 1.01 * nearest


@pytest.mark.parametrize(
    ("clicked", "key"),
    [
        (lambda window: window.pictures.stft.canvas, KEY.Key_F3),
        (lambda window: window.pictures.octaves.canvas, KEY.Key_F4),
        (lambda window: window.pictures.waveform, KEY.Key_W),
        (lambda window: window.inspector.parameters.findChild(QSlider), KEY.Key_I),
    ],
    ids=["F3", "F4", "W", "I"],
)
def test_what_is_hidden_gives_the_focus_back_to_the_window(qtbot, opened, clicked, key):
    opened.inspector.show()
    clicked(opened).setFocus(Qt.FocusReason.MouseFocusReason)
    before = opened.player.source
    qtbot.keyClick(opened, key)
    assert not clicked(opened).isVisible()
    assert opened.focusWidget() is opened
    qtbot.keyClick(opened.focusWidget(), KEY.Key_Space)
    qtbot.waitUntil(lambda: said(opened) == NO_DEVICE)  # it was asked to play
    assert opened.player.source == before


def test_what_is_disabled_gives_the_focus_back_to_the_window(qtbot, opened):
    qtbot.keyClick(opened, KEY.Key_4)
    gain = opened.transport.findChild(QSpinBox)
    gain.setFocus(Qt.FocusReason.MouseFocusReason)
    opened.track.hear(SOURCES[0])
    assert not gain.isEnabled()
    assert opened.focusWidget() is opened


def test_full_screen_and_back(qtbot, opened):
    qtbot.keyClick(opened, KEY.Key_F11)
    assert opened.isFullScreen()
    qtbot.keyClick(opened, KEY.Key_F11)
    assert not opened.isFullScreen()


def menu_actions(menu):
    for act in menu.actions():
        if act.menu():
            yield from menu_actions(act.menu())
        else:
            yield act


def test_the_help_lists_every_key_and_can_be_searched(qtbot, opened):
    qtbot.keyClick(opened, KEY.Key_F1)
    help_ = opened.findChild(KeysDialog)
    assert help_.isVisible()
    assert not help_.isModal()
    qtbot.waitUntil(help_.isActiveWindow)
    rows = help_.rows
    for act in menu_actions(opened.menuBar()):
        if act.shortcuts():
            keys = ", ".join(key.toString() for key in act.shortcuts())
            assert (keys, act.iconText().rstrip("…")) in rows
    assert ("Ctrl+wheel, pinch", "Zoom in time at the pointer") in rows
    search = help_.findChild(QLineEdit)
    qtbot.keyClicks(search, "zoom wheel")
    assert ("Ctrl+wheel, pinch", "Zoom in time at the pointer") in help_.rows
    assert ("Shift+wheel", "Scroll in time") not in help_.rows
    search.clear()
    qtbot.keyClicks(search, "ctrl+b nothing")
    assert help_.rows == []
    qtbot.keyClick(search, KEY.Key_Escape)
    assert help_.rows == rows
    qtbot.keyClick(search, KEY.Key_Escape)
    qtbot.waitUntil(lambda: opened.findChild(KeysDialog) is None)
    opened.activateWindow()
    qtbot.waitUntil(opened.isActiveWindow)
    qtbot.keyClick(opened, KEY.Key_F1)  # once more
    assert opened.findChild(KeysDialog).isVisible()


def test_nothing_of_the_help_is_cut(qtbot, opened):
    opened.dialogs.show_keys()
    help_ = opened.findChild(KeysDialog)
    tree, metrics = help_._list, help_._list.fontMetrics()
    for group in help_._groups():
        for number in range(group.childCount()):
            row = group.child(number)
            assert metrics.horizontalAdvance(row.text(0)) < tree.columnWidth(0)
            assert metrics.horizontalAdvance(row.text(1)) < tree.columnWidth(1)


def test_the_log_is_shown(qtbot, window):
    def shown():
        action(window, "Show log").trigger()
        text = window.findChild(QTextBrowser)
        told = text.toPlainText()
        button(text.window(), "Close").click()
        qtbot.waitUntil(lambda: window.findChild(QTextBrowser) is None)
        return told

    assert shown() == "No errors have been logged."
    with logged():
        logger.warning("It failed", exc_info=ValueError("odd"))
    told = shown()
    assert "It failed\nValueError: odd\n" in told
    assert told.endswith(str(log_path()))


def test_the_help_names_keys_not_what_they_would_do_now(qtbot, opened):
    edited(opened)
    opened.editing.steps.undo()
    qtbot.keyClick(opened, KEY.Key_F1)
    rows = opened.findChild(KeysDialog).rows
    assert ("Ctrl+Z", "Undo") in rows
    assert ("Ctrl+Shift+Z, Ctrl+Y", "Redo") in rows


def test_edits_can_be_cleared_while_there_are_some(opened):
    clear = action(opened, "Reset all edits")
    assert not clear.isEnabled()
    edited(opened)
    assert clear.isEnabled()
    clear.trigger()
    assert not opened.track.edits
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
    assert opened.pictures.colours.floor_db == -60
    assert opened.player.source == "Original"  # a digit is a digit there
    qtbot.keyClick(floor, KEY.Key_Space)
    qtbot.waitUntil(lambda: said(opened) == NO_DEVICE)
    assert floor.value() == -60
    qtbot.keyClick(floor, KEY.Key_Return)
    assert not floor.hasFocus()
    qtbot.keyClick(opened, KEY.Key_2)
    assert opened.player.source == "Multi-scale"


def test_the_arrows_of_a_number_do_not_keep_the_keys(qtbot, opened):
    gamma = opened.inspector.parameters._gamma
    gamma.setFocus()
    qtbot.mouseClick(gamma, Qt.MouseButton.LeftButton, pos=gamma.rect().topRight() + QPoint(-6, 6))
    assert gamma.value() == 5.0
    assert not gamma.hasFocus()
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
    assert opened.pictures.colours.name == "magma"


def test_the_menu_is_about_the_octave_that_was_pointed_at(qtbot, opened):
    canvas, octaves = opened.pictures.octaves.canvas, opened.editing.track.octaves
    octave = next(octave for octave in octaves if octave.low <= 300 < octave.high)
    mouse(canvas, QEvent.Type.MouseMove, 100, canvas.y_of(300.0), Qt.MouseButton.NoButton)
    opened.pictures.menu_requested.emit(QPoint(300, 300))
    QApplication.sendEvent(canvas, QEvent(QEvent.Type.Leave))  # the pointer is over the menu now
    action(opened, "Mute octave").trigger()
    assert opened.track.edit_of(octave.index).muted
    opened.actions_.context_menu.close()
    qtbot.waitUntil(lambda: opened.view.cursor is None)


def test_a_right_click_chooses_the_box_that_is_under_the_pointer(qtbot, opened):
    box = Box(0.2, 0.8, 100.0, 1000.0)
    opened.view.select(box)
    opened.editing.remove()
    opened.view.select(None)
    opened.view.set_cursor((0.5, 300.0))
    opened.pictures.menu_requested.emit(QPoint(300, 300))
    menu = opened.actions_.context_menu
    texts = [act.text().replace("&", "") for act in menu.actions()]
    for offered in ("Play", "Play selection", "Loop", "Zoom to selection", "Export sound…"):
        assert offered in texts
    menu.close()
    assert opened.view.selection == box


def test_the_menu_offers_only_what_can_be_done_to_boxes(opened):
    names = (
        "Solo selection",
        "Silence selection",
        "Change selection gain…",
        "Reset this box",
        "Reset all edits",
    )

    def offered():
        return [action(opened, name).isEnabled() for name in names]

    assert offered() == [False] * 5
    opened.view.select(Box(0.2, 0.8, 100.0, 1000.0))
    assert offered() == [True, True, True, False, False]
    opened.editing.remove()
    assert offered() == [True] * 5
    opened.view.select(None)
    assert offered() == [False, False, False, False, True]
    opened.editing.steps.undo()
    assert offered() == [False] * 5
    opened.show_source(open_audio(opened.source.path))
    assert offered() == [False] * 5


def test_controls_that_tab_leads_to_are_worked_by_keys_until_escape(qtbot, opened):
    tab = Qt.FocusReason.TabFocusReason
    opened.view.select(Box(0.2, 0.8, 100.0, 1000.0))
    beats = button(opened.inspector, "Beats")
    beats.setFocus(tab)
    qtbot.keyClick(beats, KEY.Key_Space)
    assert opened.track.parameters.resolution == 4.0
    assert not opened.player.playing
    slider = opened.inspector.parameters.findChild(QSlider)
    slider.setFocus(tab)
    before = seen(opened)
    qtbot.keyClick(slider, KEY.Key_Right)
    qtbot.waitUntil(lambda: opened.track.parameters.resolution > 4.0)  # as soon as those before are shown
    assert seen(opened) == before
    qtbot.keyClick(slider, KEY.Key_Escape)
    assert not slider.hasFocus()
    assert opened.view.selection  # another Escape clears it
    slider.setFocus(Qt.FocusReason.MouseFocusReason)
    qtbot.keyClick(opened, KEY.Key_Equal, CTRL)
    before, resolution = seen(opened), opened.track.parameters.resolution
    qtbot.keyClick(slider, KEY.Key_Right)
    assert seen(opened) != before
    assert opened.track.parameters.resolution == resolution


def test_a_number_takes_the_keys_that_type_it_and_leaves_the_others(qtbot, opened):
    gamma = opened.inspector.parameters.findChildren(QDoubleSpinBox)[0]
    gamma.setFocus(Qt.FocusReason.TabFocusReason)
    gamma.selectAll()
    qtbot.keyClicks(gamma, "12.5")
    assert opened.track.parameters.gamma == 0.0  # each digit would be an analysis
    shown = opened.actions_.switches["smooth"].isChecked()
    qtbot.keyClick(gamma, KEY.Key_S)
    assert opened.actions_.switches["smooth"].isChecked() != shown
    qtbot.keyClick(gamma, KEY.Key_Return)
    qtbot.waitUntil(lambda: opened.track.parameters.gamma == 12.5)
    assert not gamma.hasFocus()
    gamma.setFocus(Qt.FocusReason.TabFocusReason)
    before = seen(opened)
    qtbot.keyClick(gamma, KEY.Key_Up)
    qtbot.waitUntil(lambda: opened.track.parameters.gamma == 17.5)
    assert seen(opened) == before
    qtbot.keyClicks(gamma, "99")
    qtbot.keyClick(gamma, KEY.Key_Escape)
    assert not gamma.hasFocus()
    assert opened.track.parameters.gamma == gamma.value() == 17.5


def test_a_list_that_tab_led_to_keeps_the_keys_after_it_was_opened(qtbot, opened):
    bins = opened.inspector.parameters.findChild(QComboBox)
    bins.setFocus(Qt.FocusReason.TabFocusReason)
    qtbot.keyClick(bins, KEY.Key_Down)
    qtbot.waitUntil(lambda: opened.track.parameters.bins_per_octave == 36)
    qtbot.keyClick(bins, KEY.Key_Space)
    qtbot.waitUntil(bins.view().isVisible)
    qtbot.keyClick(bins.view(), KEY.Key_Return)
    qtbot.waitUntil(lambda: not bins.view().isVisible())
    bins.setFocus(Qt.FocusReason.PopupFocusReason)
    qtbot.keyClick(bins, KEY.Key_Space)
    qtbot.waitUntil(bins.view().isVisible)
    bins.hidePopup()


def roll(widget):
    """Turn a wheel; what a widget leaves goes to what it stands in, as with real wheels in Qt."""
    while widget and not wheel(widget, 5, 5, QPoint(0, -120)):
        widget = widget.parentWidget()


def test_a_wheel_over_a_control_without_the_focus_scrolls_the_panel_instead(qtbot, opened):
    panel = opened.inspector.parameters
    areas = opened.inspector.findChildren(QScrollArea)
    bar = next(area for area in areas if area.widget() is panel).verticalScrollBar()
    opened.resize(opened.width(), 500)
    qtbot.waitUntil(lambda: bar.maximum() > 0)
    number = panel.findChildren(QDoubleSpinBox)[1]
    for control, under in (
        (panel.findChild(QSlider), panel.findChild(QSlider)),
        (panel.findChild(QComboBox), panel.findChild(QComboBox)),
        (number, number.findChild(QLineEdit)),
    ):
        before = opened.track.requested
        opened.setFocus()
        roll(under)
        assert opened.track.requested == before
        assert bar.value() > 0
        bar.setValue(0)
        control.setFocus()
        roll(under)
        assert opened.track.requested != before
        assert bar.value() == 0


def test_no_wheel_gives_a_control_the_focus_and_the_volume_is_turned_without(opened):
    kinds = (QComboBox, QAbstractSlider, QAbstractSpinBox)
    controls = [control for kind in kinds for control in opened.findChildren(kind)]
    assert [c.toolTip() for c in controls if c.focusPolicy() == Qt.FocusPolicy.WheelFocus] == []
    volume = next(c for c in controls if c.accessibleName() == "Volume")
    before = volume.value()
    roll(volume)
    assert volume.value() < before


def test_no_control_has_the_focus_before_tab_was_pressed_or_after_escape(qtbot, opened):
    assert opened.focusWidget() is opened
    opened.focusNextPrevChild(True)
    at = opened.focusWidget()
    assert isinstance(at, QAbstractButton | QLineEdit)
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
    wanted += (fields := opened.inspector.selection.findChildren(QLineEdit))
    assert len(wanted) > 12
    inside = [widget for widget in reached if inspector.isAncestorOf(widget)]
    assert [c.toolTip() for c in wanted if c not in inside] == []
    assert [type(c).__name__ for c in inside if c not in wanted] == ["QTabBar"]
    tops = [c.mapTo(inspector, c.rect().center()).y() for c in inside if c not in fields]
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
