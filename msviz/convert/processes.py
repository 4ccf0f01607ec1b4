"""Run many jobs in several processes."""

from __future__ import annotations

import os
import signal
import sys
import threading
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager, suppress
from multiprocessing import connection, get_context, resource_tracker
from multiprocessing.connection import Connection
from multiprocessing.context import SpawnProcess
from typing import Any, NamedTuple

from msviz.convert.conversion import Events, Outcome, Progress, run
from msviz.convert.jobs import Job
from msviz.cpus import available_cpus

Work = Callable[[Any, int], Events]

_CONTEXT = get_context("spawn")  # a fork would inherit the locks of threads in any state
_GRACE_S = 10.0  # for a process to clean up before it is killed


def convert(jobs: Sequence[Job], *, processes: int | None = None) -> Events:
    """Run jobs, several at a time, in separate processes.

    Closed before the end, it stops all jobs, and nothing incomplete is left.  The processes are spawned, not
    forked: a script must call this under ``if __name__ == "__main__"``.

    Parameters
    ----------
    jobs : sequence of Job
    processes : int, optional
        How many jobs to run at a time; by default one for each processor that this process may use.  If
        there are fewer files, each is analysed by several threads.

    Yields
    ------
    Progress, and one Outcome for each job
    """
    yield from in_processes(jobs, run, "converted", processes=processes)


def in_processes(jobs: Sequence[Any], do: Work, done: str, *, processes: int | None = None) -> Events:
    """Like `convert`, for other work.

    Parameters
    ----------
    jobs : sequence
        Anything with a `source`; they are pickled.
    do : callable
        Given a job and a number of threads, yields like `msviz.convert.run`; it is pickled, too.
    done : str
        What is done to a source, for messages: "converted".
    processes : int, optional
        As in `convert`.
    """
    processes = processes or available_cpus()
    size = min(processes, len(jobs))
    yield from _WorkerPool(jobs, size, processes // max(size, 1), do, done).work()


class _Worker(NamedTuple):
    process: SpawnProcess
    connection: Connection


class _WorkerPool:
    """Processes that are given one job after the other.

    A pool of the standard library would neither say which job crashed a process, nor end its processes when
    this one is killed: here each has its own pipe, and ends when that is closed.
    """

    def __init__(self, jobs: Sequence[Any], size: int, threads: int, do: Work, done: str) -> None:
        self._do, self._done = do, done
        self._waiting = deque(jobs)
        self._size, self._threads = size, threads
        self._hired: list[_Worker] = []
        self._busy: dict[Connection, tuple[_Worker, Job]] = {}

    def work(self) -> Events:
        """Run all jobs."""
        try:
            while self._waiting or self._busy:
                while self._waiting and len(self._busy) < self._size:
                    self._send(self._spawn())
                ready = connection.wait(list(self._busy))
                for pair in [self._busy[end] for end in ready if end in self._busy]:
                    yield self._receive(*pair)
        finally:
            self._shut_down()

    def _spawn(self) -> _Worker:
        mine, its = _CONTEXT.Pipe()
        worker = _Worker(
            _CONTEXT.Process(target=_serve, args=(its, self._threads, self._do), daemon=True), mine
        )
        with _interrupts_held():
            worker.process.start()
            self._hired.append(worker)
        its.close()  # so that its end is the only one, and closes when it dies
        return worker

    def _send(self, worker: _Worker) -> None:
        job = self._waiting.popleft()
        self._busy[worker.connection] = worker, job
        with suppress(ConnectionError):  # it died while idle, which is noticed on the next receive
            worker.connection.send(job)

    def _receive(self, worker: _Worker, job: Job) -> Progress | Outcome:
        try:
            event: Progress | Outcome = worker.connection.recv()
        except (EOFError, ConnectionError):
            worker.process.join()
            event = Outcome(
                job, "failed", f"{job.source} cannot be {self._done}: {_exit_reason(worker.process)}."
            )
            worker.connection.close()
            del self._busy[worker.connection]
            return event
        if isinstance(event, Outcome):
            del self._busy[worker.connection]
            if self._waiting:
                self._send(worker)
            else:
                worker.connection.close()  # which ends it
        return event

    def _shut_down(self) -> None:
        for worker in self._hired:
            worker.connection.close()
            worker.process.terminate()  # those still starting; the others notice the closed pipe
        for worker in self._hired:
            worker.process.join(_GRACE_S)
            if worker.process.is_alive():
                worker.process.kill()
                worker.process.join()


def _serve(end: Connection, threads: int, do: Work) -> None:
    """The main loop of a process: one job after the other, until the pipe is closed."""
    os.environ["ZARR_THREADING__MAX_WORKERS"] = str(threads)  # by default each uses all processors
    # Ctrl-C reaches the whole group, but the parent decides; being stopped within a step would leave threads
    # of zarr running that still write.  A closed pipe is noticed after each step.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    with suppress(EOFError, ConnectionError):
        while True:
            with closing(do(end.recv(), threads)) as events:
                for event in events:
                    end.send(event)


@contextmanager
def _interrupts_held() -> Iterator[None]:
    """Start a process that ignores Ctrl-C, without losing one meant for this process."""
    if sys.platform == "win32":
        yield
        return
    resource_tracker.ensure_running()  # started later, it would reset the mask
    # The new process inherits the mask of this thread.  One of NumPy's threads may still receive the signal,
    # which Python passes on to the main thread: so its handler is suspended as well.
    held: list[int] = []
    main = threading.current_thread() is threading.main_thread()
    handler = signal.signal(signal.SIGINT, lambda number, _: held.append(number)) if main else None
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)
        if main:
            signal.signal(signal.SIGINT, handler or signal.SIG_DFL)
        for number in held[:1]:
            signal.raise_signal(number)


def _exit_reason(process: SpawnProcess) -> str:
    code = process.exitcode or 0
    if -code == 9:
        return "its process was killed, perhaps because memory ran out"
    return f"its process ended with {f'signal {-code}' if code < 0 else f'code {code}'}"
