"""A colour map of one's own: stops that can be dragged, added and coloured."""

from __future__ import annotations

import pyqtgraph as pg
from PyQt6.QtCore import pyqtSignal
from PyQt6.QtWidgets import QDialog, QDialogButtonBox, QLabel, QVBoxLayout, QWidget

from msviz.gui.colours import OWN, Colours, Stop

SAMPLED = 11  # stops that a ready-made map is begun with


def stops_of(colours: Colours) -> tuple[Stop, ...]:
    """The stops of a map; of a ready-made one, a few at equal distances."""
    if colours.name == OWN:
        return colours.stops
    rgb = colours.map(SAMPLED).round().astype(int).tolist()
    return tuple((place / (SAMPLED - 1), *colour) for place, colour in enumerate(rgb))


class ColourEditor(QDialog):
    """Changes the colour map while the pictures are looked at."""

    changed = pyqtSignal(tuple)
    """The stops, as `Colours` has them."""

    def __init__(self, colours: Colours, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setWindowTitle("Colour map")
        self._gradient = pg.GradientWidget(orientation="bottom")
        ticks = [(place, (*rgb, 255)) for place, *rgb in stops_of(colours)]
        self._gradient.restoreState({"mode": "rgb", "ticks": ticks, "ticksVisible": True})
        self._told = self.stops
        self._gradient.sigGradientChanged.connect(self._tell)
        help_text = QLabel(
            "Low levels are left, high levels right. Click under the colours to add a stop, drag a stop to "
            "move it, click it to choose its colour, right-click it to remove it."
        )
        help_text.setWordWrap(True)
        buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Close)
        buttons.rejected.connect(self.reject)
        layout = QVBoxLayout(self)
        for widget in (self._gradient, help_text, buttons):
            layout.addWidget(widget)
        self.resize(480, 140)

    def _tell(self) -> None:
        if self.stops != self._told:  # the widget also says so when it is laid out
            self._told = self.stops
            self.changed.emit(self.stops)

    @property
    def stops(self) -> tuple[Stop, ...]:
        """The stops in ascending order."""
        ticks = sorted(self._gradient.saveState()["ticks"])
        return tuple(
            (float(place), int(red), int(green), int(blue)) for place, (red, green, blue, _) in ticks
        )
