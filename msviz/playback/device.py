"""The sound device: the only place that knows PortAudio."""

from __future__ import annotations

from collections.abc import Callable
from types import ModuleType
from typing import Any

import numpy as np
from numpy.typing import NDArray

from msviz.errors import DeviceError

INVALID_RATE = -9997  # paInvalidSampleRate


def sounddevice() -> ModuleType:
    """Import sounddevice, which starts PortAudio: not before something is played.

    Raises
    ------
    DeviceError
        If the PortAudio library is missing.
    """
    try:
        import sounddevice as module
    except OSError as error:
        raise DeviceError(
            "Sound cannot be played: the PortAudio library is missing (on Debian: apt install libportaudio2)."
        ) from error
    loaded: ModuleType = module
    return loaded


def rescan() -> None:
    """Let PortAudio look for devices afresh; it does so only when it starts.  No stream may be open.

    Raises
    ------
    DeviceError
        If the PortAudio library is missing or does not start.
    """
    sd = sounddevice()
    try:
        sd._terminate()
        sd._initialize()
    except sd.PortAudioError as error:
        raise DeviceError(f"Sound cannot be played: {error.args[0]}.") from error


class Output:
    """A stereo stream to a sound device, running from the start.  Owned by one thread.

    Parameters
    ----------
    rate : int
        Sampling rate in Hz.
    latency : float
        Seconds from the filling of a buffer to its being heard.
    device : int, str or None
        As sounddevice names it; None is the system's default.
    fill : callable
        Called in the audio thread with a float32 array (n, 2) to fill and two times in seconds on the clock
        of `time`: now, and when the first of these samples will be heard.

    Raises
    ------
    DeviceError
        If there is no PortAudio library, no device, or it does not take the rate.
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
        self.failure: Exception | None = None

        def callback(out: NDArray[np.float32], _count: int, time: Any, _status: object) -> None:
            try:
                fill(out, time.currentTime, time.outputBufferDacTime)
            except Exception as error:  # must not leave the audio thread; told by whoever owns the stream
                self.failure = error
                out[:] = 0

        try:
            self._stream = sd.OutputStream(
                rate, channels=2, dtype="float32", latency=latency, device=device, callback=callback
            )
            self._stream.start()
        except ValueError as error:  # a device name that fits none, or several
            raise DeviceError(f"Sound cannot be played: {error}.") from error
        except sd.PortAudioError as error:
            reason = f"the sound device cannot be opened ({error.args[0]})"
            if error.args[-1] == INVALID_RATE:
                reason = f"the sound device does not take {rate} Hz"
            elif not any(found["max_output_channels"] for found in sd.query_devices()):
                reason = "no sound device was found"
            raise DeviceError(f"Sound cannot be played: {reason}.") from error

    @property
    def time(self) -> float:
        """Now, in seconds, on the stream's clock."""
        return float(self._stream.time)

    @property
    def active(self) -> bool:
        """Whether the device still asks for samples."""
        return bool(self._stream.active)

    def close(self) -> None:
        """Close the stream at once; what has not been heard yet is dropped."""
        self._stream.close()
