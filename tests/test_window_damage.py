"""What the window says of files whose faults come out while they are decoded."""

from __future__ import annotations

import pytest
from audio_tools import encode, mp3, noise, write_tracks
from test_window_missing import hatched, opened, window  # noqa: F401

from msviz.audio import problems
from msviz.gui.model.view import Box


@pytest.mark.parametrize("name", ["a.wv", "a.mka", "a.wma"])
def test_a_cut_that_decoding_finds_is_told(qtbot, window, tmp_path, name):  # noqa: F811
    path = encode(tmp_path / name, noise(6), {"a.wv": "wavpack", "a.mka": "flac", "a.wma": "wmav2"}[name])
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
    opened(qtbot, window, path)
    assert f"{name} is cut short: its header says" in window.messages.text
    assert window.status._damage.isVisible()
    window.messages.clear()
    window.work._show_progress()
    assert window.messages.text == ""  # once


def test_what_is_cut_and_damaged_is_told_as_both(qtbot, window, tmp_path):  # noqa: F811
    path = mp3(tmp_path / "a.mp3", noise(8))
    data = bytearray(path.read_bytes())
    data[len(data) // 4 : len(data) // 4 + 2000] = bytes(2000)
    path.write_bytes(data[: len(data) * 3 // 4])
    opened(qtbot, window, path)
    assert len(problems(window.source)) == 2
    for problem in problems(window.source):
        assert problem in window.messages.text
    (missing,) = window.view.damage.missing
    middle_s = (missing.start_s + missing.stop_s) / 2
    for canvas in (window.pictures.octaves.canvas, window.pictures.stft.canvas, window.pictures.waveform):
        assert hatched(canvas, canvas.x_of(middle_s))
        assert not hatched(canvas, canvas.x_of(middle_s + 1.0))


def test_eight_channels_of_a_video_have_their_names(qtbot, window, tmp_path):  # noqa: F811
    tracks = [(noise(2), "aac"), (noise(2, 8), "aac")]
    path = write_tracks(tmp_path / "film.mp4", tracks, video=True)
    opened(qtbot, window, path)
    window.view.show(Box(0.5, 1.5, 100.0, 4000.0))
    opened(qtbot, window, path, 1)
    qtbot.waitUntil(lambda: window.source.track == 1 and window.analysis.progress == 1)
    assert "8 channels" in window.status._file
    box = window.inspector.parameters._channel
    named = [box.itemText(n) for n in range(box.count()) if ":" in box.itemText(n)]
    assert [text.split(": ")[1] for text in named] == [
        "centre",
        "LFE",
        "back left",
        "back right",
        "side left",
        "side right",
    ]
