"""Processors that a process may use, not all that the machine has."""

import os
import subprocess
import sys

import pytest

from msviz.cpus import available_cpus


@pytest.mark.skipif(not hasattr(os, "sched_setaffinity"), reason="this system has no affinity")
def test_only_processors_that_it_may_run_on_count():
    one = min(os.sched_getaffinity(0))
    script = f"""
import os
os.sched_setaffinity(0, [{one}])
from msviz.cpus import available_cpus
print(available_cpus())
"""
    assert subprocess.run([sys.executable, "-c", script], capture_output=True, text=True).stdout == "1\n"


def test_without_affinity_all_count(monkeypatch):
    monkeypatch.delattr(os, "sched_getaffinity", raising=False)
    assert available_cpus() == os.cpu_count()
