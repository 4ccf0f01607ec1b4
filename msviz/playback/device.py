"""The sound device: the only place that knows PortAudio."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from types import ModuleType
from typing import Any

import numpy as np
from numpy.typing import NDArray

from msviz.errors import DeviceError

INVALID_RATE = -9997  # paInvalidSampleRate
UNAVAILABLE = -9985  # paDeviceUnavailable
COMMON_RATES = (
    48000,
    44100,
    96000,
    192000,
    32000,
    16000,
)  # tried in this order if a device refuses the rate of a track
CHOOSE = "choose another under Play > Output device"
STALL_S = 5.0  # without requests for samples, until a device counts as disconnected

_library = threading.RLock()  # PortAudio must not be used while it is restarted


def _code(error: Exception) -> str:
    """The error code, which can be looked up: PortAudio's own messages do not help users."""
    return f"PortAudio error {error.args[1]}" if error.args[1:] else str(error)


class RateError(DeviceError):
    """A device does not support a sampling rate, but may support another."""


def sounddevice() -> ModuleType:
    """Import sounddevice, which starts PortAudio, only when something is played.

    Raises
    ------
    DeviceError
        If the PortAudio library is missing.
    """
    try:
        import sounddevice as module
    except OSError as error:
        raise DeviceError(
            "Cannot play: the PortAudio library is missing (on Debian: apt install libportaudio2)."
        ) from error
    loaded: ModuleType = module
    return loaded


def rescan() -> None:
    """Restart PortAudio, the only way to find new devices.  No stream may be open.

    Raises
    ------
    DeviceError
        If the PortAudio library is missing or does not start.
    """
    sd = sounddevice()
    try:
        with _library:
            sd._terminate()
            sd._initialize()
    except sd.PortAudioError as error:
        reason = f"the system's audio could not be started ({_code(error)})"
        raise DeviceError(f"Cannot play: {reason}.") from error


def output_devices() -> list[str]:
    """Unique names of the output devices; none if PortAudio is missing.

    They are those found when PortAudio was started, or by the last `rescan`.
    """
    try:
        sd = sounddevice()
        with _library:
            interfaces = [interface["name"] for interface in sd.query_hostapis()]
            return [
                f"{found['name']}, {interfaces[found['hostapi']]}"
                for found in sd.query_devices()
                if found["max_output_channels"] > 0
            ]
    except DeviceError:
        return []


def other_rates(device: int | str | None) -> list[int]:
    """Rates in Hz to try if a device refuses that of a track: its own first."""
    sd = sounddevice()
    try:
        with _library:
            own = round(sd.query_devices(device, "output")["default_samplerate"])
    except (ValueError, sd.PortAudioError):
        return list(COMMON_RATES)
    return list(dict.fromkeys([own, *COMMON_RATES]))


class Output:
    """A stereo stream to a sound device, running from the start.  Owned by one thread.

    Parameters
    ----------
    rate : int
        Sampling rate in Hz.
    latency : float
        Seconds from filling a buffer to hearing it.
    device : int, str or None
        As sounddevice names it; None is the system's default.
    fill : callable
        Called in the audio thread with a float32 array (n, 2) to fill and two times in seconds on the clock
        of `time`: now, and when the first of these samples will be heard.

    Raises
    ------
    RateError
        If the device does not support the rate.
    DeviceError
        If there is no PortAudio library or no device, or it cannot be opened.
    """

    def __init__(
        self,
        rate: int,
        latency: float,
        device: int | str | None,
        fill: Callable[[NDArray[np.float32], float, float], None],
    ) -> None:
        sd = sounddevice()
        self.rate = rate
        self.device = device
        self.failure: Exception | None = None
        self.underflows = 0  # dropouts reported by the device
        self._called = time.monotonic()

        def callback(out: NDArray[np.float32], _count: int, times: Any, status: Any) -> None:
            self._called = time.monotonic()
            if status and status.output_underflow:
                self.underflows += 1
            try:
                fill(out, times.currentTime, times.outputBufferDacTime)
            except Exception as error:  # must not leave the audio thread; reported by the owner of the stream
                self.failure = error
                out[:] = 0

        try:
            with _library:
                self._stream = sd.OutputStream(
                    rate, channels=2, dtype="float32", latency=latency, device=device, callback=callback
                )
                try:
                    self._stream.start()
                except sd.PortAudioError:
                    self._stream.close()  # or the device would stay occupied
                    raise
        except ValueError as error:  # a device name that matches none, or several
            reason = f"the output device {device} is not connected. Plug it in, or {CHOOSE}"
            raise DeviceError(f"Cannot play: {reason}.") from error
        except sd.PortAudioError as error:
            reason = (
                f"the sound device could not be opened ({_code(error)}). Check that it is on, or {CHOOSE}"
            )
            code = error.args[1] if error.args[1:] else None  # a third describes the host
            if code == INVALID_RATE:
                refused = f"Cannot play: the sound device does not support {rate} Hz."
                raise RateError(refused) from error
            if code == UNAVAILABLE:
                reason = f"the sound device is in use by another program. Close it, or {CHOOSE}"
            elif not any(found["max_output_channels"] for found in sd.query_devices()):
                reason = "no sound device was found"
            raise DeviceError(f"Cannot play: {reason}.") from error

    @property
    def time(self) -> float:
        """Now, in seconds, on the stream's clock."""
        return float(self._stream.time)

    @property
    def active(self) -> bool:
        """Whether the device still requests samples."""
        return bool(self._stream.active) and time.monotonic() - self._called < STALL_S

    def close(self) -> None:
        """Close the stream at once; samples not played yet are dropped."""
        self._stream.close()
