"""The window as a person meets it: files opened by every way, what its bars tell."""

from __future__ import annotations

import os
import threading

import numpy as np
import opened_window
import pytest
from opened_window import action, button, said, shown_texts, tone_is_seen, wait_analysed, wait_open
from PyQt6.QtCore import QMimeData, QPoint, QPointF, QSettings, Qt, QUrl
from PyQt6.QtGui import QDragEnterEvent, QDragLeaveEvent, QDropEvent, QPalette
from PyQt6.QtWidgets import QApplication, QFileDialog, QProgressBar, QSpinBox, QWidget
from window_tools import RATE, tone, write

from msviz.audio import open_audio
from msviz.demos import demo_tracks
from msviz.errors import AudioError
from msviz.gui.model.session import SOURCES
from msviz.gui.model.view import Box

KEY = Qt.Key
CTRL, SHIFT = Qt.KeyboardModifier.ControlModifier, Qt.KeyboardModifier.ShiftModifier

no_device, track, make_window = opened_window.no_device, opened_window.track, opened_window.make_window
window, opened = opened_window.window, opened_window.opened


def drop(window, *urls):
    data = QMimeData()
    data.setUrls(list(urls))
    offered, left = Qt.DropAction.CopyAction | Qt.DropAction.MoveAction, Qt.MouseButton.LeftButton
    entering = QDragEnterEvent(QPoint(300, 300), offered, data, left, SHIFT)  # Shift asks for a move
    QApplication.sendEvent(window, entering)
    if entering.isAccepted():
        dropped = QDropEvent(QPointF(300, 300), offered, data, left, SHIFT)
        QApplication.sendEvent(window, dropped)
        assert entering.dropAction() == dropped.dropAction() == Qt.DropAction.CopyAction
    return entering.isAccepted()


# Opening


def test_every_dropped_file_gets_a_window_and_the_window_says_so_before(qtbot, window, tmp_path):
    paths = [write(tmp_path / f"{name}.wav", tone(seconds=0.5)) for name in "abc"]
    urls = [QUrl.fromLocalFile(str(path)) for path in paths]
    others = []
    window.window_requested.connect(others.append)
    data = QMimeData()
    data.setUrls([QUrl("https://example.org/d.wav"), *urls])
    enter = QDragEnterEvent(QPoint(9, 9), Qt.DropAction.CopyAction, data, Qt.MouseButton.LeftButton, CTRL)
    QApplication.sendEvent(window, enter)
    assert window.drop.isVisible()
    assert window.drop.size() == window.size()
    assert window.drop.text == "Drop to open a.wav\nand 2 more in other windows"
    QApplication.sendEvent(window, QDragLeaveEvent())
    assert not window.drop.isVisible()
    assert drop(window, *urls)
    assert not window.drop.isVisible()
    wait_open(qtbot, window, paths[0])
    assert others == paths[1:]
    assert not drop(window, QUrl("https://example.org/d.wav"))
    assert not window.drop.isVisible()


def test_it_welcomes_and_offers_only_what_can_be_had(window):
    assert window.windowTitle() == "msviz"
    assert window.welcome.isVisible()
    assert not window.pictures.isVisible()
    assert not window.colour_bar.isEnabled()
    for name in ("Play", "Show all", "Original"):
        assert not action(window, name).isEnabled()
    for name in ("Open…", "Quit", "Keys and mouse"):
        assert action(window, name).isEnabled()
    assert "Recent files" not in shown_texts(window.welcome)
    assert window.focusWidget().text() == "Open a track…"


def colours_of(widget):
    image = widget.grab().toImage()
    return {image.pixelColor(x, y).name() for x in range(image.width()) for y in range(image.height())}


def test_the_source_is_highlighted_only_with_a_track(qtbot, window, track):
    original = window.transport._sources["Original"]
    highlight = original.palette().color(QPalette.ColorGroup.Active, QPalette.ColorRole.Highlight).name()
    assert highlight not in colours_of(original)
    window.files.open(track)
    wait_open(qtbot, window, track)
    assert highlight in colours_of(original)


def test_the_tool_bar_stays_where_it_is_when_a_track_opens(qtbot, window, track):
    before = window.transport._time.width()
    window.files.open(track)
    wait_open(qtbot, window, track)
    assert window.transport._time.width() == before


def by_drop(window, track, monkeypatch):
    assert drop(window, QUrl.fromLocalFile(str(track)))


def by_dialog(window, track, monkeypatch):
    monkeypatch.setattr(QFileDialog, "getOpenFileName", lambda *_: (str(track), ""))
    action(window, "Open…").trigger()
    assert QSettings().value("folder") == str(track.parent)


def by_recent(window, track, monkeypatch):
    window.files.remember(track)
    QApplication.processEvents()
    button(window.welcome, track.name).click()


def by_menu(window, track, monkeypatch):
    window.files.remember(track)
    action(window, track.name).trigger()


@pytest.mark.parametrize("way", [by_drop, by_dialog, by_recent, by_menu])
def test_a_track_opens_in_every_way(qtbot, window, track, monkeypatch, way):
    way(window, track, monkeypatch)
    wait_open(qtbot, window, track)
    assert window.pictures.isVisible()
    assert not window.welcome.isVisible()
    assert window.windowTitle() == "track.wav – msviz"
    assert "WAV, 16 bit · 8 kHz · mono" in shown_texts(window.status)
    assert "0:00.000 / 0:20.000" in shown_texts(window.transport)
    assert said(window) == ""
    assert action(window, "Play").isEnabled()
    assert window.colour_bar.isEnabled()
    assert window.player.names == SOURCES
    assert action(window, "Original").isChecked()
    assert window.files.recent() == [track]


@pytest.mark.parametrize("name", list(demo_tracks()))
def test_each_demo_opens(qtbot, window, name):
    button(window.welcome, name).click()
    wait_open(qtbot, window, demo_tracks()[name])
    assert said(window) == ""


def test_a_file_can_be_dropped_anywhere(opened):
    taking = [w for w in opened.findChildren(QWidget) if w.acceptDrops() and w.isVisible()]
    assert {type(widget).__name__ for widget in taking} <= {"QLineEdit", "QSpinBox", "QDoubleSpinBox"}


def test_a_cancelled_dialog_opens_nothing(window, monkeypatch):
    monkeypatch.setattr(QFileDialog, "getOpenFileName", lambda *_: ("", ""))
    window.dialogs.open_file()
    assert window.source is None
    assert window.files.opening is None


def test_what_is_no_file_is_not_taken(window):
    assert not drop(window, QUrl("https://example.org/track.flac"))
    assert not drop(window)


def missing(folder):
    return folder / "missing.wav"


def a_folder(folder):
    return folder


def text(folder):
    path = folder / "text.wav"
    path.write_text("no sound at all")
    return path


def empty(folder):
    path = folder / "empty.wav"
    path.touch()
    return path


def headless(folder):
    path = write(folder / "cut.wav", tone())
    path.write_bytes(path.read_bytes()[:30])
    return path


def no_samples(folder):
    return write(folder / "nothing.wav", np.zeros(0))


def forbidden(folder):
    if os.geteuid() == 0:
        pytest.skip("the administrator may read everything")
    path = write(folder / "forbidden.wav", tone())
    path.chmod(0)
    return path


@pytest.mark.parametrize("bad", [missing, a_folder, text, empty, headless, no_samples, forbidden])
def test_a_bad_file_is_told_in_a_sentence_and_the_open_track_stays(qtbot, opened, track, tmp_path, bad):
    path = bad(tmp_path)
    before = opened.source, opened.analysis, opened.windowTitle(), opened.files.recent()
    drop(opened, QUrl.fromLocalFile(str(path)))
    qtbot.waitUntil(lambda: bool(said(opened)))
    told = said(opened)
    assert told.startswith(f"{path} ")
    assert told.endswith(".")
    assert ". " not in told
    assert not button(opened.messages, "Close").isHidden()
    assert (opened.source, opened.analysis, opened.windowTitle(), opened.files.recent()) == before
    assert opened.source.read(0, 4).shape == (1, 4)  # not closed
    assert "WAV, 16 bit · 8 kHz · mono" in shown_texts(opened.status)
    button(opened.messages, "Close").click()
    assert said(opened) == ""


def test_a_good_file_after_a_bad_one_takes_the_message_away(qtbot, window, track, tmp_path):
    window.files.open(tmp_path / "missing.wav")
    qtbot.waitUntil(lambda: bool(said(window)))
    assert window.welcome.isVisible()
    window.files.open(track)
    wait_open(qtbot, window, track)
    assert said(window) == ""


@pytest.mark.parametrize(("odd", "told"), [(1, "1 non-finite sample"), (3, "3 non-finite samples")])
def test_samples_that_are_no_numbers_are_told(qtbot, window, tmp_path, odd, told):
    samples = tone().astype(np.float32)
    samples[[4000, 12000, 20000][:odd]] = [np.nan, np.inf, -np.inf][:odd]
    path = write(tmp_path / "odd.wav", samples, subtype="FLOAT")
    window.files.open(path)
    wait_open(qtbot, window, path)
    wait_analysed(qtbot, window)
    assert said(window) == f"odd.wav contains {told}, played and shown as silence."


FILES = {
    "one sample": (np.array([0.5]), RATE, "WAV, 16 bit · 8 kHz · mono"),
    "silence": (np.zeros((RATE, 2)), RATE, "WAV, 16 bit · 8 kHz · stereo"),
    "six channels": (np.full((4800, 6), 0.1), 48000, "WAV, 16 bit · 48 kHz · 6 channels"),
    "192 kHz": (tone(seconds=0.5, rate=192000), 192000, "WAV, 16 bit · 192 kHz · mono"),
    "1 kHz": (tone(seconds=3, rate=1000), 1000, "WAV, 16 bit · 1 kHz · mono"),
    "22.05 kHz": (tone(seconds=1, rate=22050), 22050, "WAV, 16 bit · 22.05 kHz · mono"),
}


@pytest.mark.parametrize("name", FILES)
def test_sound_of_every_kind_is_opened_analysed_and_drawn(qtbot, window, tmp_path, name):
    samples, rate, kind = FILES[name]
    path = write(tmp_path / "some & odd – name.wav", samples, rate)
    window.files.open(path)
    wait_open(qtbot, window, path)
    wait_analysed(qtbot, window)
    assert kind in shown_texts(window.status)
    assert window.windowTitle() == "some & odd – name.wav – msviz"
    assert window.view.full == Box(0.0, len(samples) / rate, window.view.full.low_hz, rate / 2)
    for _ in range(3):
        qtbot.keyClick(window, KEY.Key_Equal, CTRL)
    assert not window.grab().isNull()
    assert said(window) == ""


def test_of_many_files_opened_in_a_row_the_last_one_is_shown(qtbot, window, tmp_path):
    paths = [write(tmp_path / f"{number}.wav", tone(seconds=1 + number)) for number in range(8)]
    shown = []
    window.windowTitleChanged.connect(shown.append)
    for path in paths:
        window.files.open(path)
    wait_open(qtbot, window, paths[-1])
    wait_analysed(qtbot, window)
    assert shown == ["7.wav – msviz"]
    assert window.view.full.stop_s == 8.0
    assert len(window.files.recent()) == 1


def test_files_opened_one_after_another_are_remembered_the_newest_first(qtbot, window, tmp_path):
    paths = [write(tmp_path / f"{number}.wav", tone(seconds=0.1)) for number in range(10)]
    for path in [*paths, paths[5]]:
        window.files.open(path)
        wait_open(qtbot, window, path)
    assert window.files.recent() == [paths[n] for n in (5, 9, 8, 7, 6, 4, 3, 2)]
    paths[9].unlink()
    window.files.recent_changed.emit()
    assert [a.text() for a in window.actions_._recent.actions()] == [
        f"{n}.wav" for n in (5, 8, 7, 6, 4, 3, 2)
    ]


def test_files_of_the_same_name_are_told_apart_by_their_folders(window, tmp_path):
    paths = [tmp_path / name for name in ("first/take.wav", "second/take.wav", "second/other.wav")]
    for path in paths:
        path.parent.mkdir(exist_ok=True)
        window.files.remember(write(path, tone(seconds=0.1)))
    names = ["other.wav", *(f"take.wav in {tmp_path / name}" for name in ("second", "first"))]
    assert [each.text() for each in window.actions_._recent.actions()] == names
    assert [each.toolTip() for each in window.actions_._recent.actions()] == [str(p) for p in paths[::-1]]


def test_another_file_opened_while_one_is_analysed_takes_its_place(qtbot, window, tmp_path):
    long = write(tmp_path / "long.wav", np.tile(tone(), 20))
    short = write(tmp_path / "short.wav", tone(seconds=1))
    window.files.open(long)
    wait_open(qtbot, window, long)
    first = window.source
    window.files.open(short)
    wait_open(qtbot, window, short)
    wait_analysed(qtbot, window)
    assert window.view.full.stop_s == 1.0
    qtbot.waitUntil(lambda: tone_is_seen(window, 0.5))
    assert said(window) == ""
    with pytest.raises(AudioError, match="has been closed"):
        first.read(0, first.length)


@pytest.mark.parametrize("busy", ["opening", "analysing"])
def test_closed_while_busy_it_leaves_nothing_behind(qtbot, make_window, tmp_path, busy):
    long = write(tmp_path / "long.wav", np.tile(tone(), 20))
    before = set(threading.enumerate())
    window = make_window()
    window.files.open(long)
    if busy == "analysing":
        wait_open(qtbot, window, long)
    window.close()
    qtbot.wait(0)
    assert set(threading.enumerate()) <= before
    assert window.source is None


# What the bars tell


def test_the_status_bar_tells_what_is_under_the_pointer(qtbot, opened):
    opened.view.set_cursor((3.25, 440.0))
    read_out = next(text for text in shown_texts(opened.status) if "octaves" in text)
    words = read_out.split()
    assert words[:5] == ["0:03.250", "440.0", "Hz", "A4", "+0"]
    octaves, stft = (opened.pictures.levels_at(3.25, 440.0)[i] for i in (0, 1))
    assert words[5:] == f"ct octaves −{-octaves} dB STFT −{-stft} dB".split()
    for cursor in ((0.0, 25.0), (19.999, 3999.0), (-0.01, 1000.0)):
        opened.view.set_cursor(cursor)
        other = next(text for text in shown_texts(opened.status) if "octaves" in text)
        assert len(other) == len(read_out)  # nothing jumps
    opened.view.set_cursor(None)
    assert not [text for text in shown_texts(opened.status) if "octaves" in text]


def read_out(window):
    """Levels in octaves and STFT, as the status bar tells them."""
    text = next(text for text in shown_texts(window.status) if "octaves" in text)
    octaves, stft = text.split("octaves")[1].split("STFT")
    return octaves.strip(), stft.strip()


def test_levels_under_a_resting_pointer_are_those_of_another_view(qtbot, opened):
    qtbot.waitUntil(lambda: not opened._read_out._soon.isActive())
    opened.view.set_cursor((10.0, 440.0))
    assert read_out(opened)[0] == "−6.0 dB"
    opened.view.show(opened.view.full._replace(low_hz=1000.0))
    qtbot.waitUntil(lambda: read_out(opened) == ("–", "–"))
    opened.view.show(opened.view.full)
    qtbot.waitUntil(lambda: read_out(opened)[0] == "−6.0 dB")


def test_levels_under_a_resting_pointer_are_told_when_they_are_known(qtbot, window, track):
    window.show_source(open_audio(track))
    window.analysis.stop()
    qtbot.waitUntil(lambda: not window._read_out._soon.isActive())
    window.view.set_cursor((10.0, 440.0))
    assert read_out(window) == ("–", "–")
    window.analysis.resume()
    qtbot.waitUntil(lambda: read_out(window)[0] == "−6.0 dB")


def test_the_analysis_stops_and_goes_on(qtbot, window, tmp_path):
    long = write(tmp_path / "long.wav", np.tile(tone(), 20))
    window.files.open(long)
    wait_open(qtbot, window, long)
    qtbot.waitUntil(window.status.findChild(QProgressBar).isVisible)
    button(window.status, "Pause").click()
    percent = int(100 * window.analysis.progress)
    assert f"Paused at {percent} %" in shown_texts(window.status)
    assert window.status.findChild(QProgressBar).value() == percent < 100
    button(window.status, "Resume").click()
    wait_analysed(qtbot, window)
    assert not window.status.findChild(QProgressBar).isVisible()
    assert shown_texts(window.status) == ["WAV, 16 bit · 8 kHz · mono"]


def test_the_range_of_colours_never_closes(window):
    floor, ceiling = window.colour_bar.findChildren(QSpinBox)
    floor.setValue(100)
    assert window.pictures.colours.floor_db == -6
    ceiling.setValue(-100)
    assert window.pictures.colours.ceiling_db == 0
    ceiling.setValue(100)
    assert window.pictures.colours.ceiling_db == 7
