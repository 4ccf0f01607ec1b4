"""What is rebuilt of a track, read by workers for the waveform, where there is something to be seen of it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray
from PyQt6.QtCore import QObject, QTimer, pyqtSignal

from msviz.audio import decoded
from msviz.gui.work.jobs import Job, Outcome, Runner
from msviz.signal import Source

if TYPE_CHECKING:
    from msviz.gui.canvas.waveform import Waveform
    from msviz.gui.model.session import Session

PIECE = 1 << 17  # samples that a worker makes at a time; whole cells of an envelope, segments of a recipe
LEAST_BESIDE = 2048  # samples that are read beside those that are seen: their margins cost more
SOON_MS = 80  # in which what the view passes by on its way is not read

Samples = NDArray[np.floating]


class ResynthesisWave(QObject):
    """Fills what a waveform shows of the multi-scale resynthesis, as edits and recipe leave it.

    From close it has what is seen read at once, and leaves off when the view has moved on.  From afar it
    fills the envelope of what is seen, a piece at a time and after the pictures.  While nothing is
    altered it reads nothing, but where single samples are seen.

    Parameters
    ----------
    waveform : Waveform
    runner : Runner
        Reads.
    """

    failed = pyqtSignal(str)

    def __init__(self, waveform: Waveform, runner: Runner) -> None:
        super().__init__(waveform)
        self._waveform, self._runner = waveform, runner
        self._session: Session | None = None
        self._source: Source | None = None
        self._altered = False
        self._job: Job | None = None
        self._near = 0, 0  # the stretch that is read from close, or has been
        self._piece: int | None = None  # of the envelope, if that is what the job makes
        self._pieces: set[int] = set()  # that the envelope has
        self._soon = QTimer(self)
        self._soon.setSingleShot(True)
        self._soon.setInterval(SOON_MS)
        self._soon.timeout.connect(self._fill)
        waveform.view_changed.connect(self.look)

    def turn_to(self, session: Session | None, *, altered: bool = False) -> None:
        """Read the resynthesis of a session, from the beginning if it is another one than before."""
        source = session.waveforms[1] if session else None
        if session is not self._session or (source, altered) != (self._source, self._altered):
            self._session, self._source, self._altered = session, source, altered
            self._drop()
            self._near = 0, 0
            self._pieces.clear()
            self._waveform.start_rebuilt(altered=altered)
        self.look()

    def look(self) -> None:
        """See soon whether anything is to be read."""
        if self._source and not self._soon.isActive() and self._waveform.wants_rebuilt:
            self._soon.start()

    def _fill(self) -> None:
        if self._session and self._source and self._waveform.wants_rebuilt:
            read = self._read_near if self._waveform.near else self._read_far
            read(self._session, self._source, *self._waveform.seen)

    def _read_near(self, session: Session, source: Source, first: int, last: int) -> None:
        """Read samples around those that are seen, unless they are here or on their way."""
        if self._near[0] <= first and last <= self._near[1]:
            return
        self._drop()
        beside = max((last - first) // 2, LEAST_BESIDE)
        start, stop = max(0, first - beside), min(source.length, last + beside)
        if stop <= decoded(session.source):  # else it is looked at again as the analysis goes on
            self._near = start, stop
            self._start(source, start, stop, self._waveform.set_rebuilt)

    def _read_far(self, session: Session, source: Source, first: int, last: int) -> None:
        """Read one more piece of what is seen, after the pictures."""
        if self._job and self._piece is None:
            self._drop()
        analysis = session.analysis
        if self._job or not analysis or not (analysis.stopped or analysis.progress == 1):
            return
        pieces = range(first // PIECE, -(-last // PIECE))
        self._piece = next((piece for piece in pieces if piece not in self._pieces), None)
        if self._piece is not None:
            start = self._piece * PIECE
            self._start(source, start, min(start + PIECE, source.length), self._waveform.put_rebuilt)

    def _start(self, source: Source, start: int, stop: int, take: Callable[[int, Samples], None]) -> None:
        self._job = self._runner.start(partial(growing, source, start, stop))
        self._job.item.connect(partial(take, start))
        self._job.ended.connect(partial(self._end, self._job))

    def _drop(self) -> None:
        """Let go of what is under way."""
        job, self._job = self._job, None
        if job:
            job.cancel()
            if self._piece is None:
                self._near = 0, 0
            self._piece = None

    def _end(self, job: Job, outcome: Outcome) -> None:
        if job is not self._job:
            return
        self._job = None
        if outcome is Outcome.FAILED:
            self._source = None  # until something else is to be rebuilt
            self.failed.emit(str(job.error))
        elif self._piece is not None:
            self._pieces.add(self._piece)
            self._piece = None
            self._fill()


def growing(source: Source, start: int, stop: int) -> Iterator[Samples]:
    """Samples [start, stop) of a source, a piece more each time."""
    samples = np.empty((source.channels, stop - start), np.float32)
    for at in range(start, stop, PIECE):
        last = min(at + PIECE, stop)
        samples[:, at - start : last - start] = source.read(at, last)
        yield samples[:, : last - start]
