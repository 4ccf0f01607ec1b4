"""The overview: its box under the hand, and what it draws."""

from __future__ import annotations

import numpy as np
import pytest
from canvas_tools import LENGTH, RATE, drag, mouse, open_view, picture_with_click, shown, silence
from picture_tools import assert_same_picture
from PyQt6.QtCore import QEvent, Qt
from PyQt6.QtWidgets import QApplication

from msviz.gui.canvas.colours import Colours
from msviz.gui.canvas.overview import Overview
from msviz.gui.model.view import MARGIN, Box
from msviz.picture import SILENCE, UNKNOWN, Pyramid
from msviz.transform import STFT, OctaveTransform


class TestOverview:
    @pytest.fixture
    def overview(self, qtbot) -> Overview:
        overview = Overview(open_view())
        qtbot.addWidget(overview)
        shown(overview, 1000, 56)
        overview._view.show(Box(4, 8, 20, 22050))
        return overview

    def test_what_the_box_leaves_is_painted_anew(self, overview):
        view = overview._view
        for start_s, stop_s in ((4.7, 8.7), (2.2, 3.0), (2.3, 2.9), (0, 20), (19, 20)):
            view.show(Box(start_s, stop_s, 20, 22050))
            QApplication.processEvents()
            on_screen = overview.screen().grabWindow(overview.winId()).toImage()
            assert_same_picture(on_screen, overview.grab().toImage().convertToFormat(on_screen.format()))

    def test_what_came_in_is_drawn_when_the_view_is_there(self, overview, qtbot):
        overview.grab()
        drawn, overview._view.glide = overview._whole, True
        overview._view.scroll(0.2, 0.0, glide=True)
        assert overview._view.gliding
        overview._refresh.timeout.emit()
        assert overview._whole is drawn
        qtbot.waitUntil(lambda: not overview._view.gliding)
        qtbot.waitUntil(lambda: overview._whole is not drawn)

    def test_the_last_picture_is_seen_where_the_next_is_not_known_yet(self, overview, qtbot):
        overview._view.show(overview._view.full)
        whole = picture_with_click(OctaveTransform(RATE), 9, 1000, 3)
        overview.set_picture(whole)
        before = overview.grab().toImage()
        coming = Pyramid(OctaveTransform(RATE, resolution=5.0).bands, RATE, LENGTH)
        coming.put(0, [np.full_like(codes, 240) for codes in silence(coming, 0)])
        overview.set_picture(coming, over=True)
        assert_same_picture(overview.grab().toImage(), before)  # the view goes before
        qtbot.waitUntil(lambda: overview.grab().toImage() != before)
        now = overview.grab().toImage()
        known = 1000 * coming.tile_length // LENGTH
        bright, dimmed = Colours().table, Colours().dimmed
        assert [before.pixel(x, 25) for x in (known - 100, known + 100)] == [bright[SILENCE]] * 2
        assert [now.pixel(x, 25) for x in (known - 100, known + 100)] == [bright[240], dimmed[SILENCE]]
        overview.uncover()
        assert overview.grab().toImage().pixel(known + 100, 25) == bright[UNKNOWN]

    def test_the_box_drags_and_resizes_and_a_click_centres(self, overview):
        view = overview._view
        drag(overview, (300, 20), (400, 20))
        assert view.range[:2] == pytest.approx((6, 10))
        drag(overview, (301, 20), (251, 20))
        assert view.range[:2] == pytest.approx((5, 10))
        drag(overview, (499, 20), (599, 20))
        assert view.range[:2] == pytest.approx((5, 12))
        drag(overview, (800, 20), (800, 20))
        assert view.range[:2] == pytest.approx((12.5, 19.5))
        drag(overview, (700, 20), (2000, 20))
        assert view.range.stop_s == pytest.approx(20 + MARGIN * 7)

    def test_a_drag_ends_if_something_else_gets_the_release(self, overview):
        view = overview._view
        view.show(Box(4.0, 8.0, *view.full[2:]))
        middle = overview._box().center().x()
        mouse(overview, QEvent.Type.MouseButtonPress, middle, 10, Qt.MouseButton.LeftButton)
        mouse(overview, QEvent.Type.MouseMove, middle + 40, 10, Qt.MouseButton.NoButton)
        assert view.range.start_s == 4.0

    def test_an_edge_does_not_cross_the_other(self, overview):
        drag(overview, (400, 20), (50, 20))
        assert overview._view.range[:2] == pytest.approx((4, 4), abs=1e-3)
        drag(overview, (202, 20), (-50, 20))
        assert overview._view.range[:2] == pytest.approx((4, 4), abs=1e-3)

    def test_it_shows_what_is_analysed_so_far(self, overview, qtbot):
        transform = STFT(RATE)
        pyramid = Pyramid(transform.bands, RATE, LENGTH)
        overview.set_picture(pyramid)
        overview._view.fit()
        unknown = overview.grab().toImage().pixel(100, 20)
        pyramid.put(0, silence(pyramid, 0))
        overview.refresh()
        qtbot.waitUntil(lambda: overview.grab().toImage().pixel(100, 20) != unknown)
