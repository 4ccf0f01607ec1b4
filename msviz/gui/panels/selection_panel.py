"""A bar that shows the selection as numbers, which can be edited."""

from __future__ import annotations

import math
from collections.abc import Callable
from functools import partial

from PyQt6.QtCore import QEvent, Qt, pyqtSignal
from PyQt6.QtGui import QKeyEvent
from PyQt6.QtWidgets import QGridLayout, QLabel, QLineEdit, QWidget

from msviz.errors import MsvizError
from msviz.gui.model.entry import parse_frequency, parse_time
from msviz.gui.model.readout import frequency_text, note_text, time_text
from msviz.gui.model.selection import Grip, with_edge, with_length
from msviz.gui.model.view import Box, View

TIME_HINT = "Seconds (12.5), 1:23.5, 250 ms or 44100 samples"
FREQUENCY_HINT = "Hz (440), 1.2 kHz or a note (A4, C#5 +10)"
USUAL_TIME, USUAL_FREQUENCY = "00:00.00000", "00.00 kHz"
PADDING = 12  # of a field's text, both sides together
MARGINS = 6, 4, 4, 6


class _Field(QLineEdit):
    """A value to edit: Enter applies it, Esc restores it."""

    def __init__(self, name: str, hint: str, usual: str) -> None:
        super().__init__()
        self.setAccessibleName(f"Selection {name.lower()}")
        self.setToolTip(hint)
        self.setPlaceholderText("–")
        self.setAcceptDrops(False)  # the window opens what is dropped
        self.setMinimumWidth(self.fontMetrics().horizontalAdvance(usual) + PADDING)
        self._value = ""

    def show_value(self, text: str) -> None:
        """Show a value; anything being typed is lost."""
        self._value = text
        if text != self.text() or self.isModified():
            self.setText(text)
            self.setCursorPosition(0)

    def revert(self) -> None:
        """Discard what was typed."""
        self.show_value(self._value)

    def event(self, event: QEvent | None) -> bool:
        if (
            isinstance(event, QKeyEvent)
            and event.type() == QEvent.Type.ShortcutOverride
            and event.key() == Qt.Key.Key_Escape
        ):
            event.accept()  # before the window clears the selection
            return True
        return super().event(event)

    def keyPressEvent(self, event: QKeyEvent | None) -> None:
        if event and event.key() == Qt.Key.Key_Escape:
            self.revert()
            self.leave()
        else:
            super().keyPressEvent(event)

    def leave(self) -> None:
        """Return the focus to the window."""
        if window := self.window():
            window.setFocus()


class SelectionPanel(QWidget):
    """Fields for the start, end, length and frequencies of the selection.

    They are empty when nothing is selected; a value typed then changes a selection of the whole track.
    """

    message = pyqtSignal(str)
    """Why a typed value cannot be used."""

    def __init__(self, view: View) -> None:
        super().__init__()
        self._view = view
        layout = QGridLayout(self)
        layout.setContentsMargins(*MARGINS)
        layout.setHorizontalSpacing(4)
        layout.setVerticalSpacing(3)
        heading = QLabel("Selection")
        font = heading.font()
        font.setBold(True)
        heading.setFont(font)
        layout.addWidget(heading, 0, 0, 1, 4)
        self._fields: dict[str, _Field] = {}
        uses: dict[str, Callable[[str, Box], Box]] = {
            "Start": partial(self._use_edge, Grip(-1, 0)),
            "End": partial(self._use_edge, Grip(1, 0)),
            "Length": self._use_length,
            "Low": partial(self._use_edge, Grip(0, -1)),
            "High": partial(self._use_edge, Grip(0, 1)),
        }
        for number, (name, use) in enumerate(uses.items()):
            is_time = number < 3
            hint = TIME_HINT if is_time else FREQUENCY_HINT
            usual = USUAL_TIME if is_time else USUAL_FREQUENCY
            field = self._fields[name] = _Field(name, hint, usual)
            label = QLabel(name)
            label.setBuddy(field)
            column, row = divmod(number, 3)  # times, then frequencies
            layout.addWidget(label, row + 1, 2 * column)
            layout.addWidget(field, row + 1, 2 * column + 1)
            field.editingFinished.connect(partial(self._take, name, use))
        layout.setColumnStretch(1, 3)
        layout.setColumnStretch(3, 2)
        view.selection_changed.connect(self._show)
        view.dragged_changed.connect(self._show)
        self._show()

    def _show(self) -> None:
        box = self._view.dragged or self._view.selection
        if not box:
            for field in self._fields.values():
                field.show_value("")
            return
        decimals = max(3, math.ceil(math.log10(self._view.rate)))  # a sample shows
        for name, time_s in (("Start", box[0]), ("End", box[1]), ("Length", box[1] - box[0])):
            self._fields[name].show_value(time_text(time_s, decimals))
        for name, hz in (("Low", box.low_hz), ("High", box.high_hz)):
            self._fields[name].show_value(frequency_text(hz))
            self._fields[name].setToolTip(f"{note_text(hz)}\n{FREQUENCY_HINT}".strip())

    def _take(self, name: str, use: Callable[[str, Box], Box]) -> None:
        """Apply what was typed, when Enter is pressed or the field loses the focus."""
        field = self._fields[name]
        if not field.isModified():
            return
        try:
            box = use(field.text(), self._view.selection or self._view.full)
        except MsvizError as error:
            self.message.emit(str(error))
            if field.hasFocus():
                field.selectAll()
            else:
                field.revert()
            return
        self._view.select(box)
        self._show()  # even if the selection stays the same, the text may not
        if field.hasFocus():
            field.leave()

    def _use_edge(self, grip: Grip, text: str, box: Box) -> Box:
        full = self._view.full
        if grip.time:
            value = self._time(text)
        else:
            value = parse_frequency(text)
            if not full.low_hz <= value <= full.high_hz:
                lowest, highest = frequency_text(full.low_hz), frequency_text(full.high_hz)
                raise MsvizError(f"Type a frequency from {lowest} to {highest}.")
        box = with_edge(box, grip, value, full)
        if box.start_s == box.stop_s or box.low_hz == box.high_hz:
            raise MsvizError("The selection would be empty. Type a value inside the track.")
        return box

    def _use_length(self, text: str, box: Box) -> Box:
        length_s = self._time(text)
        if not length_s:
            raise MsvizError("The length must be more than 0. Press Esc to clear the selection.")
        return with_length(box, length_s, self._view.full)

    def _time(self, text: str) -> float:
        time_s, end_s = parse_time(text, self._view.rate), self._view.full.stop_s
        if time_s > end_s + 0.5 / self._view.rate:
            raise MsvizError(f"This track ends at {time_text(end_s)}.")
        return time_s
