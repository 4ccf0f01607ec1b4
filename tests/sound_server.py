"""A private PulseAudio server with a null sink, so that what is played can be recorded and compared.

It needs no session, no D-Bus and no hardware, and works as root and as any user.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from waiting import LONG_S, wait_until

RATE = 44100
PROGRAMS = ("pulseaudio", "pactl", "parec")  # Debian: pulseaudio pulseaudio-utils libasound2-plugins

SERVER = """
load-module module-native-protocol-unix auth-anonymous=1 socket={folder}/native
load-module module-null-sink sink_name=msviz rate={rate} channels=2 format=float32le
set-default-sink msviz
set-default-source msviz.monitor
"""
CLIENT = """
autospawn = no
enable-shm = no
"""
# The stock ALSA configuration with PulseAudio as its default device.
ALSA = """
</usr/share/alsa/alsa.conf>
pcm.!default { type pulse hint { show on description "msviz test sink" } }
ctl.!default { type pulse }
"""


def require_sound_server() -> None:
    """Skip the test where there is no PulseAudio; in continuous integration let it fail."""
    missing = [program for program in PROGRAMS if shutil.which(program) is None]
    if missing:
        reason = f"no {', '.join(missing)} on this system: what is played cannot be recorded"
        if os.environ.get("CI") == "true":
            pytest.fail(reason)
        pytest.skip(reason)


class SoundServer:
    """Starts when it is made; ends with `stop`, or by itself half a minute after its last client."""

    def __init__(self) -> None:
        self._folder = Path(tempfile.mkdtemp(prefix="msviz-"))  # short: it holds a socket
        (self._folder / "server.pa").write_text(SERVER.format(folder=self._folder, rate=RATE))
        (self._folder / "client.conf").write_text(CLIENT)
        (self._folder / "alsa.conf").write_text(ALSA)
        self.environment = {  # in which a program finds this server and no other
            "PULSE_SERVER": f"unix:{self._folder}/native",
            "PULSE_CLIENTCONFIG": f"{self._folder}/client.conf",
            "ALSA_CONFIG_PATH": f"{self._folder}/alsa.conf",
            "XDG_RUNTIME_DIR": str(self._folder),
            **{f"PULSE_{kind}_PATH": str(self._folder) for kind in ("RUNTIME", "STATE", "CONFIG")},
        }
        self.start()

    def start(self) -> None:
        """Start, or start again after `kill`."""
        options = "--daemonize=no --use-pid-file=no --exit-idle-time=30 --realtime=no --high-priority=no"
        with (self._folder / "log").open("w") as log:
            self._server = subprocess.Popen(
                ["pulseaudio", "-n", "-F", self._folder / "server.pa", *options.split()],
                env=self._environment(),
                stderr=log,
            )
        ask = partial(subprocess.run, ["pactl", "info"], env=self._environment(), capture_output=True)
        wait_until(lambda: self._server.poll() is not None or not ask().returncode)
        if self._server.poll() is not None:
            log = (self._folder / "log").read_text()
            self.stop()
            raise RuntimeError(f"the sound server does not start:\n{log}")

    def _environment(self) -> dict[str, str]:
        return os.environ | self.environment

    def kill(self) -> None:
        """End at once, as when a device is unplugged."""
        self._server.kill()
        self._server.wait()

    def stop(self) -> None:
        """End and leave nothing behind."""
        self.kill()
        shutil.rmtree(self._folder, ignore_errors=True)

    @contextmanager
    def recording(self, latency_ms: int = 20) -> Iterator[Recording]:
        """Record what is played from here on, in blocks of about `latency_ms`."""
        recorder = Recording(self._environment(), latency_ms)
        try:
            yield recorder
        finally:
            recorder.stop()


class Recording:
    """What the null sink plays, while it runs.

    A low latency also keeps the sink's own blocks small: a null sink that nobody listens to takes two
    seconds of sound at a time, and the first stream stalls for as long.
    """

    def __init__(self, environment: dict[str, str], latency_ms: int) -> None:
        options = (
            f"--device=msviz.monitor --format=float32le --rate={RATE} --channels=2 --raw "
            f"--latency-msec={latency_ms}"
        )
        self._process = subprocess.Popen(["parec", *options.split()], env=environment, stdout=subprocess.PIPE)
        self._data = bytearray()
        self.arrivals: list[tuple[float, int]] = []  # when each block came, and how many samples before it
        self._started = threading.Event()
        self._thread = threading.Thread(target=self._read)
        self._thread.start()
        if not self._started.wait(LONG_S):
            self.stop()
            raise RuntimeError("the sound server records nothing")

    def _read(self) -> None:
        while block := os.read(self._process.stdout.fileno(), 1 << 16):
            self.arrivals.append((time.monotonic(), len(self._data) // 8))
            self._data += block
            self._started.set()

    def stop(self) -> None:
        """End the recording; may be called again."""
        self._process.kill()
        self._thread.join()
        self._process.stdout.close()
        self._process.wait()

    def samples(self) -> NDArray[np.float32]:
        """What has been recorded so far, (2, n)."""
        return np.frombuffer(self._data[: len(self._data) // 8 * 8], "<f4").reshape(-1, 2).T
