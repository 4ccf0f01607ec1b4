"""The parameters of the pictures."""

from __future__ import annotations

import math
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import replace
from typing import Any

from PyQt6.QtCore import QSignalBlocker, Qt
from PyQt6.QtGui import QPalette
from PyQt6.QtWidgets import (
    QComboBox,
    QDoubleSpinBox,
    QFormLayout,
    QGroupBox,
    QHBoxLayout,
    QLabel,
    QPushButton,
    QSizePolicy,
    QSlider,
    QVBoxLayout,
    QWidget,
)

from msviz.defaults import PRESETS
from msviz.errors import ParameterError
from msviz.gui.model.parameters import POOLED, PRESET_TIPS, SHARPENED, channels_of
from msviz.gui.model.readout import hz_text
from msviz.gui.model.track import NO_TRACK_RATE, TrackState
from msviz.transform import default_fmin
from msviz.transform.scale import MIN_RESOLUTION

BINS = (12, 24, 36, 48, 60, 96)

WINDOWS = tuple(2**n for n in range(7, 17))

OVERLAPS = (2, 4, 8, 16)  # windows that meet at a sample

SLIDER_STEPS = 200
HIGHEST_GAMMA, HIGHEST_FMIN = 10, 100  # times the lowest frequency that suits the rate
PRESET_STYLE = """
QPushButton { padding: 2px 3px; border: 1px solid transparent; border-radius: 4px; }
QPushButton { background: palette(button); }
QPushButton:checked { background: palette(highlight); color: palette(highlighted-text); }
QPushButton:focus { border-color: palette(window-text); }
"""

FMIN_TIP = (
    "The lowest octave begins here at the least. Octaves go down by halves from half the sampling rate, "
    "so that it may begin up to an octave higher."
)

DRAWN_TIPS = {
    "coefficients": "The coefficients themselves",
    "reassigned": "Each coefficient's power where it comes from: at its own frequency and time",
    "combined": "The geometric mean at half, once and twice the resolution",
}


class ParameterPanel(QWidget):
    """Shows the requested parameters of a track; each change is requested at once.

    Parameters
    ----------
    track : TrackState
    """

    def __init__(self, track: TrackState, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._track = track
        self._names: tuple[str, ...] = ("left", "right")
        self._presets = {name: QPushButton(name) for name in PRESETS}
        presets = QHBoxLayout()
        for name, button in self._presets.items():
            button.setToolTip(PRESET_TIPS[name])
            button.setCheckable(True)
            button.setFocusPolicy(Qt.FocusPolicy.TabFocus)
            button.setStyleSheet(PRESET_STYLE)
            button.clicked.connect(lambda _, name=name: self._change(**PRESETS[name]))
            presets.addWidget(button)

        self._resolution = QSlider(Qt.Orientation.Horizontal)
        self._resolution.setRange(0, SLIDER_STEPS)
        self._resolution.setAccessibleName("Resolution")
        self._resolution.setToolTip("How finely frequency is told apart: bandwidths to the octave")
        self._resolution_text = fixed_label("1/33.3 octave, 000 cents")
        ends = QHBoxLayout()
        for text in ("sharp in time", "sharp in pitch"):
            label = QLabel(text)
            label.setEnabled(False)
            ends.addWidget(label)
        ends.insertStretch(1)
        self._bins = _choice(BINS, "Rows in an octave")
        self._gamma = _hertz("Bandwidth added to every filter: low octaves react sooner")
        self._fmin = _hertz(FMIN_TIP)
        self._begins = fixed_label("begins at 0000 Hz")
        self._begins.setToolTip(FMIN_TIP)
        self._begins.setForegroundRole(QPalette.ColorRole.PlaceholderText)
        self._drawn = _choice(SHARPENED, "What is drawn; played are always the coefficients")
        for number, name in enumerate(SHARPENED):
            self._drawn.setItemData(number, DRAWN_TIPS[name], Qt.ItemDataRole.ToolTipRole)
        self._channel = _choice((), "Which channel is drawn; any: the loudest at each place")
        self._offer_channels()
        self._pooled = _choice(
            POOLED, "What a pixel shows of several frames: the highest, or their mean power"
        )
        self._window = _choice(WINDOWS, "Samples in a window of the STFT")
        self._overlap = _choice(OVERLAPS, "How many windows of the STFT meet at a sample: window over hop")

        octaves = QGroupBox("Octaves")
        form = QFormLayout()
        form.addRow("Resolution", self._resolution_text)
        inner = QVBoxLayout(octaves)
        inner.addLayout(presets)
        inner.addLayout(form)
        inner.addWidget(self._resolution)
        inner.addLayout(ends)
        rest = QFormLayout()
        rest.addRow("Bins per octave", self._bins)
        rest.addRow("Gamma", self._gamma)
        rest.addRow("Lowest frequency", self._fmin)
        rest.addRow("", self._begins)
        rest.addRow("Drawn", self._drawn)
        inner.addLayout(rest)
        stft = QGroupBox("STFT")
        form = QFormLayout(stft)
        form.addRow("Window", self._window)
        form.addRow("Overlap", self._overlap)
        both = QGroupBox("Both")
        form = QFormLayout(both)
        form.addRow("Channel", self._channel)
        form.addRow("From far", self._pooled)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(6, 6, 6, 6)
        for box in (octaves, stft, both):
            layout.addWidget(box)
        layout.addStretch()

        self._resolution.valueChanged.connect(
            lambda place: self._change(resolution=self._resolution_at(place))
        )
        self._bins.textActivated.connect(lambda text: self._change(bins_per_octave=int(text)))
        self._gamma.valueChanged.connect(lambda hz: self._change(gamma=hz))
        self._fmin.valueChanged.connect(lambda hz: self._change(fmin=hz))
        self._drawn.textActivated.connect(lambda name: self._change(drawn=name))
        self._pooled.textActivated.connect(lambda name: self._change(pooled=name))
        self._channel.activated.connect(lambda row: self._change(channel=self._channel.itemData(row)))
        self._window.textActivated.connect(lambda text: self._change_stft(int(text), self._overlapping))
        self._overlap.textActivated.connect(
            lambda text: self._change_stft(self._track.requested.window, int(text))
        )
        track.opened.connect(self._show_track)
        track.requested_changed.connect(self._show)
        self._show()

    def _show_track(self) -> None:
        """Offer what suits the rate and the channels of another track."""
        if self._track.source:
            self._names = self._track.source.channel_names
            self._offer_channels()
        self._show()

    @property
    def _rate(self) -> int | None:
        return self._track.source.rate if self._track.source else None

    def _offer_channels(self) -> None:
        """What can be drawn of the track; channels behind the second are told by number and name."""
        blocker = QSignalBlocker(self._channel)
        self._channel.clear()
        for kind in channels_of(len(self._names)):
            name = self._names[int(kind) - 1] if kind.isdecimal() else kind
            self._channel.addItem(kind if name == kind else f"{kind}: {name}", kind)
        blocker.unblock()

    def _show(self) -> None:
        p = self._track.requested
        widgets = (
            self._resolution,
            self._bins,
            self._gamma,
            self._fmin,
            self._drawn,
            self._channel,
            self._pooled,
        )
        blockers = [QSignalBlocker(widget) for widget in (*widgets, self._window, self._overlap)]
        lowest = default_fmin(self._rate or NO_TRACK_RATE)
        _set_range(self._gamma, 0.0, HIGHEST_GAMMA * lowest, lowest / 4)
        _set_range(self._fmin, lowest / 2, HIGHEST_FMIN * lowest, lowest / 2)
        most = math.log(p.bins_per_octave / MIN_RESOLUTION) or 1.0
        self._resolution.setValue(round(SLIDER_STEPS * math.log(p.resolution / MIN_RESOLUTION) / most))
        self._resolution_text.setText(f"1/{p.resolution:.3g} octave, {1200 / p.resolution:.0f} cents")
        for choice, value in (
            (self._bins, p.bins_per_octave),
            (self._drawn, p.drawn),
            (self._pooled, p.pooled),
            (self._window, p.window),
            (self._overlap, self._overlapping),
        ):
            if choice.findText(str(value)) < 0:
                choice.addItem(str(value))
            choice.setCurrentText(str(value))
        self._channel.setCurrentIndex(self._channel.findData(p.channel_of(len(self._names))))
        self._gamma.setValue(p.gamma)
        self._fmin.setValue(lowest if p.fmin is None else p.fmin)
        self._show_begin()
        for name, button in self._presets.items():
            button.setChecked(all(getattr(p, key) == value for key, value in PRESETS[name].items()))
        del blockers

    def _show_begin(self) -> None:
        text = ""
        if self._rate:
            with suppress(ParameterError):  # which is told where they are put to use
                low_hz = self._track.requested.octave_transform(self._rate).octaves[0].low
                text = f"begins at {hz_text(low_hz)}"
        self._begins.setText(text)

    @property
    def _overlapping(self) -> int:
        return round(self._track.requested.window / self._track.requested.hop)

    def _resolution_at(self, place: int) -> float:
        most = self._track.requested.bins_per_octave / MIN_RESOLUTION
        return round(MIN_RESOLUTION * most ** (place / SLIDER_STEPS), 3)

    def _change_stft(self, window: int, overlap: int) -> None:
        self._change(window=window, hop=window // overlap)

    def _change(self, **changes: Any) -> None:
        changed = replace(self._track.requested, **changes)
        resolution = min(changed.resolution, float(changed.bins_per_octave))
        self._track.requested = replace(changed, resolution=resolution)
        self._show()  # a preset that is chosen already stays pressed


def _choice(values: Iterable[object], tip: str) -> QComboBox:
    choice = QComboBox()
    choice.addItems([str(value) for value in values])
    choice.setToolTip(tip)
    choice.setFocusPolicy(Qt.FocusPolicy.TabFocus)
    choice.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
    choice.setMinimumContentsLength(6)
    return choice


def _hertz(tip: str) -> QDoubleSpinBox:
    number = QDoubleSpinBox()
    number.setSuffix(" Hz")
    number.setToolTip(tip)
    number.setKeyboardTracking(False)  # each digit would be an analysis
    return number


def _set_range(number: QDoubleSpinBox, low: float, high: float, step: float) -> None:
    """Set what a number in Hz can be, in steps that are rounded to one figure, with one figure more."""
    power = math.floor(math.log10(step))
    number.setDecimals(max(1, 1 - power))
    number.setRange(low, high)
    number.setSingleStep(round(step, -power))


def fixed_label(widest: str) -> QLabel:
    """A text with room for the widest that it may show, so that none moves what is around it."""
    label = QLabel()
    label.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)
    label.setMinimumWidth(label.fontMetrics().horizontalAdvance(widest))
    return label
