"""The parameters of the pictures, in the inspector."""

from __future__ import annotations

import math
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import replace
from typing import Any

from PyQt6.QtCore import QSignalBlocker, Qt, pyqtSignal
from PyQt6.QtGui import QPalette
from PyQt6.QtWidgets import (
    QComboBox,
    QDoubleSpinBox,
    QFormLayout,
    QGridLayout,
    QHBoxLayout,
    QLabel,
    QPushButton,
    QSizePolicy,
    QSlider,
    QWidget,
)

from msviz.defaults import PRESETS
from msviz.errors import ParameterError
from msviz.gui.model.parameters import AUDIO_RATE, POOLED, PRESET_TIPS, SHARPENED, SIDE_BY_SIDE, channels_of
from msviz.gui.model.readout import hz_text, scaled
from msviz.gui.model.track import TrackState
from msviz.gui.panels.colour_bar import ColourBar
from msviz.gui.panels.labels import MARGINS
from msviz.transform import default_fmin
from msviz.transform.scale import MIN_RESOLUTION

BINS = (12, 24, 36, 48, 60, 96)
WINDOWS = tuple(2**n for n in range(7, 17))
OVERLAPS = (2, 4, 8, 16)
SLIDER_STEPS = 200
HIGHEST_GAMMA, HIGHEST_FMIN = 10, 100  # times the lowest frequency that suits the rate

PRESET_STYLE = """
QPushButton { padding: 2px 1px; border: 1px solid transparent; border-radius: 4px; }
QPushButton { background: palette(button); }
QPushButton:checked { background: palette(highlight); color: palette(highlighted-text); }
QPushButton:focus { border-color: palette(window-text); }
"""

FMIN_TIP = (
    "The lowest octave starts at or above this frequency. Octaves halve from half the sample rate down, "
    "so the actual start may be up to an octave higher."
)

DISPLAY_TIPS = {
    "coefficients": "The coefficients as they are",
    "reassigned": "Moves the power of each coefficient to its own frequency and time",
    "combined": "The geometric mean at half, once and twice the resolution",
}
DISPLAYS = {"coefficients": "standard"}  # all others are called by their names
CHANNELS = {"any": "loudest", SIDE_BY_SIDE: "left above right"}


class Choice(QComboBox):
    """A list of values, each with a text."""

    chosen = pyqtSignal(object)
    """The user has chosen this value."""

    def __init__(self, values: Iterable[object], tip: str, texts: dict[Any, str] | None = None) -> None:
        super().__init__()
        self._texts = texts or {}
        self.setToolTip(tip)
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
        self.setMinimumContentsLength(6)
        self.activated.connect(lambda row: self.chosen.emit(self.itemData(row)))
        self.offer(values, self._texts)

    def offer(self, values: Iterable[object], texts: dict[Any, str]) -> None:
        """Offer other values."""
        self._texts = texts
        self.clear()
        for value in values:
            self.addItem(texts.get(value, str(value)), value)

    def show_value(self, value: object) -> None:
        """Show a value, which is added if it is not offered; nothing is emitted."""
        blocker = QSignalBlocker(self)
        if self.findData(value) < 0:
            self.addItem(self._texts.get(value, str(value)), value)
        self.setCurrentIndex(self.findData(value))
        blocker.unblock()


class ParameterPanel(QWidget):
    """Shows the requested parameters of a track; each change is requested at once.

    Parameters
    ----------
    track : TrackState
    colour_bar : ColourBar
        Stands among them.
    """

    def __init__(self, track: TrackState, colour_bar: ColourBar, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._track = track
        self._names: tuple[str, ...] = ("left", "right")
        self._presets = {name: QPushButton(name) for name in PRESETS}
        presets = QHBoxLayout()
        presets.setSpacing(4)
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
        self._resolution.setToolTip("Frequency resolution, in bandwidths per octave")
        self._resolution_text = fixed_label("1/33.3 oct · 000 ct")
        slider = QGridLayout()
        slider.setVerticalSpacing(0)
        slider.addWidget(self._resolution, 0, 0, 1, 2)
        for column, (text, side) in enumerate(
            (("sharp in time", Qt.AlignmentFlag.AlignLeft), ("sharp in pitch", Qt.AlignmentFlag.AlignRight))
        ):
            label = QLabel(text)
            label.setForegroundRole(QPalette.ColorRole.PlaceholderText)
            slider.addWidget(label, 1, column, side)
        self._bins = Choice(BINS, "Frequency bins per octave")
        self._gamma = _hertz(
            "Bandwidth added to every filter. It makes low octaves react sooner, at coarser pitch."
        )
        self._fmin = _hertz(FMIN_TIP)
        self._start = fixed_label("actual: 0000 Hz")
        self._start.setToolTip(FMIN_TIP)
        self._start.setForegroundRole(QPalette.ColorRole.PlaceholderText)
        self._drawn = Choice(SHARPENED, "Affects the display only, not playback", DISPLAYS)
        for number, name in enumerate(SHARPENED):
            self._drawn.setItemData(number, DISPLAY_TIPS[name], Qt.ItemDataRole.ToolTipRole)
        self._channel = Choice((), "The channel to show. Loudest: the loudest channel at each point")
        self._pooled = Choice(POOLED, "How one pixel shows several frames: their peak or their mean power")
        self._window = Choice((), "Window of the STFT, in milliseconds and samples")
        self._overlap = Choice(OVERLAPS, "Overlap factor of the STFT: window ÷ hop")

        form = QFormLayout(self)
        form.setContentsMargins(*MARGINS)
        form.setHorizontalSpacing(8)
        form.setVerticalSpacing(5)
        form.addRow(_heading("Octaves"))
        form.addRow(presets)
        form.addRow("Resolution", self._resolution_text)
        form.addRow(slider)
        form.addRow("Bins per octave", self._bins)
        form.addRow("Extra bandwidth", self._gamma)
        form.addRow("Lowest frequency", self._fmin)
        form.addRow("", self._start)
        form.addRow("Display", self._drawn)
        form.addRow(_heading("STFT"))
        form.addRow("Window", self._window)
        form.addRow("Overlap", self._overlap)
        form.addRow(_heading("Both pictures"))
        form.addRow("Channel", self._channel)
        form.addRow("Zoomed out", self._pooled)
        form.addRow("Colours", colour_bar)

        self._resolution.valueChanged.connect(
            lambda place: self._change(resolution=self._resolution_at(place))
        )
        self._gamma.valueChanged.connect(lambda hz: self._change(gamma=hz))
        self._fmin.valueChanged.connect(lambda hz: self._change(fmin=hz))
        self._bins.chosen.connect(lambda bins: self._change(bins_per_octave=bins))
        self._drawn.chosen.connect(lambda name: self._change(drawn=name))
        self._pooled.chosen.connect(lambda name: self._change(pooled=name))
        self._channel.chosen.connect(lambda kind: self._change(channel=kind))
        self._window.chosen.connect(lambda window: self._change_stft(window, self._stft[1]))
        self._overlap.chosen.connect(lambda overlap: self._change_stft(self._stft[0], overlap))
        track.opened.connect(self._show_track)
        track.requested_changed.connect(self._show)
        self._show_track()

    def _show_track(self) -> None:
        """Offer what suits the rate and the channels of another track."""
        source, rate = self._track.source, self._rate or AUDIO_RATE
        self._names = source.channel_names if source else self._names
        texts = dict(CHANNELS)
        for kind in channels_of(len(self._names)):
            if kind.isdecimal() and self._names[int(kind) - 1] != kind:  # the first two have names for all
                texts[kind] = f"{kind}: {self._names[int(kind) - 1]}"
        self._channel.offer(channels_of(len(self._names)), texts)
        self._window.offer(WINDOWS, {window: _window_text(window, rate) for window in WINDOWS})
        self._show()

    @property
    def _rate(self) -> int | None:
        return self._track.source.rate if self._track.source else None

    @property
    def _stft(self) -> tuple[int, int]:
        """The window in samples, and the overlap factor."""
        stft = self._track.requested.stft(self._rate or AUDIO_RATE)
        return stft.window, round(stft.window / stft.hop)

    def _show(self) -> None:
        p = self._track.requested
        blockers = [QSignalBlocker(widget) for widget in (self._resolution, self._gamma, self._fmin)]
        lowest = default_fmin(self._rate or AUDIO_RATE)
        _set_range(self._gamma, 0.0, HIGHEST_GAMMA * lowest, lowest / 4)
        _set_range(self._fmin, lowest / 2, HIGHEST_FMIN * lowest, lowest / 2)
        most = math.log(p.bins_per_octave / MIN_RESOLUTION) or 1.0
        self._resolution.setValue(round(SLIDER_STEPS * math.log(p.resolution / MIN_RESOLUTION) / most))
        self._resolution_text.setText(f"1/{p.resolution:.3g} oct · {1200 / p.resolution:.0f} ct")
        self._gamma.setValue(p.gamma)
        self._fmin.setValue(lowest if p.fmin is None else p.fmin)
        del blockers
        for choice, value in (
            (self._bins, p.bins_per_octave),
            (self._drawn, p.drawn),
            (self._pooled, p.pooled),
            (self._channel, p.channel_of(len(self._names))),
            (self._window, self._stft[0]),
            (self._overlap, self._stft[1]),
        ):
            choice.show_value(value)
        self._show_start()
        for name, button in self._presets.items():
            button.setChecked(all(getattr(p, key) == value for key, value in PRESETS[name].items()))

    def _show_start(self) -> None:
        text = ""
        if self._rate:
            with suppress(ParameterError):  # reported where they are put to use
                low_hz = self._track.requested.octave_transform(self._rate).octaves[0].low
                text = f"actual: {hz_text(low_hz)}"
        self._start.setText(text)

    def _resolution_at(self, place: int) -> float:
        most = self._track.requested.bins_per_octave / MIN_RESOLUTION
        return float(round(MIN_RESOLUTION * most ** (place / SLIDER_STEPS), 3))

    def _change_stft(self, window: int, overlap: int) -> None:
        self._change(window=window, hop=max(1, window // overlap))

    def _change(self, **changes: Any) -> None:
        changed = replace(self._track.requested, **changes)
        resolution = min(changed.resolution, float(changed.bins_per_octave))
        self._track.requested = replace(changed, resolution=resolution)
        self._show()  # a preset that is chosen already stays pressed


def _window_text(window: int, rate: int) -> str:
    """``93 ms · 4096``."""
    seconds = window / rate
    return f"{scaled(seconds, 's', 3 if seconds >= 1 else 2)} · {window}"


def _heading(text: str) -> QLabel:
    label = QLabel(text)
    font = label.font()
    font.setBold(True)
    label.setFont(font)
    label.setContentsMargins(0, 4, 0, 0)
    return label


def _hertz(tip: str) -> QDoubleSpinBox:
    number = QDoubleSpinBox()
    number.setSuffix(" Hz")
    number.setToolTip(tip)
    number.setKeyboardTracking(False)  # each digit would be an analysis
    return number


def _set_range(number: QDoubleSpinBox, low: float, high: float, step: float) -> None:
    """Set the range of a number in Hz, in steps rounded to one figure and shown with one figure more."""
    power = math.floor(math.log10(step))
    number.setDecimals(max(1, 1 - power))
    number.setRange(low, high)
    number.setSingleStep(round(step, -power))


def fixed_label(widest: str) -> QLabel:
    """A label with room for the widest text that it may show, so that no text moves its neighbours."""
    label = QLabel()
    label.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)
    label.setMinimumWidth(label.fontMetrics().horizontalAdvance(widest))
    return label
