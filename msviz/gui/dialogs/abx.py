"""The ABX test: A, B and an X that is one of them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from copy import copy
from datetime import datetime
from functools import partial
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PyQt6.QtCore import QSettings, QTimer
from PyQt6.QtWidgets import QDialog, QFileDialog, QMessageBox, QStackedWidget, QVBoxLayout, QWidget

from msviz.errors import MsvizError
from msviz.gui.dialogs.abx_pages import AbxResult, Blind, Result, Setup
from msviz.gui.model.readout import time_text
from msviz.gui.work.jobs import Job, Outcome, Runner
from msviz.playback import Player
from msviz.playback.abx import Trials, save_report
from msviz.signal import Signal, Source

LONGEST_S, SHORTEST_S = 60.0, 0.1
STRETCH = 1 << 15  # samples read at once; between two the reading can be cancelled
LOOK_MS = 100  # between two looks at the player


class AbxDialog(QDialog):
    """Choose two sources, compare them blindly, and learn whether you could tell them apart.

    Every answer is stored at once: whatever closes the dialog, the result can be shown and saved when it is
    opened again.  It loads sources of its own into the player and leaves it paused: whoever opened the
    dialog loads the player again at `finished`.  While it is open nothing else may show what is playing.

    Parameters
    ----------
    player : Player
    sources : mapping of str to Source
        At least two, of one track.
    region : tuple of int
        The samples [start, stop) to compare.
    parent : QWidget, optional
    track : str
        The file, for the report.
    settings : mapping of str to str
        How the sources were made, for the report.

    Attributes
    ----------
    begun : bool
        Whether the player has the test's sources.
    """

    def __init__(
        self,
        player: Player,
        sources: Mapping[str, Source],
        region: tuple[int, int],
        parent: QWidget | None = None,
        *,
        track: str = "",
        settings: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(parent)
        self.setWindowTitle("ABX: can you hear it?")
        self._player, self._sources = player, dict(sources)
        first = next(iter(self._sources.values()))
        self._rate = first.rate
        self._region = max(region[0], 0), min(region[1], first.length)
        self._track, self._settings = track, dict(settings or {})
        self.begun = False
        self._speed = player.speed
        self._runner = Runner(1)
        self._job: Job | None = None
        self._trials = Trials(1)
        self._made: dict[str, NDArray[np.float32]] = {}
        self._last = AbxResult.load(QSettings())
        self._look = QTimer(self)
        self._look.setInterval(LOOK_MS)
        self._look.timeout.connect(self._show_error)

        self._setup = Setup(tuple(self._sources), self._described())
        self._blind = Blind()
        self._result = Result()
        self._pages = QStackedWidget()
        for page in (self._setup, self._blind, self._result):
            self._pages.addWidget(page)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(24, 20, 24, 20)
        layout.addWidget(self._pages)
        self.setMinimumSize(520, 380)

        self._setup.start.clicked.connect(self._render)
        self._setup.cancel.clicked.connect(self._cancel)
        self._setup.last_result.clicked.connect(self._show_result)
        self._setup.last_result.setVisible(self._last is not None)
        for combo in self._setup.chosen:
            combo.currentTextChanged.connect(self._check)
        self._blind.connect(self._receive, self._answer, self._toggle_playing)
        self._blind.retry.clicked.connect(self._retry)
        self._result.save.clicked.connect(self._save)
        self._result.close_button.clicked.connect(self.accept)
        self.finished.connect(self._end)
        self._check()

    # Choosing

    def _described(self) -> str:
        start, stop = (sample / self._rate for sample in self._region)
        return f"{time_text(start)} to {time_text(stop)} ({stop - start:.3f} s)"

    def _check(self) -> None:
        """Say why it cannot start, if it cannot."""
        start, stop = self._region
        seconds = (stop - start) / self._rate
        a, b = self._setup.names
        why = ""
        if seconds < SHORTEST_S:
            why = f"The range is shorter than {SHORTEST_S:g} s. Close this and select a longer one."
        elif seconds > LONGEST_S:
            why = (
                f"The range is {seconds:.0f} s long. Close this and select at most {LONGEST_S:.0f} s. "
                "Short ranges are easier to compare."
            )
        elif a == b:
            why = "A and B are the same. Choose another source for one of them."
        self._setup.show_message(why)
        self._setup.start.setEnabled(not why)

    def _render(self) -> None:
        """Read the region of both sources before the test, so that nothing has to be rendered during it."""
        a, b = (self._sources[name] for name in self._setup.names)
        self._made = {}
        self._setup.set_busy(True)
        self._job = self._runner.start(partial(_rendered, {"A": a, "B": b}, self._region))
        self._job.item.connect(self._take)
        self._job.ended.connect(self._begin)

    def _take(self, item: object) -> None:
        if isinstance(item, float):
            self._setup.progress.setValue(round(1000 * item))
        elif isinstance(item, dict):
            self._made = item

    def _cancel(self) -> None:
        if self._job:
            self._job.cancel()

    def _begin(self, outcome: Outcome) -> None:
        job, self._job = self._job, None
        self._setup.set_busy(False)
        if outcome is Outcome.FAILED and job:
            self._setup.show_message(str(job.error))
        if outcome is not Outcome.FINISHED:
            return
        self._trials = Trials(self._setup.count.value())
        self._pages.setCurrentWidget(self._blind)
        self._blind.setFocus()
        self.begun, self._player.speed = True, 1.0
        self._look.start()
        self._next()

    # Blindly

    def _next(self) -> None:
        """Start the next trial: always with A, from the start of the region, whatever X is."""
        made = {**self._made, "X": self._made[self._trials.x_is]}
        # Three arrays of the same kind, none of them shared, all of them new.
        sources = {name: Signal(samples.copy(), self._rate) for name, samples in made.items()}
        self._player.load(sources)
        self._player.loop = 0, sources["X"].length
        self._player.play()
        self._blind.show_trial(self._trials.number, self._trials.count)

    def _receive(self, name: str) -> None:
        self._player.select(name)
        self._blind.show_heard(name)

    def _answer(self, choice: str) -> None:
        self._trials.answer(choice)
        self._store()
        if self._trials.done:
            self._finish()
        else:
            self._next()

    def _toggle_playing(self) -> None:
        if self._player.playing:
            self._player.pause()
        else:
            self._player.play()

    def _retry(self) -> None:
        self._player.retry()
        self._show_error()

    def _show_error(self) -> None:
        self._blind.show_error(self._player.error or "")

    def reject(self) -> None:
        """Close; during a run, ask first, then show the result so far."""
        if self._pages.currentWidget() is not self._blind or not self._trials.given:
            super().reject()
        elif self._asked_to_stop():
            self._finish()

    def _asked_to_stop(self) -> bool:
        trials = self._trials
        text = f"You have answered {trials.given} of {trials.count} trials. End the test and see your score?"
        box = QMessageBox(QMessageBox.Icon.Question, self.windowTitle(), text, parent=self)
        end = box.addButton("End test", QMessageBox.ButtonRole.AcceptRole)
        resume = box.addButton("Continue", QMessageBox.ButtonRole.RejectRole)
        box.setDefaultButton(resume)
        box.exec()
        return box.clickedButton() is end

    # The result

    def _store(self) -> None:
        """Store the result so far, of as many trials as have been answered."""
        trials = copy(self._trials)
        if not trials.done:
            trials.stop()
        start, stop = self._region
        report = trials.report(
            track=self._track,
            region_s=(start / self._rate, stop / self._rate),
            names=self._setup.names,
            settings=self._settings,
            date=datetime.now(),
        )
        self._last = AbxResult(trials.summary, trials.verdict, report, self._track)
        self._last.save(QSettings())

    def _finish(self) -> None:
        self._silence()
        self._show_result()

    def _show_result(self) -> None:
        """Show the result that was stored last."""
        if self._last:
            self._result.show_result(self._last)
            self._pages.setCurrentWidget(self._result)
            self._result.save.setFocus()  # not Close: whoever has just pressed Space wanted to pause

    def _save(self) -> None:
        if not self._last:
            return
        track = self._last.track
        suggested = Path(track).with_suffix(".abx.txt") if track else Path("abx.txt")
        name, _ = QFileDialog.getSaveFileName(self, "Save result", str(suggested), "Text (*.txt)")
        if name:
            try:
                save_report(self._last.report, Path(name))
            except MsvizError as error:
                self._result.show_message(str(error))
            else:
                self._result.show_message(f"Saved {Path(name).name}.")

    def _silence(self) -> None:
        self._look.stop()
        self._player.pause()
        self._player.loop = None
        self._player.speed = self._speed

    def _end(self) -> None:
        if self.begun:
            self._silence()
        self._runner.close()


def _rendered(
    sources: Mapping[str, Source], region: tuple[int, int]
) -> Iterator[float | dict[str, NDArray[np.float32]]]:
    """The samples of a region, as a job: yields the share done, and last all samples."""
    start, stop = region
    made = {name: np.empty((source.channels, stop - start), np.float32) for name, source in sources.items()}
    done = 0
    for name, source in sources.items():
        for first in range(start, stop, STRETCH):
            last = min(first + STRETCH, stop)
            made[name][:, first - start : last - start] = source.read(first, last)
            done += last - first
            yield done / (stop - start) / len(made)
    yield made
