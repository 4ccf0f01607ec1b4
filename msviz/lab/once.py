"""A small cache that several threads may ask."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable
from concurrent.futures import Future
from threading import Lock
from typing import Generic, TypeVar

T = TypeVar("T")


class Once(Generic[T]):
    """Keeps what was made for the last numbers asked for; two threads never make the same at once.

    Parameters
    ----------
    make : callable
        Makes what belongs to a number.
    size : int
        How many are kept.
    """

    def __init__(self, make: Callable[[int], T], size: int) -> None:
        self._make, self._size = make, size
        self._lock = Lock()
        self._held: OrderedDict[int, Future[T]] = OrderedDict()

    def __call__(self, number: int) -> T:
        with self._lock:
            held = self._held.get(number)
            if held is not None:
                self._held.move_to_end(number)
            else:
                mine = self._held[number] = Future()
                if len(self._held) > self._size:
                    self._held.popitem(last=False)
        if held is not None:
            return held.result()
        try:
            mine.set_result(self._make(number))
        except BaseException as error:
            with self._lock:
                if self._held.get(number) is mine:
                    del self._held[number]  # the next who asks tries again
            mine.set_exception(error)
            raise
        return mine.result()
