"""See and hear a track octave by octave."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from msviz.audio import AudioSource, mix_down, open_audio, read_audio, write_audio
    from msviz.demos import demo_tracks
    from msviz.errors import AudioError, DeviceError, MsvizError, ParameterError, StorageError
    from msviz.lab import Recipe, Reconstruction
    from msviz.measures import signal_to_error_db, spectral_convergence_db
    from msviz.signal import Signal, Source
    from msviz.storage import load, save
    from msviz.transform import (
        STFT,
        BoxEdit,
        Edits,
        OctaveEdit,
        OctaveTransform,
        Representation,
        Transform,
        from_xarray,
    )

__version__ = "0.1.0"

# Each public name is imported when it is first used: `import msviz` and `msviz --help` stay fast.
_HOMES = {
    "AudioError": "msviz.errors",
    "AudioSource": "msviz.audio",
    "BoxEdit": "msviz.transform",
    "DeviceError": "msviz.errors",
    "Edits": "msviz.transform",
    "MsvizError": "msviz.errors",
    "OctaveEdit": "msviz.transform",
    "OctaveTransform": "msviz.transform",
    "ParameterError": "msviz.errors",
    "Recipe": "msviz.lab",
    "Reconstruction": "msviz.lab",
    "Representation": "msviz.transform",
    "STFT": "msviz.transform",
    "Signal": "msviz.signal",
    "Source": "msviz.signal",
    "StorageError": "msviz.errors",
    "Transform": "msviz.transform",
    "demo_tracks": "msviz.demos",
    "from_xarray": "msviz.transform",
    "load": "msviz.storage",
    "mix_down": "msviz.audio",
    "open_audio": "msviz.audio",
    "read_audio": "msviz.audio",
    "save": "msviz.storage",
    "signal_to_error_db": "msviz.measures",
    "spectral_convergence_db": "msviz.measures",
    "write_audio": "msviz.audio",
}

__all__ = [
    "STFT",
    "AudioError",
    "AudioSource",
    "BoxEdit",
    "DeviceError",
    "Edits",
    "MsvizError",
    "OctaveEdit",
    "OctaveTransform",
    "ParameterError",
    "Recipe",
    "Reconstruction",
    "Representation",
    "Signal",
    "Source",
    "StorageError",
    "Transform",
    "demo_tracks",
    "from_xarray",
    "load",
    "mix_down",
    "open_audio",
    "read_audio",
    "save",
    "signal_to_error_db",
    "spectral_convergence_db",
    "write_audio",
]

# Other names are found in their subpackages: msviz.picture.levels.
_ROOMS = ("audio", "convert", "lab", "picture", "playback", "storage", "torch", "transform")


def __getattr__(name: str) -> Any:
    if name in _ROOMS:
        from msviz.errors import MsvizError

        try:
            return import_module(f"msviz.{name}")
        except MsvizError as error:  # a package that it needs is not installed
            raise AttributeError(str(error)) from None
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = getattr(import_module(_HOMES[name]), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *_HOMES, *_ROOMS})
