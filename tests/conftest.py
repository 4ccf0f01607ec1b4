"""What every test stands on: no display, no settings of the person at the machine, no thread left behind.

However busy the machine is, no test fails for it: each waits for the thing itself, and long.
"""

import math
import os
import sys
import threading
from concurrent.futures import Future
from functools import partial

import hypothesis
import pytest
from waiting import LONG_S

from msviz import caching
from msviz.transform import fft

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
hypothesis.settings.register_profile(
    "msviz", deadline=None, suppress_health_check=[hypothesis.HealthCheck.too_slow]
)
hypothesis.settings.load_profile("msviz")


@pytest.fixture
def qtbot(qtbot):
    """Wait as long by default as every test may, not for 5 s."""
    for name in ("waitActive", "waitExposed", "waitSignal", "waitSignals", "waitUntil"):
        setattr(qtbot, name, partial(getattr(qtbot, name), timeout=1000 * LONG_S))
    return qtbot


@pytest.fixture(autouse=True)
def no_thread_left_behind():
    """Fail a test that leaves a thread which would keep the process from ending."""
    before = set(threading.enumerate())
    yield
    left = [
        thread
        for thread in threading.enumerate()
        if thread not in before
        and not thread.daemon
        and not thread.name.startswith(("msviz-transform", "msviz-storage"))  # they are meant to stay
    ]
    for thread in left:
        thread.join(LONG_S)
    assert not [thread for thread in left if thread.is_alive()]


@pytest.fixture(autouse=True, scope="session")
def plans_stay():
    """Let no test measure plans of FFTs, which changes the last bits of results, unless it is meant to."""
    fft.MEASURE_AFTER = math.inf


@pytest.fixture(autouse=True)
def own_settings(monkeypatch, tmp_path):
    """Keep settings, log and cache in folders of the test's own, also in processes that it starts."""
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "settings"))
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path.with_name(f"{tmp_path.name}-state")))
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path.with_name(f"{tmp_path.name}-cache")))
    if "PyQt6.QtCore" in sys.modules:  # Qt remembers the folder it saw first; tests of the core load no Qt
        from PyQt6.QtCore import QSettings

        for kind in (QSettings.Format.NativeFormat, QSettings.Format.IniFormat):
            QSettings.setPath(kind, QSettings.Scope.UserScope, str(tmp_path / "settings"))


@pytest.fixture(autouse=True)
def no_glide(monkeypatch):
    """Let the view be at once where it would glide to, and look at gliding where that is tested."""
    if view := sys.modules.get("msviz.gui.model.view"):
        monkeypatch.setattr(view.View, "glide", False)


@pytest.fixture
def waiting(monkeypatch):
    """Set when a thread waits for what another one makes in a `SingleFlightCache`."""
    event = threading.Event()

    class Watched(Future):
        def result(self, timeout=None):
            event.set()
            return super().result(timeout)

    monkeypatch.setattr(caching, "Future", Watched)
    return event
