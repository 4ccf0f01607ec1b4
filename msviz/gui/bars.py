"""The bars round the pictures: transport, colours, messages, status."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from PyQt6.QtCore import QEvent, QSize, Qt, pyqtSignal
from PyQt6.QtGui import QFontDatabase, QKeyEvent, QMouseEvent
from PyQt6.QtWidgets import (
    QComboBox,
    QFrame,
    QHBoxLayout,
    QLabel,
    QProgressBar,
    QPushButton,
    QSpinBox,
    QStatusBar,
    QToolBar,
    QToolButton,
    QWidget,
)

from msviz.audio import AudioSource
from msviz.gui.actions import Actions
from msviz.gui.colours import COLOUR_MAPS, HIGHEST_DB, LOWEST_DB, NARROWEST_RANGE_DB, OWN, Colours
from msviz.gui.readout import frequency_text, level_text, note_text, time_text

SOURCE_STYLE = """
QToolButton { padding: 3px 9px; border-radius: 4px; }
QToolButton:checked { background: palette(highlight); color: palette(highlighted-text); }
"""


class TransportBar(QToolBar):
    """Open, play; the time; which source is heard; the colours.  What comes last gives way first."""

    def __init__(self, actions: Actions, colours: ColourBar) -> None:
        super().__init__("Transport")
        self.setObjectName("transport")
        self.setMovable(False)
        self.setIconSize(QSize(18, 18))
        self.addActions([actions.open])
        self.addSeparator()
        self.addActions([actions.start, actions.play, actions.stop])
        self._time = QLabel()
        self._time.setFont(QFontDatabase.systemFont(QFontDatabase.SystemFont.FixedFont))
        self._time.setContentsMargins(8, 0, 8, 0)
        self.addWidget(self._time)
        self.addSeparator()
        for name, action in actions.sources.items():
            self.addAction(action)
            button = self.widgetForAction(action)
            if isinstance(button, QToolButton):
                button.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextOnly)
                button.setText(name)
                button.setStyleSheet(SOURCE_STYLE)
        self.addSeparator()
        self.addWidget(colours)

    def show_time(self, now_s: float, duration_s: float) -> None:
        """Where the playhead is, and how long the track is."""
        whole = time_text(duration_s)
        self._time.setText(f"{time_text(now_s):>{len(whole)}} / {whole}")


class _LevelBox(QSpinBox):
    """A level among keys that mean something else: it takes what edits a number, while one is typed."""

    def event(self, event: QEvent) -> bool:
        if event.type() == QEvent.Type.ShortcutOverride and isinstance(event, QKeyEvent):
            if event.key() == Qt.Key.Key_Escape:
                event.accept()
                return True
            if event.text().isprintable() and event.text() not in "-−0123456789":
                event.ignore()
                return False
        return super().event(event)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        super().keyPressEvent(event)
        if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter, Qt.Key.Key_Escape):
            self.clearFocus()

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        super().mouseReleaseEvent(event)
        self.clearFocus()  # its arrows were pressed; the number is a widget of its own


class ColourBar(QWidget):
    """Colour map and display range."""

    changed = pyqtSignal(Colours)

    def __init__(self) -> None:
        super().__init__()
        self._colours = Colours()
        self._map = QComboBox()
        self._map.addItems(COLOUR_MAPS)
        self._map.setToolTip("Colour map")
        self._map.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self._floor, self._ceiling = (self._level(tip) for tip in ("Darkest level", "Brightest level"))
        self._map.textActivated.connect(lambda name: self._change(name=name))
        self._floor.valueChanged.connect(lambda level: self._change(floor_db=float(level)))
        self._ceiling.valueChanged.connect(lambda level: self._change(ceiling_db=float(level)))
        to = QLabel("to")
        layout = QHBoxLayout(self)
        layout.setContentsMargins(8, 0, 0, 0)
        for widget in (self._map, self._floor, to, self._ceiling):
            layout.addWidget(widget)

    def _level(self, tip: str) -> QSpinBox:
        box = _LevelBox()
        box.setSuffix(" dB")
        box.setToolTip(f"{tip} in dB; a sine of full scale is 0")
        box.setFocusPolicy(Qt.FocusPolicy.ClickFocus)
        box.setSingleStep(3)
        return box

    def set_colours(self, colours: Colours) -> None:
        """What to start from."""
        self._colours = colours
        floor, ceiling = round(colours.floor_db), round(colours.ceiling_db)
        if colours.stops and self._map.findText(OWN) < 0:
            self._map.addItem(OWN)
        self._map.setCurrentText(colours.name)
        for box, low, high, value in (
            (self._floor, LOWEST_DB, ceiling - NARROWEST_RANGE_DB, floor),
            (self._ceiling, floor + NARROWEST_RANGE_DB, HIGHEST_DB, ceiling),
        ):
            box.blockSignals(True)
            box.setRange(low, high)
            box.setValue(value)
            box.blockSignals(False)

    def _change(self, **changes: Any) -> None:
        self.changed.emit(replace(self._colours, **changes))


class MessageBar(QFrame):
    """What a person should know: one sentence over the pictures, until it is closed."""

    retry_requested = pyqtSignal()

    def __init__(self) -> None:
        super().__init__()
        self._text = QLabel()
        self._text.setWordWrap(True)
        self._text.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self._retry = QPushButton("Try again")
        self._retry.clicked.connect(self._try_again)
        close = QPushButton("Close")
        close.clicked.connect(self.clear)
        layout = QHBoxLayout(self)
        layout.setContentsMargins(12, 6, 8, 6)
        layout.addWidget(self._text, 1)
        layout.addWidget(self._retry)
        layout.addWidget(close)
        self.setObjectName("messages")
        self.setStyleSheet("#messages { background: #7a3b12; } #messages QLabel { color: #fff3ea; }")
        self.hide()

    @property
    def text(self) -> str:
        """What it says; nothing while it is closed."""
        return self._text.text() if not self.isHidden() else ""

    def show_message(self, text: str, *, retry: bool = False) -> None:
        """Say something, and whether it can be tried again."""
        self._text.setText(text)
        self._retry.setVisible(retry)
        self.show()

    def clear(self) -> None:
        """Say nothing."""
        self.hide()

    def _try_again(self) -> None:
        self.hide()
        self.retry_requested.emit()


class StatusBar(QStatusBar):
    """What runs, how far; what is under the pointer."""

    stop_requested = pyqtSignal()

    def __init__(self) -> None:
        super().__init__()
        self._message = QLabel()
        self._message.setContentsMargins(6, 0, 12, 0)
        self._bar = QProgressBar()
        self._bar.setFixedWidth(140)
        self._bar.setTextVisible(False)
        self._bar.setFixedHeight(10)
        self._doing = QLabel()
        self._doing.setMinimumWidth(self.fontMetrics().horizontalAdvance("Stopped at 100 %"))
        self._stop = QPushButton()
        self._stop.setFlat(True)
        self._stop.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self._stop.clicked.connect(self.stop_requested)
        self._read_out = QLabel()
        self._read_out.setFont(QFontDatabase.systemFont(QFontDatabase.SystemFont.FixedFont))
        self._read_out.setContentsMargins(0, 0, 8, 0)
        for widget in (self._message, self._doing, self._bar, self._stop):
            self.addWidget(widget)
        self.addPermanentWidget(self._read_out)
        self.setSizeGripEnabled(False)
        self._file = ""
        for widget in (self._doing, self._bar, self._stop):
            widget.hide()

    def show_message(self, text: str) -> None:
        """Say what is going on; nothing: what file is open."""
        self._message.setText(text or self._file)

    def show_file(self, source: AudioSource) -> None:
        """Say what file is open."""
        channels = {1: "mono", 2: "stereo"}.get(source.channels, f"{source.channels} channels")
        self._file = f"{source.format} · {source.rate / 1000:g} kHz · {channels}"
        self.show_message("")

    def show_progress(self, progress: float, *, stopped: bool) -> None:
        """How far the analysis is, from 0 to 1."""
        running = progress < 1
        for widget in (self._doing, self._bar, self._stop):
            widget.setVisible(running)
        if running:
            percent = int(100 * progress)
            self._bar.setValue(percent)
            self._doing.setText(f"{'Stopped at' if stopped else 'Analysing'} {percent} %")
            self._stop.setText("Go on" if stopped else "Stop")

    def show_read_out(
        self, cursor: tuple[float, float | None] | None, levels: tuple[float | None, float | None]
    ) -> None:
        """Time, frequency, note, and the levels in both pictures; over a waveform, the time."""
        if cursor is None:
            self._read_out.clear()
            return
        time_s, hz = cursor
        if hz is None:
            self._read_out.setText(time_text(time_s))
            return
        octaves, stft = map(level_text, levels)
        self._read_out.setText(
            f"{time_text(time_s):>11}  {frequency_text(hz):>9}  {note_text(hz):>10}  "
            f"octaves {octaves:>9}  STFT {stft:>9}"
        )
