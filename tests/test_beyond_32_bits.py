"""Four hours at 192 kHz: more samples than 32 bits count, and everything stands where it is."""

from __future__ import annotations

import struct

import numpy as np
import pytest
import soundfile
from window_tools import Device, device, shown_window  # noqa: F401

from msviz.gui.canvas.waveform import Waveform
from msviz.gui.model.view import Box, View
from msviz.picture import Envelope, Wave

RATE = 192_000
LENGTH = 4 * 3600 * RATE
AT = int(3.5 * 3600 * RATE) + 12_345  # a click
AT_S = AT / RATE
PERIOD = 96  # samples of the tone after it


def tone(count: int) -> np.ndarray:
    return 0.5 * np.sin(2 * np.pi * np.arange(count) / PERIOD)


@pytest.fixture
def long_track(tmp_path):
    """A file without sound but for a tone in its last half hour; what is silent takes no room on the disk."""
    path = tmp_path / "long.caf"
    soundfile.write(path, np.zeros(1), RATE, "PCM_16", format="CAF")
    head = path.read_bytes()
    at = head.index(b"data")
    assert at + 16 + 2 == len(head)
    with path.open("r+b") as file:
        file.seek(at + 4)
        file.write(struct.pack(">q", 4 + 2 * LENGTH))
        file.seek(at + 16 + 2 * AT)
        file.write((32768 * tone(RATE)).astype(">i2").tobytes())
        file.truncate(at + 16 + 2 * LENGTH)
    return path


def test_the_track_is_longer_than_32_bits_count():
    assert AT > 2**31


def test_what_is_heard_and_seen_lies_where_it_is(qtbot, long_track):
    window = shown_window(qtbot, long_track)
    qtbot.waitUntil(lambda: window.source is not None)
    assert window.source.length == window.view.length == LENGTH
    view, waveform = window.view, window.pictures.waveform
    view.show(Box(AT_S - 0.001, AT_S + 0.003, *view.full[2:]))
    original = waveform._original
    qtbot.waitUntil(lambda: original.start <= AT - 192 and original.stop >= AT + 576)
    held = original.samples[0, AT - original.start :][:576]
    np.testing.assert_allclose(held, tone(576), atol=1e-4)
    assert not original.samples[0, AT - original.start - 192 : AT - original.start].any()

    # The analysis hands over whole tiles of samples, and the picture has the tone at its place.
    view.show(Box(AT_S - 0.5, AT_S + 1.5, *view.full[2:]))
    hz = RATE / PERIOD
    qtbot.waitUntil(lambda: all(level is not None for level in window.pictures.levels_at(AT_S + 0.5, hz)))
    assert window.pictures.levels_at(AT_S + 0.5, hz) == (pytest.approx(-6, abs=1),) * 2
    qtbot.waitUntil(lambda: window.pictures.levels_at(AT_S - 0.4, hz)[0] is not None)
    assert window.pictures.levels_at(AT_S - 0.4, hz)[0] < -100
    down, up = original.reach(0, AT + 96 * 10, 96.0 * 10, 1)[:, 0] / 32767
    assert (down, up) == pytest.approx((0.5, 0.5), abs=0.01)

    window.listening.seek(AT_S)
    assert window.player.position == AT
    assert view.playhead_s == pytest.approx(AT_S, abs=1e-9)
    view.select(Box(AT_S, AT_S + 0.25, *view.full[2:]))
    window.listening.set_looping(True)
    assert window.player.loop == (AT, AT + RATE // 4)
    window.listening.toggle_playing()
    qtbot.waitUntil(lambda: Device.opened is not None)
    qtbot.waitUntil(
        lambda: Device.opened.run(0.05) or any(np.abs(b).max() > 0.4 for b in Device.opened.heard)
    )
    assert AT <= window.player.position < AT + RATE // 4
    window.close()


def test_signals_carry_every_sample(qtbot):
    view = View()
    view.open(RATE, LENGTH, 20.0, RATE / 2)
    waveform, asked = Waveform(view), []
    qtbot.addWidget(waveform)
    waveform.resize(400, 80)
    waveform.samples_wanted.connect(lambda *wanted: asked.append(wanted))
    view.show(Box(AT_S, AT_S + 0.01, *view.full[2:]))
    start, stop = asked[-1]
    assert start <= AT < AT + RATE // 100 <= stop <= LENGTH


def test_the_envelope_knows_its_end():
    envelope = Envelope(LENGTH)
    envelope.put(AT // 256 * 256, np.full(512, 0.25))
    down, up = envelope.columns(AT // 256 * 256, AT // 256 * 256 + 512, 2)
    assert (up == round(0.25 * 32767)).all()
    assert (down == -round(0.25 * 32767)).all()
    wave = Wave(LENGTH)
    wave.hold(AT, tone(1000)[None])
    assert wave.reach(0, AT + 20, 1 / 8, 50)[1, 30] / 32767 == pytest.approx(0.5, abs=0.01)
