"""Colour map and display range."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from PyQt6.QtCore import Qt, pyqtSignal
from PyQt6.QtWidgets import (
    QComboBox,
    QHBoxLayout,
    QLabel,
    QSpinBox,
    QWidget,
)

from msviz.gui.canvas.colours import HIGHEST_DB, LOWEST_DB, NARROWEST_RANGE_DB, OWN, Colours
from msviz.picture import COLOUR_MAPS


class ColourBar(QWidget):
    """Colour map and display range."""

    changed = pyqtSignal(Colours)

    def __init__(self) -> None:
        super().__init__()
        self._colours = Colours()
        self._map = QComboBox()
        self._map.addItems(COLOUR_MAPS)
        self._map.setToolTip("Colour map")
        self._map.setAccessibleName("Colour map")
        self._map.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self._floor, self._ceiling = (self._level(tip) for tip in ("Darkest level", "Brightest level"))
        self._map.textActivated.connect(lambda name: self._change(name=name))
        self._floor.valueChanged.connect(lambda level: self._change(floor_db=float(level)))
        self._ceiling.valueChanged.connect(lambda level: self._change(ceiling_db=float(level)))
        to = QLabel("to")
        layout = QHBoxLayout(self)
        layout.setContentsMargins(8, 0, 0, 0)
        for widget in (self._map, self._floor, to, self._ceiling):
            layout.addWidget(widget)

    def _level(self, tip: str) -> QSpinBox:
        box = QSpinBox()
        box.setSuffix(" dB")
        box.setAccessibleName(tip)
        box.setToolTip(f"{tip} in dB; a sine of full scale is 0")
        box.setSingleStep(3)
        return box

    def set_colours(self, colours: Colours) -> None:
        """What to start from."""
        self._colours = colours
        floor, ceiling = round(colours.floor_db), round(colours.ceiling_db)
        own = self._map.findText(OWN)
        if colours.stops and own < 0:
            self._map.addItem(OWN)
        elif not colours.stops and own >= 0:
            self._map.removeItem(own)
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
