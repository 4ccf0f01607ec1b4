"""A small cache for several threads."""

from __future__ import annotations

import os
from collections import OrderedDict
from collections.abc import Callable, Hashable
from concurrent.futures import CancelledError, Future
from threading import Lock
from typing import Any, Generic, TypeVar
from weakref import WeakSet

K = TypeVar("K", bound=Hashable)
V = TypeVar("V")


class SingleFlightCache(Generic[K, V]):
    """Keeps the values of the keys used last; two threads never compute the same value at once.

    A thread that needs a value which another one is computing waits for it, and gets its value or its error.
    If the other thread is cancelled or interrupted, one of those waiting computes it.

    Parameters
    ----------
    make : callable
        Computes the value of a key.  After an error, the next request tries again.
    size : int
        How many values to keep.
    """

    def __init__(self, make: Callable[[K], V], size: int) -> None:
        self._make, self._size = make, size
        self._reset()
        _caches.add(self)

    def __reduce__(self) -> tuple[Any, ...]:
        return SingleFlightCache, (self._make, self._size)  # another process has its own values

    def _reset(self) -> None:
        self._lock = Lock()
        self._entries: OrderedDict[K, Future[V]] = OrderedDict()

    def __call__(self, key: K) -> V:
        while True:
            with self._lock:
                others = self._entries.get(key)
                if others is None:
                    mine = self._entries[key] = Future()
                    if len(self._entries) > self._size:
                        self._entries.popitem(last=False)
                else:
                    self._entries.move_to_end(key)
            if others is None:
                return self._lead(key, mine)
            try:
                return others.result()
            except CancelledError:
                if not others.cancelled():
                    raise

    def _lead(self, key: K, mine: Future[V]) -> V:
        try:
            value = self._make(key)
        except BaseException as error:
            with self._lock:
                if self._entries.get(key) is mine:
                    del self._entries[key]
            if isinstance(error, Exception):
                mine.set_exception(error)
            else:
                mine.cancel()
            raise
        mine.set_result(value)
        return value

    def clear(self) -> None:
        """Forget all values; those being computed still go to the threads waiting for them."""
        with self._lock:
            self._entries.clear()


_caches: WeakSet[SingleFlightCache] = WeakSet()  # type: ignore[type-arg]  # of any


def _reset_all() -> None:
    """In a forked child nobody makes what another thread of the parent was at, or frees its lock."""
    for cache in list(_caches):
        cache._reset()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_reset_all)
