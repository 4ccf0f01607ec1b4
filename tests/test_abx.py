"""The blind test: fair, exact, and nothing tells X before the end."""

import random
import threading
from datetime import datetime

import numpy as np
import pytest
from picture_tools import assert_same_picture
from playback_tools import FakeOutput, ramp, settle
from PyQt6.QtCore import QSettings, Qt
from PyQt6.QtWidgets import QApplication, QFileDialog, QLabel, QMessageBox
from scipy.stats import binomtest
from waiting import LONG_S

from msviz import AudioError, MsvizError, ParameterError, Signal
from msviz.gui.dialogs import abx
from msviz.gui.dialogs.abx import AbxDialog
from msviz.playback import Player, player
from msviz.playback.abx import Trial, Trials, p_value, save_report

KEY = Qt.Key
ALT, CTRL = Qt.KeyboardModifier.AltModifier, Qt.KeyboardModifier.ControlModifier
REGION = (1000, 4000)


@pytest.mark.parametrize("count", range(1, 31))
def test_p_value_is_that_of_the_binomial_test(count):
    for hits in range(count + 1):
        expected = binomtest(hits, count, 0.5, alternative="greater").pvalue
        assert p_value(hits, count) == pytest.approx(expected, rel=1e-12)


def orders(seeds, count=16):
    """What X is in many tests, 1 for A: (tests, trials)."""
    return np.array([[x == "A" for x in Trials(count, rng=random.Random(seed))._order] for seed in seeds])


def test_order_of_x_passes_a_runs_test():
    for row in (orders(range(2000)).ravel(), *orders(range(2000)).T):  # within tests, and from test to test
        n, ones = row.size, int(row.sum())
        assert abs(ones - n / 2) < 4 * np.sqrt(n) / 2
        # Wald and Wolfowitz, Ann. Math. Stat. 11(2), 1940.
        mean = 2 * ones * (n - ones) / n + 1
        deviation = np.sqrt((mean - 1) * (mean - 2) / (n - 1))
        runs = 1 + np.count_nonzero(row[1:] != row[:-1])
        assert abs(runs - mean) < 4 * deviation


def test_order_is_new_every_time():
    assert len({Trials(32)._order for _ in range(20)}) == 20


def answered(answers, order):
    trials = Trials(len(order), rng=random.Random(0))
    trials._order = tuple(order)
    for answer in answers:
        trials.answer(answer)
    return trials


def test_score_is_told_at_the_end_alone():
    trials = answered("ABA", "ABBA")
    assert (trials.number, trials.x_is, trials.done) == (4, "A", False)
    for what in ("hits", "p_value", "results", "verdict"):
        with pytest.raises(ParameterError, match="3 of 4 trials have been answered"):
            getattr(trials, what)
    trials.answer("A")
    assert (trials.done, trials.hits, trials.p_value) == (True, 3, 5 / 16)
    assert trials.results[2] == Trial("B", "A")
    with pytest.raises(ParameterError, match="all 4 trials"):
        trials.answer("A")
    with pytest.raises(ParameterError, match="choice must be A or B, not X"):
        answered("", "AB").answer("X")
    with pytest.raises(ParameterError, match="at least 1 trial, not 0"):
        Trials(0)


def test_stopped_it_counts_the_answers_given():
    trials = answered("ABB", "ABAB")
    trials.stop()
    assert (trials.done, trials.hits, trials.count, trials.p_value) == (True, 2, 3, 1 / 2)
    report = trials.report(
        track="", region_s=(0, 1), names=("a", "b"), settings={}, date=datetime(2024, 5, 6, 7, 8)
    )
    assert "Stopped: after 3 of 4 trials" in report.splitlines()
    assert report.count("wrong") == 1
    with pytest.raises(ParameterError, match="no trials have been answered"):
        answered("", "AB").stop()


def test_verdict_says_what_was_shown():
    told_apart = answered("ABBAABABBABAABAB", "ABBAABABBABAABBA").verdict
    assert told_apart == ("Guessing scores 14 or more out of 16 in 0.21 % of tests. A and B were told apart.")
    assert "shows neither that A and B were told apart" in answered("AB", "AB").verdict


def test_report_has_all_that_was_done(tmp_path):
    report = answered("ABA", "ABB").report(
        track="/music/track.wav",
        region_s=(1.5, 63.25),
        names=("Original", "STFT"),
        settings={"STFT": "window 4096, hop 1024"},
        date=datetime(2024, 5, 6, 7, 8),
    )
    for line in (
        "Track:   /music/track.wav",
        "Range:   0:01.500 to 1:03.250",
        "A:       Original",
        "B:       STFT",
        "STFT:    window 4096, hop 1024",
        "Date:    2024-05-06 07:08",
        "2 of 3 right, p = 0.5 (one-sided binomial test)",
        "Trial  X  answered",
        "    2  B  B",
        "    3  B  A  wrong",
    ):
        assert line in report.splitlines()
    save_report(report, tmp_path / "abx.txt")
    assert (tmp_path / "abx.txt").read_text() == report
    assert [entry.name for entry in tmp_path.iterdir()] == ["abx.txt"]
    for path, sentence in ((tmp_path, "is not a file"), (tmp_path / "no" / "abx.txt", "No such file")):
        with pytest.raises(MsvizError, match=sentence):
            save_report(report, path)


# The dialog

RISING = ramp(5000)
SOURCES = {
    "Original": RISING,
    "Louder": Signal(2 * RISING.samples, 1000),
    "Falling": Signal(-RISING.samples, 1000),
}


@pytest.fixture(autouse=True)
def own_output(monkeypatch, qapp):
    qapp.setOrganizationName("msviz")
    qapp.setApplicationName("msviz")
    monkeypatch.setattr(player, "Output", FakeOutput)
    monkeypatch.setattr(player, "rescan", lambda: None)


@pytest.fixture
def heard():
    with Player() as made:
        yield made


@pytest.fixture
def make_dialog(qtbot, heard):
    def make(sources=SOURCES, region=REGION, **more):
        dialog = AbxDialog(heard, sources, region, **more)
        qtbot.addWidget(dialog)
        with qtbot.waitExposed(dialog):
            dialog.open()
        dialog.activateWindow()
        qtbot.waitUntil(dialog.isActiveWindow)
        return dialog

    return make


def texts(widget):
    return " ".join(label.text() for label in widget.findChildren(QLabel) if label.isVisible())


def press(qtbot, dialog, key, modifier=Qt.KeyboardModifier.NoModifier):
    qtbot.keyClick(dialog.focusWidget() or dialog, key, modifier)


def begin(qtbot, dialog):
    press(qtbot, dialog, KEY.Key_Return)
    qtbot.waitUntil(lambda: "Trial 1 of" in texts(dialog))


def listen(heard):
    """What comes out of the device once the source is ready: some samples of one side, behind the fade."""
    settle(heard)
    return FakeOutput.opened[-1].run(100)[20:, 0]


def test_run_by_keys_alone(qtbot, heard, make_dialog, tmp_path, monkeypatch):
    dialog = make_dialog(track="/music/track.wav", settings={"Multi-scale": "R = 12"})
    press(qtbot, dialog, KEY.Key_B, ALT)
    press(qtbot, dialog, KEY.Key_Down)
    begin(qtbot, dialog)
    for trial in range(1, 17):
        assert f"Trial {trial} of 16" in texts(dialog)
        press(qtbot, dialog, KEY.Key_1)  # before X has been heard it counts for nothing
        assert f"Trial {trial} of 16" in texts(dialog)
        assert (listen(heard) > 0).all()
        press(qtbot, dialog, KEY.Key_B)
        assert (listen(heard) < 0).all()
        press(qtbot, dialog, KEY.Key_X)
        x = listen(heard)
        assert set(np.abs(x)) <= set(RISING.samples[0, slice(*REGION)])
        right_is_a = (x > 0).all()
        assert right_is_a or (x < 0).all()
        if trial == 16:
            right_is_a = not right_is_a
        assert "right" not in texts(dialog)
        press(
            qtbot,
            dialog,
            (KEY.Key_1 if right_is_a else KEY.Key_2)
            if trial % 2
            else (KEY.Key_Left if right_is_a else KEY.Key_Right),
        )
    assert "15 of 16 right, p = 0.000259" in texts(dialog)
    assert "A and B were told apart." in texts(dialog)
    path = tmp_path / "abx.txt"
    monkeypatch.setattr(QFileDialog, "getSaveFileName", lambda *_: (str(path), ""))
    press(qtbot, dialog, KEY.Key_S, CTRL)
    qtbot.waitUntil(path.exists)
    report = path.read_text()
    for what in (
        "/music/track.wav",
        "0:01.000 to 0:04.000",
        "Original",
        "Falling",
        "R = 12",
        "15 of 16 right",
    ):
        assert what in report
    assert report.count("wrong") == 1
    assert "Louder" not in report
    assert "Stopped" not in report
    with qtbot.waitSignal(dialog.finished):
        press(qtbot, dialog, KEY.Key_Escape)
    assert (dialog.begun, heard.playing, heard.loop) == (True, False, None)


def test_region_is_looped_and_can_be_paused(qtbot, heard, make_dialog):
    dialog = make_dialog()
    begin(qtbot, dialog)
    assert heard.loop == (0, REGION[1] - REGION[0])
    settle(heard)
    for _ in range(2):
        for _ in range(30):
            settle(heard)
            FakeOutput.opened[-1].run(100)
    assert heard.playing
    press(qtbot, dialog, KEY.Key_Space)
    assert not heard.playing
    press(qtbot, dialog, KEY.Key_Space)
    assert heard.playing
    press(qtbot, dialog, KEY.Key_Escape)
    assert not heard.playing


def test_nothing_tells_x(qtbot, heard, make_dialog, monkeypatch):
    seen = []
    for x_is in "AB":
        made = Trials(16)
        made._order = (x_is,) * 16
        monkeypatch.setattr(abx, "Trials", lambda count, made=made: made)
        dialog = make_dialog()
        begin(qtbot, dialog)
        pictures = []
        for name in "AXBX":
            press(qtbot, dialog, getattr(KEY, f"Key_{name}"))
            QApplication.sendPostedEvents()  # the layout follows a text only then
            pictures.append(dialog.grab().toImage())
        seen.append((pictures, heard.position, heard.source, heard.names))
        loaded = heard._mixer.request.track.originals
        a, b, x = (loaded[name].samples for name in "ABX")
        assert x is not a
        assert not any(np.shares_memory(*pair) for pair in ((a, x), (b, x), (a, b)))
        assert (x.dtype, x.shape, x.strides) == (a.dtype, a.shape, a.strides) == (b.dtype, b.shape, b.strides)
        np.testing.assert_array_equal(x, a if x_is == "A" else b)
        # The next trial begins with A, whatever was heard.
        press(qtbot, dialog, KEY.Key_1)
        assert heard.source == "A"
        dialog.accept()
    (pictures, *state), (others, *as_before) = seen
    assert state == as_before
    for picture, other in zip(pictures, others, strict=True):
        assert_same_picture(picture, other)


def test_speed_is_that_of_the_track_and_comes_back(qtbot, heard, make_dialog):
    heard.load(SOURCES)
    heard.speed, heard.volume = 0.5, 0.3
    dialog = make_dialog()
    begin(qtbot, dialog)
    assert (heard.speed, heard.volume) == (1.0, 0.3)
    press(qtbot, dialog, KEY.Key_Escape)
    assert (heard.speed, heard.volume) == (0.5, 0.3)


@pytest.mark.parametrize("by", ["Escape", "the window"])
def test_closed_in_the_midst_it_asks_and_shows_what_there_is(qtbot, heard, make_dialog, monkeypatch, by):
    asked = []

    def answer(box):
        asked.append(box.text())
        wanted = "End test" if len(asked) == 2 else "Continue"
        next(button for button in box.buttons() if button.text() == wanted).click()

    monkeypatch.setattr(QMessageBox, "exec", answer)

    def close():
        press(qtbot, dialog, KEY.Key_Escape) if by == "Escape" else dialog.close()

    dialog = make_dialog()
    begin(qtbot, dialog)
    for _ in range(3):
        press(qtbot, dialog, KEY.Key_X)
        press(qtbot, dialog, KEY.Key_1)
    close()
    assert "Trial 4 of 16" in texts(dialog)
    assert heard.playing
    close()
    assert asked == ["You have answered 3 of 16 trials. End the test and see your score?"] * 2
    assert " of 3 right" in texts(dialog)
    assert not heard.playing
    with qtbot.waitSignal(dialog.finished):
        close()
    assert len(asked) == 2


def answer_some(qtbot, dialog, count):
    for _ in range(count):
        press(qtbot, dialog, KEY.Key_X)
        press(qtbot, dialog, KEY.Key_1)


def saved_report(qtbot, dialog, path, monkeypatch):
    monkeypatch.setattr(QFileDialog, "getSaveFileName", lambda *_: (str(path), ""))
    press(qtbot, dialog, KEY.Key_S, CTRL)
    qtbot.waitUntil(path.exists)
    return path.read_text()


def test_a_result_that_was_closed_unsaved_is_there_again(qtbot, make_dialog, tmp_path, monkeypatch):
    dialog = make_dialog(track="/music/track.wav")
    assert dialog._setup.last_result.isHidden()
    dialog._setup.count.setValue(2)
    begin(qtbot, dialog)
    answer_some(qtbot, dialog, 2)
    assert " of 2 right" in texts(dialog)
    press(qtbot, dialog, KEY.Key_Escape)
    again = make_dialog(track="/music/other.wav")
    again._setup.last_result.click()
    assert " of 2 right" in texts(again)
    report = saved_report(qtbot, again, tmp_path / "abx.txt", monkeypatch)
    assert "/music/track.wav" in report
    assert "Stopped" not in report


def test_answers_of_a_run_that_was_never_ended_are_there_again(qtbot, make_dialog, tmp_path, monkeypatch):
    """Whatever closes the dialog: here the program itself, which asks nobody."""
    dialog = make_dialog()
    begin(qtbot, dialog)
    answer_some(qtbot, dialog, 3)
    assert "right" not in texts(dialog)
    dialog.accept()
    again = make_dialog()
    again._setup.last_result.click()
    assert " of 3 right" in texts(again)
    report = saved_report(qtbot, again, tmp_path / "abx.txt", monkeypatch)
    assert "Stopped: after 3 of 16 trials" in report


def test_a_space_too_many_does_not_close_the_result(qtbot, make_dialog, monkeypatch):
    monkeypatch.setattr(QFileDialog, "getSaveFileName", lambda *_: ("", ""))
    dialog = make_dialog()
    dialog._setup.count.setValue(1)
    begin(qtbot, dialog)
    answer_some(qtbot, dialog, 1)
    press(qtbot, dialog, KEY.Key_Space)
    assert dialog.isVisible()
    assert " of 1 right" in texts(dialog)


@pytest.mark.parametrize("value", ["", "nonsense", ["1", "2"], 3])
def test_a_last_result_that_means_nothing_is_none(make_dialog, value):
    QSettings().setValue("abx/last result", value)
    assert make_dialog()._setup.last_result.isHidden()


def test_closed_before_it_began_it_leaves_the_player_alone(qtbot, heard, make_dialog):
    heard.load(SOURCES)
    heard.loop = (100, 900)
    dialog = make_dialog()
    press(qtbot, dialog, KEY.Key_Escape)
    assert (dialog.begun, heard.loop, heard.names) == (False, (100, 900), tuple(SOURCES))


@pytest.mark.parametrize(
    ("region", "keys", "sentence"),
    [
        ((0, 50), (), "The range is shorter than 0.1 s"),
        ((0, 100_000), (), "The range is 61 s long"),
        (REGION, (KEY.Key_Down,), "A and B are the same"),
    ],
)
def test_it_says_why_it_cannot_start(qtbot, make_dialog, region, keys, sentence):
    sources = {"Original": Signal(np.zeros((1, 61_000)), 1000), "STFT": Signal(np.ones((1, 61_000)), 1000)}
    dialog = make_dialog(sources, region)
    for key in keys:
        press(qtbot, dialog, key)
    assert sentence in texts(dialog)
    press(qtbot, dialog, KEY.Key_Return)
    assert not dialog.begun


class Slow(Signal):
    def read(self, start, stop):
        assert Slow.gate.wait(LONG_S)
        return super().read(start, stop)


class Damaged(Signal):
    def read(self, start, stop):
        raise AudioError("track.wav is damaged.")


def test_making_can_be_cancelled(qtbot, make_dialog):
    Slow.gate = threading.Event()
    dialog = make_dialog({"Original": RISING, "Slow": Slow(RISING.samples, 1000)})
    press(qtbot, dialog, KEY.Key_Return)
    assert not dialog._setup.start.isEnabled()
    press(qtbot, dialog, KEY.Key_Space)  # Cancel has the focus
    assert dialog._setup.start.isEnabled()
    Slow.gate.set()
    begin(qtbot, dialog)


def test_source_that_cannot_be_read_is_told(qtbot, make_dialog):
    dialog = make_dialog({"Original": RISING, "Damaged": Damaged(RISING.samples, 1000)})
    press(qtbot, dialog, KEY.Key_Return)
    qtbot.waitUntil(lambda: "track.wav is damaged." in texts(dialog))
    assert not dialog.begun


def test_missing_device_is_told_and_can_be_tried_again(qtbot, heard, make_dialog, monkeypatch):
    def missing(*_):
        raise AudioError("no sound device was found.")

    monkeypatch.setattr(player, "Output", missing)
    dialog = make_dialog()
    begin(qtbot, dialog)
    qtbot.waitUntil(lambda: "no sound device was found." in texts(dialog))
    monkeypatch.setattr(player, "Output", FakeOutput)
    dialog._blind.retry.click()
    assert "no sound device" not in texts(dialog)
    assert (listen(heard) > 0).all()
