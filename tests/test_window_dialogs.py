"""Dialogs that are open when their track or their window is closed."""

from __future__ import annotations

import opened_window
import pytest
from opened_window import wait_open
from PyQt6.QtCore import QTimer
from PyQt6.QtWidgets import QDialog
from window_tools import tone, write

from msviz.gui.dialogs.abx import AbxDialog
from msviz.gui.model.view import Box

make_window, no_device, opened, track, window = (
    getattr(opened_window, name) for name in ("make_window", "no_device", "opened", "track", "window")
)


@pytest.fixture
def other(tmp_path):
    return write(tmp_path / "other.wav", tone(880.0, 2.0))


def visible_dialogs(window):
    return [dialog for dialog in window.findChildren(QDialog) if dialog.isVisible()]


def test_a_blind_test_ends_with_its_track(qtbot, opened, other):
    opened.view.select(Box(1.0, 2.0, *opened.view.full[2:]))
    opened.dialogs.test_blind()
    dialog = opened.findChild(AbxDialog)
    dialog._setup.start.click()
    qtbot.waitUntil(lambda: dialog.begun)
    opened.files.open(other)
    wait_open(qtbot, opened, other)
    assert not visible_dialogs(opened)
    assert "X" not in opened.player.names
    assert opened.player.loop is None


@pytest.mark.parametrize("ask", ["export_sound", "export_picture", "export_data", "ask_gain", "go_to_time"])
def test_a_question_about_a_track_ends_with_it(qtbot, opened, other, ask):
    opened.view.select(Box(1.0, 2.0, 100.0, 1000.0))
    left = []

    def turn():
        assert visible_dialogs(opened)
        opened.files.open(other)
        wait_open(qtbot, opened, other)
        left.extend(visible_dialogs(opened))
        for dialog in left:
            dialog.reject()

    QTimer.singleShot(0, turn)
    getattr(opened.dialogs, ask)()
    wait_open(qtbot, opened, other)
    assert not left
    assert not opened.exporter.writing


def test_a_window_closes_its_dialogs(opened):
    opened.dialogs.edit_colours()
    opened.dialogs.edit_preferences()
    opened.dialogs.show_keys()
    assert len(visible_dialogs(opened)) == 3
    opened.close()
    assert not visible_dialogs(opened)
