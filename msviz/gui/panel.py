"""A picture with what stands around it."""

from __future__ import annotations

from PyQt6.QtWidgets import QHBoxLayout, QWidget

from msviz.gui.canvas import PictureCanvas
from msviz.gui.colours import Colours
from msviz.gui.curtain import CurtainCanvas
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

    canvas: PictureCanvas

    def __init__(self, view: View, title: str = "", parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.canvas = self._make_canvas(view)
        self.canvas.set_title(title)
        self.ruler = FrequencyRuler(view)
        self.legend = LevelLegend()
        layout = QHBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(0)
        for widget in (self.ruler, self.canvas, self.legend):
            layout.addWidget(widget)

    def _make_canvas(self, view: View) -> PictureCanvas:
        return PictureCanvas(view)

    def set_picture(self, pyramid: Pyramid | None) -> None:
        """Show another picture, or none."""
        self.canvas.set_picture(pyramid)
        self.ruler.set_edges([band.low for band in pyramid.bands[1:]] if pyramid else [])

    def set_colours(self, colours: Colours) -> None:
        """Show levels in other colours."""
        self.canvas.set_colours(colours)
        self.legend.set_colours(colours)

    def set_linear(self, linear: bool) -> None:
        """Show frequencies on a linear axis, or on a logarithmic one."""
        self.canvas.set_linear(linear)
        self.ruler.set_linear(linear)

    def set_notes(self, notes: bool) -> None:
        """Tell notes, or frequencies in Hz."""
        self.ruler.set_notes(notes)

    def set_smooth(self, smooth: bool) -> None:
        """Let wide cells go over into each other, or show each as it is."""
        self.canvas.set_smooth(smooth)


class CurtainPanel(PicturePanel):
    """Two pictures in one panel, with an edge between them that can be drawn aside.

    Attributes
    ----------
    canvas : CurtainCanvas
    """

    canvas: CurtainCanvas

    def _make_canvas(self, view: View) -> CurtainCanvas:
        return CurtainCanvas(view)

    def set_pictures(self, left: Pyramid | None, right: Pyramid | None) -> None:
        """Show other pictures, or none."""
        self.set_picture(left)
        self.canvas.set_other(right)


def aligned(widget: QWidget) -> QWidget:
    """A widget in the same columns as the canvases of the panels above and below it."""
    row = QWidget()
    layout = QHBoxLayout(row)
    layout.setContentsMargins(FREQUENCY_RULER_WIDTH, 0, LEGEND_WIDTH, 0)
    layout.addWidget(widget)
    return row
