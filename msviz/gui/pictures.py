"""The pictures of a track: overview, time ruler, octaves and STFT, all in one view."""

from __future__ import annotations

from PyQt6.QtCore import Qt, QTimer, pyqtSignal
from PyQt6.QtGui import QResizeEvent
from PyQt6.QtWidgets import QSplitter, QVBoxLayout, QWidget

from msviz.gui.analysis import Picture
from msviz.gui.colours import Colours
from msviz.gui.overview import Overview
from msviz.gui.panel import PicturePanel, aligned
from msviz.gui.rulers import TimeRuler
from msviz.gui.view import View
from msviz.transform import STFT, Combined, OctaveTransform, Reassigned

SHOWN = ("both", "octaves", "stft")
OCTAVE_TITLES = {OctaveTransform: "Octaves", Reassigned: "Octaves, reassigned", Combined: "Octaves, combined"}
PATIENCE_MS = 80  # that old pictures stay for while new ones are incomplete


class Pictures(QWidget):
    """What the window shows of a track, and `msviz render` draws.

    Attributes
    ----------
    octaves, stft : PicturePanel
    """

    seek_requested = pyqtSignal(float)
    """The time in seconds that was clicked, or dragged to on the ruler."""
    looked = pyqtSignal()
    """The pictures have turned to another view, or to another size of it."""

    def __init__(self, view: View, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._view = view
        self._pictures: tuple[Picture, Picture] | None = None
        self._coming: tuple[Picture, Picture] | None = None  # shown as soon as there is something of them
        self._patience = QTimer(self)
        self._patience.setSingleShot(True)
        self._patience.setInterval(PATIENCE_MS)
        self._patience.timeout.connect(self._turn_if_ready)
        self.octaves = PicturePanel(view, "Octaves")
        self.stft = PicturePanel(view, "STFT")
        self._overview = Overview(view)
        ruler = TimeRuler(view)
        self._split = QSplitter(Qt.Orientation.Vertical)
        self._split.setChildrenCollapsible(False)
        self._split.setHandleWidth(5)
        for panel in self._panels:
            self._split.addWidget(panel)
            panel.canvas.seek_requested.connect(self.seek_requested)
        ruler.seek_requested.connect(self.seek_requested)
        view.range_changed.connect(self._look)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(0)
        layout.addWidget(aligned(self._overview))
        layout.addWidget(aligned(ruler))
        layout.addWidget(self._split, 1)

    @property
    def _panels(self) -> tuple[PicturePanel, PicturePanel]:
        return self.octaves, self.stft

    def set_pictures(self, octaves: Picture, stft: Picture) -> None:
        """Show other pictures; of a transform with another window, its title says so."""
        self._coming = None
        before, self._pictures = self._pictures or (None, None), (octaves, stft)
        for panel, old, picture in zip(self._panels, before, self._pictures, strict=True):
            if picture is not old:
                panel.set_picture(picture.pyramid)
        self.octaves.canvas.set_title(OCTAVE_TITLES[type(octaves.transform)])
        if isinstance(stft.transform, STFT):
            self.stft.canvas.set_title(f"STFT {stft.transform.window} / {stft.transform.hop}")
        self._overview.set_picture(octaves.pyramid)
        self._look()

    def turn_to(self, octaves: Picture, stft: Picture) -> None:
        """Show other pictures of the same track: at once when what is in view is known, else a little later.

        Until then the old ones stay, so that nothing flickers.
        """
        self._coming = (octaves, stft)
        self._look()
        self._patience.start()

    def _turn_if_ready(self) -> None:
        if self._coming and all(picture.pyramid.analysed.any() for picture in self._coming):
            self.set_pictures(*self._coming)

    def set_colours(self, colours: Colours) -> None:
        """Show levels in other colours."""
        for shown in (*self._panels, self._overview):
            shown.set_colours(colours)

    def set_shown(self, shown: str) -> None:
        """Show "octaves", "stft" or "both" under each other."""
        self.octaves.setVisible(shown != "stft")
        self.stft.setVisible(shown != "octaves")
        self._split.handle(1).setVisible(shown == "both")  # it sees to that itself only on a screen

    def hide_overview(self) -> None:
        """Show nothing of the rest of the track."""
        self._overview.hide()

    def refresh(self, picture: Picture, tile: int) -> None:
        """A tile of a picture came in."""
        if self._coming and picture in self._coming:
            if not self._patience.isActive() or not any(p.pyramid.missing() for p in self._coming):
                self._turn_if_ready()
            return
        start, stop = (sample / self._view.rate for sample in picture.pyramid.tile_range(tile))
        for panel, shown in zip(self._panels, self._pictures or (), strict=False):
            if shown is picture:
                # A frame's cell reaches half a hop past the tile.
                panel.canvas.refresh(start - 1, stop + 1)
        if self._pictures and picture is self._pictures[0]:
            self._overview.refresh()

    def resizeEvent(self, event: QResizeEvent) -> None:
        self._look()

    def _look(self) -> None:
        """Tell the pyramids what is seen, so that they keep and miss what that needs."""
        start, stop = (time_s * self._view.rate for time_s in self._view.range[:2])
        for pictures in (self._pictures, self._coming):
            for panel, picture in zip(self._panels, pictures or (), strict=False):
                picture.pyramid.look(start, stop, panel.canvas.samples_per_pixel)
        self.looked.emit()

    def redraw(self) -> None:
        """Draw what has come in now, not soon."""
        pictures, self._pictures = self._pictures, None
        if pictures:
            self.set_pictures(*pictures)

    def levels_at(self, time_s: float, hz: float) -> tuple[float | None, float | None]:
        """Levels in dB that the octaves and the STFT show at a place; None where they show nothing."""
        return self.octaves.canvas.level_at(time_s, hz), self.stft.canvas.level_at(time_s, hz)
