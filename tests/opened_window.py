"""A window that a track is opened in, without a sound device, and what a person finds in it."""

from __future__ import annotations

import pytest
from PyQt6.QtGui import QAction
from PyQt6.QtWidgets import QLabel, QPushButton
from window_tools import Device, tone, write

from msviz.gui.model.view import Box
from msviz.gui.window import Window
from msviz.playback import Player, player

SECONDS = 20.0


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
        window.inspector.show()  # hidden at first on a screen as small as that of the tests
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
    qtbot.waitUntil(lambda: window.analysis is not None and window.analysis.progress == 1)


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


def edited(window):
    """Remove a box and mute the highest octave."""
    window.view.select(Box(0.2, 0.8, 100.0, 1000.0))
    window.editing.remove()
    window.editing.change_octave(len(window.track.octaves) - 1, "muted", True)
    return window.track.edits
