"""The preferences dialog."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from PyQt6.QtCore import pyqtSignal
from PyQt6.QtGui import QPalette
from PyQt6.QtWidgets import QComboBox, QDialog, QDialogButtonBox, QFormLayout, QLabel, QSpinBox, QWidget

from msviz.gui.model.preferences import LEAST_MB, MOST_MB, THEMES, Preferences


class PreferencesDialog(QDialog):
    """Everything in `Preferences`; each change is told at once.

    Parameters
    ----------
    preferences : Preferences
        What it shows first.
    devices : sequence of str
        Output devices there are.
    """

    changed = pyqtSignal(Preferences)
    theme_changed = pyqtSignal(str)

    def __init__(
        self, preferences: Preferences, devices: Sequence[str], parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self.setWindowTitle("Preferences")
        self._preferences = preferences
        self._memory = QSpinBox()
        self._memory.setRange(LEAST_MB, MOST_MB)
        self._memory.setSingleStep(64)
        self._memory.setSuffix(" MB")
        self._memory.setKeyboardTracking(False)
        self._memory.setValue(preferences.memory_mb)
        self._memory.setToolTip(
            "For the pictures of a track. What does not fit is analysed again when you scroll to it"
        )
        self._wheel = QComboBox()
        self._wheel.addItems(["scrolls frequency", "zooms time"])
        self._wheel.setCurrentIndex(int(preferences.wheel_zooms))
        self._wheel.setToolTip("What the mouse wheel does over a picture while no key is held")
        self._theme = QComboBox()
        self._theme.addItems(THEMES)
        self._theme.setCurrentText(preferences.theme)
        self._device = QComboBox()
        self._device.addItem("system default", "")
        for name in devices:
            self._device.addItem(name, name)
        if self._device.findData(preferences.device) < 0:
            self._device.addItem(f"{preferences.device} (not connected)", preferences.device)
        self._device.setCurrentIndex(self._device.findData(preferences.device))
        form = QFormLayout(self)
        form.addRow("Memory for pictures", self._memory)
        note = QLabel("Applies to the next file you open")
        note.setForegroundRole(QPalette.ColorRole.PlaceholderText)
        form.addRow("", note)
        form.addRow("Mouse wheel", self._wheel)
        form.addRow("Output device", self._device)
        form.addRow("Theme", self._theme)
        buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Close)
        buttons.rejected.connect(self.reject)
        form.addRow(buttons)
        self._memory.valueChanged.connect(lambda mb: self._change(memory_mb=mb))
        self._wheel.activated.connect(lambda place: self._change(wheel_zooms=bool(place)))
        self._theme.textActivated.connect(lambda theme: self._change(theme=theme))
        self._theme.textActivated.connect(self.theme_changed)
        self._device.activated.connect(lambda place: self._change(device=self._device.itemData(place)))

    def _change(self, **changes: Any) -> None:
        self._preferences = replace(self._preferences, **changes)
        self.changed.emit(self._preferences)
