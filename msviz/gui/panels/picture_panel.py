"""A picture with what stands around it."""

from __future__ import annotations

from PyQt6.QtWidgets import QHBoxLayout, QWidget

from msviz.gui.canvas.colours import Colours
from msviz.gui.canvas.edited import EditedCanvas, EditedCurtain
from msviz.gui.canvas.gutter import GUTTER_WIDTH, OctaveGutter
from msviz.gui.canvas.rulers import FREQUENCY_RULER_WIDTH, LEGEND_WIDTH, FrequencyRuler, LevelLegend
from msviz.gui.model.track import TrackState
from msviz.picture import Pyramid


class PicturePanel(QWidget):
    """A frequency ruler, a canvas, a gutter and a legend; panels share columns to the pixel.

    Attributes
    ----------
    canvas : EditedCanvas
    ruler : FrequencyRuler
    gutter : OctaveGutter
        Hidden until it is shown.
    legend : LevelLegend
    """

    canvas: EditedCanvas

    def __init__(self, track: TrackState, title: str = "", parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.canvas = self._make_canvas(track)
        self.canvas.set_title(title)
        self.ruler = FrequencyRuler(track.view)
        self.gutter = OctaveGutter(track)
        self.gutter.hide()
        self.legend = LevelLegend()
        layout = QHBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(0)
        for widget in (self.ruler, self.canvas, self.gutter, self.legend):
            layout.addWidget(widget)

    def _make_canvas(self, track: TrackState) -> EditedCanvas:
        return EditedCanvas(track)

    def set_picture(self, pyramid: Pyramid | None, *, over: bool = False) -> None:
        """Show another picture, or none; `over` the last one, seen where it is not known yet."""
        self.canvas.set_picture(pyramid, over=over)
        self.ruler.set_edges([band.low for band in pyramid.bands[1:]] if pyramid else [])

    def set_colours(self, colours: Colours) -> None:
        """Show levels in other colours."""
        self.canvas.set_colours(colours)
        self.legend.set_colours(colours)

    def set_linear(self, linear: bool) -> None:
        """Show frequencies on a linear axis, or on a logarithmic one."""
        self.canvas.set_linear(linear)
        self.ruler.set_linear(linear)
        self.gutter.set_linear(linear)

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
    canvas : EditedCurtain
    """

    canvas: EditedCurtain

    def _make_canvas(self, track: TrackState) -> EditedCurtain:
        return EditedCurtain(track)

    def set_pictures(self, left: Pyramid | None, right: Pyramid | None, *, over: bool = False) -> None:
        """Show other pictures, or none; `over` the last ones, seen where they are not known yet."""
        self.set_picture(left, over=over)
        self.canvas.set_other(right, over=over)


class Aligned(QWidget):
    """A widget in the same columns as the canvases of the panels above and below it."""

    def __init__(self, widget: QWidget) -> None:
        super().__init__()
        self._layout = QHBoxLayout(self)
        self._layout.addWidget(widget)
        self._gutter, self._axes = False, True
        self._align()

    def set_gutter_shown(self, shown: bool) -> None:
        """Whether the panels have gutters."""
        self._gutter = shown
        self._align()

    def set_axes_shown(self, shown: bool) -> None:
        """Whether the panels have rulers and legends."""
        self._axes = shown
        self._align()

    def _align(self) -> None:
        left, right = (FREQUENCY_RULER_WIDTH, LEGEND_WIDTH) if self._axes else (0, 0)
        self._layout.setContentsMargins(left, 0, right + (GUTTER_WIDTH if self._gutter else 0), 0)
