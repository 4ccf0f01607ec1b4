"""Converting on a cluster: every file arrives, once, also where a worker is lost in the middle."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections import Counter
from contextlib import ExitStack
from pathlib import Path

import numpy as np
import pytest
import soundfile
from waiting import LONG_S

from msviz.convert import Settings, convert_on_cluster, plan
from msviz.errors import MsvizError
from msviz.measures import signal_to_error_db
from msviz.tracks import open_track

distributed = pytest.importorskip("distributed")
pytest.importorskip("shared_store")  # known here by its loading, as in the workers
# What distributed does with the event loop, and says of its own, is not ours to mend.
pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore::ResourceWarning")

RATE = 44100
FILES = 12
LOCAL = {"DASK_DISTRIBUTED__COMM__TIMEOUTS__CONNECT": "10s"}


def process(stack, *command):
    started = stack.enter_context(
        subprocess.Popen(
            [sys.executable, "-m", *command],
            env=os.environ | LOCAL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
    )
    stack.callback(started.kill)
    return started


@pytest.fixture
def cluster(tmp_path):
    """A scheduler and two workers, each a process on this machine: the scheduler's address, the workers."""
    told = tmp_path / "scheduler.json"
    local = ("--host", "127.0.0.1", "--no-dashboard", "--scheduler-file", str(told))
    with ExitStack() as stack:
        process(stack, "distributed.cli.dask_scheduler", *local, "--port", "0")
        places = [str(tmp_path / "workers")]
        workers = [
            process(
                stack,
                "distributed.cli.dask_worker",
                *local,
                *(
                    "--preload",
                    str(Path(__file__).parent / "shared_store.py"),
                    "--no-nanny",
                    "--nthreads",
                    "1",
                    "--local-directory",
                    *places,
                ),
            )
            for _ in range(2)
        ]
        with distributed.Client(scheduler_file=str(told), timeout=LONG_S, set_as_default=False) as client:
            client.wait_for_workers(2, timeout=LONG_S)
            yield client.scheduler.address, workers


@pytest.fixture
def folder(tmp_path):
    """Twelve files of sound, and one of none."""
    folder = tmp_path / "in"
    folder.mkdir()
    noise = np.random.default_rng(5).uniform(-0.5, 0.5, (FILES, 5 * RATE))
    for number, samples in enumerate(noise):
        soundfile.write(folder / f"{number}.wav", samples, RATE, subtype="FLOAT")
    (folder / "broken.wav").write_bytes(b"no sound at all")
    return folder


def test_every_file_arrives_once_though_a_worker_is_lost(tmp_path, cluster, folder):
    scheduler, workers = cluster
    out = tmp_path / "out"
    # Addresses of a store that the machines share: read by the workers, written by fsspec.
    jobs = plan([f"shared://{folder}"], f"shared://{out}", Settings(fmin=6000.0))
    outcomes = []
    for outcome in convert_on_cluster(jobs, scheduler):
        outcomes.append(outcome)
        if len(outcomes) == 3:  # both have work in hand: there are more files than they have threads
            workers[0].send_signal(signal.SIGKILL)
    assert workers[0].wait(timeout=LONG_S) == -signal.SIGKILL
    assert Counter(outcome.job for outcome in outcomes) == dict.fromkeys(jobs, 1)
    failed = [outcome.reason for outcome in outcomes if outcome.state == "failed"]
    assert len(failed) == 1, failed
    assert failed[0].startswith(f"shared://{folder}/broken.wav is not an audio file.")
    assert sorted(path.name for path in out.iterdir()) == sorted(f"{n}.zarr" for n in range(FILES))
    for number in range(FILES):
        original, rebuilt = (open_track(path) for path in (folder / f"{number}.wav", out / f"{number}.zarr"))
        assert signal_to_error_db(original, rebuilt) > 120
        original.close()
    again = list(convert_on_cluster(jobs, scheduler))
    assert Counter(outcome.state for outcome in again) == {"skipped": FILES, "failed": 1}


def test_no_scheduler_is_told(tmp_path, folder, monkeypatch):
    monkeypatch.setattr("msviz.convert.cluster._PATIENCE_S", 0.5)
    jobs = plan([folder], tmp_path / "out")
    with pytest.raises(MsvizError, match=r"^No Dask scheduler can be reached at tcp://127\.0\.0\.1:9 .*\.$"):
        next(convert_on_cluster(jobs, "tcp://127.0.0.1:9"))


def test_without_dask_it_says_what_to_install(tmp_path, folder, monkeypatch):
    monkeypatch.setitem(sys.modules, "distributed", None)
    jobs = plan([Path(folder)], tmp_path / "out")
    with pytest.raises(MsvizError, match=r"^A cluster needs Dask: pip install 'msviz\[cluster\]'\.$"):
        next(convert_on_cluster(jobs, "tcp://127.0.0.1:9"))
