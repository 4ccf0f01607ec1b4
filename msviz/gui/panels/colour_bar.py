"""Colour map and display range."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
from PyQt6.QtCore import QSize, Qt, pyqtSignal
from PyQt6.QtGui import QIcon, QImage, QPixmap
from PyQt6.QtWidgets import (
    QComboBox,
    QHBoxLayout,
    QLabel,
    QSpinBox,
    QVBoxLayout,
    QWidget,
)

from msviz.gui.canvas.colours import HIGHEST_DB, LOWEST_DB, NARROWEST_RANGE_DB, OWN, Colours
from msviz.picture import COLOUR_MAPS

SWATCH = QSize(36, 10)


class ColourBar(QWidget):
    """Colour map and display range."""

    changed = pyqtSignal(Colours)

    def __init__(self) -> None:
        super().__init__()
        self._colours = Colours()
        self._map = QComboBox()
        for name in COLOUR_MAPS:
            self._map.addItem(_swatch(Colours(name)), name)
        self._map.setIconSize(SWATCH)
        self._map.setToolTip("Colour map of the pictures")
        self._map.setAccessibleName("Colour map")
        self._map.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self._floor, self._ceiling = (_level(tip) for tip in ("Darkest level", "Brightest level"))
        self._map.textActivated.connect(lambda name: self._change(name=name))
        self._floor.valueChanged.connect(lambda level: self._change(floor_db=float(level)))
        self._ceiling.valueChanged.connect(lambda level: self._change(ceiling_db=float(level)))
        levels = QHBoxLayout()
        levels.setSpacing(2)
        for widget in (self._floor, QLabel("to"), self._ceiling, QLabel("dB")):
            levels.addWidget(widget)
        levels.addStretch()
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(5)
        layout.addWidget(self._map)
        layout.addLayout(levels)

    def set_colours(self, colours: Colours) -> None:
        """What to start from."""
        self._colours = colours
        floor, ceiling = round(colours.floor_db), round(colours.ceiling_db)
        own = self._map.findText(OWN)
        if colours.stops and own < 0:
            self._map.addItem(OWN)
            own = self._map.findText(OWN)
        elif not colours.stops and own >= 0:
            self._map.removeItem(own)
        if colours.stops:
            self._map.setItemIcon(own, _swatch(replace(colours, name=OWN)))
        self._map.setCurrentText(colours.name)
        for box, low, high, value in (
            (self._floor, LOWEST_DB, ceiling - NARROWEST_RANGE_DB, floor),
            (self._ceiling, floor + NARROWEST_RANGE_DB, HIGHEST_DB, ceiling),
        ):
            box.blockSignals(True)
            box.setRange(low, high)
            box.setValue(value)
            box.blockSignals(False)

    def _change(self, **changes: Any) -> None:
        self.changed.emit(replace(self._colours, **changes))


def _level(tip: str) -> QSpinBox:
    box = QSpinBox()
    box.setAccessibleName(tip)
    box.setToolTip(f"{tip} in dB. A full-scale sine is 0 dB.")
    box.setSingleStep(3)
    box.setButtonSymbols(QSpinBox.ButtonSymbols.NoButtons)
    box.setAlignment(Qt.AlignmentFlag.AlignRight)
    box.setFixedWidth(box.fontMetrics().horizontalAdvance("−119") + 6)
    return box


def _swatch(colours: Colours) -> QIcon:
    """A strip of the map's colours."""
    row = colours.map(SWATCH.width()).round().astype(np.uint8)
    strip = np.ascontiguousarray(np.broadcast_to(row, (SWATCH.height(), *row.shape)))
    height, width, _ = strip.shape
    image = QImage(strip.data, width, height, 3 * width, QImage.Format.Format_RGB888)  # type: ignore[call-overload]
    return QIcon(QPixmap.fromImage(image))
