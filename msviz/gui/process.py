"""How the process of a window shares its time and memory among its threads."""

from __future__ import annotations

import ctypes
import gc
import os
import sys
from contextlib import suppress

SWITCH_S = 0.0005  # after which a worker that runs Python lets the window go on; 5 ms are a third of a frame
M_TRIM_THRESHOLD, M_MMAP_THRESHOLD, M_ARENA_MAX = -1, -3, -8  # of glibc's malloc.h
LARGE = 8 << 20  # bytes: more than what workers allocate again and again


def prepare() -> None:
    """Set up memory and painting; to be called before Qt's application and any thread are made."""
    _share_heap()
    # Qt shares out images and fills of any size to threads of its own, two dozen times in a frame, and
    # waits for each: longer than that work takes, and much longer while workers run.
    os.environ.setdefault("QT_NO_GUI_THREADPOOL", "1")


def _share_heap() -> None:
    """Let threads allocate from one heap, where the C library can be told so.

    With one for each, what every worker has needed at most stays with it: 40 MB with two workers.  And
    what is large, pictures above all, is no part of it and goes back when it is let go of: by itself the
    C library takes larger and larger things into the heap.
    """
    with suppress(OSError, AttributeError):  # there is no such thing outside glibc
        mallopt = ctypes.CDLL(None).mallopt
        mallopt(M_ARENA_MAX, 1)
        mallopt(M_MMAP_THRESHOLD, LARGE)
        mallopt(M_TRIM_THRESHOLD, 4 * LARGE)


def settle() -> None:
    """Let nothing of Python's hold up the window for longer than need be.

    To be called when all is imported and made: what is there by then stays, and the collector of
    garbage, which stops all threads, need not look at it again and again.  Not even once: that takes
    as long as two frames, and there is next to nothing to be had.
    """
    sys.setswitchinterval(SWITCH_S)
    gc.freeze()
