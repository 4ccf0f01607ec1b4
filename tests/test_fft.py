"""FFTs between reused arrays: right, the same from either library, planned in time."""

import json
import os
import subprocess
import sys
import threading

import numpy as np
import pytest
from waiting import LONG_S

from msviz import STFT, OctaveTransform
from msviz.transform import blocks, fft, stft
from msviz.transform.fft import Problem, Workspace, _Planner

RNG = np.random.default_rng(0)


@pytest.fixture(params=["FFTW", "SciPy"])
def library(request, monkeypatch):
    """Compute with one of the two libraries."""
    if request.param == "SciPy":
        monkeypatch.setattr(fft, "_fftw", lambda: None)
    monkeypatch.setattr(fft, "planner", _Planner())
    return request.param


@pytest.fixture
def planner(monkeypatch):
    """A planner that has not planned anything, and knows of no measured plans."""
    fft._fftw().forget_wisdom()
    planner = _Planner()
    monkeypatch.setattr(fft, "planner", planner)
    yield planner
    fft._fftw().forget_wisdom()


def noise(shape, dtype):
    """Noise, complex where the type is."""
    dtype = np.dtype(dtype)
    values = RNG.standard_normal((*shape, 2)).astype(dtype.type(0).real.dtype)
    return values.view(dtype)[..., 0] if dtype.kind == "c" else values[..., 0]


def transformed(workspace, values, shape, dtype, *, backward=False):
    """What a plan makes of values."""
    source = workspace.array("source", values.shape, values.dtype)
    target = workspace.array("target", shape, np.dtype(dtype))
    run = workspace.plan(source, target, backward=backward)
    source[...] = values
    run()
    return target.copy()


def error_db(values, expected):
    """Error in dB relative to what is expected."""
    with np.errstate(divide="ignore"):
        return 20 * np.log10(np.linalg.norm(values - expected) / np.linalg.norm(expected))


PRECISION_DB = {"complex64": -130, "complex128": -300}


@pytest.mark.usefixtures("library")
@pytest.mark.parametrize("dtype", PRECISION_DB)
@pytest.mark.parametrize("shape", [(1,), (8,), (3, 30), (24, 256), (2, 3, 97)])
@pytest.mark.parametrize("backward", [False, True])
def test_complex(dtype, shape, backward):
    values = noise(shape, dtype)
    expected = np.fft.ifft(values.astype(complex), norm="forward") if backward else np.fft.fft(values)
    made = transformed(Workspace(), values, shape, dtype, backward=backward)
    assert error_db(made, expected) < PRECISION_DB[dtype]


@pytest.mark.usefixtures("library")
@pytest.mark.parametrize("dtype", PRECISION_DB)
@pytest.mark.parametrize("shape", [(2,), (16384,), (5, 96), (3, 27), (2, 3, 11)])
def test_real(dtype, shape):
    values = noise(shape, np.dtype(dtype).type(0).real.dtype)
    half = (*shape[:-1], shape[-1] // 2 + 1)
    spectra = np.fft.rfft(values.astype(float))
    workspace = Workspace()
    assert error_db(transformed(workspace, values, half, dtype), spectra) < PRECISION_DB[dtype]
    back = transformed(workspace, spectra.astype(dtype), shape, values.dtype, backward=True)
    assert error_db(back, shape[-1] * values.astype(float)) < PRECISION_DB[dtype]


def test_both_libraries_give_the_same_octaves(monkeypatch):
    samples = noise((1, 2**17), np.float32)
    transform = OctaveTransform(44100)
    by_fftw = transform.analyze(samples)
    assert np.array_equal(transform.synthesize(by_fftw).samples, transform.synthesize(by_fftw).samples)
    monkeypatch.setattr(fft, "_fftw", lambda: None)
    monkeypatch.setattr("msviz.transform.blocks.workspace", Workspace())
    by_scipy = transform.analyze(samples)
    assert by_scipy != by_fftw  # it was another library
    for mine, theirs in zip(by_fftw.bands, by_scipy.bands, strict=True):
        assert error_db(mine.coefficients, theirs.coefficients) < -120
    assert error_db(transform.synthesize(by_scipy).samples, samples) < -128


def test_memory_is_reused_and_grows():
    workspace = Workspace()
    first = workspace.array("a", (100,), np.dtype(np.float64))
    assert np.shares_memory(first, workspace.array("a", (50, 2), np.dtype(np.float32)))
    assert not np.shares_memory(first, workspace.array("b", (100,), np.dtype(np.float64)))
    larger = workspace.array("a", (1000,), np.dtype(np.float64))
    assert not np.shares_memory(first, larger)
    for array in (first, larger):
        assert array.ctypes.data % fft.ALIGNMENT == 0


def test_plans_are_of_the_memory_that_there_is():
    workspace = Workspace()
    for size in (64, 4096, 64, 2**18, 64):
        values = noise((size,), np.complex64)
        assert error_db(transformed(workspace, values, (size,), np.complex64), np.fft.fft(values)) < -125


def test_a_plan_is_made_once(monkeypatch, planner):
    workspace, values = Workspace(), noise((24, 64), np.complex64)
    transformed(workspace, values, values.shape, np.complex64)
    monkeypatch.setattr(planner, "plan", None)
    transformed(workspace, values, values.shape, np.complex64)


def test_huge_arrays_are_not_held_on_to():
    workspace = Workspace()
    shape, dtype = (fft.LARGEST // 8 + 1,), np.dtype(np.complex64)
    one, other = workspace.array("a", shape, dtype), workspace.array("a", shape, dtype)
    assert not np.shares_memory(one, other)
    small = workspace.array("b", (8,), dtype)
    assert workspace.array("b", (8,), dtype).ctypes.data == small.ctypes.data


def test_threads_do_not_share_memory():
    workspace, made = Workspace(), []
    threads = [
        threading.Thread(target=lambda: made.append(workspace.array("a", (1000,), np.dtype(np.float64))))
        for _ in range(2)
    ]
    for thread in threads:
        thread.start()
        thread.join()
    assert not np.shares_memory(*made)


# ------------------------------------------------------------------ measured plans

PROBLEM = Problem((4, 64), np.dtype(np.complex64), (4, 64), np.dtype(np.complex64), False)


def estimate(planner):
    """Let a planner estimate a plan."""
    planner.plan(*PROBLEM.arrays(), PROBLEM.backward)


def is_known():
    """Whether FFTW has measured the plan."""
    try:
        fft._plan_fftw(fft._fftw(), *PROBLEM.arrays(), False, "FFTW_MEASURE", "FFTW_WISDOM_ONLY")
    except RuntimeError:
        return False
    return True


def test_plans_are_measured_once_and_stored(planner):
    estimate(planner)
    assert not is_known()
    planner.measure()
    assert is_known()
    assert planner.generation == 1
    fft._fftw().forget_wisdom()
    fft._recall(fft._fftw())  # as the next process does
    assert is_known()
    planner.measure()  # nothing is left to measure
    assert planner.generation == 1


def test_workspaces_take_better_plans_when_there_are_some(planner):
    workspace, values = Workspace(), noise(PROBLEM.shape, np.complex64)
    before = transformed(workspace, values, values.shape, np.complex64)
    planner.measure()
    assert error_db(transformed(workspace, values, values.shape, np.complex64), before) < -125
    assert workspace._generation == 1


def test_plans_are_measured_in_the_background_after_a_while(planner, monkeypatch):
    monkeypatch.setattr(fft, "MEASURE_AFTER", 1000)
    estimate(planner)
    planner.transformed(999)
    assert planner._measuring is None
    planner.transformed(1)
    if thread := planner._measuring:
        thread.join(LONG_S)
    assert is_known()
    planner.transformed(2000)  # nothing new to measure
    assert planner._measuring is None


@pytest.mark.parametrize("transform", [OctaveTransform(8000), STFT(8000)])
@pytest.mark.parametrize("method", ["analyze", "synthesize"])
def test_what_transforms_compute_is_counted(planner, monkeypatch, transform, method):
    """Or plans would never be measured."""
    for module in (blocks, stft):
        monkeypatch.setattr(module, "planner", planner)
    made = transform.analyze(np.zeros(20_000))
    before = planner._samples
    getattr(transform, method)({"analyze": np.zeros(20_000), "synthesize": made}[method])
    assert planner._samples - before >= 20_000


@pytest.mark.parametrize("content", ["", "{}", "[1, 2, 3]", '["a", "b"]', "null", '["a", "b", "c"]', "\xff"])
def test_a_damaged_file_is_replaced(planner, content):
    path = fft.wisdom_path(fft._fftw())
    path.parent.mkdir(parents=True)
    path.write_text(content, encoding="latin-1")
    fft._recall(fft._fftw())
    assert not is_known()
    estimate(planner)
    planner.measure()
    assert len(json.loads(path.read_text())) == 3


def test_where_nothing_can_be_stored_plans_stay_estimated(planner, monkeypatch, tmp_path):
    (tmp_path / "file").touch()
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "file"))
    estimate(planner)
    planner.measure()
    assert planner.generation == 0


def test_only_one_process_measures(planner):
    path = fft.wisdom_path(fft._fftw())
    path.parent.mkdir(parents=True)
    estimate(planner)
    with fft.atomic_path(path) as part:
        planner.measure()
        part.write_text("[]")
    assert planner.generation == 0
    planner.measure()
    assert planner.generation == 1


def test_nobody_waits_for_a_measurement(planner):
    planner._measuring = threading.current_thread()
    with planner._busy:  # as while it measures
        plan, keep = planner.plan(*PROBLEM.arrays(), False)
    assert not keep
    plan()


def run(code, *arguments):
    """What a process of its own prints."""
    command = [sys.executable, "-c", code, *arguments]
    return subprocess.run(command, check=True, capture_output=True, text=True, timeout=LONG_S).stdout


def test_neither_scipy_nor_dask_are_loaded():
    code = """
import sys
import numpy as np
from msviz import STFT, OctaveTransform
for transform in (OctaveTransform(44100), STFT(44100)):
    transform.synthesize(transform.analyze(np.zeros(44100)))
print(sorted({name.partition(".")[0] for name in sys.modules} & {"scipy", "dask"}))
import pyfftw.interfaces.numpy_fft  # the real one
"""
    assert run(code) == "[]\n"


def test_a_process_may_end_while_it_measures():
    code = """
import numpy as np
from msviz import STFT, OctaveTransform
from msviz.transform import blocks, fft, stft
OctaveTransform(44100, workers=1).analyze(np.zeros(44100))
fft.MEASURE_AFTER = 1
fft.planner.transformed(1)
print(fft.planner._measuring.is_alive())
"""
    assert run(code) == "True\n"


@pytest.mark.skipif(not hasattr(os, "fork"), reason="no fork")
@pytest.mark.filterwarnings("ignore:.*fork.*:DeprecationWarning")
def test_a_child_forked_while_another_thread_plans(planner):
    planning, done = threading.Event(), threading.Event()

    def plan_for_long():
        with planner._busy:
            planning.set()
            done.wait(0.2)

    other = threading.Thread(target=plan_for_long)
    other.start()
    planning.wait(LONG_S)
    child = os.fork()
    if child == 0:
        _, keep = planner.plan(*PROBLEM.arrays(), False)
        os._exit(0 if keep else 1)
    _, status = os.waitpid(child, 0)
    other.join()
    assert status == 0


@pytest.mark.skipif(not hasattr(os, "fork"), reason="no fork")
@pytest.mark.filterwarnings("ignore:.*fork.*:DeprecationWarning")
def test_forking_and_planning_do_not_wait_for_each_other(planner):
    done = threading.Event()

    def plan_again_and_again():
        while not done.is_set():
            estimate(planner)

    other = threading.Thread(target=plan_again_and_again, daemon=True)
    other.start()
    for _ in range(50):
        child = os.fork()
        if child == 0:
            os._exit(0)
        os.waitpid(child, 0)
    done.set()
    other.join(LONG_S)
    assert not other.is_alive()
