"""The spectrum at the cursor, from both pictures."""

from __future__ import annotations

import time
from collections.abc import Sequence

import numpy as np
import pyqtgraph as pg
from numpy.typing import NDArray
from PyQt6.QtCore import QEvent, Qt, QTimer
from PyQt6.QtGui import QColor, QPainter, QPaintEvent, QPalette, QPixmap, QResizeEvent
from PyQt6.QtWidgets import QApplication, QCheckBox, QHBoxLayout, QLabel, QVBoxLayout, QWidget

from msviz.gui.canvas.colours import on_light
from msviz.gui.canvas.ticks import frequency_ticks
from msviz.gui.model.view import View
from msviz.gui.work.analysis import NAMES, Picture, names_of
from msviz.picture import FULL_SCALE, UNKNOWN, FrequencyAxis

ON_DARK = QColor("#ff9a5c"), QColor("#5cc8ff")  # of the octaves and of the STFT
ON_LIGHT = QColor("#b84a00"), QColor("#1f6fb2")
HELD = 110  # opacity of a peak that is held
LOWEST_DB, HIGHEST_DB = -120.0, 6.0
HEARD_HZ = 20.0, 20_000.0
TICK_GAP = 34  # pixels
PLAYED_S = 0.5  # from one spectrum to the next, at most; a playhead that is further on was put there
REST_MS = 80  # for which the view has not moved when a spectrum is drawn


def spectrum(
    picture: Picture, sample: float, since: float | None = None
) -> tuple[NDArray[np.floating], NDArray[np.floating]]:
    """What a picture shows at a sample: frequencies in Hz and levels in dB, lowest first.

    The levels are the highest from an earlier sample on, if one is given, and NaN until they are final.
    """
    pyramid = picture.pyramid
    hz, codes = [], []
    zoom_level = pyramid.finest(sample if since is None else since, sample)
    for number, band in enumerate(pyramid.bands):
        last = max(0, -(-pyramid.length // band.hop) - 1)
        first, frame = (
            min(max(round(place / band.hop), 0), last)
            for place in (sample if since is None else since, sample)
        )
        hz.append(band.frequencies)
        if zoom_level is None:
            codes.append(np.full(len(band.frequencies), UNKNOWN, np.uint8))
            continue
        step = pyramid.step(number, zoom_level)
        frames = pyramid.frames(number, zoom_level, first >> step, (frame >> step) + 1)
        codes.append(frames.max(axis=0))
    levels = np.concatenate(codes).astype(float)
    levels = np.where(levels == UNKNOWN, np.nan, (levels - FULL_SCALE) / 2)
    return np.concatenate(hz), levels


def strongest(
    places: NDArray[np.floating], levels: NDArray[np.floating], low: float, high: float, width: int
) -> tuple[NDArray[np.floating], NDArray[np.floating]]:
    """The strongest point of each of so many pixel columns from `low` to `high`, where there are any.

    Places are in ascending order.  All peaks stay at their places, and less is drawn.
    """
    inside = (places >= low) & (places <= high)
    places, levels = places[inside], levels[inside]
    columns = np.floor((places - low) / (high - low) * max(1, width))
    order = np.lexsort((levels, columns))
    last = np.flatnonzero(np.diff(columns[order], append=np.inf))
    return places[order][last], levels[order][last]


class _FrequencyAxis(pg.AxisItem):
    """Round frequencies on a logarithmic axis."""

    def tickValues(self, low: float, high: float, size: float) -> list[tuple[float, list[float]]]:
        self._labels = {
            float(np.log10(hz)): label
            for hz, label in frequency_ticks(FrequencyAxis(10**low, 10**high), size, TICK_GAP)
        }
        named = [place for place, label in self._labels.items() if label]
        return [(1.0, named), (0.1, [place for place in self._labels if place not in named])]

    def tickStrings(self, values: list[float], scale: float, spacing: float) -> list[str]:
        return [self._labels.get(value, "") for value in values]


class _Plot(pg.PlotWidget):
    """A plot of which one picture is stretched while its size changes: drawing it takes a frame's time."""

    def __init__(self) -> None:
        self._before: QPixmap | None = None
        self._rest = QTimer()
        self._rest.setSingleShot(True)
        self._rest.setInterval(REST_MS)
        self._rest.timeout.connect(self._be_drawn)
        super().__init__(axisItems={"bottom": _FrequencyAxis("bottom")})

    def _be_drawn(self) -> None:
        self._before = None
        self.viewport().update()

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._rest.start()

    def paintEvent(self, event: QPaintEvent) -> None:
        if not self._rest.isActive():
            super().paintEvent(event)
            return
        viewport = self.viewport()
        if self._before is None:
            ratio = viewport.devicePixelRatioF()
            self._before = QPixmap(viewport.size() * ratio)
            self._before.setDevicePixelRatio(ratio)
            painter = QPainter(self._before)
            self.render(painter)
            painter.end()
        QPainter(viewport).drawPixmap(viewport.rect(), self._before)


class SpectrumPanel(QWidget):
    """Levels over frequency at the cursor, or at the playhead while nothing is pointed at."""

    def __init__(self, view: View, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._view = view
        self._pictures: Sequence[Picture] = ()
        self._rest = QTimer(self)
        self._rest.setSingleShot(True)
        self._rest.setInterval(REST_MS)
        self._rest.timeout.connect(self._look_again)
        self._moved_s = self._playhead_s = self._drawn_s = 0.0
        view.range_changed.connect(self._move)
        self._plot = _Plot()
        self._plot.setMenuEnabled(False)
        self._plot.setAcceptDrops(False)  # they are the window's
        self._plot.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self._plot.hideButtons()
        self._plot.setMouseEnabled(x=False, y=False)
        self._plot.setYRange(LOWEST_DB, HIGHEST_DB, padding=0)
        self._plot.setXRange(*np.log10(HEARD_HZ), padding=0)  # until there is a track
        self._plot.setLabel("left", "dB")
        self._plot.showGrid(x=True, y=True, alpha=0.2)
        self._curves, self._peaks = [], []
        self._held: list[NDArray[np.floating] | None] = [None, None]
        for _ in NAMES:
            self._peaks.append(self._plot.plot(connect="finite"))
            self._curves.append(self._plot.plot(connect="finite"))
        self._mark = pg.InfiniteLine()
        self._mark.hide()
        self._plot.addItem(self._mark)
        self._hold = QCheckBox("Hold peaks")
        self._hold.setToolTip("Keep the highest level at each frequency as the pointer or playhead moves")
        self._hold.toggled.connect(self.forget_peaks)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(self._plot)
        self._legend = QLabel()  # beside the plot: within, it would hide curves
        below = QHBoxLayout()
        below.addWidget(self._hold)
        below.addStretch()
        below.addWidget(self._legend)
        layout.addLayout(below)
        self._plot.setMinimumHeight(120)  # with what is below it, 180 suffice
        self._suit()

    def changeEvent(self, event: QEvent) -> None:
        if event.type() == QEvent.Type.PaletteChange:
            self._suit()
        super().changeEvent(event)

    def _suit(self) -> None:
        """Take on the colours of the window."""
        ground, ink = (
            self.palette().color(role) for role in (QPalette.ColorRole.Base, QPalette.ColorRole.WindowText)
        )
        self._plot.setBackground(ground)
        for side in ("left", "bottom"):
            self._plot.getAxis(side).setTextPen(ink)
        self._mark.setPen(pg.mkPen(ink, style=Qt.PenStyle.DotLine))
        self._colours = ON_LIGHT if on_light(self.palette()) else ON_DARK
        for colour, curve, peak in zip(self._colours, self._curves, self._peaks, strict=True):
            curve.setPen(pg.mkPen(colour))
            peak.setPen(pg.mkPen(*colour.getRgb()[:3], HELD))
        self._name_curves(names_of(self._pictures) if self._pictures else NAMES)

    def _name_curves(self, names: Sequence[str]) -> None:
        coloured = zip(self._colours, names, strict=False)
        self._legend.setText(
            " &nbsp; ".join(
                f'<b style="color:{colour.name()}">—</b> {name[:1].upper()}{name[1:]}'
                for colour, name in coloured
            )
        )

    def forget_peaks(self) -> None:
        """Hold none of what was."""
        self._held = [None, None]
        for peak in self._peaks:
            peak.setData([], [])

    def _move(self) -> None:
        """Put the spectrum off, unless the view only follows the playhead, which may go on for hours."""
        before, self._playhead_s = self._playhead_s, self._view.playhead_s
        by_hand = self._view.gliding or QApplication.mouseButtons() != Qt.MouseButton.NoButton
        if by_hand or self._playhead_s == before:
            self._moved_s = time.monotonic()

    def look(self, pictures: Sequence[Picture]) -> None:
        """Show what both pictures hold at the cursor, as soon as the view is at rest."""
        self._pictures = pictures
        self._name_curves(names_of(pictures))
        if time.monotonic() - self._moved_s < REST_MS / 1000:  # a plot costs as much as a frame
            self._rest.start()
        else:
            self._draw()

    def _look_again(self) -> None:
        self.look(self._pictures)

    def _draw(self) -> None:
        view, pictures = self._view, self._pictures
        time_s, hz = view.cursor or (view.playhead_s, None)
        before_s, self._drawn_s = self._drawn_s, time_s
        played = view.cursor is None and 0 < time_s - before_s < PLAYED_S
        self._mark.setVisible(hz is not None)
        if hz is not None:
            self._mark.setValue(np.log10(hz))
        low, high = np.log10(view.full.low_hz), np.log10(view.full.high_hz)
        self._plot.setXRange(low, high, padding=0)
        width = round(self._plot.width() * self.devicePixelRatioF())
        for number, picture in enumerate(pictures):
            frequencies, levels = spectrum(picture, time_s * view.rate)
            audible = frequencies > 0
            places = np.log10(frequencies[audible])
            self._curves[number].setData(*strongest(places, levels[audible], low, high, width))
            if self._hold.isChecked():
                held = self._held[number]
                if held is None or held.shape != levels.shape:
                    held = levels
                if played:
                    levels = spectrum(picture, time_s * view.rate, before_s * view.rate)[1]
                self._held[number] = held = np.fmax(held, levels)
                self._peaks[number].setData(*strongest(places, held[audible], low, high, width))
