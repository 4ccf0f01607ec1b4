"""Canvases: what is under the hand is what is drawn, at every zoom and pixel ratio."""

from __future__ import annotations

import math
import os
import subprocess
import sys
import weakref
from pathlib import Path

import numpy as np
import pytest
from canvas_tools import LENGTH, RATE, drag, mouse, open_view, picture_with_click, shown, silence, wheel
from hypothesis import given, settings
from hypothesis import strategies as st
from PyQt6.QtCore import QEvent, QObject, QPoint, QPointF, QRectF, Qt
from PyQt6.QtGui import QColor, QImage, QNativeGestureEvent, QPainter, QPalette, QPointingDevice, QRegion
from PyQt6.QtWidgets import QApplication, QVBoxLayout, QWidget

from msviz.gui.canvas import PictureCanvas
from msviz.gui.colours import COLOUR_MAPS, UNKNOWN_ON_DARK, UNKNOWN_ON_LIGHT, Colours
from msviz.gui.curtain import CurtainCanvas
from msviz.gui.edited import EditedCanvas
from msviz.gui.gutter import OctaveGutter
from msviz.gui.overview import Overview
from msviz.gui.panel import Aligned, PicturePanel
from msviz.gui.rulers import FrequencyRuler, LevelLegend, TimeRuler
from msviz.gui.time_canvas import EDGE, PLAYHEAD
from msviz.gui.view import MARGIN, Box, View
from msviz.gui.viewport import Place, Viewport
from msviz.gui.waveform import Waveform
from msviz.picture import UNKNOWN, FrequencyAxis, Pyramid
from msviz.transform import STFT, OctaveTransform


def check_clicks_land_on_their_pixel() -> None:
    """A coefficient is drawn where its time and frequency are, and read back there."""
    colours = Colours()
    for transform, band, row in (
        (OctaveTransform(RATE), 0, 5),
        (OctaveTransform(RATE), 9, 23),
        (STFT(RATE), 0, 93),
    ):
        hop, hz = transform.bands[band].hop, transform.bands[band].frequencies[row]
        frame = 7 * RATE // hop
        time_s = frame * hop / RATE
        pyramid = picture_with_click(transform, band, frame, row)
        view = open_view()
        view.set_playhead(20.0)
        canvas = PictureCanvas(view)
        canvas.set_picture(pyramid)
        canvas.set_colours(colours)
        shown(canvas, 333, 217)
        ratio = canvas.devicePixelRatioF()
        for seconds in (20, 3, 0.2, 0.003):
            for low, high, linear in (
                (20, RATE / 2, False),
                (hz / 1.3, hz * 1.4, False),
                (hz / 1.3, hz * 1.4, True),
            ):
                canvas.set_linear(linear)
                view.show(Box(time_s - 0.4 * seconds, time_s + 0.6 * seconds, low, min(high, RATE / 2)))
                QApplication.processEvents()
                x, y = canvas.x_of(time_s), canvas.y_of(hz)
                drawn = canvas.grab().toImage()
                assert (drawn.width(), drawn.height()) == (round(333 * ratio), round(217 * ratio))
                column, line = math.floor(x * ratio), math.floor(y * ratio)
                # Zoomed out, a frame is drawn somewhere in the pooled cell that holds it.
                cell = max(hop, 2 * canvas.samples_per_pixel) / canvas.samples_per_pixel
                near = range(
                    max(0, math.floor(column - cell)), math.ceil(min(column + cell + 1, drawn.width()))
                )
                loud = [c for c in near if drawn.pixel(c, line) == colours.table[240]]
                assert loud
                if hop > 2 * canvas.samples_per_pixel:
                    assert column in loud
                at = canvas.time_at(loud[0] / ratio), canvas.frequency_at(line / ratio)
                assert canvas.level_at(*at) == 0.0
                assert canvas.x_of(at[0]) * ratio == pytest.approx(loud[0] + 0.5)
                assert canvas.y_of(at[1]) * ratio == pytest.approx(line + 0.5)


def check_the_playhead_is_crisp() -> None:
    """As many device pixels wide as the ratio says, wherever it and its canvas are."""
    window, view = QWidget(), open_view()
    canvas = PictureCanvas(view)
    canvas.setParent(window)
    window.resize(400, 100)
    for left in range(7):
        canvas.setGeometry(left, left, 333, 60)
        shown(window, 400, 100)
        for time_s in np.linspace(1, 19, 7):
            view.set_playhead(time_s)
            drawn = window.grab().toImage()
            line = round((left + 40) * window.devicePixelRatioF())
            colours = [QColor(drawn.pixel(x, line)) for x in range(drawn.width())]
            bright = [x for x, colour in enumerate(colours) if colour == PLAYHEAD]
            width = max(1, round(window.devicePixelRatioF()))
            assert bright == list(range(bright[0], bright[0] + width))
            at = (left + canvas.x_of(time_s)) * window.devicePixelRatioF()
            assert abs(bright[0] + 0.5 - at) <= 1
            edges = [*range(bright[0] - width, bright[0]), *range(bright[-1] + 1, bright[-1] + 1 + width)]
            assert all(colours[x] == EDGE for x in edges)


def test_clicks_land_on_their_pixel(qtbot):
    check_clicks_land_on_their_pixel()


def test_the_playhead_is_crisp(qtbot):
    check_the_playhead_is_crisp()


@pytest.mark.parametrize("scale", ["1.25", "1.5", "2"])
def test_geometry_at_other_pixel_ratios(scale):
    program = (
        "from PyQt6.QtWidgets import QApplication; app = QApplication([]);"
        "import test_canvas; test_canvas.check_clicks_land_on_their_pixel();"
        "test_canvas.check_the_playhead_is_crisp(); test_canvas.check_what_stands_still_is_kept();"
        f"assert app.devicePixelRatio() == {scale}"
    )
    done = subprocess.run(
        [sys.executable, "-c", program],
        env=os.environ
        | {"QT_SCALE_FACTOR": scale, "QT_QPA_PLATFORM": "offscreen", "PYTHONPATH": os.pathsep.join(sys.path)},
        cwd=Path(__file__).parent,
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert done.returncode == 0, done.stderr


@pytest.mark.skipif(sys.platform != "linux", reason="names of threads are seen on Linux only")
def test_pictures_are_painted_in_one_thread():
    program = (
        "from pathlib import Path; from msviz.gui.app import application;"
        "from PyQt6.QtGui import QColor, QImage, QPainter;"
        "app = application(); image = QImage(1000, 1000, QImage.Format.Format_RGB32);"
        "painter = QPainter(image); painter.fillRect(image.rect(), QColor(1, 2, 3, 100)); painter.end();"
        "print(*(task.read_text() for task in Path('/proc/self/task').glob('*/comm')))"
    )
    done = subprocess.run(
        [sys.executable, "-c", program],
        env=os.environ | {"QT_QPA_PLATFORM": "offscreen"},
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert "python" in done.stdout
    assert "pooled" not in done.stdout


def test_the_last_picture_is_seen_where_the_next_is_not_known_yet(qtbot):
    def plain(code: int, transform, tiles: int) -> Pyramid:
        pyramid = Pyramid(transform.bands, RATE, LENGTH)
        for tile in range(tiles):
            put(pyramid, tile, code)
        return pyramid

    def put(pyramid: Pyramid, tile: int, code: int) -> None:
        pyramid.put(tile, [np.full_like(codes, code) for codes in silence(pyramid, tile)])

    viewport = Viewport()
    place = Place(FrequencyAxis(30.0, 15000.0), 0, LENGTH, 300, 100)
    last = plain(200, OctaveTransform(RATE), 4)
    viewport.show(last)
    coming = plain(100, OctaveTransform(RATE, resolution=5.0), 1)
    viewport.show(coming, over=True)
    known = int(300 * coming.tile_length / LENGTH)
    assert set(viewport.codes(place)[:, : known - 1].flat) == {100}
    assert set(viewport.codes(place)[:, known + 1 :].flat) == {200}
    assert viewport.code(place.columns(250, 251), 50) == 200
    later = plain(50, OctaveTransform(RATE, resolution=6.0), 1)  # before the one before is whole
    viewport.show(later, over=True)
    assert set(viewport.codes(place)[:, : known - 1].flat) == {50}
    assert set(viewport.codes(place)[:, known + 1 :].flat) == {200}
    for tile in range(1, later.tiles):
        put(later, tile, 50)
    viewport.forget()
    assert set(viewport.codes(place).flat) == {50}
    held = weakref.ref(last)
    del last
    qtbot.waitUntil(lambda: held() is None)
    viewport.show(coming, over=True)
    viewport.uncover()
    assert set(viewport.codes(place).flat) == {100}  # coarse, around what is known


def check_what_stands_still_is_kept() -> None:
    """A playhead that moves draws nothing else again, and leaves what is there as it would be drawn."""
    window, view = QWidget(), open_view()
    canvas, ruler = PictureCanvas(view, "Octaves"), TimeRuler(view)
    canvas.set_picture(picture_with_click(OctaveTransform(RATE), 9, 1000, 3))
    for widget, box in ((canvas, (7, 31, 333, 217)), (ruler, (7, 3, 333, 28))):
        widget.setParent(window)
        widget.setGeometry(*box)
    drawn = []
    for widget, draw in ((canvas, "_draw_picture"), (ruler, "_draw_ticks")):
        before = getattr(widget, draw)
        setattr(widget, draw, lambda painter, before=before: (drawn.append(before), before(painter)))
    view.show(Box(0.1, 0.9, 3000, 20000))
    shown(window, 360, 260)
    for time_s in (0.3, 0.31, 0.7, 0.5):
        view.set_playhead(time_s)
        QApplication.processEvents()
    drawn.clear()
    view.set_playhead(0.6)
    QApplication.processEvents()
    assert not drawn
    kept = window.grab().toImage()
    assert not drawn
    for widget in (canvas, ruler):
        widget.update()
    drawn_again = window.grab().toImage()
    places = [(x, y) for x in range(kept.width()) for y in range(kept.height())]
    # At odd ratios an edge of a letter may be rounded otherwise.
    assert sum(kept.pixel(*place) != drawn_again.pixel(*place) for place in places) <= 5
    assert len(drawn) == 2
    canvas.set_colours(Colours("viridis"))
    assert window.grab().toImage() != kept


def test_what_stands_still_is_kept(qtbot):
    check_what_stands_still_is_kept()


@pytest.mark.parametrize("smooth", [False, True])
@pytest.mark.parametrize("seconds", [25.0, 3.0, 0.1])
def test_a_picture_that_is_moved_by_pixels_is_as_one_drawn_anew(smooth, seconds):
    random = np.random.default_rng(2)
    pyramid = Pyramid(OctaveTransform(RATE).bands, RATE, LENGTH)
    for tile in range(pyramid.tiles):
        noise = [random.integers(1, 255, codes.shape, np.uint8) for codes in silence(pyramid, tile)]
        pyramid.put(tile, noise)
    moved = Viewport()
    moved.pyramid, moved.smooth = pyramid, smooth
    axis, width = FrequencyAxis(20.0, RATE / 2), 300
    span = round(seconds * RATE / width) * width + width / 2**10  # edges that sums hit exactly
    start = LENGTH / 2 - span / 2
    per_column = span / width
    for by in (0, 1, -1, 40, -290, 299, 301, 17, 600, -1500):
        start += by * per_column
        place = Place(axis, start, start + span, width, 120)
        anew = Viewport()
        anew.pyramid, anew.smooth = pyramid, smooth
        assert (moved.codes(place) == anew.codes(place)).all()


@pytest.fixture
def canvas(qtbot) -> PictureCanvas:
    canvas = PictureCanvas(open_view(), "Octaves")
    qtbot.addWidget(canvas)
    canvas.set_picture(picture_with_click(OctaveTransform(RATE), 9, 1000, 3))
    shown(canvas, 800, 400)
    return canvas


@pytest.fixture
def view(canvas) -> View:
    return canvas._view


class TestHands:
    def test_ctrl_wheel_zooms_time_about_the_pointer(self, canvas, view):
        before = canvas.time_at(300)
        wheel(canvas, 300, 100, QPoint(0, 240), Qt.KeyboardModifier.ControlModifier)
        assert view.span_s == pytest.approx(20 / 2 ** (2 / 3))
        assert canvas.time_at(300) == pytest.approx(before)

    @pytest.mark.parametrize("turn", [QPoint(0, 240), QPoint(240, 0)])  # X11 turns the wheel's axis with Alt
    def test_alt_wheel_zooms_frequency_about_the_pointer(self, canvas, view, turn):
        before, times = canvas.frequency_at(100), view.range[:2]
        wheel(canvas, 300, 100, turn, Qt.KeyboardModifier.AltModifier)
        assert view.range.high_hz / view.range.low_hz < 500
        assert canvas.frequency_at(100) == pytest.approx(before)
        assert view.range[:2] == times

    def test_wheels_scroll(self, canvas, view):
        view.show(Box(5, 10, 100, 1000))
        wheel(canvas, 300, 100, QPoint(0, 120))
        assert view.range.low_hz > 100
        wheel(canvas, 300, 100, QPoint(0, -120), Qt.KeyboardModifier.ShiftModifier)
        assert view.range.start_s == pytest.approx(5.5)
        wheel(canvas, 300, 100, QPoint(120, 0))
        assert view.range.start_s == pytest.approx(5)
        assert view.span_s == pytest.approx(5)

    def test_fingers_scroll_both_ways_by_pixels_at_once(self, canvas, view, monkeypatch):
        monkeypatch.setattr(View, "glide", True)
        view.show(Box(5, 10, 100, 1000))
        held = canvas.time_at(300), canvas.frequency_at(100)
        wheel(canvas, 300, 100, QPoint(17 * 8, -5 * 8), pixels=QPoint(17, -5))
        assert not view.gliding
        assert (canvas.time_at(317), canvas.frequency_at(95)) == pytest.approx(held)

    def test_a_pinch_zooms_time_about_the_fingers(self, canvas, view):
        before = canvas.time_at(300)
        event = QNativeGestureEvent(
            Qt.NativeGestureType.ZoomNativeGesture,
            QPointingDevice.primaryPointingDevice(),
            2,
            QPointF(300, 100),
            QPointF(300, 100),
            QPointF(300, 100),
            math.log(2),
            QPointF(),
        )
        QApplication.sendEvent(canvas, event)
        assert view.span_s == pytest.approx(10)
        assert canvas.time_at(300) == pytest.approx(before)

    def test_on_a_linear_axis_hands_are_as_true(self, canvas, view):
        canvas.set_linear(True)
        view.show(Box(5, 10, 1000, 9000))
        before = canvas.frequency_at(100)
        wheel(canvas, 300, 100, QPoint(0, 240), Qt.KeyboardModifier.AltModifier)
        assert canvas.frequency_at(100) == pytest.approx(before)
        drag(canvas, (300, 100), (300, 130), Qt.MouseButton.MiddleButton)
        assert canvas.frequency_at(130) == pytest.approx(before)
        drag(canvas, (100, 200), (300, 300))
        assert (canvas.y_of(view.selection.high_hz), canvas.y_of(view.selection.low_hz)) == pytest.approx(
            (200, 300)
        )

    def test_the_playhead_is_dragged(self, canvas, view, qtbot):
        asked = []
        canvas.scrubbed.connect(asked.append)
        canvas.scrub_ended.connect(lambda: asked.append("ended"))
        view.set_playhead(view.time_at(0.5))
        drag(canvas, (402, 50), (900, 60))
        assert asked == [pytest.approx(canvas.time_at(651)), 20.0, "ended"]
        assert view.selection is None

    def test_what_is_under_a_still_pointer_follows_the_view(self, canvas, view):
        mouse(canvas, QEvent.Type.MouseMove, 100, 50, Qt.MouseButton.NoButton)
        view.show(Box(5, 10, 100, 1000))
        assert view.cursor == (canvas.time_at(100), canvas.frequency_at(50))

    def test_middle_drag_pans_with_the_hand(self, canvas, view):
        view.show(Box(5, 10, 100, 1000))
        held = canvas.time_at(300), canvas.frequency_at(100)
        drag(canvas, (300, 100), (360, 130), Qt.MouseButton.MiddleButton)
        assert (canvas.time_at(360), canvas.frequency_at(130)) == pytest.approx(held)

    def test_a_click_asks_for_its_time(self, canvas, qtbot):
        with qtbot.waitSignal(canvas.seek_requested) as asked:
            qtbot.mouseClick(canvas, Qt.MouseButton.LeftButton, pos=QPoint(123, 50))
        assert asked.args == [pytest.approx(123.5 / 800 * 20)]

    def test_a_drag_selects_a_box_and_escape_clears_it(self, canvas, view, qtbot):
        with qtbot.assertNotEmitted(canvas.seek_requested):
            drag(canvas, (300, 300), (200, 100))
        box = view.selection
        assert (canvas.x_of(box.start_s), canvas.x_of(box.stop_s)) == pytest.approx((200, 300))
        assert (canvas.y_of(box.high_hz), canvas.y_of(box.low_hz)) == pytest.approx((100, 300))
        qtbot.keyClick(canvas, Qt.Key.Key_Escape)
        assert view.selection is None

    def test_a_level_drag_selects_all_frequencies(self, canvas, view):
        drag(canvas, (200, 100), (300, 101))
        assert view.selection[2:] == pytest.approx(view.range[2:])

    def test_a_selection_ends_with_the_file(self, canvas, view):
        view.show(Box(0.0, 19.9, 100, 1000))
        view.pan(5.0)
        drag(canvas, (400, 300), (900, 100))
        assert view.selection.stop_s == 20.0

    def test_a_double_click_clears(self, canvas, view, qtbot):
        view.select(Box(1, 2, 100, 200))
        qtbot.mouseDClick(canvas, Qt.MouseButton.LeftButton, pos=QPoint(100, 100))
        assert view.selection is None

    def test_shift_drag_zooms_to_a_box(self, canvas, view):
        wanted = view.time_at(200 / 800), view.time_at(300 / 800)
        drag(canvas, (200, 100), (300, 300), held=Qt.KeyboardModifier.ShiftModifier)
        assert view.range[:2] == pytest.approx(wanted)
        assert view.selection is None

    def test_the_pointer_is_the_cursor(self, canvas, view, qtbot):
        mouse(canvas, QEvent.Type.MouseMove, 100, 50, Qt.MouseButton.NoButton)
        assert view.cursor == (canvas.time_at(100), canvas.frequency_at(50))
        QApplication.sendEvent(canvas, QEvent(QEvent.Type.Leave))
        assert view.cursor is None

    def test_rulers_zoom_their_axis(self, view, qtbot):
        time, frequency = TimeRuler(view), FrequencyRuler(view)
        for ruler in (time, frequency):
            qtbot.addWidget(ruler)
        shown(time, 800, time.height())
        shown(frequency, frequency.width(), 400)
        before, hz = view.time_at(0.25), float(view.axis.frequency(0.75))
        wheel(time, 200, 5, QPoint(0, 120))
        wheel(frequency, 5, 100, QPoint(0, 120))
        assert view.place(before) == pytest.approx(0.25)
        assert view.axis.position(hz) == pytest.approx(0.75)
        assert view.span_s < 20
        assert view.range.low_hz > 20

    def test_a_drag_on_the_time_ruler_asks_for_times_within_the_file(self, view, qtbot):
        ruler, asked = TimeRuler(view), []
        qtbot.addWidget(ruler)
        shown(ruler, 800, ruler.height())
        ruler.seek_requested.connect(asked.append)
        ruler.scrubbed.connect(asked.append)
        ruler.scrub_ended.connect(lambda: asked.append("ended"))
        drag(ruler, (400, 5), (900, 5))
        assert asked == [10, 16.25, 20, "ended"]


class Watched(PictureCanvas):
    """A canvas that remembers what it was asked to repaint."""

    def __init__(self, *args):
        super().__init__(*args)
        self.painted: list[QRegion] = []

    def paintEvent(self, event):
        self.painted.append(event.region())
        super().paintEvent(event)


class TestDrawing:
    @pytest.fixture
    def watched(self, qtbot) -> Watched:
        canvas = Watched(open_view())
        qtbot.addWidget(canvas)
        canvas.set_picture(picture_with_click(OctaveTransform(RATE), 9, 1000, 3))
        shown(canvas, 800, 400)
        canvas.painted.clear()
        return canvas

    def area(self, canvas: Watched) -> int:
        """Pixels that were repainted."""
        QApplication.processEvents()
        area = 0
        for region in canvas.painted:
            mask = QImage(canvas.size(), QImage.Format.Format_Grayscale8)
            mask.fill(0)
            painter = QPainter(mask)
            painter.setClipRegion(region)
            painter.fillRect(mask.rect(), QColor(1, 1, 1))
            painter.end()
            area += sum(mask.constBits().asstring(mask.sizeInBytes()))
        canvas.painted.clear()
        return area

    def test_the_playhead_repaints_two_narrow_strips(self, watched):
        codes = watched._viewport._codes
        watched._view.set_playhead(3.0)
        assert 0 < self.area(watched) <= 2 * 8 * 400
        watched._view.set_playhead(3.0001)  # the same pixel
        assert self.area(watched) == 0
        assert watched._viewport._codes is codes

    def test_the_cursor_repaints_only_its_lines(self, watched):
        watched._view.set_cursor((3.0, 440.0))
        assert 0 < self.area(watched) <= 8 * 400 + 3 * 800
        watched._view.set_cursor((5.0, 880.0))
        assert 0 < self.area(watched) <= 2 * (8 * 400 + 3 * 800)

    def test_narrow_updates_draw_what_a_whole_one_does(self, watched):
        view = watched._view
        for time_s, hz in ((0.0, 440.0), (3.0, 440.0), (3.01, 450.0), (19.99, 21.0), (7.0, 440.0)):
            view.set_playhead(time_s)
            view.set_cursor((20 - time_s, hz))
            QApplication.processEvents()
            screen = watched.screen().grabWindow(watched.winId()).toImage()
            whole = watched.grab().toImage()
            assert screen.convertToFormat(whole.format()) == whole

    def test_colours_change_without_gathering(self, watched):
        codes = watched._viewport._codes
        before = watched.grab().toImage()
        watched.set_colours(Colours("viridis"))
        assert watched.grab().toImage() != before
        assert watched._viewport._codes is codes

    def test_tiles_that_come_in_are_drawn_together(self, watched, qtbot):
        for _ in range(20):
            watched.refresh(1.0, 2.0)
        assert self.area(watched) == 0
        qtbot.waitUntil(lambda: bool(watched.painted))
        qtbot.wait(100)
        assert len(watched.painted) == 1

    def test_while_many_tiles_come_in_they_are_drawn_less_and_less_often(self, watched, qtbot):
        coming = Pyramid(OctaveTransform(RATE).bands, RATE, LENGTH)
        coming.look(0, LENGTH, 100)
        watched.set_picture(coming)
        watched.refresh(1.0, 2.0)
        paces = [watched._refresh.interval()]
        for _ in range(3):
            qtbot.waitUntil(lambda: not watched._refresh.isActive())
            watched.refresh(1.0, 2.0)
            paces.append(watched._refresh.interval())
        assert paces == [0, 40, 80, 120]
        for tile in range(coming.tiles):
            coming.put(tile, silence(coming, tile))
        watched.refresh(1.0, 2.0)  # all is there
        assert watched._refresh.interval() == 0
        watched._view.show(Box(3.0, 4.0, 20, 20000))
        assert watched._pace_ms == 40

    def test_tiles_out_of_view_are_not_drawn(self, watched, qtbot):
        watched._view.show(Box(3.0, 4.0, 20, 20000))
        self.area(watched)
        watched.refresh(5.0, 6.0)
        qtbot.wait(100)
        assert self.area(watched) == 0

    @pytest.mark.parametrize("linear", [False, True])
    def test_harmonics_are_multiples_of_what_is_pointed_at(self, watched, linear):
        view = watched._view
        watched.set_linear(linear)
        view.show(Box(1, 2, 100, 2100))
        view.set_harmonics(True)
        view.set_cursor((1.5, 200.0))
        lines = watched._cursor()[1]
        numbers = range(1, 11 if linear else 1 + len(lines))
        assert lines[: len(numbers)] == pytest.approx([watched.y_of(200 * n) for n in numbers])
        assert len(lines) >= 10
        view.set_harmonics(False)
        assert watched._cursor()[1] == pytest.approx([watched.y_of(200)])

    @given(
        st.tuples(*[st.floats(-50, 450)] * 2),
        st.tuples(*[st.floats(-50, 350)] * 2),
        st.sampled_from([(400, 300), (300, 40), (60, 300)]),
    )
    @settings(deadline=None, max_examples=50)
    def test_what_a_box_measures_is_written_inside_the_canvas(self, qapp, across, along, size):
        canvas, written = PictureCanvas(open_view()), []
        canvas._write = lambda painter, plate, text: written.append((plate, text))
        canvas.resize(*size)
        x, y = sorted(across), sorted(along)
        picture = QImage(*size, QImage.Format.Format_RGB32)
        painter = QPainter(picture)
        canvas._write_at(painter, QRectF(x[0], y[0], x[1] - x[0], y[1] - y[0]), "Δt 500.0 ms")
        painter.end()
        for plate, _ in written:
            assert QRectF(canvas.rect()).contains(plate)
        assert len(written) == (size[0] > 100)

    @pytest.mark.parametrize("size", [(0, 0), (1, 1), (1, 300), (300, 1), (7, 13), (2000, 3)])
    @pytest.mark.parametrize("length", [0, 1, LENGTH])
    def test_nothing_breaks_the_paint(self, qtbot, size, length):
        # An exception while painting ends the process; pytest-qt fails the test for any.
        view = open_view(length)
        pyramid = Pyramid(OctaveTransform(RATE).bands, RATE, length)
        if length > 1:
            pyramid.put(1, silence(pyramid, 1))  # the others are missing
        for canvas in (
            PictureCanvas(view, "Octaves"),
            CurtainCanvas(view),
            Waveform(view),
            Overview(view),
            TimeRuler(view),
            FrequencyRuler(view),
            LevelLegend(),
        ):
            qtbot.addWidget(canvas)
            canvas.setMinimumSize(0, 0)
            canvas.setMaximumSize(5000, 5000)
            shown(canvas, *size)
            for picture in (pyramid, None, pyramid):
                for what in ("linear", "notes", "smooth"):
                    if hasattr(canvas, f"set_{what}"):
                        getattr(canvas, f"set_{what}")(picture is not None)
                view.set_harmonics(picture is not None)
                if hasattr(canvas, "set_picture"):
                    canvas.set_picture(picture)
                view.zoom_time(3, 1e-6)
                view.set_cursor((0.0, 440.0))
                view.select(Box(-5, 50, 1, 1e5))
                view.set_playhead(1e6)
                canvas.grab()
                view.set_playhead(0.0)
                view.fit()
                canvas.grab()
            mouse(canvas, QEvent.Type.MouseMove, 0, 0, Qt.MouseButton.NoButton)

    def test_panels_share_their_columns(self, qtbot):
        view = open_view()
        window = QWidget()
        qtbot.addWidget(window)
        layout = QVBoxLayout(window)
        one, other, ruler = PicturePanel(view), PicturePanel(view), TimeRuler(view)
        for widget in (one, Aligned(ruler), other):
            layout.addWidget(widget)
        shown(window, 700, 500)
        columns = {(w.mapTo(window, QPoint()).x(), w.width()) for w in (one.canvas, other.canvas, ruler)}
        assert len(columns) == 1

    def test_a_move_in_time_paints_nothing_that_stands_still(self, qtbot):
        view, painted = open_view(), []

        class Painted(QObject):
            def eventFilter(self, widget, event):
                if event.type() == QEvent.Type.Paint:
                    painted.append(type(widget))
                return False

        window, watch = QWidget(), Painted()
        qtbot.addWidget(window)
        layout = QVBoxLayout(window)
        panel = PicturePanel(view)
        panel.gutter.show()
        for widget in (Aligned(TimeRuler(view)), panel):
            layout.addWidget(widget)
        shown(window, 700, 500)
        for widget in (window, *window.findChildren(QWidget)):
            widget.installEventFilter(watch)
        view.show(Box(3, 9, 20, 22050))
        QApplication.processEvents()
        painted.clear()
        view.pan(0.5)
        QApplication.processEvents()
        assert set(painted) == {EditedCanvas, TimeRuler}
        view.zoom_frequency(2.0, 440.0, glide=False)
        QApplication.processEvents()
        assert {FrequencyRuler, OctaveGutter} <= set(painted)

    @pytest.mark.parametrize(
        ("window", "unknown"), [("#202020", UNKNOWN_ON_DARK), ("#eeeeee", UNKNOWN_ON_LIGHT)]
    )
    def test_what_is_unknown_suits_the_window(self, qapp, window, unknown):
        before = qapp.palette()
        try:
            qapp.setPalette(QPalette(QColor(window)))
            assert QColor(int(Colours().table[UNKNOWN])).getRgb()[:3] == unknown
        finally:
            qapp.setPalette(before)

    @pytest.mark.parametrize("name", COLOUR_MAPS)
    def test_every_map_grows_brighter_with_the_level(self, name):
        table = Colours(name, floor_db=-100, ceiling_db=0).table[40:241]
        red, green, blue = table >> 16 & 255, table >> 8 & 255, table & 255
        luminance = 0.2126 * red + 0.7152 * green + 0.0722 * blue
        assert (np.diff(luminance) > -1.5).all()
        assert luminance[-1] - luminance[0] > 150


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
            assert on_screen == overview.grab().toImage().convertToFormat(on_screen.format())

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
        assert overview.grab().toImage() == before  # the view goes before
        qtbot.waitUntil(lambda: overview.grab().toImage() != before)
        now = overview.grab().toImage()
        known = 1000 * coming.tile_length // LENGTH
        assert [now.pixel(x, 25) == before.pixel(x, 25) for x in (known - 100, known + 100)] == [False, True]
        overview.uncover()
        assert overview.grab().toImage().pixel(known + 100, 25) != before.pixel(known + 100, 25)

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
