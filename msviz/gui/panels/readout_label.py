"""The readout: time, frequency, note and levels at the cursor."""

from __future__ import annotations

import re
from collections.abc import Sequence

from PyQt6.QtCore import QTimer, pyqtSignal
from PyQt6.QtGui import QFontDatabase

from msviz.gui.model.readout import delta_text, frequency_text, level_text, moment_text, note_text
from msviz.gui.model.track import TrackState
from msviz.gui.model.view import View
from msviz.gui.panels.labels import FigureLabel, set_figures
from msviz.gui.panels.pictures import Pictures

SOON_MS = 100  # until what is under the cursor has been drawn
SOUNDS = 58  # characters after the time
DELTAS = 70  # characters of the distance from the pin

Levels = tuple[float | None, float | None]


def readout_text(
    view: View, levels: Levels, pinned: Levels = (None, None), names: Sequence[str] = ("", "")
) -> str:
    """Time, frequency, note and levels at the cursor, and with a pin their distance from it.

    Texts of one zoom are equally long, so that nothing moves beside them.

    Parameters
    ----------
    view : View
        With a cursor; over a waveform it has no frequency, and levels do not count.
    levels, pinned : tuple of float or None
        In dB, in both pictures, at the cursor and at the pin; None where they are not known.
    names : sequence of str
        Of both pictures.
    """
    if view.cursor is None:
        return ""
    time_s, hz = view.cursor
    text = moment_text(time_s, view.span_s / (view.columns or 1), view.rate, view.length)
    sounds = ""
    if hz is not None:
        reason = view.damage.at(time_s)
        texts = [reason] * len(levels) if reason else map(level_text, levels)
        told = "".join(f"  {name} {level:>9}" for name, level in zip(names, texts, strict=True))
        sounds = f"  {frequency_text(hz):>9}  {note_text(hz):>10}{told}"
    delta = ""
    if view.pin:
        louder = [None if a is None or b is None else a - b for a, b in zip(levels, pinned, strict=True)]
        delta = delta_text(time_s - view.pin[0], view.pin[1], hz, (louder[0], louder[1]), names)
        delta = f"  {delta:{DELTAS}}"
    return f"{text}{sounds:{SOUNDS}}{delta}"


class ReadOut(FigureLabel):
    """The readout at the cursor, always as the pictures are.

    Parameters
    ----------
    track : TrackState
    pictures : Pictures
        Whose levels it shows.
    """

    written = pyqtSignal()

    def __init__(self, track: TrackState, pictures: Pictures) -> None:
        super().__init__()
        self._view, self._pictures = track.view, pictures
        self.setFont(QFontDatabase.systemFont(QFontDatabase.SystemFont.FixedFont))
        self.setContentsMargins(0, 0, 8, 0)
        self._soon = QTimer(self)
        self._soon.setSingleShot(True)
        self._soon.setInterval(SOON_MS)
        self._soon.timeout.connect(self._show)
        self._view.cursor_changed.connect(self._show)
        self._view.pin_changed.connect(self._show)
        self._view.range_changed.connect(self._soon.start)
        pictures.refreshed.connect(self._soon.start)

    def _show(self) -> None:
        view = self._view
        if not view.gliding:  # else it is shown as soon as the view is there
            levels, pinned = self._levels_at(view.cursor), self._levels_at(view.pin)
            set_figures(self, readout_text(view, levels, pinned, self._pictures.names))
            self.written.emit()

    def _levels_at(self, place: tuple[float, float | None] | None) -> Levels:
        time_s, hz = place or (None, None)
        return (None, None) if time_s is None or hz is None else self._pictures.levels_at(time_s, hz)

    @property
    def plain(self) -> str:
        """The text without the spaces that line it up."""
        return "  ".join(re.split(r"\s{2,}", self.text().strip()))
