"""Jobs: what is computed in worker threads and handed to the GUI thread item by item.

A job is a generator function, bound on the GUI thread to all that it needs.  Between its items it
can be cancelled.  It ends exactly once: finished, cancelled or failed.  What the workers make
carries their job's number; after a job's end nothing of it arrives any more.
"""

from __future__ import annotations

import contextlib
import itertools
import os
import queue
import threading
from collections.abc import Callable, Iterator
from enum import Enum, auto
from typing import Any

from PyQt6.QtCore import QObject, pyqtSignal

from msviz.errors import MsvizError, as_sentence
from msviz.log import logger

Work = Callable[[], Iterator[Any]]

URGENT, USUAL, LAST = range(3)
Request = tuple[int, int, Work | None, threading.Event]  # by what it goes first, a job's number, what to do


class Outcome(Enum):
    """How a job ended."""

    FINISHED = auto()
    CANCELLED = auto()
    FAILED = auto()


class Job(QObject):
    """Work that was asked for; lives on the GUI thread.

    `item` is emitted for everything the generator yields, in order, and `ended` once.  When it has
    failed, `error` tells why.
    """

    item = pyqtSignal(object)
    ended = pyqtSignal(Outcome)

    def __init__(self, runner: Runner) -> None:
        super().__init__(runner)
        self.outcome: Outcome | None = None
        self.error: MsvizError | None = None
        self.cancelled = threading.Event()

    def cancel(self) -> None:
        """End now; the worker stops at its next item."""
        self.end(Outcome.CANCELLED)

    def end(self, outcome: Outcome, error: MsvizError | None = None) -> None:
        """Called by the runner, and by whoever cancels; the first call counts."""
        if self.outcome is None:
            self.cancelled.set()
            self.outcome, self.error = outcome, error
            self.ended.emit(outcome)
            self.deleteLater()


class Runner(QObject):
    """A few worker threads of low priority that run jobs in the order they came in, urgent ones first."""

    _made = pyqtSignal(int, object)
    _exhausted = pyqtSignal(int, object)

    def __init__(self, workers: int = 2) -> None:
        super().__init__()
        self.workers = workers
        self._jobs: dict[int, Job] = {}
        self._numbers = itertools.count()
        self._queue: queue.PriorityQueue[Request] = queue.PriorityQueue()
        self._made.connect(self._deliver)  # emitted in a worker, so both arrive through the event loop
        self._exhausted.connect(self._end)
        self._threads = [
            threading.Thread(target=self._serve, name=f"msviz-worker-{n}") for n in range(workers)
        ]
        for thread in self._threads:
            thread.start()

    def start(self, work: Work, *, urgent: bool = False) -> Job:
        """Run a generator function.  Nothing arrives before control is back in the event loop."""
        job = Job(self)
        number = next(self._numbers)
        self._jobs[number] = job
        job.ended.connect(lambda: self._jobs.pop(number))
        self._queue.put((URGENT if urgent else USUAL, number, work, job.cancelled))
        return job

    def close(self) -> None:
        """Cancel all jobs and end the threads, each after the item it is at."""
        for job in list(self._jobs.values()):
            job.cancel()
        for _ in self._threads:
            self._queue.put((LAST, next(self._numbers), None, threading.Event()))
        for thread in self._threads:
            thread.join()

    def _deliver(self, number: int, value: object) -> None:
        if number in self._jobs:
            self._jobs[number].item.emit(value)

    def _end(self, number: int, error: MsvizError | None) -> None:
        if number in self._jobs:
            self._jobs[number].end(Outcome.FAILED if error else Outcome.FINISHED, error)

    def _serve(self) -> None:
        if hasattr(os, "SCHED_IDLE"):  # of Linux, for this thread alone
            # A picture may wait; the window and the sound may not.  For them a thread that is only nice
            # goes on until its slice is over: for 3 ms where every core has one.
            with contextlib.suppress(OSError):
                os.sched_setscheduler(0, os.SCHED_IDLE, os.sched_param(0))
        while True:
            _, number, work, cancelled = self._queue.get()
            if work is None:
                return
            self._run(number, work, cancelled)
            del work  # an idle worker holds on to nothing

    def _run(self, number: int, work: Work, cancelled: threading.Event) -> None:
        error: MsvizError | None = None
        try:
            if not cancelled.is_set():
                for value in work():
                    self._made.emit(number, value)
                    if cancelled.is_set():
                        break
        except Exception as failure:  # a fault of ours must end the job too, and be told
            if not cancelled.is_set():
                logger.warning("A job failed", exc_info=True)
            error = as_sentence(failure)
        self._exhausted.emit(number, error)
