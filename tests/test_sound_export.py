"""Sound that is exported: what is heard, with all edits, in every format; cancelled, failed, clipped."""

import itertools
import threading
import time
from pathlib import Path

import numpy as np
import pytest
import window_tools
from PyQt6.QtCore import QSettings, Qt
from PyQt6.QtWidgets import QDialog, QFileDialog, QMessageBox
from window_tools import HIGH_HZ, LOW_HZ, RATE, level_db, tone, write

from msviz import AudioError, read_audio
from msviz.gui.dialogs.export import BOX, FORMATS, TIME, WHOLE, AudioDialog, ExportDialog, ask
from msviz.gui.model.view import Box
from msviz.gui.work.exporting import AudioExport, ExportTask
from msviz.signal import Excerpt, Signal

KEY = Qt.Key

device, track, window = window_tools.device, window_tools.track, window_tools.window


@pytest.fixture
def exporter(window):
    return window.exporter


def test_what_is_heard_is_written_with_all_edits(qtbot, window, tmp_path, monkeypatch):
    octave = next(o.index for o in window.track.transform.octaves if o.low <= HIGH_HZ < o.high)
    window.editing.change_octave(octave, "muted", True)
    qtbot.keyClick(window, KEY.Key_2)
    window.view.select(Box(2.0, 4.0, 100.0, 500.0))
    path = tmp_path / "out.wav"
    monkeypatch.setattr(AudioDialog, "exec", lambda _: QDialog.DialogCode.Accepted)
    monkeypatch.setattr(QFileDialog, "exec", lambda _: QDialog.DialogCode.Accepted)
    monkeypatch.setattr(QFileDialog, "selectedFiles", lambda _: [str(path)])
    with qtbot.waitSignal(window.exporter.message) as told:
        window.dialogs.export_sound()
    assert told.args == ["Saved out.wav."]
    assert QSettings().value("export folder") == str(tmp_path)
    written = read_audio(path)
    assert written.samples.shape == (1, 2 * RATE)
    assert level_db(written.samples[0], LOW_HZ) == pytest.approx(-12, abs=0.2)
    assert level_db(written.samples[0], HIGH_HZ) < -72


def export_dialog(monkeypatch, window):
    """The dialog that the window opens, left open."""
    asked = []
    monkeypatch.setattr(window.dialogs, "_export", asked.append)
    window.dialogs.export_sound()
    return asked.pop()


def ranges(dialog):
    return [dialog._range.itemText(index) for index in range(dialog._range.count())]


def test_the_selection_is_written_with_all_its_frequencies_or_only_those_selected(
    window, tmp_path, monkeypatch
):
    window.view.select(Box(2.0, 4.0, 100.0, 500.0))
    dialog = export_dialog(monkeypatch, window)
    assert ranges(dialog) == [WHOLE, TIME, BOX]
    for chosen, seconds, high_db in ((WHOLE, 8, -12), (TIME, 2, -12), (BOX, 2, None)):
        dialog._range.setCurrentText(chosen)
        path = tmp_path / f"{chosen}.wav"
        list(dialog.task(path).write())
        (samples,) = read_audio(path).samples
        assert len(samples) == seconds * RATE
        assert level_db(samples, LOW_HZ) == pytest.approx(-12, abs=0.2)
        high = level_db(samples, HIGH_HZ)
        assert high < -72 if high_db is None else high == pytest.approx(high_db, abs=0.2)


@pytest.mark.parametrize("source", ["Original", "Multi-scale", "STFT", "Difference"])
def test_the_selection_in_time_and_frequency_is_written_as_it_is_played(
    window, tmp_path, monkeypatch, source
):
    window.editing.change_octave(0, "muted", True)
    window.track.hear(source)
    window.view.select(Box(2.0, 3.0, 100.0, 500.0))
    dialog = export_dialog(monkeypatch, window)
    window.listening.play_selection()
    played = window.session.sources[source].read(2 * RATE, 3 * RATE)
    dialog._format.setCurrentText("WAV, 32-bit float")
    list(dialog.task(tmp_path / "out.wav").write())
    np.testing.assert_allclose(read_audio(tmp_path / "out.wav").samples, played, atol=1e-6)


def test_a_selection_of_all_frequencies_is_one_in_time(window, monkeypatch):
    window.view.select(window.view.full._replace(start_s=2.0, stop_s=3.0))
    assert ranges(export_dialog(monkeypatch, window)) == [WHOLE, TIME]


def test_the_whole_track_is_written_whole_while_a_selection_plays(window, tmp_path, monkeypatch):
    window.view.select(Box(2.0, 3.0, 100.0, 500.0))
    window.listening.play_selection()
    dialog = export_dialog(monkeypatch, window)
    dialog._range.setCurrentText(WHOLE)
    list(dialog.task(tmp_path / "out.wav").write())
    assert level_db(read_audio(tmp_path / "out.wav").samples[0], HIGH_HZ) == pytest.approx(-12, abs=0.2)


def test_a_cancelled_dialog_writes_nothing(window, monkeypatch):
    monkeypatch.setattr(AudioDialog, "exec", lambda _: QDialog.DialogCode.Rejected)
    dialog = AudioDialog(window.session.sources, "STFT", track=window.source)
    assert ask(dialog, Path("x.wav")) is None
    assert dialog._range.count() == 1  # nothing is selected


@pytest.mark.parametrize("kind", ["file", "folder"])
def test_the_open_track_is_never_chosen(qtbot, tmp_path, monkeypatch, kind):
    """Not by its own name, by a link, or by another spelling; the next name is, or none."""
    opened, link, out = tmp_path / "opened.zarr", tmp_path / "link.zarr", tmp_path / "out.zarr"
    opened.mkdir() if kind == "folder" else opened.touch()
    link.symlink_to(opened)
    (tmp_path / "other").mkdir()
    names = [opened, link, tmp_path / "other" / ".." / opened.name, out]
    warned = []
    monkeypatch.setattr(ExportDialog, "suffix", ".zarr")
    monkeypatch.setattr(ExportDialog, "file_name", lambda *_: out.name)
    monkeypatch.setattr(ExportDialog, "task", lambda _, path: path)
    monkeypatch.setattr(ExportDialog, "exec", lambda _: QDialog.DialogCode.Accepted)
    monkeypatch.setattr(QFileDialog, "exec", lambda _: QDialog.DialogCode(bool(names)))
    monkeypatch.setattr(QFileDialog, "selectedFiles", lambda _: [str(names.pop(0))])
    monkeypatch.setattr(QMessageBox, "warning", lambda *what: warned.append(what[-1]))
    dialog = ExportDialog("Export")
    qtbot.addWidget(dialog)
    assert ask(dialog, opened) == out
    told = "is the track you have open. Choose another name."
    assert warned == [f"{name} {told}" for name in ("opened.zarr", "link.zarr", "opened.zarr")]
    names.append(opened)
    assert ask(dialog, opened) is None
    names.append(opened)
    assert ask(dialog, tmp_path / "gone.wav") == opened
    names.append(tmp_path / ("long" * 100))  # writing it tells what is wrong with it
    assert ask(dialog, opened)


def test_every_format_is_one_that_can_be_written(qtbot, window, tmp_path):
    dialog = AudioDialog(window.session.sources, "Original", track=window.source, selection=(0, 100))
    qtbot.addWidget(dialog)
    for name in FORMATS:
        dialog._format.setCurrentText(name)
        path = tmp_path / f"{name}{dialog.suffix}"
        task = dialog.task(path)
        shares = list(task.write())
        assert shares[-1] == 0  # clipped
        assert read_audio(path).samples.shape == (1, 100)


def test_a_cancelled_export_leaves_no_file(qtbot, window, exporter, tmp_path):
    before = set(tmp_path.iterdir())
    shares = []
    exporter.progressed.connect(lambda _, share: shares.append(share))
    exporter.start(AudioExport(tmp_path / "out.wav", Signal(np.zeros(40_000_000, np.float32), RATE), "FLOAT"))
    qtbot.waitUntil(lambda: len(shares) > 3)
    assert window.status._cancel.isVisible()
    with qtbot.waitSignal(exporter.message) as told:
        window.status._cancel.click()
    assert told.args == ["Export cancelled."]
    assert shares[-1] is None
    assert not window.status._cancel.isVisible()
    qtbot.waitUntil(lambda: set(tmp_path.iterdir()) == before)


class Endless(ExportTask):
    """What is written until somebody stops it."""

    path = Path("endless.wav")

    def work(self):
        return lambda: (time.sleep(0.01) or 0.5 for _ in itertools.count())


@pytest.mark.parametrize("answer", ["Keep exporting", "Escape", "Cancel export"])
def test_closed_while_it_writes_a_window_asks(qtbot, window, exporter, monkeypatch, answer):
    asked = []

    def answered(box):
        asked.append(box.text())
        box.show()
        if answer == "Escape":
            qtbot.keyClick(box, KEY.Key_Escape)
        else:
            next(button for button in box.buttons() if button.text() == answer).click()

    monkeypatch.setattr(QMessageBox, "exec", answered)
    exporter.start(Endless())
    stops = answer == "Cancel export"
    assert window.close() is stops
    assert asked == ["Still exporting endless.wav. Cancel the export and close?"]
    assert window.isVisible() is bool(exporter.writing) is bool(window.session) is not stops
    exporter.cancel()
    assert window.close()
    assert len(asked) == 1


def test_without_a_word_it_waits(qtbot, window, exporter, monkeypatch):
    chosen = []
    monkeypatch.setattr(QMessageBox, "exec", lambda box: chosen.append(box.defaultButton().text()))
    exporter.start(Endless())
    assert not window.close()
    assert chosen == ["Keep exporting"]
    exporter.cancel()


def test_where_nobody_could_answer_nothing_is_asked(qtbot, window, exporter, monkeypatch):
    monkeypatch.setattr(QMessageBox, "exec", lambda _: pytest.fail("It asks."))
    exporter.start(Endless())
    window.asks = False
    assert window.close()
    assert not exporter.writing


@pytest.mark.parametrize("stopped", [False, True])
def test_another_track_may_be_opened_while_one_is_written(qtbot, window, exporter, tmp_path, stopped):
    class Slow(Excerpt):
        """Read no sooner than the other track is open."""

        def read(self, start, stop):
            there.wait()
            return super().read(start, stop)

    track, there = window.source, threading.Event()
    samples = track.read(0, 1000)
    task = AudioExport(tmp_path / "out.wav", Slow(window.session.sources["Multi-scale"], 0, 1000), "FLOAT")
    exporter.start(task)
    try:
        window.files.open(write(tmp_path / "other.wav", tone(seconds=2.0)))
        qtbot.waitUntil(lambda: window.source is not track)
        assert window.status._cancel.isVisible()
        with qtbot.waitSignal(exporter.message) as told:
            if stopped:
                exporter.cancel()
            there.set()
    finally:
        there.set()
    assert told.args == ["Export cancelled." if stopped else "Saved out.wav."]
    if not stopped:
        np.testing.assert_allclose(read_audio(task.path).samples, samples, atol=1e-5)
    with pytest.raises(AudioError):
        track.read(0, 1)
    assert window.source.read(0, 1).shape == (1, 1)


def test_an_export_that_fails_is_told(qtbot, exporter, tmp_path):
    with qtbot.waitSignal(exporter.failed) as told:
        exporter.start(AudioExport(tmp_path / "missing" / "out.wav", Signal(np.zeros(10), RATE), "FLOAT"))
    assert "out.wav" in told.args[0]


def test_values_that_do_not_fit_are_told(qtbot, exporter, tmp_path):
    with qtbot.waitSignal(exporter.failed) as told:
        exporter.start(AudioExport(tmp_path / "out.wav", Signal(np.full(10, 1.5), RATE), "PCM_16"))
    assert told.args == ["Saved out.wav, but 10 samples clipped. Lower the gain or export as 32-bit float."]


@pytest.mark.parametrize(("start", "stop"), [(0, 10), (-5, 3), (8, 15), (12, 20), (-9, -2), (3, 3)])
def test_a_stretch_is_zero_outside(start, stop):
    whole = Signal(np.arange(1.0, 101.0), RATE)
    stretch = Excerpt(whole, 40, 50)
    assert (stretch.rate, stretch.channels, stretch.length) == (RATE, 1, 10)
    padded = np.pad(whole.samples[0, 40:50], (20, 20))
    np.testing.assert_array_equal(stretch.read(start, stop)[0], padded[20 + start : 20 + stop])
