"""Parameters of the octave transform for listening to one thing."""

from __future__ import annotations

from typing import Any

PRESETS: dict[str, dict[str, Any]] = {
    "Balanced": {"bins_per_octave": 24, "resolution": 12.0, "gamma": 0.0},
    "Beats": {"bins_per_octave": 24, "resolution": 4.0, "gamma": 0.0},
    "Notes": {"bins_per_octave": 48, "resolution": 30.0, "gamma": 0.0},
    # The bandwidth of hearing, 24.7 Hz + 0.108 f (Glasberg & Moore, Hear. Res. 47, 1990): ln 2/R = 0.108.
    "Ear": {"bins_per_octave": 24, "resolution": 6.4, "gamma": 24.7},
}
