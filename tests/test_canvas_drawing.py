"""What a canvas paints, and how little of it again."""

from __future__ import annotations

import numpy as np
import pytest
from canvas_tools import LENGTH, RATE, mouse, open_view, picture_with_click, shown, silence
from hypothesis import given, settings
from hypothesis import strategies as st
from picture_tools import assert_same_picture
from PyQt6.QtCore import QEvent, QObject, QPoint, QRectF, Qt
from PyQt6.QtGui import QColor, QImage, QPainter, QPalette, QRegion
from PyQt6.QtWidgets import QApplication, QVBoxLayout, QWidget
from track_tools import opened_state

from msviz.gui.canvas.colours import UNKNOWN_ON_DARK, UNKNOWN_ON_LIGHT, Colours
from msviz.gui.canvas.curtain import CurtainCanvas
from msviz.gui.canvas.edited import EditedCanvas
from msviz.gui.canvas.gutter import OctaveGutter
from msviz.gui.canvas.marks import draw_playhead
from msviz.gui.canvas.overview import Overview
from msviz.gui.canvas.picture_canvas import PictureCanvas
from msviz.gui.canvas.rulers import FrequencyRuler, LevelLegend, TimeRuler
from msviz.gui.canvas.waveform import ON_DARK, ON_LIGHT, Waveform
from msviz.gui.model.view import Box
from msviz.gui.panels.picture_panel import Aligned, PicturePanel
from msviz.picture import COLOUR_MAPS, UNKNOWN, Pyramid
from msviz.transform import OctaveTransform


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
        codes = watched._viewport._cache._pixels
        watched._view.set_playhead(3.0)
        assert 0 < self.area(watched) <= 2 * 8 * 400
        watched._view.set_playhead(3.0001)  # the same pixel
        assert self.area(watched) == 0
        assert watched._viewport._cache._pixels is codes

    def test_a_hidden_canvas_ignores_the_playhead_and_shows_it_when_it_is_shown(self, watched, monkeypatch):
        moved = []
        monkeypatch.setattr(watched, "_move_over", lambda *where: moved.append(where))
        watched.hide()
        watched._view.set_playhead(3.0)
        assert not moved
        watched.show()
        QApplication.processEvents()
        assert watched._drawn_playhead == watched.x_of(3.0)
        watched._view.set_playhead(4.0)
        assert len(moved) == 1

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
            assert_same_picture(screen.convertToFormat(whole.format()), whole)

    def test_colours_change_without_gathering(self, watched):
        codes = watched._viewport._cache._pixels
        before = watched.grab().toImage()
        watched.set_colours(Colours("viridis"))
        assert watched.grab().toImage() != before
        assert watched._viewport._cache._pixels is codes

    def test_tiles_that_come_in_are_drawn_together(self, watched, qtbot):
        for _ in range(20):
            watched.refresh(1.0, 2.0)
        assert self.area(watched) == 0
        qtbot.waitUntil(lambda: bool(watched.painted))
        assert not watched._refresh.isActive()
        QApplication.processEvents()
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

    def test_tiles_out_of_view_are_not_drawn(self, watched):
        watched._view.show(Box(3.0, 4.0, 20, 20000))
        self.area(watched)
        watched.refresh(5.0, 6.0)
        assert not watched._refresh.isActive()
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
        st.sampled_from([(400, 300), (400, 50), (300, 40), (200, 90), (60, 300)]),
        st.sampled_from(["", "Octaves"]),
    )
    @settings(max_examples=50)
    def test_what_a_box_measures_is_written_inside_the_canvas_beside_its_title(
        self, qapp, across, along, size, title
    ):
        canvas, written = PictureCanvas(open_view(), title), []
        canvas._write = lambda painter, plate, text: written.append((plate, text))
        canvas.resize(*size)
        x, y = sorted(across), sorted(along)
        picture = QImage(*size, QImage.Format.Format_RGB32)
        painter = QPainter(picture)
        canvas._write_at(painter, QRectF(x[0], y[0], x[1] - x[0], y[1] - y[0]), "Δt 500.0 ms")
        titles = [plate for plate, _ in canvas._titles(painter)]
        painter.end()
        for plate, _ in written:
            assert QRectF(canvas.rect()).contains(plate)
            assert not any(plate.intersects(each) for each in titles)
        assert len(written) == (size[0] > 100) or (title and size[1] <= 50)

    @pytest.mark.parametrize(
        ("width", "told"),
        [
            (600, "Δt 500.0 ms · 120.0 bpm   Δf 110.0 Hz · 7.020 semitones"),
            (300, "Δt 500.0 ms · 120.0 bpm   Δf 110.0 Hz"),
            (200, "Δt 500.0 ms · 120.0 bpm"),
            (120, "Δt 500.0 ms"),
        ],
    )
    def test_of_what_a_box_measures_the_last_is_left_out_where_there_is_no_room(self, qapp, width, told):
        canvas, written = PictureCanvas(open_view()), []
        canvas._write = lambda painter, plate, text: written.append(text)
        canvas.resize(width, 300)
        picture = QImage(width, 300, QImage.Format.Format_RGB32)
        painter = QPainter(picture)
        whole = "Δt 500.0 ms · 120.0 bpm   Δf 110.0 Hz · 7.020 semitones"
        canvas._write_at(painter, QRectF(10, 100, 20, 50), whole)
        painter.end()
        assert written == [told]

    @pytest.mark.parametrize("kind", [PictureCanvas, CurtainCanvas])
    def test_titles_are_written_over_lines(self, qtbot, kind):
        view = open_view()
        canvas = kind(view)
        qtbot.addWidget(canvas)
        shown(canvas, 400, 300)
        if isinstance(canvas, CurtainCanvas):
            canvas.set_titles("Octaves", "STFT")
        canvas.set_title("Octaves")
        canvas.set_picture(picture_with_click(OctaveTransform(RATE), 9, 1000, 3))

        image = QImage(8, 8, QImage.Format.Format_RGB32)
        painter = QPainter(image)
        plate = canvas._titles(painter)[0][0].toRect()
        painter.end()
        x = plate.left() + 3

        def beside_the_writing():
            grabbed = canvas.grab().toImage()
            return max(grabbed.pixelColor(x, y).lightness() for y in range(plate.top() + 1, plate.bottom()))

        time_s = canvas.time_at(x)
        bare = beside_the_writing()
        view.select(Box(time_s, time_s + 5, 20.0, 22050.0))
        view.set_cursor((time_s, 440.0))
        assert beside_the_writing() < bare + 130

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
        one, other, ruler = (
            PicturePanel(opened_state(view)),
            PicturePanel(opened_state(view)),
            TimeRuler(view),
        )
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
        panel = PicturePanel(opened_state(view))
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


def contrast(one: float, other: float) -> float:
    """The contrast ratio of two luminances, as WCAG defines it."""
    return (max(one, other) + 0.05) / (min(one, other) + 0.05)


def relative_luminance(rgb: int) -> float:
    channels = [(rgb >> shift & 255) / 255 for shift in (16, 8, 0)]
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


@pytest.mark.parametrize("ratio", [1.0, 2.0])
def test_the_playhead_stands_out_on_every_ground(qapp, ratio):
    grounds = [*range(0, 0x1000000, 0x111111), 0x40F0FF, 0x00FF00, 0xFF0000, 0x0000FF]
    grounds += [int(colour) & 0xFFFFFF for name in COLOUR_MAPS for colour in Colours(name).table[::8]]
    grounds += [ink for inks in (ON_DARK, ON_LIGHT) for ink in inks]
    for ground in grounds:
        image = QImage(40, 8, QImage.Format.Format_RGB32)
        image.fill(ground)
        image.setDevicePixelRatio(ratio)
        painter = QPainter(image)
        draw_playhead(painter, 20 / ratio, 8 / ratio, ratio)
        painter.end()
        line = [image.pixel(x, 4) & 0xFFFFFF for x in range(40)]
        assert line[: 20 - 2 * int(ratio)] + line[20 + 3 * int(ratio) :] == [ground] * int(40 - 5 * ratio)
        apart = [contrast(relative_luminance(each), relative_luminance(ground)) > 2.2 for each in line]
        assert sum(apart) >= 2 * ratio, f"{ground:06x}"
