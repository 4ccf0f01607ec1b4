"""The status bar."""

from __future__ import annotations

import re
from collections.abc import Sequence

from PyQt6.QtCore import QEvent, Qt, QTimer, pyqtSignal
from PyQt6.QtGui import QFontDatabase
from PyQt6.QtWidgets import (
    QLabel,
    QMenu,
    QProgressBar,
    QPushButton,
    QSizePolicy,
    QStatusBar,
)

from msviz.audio import AudioSource
from msviz.gui.model.readout import (
    delta_text,
    frequency_text,
    level_text,
    moment_text,
    note_text,
    rate_text,
    time_text,
)
from msviz.gui.model.view import View
from msviz.gui.panels.labels import LEAST, ElidedLabel, FigureLabel, set_figures
from msviz.gui.work.analysis import NAMES

MOST_DAMAGES = 30  # that a menu lists
TOLD_LEAST = 320  # pixels that a message keeps
TOLD_MS = 6000  # that something stays in the status bar
SOUNDS = 58  # characters of the read-out after the time
DELTAS = 70  # and of how far it is from the pin


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
    """Of the export."""
    solo_off_requested = pyqtSignal()
    reset_requested = pyqtSignal()
    """Of the count of dropouts."""
    damage_chosen = pyqtSignal(object)
    """A `Missing` stretch is to be seen."""

    def __init__(self, view: View) -> None:
        super().__init__()
        self._view = view
        self.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)
        self._message = ElidedLabel()
        self._message.setContentsMargins(6, 0, 12, 0)
        self._bar = _Progress(140)
        self._doing = QLabel()
        self._doing.setMinimumWidth(self.fontMetrics().horizontalAdvance("Paused at 100 %"))
        self._stop = QPushButton()
        self._stop.setFlat(True)
        self._stop.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self._stop.clicked.connect(self.stop_requested)
        self._read_out = FigureLabel()
        self._read_out.setFont(QFontDatabase.systemFont(QFontDatabase.SystemFont.FixedFont))
        self._read_out.setContentsMargins(0, 0, 8, 0)
        for widget in (self._message, self._doing, self._bar, self._stop):
            self.addWidget(widget)
        self.addPermanentWidget(self._read_out)
        self.setSizeGripEnabled(False)
        self._damage = QPushButton()
        self._damage.setFlat(True)
        self._damage.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self._damage.setToolTip("Damaged or missing parts of this file")
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
        self._solo = QPushButton()
        self._solo.setFlat(True)
        self._solo.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self._solo.setAccessibleName("Turn solo off")
        self._solo.setToolTip("Only soloed parts are playing. Click to play everything")
        self._solo.clicked.connect(self.solo_off_requested)
        self._dropouts = QPushButton()
        self._dropouts.setFlat(True)
        self._dropouts.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self._dropouts.setAccessibleName("Reset dropouts")
        self._dropouts.setToolTip("Gaps in playback since this track was opened. Click to reset")
        self._dropouts.clicked.connect(self.reset_requested)
        self._export = ElidedLabel(Qt.TextElideMode.ElideMiddle)
        self._export_bar = _Progress(100)
        self._cancel = QPushButton("Cancel")
        self._cancel.setToolTip("Cancel the export. No file is left behind.")
        self._cancel.setFlat(True)
        self._cancel.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self._cancel.clicked.connect(self.cancel_requested)
        for widget in (self._export, self._export_bar, self._cancel, self._solo, self._dropouts):
            self.addWidget(widget)
        for widget in (self._doing, self._bar, self._stop, self._export, self._export_bar, self._cancel):
            widget.hide()
        self._solo.hide()
        self._dropouts.hide()

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
            texts.append(f"audio track {source.track + 1} of {len(source.tracks)}")
        if not source.settled:
            texts.append(f"about {time_text(source.length / source.rate, 0)} long")
        self._file = " · ".join(texts)
        self.show_text("")

    def show_damage(self, notes: Sequence[str]) -> None:
        """Say that something is wrong with the file, if it is: as a whole, or where the view says."""
        self._notes = notes
        count = len(self._view.damage.missing)
        texts = [f"{count} damaged part{'s' if count > 1 else ''}"] if count else []
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
            more = f"… and {len(missing) - MOST_DAMAGES} more. `msviz info` lists them all."
            self._damages.addAction(more).setEnabled(False)

    def show_progress(self, progress: float, *, stopped: bool) -> None:
        """How far the analysis is, from 0 to 1."""
        running = progress < 1
        for widget in (self._doing, self._bar, self._stop):
            widget.setVisible(running)
        if running:
            percent = int(100 * progress)
            self._bar.show_share(progress)
            self._doing.setText(f"{'Paused at' if stopped else 'Analysing'} {percent} %")
            self._stop.setText("Resume" if stopped else "Pause")

    def show_export(self, name: str, share: float | None) -> None:
        """How much of a file is exported, from 0 to 1; None when no export runs."""
        for widget in (self._export, self._export_bar, self._cancel):
            widget.setVisible(share is not None)
        if share is not None:
            self._export.setText(f"Exporting {name}")
            self._export_bar.show_share(share)

    def show_solo(self, text: str) -> None:
        """Say what is soloed; nothing where nothing is."""
        self._solo.setVisible(bool(text))
        self._solo.setText(text)

    def show_dropouts(self, count: int) -> None:
        """How often audio was not ready in time; nothing while it always was."""
        self._dropouts.setVisible(count > 0)
        self._dropouts.setText(f"{count} dropout{'s' if count > 1 else ''}")

    def show_read_out(
        self,
        cursor: tuple[float, float | None] | None,
        levels: tuple[float | None, float | None],
        pinned: tuple[float | None, float | None] = (None, None),
        names: Sequence[str] = NAMES,
    ) -> None:
        """Time, frequency, note, and the levels in both pictures, or why there are none; over a waveform,
        the time.  With a pin, also how far that is from it, where the levels are the `pinned` ones.

        It is as wide over both, and changes its width only with the zoom and the pin.
        """
        if cursor is None:
            self._write_read_out("")
            return
        view, (time_s, hz) = self._view, cursor
        text = moment_text(time_s, view.span_s / (view.columns or 1), view.rate, view.length)
        sounds = ""
        if hz is not None:
            reason = view.damage.at(time_s)
            texts = [reason] * len(levels) if reason else map(level_text, levels)
            told = "".join(f"  {name} {text:>9}" for name, text in zip(names, texts, strict=True))
            sounds = f"  {frequency_text(hz):>9}  {note_text(hz):>10}{told}"
        delta = ""
        if view.pin:
            louder = [None if a is None or b is None else a - b for a, b in zip(levels, pinned, strict=True)]
            delta = delta_text(time_s - view.pin[0], view.pin[1], hz, (louder[0], louder[1]), names)
            delta = f"  {delta:{DELTAS}}"
        self._write_read_out(f"{text}{sounds:{SOUNDS}}{delta}")

    def _write_read_out(self, text: str) -> None:
        set_figures(self._read_out, text)
        if self._read_out.isHidden():  # a hidden widget does not ask for a new layout
            self._make_room()

    @property
    def read_out(self) -> str:
        """What the read-out says, without the spaces that line it up."""
        return "  ".join(re.split(r"\s{2,}", self._read_out.text().strip()))
