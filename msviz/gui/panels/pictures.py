"""The pictures of a track: overview, time ruler, octaves and STFT, all in one view."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

from PyQt6.QtCore import QPoint, Qt, pyqtSignal
from PyQt6.QtGui import QResizeEvent
from PyQt6.QtWidgets import QSplitter, QVBoxLayout, QWidget

from msviz.gui.canvas.colours import HIGHEST_DB, LOWEST_DB, Colours
from msviz.gui.canvas.gutter import GUTTER_WIDTH
from msviz.gui.canvas.overview import Overview
from msviz.gui.canvas.rulers import FREQUENCY_RULER_WIDTH, LEGEND_WIDTH, TimeRuler
from msviz.gui.canvas.time_canvas import TimeCanvas
from msviz.gui.canvas.waveform import Waveform
from msviz.gui.model.parameters import Parameters
from msviz.gui.model.selection import nudge_step, nudged
from msviz.gui.model.track import TrackState
from msviz.gui.model.view import Box
from msviz.gui.panels.picture_panel import Aligned, CurtainPanel, PicturePanel, WaveformPanel
from msviz.gui.work.analysis import NAMES, Picture, names_of
from msviz.gui.work.one_channel import OneChannel
from msviz.transform.edits import Edits

OVERVIEW_SHARE, OVERVIEW_HEIGHTS = 0.033, (18, 56)  # of the height of all

SHOWN = ("both", "octaves", "stft", "curtain")


@dataclass(frozen=True)
class Look:
    """How pictures are shown; what each means is told by the `Pictures` method of its name.

    Attributes
    ----------
    octaves_share : float
        Of the height of both pictures together, from 0 to 1.
    curtain_edge : float
        As `CurtainCanvas.edge`.
    parameters : Parameters
        Of the track; its octaves are what is edited.
    edits : Edits
    selection : Box or None
    rebuilt : bool
        Whether what is rebuilt lies over the waveform, where it is meant to be something else.
    axes : bool
        Whether there are rulers, legends and titles, or the pictures alone.
    """

    shown: str = "both"
    waveform: bool = False
    smooth: bool = False
    notes: bool = False
    linear: bool = False
    octaves_share: float = 0.5
    curtain_edge: float = 0.5
    colours: Colours = field(default_factory=Colours)
    parameters: Parameters = field(default_factory=Parameters)
    edits: Edits = field(default_factory=Edits)
    selection: Box | None = None
    rebuilt: bool = False
    axes: bool = True


class Pictures(QWidget):
    """What the window shows of a track, and `msviz render` draws.

    Attributes
    ----------
    octaves, stft : PicturePanel
    curtain : CurtainPanel
        Both in one panel.
    waveform : Waveform
        Hidden until `set_waveform_shown`.
    """

    seek_requested = pyqtSignal(float)
    """The time in seconds that was clicked."""
    scrubbed = pyqtSignal(float)
    """The time in seconds at which the time ruler is dragged."""
    scrub_ended = pyqtSignal()
    clicked = pyqtSignal(float, float)
    """The time in seconds and the frequency in Hz that were clicked in a picture."""
    octave_edited = pyqtSignal(int, str, object)
    """As `OctaveGutter.edited`."""
    menu_requested = pyqtSignal(QPoint)
    """Where on the screen the menu of a picture or of the waveform opens."""
    message = pyqtSignal(str)
    """Why a typed value cannot be used."""
    view_changed = pyqtSignal()
    """The pictures have turned to another view, or to another size of it."""
    colours_changed = pyqtSignal(Colours)
    shown_changed = pyqtSignal(str)
    refreshed = pyqtSignal()
    """Something of the pictures came in."""
    turned = pyqtSignal()
    """Other pictures are shown."""

    def __init__(self, track: TrackState, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._track, self._view = track, track.view
        view = track.view
        self.colours = Colours()
        self._smooth = self._notes = self._linear = False
        self._pictures: tuple[Picture, Picture] | None = None
        self._coming: tuple[Picture, Picture] | None = None  # shown as soon as there is something of them
        self.octaves = PicturePanel(track, "Octaves")
        self.stft = PicturePanel(track, "STFT")
        self.curtain = CurtainPanel(track)
        self.waveform = Waveform(view)
        self._shown = SHOWN[0]
        self._overview = Overview(view)
        ruler = TimeRuler(view)
        self._axes, self._gutter = True, False
        self._split = QSplitter(Qt.Orientation.Vertical)
        self._split.setChildrenCollapsible(False)
        self._split.setHandleWidth(5)
        for panel in (*self._panels, self.curtain):
            self._split.addWidget(panel)
            canvas = panel.canvas
            canvas.clicked.connect(self.clicked)
            canvas.find_crossing = self.waveform.crossing_near
            panel.gutter.edited.connect(self.octave_edited)
        self.curtain.hide()
        canvases: list[TimeCanvas] = [panel.canvas for panel in (*self._panels, self.curtain)]
        for timed in (self.waveform, *canvases):
            timed.seek_requested.connect(self.seek_requested)
            timed.setContextMenuPolicy(Qt.ContextMenuPolicy.CustomContextMenu)
            timed.customContextMenuRequested.connect(
                lambda at, timed=timed: self.menu_requested.emit(timed.mapToGlobal(at))
            )
        ruler.seek_requested.connect(self.seek_requested)
        ruler.scrubbed.connect(self.scrubbed)
        ruler.scrub_ended.connect(self.scrub_ended)
        view.range_changed.connect(self._look)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(0)
        self._waveform_row = WaveformPanel(self.waveform)
        self._rows = [Aligned(self._overview), Aligned(ruler), self._waveform_row]
        for row in self._rows:
            layout.addWidget(row)
        self._waveform_row.hide()
        layout.addWidget(self._split, 1)

    @property
    def _panels(self) -> tuple[PicturePanel, PicturePanel]:
        return self.octaves, self.stft

    def set_pictures(self, octaves: Picture, stft: Picture, *, over: bool = False) -> None:
        """Show other pictures, `over` the last ones where they are not known yet; their titles say what."""
        self._coming = None
        before, self._pictures = self._pictures or (None, None), (octaves, stft)
        for panel, old, picture in zip(self._panels, before, self._pictures, strict=True):
            if picture is not old:
                panel.set_picture(picture.pyramid, over=over and panel.isVisible())
        self.curtain.set_pictures(octaves.pyramid, stft.pyramid, over=over and self.curtain.isVisible())
        titles = [picture.transform.title if self._axes else "" for picture in self._pictures]
        for panel, title in zip(self._panels, titles, strict=True):
            panel.canvas.set_title(title)
        self.curtain.canvas.set_titles(*titles)
        self.set_stft_linear(self._linear)
        self._overview.set_picture(octaves.pyramid, over=over and self._overview.isVisible())
        self._look()
        self.turned.emit()

    def turn_to(self, octaves: Picture, stft: Picture) -> None:
        """Show other pictures of the same track as soon as there is something of both, over the last ones."""
        self._coming = (octaves, stft)
        self._look()
        self._turn_if_ready()

    def _turn_if_ready(self) -> None:
        if self._coming and all(picture.pyramid.analysed.any() for picture in self._coming):
            self.set_pictures(*self._coming, over=True)

    def uncover(self) -> None:
        """Show nothing of the last pictures any more: no more will be known of these."""
        for panel in (*self._panels, self.curtain):
            panel.canvas.uncover()
        self._overview.uncover()

    def set_colours(self, colours: Colours) -> None:
        """Show levels in other colours."""
        self.colours = colours
        for shown in (*self._panels, self.curtain, self._overview):
            shown.set_colours(colours)
        self.colours_changed.emit(colours)

    def shift_range(self, db: float) -> None:
        """Move the display range: up for darker pictures, down for brighter ones."""
        floor, ceiling = self.colours.floor_db + db, self.colours.ceiling_db + db
        if floor >= LOWEST_DB and ceiling <= HIGHEST_DB:
            self.set_colours(replace(self.colours, floor_db=floor, ceiling_db=ceiling))

    def set_shown(self, shown: str) -> None:
        """Show one of `SHOWN`: both under each other, one of them, or both in one panel."""
        self._shown = shown
        self.uncover()  # what is not seen would keep it
        self.octaves.setVisible(shown in ("both", "octaves"))
        self.stft.setVisible(shown in ("both", "stft"))
        self.curtain.setVisible(shown == "curtain")
        self._split.handle(1).setVisible(shown == "both")  # it sees to that itself only on a screen
        self._split.handle(2).setVisible(False)
        self._arrange()
        self.shown_changed.emit(shown)

    @property
    def shown(self) -> str:
        """Which of `SHOWN`."""
        return self._shown

    @property
    def look(self) -> Look:
        """How everything is shown now."""
        return Look(
            shown=self._shown,
            waveform=self._waveform_row.isVisibleTo(self),
            smooth=self._smooth,
            notes=self._notes,
            linear=self._linear,
            octaves_share=self.octaves_share,
            curtain_edge=self.curtain.canvas.edge,
            colours=self.colours,
            parameters=self._track.parameters,
            edits=self._track.edits,
            selection=self._view.selection,
            rebuilt=self.waveform.rebuilt_shown and self._track.altered,
        )

    @property
    def octaves_share(self) -> float:
        """How much of the height of both pictures the octaves have, from 0 to 1."""
        octaves, stft, _ = self._split.sizes()
        return octaves / (octaves + stft) if octaves and stft else 0.5

    @octaves_share.setter
    def octaves_share(self, share: float) -> None:
        self._split.setSizes([round(1000 * share), round(1000 * (1 - share)), 0])

    def hide_overview(self) -> None:
        """Show nothing of the rest of the track."""
        self._overview.hide()

    def set_axes_shown(self, shown: bool) -> None:
        """Show rulers, legends and titles around and in the pictures, or the pictures alone."""
        self._axes = shown
        self._rows[1].setVisible(shown)  # the time ruler
        self._split.setHandleWidth(5 if shown else 0)
        for panel in (*self._panels, self.curtain):
            panel.canvas.edges_shown = shown
        self._arrange()

    def set_waveform_shown(self, shown: bool) -> None:
        """Show the waveform over the pictures, or not."""
        self._waveform_row.setVisible(shown)

    def set_gutter_shown(self, shown: bool) -> None:
        """Show mute, solo and gain of the octaves beside their picture, or not."""
        self._gutter = shown
        self._arrange()

    def _arrange(self) -> None:
        """Show what belongs beside the pictures, and keep all columns in line.

        Of two pictures under each other, the octaves have the gutter beside them and the STFT the legend.
        """
        gutter, shared = self._gutter and self._shown != "stft", self._gutter and self._shown == "both"
        for panel in (*self._panels, self.curtain):
            panel.ruler.setVisible(self._axes)
            panel.gutter.setVisible(gutter and panel is not self.stft)
            panel.legend.setVisible(self._axes and not (shared and panel is self.octaves))
            panel.legend.setFixedWidth(GUTTER_WIDTH if shared else LEGEND_WIDTH)
        left = FREQUENCY_RULER_WIDTH if self._axes else 0
        right = LEGEND_WIDTH if self._axes and not shared else 0
        for row in self._rows:
            row.align(left, right + (GUTTER_WIDTH if gutter else 0))

    def set_smooth(self, smooth: bool) -> None:
        """Let wide cells go over into each other, or show each as it is."""
        self._smooth = smooth
        for panel in (*self._panels, self.curtain):
            panel.set_smooth(smooth)

    def set_notes(self, notes: bool) -> None:
        """Tell notes on the frequency rulers, or Hz."""
        self._notes = notes
        for panel in (*self._panels, self.curtain):
            panel.set_notes(notes)

    def set_stft_linear(self, linear: bool) -> None:
        """Show the STFT on a linear frequency axis, or on that of the octaves."""
        self._linear = linear
        shown = self._pictures and self._pictures[1].transform
        self.stft.set_linear(linear and not isinstance(shown, OneChannel))

    def refresh(self, picture: Picture, tile: int) -> None:
        """A tile of a picture came in."""
        if self._coming and picture in self._coming:
            self._turn_if_ready()
            return
        start, stop = (sample / self._view.rate for sample in picture.pyramid.tile_range(tile))
        for panel, shown in zip(self._panels, self._pictures or (), strict=False):
            if shown is picture:
                # A frame's cell reaches half a hop past the tile.
                for canvas in (panel.canvas, self.curtain.canvas):
                    canvas.refresh(start - 1, stop + 1)
        if self._pictures and picture is self._pictures[0]:
            self._overview.refresh()
        self.refreshed.emit()

    def resizeEvent(self, event: QResizeEvent) -> None:
        low, high = OVERVIEW_HEIGHTS
        self._overview.setFixedHeight(min(max(round(OVERVIEW_SHARE * self.height()), low), high))
        self._waveform_row.set_room(self.height())
        self._look()

    def _look(self) -> None:
        """Tell the pyramids where the view is going, so that they keep and miss what that needs."""
        start, stop = (time_s * self._view.rate for time_s in self._view.target[:2])
        seen = {"stft": self.stft, "curtain": self.curtain}.get(self._shown, self.octaves)
        self._view.columns = seen.canvas.columns
        for picture in (*(self._pictures or ()), *(self._coming or ())):
            picture.pyramid.look(start, stop, (stop - start) / seen.canvas.columns)
        self.view_changed.emit()

    def redraw(self) -> None:
        """Draw what has come in now, not soon."""
        pictures, self._pictures = self._pictures, None
        if pictures:
            self.set_pictures(*pictures)

    def nudge_selection(self, right: int, up: int, *, resize: bool = False) -> None:
        """Move the selection by steps, or with `resize` only its end and upper edge."""
        view = self._view
        if view.selection and self._pictures:
            bands = self._pictures[self._shown == "stft"].pyramid.bands
            step = nudge_step(view.selection, bands, view.rate, view.span_s / (view.columns or 1))
            view.select(nudged(view.selection, right, up, step, view.full, resize=resize))

    @property
    def names(self) -> tuple[str, ...]:
        """Short names of both pictures: what they are made with, or of which channels."""
        return names_of(self._pictures) if self._pictures else NAMES

    def levels_at(self, time_s: float, hz: float) -> tuple[float | None, float | None]:
        """Levels in dB that the octaves and the STFT show at a place; None where they show nothing."""
        if self._shown == "curtain":
            return self.curtain.canvas.levels_at(time_s, hz)
        return self.octaves.canvas.level_at(time_s, hz), self.stft.canvas.level_at(time_s, hz)
