"""The bars round the pictures: transport, colours, messages, status."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from PyQt6.QtCore import QSize, Qt, pyqtSignal
from PyQt6.QtGui import QAction, QFontDatabase, QPainter, QPaintEvent, QPalette
from PyQt6.QtWidgets import (
    QSlider,
    QSpinBox,
    QToolBar,
    QToolButton,
)

from msviz.gui.model.readout import time_text
from msviz.gui.panels.colour_bar import ColourBar
from msviz.gui.panels.labels import FigureLabel, set_figures
from msviz.gui.panels.meter import MeterBar

if TYPE_CHECKING:
    from msviz.gui.actions import Actions

SOURCE_STYLE = """
QToolButton { padding: 2px 7px; border: 1px solid transparent; border-radius: 4px; }
QToolButton:checked { background: palette(highlight); color: palette(highlighted-text); }
QToolButton:focus { border-color: palette(window-text); }
"""

TOOL_STYLE = """
QToolButton { padding: 3px; border-radius: 4px; }
QToolButton:checked { background: palette(highlight); }
"""


class _SourceButton(QToolButton):
    """A source, with its letter in the corner where it is one of the last two heard."""

    def __init__(self, action: QAction, name: str) -> None:
        super().__init__()
        self.setDefaultAction(action)
        self.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextOnly)
        self.setText(name)
        self.setStyleSheet(SOURCE_STYLE)
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.letter = ""

    def set_letter(self, letter: str) -> None:
        """Which key of the last two it has."""
        self.letter = letter
        self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        super().paintEvent(event)
        painter = QPainter(self)
        font = self.font()
        font.setPointSizeF(0.7 * font.pointSizeF())
        font.setBold(True)
        painter.setFont(font)
        role = QPalette.ColorRole.HighlightedText if self.isChecked() else QPalette.ColorRole.Highlight
        painter.setPen(self.palette().color(role))
        painter.drawText(self.rect().adjusted(0, 0, -2, 0), Qt.AlignmentFlag.AlignRight, self.letter)


class TransportBar(QToolBar):
    """Open, play; the time; what is heard and how loud; the colours.  What comes last gives way first."""

    difference_gain_changed = pyqtSignal(float)
    volume_changed = pyqtSignal(int)

    def __init__(self, actions: Actions, meter: MeterBar, colours: ColourBar) -> None:
        super().__init__("Transport")
        self.setObjectName("transport")
        self.setMovable(False)
        self.setIconSize(QSize(18, 18))
        self.setStyleSheet(TOOL_STYLE)
        self.addActions([actions.open])
        self.addSeparator()
        self.addActions([actions.start, actions.play, actions.stop, actions.loop])
        self._time = FigureLabel()
        self._time.setFont(QFontDatabase.systemFont(QFontDatabase.SystemFont.FixedFont))
        self._time.setContentsMargins(6, 0, 6, 0)
        self.addWidget(self._time)
        self.addSeparator()
        self._sources = {name: _SourceButton(action, name) for name, action in actions.sources.items()}
        for button in self._sources.values():
            self.addWidget(button)
        self._gain = QSpinBox()
        self._gain.setRange(0, 60)
        self._gain.setSingleStep(6)
        self._gain.setPrefix("+")
        self._gain.setSuffix(" dB")
        self._gain.setAccessibleName("Gain of the difference")
        self._gain.setToolTip("Gain applied to the difference so you can hear it")
        self._gain.valueChanged.connect(lambda db: self.difference_gain_changed.emit(float(db)))
        self.addWidget(self._gain)
        self.addSeparator()
        self.addAction(actions.mute)
        self._volume = QSlider(Qt.Orientation.Horizontal)
        self._volume.setRange(0, 100)
        self._volume.setFixedWidth(72)
        self._volume.setAccessibleName("Volume")
        self._volume.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self._volume.valueChanged.connect(self.volume_changed)
        self.addWidget(self._volume)
        self.addWidget(meter)
        self.addSeparator()
        self.addWidget(colours)
        self.set_source("", ("", ""))

    def show_time(self, now_s: float, duration_s: float) -> None:
        """Where the playhead is, and how long the track is."""
        whole = time_text(duration_s)
        set_figures(self._time, f"{time_text(now_s):>{len(whole)}} / {whole}")

    def set_source(self, name: str, pair: tuple[str, str]) -> None:
        """Which source is heard, and which two were heard last."""
        letters = dict(zip(pair, "AB", strict=True))
        for each, button in self._sources.items():
            button.set_letter(letters.get(each, ""))
        self._gain.setEnabled(name == "Difference")

    def set_volume(self, volume: int) -> None:
        """How loud it is, from 0 to 100."""
        self._volume.blockSignals(True)
        self._volume.setValue(volume)
        self._volume.blockSignals(False)
        text = f"{40 * math.log10(volume / 100):.1f} dB".replace("-", "−") if volume else "silent"
        self._volume.setToolTip(f"Volume: {text} (Ctrl+Up, Ctrl+Down)")
