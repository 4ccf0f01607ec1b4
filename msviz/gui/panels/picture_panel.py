"""A picture with what stands around it."""

from __future__ import annotations

from PyQt6.QtCore import Qt
from PyQt6.QtWidgets import QHBoxLayout, QScrollBar, QWidget

from msviz.gui.canvas.colours import Colours
from msviz.gui.canvas.edited import EditedCanvas, EditedCurtain
from msviz.gui.canvas.gutter import OctaveGutter
from msviz.gui.canvas.rulers import (
    FREQUENCY_RULER_WIDTH,
    LEGEND_WIDTH,
    FrequencyRuler,
    LaneRuler,
    LevelLegend,
)
from msviz.gui.canvas.waveform import Waveform
from msviz.gui.model.track import TrackState
from msviz.picture import Pyramid

LANE_SHARES = {1: 0.05, 2: 0.07, 3: 0.09, 4: 0.11}  # of the height of all, by visible lanes
MOST_SHARE = 0.13
LEAST_LANE = 14  # pixels


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
        self._layout.setSpacing(0)
        self._layout.addWidget(widget)
        self.align(FREQUENCY_RULER_WIDTH, LEGEND_WIDTH)

    def align(self, left: int, right: int) -> None:
        """Leave as much room to the left and to the right as the panels take."""
        self._layout.setContentsMargins(left, 0, right, 0)


class WaveformPanel(Aligned):
    """The waveform, the names of its channels, and a scroll bar where there are too many of them."""

    def __init__(self, waveform: Waveform) -> None:
        self._waveform, self._ruler, self._bar = waveform, LaneRuler(), QScrollBar(Qt.Orientation.Vertical)
        self._right = self._room = 0
        super().__init__(waveform)
        self._layout.insertWidget(0, self._ruler)
        self._layout.addWidget(self._bar)
        self._bar.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self._bar.valueChanged.connect(waveform.scroll_lanes)
        waveform.lanes_changed.connect(self._show_lanes)
        self._show_lanes()

    def align(self, left: int, right: int) -> None:
        """Leave as much room as the panels take; what stands beside the waveform is in it."""
        self._right = right
        self._ruler.setVisible(left > 0)
        bar = self._bar.sizeHint().width() if not self._bar.isHidden() else 0
        self._layout.setContentsMargins(max(0, left - self._ruler.width()), 0, max(0, right - bar), 0)

    def set_room(self, height: int) -> None:
        """Take a share of this height, which the pictures need as well."""
        self._room = height
        self._show_lanes()

    def _show_lanes(self) -> None:
        waveform, visible = self._waveform, self._waveform.visible_lanes
        self._ruler.set_names(waveform.names[visible.start : visible.stop] if waveform.lanes > 1 else ())
        hidden = waveform.lanes - len(visible)
        self._bar.setRange(0, hidden)
        self._bar.setPageStep(len(visible))
        self._bar.setValue(visible.start)
        self._bar.setVisible(hidden > 0)
        self.align(0 if self._ruler.isHidden() else self._ruler.width(), self._right)
        height = round(LANE_SHARES.get(len(visible), MOST_SHARE) * self._room)
        self.setFixedHeight(max(height, LEAST_LANE * len(visible)))
