"""The curtain: left of its edge one picture, right of it the other, each as it is by itself."""

from __future__ import annotations

import numpy as np
import pytest
from canvas_tools import LENGTH, RATE, drag, open_view, picture_with_click, shown
from PyQt6.QtCore import QPoint, Qt
from PyQt6.QtGui import QImage
from PyQt6.QtWidgets import QApplication
from track_tools import opened_state

from msviz.gui.canvas.curtain import CurtainCanvas
from msviz.gui.canvas.picture_canvas import PictureCanvas
from msviz.gui.model.view import Box
from msviz.gui.panels.picture_panel import CurtainPanel
from msviz.picture import Pyramid
from msviz.transform import STFT, OctaveTransform


def noise(transform, seed: int) -> Pyramid:
    pyramid, rng = Pyramid(transform.bands, RATE, LENGTH), np.random.default_rng(seed)
    for tile in range(pyramid.tiles):
        start, stop = pyramid.tile_range(tile)
        shapes = [(-(-(stop - start) // band.hop), len(band.frequencies)) for band in pyramid.bands]
        pyramid.put(tile, [rng.integers(1, 256, shape, dtype=np.uint8) for shape in shapes])
    return pyramid


def pixels(canvas: PictureCanvas) -> np.ndarray:
    image = canvas.grab().toImage().convertToFormat(QImage.Format.Format_RGB32)
    memory = np.asarray(image.constBits().asarray(image.sizeInBytes())).view(np.uint32)
    return memory.reshape(image.height(), image.width()).copy()


@pytest.fixture
def curtain(qtbot) -> CurtainCanvas:
    panel = CurtainPanel(opened_state(open_view()))
    qtbot.addWidget(panel)
    panel.set_pictures(noise(OctaveTransform(RATE), 1), noise(STFT(RATE), 2))
    curtain = panel.canvas
    shown(panel, 800, 300)
    curtain._view.set_playhead(20.0)
    curtain.panel = panel  # which it would end with
    return curtain


@pytest.mark.parametrize("edge", [0.0, 0.3, 1.0])
@pytest.mark.parametrize("smooth", [False, True])
def test_both_sides_are_what_they_are_by_themselves(curtain, qtbot, edge, smooth):
    view = curtain._view
    view.show(Box(3.0, 3.5, 100, 9000))
    curtain.move_edge(edge)
    curtain.set_smooth(smooth)
    both = pixels(curtain)
    line = round(edge * curtain.width())
    for viewport, columns in (
        (curtain._viewport, slice(0, max(0, line - 12))),
        (curtain._other, slice(line + 12, None)),
    ):
        alone = PictureCanvas(view)
        qtbot.addWidget(alone)
        alone.set_picture(viewport.pyramid)
        alone.set_smooth(smooth)
        shown(alone, curtain.width(), curtain.height())
        assert np.array_equal(both[:, columns], pixels(alone)[:, columns])


def test_the_edge_is_drawn_aside_and_stays_in_the_canvas(curtain, qtbot):
    width = curtain.width()
    middle = width / 2
    with qtbot.assertNotEmitted(curtain.seek_requested):
        drag(curtain, (middle + 2, 50), (100, 60))
        assert curtain.edge == pytest.approx(100 / width)
        assert curtain._view.selection is None
        drag(curtain, (100, 50), (-500, 60))
        assert curtain.edge == 0.0
    with qtbot.waitSignal(curtain.seek_requested):
        qtbot.mouseClick(curtain, Qt.MouseButton.LeftButton, pos=QPoint(300, 50))


def test_moving_the_edge_leaves_the_view_alone(curtain):
    before = curtain._view.range
    for edge in (0.0, 0.001, 0.999, 1.0, 7.0):
        curtain.move_edge(edge)
        QApplication.processEvents()
        assert 0 <= curtain.edge <= 1
    assert curtain._view.range == before


def test_levels_are_told_of_both_wherever_the_edge_is(qtbot):
    transform = OctaveTransform(RATE)
    frequencies = transform.bands[9].frequencies
    curtain = CurtainCanvas(open_view())
    qtbot.addWidget(curtain)
    curtain.set_picture(picture_with_click(transform, 9, 7 * RATE // transform.bands[9].hop, 3))
    shown(curtain, 800, 300)
    time_s = 7 * RATE // transform.bands[9].hop * transform.bands[9].hop / RATE
    curtain._view.show(Box(6.999, 7.001, 20, RATE / 2))
    for edge in (0.0, 1.0):
        curtain.move_edge(edge)
        assert curtain.levels_at(time_s, frequencies[3]) == (0.0, None)


def test_titles_stand_on_their_side(curtain):
    written = []
    curtain._write = lambda painter, plate, text: written.append((text, plate))
    curtain.set_titles("Octaves", "STFT")
    for edge in (0.5, 0.0, 1.0):
        written.clear()
        curtain.move_edge(edge)
        curtain.grab()
        line = edge * curtain.width()
        for text, plate in written:
            assert plate.left() >= 0
            assert plate.right() <= curtain.width()
            assert plate.right() <= line if text == "Octaves" else plate.left() >= line
        assert len(written) == (2 if edge == 0.5 else 1)
