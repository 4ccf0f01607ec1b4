"""Cancelling, half-way, what a thread computes."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager


class _Scopes(threading.local):
    entered: tuple[Callable[[], bool], ...] = ()


_scopes = _Scopes()


class Cancelled(BaseException):
    """What was being computed has been cancelled; no `Exception`, so that nobody takes it for a failure."""


@contextmanager
def cancel_scope(cancelled: Callable[[], bool]) -> Iterator[None]:
    """Cancel what this thread reads, analyses or rebuilds in here once `cancelled()` is true.

    Scopes nest: what is computed in the inner one is cancelled by either.

    Raises
    ------
    Cancelled
        In the midst of it, between two blocks.
    """
    outer = _scopes.entered
    _scopes.entered = (*outer, cancelled)
    try:
        yield
    finally:
        _scopes.entered = outer


def raise_if_cancelled() -> None:
    """Raise `Cancelled` if a scope that this thread is in has been cancelled; called from block to block."""
    if any(cancelled() for cancelled in _scopes.entered):
        raise Cancelled
