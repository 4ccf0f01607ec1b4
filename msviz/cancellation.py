"""Cancel what a thread is computing."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager


class _Scopes(threading.local):
    entered: tuple[Callable[[], bool], ...] = ()


_scopes = _Scopes()


class Cancelled(BaseException):
    """Raised when a computation is cancelled; not an `Exception`, so that it is not handled as a failure."""


@contextmanager
def cancel_scope(cancelled: Callable[[], bool]) -> Iterator[None]:
    """Cancel what this thread reads, analyses or synthesizes in here once `cancelled()` is true.

    Scopes can be nested: either cancels what is computed in the inner one.

    Raises
    ------
    Cancelled
        Between two blocks.
    """
    outer = _scopes.entered
    _scopes.entered = (*outer, cancelled)
    try:
        yield
    finally:
        _scopes.entered = outer


def raise_if_cancelled() -> None:
    """Raise `Cancelled` if a scope of this thread has been cancelled; to be called between blocks."""
    if any(cancelled() for cancelled in _scopes.entered):
        raise Cancelled
