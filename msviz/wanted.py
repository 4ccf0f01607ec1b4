"""Giving up, half-way, what nobody wants any more."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

_watch = threading.local()


class UnwantedError(Exception):
    """What was being computed is not wanted any more."""


@contextmanager
def interruptible(unwanted: Callable[[], bool]) -> Iterator[None]:
    """What this thread reads, analyses or rebuilds in here is given up, between blocks, once it is unwanted.

    Raises
    ------
    UnwantedError
        In the midst of it.
    """
    _watch.unwanted = unwanted
    try:
        yield
    finally:
        del _watch.unwanted


def check_wanted() -> None:
    """Raise `UnwantedError` if what this thread is at is not wanted any more; called from block to block."""
    unwanted = getattr(_watch, "unwanted", None)
    if unwanted and unwanted():
        raise UnwantedError
