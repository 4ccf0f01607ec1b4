"""The waveform: its envelope, its samples, and that it asks for what it needs and reads nothing."""

from __future__ import annotations

import math
from itertools import pairwise

import numpy as np
import pytest
from canvas_tools import LENGTH, RATE, drag, mouse, open_view, shown, wheel
from hypothesis import given, settings
from hypothesis import strategies as st
from PyQt6.QtCore import QEvent, QPoint, Qt
from PyQt6.QtGui import QImage

from msviz.gui.colours import UNKNOWN_ON_DARK, UNKNOWN_ON_LIGHT
from msviz.gui.view import Box, View
from msviz.gui.waveform import ON_DARK, ON_LIGHT, Waveform
from msviz.picture import CELL, NOTHING, Envelope
from msviz.picture.envelope import FULL_REACH

WAVES = {0xFF000000 | table[1] for table in (ON_DARK, ON_LIGHT)}
UNKNOWNS = {0xFF000000 | r << 16 | g << 8 | b for r, g, b in (UNKNOWN_ON_DARK, UNKNOWN_ON_LIGHT)}


class TestEnvelope:
    @settings(deadline=None)
    @given(
        st.integers(1, 20_000),
        st.lists(st.integers(1, 20_000), max_size=5),
        st.floats(-0.2, 1),
        st.floats(0.001, 1.4),
        st.integers(1, 60),
        st.randoms(use_true_random=False),
    )
    def test_a_column_reaches_as_far_as_its_samples(self, length, cuts, at, span, width, random):
        samples = np.random.default_rng(length).uniform(-1, 1, length)
        envelope = Envelope(length)
        edges = sorted({0, length, *(cut for cut in cuts if cut < length)})
        pieces = list(pairwise(edges))
        random.shuffle(pieces)
        for start, stop in pieces:
            envelope.put(start, samples[start:stop])
        start, stop = at * length, (at + span) * length
        down, up = envelope.columns(start, stop, width).astype(int)
        per_pixel = (stop - start) / width
        cell = CELL << max(0, math.floor(math.log2(per_pixel / CELL)))
        for column in range(width):
            left, right = start + column * per_pixel, start + (column + 1) * per_pixel
            if right <= 0 or left >= length:
                assert (down[column], up[column]) == (NOTHING, NOTHING)
                continue
            first, last = math.floor(left / cell) * cell, math.ceil(right / cell) * cell
            covered = samples[max(0, first) : last]
            assert abs(-down[column] / FULL_REACH - covered.min()) <= 1 / FULL_REACH
            assert abs(up[column] / FULL_REACH - covered.max()) <= 1 / FULL_REACH

    def test_what_was_not_put_is_unknown_and_what_is_too_loud_is_full(self):
        envelope = Envelope(10 * CELL)
        assert (envelope.columns(0, 10 * CELL, 10) == NOTHING).all()
        envelope.put(2 * CELL, np.full(CELL, 7.0))
        down, up = envelope.columns(0, 10 * CELL, 10)
        assert (up != NOTHING).nonzero()[0].tolist() == [2]
        assert (down[2], up[2]) == (-FULL_REACH, FULL_REACH)

    def test_three_hours_are_small(self):
        envelope = Envelope(3 * 3600 * 44100)
        assert sum(step.nbytes for step in envelope._steps) < 16 << 20


@pytest.fixture
def waveform(qtbot) -> Waveform:
    waveform = Waveform(open_view())
    qtbot.addWidget(waveform)
    shown(waveform, 800, 101)
    return waveform


def saw(start: int, stop: int) -> np.ndarray:
    """From -1 to 1 in 100 samples, again and again; any stretch of it, of one channel."""
    return np.arange(start, stop)[np.newaxis] % 100 / 50 - 1


def pixels(waveform: Waveform) -> np.ndarray:
    image = waveform.grab().toImage().convertToFormat(QImage.Format.Format_RGB32)
    memory = np.asarray(image.constBits().asarray(image.sizeInBytes())).view(np.uint32)
    return memory.reshape(image.height(), image.width()).copy()


def extents(waveform: Waveform) -> list[tuple[int, int] | None]:
    """The rows that the wave covers in each column."""
    drawn = np.isin(pixels(waveform), list(WAVES))
    rows = [np.flatnonzero(column) for column in drawn.T]
    return [(int(row[0]), int(row[-1])) if len(row) else None for row in rows]


class TestWaveform:
    def test_zoomed_out_each_column_reaches_as_far_as_its_samples(self, waveform):
        waveform.put(0, 0.5 * saw(0, LENGTH // 2))
        waveform._redraw()
        first, last = extents(waveform)[10], extents(waveform)[700]
        assert first == pytest.approx((25, 75), abs=1)
        assert last is None
        assert int(pixels(waveform)[20, 700]) in UNKNOWNS
        waveform.put(LENGTH // 2, np.zeros((1, LENGTH - LENGTH // 2)))
        waveform._redraw()
        assert np.ptp(extents(waveform)[700]) <= 1

    def test_from_close_it_asks_once_for_a_stretch_around_the_view(self, waveform, qtbot):
        view = waveform._view
        with qtbot.assertNotEmitted(waveform.samples_wanted):
            view.show(Box(2, 8, 20, 20000))  # 330 samples a pixel
        with qtbot.waitSignal(waveform.samples_wanted) as asked:
            view.show(Box(5, 5.5, 20, 20000))
        start, stop = asked.args
        assert start <= 4.8 * RATE
        assert stop >= 5.7 * RATE
        with qtbot.assertNotEmitted(waveform.samples_wanted):
            view.pan(0.1)
            waveform.set_samples(start, saw(start, stop))
            view.pan(0.1)
            view.zoom_time(100, 5.4)
        with qtbot.waitSignal(waveform.samples_wanted):
            view.pan(2.0)

    def test_while_it_glides_it_asks_for_where_it_goes(self, waveform, qtbot, monkeypatch):
        monkeypatch.setattr(View, "glide", True)
        with qtbot.waitSignal(waveform.samples_wanted) as asked:
            waveform._view.show(Box(5, 5.1, 20, 20000), glide=True)
        assert waveform._view.gliding
        assert asked.args[1] - asked.args[0] < RATE

    def test_it_never_asks_beyond_the_file(self, waveform, qtbot):
        with qtbot.waitSignal(waveform.samples_wanted) as asked:
            waveform._view.show(Box(19.9, 20.05, 20, 20000))
        assert asked.args[1] == LENGTH

    @pytest.mark.parametrize("seconds", [0.5, 0.05])
    def test_from_close_columns_are_of_samples(self, waveform, seconds):
        view = waveform._view
        waveform.samples_wanted.connect(lambda a, b: waveform.set_samples(a, 0.8 * saw(a, b)))
        view.show(Box(5, 5 + seconds, 20, 20000))
        per_pixel = seconds * RATE / 800
        for column, rows in enumerate(extents(waveform)):
            edges = 5 * RATE + column * per_pixel, 5 * RATE + (column + 1) * per_pixel
            values = 0.8 * saw(math.ceil(edges[0]), math.ceil(edges[1]))
            top, bottom = (50.5 - 49.5 * value for value in (values.max(), values.min()))
            assert rows[0] <= top + 2  # a sample on the edge may be the neighbour's
            assert rows[1] >= bottom - 2.5

    def test_columns_meet(self, waveform):
        view = waveform._view
        waveform.samples_wanted.connect(
            lambda a, b: waveform.set_samples(a, np.where(np.arange(a, b)[np.newaxis] // 300 % 2, 0.7, -0.7))
        )
        view.show(Box(5, 5.1, 20, 20000))
        drawn = extents(waveform)
        assert all(a[0] <= b[1] + 1 and b[0] <= a[1] + 1 for a, b in pairwise(drawn))

    def test_from_closest_samples_are_dots_at_their_time(self, waveform):
        view = waveform._view
        waveform.put(0, saw(0, LENGTH))
        waveform.samples_wanted.connect(lambda a, b: waveform.set_samples(a, 0.8 * saw(a, b)))
        view.show(Box(5, 5 + 10 / RATE, 20, 20000))
        drawn = extents(waveform)
        for sample in range(1, 9):
            x = math.floor(waveform.x_of(5 + sample / RATE))
            y = 50.5 - 49.5 * 0.8 * saw(5 * RATE + sample, 5 * RATE + sample + 1)[0, 0]
            assert np.mean(drawn[x]) == pytest.approx(y - 0.5, abs=1.5)
            assert np.ptp(drawn[x]) >= 2
        assert max(np.ptp(rows) for rows in drawn if rows) <= 6  # and nothing of the envelope is left

    def test_a_track_starts_with_nothing(self, waveform):
        waveform.put(0, saw(0, LENGTH))
        waveform._view.open(RATE, LENGTH, 20, RATE / 2)
        waveform.open()
        assert set(extents(waveform)) == {None}

    def test_hands_know_only_time(self, waveform, qtbot):
        view = waveform._view
        mouse(waveform, QEvent.Type.MouseMove, 200, 50, Qt.MouseButton.NoButton)
        assert view.cursor == (waveform.time_at(200), None)
        drag(waveform, (200, 20), (300, 80))
        assert view.selection == pytest.approx((*map(view.time_at, (0.25, 0.375)), *view.range[2:]))
        with qtbot.waitSignal(waveform.seek_requested):
            qtbot.mouseClick(waveform, Qt.MouseButton.LeftButton, pos=QPoint(123, 50))
        wheel(waveform, 300, 50, QPoint(0, 120))
        assert view.span_s < 20
        assert view.range[2:] == view.full[2:]
