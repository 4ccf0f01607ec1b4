"""Colour maps, one's own among them."""

from dataclasses import replace

import numpy as np
import pytest
from PyQt6.QtCore import QPoint, QSettings, Qt
from PyQt6.QtWidgets import QApplication, QColorDialog, QComboBox, QPushButton

from msviz.gui.canvas.colours import OWN, Colours, coloured
from msviz.gui.dialogs.colour_editor import ColourEditor, stops_of
from msviz.gui.window import Window
from msviz.picture import COLOUR_MAPS, to_code
from msviz.playback import Player

GREEN = Colours(OWN, -60.0, 0.0, ((0.0, 0, 0, 0), (0.5, 0, 200, 0), (1.0, 255, 255, 255)))


def rgb(colour):
    return tuple(int(colour) >> shift & 255 for shift in (16, 8, 0))


def test_a_map_of_ones_own_goes_straight_from_stop_to_stop(qapp):
    for level_db, colour in ((-60, (0, 0, 0)), (-45, (0, 100, 0)), (-30, (0, 200, 0)), (0, (255, 255, 255))):
        assert rgb(GREEN.table[to_code(level_db)]) == pytest.approx(colour, abs=2)


@pytest.mark.parametrize("width", [1, 30, 32, 33])
def test_codes_become_their_colours(qapp, width):
    codes = np.random.default_rng(3).integers(0, 256, (9, width)).astype(np.uint8)
    picture = coloured(codes, GREEN, 2.0)
    assert (picture.width(), picture.height(), picture.devicePixelRatio()) == (width, 9, 2.0)
    drawn = [[picture.pixel(column, row) for column in range(width)] for row in range(9)]
    assert np.array_equal(drawn, GREEN.table[codes])


@pytest.mark.parametrize("name", COLOUR_MAPS)
def test_the_editor_begins_with_the_map_that_is_shown(qapp, name):
    stops = stops_of(Colours(name))
    assert [stop[0] for stop in stops] == pytest.approx(np.arange(11) / 10)
    # Maps that are not straight between the stops are met to within what an eye can tell apart.
    assert np.abs(Colours(OWN, stops=stops).map(256) - Colours(name).map(256)).max() < 15


def test_what_is_edited_is_told(qtbot):
    editor = ColourEditor(GREEN)
    qtbot.addWidget(editor)
    assert editor.stops == GREEN.stops
    with qtbot.assertNotEmitted(editor.changed), qtbot.waitExposed(editor):
        editor.show()  # looking at a map does not make it one's own
    with qtbot.waitSignal(editor.changed) as change:
        editor._gradient.addTick(0.25, movable=True)
    assert [stop[0] for stop in change.args[0]] == [0, 0.25, 0.5, 1]


@pytest.fixture
def editor(qtbot):
    editor = ColourEditor(GREEN)
    qtbot.addWidget(editor)
    with qtbot.waitExposed(editor):
        editor.show()
    editor.activateWindow()
    qtbot.waitUntil(editor.isActiveWindow)
    return editor


def places(editor):
    return [round(stop[0], 3) for stop in editor.stops]


def test_stops_are_moved_added_and_removed_by_keys(qtbot, editor):
    strip = editor._gradient
    key, ctrl = Qt.Key, Qt.KeyboardModifier.ControlModifier
    assert strip.hasFocus()
    with qtbot.waitSignal(editor.changed):
        qtbot.keyClick(strip, key.Key_Right)
    assert places(editor) == [0.01, 0.5, 1]
    for _ in range(2):
        qtbot.keyClick(strip, key.Key_Left)  # no further than the end
    assert places(editor) == [0, 0.5, 1]
    qtbot.keyClick(strip, key.Key_Right, ctrl)
    qtbot.keyClick(strip, key.Key_Left)
    assert places(editor) == [0, 0.49, 1]
    qtbot.keyClick(strip, key.Key_Insert)
    assert places(editor) == [0, 0.49, 0.745, 1]
    qtbot.keyClick(strip, key.Key_Right)  # the new one
    assert places(editor) == [0, 0.49, 0.755, 1]
    for _ in range(2):
        qtbot.keyClick(strip, key.Key_Right, ctrl)
    qtbot.keyClick(strip, key.Key_Insert)  # the last has none behind it
    assert places(editor) == [0, 0.49, 0.755, 0.877, 1]
    for left in ([0, 0.49, 0.755, 1], [0, 0.49, 0.755], [0, 0.49], [0, 0.49]):  # two are needed
        qtbot.keyClick(strip, key.Key_Delete)
        assert places(editor) == left


def test_enter_chooses_the_colour_of_the_marked_stop(qtbot, editor):
    strip = editor._gradient
    with qtbot.waitSignal(editor.changed):
        qtbot.keyClick(strip, Qt.Key.Key_Right)
    qtbot.keyClick(strip, Qt.Key.Key_Right, Qt.KeyboardModifier.ControlModifier)
    qtbot.keyClick(strip, Qt.Key.Key_Return)
    dialog = strip.item.colorDialog
    assert isinstance(dialog, QColorDialog)
    assert dialog.isVisible()
    assert dialog.currentColor().getRgb()[:3] == GREEN.stops[1][1:]
    dialog.reject()
    assert editor.isVisible()  # Enter has not closed it


@pytest.mark.parametrize("before", [Colours("viridis", -90.0, -6.0), GREEN])
@pytest.mark.parametrize("way", ["OK", "Cancel", "Esc"])
def test_what_is_edited_stays_only_with_ok(qtbot, before, way):
    window = Window(Player())
    qtbot.addWidget(window)
    with qtbot.waitExposed(window):
        window.show()
    window.pictures.set_colours(before)
    window.dialogs.edit_colours()
    editor = window.findChild(ColourEditor)
    editor._gradient.addTick(0.25)
    window.pictures.shift_range(-3.0)
    edited = window.pictures.colours
    assert (edited.name, edited.floor_db) == (OWN, before.floor_db - 3)
    if way == "Esc":
        qtbot.keyClick(editor._gradient, Qt.Key.Key_Escape)
    else:
        next(each for each in editor.findChildren(QPushButton) if each.text().replace("&", "") == way).click()
    assert not editor.isVisible()
    left = edited if way == "OK" else replace(before, floor_db=edited.floor_db, ceiling_db=edited.ceiling_db)
    assert window.pictures.colours == left
    maps = window.colour_bar.findChild(QComboBox)
    assert maps.currentText() == left.name
    assert (maps.findText(OWN) >= 0) == bool(left.stops)


def test_the_marked_stop_is_seen_and_a_click_marks_another(qtbot, editor):
    strip = editor._gradient

    def on_screen():
        QApplication.processEvents()
        return editor.screen().grabWindow(editor.winId(), *strip.geometry().getRect()).toImage()

    first = on_screen()
    qtbot.keyClick(strip, Qt.Key.Key_Right, Qt.KeyboardModifier.ControlModifier)
    second = on_screen()
    assert second != first
    editor.focusNextPrevChild(True)
    assert on_screen() not in (first, second)  # the keys are elsewhere
    tick = strip.item.listTicks()[0][0]
    at = strip.mapFromScene(tick.mapToScene(tick.shape().boundingRect().center()))
    left = Qt.MouseButton.LeftButton
    qtbot.mousePress(strip.viewport(), left, pos=at)
    qtbot.mouseRelease(strip.viewport(), left, pos=QPoint(10, 2))  # a click would ask for a colour
    strip.setFocus()
    qtbot.keyClick(strip, Qt.Key.Key_Right)
    assert places(editor) == [0.01, 0.5, 1]


@pytest.mark.parametrize("colours", [Colours("viridis", -90.0, -6.0), GREEN])
def test_kept_for_the_next_start(qapp, colours):
    colours.save(QSettings())
    assert Colours.load(QSettings()) == colours


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("map", "plaid"),
        ("map", OWN),
        ("floor", "dark"),
        ("floor", "-3"),
        ("ceiling", "nan"),
        ("ceiling", "50"),
        ("stops", "[1]"),
        ("stops", "green"),
    ],
)
def test_what_makes_no_sense_is_not_kept(qapp, name, value):
    Colours().save(QSettings())
    QSettings().setValue(f"colours/{name}", value)
    assert Colours.load(QSettings()) == Colours()
