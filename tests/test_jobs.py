"""Jobs: items arrive in order on the GUI thread, a job ends once, and nothing of it arrives after that."""

from __future__ import annotations

import os
import sys
import threading
from functools import partial

import pytest
from PyQt6.QtCore import QCoreApplication
from waiting import LONG_S

from msviz.errors import AudioError
from msviz.gui.work.jobs import Outcome, Runner


@pytest.fixture
def runner(qapp):
    runner = Runner()
    yield runner
    runner.close()


@pytest.fixture
def one_worker(qapp):
    runner = Runner(workers=1)
    yield runner
    runner.close()


class Heard:
    """What a job has told."""

    def __init__(self, job):
        self.job = job
        self.items, self.ends = [], []
        job.item.connect(self.items.append)
        job.ended.connect(self.ends.append)


def settle(qtbot, runner):
    """Wait until the one worker has passed all that was asked for before, and told it."""
    last = Heard(runner.start(lambda: iter(())))
    qtbot.waitUntil(lambda: bool(last.ends))


def test_items_arrive_in_order_and_then_the_end(qtbot, runner):
    told = []
    job = runner.start(lambda: iter(range(100)))
    job.item.connect(told.append)
    job.ended.connect(told.append)
    qtbot.waitUntil(lambda: Outcome.FINISHED in told)
    assert told == [*range(100), Outcome.FINISHED]
    assert job.outcome is Outcome.FINISHED
    assert job.error is None


def test_urgent_jobs_go_before_those_that_came_earlier(qtbot, one_worker):
    go_on, made = threading.Event(), []

    def first():
        go_on.wait(LONG_S)
        yield None

    def named(name):
        yield made.append(name)

    one_worker.start(first)
    ends = []
    for name, urgent in (("a", False), ("b", False), ("c", True), ("d", True)):
        one_worker.start(partial(named, name), urgent=urgent).ended.connect(ends.append)
    go_on.set()
    qtbot.waitUntil(lambda: len(ends) == 4)
    assert made == ["c", "d", "a", "b"]


def test_items_are_made_in_a_worker_and_arrive_on_the_gui_thread(qtbot, runner):
    made, arrived = [], []

    def work():
        made.append(threading.current_thread())
        yield None

    job = runner.start(work)
    job.item.connect(lambda _: arrived.append(threading.current_thread()))
    qtbot.waitUntil(lambda: bool(arrived))
    assert arrived == [threading.main_thread()]
    assert made != arrived


def test_nothing_arrives_before_control_is_back_in_the_event_loop(qtbot, runner):
    done = threading.Event()

    def work():
        yield 1
        done.set()

    job = runner.start(work)
    assert done.wait(LONG_S)
    heard = Heard(job)  # connected late, and still in time
    assert heard.items == []
    qtbot.waitUntil(lambda: bool(heard.ends))
    assert heard.items == [1]


def test_what_was_made_before_a_cancellation_and_not_delivered_is_dropped(qtbot, one_worker):
    made, go_on = threading.Event(), threading.Event()

    def work():
        yield 1
        yield 2
        made.set()
        go_on.wait(LONG_S)
        yield 3

    heard = Heard(one_worker.start(work))
    assert made.wait(LONG_S)
    heard.job.cancel()
    go_on.set()
    assert heard.ends == [Outcome.CANCELLED]
    settle(qtbot, one_worker)
    assert heard.items == []
    assert heard.ends == [Outcome.CANCELLED]


def test_a_cancelled_generator_is_left_at_its_next_item(qtbot, one_worker):
    steps, go_on = [], threading.Event()

    def work():
        try:
            yield 1
            go_on.wait(LONG_S)
            yield 2
            steps.append("past the item at which it was to end")
            yield 3
        finally:
            steps.append("cleaned up")

    heard = Heard(one_worker.start(work))
    qtbot.waitUntil(lambda: heard.items == [1])
    heard.job.cancel()
    go_on.set()
    settle(qtbot, one_worker)
    assert steps == ["cleaned up"]
    assert heard.items == [1]


def test_jobs_run_in_their_order_and_one_cancelled_before_its_turn_never_begins(qtbot, one_worker):
    begun, go_on = [], threading.Event()

    def work(name):
        begun.append(name)
        go_on.wait(LONG_S)
        yield name

    heard = [Heard(one_worker.start(lambda name=name: work(name))) for name in "abc"]
    heard[1].job.cancel()
    go_on.set()
    qtbot.waitUntil(lambda: bool(heard[2].ends))
    assert begun == ["a", "c"]
    assert [each.ends for each in heard] == [[Outcome.FINISHED], [Outcome.CANCELLED], [Outcome.FINISHED]]


def test_a_job_ends_once_however_often_it_is_cancelled(qtbot, one_worker):
    heard = Heard(one_worker.start(lambda: iter((1,))))
    ended = heard.job
    ended.ended.connect(lambda: ended.cancel())
    qtbot.waitUntil(lambda: bool(heard.ends))
    assert heard.ends == [Outcome.FINISHED]

    heard = Heard(one_worker.start(lambda: iter((1,))))
    heard.job.cancel()
    heard.job.cancel()
    settle(qtbot, one_worker)
    assert heard.ends == [Outcome.CANCELLED]


@pytest.mark.parametrize(
    ("raised", "told"),
    [
        (AudioError("track.flac is damaged."), "track.flac is damaged."),
        (MemoryError(), "There is not enough memory for this."),
        (
            ZeroDivisionError("by zero"),
            "Internal error: ZeroDivisionError('by zero') (see Help > Show log, or run msviz --verbose).",
        ),
    ],
)
def test_an_exception_ends_the_job_with_a_sentence_and_the_worker_goes_on(
    qtbot, one_worker, caplog, raised, told
):
    def work():
        yield 1
        raise raised

    heard = Heard(one_worker.start(work))
    qtbot.waitUntil(lambda: bool(heard.ends))
    assert heard.items == [1]
    assert heard.ends == [Outcome.FAILED]
    assert str(heard.job.error) == told
    assert [record.exc_info[1] for record in caplog.records] == [raised]
    settle(qtbot, one_worker)


def test_an_exception_after_a_cancellation_is_not_told(qtbot, one_worker, caplog):
    begun, go_on = threading.Event(), threading.Event()

    def work():
        begun.set()
        go_on.wait(LONG_S)
        raise AudioError("The file was closed.")
        yield

    heard = Heard(one_worker.start(work))
    assert begun.wait(LONG_S)
    heard.job.cancel()
    go_on.set()
    settle(qtbot, one_worker)
    assert heard.ends == [Outcome.CANCELLED]
    assert heard.job.error is None
    assert not caplog.records


def test_as_many_jobs_run_at_once_as_there_are_workers(qtbot, runner):
    together = threading.Barrier(runner.workers)

    def work():
        yield together.wait(LONG_S)

    heard = [Heard(runner.start(work)) for _ in range(runner.workers)]
    qtbot.waitUntil(lambda: all(each.ends for each in heard))
    assert [each.ends for each in heard] == [[Outcome.FINISHED]] * runner.workers


def test_closing_cancels_all_jobs_and_leaves_no_thread(qapp):
    before = set(threading.enumerate())
    runner = Runner(workers=1)
    begun, go_on, ran = threading.Event(), threading.Event(), []

    def long_work():
        begun.set()
        go_on.wait(LONG_S)
        yield 1

    def never():
        ran.append(True)
        yield 2

    heard = [Heard(runner.start(long_work)), Heard(runner.start(never))]
    assert begun.wait(LONG_S)
    heard[1].job.ended.connect(go_on.set)
    runner.close()
    QCoreApplication.processEvents()
    assert [each.ends for each in heard] == [[Outcome.CANCELLED]] * 2
    assert [each.items for each in heard] == [[], []]
    assert ran == []
    assert set(threading.enumerate()) == before


@pytest.mark.skipif(sys.platform != "linux", reason="threads are scheduled each in its own way on Linux only")
def test_workers_give_way_to_the_window(qtbot, runner):
    def work():
        yield os.sched_getscheduler(0)

    heard = Heard(runner.start(work))
    qtbot.waitUntil(lambda: bool(heard.ends))
    assert heard.items == [os.SCHED_IDLE]
    assert os.sched_getscheduler(0) == os.SCHED_OTHER
