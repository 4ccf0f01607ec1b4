"""The lab's panel: how much of a representation is enough to resynthesize the track."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Any

from PyQt6.QtCore import QSignalBlocker, Qt, QTimer
from PyQt6.QtWidgets import (
    QCheckBox,
    QComboBox,
    QFormLayout,
    QLabel,
    QPushButton,
    QSlider,
    QWidget,
)

from msviz.gui.model.track import TrackState
from msviz.gui.panels.labels import MARGINS
from msviz.lab import Recipe

LEAST_KEPT = 0.1  # per cent
STEPS = 120  # of the slider, 40 to a factor of ten
BITS = (None, 12, 10, 8, 6, 5, 4, 3, 2, 1)
SOON_MS = 150  # after the last change, until the track follows: audio is rendered anew for each


def kept_at(place: int) -> float:
    """The percentage at a position of the slider."""
    return 100.0 if place == STEPS else float(f"{LEAST_KEPT * (100 / LEAST_KEPT) ** (place / STEPS):.2g}")


def place_of(kept: float) -> int:
    """The position of the slider nearest to a percentage."""
    return round(STEPS * math.log(max(kept, LEAST_KEPT) / LEAST_KEPT) / math.log(100 / LEAST_KEPT))


def error_text(db: float | None) -> str:
    """``42.3 dB``; ``no error`` for equal sounds; a dash while it is not known."""
    if db is None or math.isnan(db):
        return "–"
    return "no error" if db == math.inf else f"{db:.1f} dB".replace("-", "−")


class LabPanel(QWidget):
    """The recipe of a track, for the octaves and the STFT alike, and the error of what is played.

    Parameters
    ----------
    track : TrackState
    """

    def __init__(self, track: TrackState, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._track = track
        self._recipe = track.recipe  # what is set; the track follows soon
        self._kept = QSlider(Qt.Orientation.Horizontal)
        self._kept.setRange(0, STEPS)
        self._kept.setAccessibleName("Coefficients kept")
        self._kept.setToolTip("Share of coefficients to keep, the strongest first")
        self._kept_text = QLabel()
        self._magnitude = _bits("Bits per magnitude, in equal steps of dB")
        self._phase = _bits("Bits per phase, in equal steps of angle")
        self._rebuild = QCheckBox("Reconstruct phase")
        self._rebuild.setToolTip("Discard phase and estimate it, as spectrogram generators must")
        self._error = QLabel("–")
        font = self._error.font()
        font.setBold(True)
        self._error.setFont(font)
        self._error.setToolTip(
            "Level of the original relative to the error of what is playing, around the playhead"
        )
        self._reset = QPushButton("Reset")
        self._reset.setToolTip("Restore everything")
        self._soon = QTimer(self)
        self._soon.setSingleShot(True)
        self._soon.setInterval(SOON_MS)
        self._soon.timeout.connect(self._apply)

        said = QLabel("What Multi-scale and STFT are resynthesized from. Press 1, 2 or 3 to compare.")
        said.setWordWrap(True)
        said.setEnabled(False)
        form = QFormLayout(self)
        form.setContentsMargins(*MARGINS)
        form.setHorizontalSpacing(8)
        form.setVerticalSpacing(5)
        form.addRow(said)
        form.addRow("Coefficients kept", self._kept_text)
        form.addRow(self._kept)
        form.addRow("Magnitudes", self._magnitude)
        form.addRow("Phases", self._phase)
        form.addRow(self._rebuild)
        form.addRow("Signal to error", self._error)
        form.addRow(self._reset)

        self._kept.valueChanged.connect(lambda place: self._change(kept=kept_at(place)))
        self._magnitude.activated.connect(lambda place: self._change(magnitude_bits=BITS[place]))
        self._phase.activated.connect(lambda place: self._change(phase_bits=BITS[place]))
        self._rebuild.toggled.connect(lambda on: self._change(rebuild_phase=on))
        self._reset.clicked.connect(lambda: self._change(**vars(Recipe())))
        track.opened.connect(self._soon.stop)  # what was set is not for another track
        track.opened.connect(self._show_track)
        track.recipe_changed.connect(self._show_track)
        self._show(self._recipe)

    def _show_track(self) -> None:
        if not self._soon.isActive():  # else the user is changing it
            self._show(self._track.recipe)

    def _show(self, recipe: Recipe) -> None:
        self._recipe = recipe
        blockers = [QSignalBlocker(w) for w in (self._kept, self._magnitude, self._phase, self._rebuild)]
        self._kept.setValue(place_of(recipe.kept))
        self._kept_text.setText("all" if recipe.kept == 100 else f"strongest {recipe.kept:g} %")
        self._magnitude.setCurrentIndex(BITS.index(recipe.magnitude_bits))
        self._phase.setCurrentIndex(BITS.index(recipe.phase_bits))
        self._rebuild.setChecked(recipe.rebuild_phase)
        self._phase.setEnabled(not recipe.rebuild_phase)
        self._reset.setEnabled(bool(recipe))
        del blockers

    def show_error(self, db: float | None) -> None:
        """Show the signal-to-error ratio; None while it is not known."""
        self._error.setText(error_text(db))

    def _apply(self) -> None:
        self._track.recipe = self._recipe

    def _change(self, **changes: Any) -> None:
        self._show(replace(self._recipe, **changes))
        self._soon.start()


def _bits_text(bits: int | None) -> str:
    return "Full precision" if bits is None else "1 bit" if bits == 1 else f"{bits} bits"


def _bits(tip: str) -> QComboBox:
    choice = QComboBox()
    choice.addItems([_bits_text(bits) for bits in BITS])
    choice.setToolTip(tip)
    choice.setFocusPolicy(Qt.FocusPolicy.TabFocus)
    return choice
