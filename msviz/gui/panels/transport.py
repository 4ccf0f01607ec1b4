"""The bars round the pictures: transport, colours, messages, status."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from PyQt6.QtCore import QRectF, QSize, Qt
from PyQt6.QtGui import QAction, QFontDatabase, QPainter, QPaintEvent, QPalette
from PyQt6.QtWidgets import (
    QSlider,
    QSpinBox,
    QToolBar,
    QToolButton,
)

from msviz.gui.model.listening import Listening
from msviz.gui.model.readout import time_text
from msviz.gui.model.track import TrackState
from msviz.gui.panels.labels import FigureLabel, set_figures
from msviz.gui.panels.meter import MeterBar

if TYPE_CHECKING:
    from msviz.gui.actions import Actions

SOURCE_STYLE = """
QToolButton { padding: 3px 25px 3px 7px; border: 1px solid transparent; border-radius: 4px; }
QToolButton:checked:enabled { background: palette(highlight); color: palette(highlighted-text); }
QToolButton:focus { border-color: palette(window-text); }
"""

BADGE = 17  # size of a badge

TOOL_STYLE = """
QToolBar { background: palette(window); border: none; }
QToolButton { padding: 3px; border-radius: 4px; }
QToolButton:checked:enabled { background: palette(highlight); }
"""


class _SourceButton(QToolButton):
    """A source, with a badge if it is A or B, one of the last two played."""

    def __init__(self, action: QAction, name: str) -> None:
        super().__init__()
        self.setDefaultAction(action)
        self.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextOnly)
        self.setText(name)
        self.setStyleSheet(SOURCE_STYLE)
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.letter = ""

    def set_letter(self, letter: str) -> None:
        """Show A, B or no badge."""
        self.letter = letter
        self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        super().paintEvent(event)
        if not self.letter:
            return
        painter = QPainter(self)
        font = self.font()
        font.setBold(True)
        painter.setFont(font)
        ground, ink = QPalette.ColorRole.Highlight, QPalette.ColorRole.HighlightedText
        if self.isChecked():
            ground, ink = ink, ground
        badge = QRectF(self.width() - BADGE - 3, (self.height() - BADGE) / 2, BADGE, BADGE)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(self.palette().color(ground))
        painter.drawRoundedRect(badge, 4, 4)
        painter.setPen(self.palette().color(ink))
        painter.drawText(badge, Qt.AlignmentFlag.AlignCenter, self.letter)


class TransportBar(QToolBar):
    """Transport, time, sources, volume, zoom.  What comes last gives way first."""

    def __init__(
        self,
        actions: Actions,
        track: TrackState,
        listening: Listening,
        meter: MeterBar,
    ) -> None:
        super().__init__("Transport")
        self._track, self._listening = track, listening
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
        self._gain.setButtonSymbols(QSpinBox.ButtonSymbols.NoButtons)
        self._gain.setAlignment(Qt.AlignmentFlag.AlignRight)
        self._gain.setFixedWidth(self._gain.fontMetrics().horizontalAdvance("+60 dB") + 16)
        self._gain.setAccessibleName("Difference gain")
        self._gain.setToolTip("Gain applied to the difference so you can hear it")
        self._gain.valueChanged.connect(self._set_difference_gain)
        self.addWidget(self._gain)
        self.addAction(actions.blind_test)
        self.addSeparator()
        self.addAction(actions.mute)
        self._volume = QSlider(Qt.Orientation.Horizontal)
        self._volume.setRange(0, 100)
        self._volume.setFixedWidth(60)
        self._volume.setAccessibleName("Volume")
        self._volume.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self._volume.valueChanged.connect(listening.set_volume)
        self.addWidget(self._volume)
        self.addWidget(meter)
        self.addSeparator()
        self.addActions([actions.zoom_out, actions.zoom_in, actions.show_all, actions.curtain])
        self._show_time()
        track.opened.connect(self._show_time)
        track.opened.connect(self._show_source)
        track.heard_changed.connect(self._show_source)
        listening.ticked.connect(self._show_time)
        listening.volume_changed.connect(self._show_volume)
        self._show_source()

    def _set_difference_gain(self, db: int) -> None:
        self._track.difference_gain_db = float(db)

    def _show_time(self) -> None:
        """Show where the playhead is, and how long the track is."""
        view = self._track.view
        whole = time_text(view.full.stop_s)
        set_figures(self._time, f"{time_text(view.playhead_s):>{len(whole)}} / {whole}")

    def _show_source(self) -> None:
        """Mark the last two sources as A and B."""
        letters = dict(zip(self._track.pair, "AB", strict=True)) if self._track.source else {}
        for name, button in self._sources.items():
            button.set_letter(letters.get(name, ""))
        self._time.setEnabled(self._track.source is not None)
        self._gain.setEnabled(self._track.heard == "Difference")

    def _show_volume(self) -> None:
        volume = self._listening.volume
        self._volume.blockSignals(True)
        self._volume.setValue(volume)
        self._volume.blockSignals(False)
        text = f"{40 * math.log10(volume / 100):.1f} dB".replace("-", "−") if volume else "silent"
        self._volume.setToolTip(f"Volume: {text} (Ctrl+Up, Ctrl+Down)")
