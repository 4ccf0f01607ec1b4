"""What the tests of playback share."""

from contextlib import contextmanager

import numpy as np
import pytest
from waiting import wait_until

from msviz.playback import Player, buffer, player
from msviz.signal import Signal

RATE = 1000
FADE = 8  # samples at this rate


@contextmanager
def short_chunks():
    """Let chunk borders be everywhere."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(buffer, "CHUNK", 64)
        patch.setattr(buffer, "KEPT", 400)
        patch.setattr(buffer, "LEAD_S", 16 / RATE)
        yield


def ramp(length=1000, first=1.0, channels=2):
    """Every sample has a value of its own, exact in float32."""
    samples = np.arange(length * channels, dtype=np.float32).reshape(length, channels).T + np.float32(first)
    return Signal(samples, RATE)


class FakeOutput:
    """A device on which time passes when the test says so."""

    opened = ()

    def __init__(self, rate, latency, device, fill):
        self.rate, self.latency, self.device, self.fill = rate, latency, device, fill
        self.underflows = 0
        self.time, self.active, self.failure, self.closed = 100.0, True, None, False
        self.heard = []
        FakeOutput.opened = (*FakeOutput.opened, self)

    def close(self):
        self.closed = True

    def run(self, count):
        """Take `count` samples."""
        out = np.full((count, 2), np.nan, np.float32)
        self.fill(out, self.time, self.time + self.latency)
        self.time += count / self.rate
        self.heard.append(out)
        return out


def settle(made):
    """Wait until all that is near is ready."""

    def settled():
        request = made._mixer.request
        return (
            made._output
            and request.track.missing(request.source, made._upcoming(request, request.track)) is None
        )

    wait_until(settled)


@pytest.fixture(autouse=True, scope="module")
def chunk_borders_everywhere():
    with short_chunks():
        yield


@pytest.fixture
def output(monkeypatch):
    """The device that was opened last."""
    monkeypatch.setattr(FakeOutput, "opened", ())
    monkeypatch.setattr(player, "Output", FakeOutput)

    def last():
        wait_until(lambda: FakeOutput.opened)
        return FakeOutput.opened[-1]

    return last


@pytest.fixture
def playing(output):
    """A player that plays, with everything that is near ready."""
    with Player() as made:
        made.load({"one": ramp(), "two": ramp(1000, 10_000)})
        made.play()
        settle(made)
        output()
        yield made
