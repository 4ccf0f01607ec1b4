"""A window with a track and a sound device on which time passes when a test says so."""

from __future__ import annotations

import math

import numpy as np
import pytest
import soundfile

from msviz.errors import DeviceError
from msviz.gui.window import Window
from msviz.playback import Player, player

RATE = 8000
SECONDS = 8.0
LOW_HZ, HIGH_HZ = 220.0, 1760.0
NO_DEVICE = "Cannot play: no sound device was found."


class Device:
    """A sound device on which time passes when the test says so; without one, the player finds none."""

    plugged = False
    opened: Device | None = None

    def __init__(self, rate, latency, device, fill):
        if not Device.plugged:
            raise DeviceError(NO_DEVICE)
        self.rate, self.latency, self.device, self.fill = rate, latency, device, fill
        self.time, self.active, self.failure, self.underflows = 100.0, True, None, 0
        self.heard: list[np.ndarray] = []
        Device.opened = self

    def close(self):
        self.active = False

    def run(self, seconds):
        out = np.zeros((round(seconds * self.rate), 2), np.float32)
        self.fill(out, self.time, self.time + self.latency)
        self.heard.append(out)
        self.time += seconds


def tone(hz=440.0, seconds=20.0, rate=RATE):
    return 0.5 * np.sin(2 * np.pi * hz * np.arange(round(seconds * rate)) / rate)


def write(path, samples, rate=RATE, **options):
    soundfile.write(path, samples, rate, **options)
    return path


def play_until(qtbot, window, seconds):
    """Let time pass until the playhead is there, or playing has ended."""

    def there():
        if window.player.playing and window.view.playhead_s < seconds:
            Device.opened.run(0.05)
        return window.view.playhead_s >= seconds or not window.player.playing

    qtbot.waitUntil(lambda: Device.opened is not None)
    qtbot.waitUntil(there)


def level_db(samples, hz):
    """Level of a tone in what was heard, of a sine of full scale."""
    t = np.arange(len(samples)) / RATE
    hann = np.hanning(len(samples))
    return 20 * math.log10(
        abs(np.sum(samples * hann * np.exp(-2j * np.pi * hz * t))) / (np.sum(hann) / 2) + 1e-9
    )


@pytest.fixture(autouse=True)
def device(monkeypatch, qapp):
    monkeypatch.setattr(player, "Output", Device)
    monkeypatch.setattr(Device, "plugged", True)
    monkeypatch.setattr(Device, "opened", None)
    monkeypatch.setattr(Player, "devices", lambda _: ["Speakers", "Head & phones"])
    qapp.setOrganizationName("msviz")
    qapp.setApplicationName("msviz")


@pytest.fixture
def track(tmp_path):
    """Two tones, one on both sides."""
    return write(tmp_path / "track.wav", tone(LOW_HZ, SECONDS) / 2 + tone(HIGH_HZ, SECONDS) / 2)


def shown_window(qtbot, track):
    """A window that opens a track."""
    window = Window(Player())
    qtbot.addWidget(window)
    with qtbot.waitExposed(window):
        window.show()
    window.inspector.show()  # hidden at first on a screen as small as that of the tests
    window.activateWindow()
    window.files.open(track)
    return window


@pytest.fixture
def window(qtbot, track):
    window = shown_window(qtbot, track)
    qtbot.waitUntil(lambda: window.source is not None)
    return window
