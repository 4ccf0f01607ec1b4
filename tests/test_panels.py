"""What stands beside the pictures, by itself: the lab's panel, the meter, preferences."""

import math

import numpy as np
import pytest
from PyQt6.QtCore import QEvent, QObject, QSettings
from PyQt6.QtWidgets import QApplication, QProgressBar

from msviz.gui.bars import StatusBar
from msviz.gui.lab import BITS, LabPanel, error_text, kept_at, place_of
from msviz.gui.meter import LOWEST_DB, MeterBar
from msviz.gui.preferences import Preferences, PreferencesDialog
from msviz.lab import Recipe
from msviz.playback import Player


@pytest.fixture
def lab(qtbot):
    panel = LabPanel()
    qtbot.addWidget(panel)
    return panel


def test_the_lab_shows_and_tells_recipes(lab, qtbot):
    with qtbot.waitSignal(lab.changed) as told:
        lab._kept.setValue(place_of(1.0))
        lab._phase.activated.emit(BITS.index(3))
        lab._rebuild.setChecked(True)
    assert told.args == [Recipe(kept=1.0, phase_bits=3, rebuild_phase=True)]
    assert not lab._phase.isEnabled()
    assert lab._kept_text.text() == "1 %, the strongest"
    with qtbot.waitSignal(lab.changed) as told:
        lab._reset.click()
    assert told.args == [Recipe()]
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
        "Gone (not there)",
    ]
    told = []
    dialog.changed.connect(told.append)
    dialog._memory.setValue(1024)
    dialog._wheel.activated.emit(1)
    dialog._device.activated.emit(0)
    dialog._theme.textActivated.emit("dark")
    assert told[-1] == Preferences(1024, True, "dark", "")


def test_progress_is_painted_with_the_rest(qtbot):
    status = StatusBar()
    qtbot.addWidget(status)
    status.show_progress(0.1, stopped=False)
    status.show()
    qtbot.waitExposed(status)
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
