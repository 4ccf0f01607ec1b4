"""What outlives the window: edits of a track, colours, what is shown."""

from __future__ import annotations

import json
import os

import opened_window
import pytest
from opened_window import SECONDS, action, button, edited, shown_texts, wait_open
from PyQt6.QtCore import QSettings, Qt
from PyQt6.QtWidgets import QComboBox, QSpinBox
from window_tools import RATE, tone, write

from msviz.gui.canvas.colours import Colours
from msviz.gui.model import saved_edits
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
        assert not window.track.edits
    if way == "another window":
        window.close()
        window = make_window()
    source = window.source
    window.files.open(track)
    qtbot.waitUntil(lambda: window.source not in (source, None) and window.files.opening is None)
    assert window.track.edits == window.track.edits == edits
    assert window.player.source == "Original"
    assert any("previous edits" in text for text in shown_texts(window.status))
    qtbot.keyClick(window, KEY.Key_Z, CTRL)
    assert not window.track.edits
    window.close()
    assert saved_edits.load_edits(saved_edits.fingerprint(track, round(SECONDS * RATE)), 7) == Edits()


@pytest.mark.parametrize("when", ["open", "closed"])
def test_edits_are_not_those_of_what_a_file_has_become(qtbot, opened, track, tmp_path, when):
    """Be it written anew while it is open or after."""
    edited(opened)
    other = write(tmp_path / "other.wav", tone(seconds=5.0))
    if when == "open":
        write(track, tone(880.0))
    opened.files.open(other)
    wait_open(qtbot, opened, other)
    if when == "closed":
        write(track, tone(880.0))
    opened.files.open(track)
    wait_open(qtbot, opened, track)
    assert not opened.track.edits
    assert not opened.track.edits


def test_edits_are_those_of_the_same_sound_however_many_octaves_it_has(qapp, track):
    edits = Edits((OctaveEdit(), OctaveEdit(muted=True)), (BoxEdit(0.0, 1.0, 20.0, 30.0, 3.0, soloed=True),))
    file = saved_edits.fingerprint(track, 100)
    saved_edits.save_edits(file, edits)
    assert saved_edits.load_edits(file, 2) == edits
    assert saved_edits.load_edits(file, 3).octaves == (OctaveEdit(), *edits.octaves)
    assert saved_edits.load_edits(file, 1).octaves == edits.octaves[1:]


def test_edits_are_those_of_a_file_as_it_was(qapp, track):
    file = saved_edits.fingerprint(track, 100)
    saved_edits.save_edits(file, Edits(octaves=(OctaveEdit(muted=True),)))
    assert saved_edits.load_edits(saved_edits.fingerprint(track, 100), 1)
    assert not saved_edits.load_edits(saved_edits.fingerprint(track, 101), 1)
    assert not saved_edits.load_edits(saved_edits.fingerprint(track.parent, 100), 1)
    size, modified_ns = track.stat().st_size, track.stat().st_mtime_ns
    os.utime(track, ns=(0, modified_ns + 1))
    assert not saved_edits.load_edits(saved_edits.fingerprint(track, 100), 1)
    os.truncate(track, size - 2)
    os.utime(track, ns=(0, modified_ns))
    assert not saved_edits.load_edits(saved_edits.fingerprint(track, 100), 1)


def test_a_folder_is_as_it_was_while_its_root_is(qapp, tmp_path):
    root = tmp_path / "track.zarr" / "zarr.json"
    root.parent.mkdir()
    root.touch()
    saved_edits.save_edits(
        saved_edits.fingerprint(root.parent, 100), Edits(octaves=(OctaveEdit(muted=True),))
    )
    (root.parent / ".DS_Store").touch()
    assert saved_edits.load_edits(saved_edits.fingerprint(root.parent, 100), 1)
    root.write_text("{}")
    assert not saved_edits.load_edits(saved_edits.fingerprint(root.parent, 100), 1)


@pytest.mark.parametrize(
    "text",
    [
        "{",
        "3",
        '["x"]',
        '[{"path": PATH, "length": 100}]',
        '[{"path": PATH, "length": 100, "octaves": [], "boxes": [[0, 1, 3, 4, 0]]}]',  # of whatever date
        "[{FILE}]",
        '[{FILE, "octaves": [], "boxes": [[2, 1, 3, 4, 0]]}]',
        '[{FILE, "octaves": [["loud"]], "boxes": []}]',
    ],
)
def test_edits_that_mean_nothing_are_left_alone(qapp, track, text):
    file = saved_edits.fingerprint(track, 100)
    text = text.replace("PATH", f'"{track.resolve()}"').replace("FILE", json.dumps(file)[1:-1])
    QSettings().setValue(saved_edits.KEY, text)
    assert saved_edits.load_edits(file, 7) == Edits()
    saved_edits.save_edits(file, Edits(octaves=(OctaveEdit(muted=True),)))
    assert saved_edits.load_edits(file, 1)


def test_edits_of_the_tracks_edited_last_are_kept(qapp, tmp_path):
    edits = Edits(octaves=(OctaveEdit(muted=True),))
    files = [
        saved_edits.fingerprint(tmp_path / f"{number}.wav", 100)
        for number in range(saved_edits.MOST_TRACKS + 1)
    ]
    for file in files:
        saved_edits.save_edits(file, edits)
    assert saved_edits.load_edits(files[-1], 1) == saved_edits.load_edits(files[1], 1) == edits
    assert not saved_edits.load_edits(files[0], 1)


# What is remembered


def test_colours_what_is_shown_and_the_size_outlive_the_window(qtbot, make_window, track):
    first = make_window()
    first.files.open(track)
    wait_open(qtbot, first, track)
    first.colour_bar.findChild(QComboBox).textActivated.emit("viridis")
    floor, ceiling = first.colour_bar.findChildren(QSpinBox)
    floor.setValue(-90)
    ceiling.setValue(-6)
    qtbot.keyClick(first, KEY.Key_F4)
    first.setGeometry(40, 50, 720, 510)
    first.close()

    second = make_window()
    assert second.pictures.colours == Colours("viridis", -90, -6)
    assert second.colour_bar.findChild(QComboBox).currentText() == "viridis"
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
    assert window.pictures.colours == Colours()
    assert not window.pictures.octaves.isHidden()
    assert not window.pictures.stft.isHidden()
    assert "Recent files" not in shown_texts(window.welcome)
