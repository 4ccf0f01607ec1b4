"""A cache that several threads ask: made once, kept, and nobody suffers from another who is cancelled."""

import os
import threading
import warnings
from concurrent.futures import ThreadPoolExecutor

import pytest

from msviz.caching import SingleFlightCache
from msviz.cancellation import Cancelled


def test_what_was_asked_for_last_is_kept_and_what_failed_is_tried_again():
    asked = []

    def make(number):
        asked.append(number)
        if len(asked) == 1:
            raise OSError("gone")
        return 10 * number

    cache = SingleFlightCache(make, size=2)
    with pytest.raises(OSError, match="gone"):
        cache(1)
    assert [cache(number) for number in (1, 1, 2, 1, 3, 1, 2)] == [10, 10, 20, 10, 30, 10, 20]
    assert asked == [1, 1, 2, 3, 2]


def test_what_is_being_made_when_all_is_forgotten_is_not_kept():
    asked = []

    def make(key):
        asked.append(key)
        cache.clear()
        return key

    cache = SingleFlightCache(make, size=2)
    assert [cache(1), cache(1)] == [1, 1]
    assert asked == [1, 1]


def ask_twice(waiting, make_first):
    """What two threads get that ask for the same; the second waits before the first has made it."""
    began, calls = threading.Event(), []

    def make(key):
        calls.append(key)
        if len(calls) > 1:
            return "second"
        began.set()
        assert waiting.wait(10)
        return make_first()

    cache = SingleFlightCache(make, size=1)
    with ThreadPoolExecutor(2) as pool:
        first = pool.submit(cache, "key")
        assert began.wait(10)
        second = pool.submit(cache, "key")
        first.exception(10), second.exception(10)
    return first, second


def test_two_threads_get_one_value(waiting):
    first, second = ask_twice(waiting, object)
    assert first.result() is second.result()


def test_two_threads_get_one_error(waiting):
    first, second = ask_twice(waiting, lambda: 1 / 0)
    assert first.exception() is second.exception()
    assert isinstance(first.exception(), ZeroDivisionError)


@pytest.mark.parametrize("kind", [Cancelled, KeyboardInterrupt])
def test_who_waits_for_one_that_is_cancelled_takes_over(waiting, kind):
    def cancelled():
        raise kind

    first, second = ask_twice(waiting, cancelled)
    assert isinstance(first.exception(), kind)
    assert second.result() == "second"


@pytest.mark.skipif(not hasattr(os, "fork"), reason="this system does not fork")
def test_a_forked_child_waits_for_no_thread_of_its_parent():
    began, go_on = threading.Event(), threading.Event()
    parent = os.getpid()

    def make(key):
        if os.getpid() == parent:
            began.set()
            assert go_on.wait(10)
        return key

    cache = SingleFlightCache(make, size=1)
    with ThreadPoolExecutor(1) as pool:
        pool.submit(cache, 7)
        assert began.wait(10)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", DeprecationWarning)  # of a fork where there are threads
            child = os.fork()
        if not child:
            asked = threading.Thread(target=lambda: os._exit(cache(7)), daemon=True)
            asked.start()
            asked.join(10)
            os._exit(1)
        go_on.set()
        assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 7
