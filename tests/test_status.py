"""The status bar: whatever it tells, the window stays as it is."""

import pytest
import window_tools
from PyQt6.QtCore import QEvent, QPoint
from PyQt6.QtGui import QHelpEvent
from PyQt6.QtWidgets import QApplication, QLabel

from msviz.gui.model.parameters import Parameters
from msviz.gui.panels.readout_label import readout_text
from msviz.gui.window import Window
from msviz.playback import Player

device, track = window_tools.device, window_tools.track


@pytest.fixture
def narrow(qtbot):
    window = Window(Player())
    qtbot.addWidget(window)
    window.resize(900, 600)
    with qtbot.waitExposed(window):
        window.show()
    assert window.width() == 900
    return window


def test_what_is_told_does_not_widen_the_window(narrow):
    status, least = narrow.status, narrow.minimumSizeHint().width()
    for tell in (
        lambda: narrow.view.set_cursor((0.1, 440.0)),
        lambda: status.show_message("Opening " + 300 * "x"),
        lambda: status.show_progress(0.75, stopped=True),
        lambda: status.show_export(300 * "y" + ".wav", 0.5),
        lambda: status.show_dropouts(12345),
        lambda: narrow.messages.show_message(f"{300 * 'z'}.wav is no sound."),
    ):
        tell()
        QApplication.processEvents()
        assert (narrow.width(), narrow.minimumSizeHint().width()) == (900, least)
        told = [each for each in status.children() if not getattr(each, "isHidden", lambda: True)()]
        assert all(0 <= each.x() <= each.geometry().right() < 900 for each in told)
    assert narrow.messages.text == f"{300 * 'z'}.wav is no sound."


def test_a_text_that_gives_way_is_told_whole_in_its_tip(narrow):
    status = narrow.status
    message = status.findChild(QLabel)
    for text, whole in ((300 * "x", False), ("Short", True)):
        status.show_message(text)
        QApplication.processEvents()
        QApplication.sendEvent(message, QHelpEvent(QEvent.Type.ToolTip, QPoint(3, 3), QPoint()))
        assert (message.seen == text) == whole
        assert message.toolTip() == ("" if whole else text)


def test_the_read_out_is_as_wide_over_pictures_as_over_the_waveform_and_gives_way_to_the_export(narrow):
    status, widths = narrow.status, set()
    for cursor in ((0.1, 440.0), (0.1, None), None, (-0.1, None), (0.1, 20000.0)):
        narrow.view.set_cursor(cursor)
        QApplication.processEvents()
        if cursor:
            widths.add(status._read_out.width())
    assert len(widths) == 1
    for share, seen in ((0.5, False), (None, True)):
        status.show_progress(1.0 if share is None else share, stopped=False)
        status.show_export("a file.wav", share)
        QApplication.processEvents()
        QApplication.processEvents()
        assert status._read_out.isVisible() == seen


def test_the_read_out_tells_samples_from_near(narrow):
    view = narrow.view
    view.open(8000, 80_000, 20.0, 4000.0)
    view.columns = 800.0
    for span_s, words in ((10.0, ["0:01.250", "440.0"]), (0.05, ["0:01.25000", "sample", "10,000", "440.0"])):
        view.show(view.full._replace(start_s=1.25, stop_s=1.25 + span_s))
        view.set_cursor((1.25, 440.0))
        assert readout_text(view, (None, None)).split()[: len(words)] == words


def test_other_parameters_never_tell_that_the_analysis_stopped(qtbot, narrow, track, monkeypatch):
    told = []
    monkeypatch.setattr(
        narrow.status, "show_progress", lambda share, *, stopped: told.append((share, stopped))
    )
    narrow.files.open(track)
    qtbot.waitUntil(lambda: narrow.source is not None)
    narrow.analysis.stop()
    assert told[-1][1]
    for resolution in (5.0, 7.0, 9.0):
        told.clear()
        narrow.work.set_parameters(Parameters(resolution=resolution))
        assert told == [(narrow.analysis.progress, False)]  # and it is no longer stopped


def test_the_read_out_gives_back_the_room_that_the_pin_took(narrow):
    status, view = narrow.status, narrow.view
    narrow.inspector.hide()
    narrow.resize(1300, 600)

    def width():
        view.set_cursor(None)
        view.set_cursor((0.1, 440.0))
        QApplication.processEvents()
        return status._read_out.width()

    before = width()
    view.set_cursor((0.1, 220.0))
    view.toggle_pin()
    assert width() > before
    view.toggle_pin()
    assert width() == before


def test_a_read_out_hidden_for_its_pin_is_back_without_it(narrow):
    status, view = narrow.status, narrow.view

    def visible():
        view.set_cursor(None)
        view.set_cursor((0.1, 440.0))
        for _ in range(3):  # hiding it asks for a layout, too
            QApplication.processEvents()
        return status._read_out.isVisible()

    view.set_cursor((0.1, 220.0))
    assert visible()
    view.toggle_pin()
    assert not visible()
    view.toggle_pin()
    assert visible()


def test_deltas_have_the_names_of_the_pictures(narrow):
    view = narrow.view
    view.set_cursor((0.1, 220.0))
    view.toggle_pin()
    view.set_cursor((0.2, 440.0))
    text = readout_text(view, (-60.0, -50.0), (-61.0, -53.0), ("left", "right"))
    assert text.split("Δ")[1].split()[-6:] == ["left", "+1.0", "dB", "right", "+3.0", "dB"]
    assert "octaves" not in text
