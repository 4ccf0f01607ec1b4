"""Every channel has a lane in the waveform, with its name, and of many some are visible."""

from __future__ import annotations

import numpy as np
import pytest
import soundfile
from canvas_tools import LENGTH, open_view, shown
from PyQt6.QtGui import QImage
from PyQt6.QtWidgets import QApplication
from window_tools import RATE as TRACK_RATE
from window_tools import device, shown_window  # noqa: F401

from msviz.gui.canvas.colours import on_light
from msviz.gui.canvas.waveform import LEVELS, MOST_LANES, WAVE, Waveform, _table
from msviz.gui.model.parameters import Parameters
from msviz.gui.panels.picture_panel import LEAST_LANE, WaveformPanel


def pixels(widget) -> np.ndarray:
    image = widget.grab().toImage().convertToFormat(QImage.Format.Format_RGB32)
    memory = np.asarray(image.constBits().asarray(image.sizeInBytes())).view(np.uint32)
    return memory.reshape(image.height(), image.width()).copy()


def square(height: float) -> np.ndarray:
    return np.where(np.arange(LENGTH) // 220 % 2, height, -height)


@pytest.fixture
def panel(qtbot) -> WaveformPanel:
    panel = WaveformPanel(Waveform(open_view()))
    qtbot.addWidget(panel)
    shown(panel, 600, panel.height())
    return panel


def rows_of_wave(waveform: Waveform, column: int = 200) -> list[int]:
    """How many rows of each visible lane the wave covers."""
    wave = _table(on_light(waveform.palette()))[LEVELS * WAVE]
    covered = pixels(waveform)[:, column] == wave
    return [int(lane.sum()) for lane in np.array_split(covered, len(waveform.visible_lanes))]


def test_six_channels_of_a_file_have_six_named_lanes(qtbot, tmp_path):
    heights = np.array([0.1, 0.2, 0.3, 0.4, 0.5, 0.6])
    path = tmp_path / "six.wav"
    soundfile.write(path, heights * np.ones((4 * TRACK_RATE, 1)), TRACK_RATE, format="WAVEX")
    window = shown_window(qtbot, path)
    qtbot.waitUntil(lambda: window.source is not None and window.analysis.progress == 1)
    waveform = window.pictures.waveform
    assert waveform.names == window.source.channel_names
    assert waveform.lanes == 6
    up = [waveform._original.reach(lane, TRACK_RATE, 1000, 1)[1, 0] / 32767 for lane in range(6)]
    assert up == pytest.approx(heights, abs=1e-3)
    window.work.set_parameters(Parameters(channel="3"))
    qtbot.waitUntil(lambda: waveform.names == (window.source.channel_names[2],))
    window.close()


def test_of_many_lanes_some_are_visible_and_the_rest_scrolls(panel):
    waveform, heights = panel._waveform, np.linspace(0.05, 0.95, 12)
    waveform.open([str(number + 1) for number in range(12)])
    waveform.put(0, np.stack([square(height) for height in heights]))
    waveform._redraw()
    QApplication.processEvents()
    assert panel._bar.isVisible()
    assert (panel._bar.minimum(), panel._bar.maximum()) == (0, 12 - MOST_LANES)
    for top in (0, 4, 2, 9, 0):
        panel._bar.setValue(top)
        top = min(top, 12 - MOST_LANES)
        assert list(waveform.visible_lanes) == list(range(top, top + MOST_LANES))
        lane = waveform.height() / MOST_LANES
        expected = heights[top : top + MOST_LANES] * (lane - 2)
        assert rows_of_wave(waveform) == pytest.approx(expected, abs=3)
        assert panel._ruler._names == [str(number + 1) for number in waveform.visible_lanes]


def test_lanes_share_a_height_and_never_get_too_low(panel):
    panel.set_room(800)
    heights = []
    for count in (1, 2, 3, 4, 8, 20):
        panel._waveform.open([str(number) for number in range(count)])
        heights.append(panel.height())
    assert heights[:2] == [40, 56]  # of 800
    assert heights == sorted(heights)
    assert heights[-2:] == [LEAST_LANE * MOST_LANES] * 2


def test_names_stand_beside_their_lanes(panel):
    waveform = panel._waveform
    waveform.open(["left", "right"])
    QApplication.processEvents()
    drawn = pixels(panel._ruler)
    written = (drawn != drawn[0, 0]).any(axis=1)
    middles = [np.flatnonzero(half).mean() for half in np.array_split(written, 2)]
    assert middles == pytest.approx([panel.height() / 4] * 2, abs=4)
    waveform.open()
    QApplication.processEvents()
    assert len(np.unique(pixels(panel._ruler))) == 1  # mono needs no name


def test_a_waveform_keeps_its_columns_beside_a_scroll_bar(panel):
    columns = []
    for count in (2, 12):
        panel._waveform.open([str(number) for number in range(count)])
        QApplication.processEvents()
        columns.append((panel._waveform.x(), panel._waveform.width()))
    assert columns[0] == columns[1]
