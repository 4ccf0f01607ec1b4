"""Views, pictures of one loud coefficient, and hands, for the tests of canvases."""

from __future__ import annotations

import numpy as np
from PyQt6.QtCore import QEvent, QPoint, QPointF, Qt
from PyQt6.QtGui import QMouseEvent, QWheelEvent
from PyQt6.QtWidgets import QApplication, QWidget

from msviz.gui.model.view import View
from msviz.picture import SILENCE, Pyramid

RATE = 44100
LENGTH = 20 * RATE


def open_view(length: int = LENGTH) -> View:
    view = View()
    view.open(RATE, length, 20.0, RATE / 2)
    return view


def silence(pyramid: Pyramid, tile: int) -> list[np.ndarray]:
    start, stop = pyramid.tile_range(tile)
    return [
        np.full((-(-(stop - start) // band.hop), len(band.frequencies)), SILENCE, np.uint8)
        for band in pyramid.bands
    ]


def picture_with_click(transform, band: int, frame: int, row: int) -> Pyramid:
    pyramid = Pyramid(transform.bands, RATE, LENGTH)
    for tile in range(pyramid.tiles):
        codes = silence(pyramid, tile)
        per_tile = pyramid.tile_length // pyramid.bands[band].hop
        if tile == frame // per_tile:
            codes[band][frame % per_tile, row] = 240
        pyramid.put(tile, codes)
    return pyramid


def shown(widget: QWidget, width: int, height: int) -> None:
    widget.resize(width, height)
    widget.show()
    QApplication.processEvents()


def mouse(canvas: QWidget, kind: QEvent.Type, x: float, y: float, button, held=None) -> None:
    modifiers = held or Qt.KeyboardModifier.NoModifier
    at = QPointF(x, y)
    buttons = Qt.MouseButton.NoButton if kind == QEvent.Type.MouseButtonRelease else button
    QApplication.sendEvent(canvas, QMouseEvent(kind, at, QPointF(), button, buttons, modifiers))


def drag(canvas: QWidget, start, stop, button=Qt.MouseButton.LeftButton, held=None) -> None:
    mouse(canvas, QEvent.Type.MouseButtonPress, *start, button, held)
    middle = (start[0] + stop[0]) / 2, (start[1] + stop[1]) / 2
    for at in (middle, stop):
        mouse(canvas, QEvent.Type.MouseMove, *at, button, held)
    mouse(canvas, QEvent.Type.MouseButtonRelease, *stop, button, held)


def wheel(
    widget: QWidget,
    x: float,
    y: float,
    turn: QPoint,
    held=Qt.KeyboardModifier.NoModifier,
    *,
    pixels: QPoint | None = None,
) -> bool:
    """Turn a wheel by eighths of a degree, and tell whether it was taken; a touch pad moves by pixels too."""
    event = QWheelEvent(
        QPointF(x, y),
        QPointF(),
        pixels or QPoint(),
        turn,
        Qt.MouseButton.NoButton,
        held,
        Qt.ScrollPhase.NoScrollPhase,
        False,
    )
    QApplication.sendEvent(widget, event)
    return event.isAccepted()
