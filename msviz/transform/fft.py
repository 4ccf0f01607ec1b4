"""Fast Fourier transforms between arrays that are used again and again: FFTW's, or else SciPy's.

FFTW (through pyFFTW) takes a third of the time of SciPy's FFTs at the sizes used here.  SciPy's are used
where pyFFTW is not installed.  Results agree to rounding, and nothing else depends on which of the two
computes.

FFTW plans a transform before it computes it.  At first, plans are estimated, which takes no time.  Once a
process has computed for a while, a thread measures which plans are fastest on this machine, which takes a
few seconds, and stores what it learned, FFTW's *wisdom*, in the user's cache.  From then on, in this and all
later processes, the same transforms take a tenth less time.

References
----------
M. Frigo and S. G. Johnson, "The design and implementation of FFTW3", Proc. IEEE 93(2), 2005.
"""

from __future__ import annotations

import json
import os
import sys
import threading
from collections.abc import Callable
from contextlib import suppress
from functools import cache
from math import prod
from pathlib import Path
from types import ModuleType
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from msviz.errors import MsvizError
from msviz.files import atomic_path
from msviz.folders import cache_folder

Array = NDArray[Any]
Call = Callable[[], object]

ALIGNMENT = 64  # bytes: a cache line, and the widest SIMD register
ARENA = 2**23  # bytes; NumPy asks for huge pages for it (from 4 MB), which save a tenth of the time
LARGEST = 2**25  # bytes of an array that a thread holds on to
MOST_PLANS = 256  # of a thread; a transform and its inverse have about thirty

MEASURE_AFTER = 2**25  # samples that a process has transformed: some minutes of music
PATIENCE_S = 2.0  # for measuring one plan; those of the octave transform take up to one second


class Problem(NamedTuple):
    """What a plan is for: transforms along the last axis, between contiguous arrays."""

    shape: tuple[int, ...]
    dtype: np.dtype[Any]
    target_shape: tuple[int, ...]
    target_dtype: np.dtype[Any]
    backward: bool

    def arrays(self) -> tuple[Array, Array]:
        """New arrays for it."""
        return aligned(self.shape, self.dtype), aligned(self.target_shape, self.target_dtype)


def aligned(shape: tuple[int, ...], dtype: np.dtype[Any]) -> Array:
    """A new array whose memory begins at a multiple of `ALIGNMENT`."""
    size = prod(shape) * dtype.itemsize
    memory = np.empty(size + ALIGNMENT, np.uint8)
    offset = -memory.ctypes.data % ALIGNMENT
    return memory[offset : offset + size].view(dtype).reshape(shape)


# ------------------------------------------------------------------ the two libraries


@cache
def _fftw() -> Any:
    """PyFFTW, with what was measured before; None where it is not installed."""
    # Its interfaces to other libraries import SciPy and, where it is installed, Dask: half a second instead
    # of a hundredth.
    name = "pyfftw.interfaces"
    absent = name not in sys.modules
    if absent:
        sys.modules[name] = ModuleType(name)
    try:
        import pyfftw
    except ImportError:
        return None
    finally:
        if absent:  # whoever wants them can still import them
            del sys.modules[name]
    _recall(pyfftw)
    return pyfftw


def _plan_fftw(fftw: Any, source: Array, target: Array, backward: bool, *flags: str) -> Call:
    direction = "FFTW_BACKWARD" if backward else "FFTW_FORWARD"
    plan = fftw.FFTW(
        source,
        target,
        direction=direction,
        flags=("FFTW_DESTROY_INPUT", *flags),
        planning_timelimit=PATIENCE_S,
    )
    execute: Call = plan.execute
    return execute


def _plan_scipy(source: Array, target: Array, backward: bool) -> Call:
    from scipy import fft

    keywords: dict[str, Any] = {"norm": "forward" if backward else "backward", "overwrite_x": True}
    transform = fft.ifft if backward else fft.fft
    if source.dtype.kind == "f":
        transform = fft.rfft
    elif target.dtype.kind == "f":
        transform, keywords["n"] = fft.irfft, target.shape[-1]

    def execute() -> None:
        target[...] = transform(source, axis=-1, **keywords)

    return execute


# ------------------------------------------------------------------ measured plans


def wisdom_path(fftw: Any) -> Path:
    """Where measured plans are stored; only the same version of FFTW can read them."""
    return cache_folder() / f"fftw-{fftw.fftw_version}-wisdom.json"


def _recall(fftw: Any) -> None:
    """Read what was measured before, if anything was."""
    with suppress(OSError, ValueError, TypeError, AttributeError):  # no such file, or not ours: measure again
        double, single, extended = json.loads(wisdom_path(fftw).read_text())
        fftw.import_wisdom((double.encode(), single.encode(), extended.encode()))


class _Planner:
    """The planner of FFTW, of which a process has one.

    Attributes
    ----------
    generation : int
        How many times plans have become better.
    """

    def __init__(self) -> None:
        self.generation = 0
        self._busy = threading.Lock()  # FFTW's own would stay taken in a child forked while it plans
        self._state = threading.Lock()
        self._estimated: set[Problem] = set()
        self._tried: set[Problem] = set()
        self._samples = 0
        self._measuring: threading.Thread | None = None

    def before_fork(self) -> None:
        """Let no lock be held in a child by a thread that it does not have."""
        self._busy.acquire()  # in the order of `plan`
        self._state.acquire()

    def after_fork(self) -> None:
        """Go on, in parent and child."""
        self._state.release()
        self._busy.release()

    def after_fork_in_child(self) -> None:
        """Go on without the thread that measures."""
        self._measuring = None
        self.after_fork()

    def plan(self, source: Array, target: Array, backward: bool) -> tuple[Call, bool]:
        """A plan, and whether it is one to keep: SciPy's take the place of FFTW's while it is measuring."""
        if not self._busy.acquire(blocking=self._measuring is None):
            return _plan_scipy(source, target, backward), False
        try:
            fftw = _fftw()
            if fftw is None:
                return _plan_scipy(source, target, backward), True
            try:
                return _plan_fftw(fftw, source, target, backward, "FFTW_MEASURE", "FFTW_WISDOM_ONLY"), True
            except RuntimeError:  # none is known
                plan = _plan_fftw(fftw, source, target, backward, "FFTW_ESTIMATE")
            if source.nbytes <= LARGEST:
                problem = Problem(source.shape, source.dtype, target.shape, target.dtype, backward)
                with self._state:
                    self._estimated.add(problem)
            return plan, True
        finally:
            self._busy.release()

    def transformed(self, samples: int) -> None:
        """Count samples that have been transformed; after enough of them, measure in the background."""
        with self._state:
            self._samples += samples
            if self._samples < MEASURE_AFTER or self._measuring or not self._estimated - self._tried:
                return
            self._samples = 0
            # Not a daemon: FFTW must not be planning when it is unloaded.
            self._measuring = threading.Thread(target=self._measure_in_background, name="msviz-fft-planner")
        with suppress(RuntimeError):  # the process is about to end
            self._measuring.start()

    def _measure_in_background(self) -> None:
        try:
            self.measure(stop=lambda: not threading.main_thread().is_alive())
        finally:
            self._measuring = None

    def measure(self, stop: Callable[[], bool] = lambda: False) -> None:
        """Measure all plans that have only been estimated so far, until told to stop, and store them."""
        with self._state:
            problems = self._estimated - self._tried
        if not problems:
            return
        fftw = _fftw()
        path = wisdom_path(fftw)
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            with atomic_path(path) as part:  # locked: other processes need not measure the same
                _recall(fftw)
                for problem in problems:
                    if stop():
                        break
                    arrays = problem.arrays()
                    with self._busy:
                        _plan_fftw(fftw, *arrays, problem.backward, "FFTW_MEASURE")
                    self._tried.add(problem)
                part.write_text(json.dumps([text.decode() for text in fftw.export_wisdom()]))
        except (MsvizError, OSError):  # another process is at it, or nothing can be written there
            return
        with self._state:
            self._estimated -= self._tried
            self.generation += 1


planner = _Planner()

if hasattr(os, "register_at_fork"):
    os.register_at_fork(
        before=lambda: planner.before_fork(),
        after_in_parent=lambda: planner.after_fork(),
        after_in_child=lambda: planner.after_fork_in_child(),
    )


# ------------------------------------------------------------------ what transforms use


class Workspace(threading.local):
    """Memory of a thread for the data of one block, and plans of FFTs within it.

    Fresh memory for every block would cost more than the arithmetic, and so would new plans.
    """

    def __init__(self) -> None:
        self._arena = aligned((ARENA,), np.dtype(np.uint8))
        self._memory: dict[str, Array] = {}
        self._plans: dict[Any, Call] = {}
        self._generation = planner.generation

    def array(self, name: str, shape: tuple[int, ...], dtype: np.dtype[Any]) -> Array:
        """An array in the memory of this name, with whatever it was left with; memory grows as needed."""
        size = prod(shape) * dtype.itemsize
        if size > LARGEST:
            return aligned(shape, dtype)
        if name not in self._memory or self._memory[name].size < size:
            taken = -(-size // ALIGNMENT) * ALIGNMENT
            if taken > self._arena.size:
                self._arena = aligned((max(taken, ARENA),), np.dtype(np.uint8))
            self._memory[name], self._arena = self._arena[:taken], self._arena[taken:]
            self._plans.clear()  # those of the old memory would keep it
        return self._memory[name][:size].view(dtype).reshape(shape)

    def plan(self, source: Array, target: Array, *, backward: bool = False) -> Call:
        """A call that transforms the last axis of `source` into `target`, and may overwrite `source`.

        Parameters
        ----------
        source, target : array
            Two arrays of this workspace, both complex, or the first of a transform or the second of its
            inverse real: of n real samples there are n//2 + 1 complex values.
        backward : bool
            The inverse transform.  Neither is scaled: one after the other multiplies by n.
        """
        if self._generation != planner.generation or len(self._plans) >= MOST_PLANS:
            self._generation = planner.generation
            self._plans.clear()
        key = (*((a.__array_interface__["data"][0], a.shape, a.dtype) for a in (source, target)), backward)
        if key not in self._plans:
            plan, keep = planner.plan(source, target, backward)
            if not keep or max(source.nbytes, target.nbytes) > LARGEST:
                return plan
            self._plans[key] = plan
        return self._plans[key]


workspace = Workspace()
