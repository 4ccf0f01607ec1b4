"""The waveform: its envelope, its samples, and that it asks for what it needs and reads nothing."""

from __future__ import annotations

import math
from itertools import pairwise

import numpy as np
import pytest
from canvas_tools import LENGTH, RATE, drag, mouse, open_view, shown, wheel
from hypothesis import given
from hypothesis import strategies as st
from PyQt6.QtCore import QEvent, QPoint, Qt
from PyQt6.QtGui import QImage

from msviz.gui.canvas.colours import UNKNOWN_ON_DARK, UNKNOWN_ON_LIGHT, on_light
from msviz.gui.canvas.waveform import LEVELS, ON_DARK, ON_LIGHT, REBUILT, WAVE, ZERO, Waveform, _table
from msviz.gui.model.view import Box, View
from msviz.picture import CELL, NOTHING, Envelope, Wave
from msviz.picture.envelope import FULL_REACH

WAVES = {0xFF000000 | table[1] for table in (ON_DARK, ON_LIGHT)}
UNKNOWNS = {0xFF000000 | r << 16 | g << 8 | b for r, g, b in (UNKNOWN_ON_DARK, UNKNOWN_ON_LIGHT)}


class TestEnvelope:
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
        coarsest = CELL << len(envelope._steps) - 1
        cell = min(CELL << max(0, math.floor(math.log2(per_pixel / CELL))), coarsest)
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


class TestWave:
    @given(st.integers(2, 40), st.floats(-3, 30), st.floats(0.01, 0.99), st.integers(0, 20))
    def test_from_closest_a_column_reaches_as_far_as_the_line_in_it(self, count, start, per_column, at):
        samples = np.random.default_rng(count).uniform(-1, 1, count)
        wave = Wave(100)
        wave.hold(at, samples[np.newaxis])
        down, up = wave.reach(0, start, per_column, 50)
        assert ((up[1:] >= -down[:-1]) | (up[:-1] == NOTHING) | (up[1:] == NOTHING)).all()  # they meet
        for column in range(50):
            times = start + (column + np.linspace(0, 1, 201)) * per_column
            if times[-1] <= at or times[0] >= at + count - 1:
                assert (down[column], up[column]) == (NOTHING, NOTHING)
                continue
            line = np.interp(times, np.arange(at, at + count), samples)
            assert up[column] / FULL_REACH == pytest.approx(line.max(), abs=0.02)
            assert -down[column] / FULL_REACH == pytest.approx(line.min(), abs=0.02)

    def test_lanes_are_apart_and_samples_tell_more_than_the_envelope(self):
        wave = Wave(4 * CELL, 2)
        assert not wave
        wave.put(0, np.stack([np.full(4 * CELL, 0.5), np.linspace(-1, 1, 4 * CELL)]))
        assert wave
        assert (wave.reach(0, 0, CELL / 2, 8)[1] == round(0.5 * FULL_REACH)).all()
        coarse = wave.reach(1, 0, CELL / 2, 8)[1] / FULL_REACH
        assert coarse[::2] == pytest.approx(coarse[1::2])  # no finer than a cell
        wave.hold(0, np.stack([np.zeros(4 * CELL), np.linspace(-1, 1, 4 * CELL)]))
        fine = wave.reach(1, 0, CELL / 2, 8)[1] / FULL_REACH
        assert fine == pytest.approx(np.arange(1, 9) / 4 - 1, abs=0.01)


@pytest.fixture
def waveform(qtbot) -> Waveform:
    waveform = Waveform(open_view())
    qtbot.addWidget(waveform)
    shown(waveform, 800, 101)
    return waveform


def saw(start: int, stop: int) -> np.ndarray:
    """From -1 to 1 in 100 samples, again and again; any stretch of it, of one channel."""
    return np.arange(start, stop)[np.newaxis] % 100 / 50 - 1


def square(height: float) -> np.ndarray:
    """From one side to the other a hundred times a second, all of the track."""
    return np.where(np.arange(LENGTH) // 220 % 2, height, -height)


def colours(waveform: Waveform, codes: list[int]) -> list[int]:
    return _table(on_light(waveform.palette()))[codes].tolist()


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

    def test_lines_are_smooth(self, waveform):
        waveform.samples_wanted.connect(lambda a, b: waveform.set_samples(a, np.full((1, b - a), 0.3)))
        waveform._view.show(Box(5, 5 + 400 / RATE, 20, 20000))
        # At 50.5 - 0.3 * 49.5 = 35.65, 1.2 wide: 0.95 of the row 35 and 0.25 of the next.
        assert pixels(waveform)[34:38, 300].tolist() == colours(waveform, [0, 7 * WAVE, 2 * WAVE, 0])
        assert pixels(waveform)[50, 300] == colours(waveform, [ZERO])[0]

    def test_channels_have_lanes_of_their_own(self, waveform):
        told = []
        waveform.lanes_changed.connect(lambda: told.append(waveform.lanes))
        waveform.open(["left", "right"])
        assert told == [2]
        waveform.put(0, np.stack([square(0.49), square(0.25)]))
        waveform._redraw()
        rows = np.flatnonzero(np.isin(pixels(waveform)[:, 400], list(WAVES)))
        # Lanes of 50 and 51 rows, so middles at 25 and 75.5, full scale 24 and 24.5 from them.
        assert rows.tolist() == [*range(13, 37), *range(69, 82)]

    @pytest.mark.parametrize("span", [20, 0.5, 400 / RATE, 40 / RATE])
    @pytest.mark.parametrize(
        ("loudest", "red"), [(1.0, True), (1.5, True), (32767 / 32768, True), (0.999, False)]
    )
    def test_what_is_clipped_is_red_at_its_ends(self, waveform, span, loudest, red):
        reds = {0xFF000000 | inks.clipped for inks in (ON_DARK, ON_LIGHT)}
        high = 0.5 * np.ones((1, LENGTH))
        high[:, 5 * RATE :] = loudest
        waveform.samples_wanted.connect(lambda a, b: waveform.set_samples(a, high[:, a:b]))
        waveform.put(0, high)
        waveform._view.show(Box(5 - span / 2, 5 + span / 2, 20, 20000))
        seen = np.isin(pixels(waveform)[:, :600], list(reds))
        left = waveform.x_of(5) - 6  # a dot is round
        assert not seen[:, : int(left)].any()
        if not red:
            assert not seen.any()
            return
        assert seen[:3, 420:].all()
        assert not seen[10:, 420:].any()  # only above, as below it is not

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


class TestRebuilt:
    """What is drawn of it; who reads it is tested with the window."""

    @pytest.fixture
    def both(self, waveform) -> Waveform:
        waveform.put(0, square(0.5)[np.newaxis])
        waveform.start_rebuilt(altered=True)
        waveform.put_rebuilt(0, square(0.25)[np.newaxis])
        waveform._redraw()
        return waveform

    def rows(self, waveform, code, column=200) -> list[int]:
        return np.flatnonzero(pixels(waveform)[:, column] == colours(waveform, [code])).tolist()

    def test_it_lies_over_the_track_in_a_colour_of_its_own(self, both):
        # 50.5 -+ 0.25 * 49.5 and 50.5 -+ 0.5 * 49.5.
        assert self.rows(both, LEVELS * (WAVE + REBUILT)) == [*range(38, 63)]
        assert self.rows(both, LEVELS * WAVE) == [*range(25, 38), *range(63, 76)]

    def test_louder_than_the_track_it_stands_out(self, both):
        both.start_rebuilt(altered=True)
        both.put_rebuilt(0, square(0.75)[np.newaxis])
        both._redraw()
        assert self.rows(both, LEVELS * (WAVE + REBUILT)) == [*range(25, 76)]
        assert self.rows(both, LEVELS * REBUILT) == [*range(13, 25), *range(76, 88)]

    def test_the_legend_is_there_when_it_is(self, both):
        plate = pixels(both)[:18, 650:].copy()
        both.set_rebuilt_shown(False)
        assert self.rows(both, LEVELS * WAVE) == [*range(25, 76)]
        assert len(np.unique(pixels(both)[:18, 650:])) < len(np.unique(plate))

    def test_what_is_not_altered_is_drawn_only_over_single_samples(self, both):
        view, even = both._view, np.full((1, LENGTH), 20 / 49.5)  # all of row 30
        both.start_rebuilt(altered=False)
        both.put_rebuilt(0, square(0.25)[np.newaxis])
        both.samples_wanted.connect(lambda a, b: both.set_samples(a, even[:, a:b]))
        both._redraw()
        for span, drawn in ((20, False), (0.5, False), (400 / RATE, True)):
            view.show(Box(5, 5 + span, 20, 20000))
            start, stop = both.seen
            both.set_rebuilt(start, even[:, start:stop])
            assert both.wants_rebuilt is drawn
            codes = {LEVELS * WAVE: not drawn, LEVELS * (WAVE + REBUILT): drawn}
            assert {code: bool(self.rows(both, code)) for code in codes} == codes

    def test_from_close_the_old_stays_until_the_new_is_there(self, both):
        both._view.show(Box(5, 5.001, 20, 20000))
        start, stop = both.seen
        both.set_samples(start, np.full((1, stop - start), 0.5))
        for row in (45, 35):
            both.set_rebuilt(start, np.full((1, stop - start), (50 - row) / 49.5))
            both.start_rebuilt(altered=True)
            assert self.rows(both, LEVELS * REBUILT) == [row]


def test_measurements_never_cover_the_lanes(waveform, monkeypatch):
    waveform._view.select(Box(0.2, 0.4, 20.0, 20000.0))
    texts = []
    monkeypatch.setattr(Waveform, "_write", lambda _, painter, plate, text: texts.append(text))
    waveform.grab()
    assert texts == []
