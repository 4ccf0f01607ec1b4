"""A dialog for going to a time."""

from __future__ import annotations

from PyQt6.QtWidgets import QDialog, QDialogButtonBox, QLabel, QLineEdit, QVBoxLayout, QWidget

from msviz.errors import MsvizError
from msviz.gui.model.entry import parse_time
from msviz.gui.model.readout import time_text
from msviz.gui.model.view import View

HINT = "Seconds (12.5), minutes and seconds (1:23.5), 250 ms or 44100 samples"


class GoToDialog(QDialog):
    """Asks for a time in the track.

    Attributes
    ----------
    time_s : float
        The typed time in seconds.
    """

    def __init__(self, view: View, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setWindowTitle("Go to time")
        self._view, self.time_s = view, view.playhead_s
        self._text = QLineEdit(time_text(view.playhead_s))
        self._text.selectAll()
        self._text.setAccessibleName("Time")
        self._problem = QLabel(HINT)
        self._problem.setWordWrap(True)
        self._buttons = QDialogButtonBox(
            QDialogButtonBox.StandardButton.Ok | QDialogButtonBox.StandardButton.Cancel
        )
        self._buttons.accepted.connect(self.accept)
        self._buttons.rejected.connect(self.reject)
        layout = QVBoxLayout(self)
        for widget in (self._text, self._problem, self._buttons):
            layout.addWidget(widget)
        self._text.textEdited.connect(self._check)

    def _check(self, text: str) -> None:
        """Show why the text is not a time in the track, and disable OK."""
        problem = ""
        try:
            self.time_s = parse_time(text, self._view.rate)
            if self.time_s > self._view.full.stop_s:
                problem = f"This track ends at {time_text(self._view.full.stop_s)}."
        except MsvizError as error:
            problem = str(error) if text.strip() else HINT
        self._problem.setText(problem or HINT)
        if ok := self._buttons.button(QDialogButtonBox.StandardButton.Ok):
            ok.setEnabled(not problem)
