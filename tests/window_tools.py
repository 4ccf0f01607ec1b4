"""A window with a track and a sound device on which time passes when a test says so."""

from __future__ import annotations

import numpy as np
import soundfile

from msviz.errors import DeviceError

RATE = 8000
NO_DEVICE = "Sound cannot be played: no sound device was found."


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
    qtbot.waitUntil(there, timeout=10_000)
