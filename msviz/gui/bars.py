"""The bars round the pictures: transport, colours, messages, status."""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from PyQt6.QtCore import QEvent, QSize, Qt, QTimer, pyqtSignal
from PyQt6.QtGui import QAction, QFontDatabase, QPainter, QPaintEvent, QPalette
from PyQt6.QtWidgets import (
    QComboBox,
    QFrame,
    QHBoxLayout,
    QLabel,
    QMenu,
    QProgressBar,
    QPushButton,
    QSizePolicy,
    QSlider,
    QSpinBox,
    QStatusBar,
    QToolBar,
    QToolButton,
    QWidget,
)

from msviz.audio import AudioSource
from msviz.gui.actions import Actions
from msviz.gui.colours import HIGHEST_DB, LOWEST_DB, NARROWEST_RANGE_DB, OWN, Colours
from msviz.gui.meter import MeterBar
from msviz.gui.readout import frequency_text, level_text, moment_text, note_text, rate_text, time_text
from msviz.gui.view import View
from msviz.picture import COLOUR_MAPS

MOST_DAMAGES = 30  # that a menu lists
TOLD_MS = 6000  # that something stays in the status bar
SOUNDS = 58  # characters of the read-out after the time
LEAST, TOLD_LEAST = 60, 320  # pixels that a text keeps which gives way, and one that is to be read now
LONGEST_WORD = 40  # characters before a word may be broken
BREAK = "\u200b"  # a space without width

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


def _write(label: QLabel, text: str) -> None:
    """Write in a font of fixed width; what is around is laid out anew only where the length changes."""
    longer = len(text) != len(label.text())
    label.setText(text)
    if longer:
        label.setFixedSize(label.sizeHint())


class _Figures(QLabel):
    """Figures that change thirty times a second: in the style of a label they take three times as long."""

    def __init__(self) -> None:
        super().__init__()
        self.setAttribute(Qt.WidgetAttribute.WA_OpaquePaintEvent)  # else the bar is painted first

    def paintEvent(self, event: QPaintEvent) -> None:
        painter, palette = QPainter(self), self.palette()
        painter.fillRect(self.rect(), palette.color(QPalette.ColorRole.Window))
        painter.setPen(palette.color(QPalette.ColorRole.WindowText))
        metrics, inside = painter.fontMetrics(), self.contentsRect()
        baseline = inside.top() + (inside.height() + metrics.ascent() - metrics.descent()) // 2
        painter.drawText(inside.left(), baseline, self.text())  # quicker than in a rectangle


class _Elided(QLabel):
    """A text that gives way to what is beside it, and tells all of it in its tip then."""

    def __init__(self, mode: Qt.TextElideMode = Qt.TextElideMode.ElideRight) -> None:
        super().__init__()
        self._mode = mode
        self.least = LEAST
        self.setTextFormat(Qt.TextFormat.PlainText)  # a file's name may look like another

    @property
    def seen(self) -> str:
        """What there is room for."""
        return self.fontMetrics().elidedText(self.text(), self._mode, self.contentsRect().width())

    def minimumSizeHint(self) -> QSize:
        return self.sizeHint().boundedTo(QSize(self.least, self.sizeHint().height()))

    def event(self, event: QEvent | None) -> bool:
        if event and event.type() == QEvent.Type.ToolTip:
            self.setToolTip(self.text() if self.seen != self.text() else "")
        return super().event(event)

    def paintEvent(self, event: QPaintEvent) -> None:
        QPainter(self).drawText(self.contentsRect(), Qt.AlignmentFlag.AlignVCenter, self.seen)


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
        self._time = _Figures()
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
        self._gain.setToolTip("How much louder the difference is heard than it is")
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
        _write(self._time, f"{time_text(now_s):>{len(whole)}} / {whole}")

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


class ColourBar(QWidget):
    """Colour map and display range."""

    changed = pyqtSignal(Colours)

    def __init__(self) -> None:
        super().__init__()
        self._colours = Colours()
        self._map = QComboBox()
        self._map.addItems(COLOUR_MAPS)
        self._map.setToolTip("Colour map")
        self._map.setAccessibleName("Colour map")
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
        box = QSpinBox()
        box.setSuffix(" dB")
        box.setAccessibleName(tip)
        box.setToolTip(f"{tip} in dB; a sine of full scale is 0")
        box.setSingleStep(3)
        return box

    def set_colours(self, colours: Colours) -> None:
        """What to start from."""
        self._colours = colours
        floor, ceiling = round(colours.floor_db), round(colours.ceiling_db)
        own = self._map.findText(OWN)
        if colours.stops and own < 0:
            self._map.addItem(OWN)
        elif not colours.stops and own >= 0:
            self._map.removeItem(own)
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
        return self._text.text().replace(BREAK, "") if not self.isHidden() else ""

    def show_message(self, text: str, *, retry: bool = False) -> None:
        """Say something, and whether it can be tried again."""
        self._text.setText(re.sub(rf"\S{{{LONGEST_WORD}}}", rf"\g<0>{BREAK}", text))  # no wider than it is
        self._retry.setVisible(retry)
        self.show()

    def clear(self) -> None:
        """Say nothing."""
        self.hide()

    def _try_again(self) -> None:
        self.hide()
        self.retry_requested.emit()


class _Progress(QProgressBar):
    """How much is done, painted with the rest: Qt's own paints the whole window at once, at every step."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.setFixedHeight(10)
        self.setMinimumWidth(width // 8)
        self.setMaximumWidth(width)
        self.setTextVisible(False)

    def show_share(self, share: float) -> None:
        """From 0 to 1."""
        self.setUpdatesEnabled(False)
        self.setValue(int(100 * share))
        self.setUpdatesEnabled(True)


class StatusBar(QStatusBar):
    """What runs, how far; what is under the pointer.

    Whatever it tells, the window stays as wide as it is: texts are elided, and the read-out is hidden
    where there is no room for it.
    """

    stop_requested = pyqtSignal()
    cancel_requested = pyqtSignal()
    """The export is to end."""
    damage_chosen = pyqtSignal(object)
    """A `Missing` stretch is to be seen."""

    def __init__(self, view: View) -> None:
        super().__init__()
        self._view = view
        self.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)
        self._message = _Elided()
        self._message.setContentsMargins(6, 0, 12, 0)
        self._bar = _Progress(140)
        self._doing = QLabel()
        self._doing.setMinimumWidth(self.fontMetrics().horizontalAdvance("Stopped at 100 %"))
        self._stop = QPushButton()
        self._stop.setFlat(True)
        self._stop.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self._stop.clicked.connect(self.stop_requested)
        self._read_out = _Figures()
        self._read_out.setFont(QFontDatabase.systemFont(QFontDatabase.SystemFont.FixedFont))
        self._read_out.setContentsMargins(0, 0, 8, 0)
        for widget in (self._message, self._doing, self._bar, self._stop):
            self.addWidget(widget)
        self.addPermanentWidget(self._read_out)
        self.setSizeGripEnabled(False)
        self._damage = QPushButton()
        self._damage.setFlat(True)
        self._damage.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self._damage.setToolTip("What is wrong with this file, and where")
        self._damages = QMenu(self)
        self._damages.aboutToShow.connect(self._fill_damages)
        self._damage.setMenu(self._damages)
        self._damage.hide()
        self._notes: Sequence[str] = ()
        self.addWidget(self._damage)
        self._file = ""
        self._told = QTimer(self)
        self._told.setSingleShot(True)
        self._told.setInterval(TOLD_MS)
        self._told.timeout.connect(self._forget)
        self._underruns = QLabel()
        self._underruns.setToolTip("How often sound was not ready in time since msviz was started")
        self._export = _Elided(Qt.TextElideMode.ElideMiddle)
        self._export_bar = _Progress(100)
        self._cancel = QPushButton("Cancel")
        self._cancel.setToolTip("Stop exporting; no file is left")
        self._cancel.setFlat(True)
        self._cancel.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self._cancel.clicked.connect(self.cancel_requested)
        for widget in (self._export, self._export_bar, self._cancel, self._underruns):
            self.addWidget(widget)
        for widget in (self._doing, self._bar, self._stop, self._export, self._export_bar, self._cancel):
            widget.hide()
        self._underruns.hide()

    def event(self, event: QEvent | None) -> bool:
        if event and event.type() in (QEvent.Type.LayoutRequest, QEvent.Type.Resize):
            self._make_room()
        return super().event(event)

    def _make_room(self) -> None:
        layout, read_out = self.layout(), self._read_out
        if layout:
            room = self.width() - layout.minimumSize().width()
            needed = 0 if not read_out.isHidden() else read_out.width() + layout.spacing()
            read_out.setVisible(room >= needed)

    def show_message(self, text: str) -> None:
        """Say what is going on; nothing: what was told a little while ago, else what file is open."""
        if text:
            self._told.stop()
        elif self._told.isActive():
            return
        self._message.least = TOLD_LEAST if text else LEAST
        self._message.setText(text or self._file)

    def show_text(self, text: str) -> None:
        """Say something for a while, or nothing any more."""
        self._told.stop()
        self.show_message(text)
        if text:
            self._told.start()

    def _forget(self) -> None:
        self.show_message("")

    def show_file(self, source: AudioSource) -> None:
        """Say what file is open."""
        channels = {1: "mono", 2: "stereo"}.get(source.channels, f"{source.channels} channels")
        texts = [source.format, rate_text(source.exact_rate), channels]
        if len(source.tracks) > 1:
            texts.append(f"sound track {source.track + 1} of {len(source.tracks)}")
        if not source.settled:
            texts.append(f"about {time_text(source.length / source.rate, 0)} long")
        self._file = " · ".join(texts)
        self.show_text("")

    def show_damage(self, notes: Sequence[str]) -> None:
        """Say that something is wrong with the file, if it is: as a whole, or where the view says."""
        self._notes = notes
        count = len(self._view.damage.missing)
        texts = [f"{count} damaged stretch{'es' if count > 1 else ''}"] if count else []
        if notes and not count:
            texts.append("incomplete" if any("cut short" in note for note in notes) else "see the notes")
        self._damage.setText(f"⚠ {''.join(texts)}")
        self._damage.setVisible(bool(texts))

    def _fill_damages(self) -> None:
        self._damages.clear()
        for note in self._notes:
            self._damages.addAction(f"This file {note}").setEnabled(False)
        missing = self._view.damage.missing
        for one in missing[:MOST_DAMAGES]:
            begin, end = time_text(one.start_s), time_text(one.stop_s)
            action = self._damages.addAction(f"{begin} to {end}: {one.reason}")
            action.triggered.connect(lambda _, one=one: self.damage_chosen.emit(one))
        if len(missing) > MOST_DAMAGES:
            more = f"… and {len(missing) - MOST_DAMAGES} more; msviz info lists them all"
            self._damages.addAction(more).setEnabled(False)

    def show_progress(self, progress: float, *, stopped: bool) -> None:
        """How far the analysis is, from 0 to 1."""
        running = progress < 1
        for widget in (self._doing, self._bar, self._stop):
            widget.setVisible(running)
        if running:
            percent = int(100 * progress)
            self._bar.show_share(progress)
            self._doing.setText(f"{'Stopped at' if stopped else 'Analysing'} {percent} %")
            self._stop.setText("Go on" if stopped else "Stop")

    def show_export(self, name: str, share: float | None) -> None:
        """How much of a file is written, from 0 to 1; None: nothing is being written."""
        for widget in (self._export, self._export_bar, self._cancel):
            widget.setVisible(share is not None)
        if share is not None:
            self._export.setText(f"Writing {name}")
            self._export_bar.show_share(share)

    def show_underruns(self, count: int) -> None:
        """How often sound was not ready in time, where it ever was."""
        self._underruns.setVisible(count > 0)
        self._underruns.setText(f"{count} underrun{'s' if count > 1 else ''}")

    def show_read_out(
        self, cursor: tuple[float, float | None] | None, levels: tuple[float | None, float | None]
    ) -> None:
        """Time, frequency, note, and the levels in both pictures, or why there are none; over a waveform,
        the time.

        It is as wide over both, and changes its width only with the zoom.
        """
        if cursor is None:
            _write(self._read_out, "")
            return
        view, (time_s, hz) = self._view, cursor
        text = moment_text(time_s, view.span_s / (view.columns or 1), view.rate, view.length)
        sounds = ""
        if hz is not None:
            octaves, stft = map(level_text, levels)
            if reason := view.damage.at(time_s):
                octaves = stft = reason
            sounds = f"  {frequency_text(hz):>9}  {note_text(hz):>10}  octaves {octaves:>9}  STFT {stft:>9}"
        _write(self._read_out, f"{text}{sounds:{SOUNDS}}")
