"""Edits by hand: octaves and boxes, their pictures, their undoing, and that they are heard."""

import dataclasses
import math

import numpy as np
import pytest
from canvas_tools import drag, mouse, open_view, shown, wheel
from PyQt6.QtCore import QEvent, QPoint, QPointF, Qt
from PyQt6.QtGui import QColor
from track_tools import open_in, opened_state

from msviz.gui.canvas.edited import EditedCanvas, muted_octaves
from msviz.gui.canvas.gutter import CELL, OctaveGutter
from msviz.gui.model.editing import Editing
from msviz.gui.model.gains import HIGHEST_DB, SOFTEST_DB, gain_text, limited, moved
from msviz.gui.model.parameters import Parameters
from msviz.gui.model.view import Box, box_of
from msviz.transform import OctaveTransform
from msviz.transform.edits import BoxEdit, Edits, OctaveEdit

RATE = 44100
OCTAVES = OctaveTransform(RATE).octaves
BOX = Box(2.0, 4.0, 300.0, 900.0)


@pytest.fixture
def view(qapp):
    return open_view()


@pytest.fixture
def track(view):
    return opened_state(view)


@pytest.fixture
def editing(track):
    return Editing(track)


def number_of(hz):
    return next(octave.index for octave in OCTAVES if octave.low <= hz < octave.high)


# Octaves


@pytest.mark.parametrize(("do", "what"), [(Editing.mute, "muted"), (Editing.solo, "soloed")])
def test_the_octave_under_the_pointer_is_muted_or_soloed_and_once_more_it_is_not(view, editing, do, what):
    view.set_cursor((1.0, 1000.0))
    do(editing)
    assert [getattr(octave, what) for octave in editing.track.edits.octaves] == [
        number == number_of(1000.0) for number in range(len(OCTAVES))
    ]
    do(editing)
    assert not editing.track.edits


def test_without_a_pointer_it_is_the_octave_of_the_selection(view, editing):
    view.select(Box(1.0, 2.0, 400.0, 500.0))
    editing.mute()
    assert [n for n, octave in enumerate(editing.track.edits.octaves) if octave.muted] == [number_of(450.0)]


def test_with_neither_it_says_what_to_do(editing, qtbot):
    for do in (editing.mute, editing.solo, lambda: editing.step_gain(1.0)):
        with qtbot.waitSignal(editing.message):
            do()
    assert not editing.track.edits


def test_gains_of_one_octave_are_one_step_back_those_of_two_are_two(view, editing):
    for hz, steps in ((1000.0, 3), (100.0, 2)):
        view.set_cursor((1.0, hz))
        for _ in range(steps):
            editing.step_gain(1.0)
    assert editing.track.edits.octaves[number_of(1000.0)].gain_db == 3
    assert editing.track.edits.octaves[number_of(100.0)].gain_db == 2
    editing.steps.undo()
    assert editing.track.edits.octaves[number_of(100.0)].gain_db == 0
    assert editing.track.edits.octaves[number_of(1000.0)].gain_db == 3
    editing.steps.undo()
    assert not editing.track.edits
    editing.steps.redo()
    assert editing.track.edits.octaves[number_of(1000.0)].gain_db == 3


@pytest.mark.parametrize("fmin", [80.0, 5.0])
def test_octaves_that_stay_keep_their_edits_where_others_come_or_go(editing, fmin):
    editing.change_octave(number_of(1000.0), "muted", True)
    others = OctaveTransform(RATE, fmin=fmin).octaves
    editing.track.set_parameters(Parameters(fmin=fmin))
    assert len(editing.track.edits.octaves) == len(others) != len(OCTAVES)
    muted = [others[number] for number, octave in enumerate(editing.track.edits.octaves) if octave.muted]
    assert [(octave.low, octave.high) for octave in muted] == [
        (OCTAVES[number_of(1000.0)].low, OCTAVES[number_of(1000.0)].high)
    ]
    editing.steps.undo()  # it could not be told of which octaves
    assert len(editing.track.edits.octaves) == len(others)


@pytest.mark.parametrize("fmin", [80.0, 5.0])
def test_an_undone_octave_is_not_redone_in_another_one(editing, fmin):
    editing.change_octave(number_of(1000.0), "muted", True)
    editing.steps.undo()
    editing.track.set_parameters(Parameters(fmin=fmin))
    editing.steps.redo()
    assert not editing.track.edits


@pytest.mark.parametrize(
    ("octaves", "silent"),
    [
        ((), []),
        ((OctaveEdit(muted=True), OctaveEdit(), OctaveEdit(gain_db=-math.inf)), [0, 2]),
        ((OctaveEdit(), OctaveEdit(soloed=True, muted=True)), [1]),
    ],
)
def test_which_octaves_are_silent(octaves, silent):
    assert muted_octaves(Edits(octaves=octaves)) == silent


# Boxes


def test_boxes_are_removed_changed_and_taken_back(view, editing):
    view.select(BOX)
    editing.remove()
    assert editing.track.edits.boxes == (BoxEdit(*BOX, gain_db=-math.inf),)
    editing.set_gain(6.0, "a box's gain")
    assert editing.track.edits.boxes == (BoxEdit(*BOX, gain_db=6.0),)  # one box, not two over each other
    view.select(BOX._replace(start_s=6.0, stop_s=7.0))
    editing.remove()
    assert len(editing.track.edits.boxes) == 2
    editing.drop()
    assert [box_of(edit) for edit in editing.track.edits.boxes] == [BOX]
    editing.clear()
    assert editing.track.edits == Edits()
    for boxes in (1, 2, 1, 1, 0):
        editing.steps.undo()
        assert len(editing.track.edits.boxes) == boxes
    assert not editing.steps.canUndo()


def test_a_selection_is_soloed_and_then_no_longer(view, editing):
    view.select(BOX)
    editing.toggle_solo()
    assert editing.track.edits == Edits(boxes=(BoxEdit(*BOX, gain_db=0.0, soloed=True),))
    editing.set_gain(3.0, "")
    assert editing.track.edits == Edits(boxes=(BoxEdit(*BOX, gain_db=3.0, soloed=True),))
    editing.toggle_solo()
    assert editing.track.edits == Edits(boxes=(BoxEdit(*BOX, gain_db=3.0),))
    editing.steps.undo()
    editing.drop()
    assert editing.track.edits == Edits()


def test_soloed_a_silenced_selection_is_heard_and_then_silent_again(view, editing):
    view.select(BOX)
    editing.remove()
    silenced = editing.track.edits
    editing.toggle_solo()
    assert editing.track.edits.soloed == editing.track.edits.boxes
    assert not editing.track.edits.boxes[0].silenced
    editing.toggle_solo()
    assert editing.track.edits == silenced
    editing.toggle_solo()
    editing.remove()  # whoever silences what is soloed does not want to hear it
    assert editing.track.edits == silenced


def test_every_solo_is_cleared_at_once(view, editing):
    view.select(BOX)
    editing.toggle_solo()
    view.select(BOX._replace(start_s=6.0, stop_s=7.0))
    editing.set_gain(-6.0, "")
    editing.toggle_solo()
    editing.change_octave(3, "soloed", True)
    editing.clear_solo()
    assert not editing.track.edits.soloed
    assert [box.gain_db for box in editing.track.edits.boxes] == [-6.0]
    assert not any(octave.soloed for octave in editing.track.edits.octaves)
    editing.steps.undo()
    assert len(editing.track.edits.soloed) == 2


def test_what_needs_a_selection_says_so(editing, qtbot):
    for do in (editing.remove, editing.toggle_solo, editing.drop, lambda: editing.set_gain(1.0, "")):
        with qtbot.waitSignal(editing.message):
            do()
    assert not editing.steps.canUndo()


def test_what_changes_nothing_is_no_step(view, editing):
    view.select(BOX)
    editing.remove()
    editing.remove()
    assert editing.steps.count() == 1


def test_a_click_chooses_the_box_on_top(view, editing):
    for box in (BOX, BOX._replace(start_s=3.0, stop_s=5.0)):
        view.select(box)
        editing.set_gain(3.0, "")
    view.select(None)
    editing.choose_at(3.5, 500.0)
    assert view.selection.start_s == 3.0
    assert editing.chosen.start_s == 3.0
    editing.choose_at(2.5, 500.0)
    assert view.selection == BOX
    editing.choose_at(2.5, 5000.0)  # beside all boxes nothing changes
    assert view.selection == BOX


def test_pointing_chooses_a_box_unless_what_is_selected_is_there(view, editing):
    view.select(BOX)
    editing.remove()
    inside = BOX._replace(start_s=2.2, stop_s=2.6)
    view.select(inside)
    editing.point_at(2.4, 500.0)
    assert view.selection == inside
    editing.point_at(2.9, 500.0)
    assert view.selection == BOX


def test_another_track_begins_without_edits(view, editing):
    view.select(BOX)
    editing.remove()
    open_in(editing.track, RATE)
    assert not editing.track.edits
    assert not editing.steps.canUndo()


# The gutter


@pytest.fixture
def gutter(track, qtbot):
    gutter = OctaveGutter(track)
    qtbot.addWidget(gutter)
    shown(gutter, gutter.width(), 400)
    return gutter


def cell(gutter, octave, name):
    return next(cell.rect for cell in gutter.cells() if (cell.octave, cell.name) == (octave, name))


def test_controls_stand_in_the_middle_of_their_octaves(gutter, view):
    axis = view.axis
    for octave in OCTAVES[1:]:
        middle = float(axis.position(math.sqrt(octave.low * octave.high)))
        assert cell(gutter, octave.index, "muted").center().y() == pytest.approx((1 - middle) * 400, abs=1)
    view.show(view.full._replace(low_hz=1000.0, high_hz=4000.0))
    assert {cell.octave for cell in gutter.cells()} == {number_of(hz) for hz in (1000, 2000, 3000)}
    assert all(cell.rect.top() >= 0 and cell.rect.bottom() <= 400 for cell in gutter.cells())


def test_every_gain_has_room(gutter):
    metrics = gutter.fontMetrics()
    gains = [-math.inf, *np.arange(SOFTEST_DB, HIGHEST_DB + 0.25, 0.25)]
    widest = max(metrics.horizontalAdvance(gain_text(gain)) for gain in gains)
    gain = cell(gutter, 4, "gain")
    assert widest < gain.width()
    assert cell(gutter, 4, "soloed").right() < gain.left()
    assert gain.right() < gutter.width()


def test_octaves_without_room_have_no_controls(gutter):
    shown(gutter, gutter.width(), round(0.8 * CELL * len(OCTAVES)))
    assert gutter.cells() == []


@pytest.mark.parametrize("name", ["muted", "soloed"])
def test_buttons_are_pressed(gutter, track, qtbot, name):
    asked = []
    gutter.edited.connect(lambda *what: asked.append(what))
    at = cell(gutter, 4, name).center().toPoint()
    qtbot.mouseClick(gutter, Qt.MouseButton.LeftButton, pos=at)
    track.edits = Edits().with_octave(4, len(OCTAVES), **{name: True})
    qtbot.mouseClick(gutter, Qt.MouseButton.LeftButton, pos=at)
    assert asked == [(4, name, True), (4, name, False)]


def test_gain_is_dragged_turned_and_put_back(gutter, track, qtbot):
    def edit(octave, what, value):
        track.edits = track.edits.with_octave(octave, len(OCTAVES), **{what: value})

    gutter.edited.connect(edit)
    at = cell(gutter, 4, "gain").center()
    drag(gutter, (at.x(), at.y()), (at.x(), at.y() - 12))
    assert track.edit_of(4).gain_db == 3.0
    wheel(gutter, at.x(), at.y(), QPoint(0, -120))
    assert track.edit_of(4).gain_db == 2.0
    drag(gutter, (at.x(), at.y()), (at.x(), at.y() + 800))
    assert track.edit_of(4).gain_db == -math.inf
    wheel(gutter, at.x(), at.y(), QPoint(0, 120))
    assert track.edit_of(4).gain_db == -60.0
    drag(gutter, (at.x(), at.y()), (at.x(), at.y() - 900))
    assert track.edit_of(4).gain_db == 12.0
    mouse(gutter, QEvent.Type.MouseButtonDblClick, at.x(), at.y(), Qt.MouseButton.LeftButton)
    assert track.edit_of(4).gain_db == 0.0
    assert not track.edits


@pytest.mark.parametrize("ends", ["release elsewhere", "other track"])
def test_a_drag_of_a_gain_ends(gutter, view, qtbot, ends):
    at, asked = cell(gutter, 4, "gain").center(), []
    gutter.edited.connect(lambda *what: asked.append(what))
    mouse(gutter, QEvent.Type.MouseButtonPress, at.x(), at.y(), Qt.MouseButton.LeftButton)
    button = Qt.MouseButton.LeftButton
    if ends == "other track":
        view.open(RATE, RATE, view.full.low_hz, view.full.high_hz)
    else:
        button = Qt.MouseButton.NoButton
    mouse(gutter, QEvent.Type.MouseMove, at.x(), at.y() - 12, button)
    assert not asked


def test_the_wheel_beside_a_gain_zooms_in_frequency(gutter, view):
    before = view.span_octaves
    at = cell(gutter, 4, "muted").center()
    wheel(gutter, at.x(), at.y(), QPoint(0, 120))
    assert view.span_octaves < before


def test_tips_tell_what_a_control_does_and_to_which_frequencies(gutter):
    tip = gutter.tip(cell(gutter, len(OCTAVES) - 1, "muted").center())
    assert "Shift+M" in tip
    assert "11.03 kHz to 22.05 kHz" in tip
    assert gutter.tip(QPointF(0, 0)) == ""


@pytest.mark.parametrize(
    ("gain_db", "text"), [(0.0, "0 dB"), (6.0, "+6 dB"), (-3.5, "−3.5 dB"), (-math.inf, "−∞ dB")]
)
def test_gains_in_words(gain_db, text):
    assert gain_text(gain_db) == text


def test_gains_end_at_twelve_and_below_sixty_in_silence():
    assert (limited(99.0), limited(-60.1), limited(-60.0)) == (12.0, -math.inf, -60.0)
    assert moved(-60.0, -1.0) == -math.inf
    assert moved(-math.inf, -1.0) == -math.inf
    assert moved(-math.inf, 1.0) == -60.0


# What the pictures show


@pytest.fixture
def canvas(track, qtbot):
    canvas = EditedCanvas(track)
    qtbot.addWidget(canvas)
    shown(canvas, 400, 300)
    return canvas


def brightness(canvas, time_s, hz):
    """Of a few pixels about a place, for hatches have gaps."""
    grabbed, x, y = canvas.grab().toImage(), round(canvas.x_of(time_s)), round(canvas.y_of(hz))
    return np.mean(
        [QColor(grabbed.pixel(x + i, y + j)).lightnessF() for i in range(-4, 4) for j in range(-4, 4)]
    )


def test_silent_octaves_are_veiled(canvas, track):
    plain = brightness(canvas, 10.0, 1000.0)
    track.edits = Edits().with_octave(number_of(1000.0), len(OCTAVES), muted=True)
    assert brightness(canvas, 10.0, 1000.0) < 0.8 * plain
    assert brightness(canvas, 10.0, 150.0) == pytest.approx(plain)


def test_what_is_not_soloed_is_veiled(canvas, track):
    """Of an octave and a box that are soloed, both are clear, and a muted octave is not."""
    places = ((10.0, 1000.0), (10.0, 250.0), (2.0, 250.0), (10.0, 90.0))
    plain = brightness(canvas, *places[0])
    octave = Edits().with_octave(number_of(1000.0), len(OCTAVES), soloed=True)
    both = dataclasses.replace(octave, boxes=(BoxEdit(5.0, 15.0, 70.0, 400.0, soloed=True),))
    muted = both.with_octave(number_of(90.0), len(OCTAVES), muted=True)
    for edits, clear in (
        (octave, (True, False, False, False)),
        (both, (True, True, False, True)),
        (muted, (True, True, False, False)),
    ):
        track.edits = edits
        seen = [brightness(canvas, *place) for place in places]
        assert [level > 0.95 * plain for level in seen] == list(clear)
        assert all(level < 0.8 * plain or level > 0.95 * plain for level in seen)


def test_boxes_alone_veil_what_is_outside_and_removed_ones_what_is_inside(canvas, track):
    plain = brightness(canvas, 15.0, 500.0)
    removed = Edits(boxes=(BoxEdit(5.0, 15.0, 100.0, 2000.0),))
    for edits, inside, outside in (
        (removed, False, True),
        (Edits(boxes=(dataclasses.replace(removed.boxes[0], soloed=True),)), True, False),
    ):
        track.edits = edits
        for place, clear in (((8.0, 500.0), inside), ((18.0, 500.0), outside)):
            now = brightness(canvas, *place)
            assert now == pytest.approx(plain) if clear else now < 0.8 * plain


def written(canvas, monkeypatch):
    """All that is written over the picture."""
    texts = []
    monkeypatch.setattr(type(canvas), "_write", lambda _, painter, plate, text: texts.append(text))
    canvas.grab()
    return texts


@pytest.mark.parametrize(
    ("gain_db", "soloed", "label"),
    [
        (-math.inf, False, "Silenced"),
        (-math.inf, True, "Solo, 0 dB"),
        (0.0, True, "Solo, 0 dB"),
        (3.0, True, "Solo, +3 dB"),
        (-6.0, False, "−6 dB"),
    ],
)
def test_a_box_is_labelled_with_what_is_heard_of_it(canvas, track, monkeypatch, gain_db, soloed, label):
    track.edits = Edits(boxes=(BoxEdit(5.0, 15.0, 100.0, 2000.0, gain_db, soloed),))
    assert label in written(canvas, monkeypatch)


@pytest.mark.parametrize(
    ("edits", "text"),
    [
        (Edits(), None),
        (Edits(boxes=(BoxEdit(*BOX),)), None),
        (Edits(boxes=(BoxEdit(*BOX, soloed=True), BoxEdit(*BOX))), "Solo: selection"),
        (Edits(boxes=(BoxEdit(*BOX, soloed=True),) * 2), "Solo: 2 selections"),
        (Edits((OctaveEdit(soloed=True),) * len(OCTAVES)), f"Solo: {len(OCTAVES)} octaves"),
        (
            Edits(
                (OctaveEdit(),) * (len(OCTAVES) - 1) + (OctaveEdit(soloed=True),),
                (BoxEdit(*BOX, soloed=True),),
            ),
            "Solo: selection, 1 octave",
        ),
    ],
)
def test_the_picture_says_what_is_soloed(canvas, track, monkeypatch, edits, text):
    track.edits = edits
    assert [each for each in written(canvas, monkeypatch) if each.startswith("Solo:")] == [text] * bool(text)


def test_boxes_that_are_not_soloed_are_veiled_and_not_labelled(canvas, track, monkeypatch):
    plain = brightness(canvas, 15.0, 500.0)
    soloed, other = (
        BoxEdit(2.0, 8.0, 100.0, 2000.0, 0.0, soloed=True),
        BoxEdit(12.0, 18.0, 100.0, 2000.0, 6.0),
    )
    track.edits = Edits(boxes=(soloed, other))
    assert brightness(canvas, 15.0, 500.0) < 0.8 * plain
    assert brightness(canvas, 5.0, 500.0) == pytest.approx(plain)
    assert "+6 dB" not in written(canvas, monkeypatch)


def test_titles_are_read_through_veils(canvas, track):
    def brightest():
        grabbed = canvas.grab().toImage()
        return max(grabbed.pixelColor(x, y).lightness() for x in range(8, 60) for y in range(8, 24))

    canvas.set_title("Octaves")
    plain = brightest()
    assert plain > 200
    edits = Edits((OctaveEdit(muted=True),) * len(OCTAVES), (BoxEdit(5.0, 15.0, 100.0, 2000.0, soloed=True),))
    track.edits = edits
    assert brightest() == pytest.approx(plain, abs=10)


def test_every_kind_of_edit_can_be_drawn_at_every_zoom(canvas, track, view):
    for soloed in (False, True):
        boxes = tuple(BoxEdit(*BOX, gain_db=gain, soloed=soloed) for gain in (-math.inf, -6.0, 0.0, 6.0))
        track.edits = Edits((OctaveEdit(muted=True),) * len(OCTAVES), boxes)
        for box in (view.full, BOX, Box(3.0, 3.00001, 500.0, 500.1), Box(10, 20, 30.0, 60.0)):
            view.show(box)
            assert not canvas.grab().isNull()


def test_a_click_tells_time_and_frequency(canvas, qtbot):
    with qtbot.waitSignal(canvas.clicked) as clicked:
        qtbot.mouseClick(canvas, Qt.MouseButton.LeftButton, pos=QPoint(100, 60))
    assert clicked.args == pytest.approx([canvas.time_at(100), canvas.frequency_at(60)])
