"""The octaves of two channels, one picture under the other or in the curtain."""

from __future__ import annotations

import numpy as np
import pytest
import soundfile
from window_tools import RATE, SECONDS, device, shown_window, tone  # noqa: F401

from msviz.gui.model.parameters import SIDE_BY_SIDE, Parameters, channels_of

LEFT_HZ, RIGHT_HZ = 440.0, 1320.0


@pytest.fixture
def stereo(tmp_path):
    path = tmp_path / "stereo.wav"
    soundfile.write(path, np.stack([tone(LEFT_HZ, SECONDS), tone(RIGHT_HZ, SECONDS)], axis=1), RATE)
    return path


@pytest.fixture
def window(qtbot, stereo):
    window = shown_window(qtbot, stereo)
    qtbot.waitUntil(lambda: window.source is not None and window.analysis.progress == 1)
    yield window
    window.close()


def turn(qtbot, window, channel):
    window.work.set_parameters(Parameters(channel=channel))
    qtbot.waitUntil(lambda: window.pictures._pictures == window.session.pictures)
    qtbot.waitUntil(lambda: window.analysis.progress == 1)
    window.pictures.redraw()


@pytest.mark.parametrize("shown", ["both", "curtain"])
def test_each_picture_has_its_channel(qtbot, window, shown):
    window.pictures.set_shown(shown)
    turn(qtbot, window, SIDE_BY_SIDE)
    for hz, loud in ((LEFT_HZ, 0), (RIGHT_HZ, 1)):
        levels = window.pictures.levels_at(4.0, hz)
        assert levels[loud] == pytest.approx(-6, abs=1)
        assert levels[1 - loud] < -60
    titles = [picture.transform.title for picture in window.session.pictures]
    assert titles == ["Octaves, left", "Octaves, right"]
    assert window.pictures.waveform.names == ("left", "right")


def test_the_same_axes_and_names_everywhere(qtbot, window):
    window.pictures.set_stft_linear(True)
    turn(qtbot, window, SIDE_BY_SIDE)
    pictures = window.pictures
    assert pictures.octaves.canvas.axis == pictures.stft.canvas.axis
    assert pictures.octaves.canvas.width() == pictures.stft.canvas.width()
    window.view.set_cursor((4.0, LEFT_HZ))
    text = window.status._read_out.text()
    assert "left" in text
    assert "right" in text
    assert "STFT" not in text
    turn(qtbot, window, "mix")
    assert pictures.stft.canvas.axis.linear
    assert window.analysis.pictures[1].transform.title.startswith("STFT")


def test_nothing_of_it_is_computed_before_it_is_chosen(qtbot, window):
    assert len(window.analysis.pictures) == 2
    assert all("left" not in picture.transform.title for picture in window.session.pictures)


def test_mono_has_no_sides():
    assert SIDE_BY_SIDE not in channels_of(1)
    assert SIDE_BY_SIDE in channels_of(2)
