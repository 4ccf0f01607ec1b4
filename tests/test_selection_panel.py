"""The selection as numbers: what the fields show, and what is made of what is typed in them."""

from __future__ import annotations

import pytest
from canvas_tools import RATE, open_view
from PyQt6.QtCore import Qt
from PyQt6.QtWidgets import QLineEdit, QWidget

from msviz.gui.model.view import Box
from msviz.gui.panels.selection_panel import SelectionPanel

BOX = Box(2.0, 4.5, 220.0, 1760.0)


@pytest.fixture
def view():
    return open_view()


@pytest.fixture
def window(qtbot):
    window = QWidget()
    qtbot.addWidget(window)
    return window


@pytest.fixture
def bar(qtbot, window, view):
    bar = SelectionPanel(view)
    bar.setParent(window)
    bar.said = []
    bar.message.connect(bar.said.append)
    with qtbot.waitExposed(window):
        window.show()
    window.activateWindow()
    return bar


def fields(bar):
    return {field.accessibleName().split()[1]: field for field in bar.findChildren(QLineEdit)}


def type_in(qtbot, bar, name, text):
    field = fields(bar)[name]
    field.setFocus()
    field.selectAll()
    qtbot.keyClicks(field, text)
    qtbot.keyClick(field, Qt.Key.Key_Return)
    return field


def test_they_show_the_selection_and_are_empty_without(bar, view):
    view.select(BOX)
    assert [field.text() for field in fields(bar).values()] == [
        "0:02.00000",
        "0:04.50000",
        "0:02.50000",
        "220.0 Hz",
        "1760 Hz",
    ]
    view.select(None)
    assert [field.text() for field in fields(bar).values()] == [""] * 5


@pytest.mark.parametrize(
    ("name", "text", "box"),
    [
        ("start", "3", (3, 4.5, 220, 1760)),
        ("start", "0:10", (10, 12.5, 220, 1760)),
        ("end", "441 samples", (0, 0.01, 220, 1760)),
        ("length", "500 ms", (2, 2.5, 220, 1760)),
        ("low", "A4", (2, 4.5, 440, 1760)),
        ("high", "1.2 kHz", (2, 4.5, 220, 1200)),
        ("high", "C#5 +100", (2, 4.5, 220, 440 * 2 ** (5 / 12))),
    ],
)
def test_what_is_typed_is_selected(qtbot, bar, view, name, text, box):
    view.select(BOX)
    field = type_in(qtbot, bar, name, text)
    assert view.selection == pytest.approx(box)
    assert not field.hasFocus()
    assert bar.said == []


def test_with_nothing_selected_a_value_selects_from_the_whole_track(qtbot, bar, view):
    type_in(qtbot, bar, "start", "5")
    assert view.selection == (5, 20, 20, RATE / 2)


def test_figures_that_are_only_looked_at_change_nothing(qtbot, bar, view):
    box = Box(1 / 3, 2 / 3, 100 / 3, 1000 / 3)
    view.select(box)
    for field in fields(bar).values():
        field.setFocus()
        qtbot.keyClick(field, Qt.Key.Key_Return)
    assert view.selection == box


@pytest.mark.parametrize(
    ("name", "text", "message"),
    [
        ("start", "soon", "“soon” is not a time."),
        ("end", "0:21", "This track ends at 0:20.000."),
        ("length", "0", "The length must be more than 0."),
        ("low", "H4", "“H4” is not a frequency."),
        ("high", "30 kHz", "Type a frequency from 20.00 Hz to 22.05 kHz."),
        ("start", "20", "The selection would be empty."),
    ],
)
def test_what_cannot_be_used_is_said_and_can_be_corrected(qtbot, bar, view, name, text, message):
    view.select(BOX)
    field = type_in(qtbot, bar, name, text)
    assert bar.said[-1].startswith(message)
    assert view.selection == BOX
    assert (field.hasFocus(), field.text()) == (True, text)
    shown = {"start": "0:02.00000", "end": "0:04.50000"}.get(name)
    qtbot.keyClick(field, Qt.Key.Key_Escape)
    assert not field.hasFocus()
    assert shown is None or field.text() == shown
