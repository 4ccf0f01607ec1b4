"""Files: which one is to be opened, and which were open last."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from PyQt6.QtCore import QObject, QSettings, pyqtSignal

from msviz.gui.work.jobs import Job, Outcome, Runner

if TYPE_CHECKING:
    from msviz.tracks import Track

MOST_RECENT = 8


class Files(QObject):
    """Opens files beside what goes on, and remembers them.

    Parameters
    ----------
    runner : Runner
    """

    opened = pyqtSignal(object)
    """Only once that has worked: until then the last one stays."""
    message = pyqtSignal(str)
    """What is being opened; nothing any more."""
    failed = pyqtSignal(str)
    recent_changed = pyqtSignal()

    def __init__(self, runner: Runner) -> None:
        super().__init__()
        self._runner = runner
        self.opening: Job | None = None

    def open(self, path: Path, track: int = 0) -> None:
        """Open a file in place of what is being opened; of a converted folder, also by what lies in it.

        Of several sound tracks, the one with this number.
        """
        if path.name == "zarr.json":
            path = path.parent

        def work() -> Iterator[Track]:
            from msviz.tracks import open_track

            yield open_track(path, track=track, wait=False)

        self.cancel()
        self.opening = job = self._runner.start(work)
        self.message.emit(f"Opening {path.name}…")
        job.item.connect(self.opened)
        job.ended.connect(lambda outcome: self._end(job, outcome))

    def cancel(self) -> None:
        """Open nothing."""
        if self.opening:
            self.opening.cancel()

    def _end(self, job: Job, outcome: Outcome) -> None:
        if job is self.opening:
            self.opening = None
            self.message.emit("")
        if outcome is Outcome.FAILED:
            self.failed.emit(str(job.error))

    def remember(self, path: Path) -> None:
        """It was opened last."""
        resolved = str(path.resolve())
        recent = [resolved, *(name for name in self._names() if name != resolved)]
        QSettings().setValue("recent", recent[:MOST_RECENT])
        self.recent_changed.emit()

    def recent(self) -> list[Path]:
        """The files that were opened last and still exist, the newest first."""
        return [Path(name) for name in self._names() if os.path.exists(name)]

    def _names(self) -> list[str]:
        value = QSettings().value("recent", [])
        return [value] if isinstance(value, str) else list(value or [])


def told_apart(paths: Sequence[Path]) -> dict[str, Path]:
    """Files by their names; with their folders where names are alike."""
    names = [path.name for path in paths]
    return {
        path.name if names.count(path.name) == 1 else f"{path.name} in {path.parent}": path for path in paths
    }
