"""The status bar."""

from __future__ import annotations

from collections.abc import Sequence

from PyQt6.QtCore import QEvent, Qt, QTimer
from PyQt6.QtWidgets import (
    QLabel,
    QMenu,
    QProgressBar,
    QPushButton,
    QSizePolicy,
    QStatusBar,
)

from msviz.gui.model.gains import solo_text
from msviz.gui.model.readout import (
    rate_text,
    time_text,
)
from msviz.gui.model.workspace import Workspace
from msviz.gui.panels.labels import LEAST, ElidedLabel
from msviz.gui.panels.readout_label import ReadOut

MOST_DAMAGES = 30  # that a menu lists
TOLD_LEAST = 320  # pixels that a message keeps
TOLD_MS = 6000  # that something stays in the status bar


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

    Whatever it says, the window stays as wide as it is: texts are elided, and the readout is hidden
    if there is no room for it.

    Parameters
    ----------
    work : Workspace
    read_out : ReadOut
        Stands at the right.
    """

    def __init__(self, work: Workspace, read_out: ReadOut) -> None:
        super().__init__()
        self._work, self._view, self._read_out = work, work.view, read_out
        self.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)
        self._message = ElidedLabel()
        self._message.setContentsMargins(6, 0, 12, 0)
        self._bar = _Progress(140)
        self._doing = QLabel()
        self._doing.setMinimumWidth(self.fontMetrics().horizontalAdvance("Paused at 100 %"))
        self._stop = QPushButton()
        self._stop.setFlat(True)
        self._stop.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self._stop.clicked.connect(work.toggle_analysis)
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
        self._solo.clicked.connect(work.editing.clear_solo)
        self._dropouts = QPushButton()
        self._dropouts.setFlat(True)
        self._dropouts.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self._dropouts.setAccessibleName("Reset dropouts")
        self._dropouts.setToolTip("Gaps in playback since this track was opened. Click to reset")
        self._dropouts.clicked.connect(self._reset_dropouts)
        self._export = ElidedLabel(Qt.TextElideMode.ElideMiddle)
        self._export_bar = _Progress(100)
        self._cancel = QPushButton("Cancel")
        self._cancel.setToolTip("Cancel the export. No file is left behind.")
        self._cancel.setFlat(True)
        self._cancel.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self._cancel.clicked.connect(work.exporter.cancel)
        for widget in (self._export, self._export_bar, self._cancel, self._solo, self._dropouts):
            self.addWidget(widget)
        for widget in (self._doing, self._bar, self._stop, self._export, self._export_bar, self._cancel):
            widget.hide()
        self._solo.hide()
        self._dropouts.hide()
        read_out.written.connect(self._make_room_for_read_out)
        work.message.connect(self.show_text)
        work.files.message.connect(self.show_message)
        work.exporter.progressed.connect(self.show_export)
        work.opened.connect(self._show_file)
        work.length_changed.connect(self._show_file)
        work.progressed.connect(self._show_work)
        work.track.edits_changed.connect(self._show_solo)
        work.listening.slow_tick.connect(self._show_dropouts)

    def event(self, event: QEvent | None) -> bool:
        if event and event.type() in (QEvent.Type.LayoutRequest, QEvent.Type.Resize):
            self._make_room()
        return super().event(event)

    def _make_room_for_read_out(self) -> None:
        if self._read_out.isHidden():  # a hidden widget does not ask for a new layout
            self._make_room()

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

    def _show_file(self) -> None:
        """Say what file is open."""
        source = self._work.source
        if not source:
            return
        channels = {1: "mono", 2: "stereo"}.get(source.channels, f"{source.channels} channels")
        texts = [source.format, rate_text(source.exact_rate), channels]
        if len(source.tracks) > 1:
            texts.append(f"audio track {source.track + 1} of {len(source.tracks)}")
        if not source.settled:
            texts.append(f"about {time_text(source.length / source.rate, 0)} long")
        self._file = " · ".join(texts)
        self.show_text("")

    def _show_work(self) -> None:
        """Say how far the analysis is, and what it has found wrong with the file."""
        analysis, source = self._work.analysis, self._work.source
        if analysis and source:
            self.show_progress(analysis.progress, stopped=analysis.stopped)
            self._show_damage(source.notes)

    def _show_damage(self, notes: Sequence[str]) -> None:
        """Say that something is wrong with the file, if it is: as a whole, or in some parts."""
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
            action.triggered.connect(lambda _, one=one: self._work.go_to_missing(one))
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

    def _show_solo(self) -> None:
        """Say what is soloed, if anything is."""
        text = solo_text(self._work.track.edits)
        self._solo.setVisible(bool(text))
        self._solo.setText(text)

    def _show_dropouts(self) -> None:
        self.show_dropouts(self._work.player.dropouts)

    def _reset_dropouts(self) -> None:
        self._work.player.reset_dropouts()
        self._show_dropouts()

    def show_dropouts(self, count: int) -> None:
        """How often audio was not ready in time; nothing while it always was."""
        self._dropouts.setVisible(count > 0)
        self._dropouts.setText(f"{count} dropout{'s' if count > 1 else ''}")
