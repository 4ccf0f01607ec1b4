"""Converted files in the window."""

from __future__ import annotations

import threading

import numpy as np
import pytest
from PyQt6.QtCore import QMimeData, QPointF, Qt, QUrl
from PyQt6.QtGui import QDropEvent
from PyQt6.QtWidgets import QFileDialog
from waiting import LONG_S
from window_tools import Device, tone, write

import msviz
from msviz.gui.model.parameters import Parameters
from msviz.gui.window import Window
from msviz.picture import Pyramid
from msviz.playback import Player, player
from msviz.tracks import StoredTrack
from msviz.transform import STFT, OctaveTransform

RATE = 8000
OWN = {"bins_per_octave": 12, "resolution": 6.0, "fmin": 60.0}


@pytest.fixture
def window(qtbot, monkeypatch, qapp):
    monkeypatch.setattr(player, "Output", Device)
    qapp.setOrganizationName("msviz")
    qapp.setApplicationName("msviz")
    made = Window(Player())
    qtbot.addWidget(made)
    made.resize(900, 600)
    made.show()
    return made


@pytest.fixture
def sound():
    noise = np.random.default_rng(1).standard_normal((1, 5 * RATE)) * 0.01
    return msviz.Signal((noise + tone(1000.0, 5.0)).astype(np.float32), RATE)


def wait_analysed(qtbot, window, path):
    qtbot.waitUntil(lambda: window.source is not None and window.source.path == path)
    qtbot.waitUntil(lambda: window.analysis.progress == 1)


def codes(picture) -> list[np.ndarray]:
    pyramid: Pyramid = picture.pyramid
    return [
        pyramid.frames(number, 0, 0, -(-pyramid.length // band.hop) >> pyramid.step(number, 0))
        for number, band in enumerate(pyramid.bands)
    ]


def differences(one, other):
    return np.concatenate(
        [np.abs(a.astype(int) - b).ravel() for a, b in zip(codes(one), codes(other), strict=True)]
    )


@pytest.mark.parametrize("content", ["complex64", "levels"])
@pytest.mark.parametrize("kind", ["octaves", "stft"])
def test_a_converted_track_looks_as_the_track(qtbot, window, tmp_path, sound, kind, content):
    audio = write(tmp_path / "a.wav", sound.samples.T, subtype="FLOAT")
    made = STFT(RATE, window=1024, hop=256) if kind == "stft" else OctaveTransform(RATE, **OWN)
    own = {"window": 1024, "hop": 256} if kind == "stft" else OWN
    path = tmp_path / "a.zarr"
    msviz.save(made.analyze(sound), path, content=content)
    window.files.open(path)
    wait_analysed(qtbot, window, path)
    assert (window.source.rate, window.source.channels, window.source.length) == (RATE, 1, 5 * RATE)
    assert own.items() <= vars(window.track.parameters).items()
    assert window.track.requested == window.track.parameters
    number = int(kind == "stft")
    mine = window.analysis.pictures[number]
    title = window.pictures._panels[number].canvas._title
    assert title == ("STFT 1024 / 256" if number else "Octaves")
    assert ("contains levels only" in window.messages.text) == (content == "levels")
    # The track itself, with the same parameters.
    window.files.open(audio)
    wait_analysed(qtbot, window, audio)
    assert window.messages.text == ""
    assert window.track.parameters == Parameters()  # a file's are not kept for other tracks
    window.work.set_parameters(Parameters(**own))
    wait_analysed(qtbot, window, audio)
    far = differences(mine, window.analysis.pictures[number])
    assert far.max() <= 1
    assert np.mean(far) < 0.02


def test_other_parameters_than_the_levels_have_are_those_of_the_rebuilt_sound(qtbot, window, tmp_path, sound):
    path = tmp_path / "a.zarr"
    msviz.save(OctaveTransform(RATE).analyze(sound), path, content="levels")
    window.files.open(path)
    wait_analysed(qtbot, window, path)
    as_stored = window.analysis.pictures[0]
    window.work.set_parameters(Parameters(resolution=6.0))
    wait_analysed(qtbot, window, path)
    other = window.analysis.pictures[0]
    assert isinstance(other.transform, OctaveTransform)
    for picture in (as_stored, other):  # the tone is where it was, as loud
        octave = next(o for o in picture.transform.bands if o.low <= 1000.0 < o.high)
        level = codes(picture)[octave.index][20:-20].max(axis=0)
        assert abs(octave.frequencies[level.argmax()] / 1000.0 - 1) < 0.03
        assert abs(int(level.max()) - (240 - 12)) <= 3


@pytest.mark.parametrize("mirrored", [False, True])  # as files of format version 1 are
def test_levels_are_drawn_as_they_are_stored(qtbot, window, tmp_path, sound, mirrored):
    path = tmp_path / "a.zarr"
    msviz.save(OctaveTransform(RATE, mirrored=mirrored).analyze(sound), path, content="levels")
    window.files.open(path)
    wait_analysed(qtbot, window, path)
    octaves, spectra = window.analysis.pictures
    assert octaves.transform is window.source.picture
    assert isinstance(spectra.transform, STFT)


def test_levels_are_seen_before_their_sound_is_made(qtbot, window, tmp_path, sound, monkeypatch):
    path, heard = tmp_path / "a.zarr", threading.Event()
    msviz.save(OctaveTransform(RATE).analyze(sound), path, content="levels")
    read = StoredTrack.read
    monkeypatch.setattr(StoredTrack, "read", lambda *what: heard.wait(LONG_S) and read(*what))
    window.files.open(path)
    qtbot.waitUntil(lambda: window.analysis is not None and window.analysis.progress > 0)
    heard.set()
    wait_analysed(qtbot, window, path)


@pytest.mark.parametrize("way", ["folder", "inside", "drop", "recent"])
def test_a_converted_folder_opens_in_every_way(qtbot, window, tmp_path, sound, monkeypatch, way):
    path = tmp_path / "a.zarr"
    msviz.save(OctaveTransform(RATE).analyze(sound), path)
    if way == "folder":
        monkeypatch.setattr(QFileDialog, "getExistingDirectory", lambda *_: str(path))
        window.dialogs.open_folder()
    elif way == "inside":
        monkeypatch.setattr(QFileDialog, "getOpenFileName", lambda *_: (str(path / "zarr.json"), ""))
        window.dialogs.open_file()
    elif way == "drop":
        data = QMimeData()
        data.setUrls([QUrl.fromLocalFile(f"{path}/")])
        button, key = Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier
        window.dropEvent(QDropEvent(QPointF(9, 9), Qt.DropAction.CopyAction, data, button, key))
    else:
        window.files.remember(path)
        window.actions_._recent.actions()[0].trigger()
    wait_analysed(qtbot, window, path)
    rebuilt = window.session.sources["Original"].read(0, sound.length)
    assert np.linalg.norm(rebuilt - sound.samples) < 1e-6 * np.linalg.norm(sound.samples)


@pytest.mark.parametrize("name", ["empty.zarr", "text.npz", "gone.zarr"])
def test_what_is_no_converted_track_is_told_in_a_sentence(qtbot, window, tmp_path, name):
    path = tmp_path / name
    if name == "empty.zarr":
        path.mkdir()
    elif name == "text.npz":
        path.write_text("nothing")
    window.files.open(path)
    qtbot.waitUntil(lambda: window.messages.text != "")
    assert name in window.messages.text
    assert window.messages.text.endswith(".")
    assert window.source is None
