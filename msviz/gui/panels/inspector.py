"""The inspector: parameters of the pictures, the lab, and the spectrum at the cursor."""

from __future__ import annotations

from collections.abc import Sequence

from PyQt6.QtCore import QSize, Qt, QTimer
from PyQt6.QtWidgets import (
    QDockWidget,
    QFrame,
    QLabel,
    QScrollArea,
    QSplitter,
    QTabWidget,
    QVBoxLayout,
    QWidget,
)

from msviz.gui.model.readout import figures, hz_text, scaled, time_text
from msviz.gui.model.track import TrackState
from msviz.gui.panels.lab import LabPanel
from msviz.gui.panels.parameter_panel import ParameterPanel, fixed_label
from msviz.gui.panels.spectrum import SpectrumPanel
from msviz.gui.work.analysis import Picture

NAMES = ("Octaves", "STFT")

SPECTRUM_MS = 100  # between two spectra: a frame of the pictures must not wait for each


def cell_text(picture: Picture, rate: int, hz: float) -> str:
    """How far a picture's frames are apart and how wide its bins' filters are, at a frequency."""
    bands = picture.pyramid.bands
    band = next((band for band in bands if band.low <= hz < band.high), bands[-1])
    bandwidth = picture.transform.bandwidth(hz)
    hop_s = band.hop / rate
    if hop_s >= 100:
        hop = time_text(hop_s, 0)
    else:
        hop = f"{figures(1000 * hop_s)} ms" if 1e-5 <= hop_s < 1 else scaled(hop_s, "s", 3)
    return f"hop {hop}, bandwidth {hz_text(bandwidth)}"


class _Scrolled(QScrollArea):
    """A panel that is scrolled up and down, and never cut at its sides."""

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
    """A dock beside the pictures.

    Attributes
    ----------
    parameters : ParameterPanel
    lab : LabPanel
    spectrum : SpectrumPanel
    """

    def __init__(self, track: TrackState) -> None:
        super().__init__("Inspector")
        self.setObjectName("inspector")
        self.parameters = ParameterPanel(track)
        self.spectrum = SpectrumPanel(track.view)
        self._view = track.view
        self._pictures: tuple[Picture, ...] = ()
        self._soon = QTimer(self)
        self._soon.setSingleShot(True)
        self._soon.setInterval(SPECTRUM_MS)
        self._soon.timeout.connect(self._show_spectrum)
        track.view.playhead_changed.connect(self._look_at_playhead)
        self.visibilityChanged.connect(self._show_soon)
        self.lab = LabPanel(track)
        self._tabs = QTabWidget()
        self._tabs.setDocumentMode(True)
        for panel, name, tip in (
            (self.parameters, "Picture", "What is drawn, and with which parameters"),
            (self.lab, "Listening", "How much of the representation is enough to resynthesize the track"),
        ):
            self._tabs.setTabToolTip(self._tabs.addTab(_Scrolled(panel), name), tip)
        self._where = QLabel("Spectrum at the cursor")
        self._cells = fixed_label(f"{NAMES[0]}: hop 0.0000 ms, bandwidth 0000 Hz")
        self._cells.setText("\n".join(f"{name}: –" for name in NAMES))
        self._cells.setToolTip(
            "From a frame to the next, and how wide a bin's filter is at -3 dB, at the cursor"
        )
        below = QWidget()
        layout = QVBoxLayout(below)
        layout.setContentsMargins(6, 4, 6, 4)
        layout.addWidget(self._where)
        layout.addWidget(self.spectrum, 1)
        layout.addWidget(self._cells)
        split = QSplitter(Qt.Orientation.Vertical)
        split.setChildrenCollapsible(False)
        split.addWidget(self._tabs)
        split.addWidget(below)
        split.setSizes([600, 300])
        self.setWidget(split)

    def show_listening(self) -> None:
        """Show the lab."""
        self._tabs.setCurrentIndex(1)

    def look(self, pictures: Sequence[Picture]) -> None:
        """Show the spectrum of these pictures at the cursor, soon."""
        self._pictures = tuple(pictures)
        self._show_soon()

    def _look_at_playhead(self) -> None:
        """Show the spectrum at the playhead, while nothing is pointed at."""
        if self._view.cursor is None:
            self._show_soon()

    def _show_soon(self) -> None:
        if self._pictures and self.isVisible() and not self._soon.isActive():
            self._soon.start()

    def _show_spectrum(self) -> None:
        if not self.isVisible():  # it was hidden meanwhile
            return
        self.spectrum.look(self._pictures)
        cursor = self._view.cursor
        hz = cursor[1] if cursor else None
        lines = ("–" if hz is None else cell_text(each, self._view.rate, hz) for each in self._pictures)
        self._cells.setText("\n".join(f"{name}: {line}" for name, line in zip(NAMES, lines, strict=False)))
        self._where.setText(f"Spectrum at the {'cursor' if cursor else 'playhead'}")
