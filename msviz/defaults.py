"""Default parameters of the transforms, and presets."""

from __future__ import annotations

from typing import Any, NamedTuple


class Defaults(NamedTuple):
    """Default parameters of `OctaveTransform` and `STFT`, in Python, the window and the command line."""

    bins_per_octave: int = 24
    resolution: float = 12.0
    gamma: float = 0.0
    window: int = 4096
    hop: int = 1024


DEFAULTS = Defaults()

#: Parameters of the octave transform.
PRESETS: dict[str, dict[str, Any]] = {
    "Balanced": {name: getattr(DEFAULTS, name) for name in ("bins_per_octave", "resolution", "gamma")},
    "Beats": {"bins_per_octave": 24, "resolution": 4.0, "gamma": 0.0},
    "Notes": {"bins_per_octave": 48, "resolution": 30.0, "gamma": 0.0},
    # The bandwidth of hearing, 24.7 Hz + 0.108 f (Glasberg & Moore, Hear. Res. 47, 1990): ln 2/R = 0.108.
    "Ear": {"bins_per_octave": 24, "resolution": 6.4, "gamma": 24.7},
}
