"""What wheels and touch pads mean, the same on every canvas and ruler."""

from __future__ import annotations

from PyQt6.QtCore import QPointF, Qt
from PyQt6.QtGui import QGuiApplication, QWheelEvent

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


def by_finger(event: QWheelEvent) -> bool:
    """Whether fingers move a touch pad: it follows them in steps so small that nothing need glide."""
    # On X11 Qt hands on whatever the driver says of pixels.
    return not event.pixelDelta().isNull() and QGuiApplication.platformName() != "xcb"


def zooms_frequency(event: QWheelEvent) -> bool:
    """Whether it zooms in frequency: with Alt, or with Ctrl+Shift where Alt is the window manager's."""
    held, both = event.modifiers(), Qt.KeyboardModifier.ControlModifier | Qt.KeyboardModifier.ShiftModifier
    return bool(held & Qt.KeyboardModifier.AltModifier) or held & both == both


def scrolled(event: QWheelEvent, width: int, height: int) -> QPointF:
    """How far to scroll a canvas of this size, to the right and up; with Shift all goes to the right."""
    if by_finger(event):
        across, up = float(-event.pixelDelta().x()), float(event.pixelDelta().y())
        width = height = 1
    else:
        across, up = (SCROLL_PER_NOTCH * turned for turned in notches(event))
    if event.modifiers() & Qt.KeyboardModifier.ShiftModifier:
        across, up = -(up or -across), 0.0
    return QPointF(across * width, up * height)
