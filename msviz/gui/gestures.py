"""What wheels mean, the same on every canvas and ruler."""

from __future__ import annotations

from PyQt6.QtGui import QWheelEvent

ZOOM_PER_NOTCH = 2 ** (1 / 3)
SCROLL_PER_NOTCH = 0.1  # of the view


def notches(event: QWheelEvent) -> tuple[float, float]:
    """How far a wheel was turned, to the right and up; touch pads give fractions."""
    turned = event.angleDelta()
    return -turned.x() / 120, turned.y() / 120


def either(event: QWheelEvent) -> float:
    """How far a wheel was turned up, whichever axis the system reports it on while a key is held."""
    across, up = notches(event)
    return up or -across
