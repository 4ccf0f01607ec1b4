"""The inspector beside the pictures: their parameters, the resynthesis, the spectrum."""

from __future__ import annotations

from collections.abc import Sequence

from PyQt6.QtCore import QSize, Qt, QTimer
from PyQt6.QtWidgets import (
    QDockWidget,
    QFrame,
    QGridLayout,
    QLabel,
    QScrollArea,
    QTabWidget,
    QVBoxLayout,
    QWidget,
)

from msviz.gui.model.readout import figures, hz_text, scaled, time_text
from msviz.gui.model.track import TrackState
from msviz.gui.panels.colour_bar import ColourBar
from msviz.gui.panels.lab import LabPanel
from msviz.gui.panels.parameter_panel import ParameterPanel, fixed_label
from msviz.gui.panels.selection_panel import SelectionPanel
from msviz.gui.panels.spectrum import SpectrumPanel
from msviz.gui.work.analysis import Picture, names_of

NAMES = ("Octaves", "STFT")
CELL_TIPS = "Time from one frame to the next, at the pointer", "Width of the filter at −3 dB, at the pointer"

SPECTRUM_MS = 100  # between two spectra, which take time from the frames of the pictures


def cell_texts(picture: Picture, rate: int, hz: float) -> tuple[str, str]:
    """The hop of a picture and the bandwidth of its filters at a frequency."""
    bands = picture.pyramid.bands
    band = next((band for band in bands if band.low <= hz < band.high), bands[-1])
    bandwidth = picture.transform.bandwidth(hz)
    hop_s = band.hop / rate
    if hop_s >= 100:
        hop = time_text(hop_s, 0)
    else:
        hop = f"{figures(1000 * hop_s)} ms" if 1e-5 <= hop_s < 1 else scaled(hop_s, "s", 3)
    return hop, hz_text(bandwidth)


class _Scrolled(QScrollArea):
    """A panel that scrolls up and down and is never cut at its sides."""

    def __init__(self, panel: QWidget) -> None:
        super().__init__()
        self.setWidget(panel)
        self.setWidgetResizable(True)
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)

    def minimumSizeHint(self) -> QSize:
        panel, bar = self.widget(), self.verticalScrollBar()
        width = panel.minimumSizeHint().width() + bar.sizeHint().width()
        return QSize(width, super().minimumSizeHint().height())


class Inspector(QDockWidget):
    """A dock with a tab for each panel, and the selection below them.

    Parameters
    ----------
    track : TrackState
    colour_bar : ColourBar

    Attributes
    ----------
    parameters : ParameterPanel
    lab : LabPanel
    spectrum : SpectrumPanel
    selection : SelectionPanel
    """

    def __init__(self, track: TrackState, colour_bar: ColourBar) -> None:
        super().__init__("Inspector")
        self.setObjectName("inspector")
        self.parameters = ParameterPanel(track, colour_bar)
        self.lab = LabPanel(track)
        self.spectrum = SpectrumPanel(track.view)
        self._view = track.view
        self._pictures: tuple[Picture, ...] = ()
        self._soon = QTimer(self)
        self._soon.setSingleShot(True)
        self._soon.setInterval(SPECTRUM_MS)
        self._soon.timeout.connect(self._show_spectrum)
        self._where = QLabel("Spectrum at the pointer")
        self._names = [QLabel(name) for name in NAMES]
        self._cells = {name: (fixed_label("0.0000 ms"), fixed_label("00.00 kHz")) for name in NAMES}
        cells = QGridLayout()
        cells.setVerticalSpacing(1)
        cells.addWidget(QLabel("Hop"), 0, 1)
        cells.addWidget(QLabel("Bandwidth"), 0, 2)
        for row, labels in enumerate(self._cells.values(), 1):
            cells.addWidget(self._names[row - 1], row, 0)
            for column, (label, tip) in enumerate(zip(labels, CELL_TIPS, strict=True), 1):
                label.setText("–")
                label.setToolTip(tip)
                cells.addWidget(label, row, column)
        spectrum = QWidget()
        layout = QVBoxLayout(spectrum)
        layout.setContentsMargins(6, 6, 6, 4)
        layout.addWidget(self._where)
        layout.addWidget(self.spectrum, 1)
        layout.addLayout(cells)
        self._tabs = QTabWidget()
        self._tabs.setDocumentMode(True)
        for panel, name, tip in (
            (_Scrolled(self.parameters), "Picture", "Parameters of the pictures"),
            (_Scrolled(self.lab), "Resynthesis", "How the sound is resynthesized, and its error"),
            (spectrum, "Spectrum", "The spectrum at the pointer or the playhead"),
        ):
            self._tabs.setTabToolTip(self._tabs.addTab(panel, name), tip)
        self.selection = SelectionPanel(track.view)
        content = QWidget()
        stack = QVBoxLayout(content)
        stack.setContentsMargins(0, 0, 0, 0)
        stack.setSpacing(0)
        stack.addWidget(self._tabs, 1)
        stack.addWidget(self.selection)
        self.setWidget(content)
        track.view.playhead_changed.connect(self._follow_playhead)
        self._tabs.currentChanged.connect(self._show_soon)
        self.visibilityChanged.connect(self._show_soon)

    @property
    def tab(self) -> int:
        """The number of the tab that is shown."""
        return self._tabs.currentIndex()

    @tab.setter
    def tab(self, number: int) -> None:
        self._tabs.setCurrentIndex(number)

    def look(self, pictures: Sequence[Picture]) -> None:
        """Show the spectrum of these pictures at the cursor, soon."""
        self._pictures = tuple(pictures)
        self._show_soon()

    def _follow_playhead(self) -> None:
        """Show the spectrum at the playhead while the pointer is not over a picture."""
        if self._view.cursor is None:
            self._show_soon()

    def _show_soon(self) -> None:
        if self._pictures and self.spectrum.isVisible() and not self._soon.isActive():
            self._soon.start()

    def _show_spectrum(self) -> None:
        if not self.spectrum.isVisible():  # it was hidden meanwhile
            return
        self.spectrum.look(self._pictures)
        for label, name in zip(self._names, names_of(self._pictures), strict=False):
            label.setText(name[:1].upper() + name[1:])
        cursor = self._view.cursor
        hz = cursor[1] if cursor else None
        for labels, picture in zip(self._cells.values(), self._pictures, strict=False):
            texts = ("–", "–") if hz is None else cell_texts(picture, self._view.rate, hz)
            for label, text in zip(labels, texts, strict=True):
                label.setText(text)
        self._where.setText(f"Spectrum at the {'pointer' if cursor else 'playhead'}")
