"""A picture with what stands around it."""

from __future__ import annotations

from PyQt6.QtWidgets import QHBoxLayout, QWidget

from msviz.gui.canvas import PictureCanvas
from msviz.gui.colours import Colours
from msviz.gui.rulers import FREQUENCY_RULER_WIDTH, LEGEND_WIDTH, FrequencyRuler, LevelLegend
from msviz.gui.view import View
from msviz.picture import Pyramid


class PicturePanel(QWidget):
    """A frequency ruler, a canvas and a legend; under each other, panels share columns to the pixel.

    Attributes
    ----------
    canvas : PictureCanvas
    ruler : FrequencyRuler
    legend : LevelLegend
    """

    def __init__(self, view: View, title: str = "", parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.canvas = PictureCanvas(view, title)
        self.ruler = FrequencyRuler(view)
        self.legend = LevelLegend()
        layout = QHBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(0)
        for widget in (self.ruler, self.canvas, self.legend):
            layout.addWidget(widget)

    def set_picture(self, pyramid: Pyramid | None) -> None:
        """Show another picture, or none."""
        self.canvas.set_picture(pyramid)
        self.ruler.set_edges([band.low for band in pyramid.bands[1:]] if pyramid else [])

    def set_colours(self, colours: Colours) -> None:
        """Show levels in other colours."""
        self.canvas.set_colours(colours)
        self.legend.set_colours(colours)


def aligned(widget: QWidget) -> QWidget:
    """A widget in the same columns as the canvases of the panels above and below it."""
    row = QWidget()
    layout = QHBoxLayout(row)
    layout.setContentsMargins(FREQUENCY_RULER_WIDTH, 0, LEGEND_WIDTH, 0)
    layout.addWidget(widget)
    return row
