"""Preferences: what is kept for all tracks, and the dialog for it."""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import Any

from PyQt6.QtCore import QSettings

THEMES = ("system", "dark", "light")

LEAST_MB, MOST_MB = 32, 16384


@dataclass(frozen=True)
class Preferences:
    """Attributes
    ----------
    memory_mb : int
        For all levels of a track's pictures, in megabytes of 2**20 bytes.
    wheel_zooms : bool
        Whether the plain wheel zooms in time, rather than scrolling in frequency.
    theme : str
        One of `THEMES`.
    device : str
        The output device; "" is the system's default.
    """

    memory_mb: int = 256
    wheel_zooms: bool = False
    theme: str = "system"
    device: str = ""

    def save(self, settings: QSettings) -> None:
        """Keep for the next start."""
        for field in fields(self):
            settings.setValue(f"preferences/{field.name}", getattr(self, field.name))

    @classmethod
    def load(cls, settings: QSettings) -> Preferences:
        """As they were kept; the default for what is missing or makes no sense."""
        kept: dict[str, Any] = {}
        for field in fields(cls):
            try:
                kept[field.name] = settings.value(
                    f"preferences/{field.name}", field.default, type(field.default)
                )
            except TypeError:
                kept[field.name] = field.default
        if kept["theme"] not in THEMES:
            kept["theme"] = cls.theme
        if not LEAST_MB <= kept["memory_mb"] <= MOST_MB:
            kept["memory_mb"] = cls.memory_mb
        return cls(**kept)
