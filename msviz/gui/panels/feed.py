"""What keeps the pictures of a window in step with its workspace."""

from __future__ import annotations

from functools import partial

from PyQt6.QtCore import QObject, Qt

from msviz.gui.model.workspace import Workspace
from msviz.gui.panels.inspector import Inspector
from msviz.gui.panels.pictures import Pictures
from msviz.gui.work.resynthesis import ResynthesisWave
from msviz.signal import Source


class Feed(QObject):
    """Gives the pictures of the open track to what shows them, and the user's requests to the workspace.

    Parameters
    ----------
    work : Workspace
    pictures : Pictures
    inspector : Inspector
        Its spectrum is that of the pictures.

    Attributes
    ----------
    rebuilt : ResynthesisWave
        Reads the resynthesis for the waveform.
    """

    def __init__(self, work: Workspace, pictures: Pictures, inspector: Inspector) -> None:
        super().__init__()
        self._work, self._pictures, self._inspector = work, pictures, inspector
        self._outlined: Source | None = None  # what the waveform shows
        self.rebuilt = ResynthesisWave(pictures.waveform, work.runner)
        self.rebuilt.failed.connect(work.problem)
        work.opened.connect(self._open)
        work.closed.connect(partial(self.rebuilt.turn_to, None))
        work.length_changed.connect(self._show_length)
        work.analysis_toggled.connect(pictures.uncover)
        pictures.seek_requested.connect(work.listening.seek)
        pictures.scrubbed.connect(work.listening.scrub)
        pictures.scrub_ended.connect(work.listening.end_scrub)
        pictures.view_changed.connect(work.fill)
        queued = Qt.ConnectionType.QueuedConnection
        pictures.turned.connect(work.use_requested, queued)  # type: ignore[call-arg]
        pictures.clicked.connect(work.editing.choose_at)
        pictures.octave_edited.connect(work.editing.change_octave)
        pictures.message.connect(work.message)
        pictures.refreshed.connect(self._inspect)
        pictures.waveform.samples_wanted.connect(self._read_samples)
        work.view.cursor_changed.connect(self._inspect)

    def _open(self) -> None:
        session, pictures = self._work.session, self._pictures
        if not session:
            return
        session.tile_done.connect(pictures.refresh)
        session.samples_read.connect(pictures.waveform.put)
        session.failed.connect(pictures.uncover)
        session.progressed.connect(self.rebuilt.look)
        session.pictures_changed.connect(self._turn)
        session.sources_changed.connect(self._show_rebuilt)
        pictures.set_pictures(*session.pictures)
        self._outlined = None
        self._show_waveform()

    def _turn(self) -> None:
        """Show the pictures of other parameters."""
        if session := self._work.session:
            self._pictures.turn_to(*session.pictures)
            self._show_waveform()

    def _show_waveform(self) -> None:
        session = self._work.session
        if session and session.waveforms[0] != self._outlined:
            self._outlined = session.waveforms[0]
            self._pictures.waveform.open(session.lanes)
        self._show_rebuilt()

    def _show_rebuilt(self) -> None:
        self.rebuilt.turn_to(self._work.session, altered=self._work.track.altered)

    def _show_length(self) -> None:
        """Show all of a track that has turned out to have another length, at the same place."""
        if session := self._work.session:
            self._pictures.set_pictures(*session.pictures)
            self._pictures.waveform.set_length()
            self._outlined = session.waveforms[0]
            self._show_rebuilt()

    def _read_samples(self, start: int, stop: int) -> None:
        """Read what a close view of the waveform shows."""
        if analysis := self._work.analysis:
            job = analysis.read(start, stop)
            job.item.connect(partial(self._pictures.waveform.set_samples, start))

    def _inspect(self) -> None:
        """Show the spectrum of the current pictures."""
        if session := self._work.session:
            self._inspector.look(session.pictures)
