"""What stands beside the pictures, by itself: the lab's panel, the meter, preferences."""

import math

import numpy as np
import pytest
from PyQt6.QtCore import QEvent, QObject, QSettings, Qt
from PyQt6.QtWidgets import QApplication, QProgressBar, QPushButton, QToolButton

from msviz.gui.canvas.overview import Overview
from msviz.gui.dialogs.preferences import PreferencesDialog
from msviz.gui.model.preferences import Preferences
from msviz.gui.model.track import TrackState
from msviz.gui.model.view import View
from msviz.gui.panels.lab import BITS, LabPanel, error_text, kept_at, place_of
from msviz.gui.panels.meter import LOWEST_DB, MeterBar
from msviz.gui.theme import apply_theme, icon
from msviz.gui.window import Window
from msviz.lab import Recipe
from msviz.playback import Player


@pytest.fixture
def lab(qtbot):
    panel = LabPanel(TrackState())
    qtbot.addWidget(panel)
    return panel


def test_the_lab_shows_and_tells_recipes(lab, qtbot):
    with qtbot.waitSignal(lab._track.recipe_changed):
        lab._kept.setValue(place_of(1.0))
        lab._phase.activated.emit(BITS.index(3))
        lab._rebuild.setChecked(True)
    assert lab._track.recipe == Recipe(kept=1.0, phase_bits=3, rebuild_phase=True)
    assert not lab._phase.isEnabled()
    assert lab._kept_text.text() == "strongest 1 %"
    with qtbot.waitSignal(lab._track.recipe_changed):
        lab._reset.click()
    assert lab._track.recipe == Recipe()
    assert not lab._reset.isEnabled()


def test_places_of_the_slider_are_all_different_and_end_at_all():
    kept = [kept_at(place) for place in range(121)]
    assert (kept[0], kept[-1]) == (0.1, 100.0)
    assert (np.diff(kept) >= 0).all()
    assert [place_of(kept_at(place)) for place in (0, 40, 80, 120)] == [0, 40, 80, 120]


@pytest.mark.parametrize(
    ("db", "text"), [(None, "–"), (math.inf, "no error"), (-1.26, "−1.3 dB"), (42.0, "42.0 dB")]
)
def test_errors_in_words(db, text):
    assert error_text(db) == text


def test_the_meter_rises_at_once_falls_slowly_and_holds(qtbot):
    meter = MeterBar(Player())
    qtbot.addWidget(meter)
    meter.show_peaks((1.0, 0.1), clipped=False, now_s=10.0)
    assert meter.levels_db == pytest.approx([0, -20])
    meter.show_peaks((0.0, 0.0), clipped=True, now_s=11.0)
    assert meter.levels_db == pytest.approx([-24, -44])
    assert meter.held_db == pytest.approx([0, -20])
    assert meter.clipped
    meter.show_peaks((0.0, 0.0), clipped=False, now_s=20.0)
    meter.show_peaks((0.0, 0.0), clipped=False, now_s=30.0)
    assert meter.levels_db == meter.held_db == [LOWEST_DB, LOWEST_DB]
    assert meter.at_rest


def test_preferences_are_kept_and_nonsense_is_not(qapp):
    mine = Preferences(512, True, "light", "Speakers")
    mine.save(QSettings())
    assert Preferences.load(QSettings()) == mine
    QSettings().setValue("preferences/theme", "plaid")
    QSettings().setValue("preferences/memory_mb", "much")
    assert Preferences.load(QSettings()) == Preferences(256, True, "system", "Speakers")


def test_the_dialog_tells_each_change(qtbot):
    dialog = PreferencesDialog(Preferences(device="Gone"), ["Speakers"])
    qtbot.addWidget(dialog)
    assert [dialog._device.itemText(n) for n in range(3)] == [
        "system default",
        "Speakers",
        "Gone (not connected)",
    ]
    told = []
    dialog.changed.connect(told.append)
    dialog._memory.setValue(1024)
    dialog._wheel.activated.emit(1)
    dialog._device.activated.emit(0)
    dialog._theme.textActivated.emit("dark")
    assert told[-1] == Preferences(1024, True, "dark", "")


@pytest.fixture
def dark(qapp):
    before = qapp.palette()
    apply_theme(qapp, "dark")
    yield
    qapp.setPalette(before)


def middle(widget, x, y):
    """The colour of a pixel as it is seen."""
    return widget.grab().toImage().pixelColor(x, y)


def test_another_theme_is_seen_at_once(qtbot, qapp, dark):
    play = QToolButton()
    play.setIcon(icon("stop"))
    play.setStyleSheet("QToolButton { background: palette(button); }")
    qtbot.addWidget(play)
    play.resize(40, 40)
    for theme, sign in (("light", 1), ("dark", -1), ("light", 1)):
        apply_theme(qapp, theme)
        ground, shape = middle(play, 3, 3), middle(play, 20, 20)
        assert sign * (ground.lightness() - shape.lightness()) > 100


def test_what_tab_leads_to_can_be_told(qtbot):
    window = Window(Player())
    qtbot.addWidget(window)
    window.show()
    qtbot.waitExposed(window)
    window.inspector.show()  # on a small screen it is hidden at first
    sources = [button for button in window.transport.findChildren(QToolButton) if button.text() == "STFT"]
    presets = [
        each for each in window.inspector.findChildren(QPushButton) if each.text() in ("Beats", "Balanced")
    ]
    assert len(sources + presets) == 3
    for button in sources + presets:
        button.setEnabled(True)
        before = button.grab().toImage()
        button.setFocus(Qt.FocusReason.TabFocusReason)
        qtbot.waitUntil(button.hasFocus)
        assert button.grab().toImage() != before
        assert button.size() == before.size()


def test_preferences_turn_the_theme(qtbot, qapp, dark):
    window = Window(Player())
    qtbot.addWidget(window)
    window.dialogs.edit_preferences()
    dialog = window.findChild(PreferencesDialog)
    dialog._theme.setCurrentText("light")
    dialog._theme.textActivated.emit("light")
    qtbot.waitUntil(lambda: window.palette().window().color().lightness() > 200)
    assert Preferences.load(QSettings()).theme == "light"
    dialog.reject()


def test_the_overviews_edges_are_seen_on_any_ground(qtbot):
    view = View()
    overview = Overview(view)
    qtbot.addWidget(overview)
    overview.resize(400, 56)
    view.open(8000, 80_000, 20.0, 4000.0)
    view.show(view.full._replace(start_s=2.5, stop_s=5.0))
    seen = overview.grab().toImage()
    for x, y, way in ((100, 28, (1, 0)), (199, 28, (-1, 0))):
        assert seen.pixelColor(x, y).lightness() < 80
        assert seen.pixelColor(x + way[0], y + way[1]).lightness() > 200


def test_progress_is_painted_with_the_rest(qtbot):
    window = Window(Player())
    qtbot.addWidget(window)
    status = window.status
    status.show_progress(0.1, stopped=False)
    window.show()
    qtbot.waitExposed(window)
    QApplication.processEvents()
    painted = []

    class Seen(QObject):
        def eventFilter(self, watched, event):
            if event.type() == QEvent.Type.Paint:
                painted.append(watched)
            return False

    seen = Seen()
    bar = status.findChild(QProgressBar)
    bar.installEventFilter(seen)
    status.show_progress(0.5, stopped=False)
    assert not painted  # at once, it would paint all that waits in the window
    qtbot.waitUntil(lambda: bool(painted))
    assert bar.value() == 50
