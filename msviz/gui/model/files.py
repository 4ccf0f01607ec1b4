"""Files: which one is to be opened, and which were open last."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from PyQt6.QtCore import QMimeData, QObject, QSettings, Qt, pyqtSignal
from PyQt6.QtGui import QDropEvent
from PyQt6.QtWidgets import QFileDialog, QWidget

from msviz.audio.kinds import SUFFIXES, VIDEO_SUFFIXES
from msviz.gui.work.jobs import Job, Outcome, Runner

if TYPE_CHECKING:
    from msviz.tracks import Track

FILE_FILTER = (
    f"Audio and video ({' '.join(f'*{suffix}' for suffix in sorted(SUFFIXES | VIDEO_SUFFIXES))});;"
    "Converted (*.zarr *.zip *.npz zarr.json);;All files (*)"
)
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

    def choose(self, parent: QWidget) -> None:
        """Ask for a file and open it."""
        folder = QSettings().value("folder", str(Path.home()))
        name, _ = QFileDialog.getOpenFileName(parent, "Open a track", folder, FILE_FILTER)
        if name:
            QSettings().setValue("folder", str(Path(name).parent))
            self.open(Path(name))

    def choose_folder(self, parent: QWidget) -> None:
        """Ask for a converted track that is a folder, and open it."""
        folder = QSettings().value("folder", str(Path.home()))
        if name := QFileDialog.getExistingDirectory(parent, "Open a converted folder", folder):
            QSettings().setValue("folder", str(Path(name).parent))
            self.open(Path(name))

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
        """It was open last."""
        recent = [str(path.resolve()), *(p for p in self.recent() if p != str(path.resolve()))]
        QSettings().setValue("recent", recent[:MOST_RECENT])
        self.recent_changed.emit()

    def recent(self) -> list[str]:
        """Paths of the files that were open last, the newest first."""
        value = QSettings().value("recent", [])
        return [value] if isinstance(value, str) else list(value or [])


def file_of(data: QMimeData | None) -> Path | None:
    """The file that is being dropped, if it is one."""
    urls = data.urls() if data else []
    return Path(urls[0].toLocalFile()) if urls and urls[0].isLocalFile() else None


def told_apart(paths: Sequence[Path]) -> dict[str, Path]:
    """Files by their names; with their folders where names are alike."""
    names = [path.name for path in paths]
    return {
        path.name if names.count(path.name) == 1 else f"{path.name} in {path.parent}": path for path in paths
    }


def take(event: QDropEvent) -> None:
    """Take what is dropped as a copy: who gave it to be moved would delete its own."""
    event.setDropAction(Qt.DropAction.CopyAction)
    event.accept()
