"""A figure: the pictures of a track with their axes, laid out for a file instead of a window."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PyQt6.QtCore import QBuffer, QPoint, QPointF, QSize
from PyQt6.QtGui import QImage, QPainter, QRegion
from PyQt6.QtSvg import QSvgGenerator
from PyQt6.QtWidgets import QLabel, QVBoxLayout, QWidget

from msviz.audio import Damage
from msviz.errors import MsvizError
from msviz.files import atomic_path
from msviz.gui.model.damage import Missing
from msviz.gui.model.readout import frequency_text, time_text
from msviz.gui.model.track import TrackState
from msviz.gui.model.view import Box, View
from msviz.gui.panels.pictures import Look, Pictures
from msviz.gui.work.analysis import Picture
from msviz.signal import Source

FAR_S = -1e6  # where nobody sees the playhead
PIECE = 1 << 18  # samples of the waveform that are read at a time, whole cells of its envelope
TITLE_MARGINS = 8, 5, 8, 5

Place = tuple[Picture, int]
"""A picture and one of its tiles."""


class Figure(QWidget):
    """What a window shows of a track, without what moves over it; never on a screen.

    Parameters
    ----------
    source : Source
        Whose waveform it shows, and whose pictures.
    octaves, stft : Picture
        Of its own: `look` tells their pyramids what to keep.
    seen : Box
        What part.
    look : Look
    size : tuple of int
        Width and height.
    scale : float
        Pixels of the pictures to each of that, in both directions.
    lanes : sequence of str
        Names of its waveform's channels.
    name : str
        Of the track, for a title that tells what part it is; without one, none is drawn.

    Attributes
    ----------
    look : Look
    """

    def __init__(
        self,
        source: Source,
        octaves: Picture,
        stft: Picture,
        seen: Box,
        look: Look,
        *,
        size: tuple[int, int],
        scale: float = 1.0,
        lanes: Sequence[str] = ("",),
        name: str = "",
    ) -> None:
        super().__init__()
        self._scale = scale
        self._track = track = TrackState(View(self), look.parameters, source.rate)
        self._view = view = track.view
        view.open(source.rate, source.length, octaves.transform.bands[0].low, source.rate / 2)
        view.playhead_s = FAR_S
        view.selection = look.selection
        self.pictures = pictures = Pictures(track)
        self._samples_wanted: list[tuple[int, int]] = []
        pictures.waveform.samples_wanted.connect(lambda *wanted: self._samples_wanted.append(wanted))
        self.look = look
        self._drawn = (octaves, stft)
        self.title = ""
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(0)
        if name:
            self.title = f"{name}   {_stretch_text(seen)}"
            label = QLabel(self.title)
            label.setContentsMargins(*TITLE_MARGINS)
            layout.addWidget(label)
        layout.addWidget(pictures, 1)
        self.setStyleSheet("QSplitter::handle { image: none; }")  # nobody takes hold of it
        for widget in self.findChildren(QWidget):
            # Qt takes it from the screen, for which this is not.
            widget.devicePixelRatioF = lambda: scale  # type: ignore[method-assign]
        pictures.hide_overview()  # it would be unknown outside the stretch
        pictures.set_axes_shown(look.axes)
        pictures.set_shown(look.shown)
        pictures.set_waveform_shown(look.waveform)
        pictures.waveform.open(lanes)  # its height is that of its lanes
        pictures.set_smooth(look.smooth)
        pictures.set_notes(look.notes)
        pictures.set_stft_linear(look.linear)
        pictures.set_colours(look.colours)
        track.edits = look.edits
        pictures.octaves_share = look.octaves_share
        pictures.curtain.canvas.move_edge(look.curtain_edge)
        pictures.set_pictures(octaves, stft)
        self.resize(*size)
        self.grab()  # lays the panels out, so that they know what they show
        view.show(seen)
        pictures.waveform.open(lanes)  # asks for what is seen now
        pictures.waveform.start_rebuilt(altered=True)

    def set_damage(self, damage: Sequence[Damage]) -> None:
        """Show what is missing of the track."""
        rate = self._view.rate
        self._view.set_damage([Missing(one.start / rate, one.stop / rate, one.reason) for one in damage])

    # What it lacks at first

    def missing(self) -> list[Place]:
        """The tiles that it needs, and `put` takes."""
        octaves, stft = self._drawn
        shown = {"octaves": (octaves,), "stft": (stft,)}.get(self.look.shown, self._drawn)
        return [(picture, tile) for picture in shown for tile in picture.pyramid.missing().tolist()]

    def missing_samples(self) -> list[tuple[int, int]]:
        """The stretches that its waveform needs, and `put_samples` takes."""
        if not self.look.waveform:
            return []
        rate, seen = self._view.rate, self._view.range
        first = max(0, int(seen.start_s * rate)) // PIECE * PIECE
        last = min(self._view.length, int(seen.stop_s * rate) + 1)
        pieces = [(start, min(start + PIECE, self._view.length)) for start in range(first, last, PIECE)]
        return [*pieces, *self._samples_wanted[-1:]]

    def put(self, place: Place, levels: list[NDArray[np.uint8]]) -> None:
        """Take in a tile."""
        picture, tile = place
        picture.pyramid.put(tile, levels)

    def put_samples(
        self, start: int, samples: NDArray[np.floating], rebuilt: NDArray[np.floating] | None = None
    ) -> None:
        """Take in samples (lanes, n) of its waveform from `start` on, and what is rebuilt of them."""
        waveform = self.pictures.waveform
        wanted = (start, start + samples.shape[1]) in self._samples_wanted
        waveform.put(start, samples)
        if wanted:
            waveform.set_samples(start, samples)
        if rebuilt is not None:
            waveform.put_rebuilt(start, rebuilt)
            if wanted:
                waveform.set_rebuilt(start, rebuilt)

    # What becomes of it

    def image(self) -> QImage:
        """As pixels.

        Raises
        ------
        MsvizError
            If they do not fit into memory.
        """
        self.pictures.redraw()
        size = QSize(round(self.width() * self._scale), round(self.height() * self._scale))
        image = QImage(size, QImage.Format.Format_RGB32)
        if image.isNull():
            pixels = f"{size.width()}×{size.height()} pixels"
            raise MsvizError(f"A picture of {pixels} does not fit into memory: choose a smaller one.")
        image.setDevicePixelRatio(self._scale)
        self.render(image)
        return image

    def svg(self) -> bytes:
        """As SVG: axes and writing can be edited, the pictures are images of their own pixels."""
        self.pictures.redraw()
        written = QBuffer()
        svg = QSvgGenerator(QSvgGenerator.SvgVersion.Svg11)  # the other cannot clip
        svg.setOutputDevice(written)
        svg.setSize(self.size())
        svg.setViewBox(self.rect())
        svg.setResolution(self.logicalDpiX())  # or fonts would change their size
        svg.setTitle(self.title or "msviz")
        painter = QPainter(svg)
        painter.fillRect(self.rect(), self.palette().window())
        for widget in self.findChildren(QWidget):
            if widget.isVisibleTo(self):
                # One by one: Qt clips them at their edges in pixels only.
                painter.save()
                painter.translate(widget.mapTo(self, QPointF()))
                painter.setClipRect(widget.rect())
                widget.render(painter, QPoint(), QRegion(), QWidget.RenderFlag(0))
                painter.restore()
        painter.end()
        return bytes(written.data().data())

    def contents(self, path: Path) -> QImage | bytes:
        """What `write` puts into a file of this name."""
        return self.svg() if path.suffix.lower() == ".svg" else self.image()


def write(drawn: QImage | bytes, path: Path) -> None:
    """Write a figure to a file, whole or not at all; any thread may.

    Raises
    ------
    MsvizError
        If it cannot be written, or its name tells no kind of picture.
    """
    if isinstance(drawn, QImage):
        encoded = QBuffer()
        if not drawn.save(encoded, path.suffix.lstrip(".") or "png"):
            raise MsvizError(f"{path} cannot be written: choose a name that ends in .png, .jpg or .svg.")
        drawn = bytes(encoded.data().data())
    with atomic_path(path) as part:
        part.write_bytes(drawn)


def _stretch_text(seen: Box) -> str:
    start, stop = (time_text(time_s) for time_s in seen[:2])
    low, high = (frequency_text(hz) for hz in seen[2:])
    return f"{start} to {stop}   {low} to {high}"
