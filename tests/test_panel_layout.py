"""What stands beside the pictures: rulers, one gutter, one legend, all in line."""

from __future__ import annotations

import numpy as np
import pytest
from canvas_tools import RATE, shown
from PyQt6.QtCore import QPoint
from PyQt6.QtGui import QImage, QPalette
from PyQt6.QtWidgets import QApplication

from msviz.gui.canvas.colours import Colours
from msviz.gui.canvas.rulers import BAR, INDENT, MINOR, FrequencyRuler, LevelLegend, TimeRuler
from msviz.gui.model.track import TrackState
from msviz.gui.panels.pictures import SHOWN, Pictures
from msviz.picture import to_code


@pytest.fixture
def pictures(qtbot, track) -> Pictures:
    pictures = Pictures(track)
    qtbot.addWidget(pictures)
    pictures.set_waveform_shown(True)
    shown(pictures, 900, 700)
    return pictures


def pixels(widget) -> np.ndarray:
    image = widget.grab().toImage().convertToFormat(QImage.Format.Format_RGB32)
    memory = np.asarray(image.constBits().asarray(image.sizeInBytes())).view(np.uint32)
    return memory.reshape(image.height(), image.width()).copy()


@pytest.mark.parametrize("gutter", [False, True])
@pytest.mark.parametrize("what", SHOWN)
def test_all_columns_are_in_line(pictures, what, gutter):
    pictures.set_shown(what)
    pictures.set_gutter_shown(gutter)
    QApplication.processEvents()
    canvases = [panel.canvas for panel in (pictures.octaves, pictures.stft, pictures.curtain)]
    rows = [pictures._overview, pictures.findChild(TimeRuler), pictures.waveform]
    columns = {
        (widget.mapTo(pictures, QPoint()).x(), widget.width())
        for widget in (*canvases, *rows)
        if widget.isVisible()
    }
    assert len(columns) == 1


def test_two_pictures_share_one_gutter_and_one_legend(pictures):
    bare = pictures.octaves.canvas.width()
    pictures.set_gutter_shown(True)
    QApplication.processEvents()
    panels = pictures.octaves, pictures.stft
    assert [panel.gutter.isVisible() for panel in panels] == [True, False]
    assert [panel.legend.isVisible() for panel in panels] == [False, True]
    assert bare - pictures.octaves.canvas.width() < 50  # they took 94 together with their legend


@pytest.mark.parametrize("height", [80, 211, 400])
@pytest.mark.parametrize("ends", [(-80, 0), (-119, 7), (-73, -31), (-60, -54)])
def test_ticks_of_the_legend_stand_at_their_levels(qtbot, height, ends):
    colours, legend, written = Colours("viridis", *ends), LevelLegend(), []
    qtbot.addWidget(legend)
    legend.set_colours(colours)
    legend._draw_beside = lambda painter, labels, left, right: written.extend(labels)
    shown(legend, legend.width(), height)
    written.clear()
    drawn = pixels(legend)
    ground = QPalette().color(QPalette.ColorRole.Window).rgb()
    marks = np.flatnonzero(drawn[:, INDENT + BAR + MINOR // 2] != ground)
    assert len(marks) == len(written) >= 1
    line = legend.fontMetrics().height()
    for mark, (y, label) in zip(sorted(marks, reverse=True), written, strict=True):
        level = float(label.removesuffix(" dB").replace("−", "-"))
        code, apart = to_code(level), 2 + 2 * (ends[1] - ends[0]) // (height - line)  # codes to a pixel
        near = colours.table[max(code - apart, 1) : code + apart + 1]
        assert drawn[mark, INDENT + BAR // 2] in near
        assert int(y) == mark
        assert line / 2 - 1 <= y <= height - line / 2 + 1  # a label centred there is not moved


def test_the_frequency_ruler_has_marks_alone(qtbot, track):
    ruler = FrequencyRuler(track.view)
    qtbot.addWidget(ruler)
    shown(ruler, ruler.width(), 400)
    ground = QPalette().color(QPalette.ColorRole.Window).rgb()
    assert (pixels(ruler)[:, 0] == ground).all()


@pytest.fixture
def track() -> TrackState:
    state = TrackState()
    state.view.open(RATE, 20 * RATE, 20.0, RATE / 2)
    return state
