"""What outlives the window: edits of a track, colours, what is shown."""

from __future__ import annotations

import opened_window
import pytest
from opened_window import SECONDS, action, button, edited, shown_texts, wait_open
from PyQt6.QtCore import QSettings, Qt
from PyQt6.QtWidgets import QComboBox, QSpinBox
from window_tools import RATE, tone, write

from msviz.gui import kept
from msviz.gui.colours import Colours
from msviz.transform.edits import BoxEdit, Edits, OctaveEdit

KEY = Qt.Key
CTRL = Qt.KeyboardModifier.ControlModifier

no_device, track, make_window = opened_window.no_device, opened_window.track, opened_window.make_window
window, opened = opened_window.window, opened_window.opened


# Edits outlive a track's being open


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
