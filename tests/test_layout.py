"""How the window shares its room: most of it is picture, and nothing is cut."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import opened_window
import pytest
from opened_window import wait_analysed, wait_open
from PyQt6.QtCore import QSize
from PyQt6.QtWidgets import (
    QAbstractButton,
    QApplication,
    QComboBox,
    QLabel,
    QScrollArea,
    QToolButton,
    QWidget,
)
from window_tools import tone, write

no_device, make_window = opened_window.no_device, opened_window.make_window
window = opened_window.window


@pytest.fixture
def opened(qtbot, window, tmp_path):
    """A window with a stereo track."""
    left = tone(seconds=2.0)
    path = write(tmp_path / "stereo.wav", [[sample, -sample / 2] for sample in left])
    window.files.open(path)
    wait_open(qtbot, window, path)
    wait_analysed(qtbot, window)
    return window


def resize(window, size):
    QApplication.processEvents()  # what is hidden no longer needs its height
    window.resize(size)
    QApplication.processEvents()
    assert window.size() == size


def share(window):
    """Of the window's area, what its pictures cover."""
    canvases = [panel.canvas for panel in (window.pictures.octaves, window.pictures.stft)]
    area = sum(canvas.width() * canvas.height() for canvas in canvases)
    return area / (window.width() * window.height())


@pytest.mark.parametrize(
    ("size", "inspector", "least"),
    [
        ((1280, 720), True, 0.5),
        ((1280, 720), False, 0.65),
        ((1600, 900), True, 0.58),
        ((1600, 900), False, 0.65),
        ((800, 450), False, 0.5),
    ],
)
def test_most_of_the_window_is_picture(opened, size, inspector, least):
    opened.inspector.setVisible(inspector)
    resize(opened, QSize(*size))
    assert share(opened) >= least


def cut_texts(window):
    """Texts with less room than they take, and controls that leave what they stand in."""
    cut = []
    for widget in window.findChildren(QWidget):
        if not widget.isVisible() or widget.visibleRegion().isEmpty():
            continue
        above = widget.parentWidget()
        scrolled = above and isinstance(above.parentWidget(), QScrollArea)
        if isinstance(widget, QLabel | QAbstractButton | QComboBox):
            text = widget.currentText() if isinstance(widget, QComboBox) else widget.text()
            if isinstance(widget, QToolButton) and widget.icon() and not widget.icon().isNull():
                text = ""
            lines = [] if "<" in text or getattr(widget, "wordWrap", bool)() else text.split("\n")
            widths = [widget.fontMetrics().horizontalAdvance(line.replace("&", "")) for line in lines]
            if max(widths, default=0) > widget.width():
                cut.append(text)
            if not scrolled and not above.rect().contains(widget.geometry()):
                cut.append(f"{text} leaves its {type(above).__name__}")
    return cut


@pytest.mark.parametrize("size", [(1280, 720), (1600, 900)])
@pytest.mark.parametrize("tab", [0, 1, 2])
def test_nothing_is_cut(opened, size, tab):
    opened.inspector.show()
    opened.inspector.tab = tab
    resize(opened, QSize(*size))
    assert cut_texts(opened) == []


SCALED = """
import sys
from pathlib import Path
from PyQt6.QtCore import QSize
from msviz.gui.app import application
from msviz.gui.window import Window
app = application()
window = Window()
window.asks = False
window.resize(800, 450)
window.show()
window.files.open(Path(sys.argv[1]))
while not (window.analysis and window.analysis.progress == 1):
    app.processEvents()
app.processEvents()
sys.path.insert(0, sys.argv[2])
from test_layout import cut_texts, share
print(window.devicePixelRatioF(), share(window), cut_texts(window))
window.close()
"""


def test_a_small_screen_at_twice_the_scale_shows_pictures_and_nothing_is_cut(tmp_path):
    """1600×900 pixels at scale 2, from a first start: the inspector is not open."""
    path = write(tmp_path / "track.wav", tone(seconds=1.0))
    ran = subprocess.run(
        [sys.executable, "-c", SCALED, path, Path(__file__).parent],
        env={**os.environ, "QT_SCALE_FACTOR": "2", "QT_QPA_PLATFORM": "offscreen"},
        capture_output=True,
        text=True,
        check=True,
    )
    ratio, shared, cut = ran.stdout.strip().split(" ", 2)
    assert float(ratio) == 2
    assert float(shared) >= 0.5
    assert cut == "[]"
