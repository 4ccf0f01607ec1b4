"""Editing what the resynthesis contains: octaves and boxes, undone and done again."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Any

from PyQt6.QtCore import QObject, pyqtSignal
from PyQt6.QtGui import QUndoCommand, QUndoStack

from msviz.gui.model.gains import moved
from msviz.gui.model.track import TrackState
from msviz.gui.model.view import Box, box_of
from msviz.transform.edits import BoxEdit, Edits, OctaveEdit


class _Step(QUndoCommand):
    """From some edits to others; steps of one drag are one."""

    def __init__(self, track: TrackState, after: Edits, text: str, drag: int | None) -> None:
        super().__init__(text)
        self._track, self._before, self._after = track, track.edits, after
        self._drag = drag

    def id(self) -> int:
        return -1 if self._drag is None else self._drag

    def mergeWith(self, other: QUndoCommand | None) -> bool:
        if not isinstance(other, _Step) or self._drag != other._drag:
            return False
        self._after = other._after
        return True

    def redo(self) -> None:
        self._track.edits = self._after

    def undo(self) -> None:
        self._track.edits = self._before

    @property
    def has_octaves(self) -> bool:
        """Whether it goes from or to edits of octaves."""
        return bool(self._before.octaves or self._after.octaves)


class Editing(QObject):
    """Every way to change the edits of the open track, and to undo it.

    An edited box is chosen by being the selection.

    Attributes
    ----------
    track : TrackState
        Whose edits are changed.
    steps : QUndoStack
    """

    message = pyqtSignal(str)
    """Why something cannot be done."""

    def __init__(self, track: TrackState) -> None:
        super().__init__()
        self.steps = QUndoStack(self)
        self.track, self._view = track, track.view
        self._octave_count = len(track.octaves)
        track.opened.connect(self.steps.clear)
        track.parameters_changed.connect(self._forget_other_octaves)

    def _forget_other_octaves(self) -> None:
        """Steps count octaves from the lowest, so they are of no use once others come or go below."""
        before, self._octave_count = self._octave_count, len(self.track.octaves)
        steps = (self.steps.command(number) for number in range(self.steps.count()))
        if before != self._octave_count and any(isinstance(s, _Step) and s.has_octaves for s in steps):
            self.steps.clear()

    def restore(self, edits: Edits) -> None:
        """Bring back the edits of an earlier time, as one step."""
        self._do(edits, "Restore Edits")

    def _do(self, edits: Edits, text: str, *, drag: int | None = None) -> None:
        if edits != self.track.edits:
            self.steps.push(_Step(self.track, edits, text, drag))

    # Octaves

    def change_octave(self, index: int, what: str, value: object) -> None:
        """Set an attribute of an octave's `OctaveEdit`."""
        changes: dict[str, Any] = {what: value}
        names = {"muted": "Mute Octave", "soloed": "Solo Octave", "gain_db": "Change Octave Gain"}
        drag = index if what == "gain_db" else None
        edits = self.track.edits.with_octave(index, len(self.track.octaves), **changes)
        self._do(edits, names[what], drag=drag)

    def _octave_at_hand(self) -> int | None:
        """The octave under the pointer; without a pointer, that in the middle of the selection."""
        hz = self._view.cursor[1] if self._view.cursor else None
        if hz is None and self._view.selection:
            hz = math.sqrt(self._view.selection.low_hz * self._view.selection.high_hz)
        here = (octave.index for octave in self.track.octaves if hz and octave.low <= hz < octave.high)
        return next(here, None)

    def _edit_at_hand(self) -> tuple[int, OctaveEdit] | None:
        """The octave at hand, and what has been done to it."""
        index = self._octave_at_hand()
        if index is None:
            self.message.emit("Nothing selected. Point at an octave, or drag over a picture to select.")
            return None
        return index, self.track.edit_of(index)

    def mute(self) -> None:
        """Leave out the octave at hand, or bring it back."""
        if at_hand := self._edit_at_hand():
            self.change_octave(at_hand[0], "muted", not at_hand[1].muted)

    def solo(self) -> None:
        """Hear only the octave at hand, and others that are soloed; or no longer."""
        if at_hand := self._edit_at_hand():
            self.change_octave(at_hand[0], "soloed", not at_hand[1].soloed)

    def step_gain(self, by_db: float) -> None:
        """Make the octave at hand louder or softer."""
        if at_hand := self._edit_at_hand():
            self.change_octave(at_hand[0], "gain_db", moved(at_hand[1].gain_db, by_db))

    # Boxes

    @property
    def chosen(self) -> BoxEdit | None:
        """The box that is selected, if it has been edited."""
        return next((edit for edit in self.track.edits.boxes if box_of(edit) == self._view.selection), None)

    def choose_at(self, time_s: float, hz: float) -> None:
        """Select the box at a place, the last of several."""
        for edit in reversed(self.track.edits.boxes):
            if edit.start_s <= time_s <= edit.stop_s and edit.low_hz <= hz <= edit.high_hz:
                self._view.select(box_of(edit))
                return

    def point_at(self, time_s: float, hz: float) -> None:
        """Select the box at a place, unless what is selected is there already."""
        box = self._view.selection
        if not (box and box.start_s <= time_s <= box.stop_s and box.low_hz <= hz <= box.high_hz):
            self.choose_at(time_s, hz)

    def require_selection(self) -> Box | None:
        """The selection; without one, a message says how to make it."""
        if not self._view.selection:
            self.message.emit("Nothing selected. Drag over a picture to select.")
        return self._view.selection

    def _edit_selection(self, text: str, **changes: Any) -> None:
        """Set attributes of the selection's `BoxEdit`."""
        if box := self.require_selection():
            edit = replace(self.chosen or BoxEdit(*box, gain_db=0.0), **changes)
            others = tuple(other for other in self.track.edits.boxes if box_of(other) != box)
            self._do(replace(self.track.edits, boxes=(*others, edit)), text)

    def set_gain(self, gain_db: float, text: str) -> None:
        """Change the gain of what is selected."""
        self._edit_selection(text, gain_db=gain_db)

    def remove(self) -> None:
        """Silence what is selected, even if it is soloed."""
        self._edit_selection("Silence Selection", gain_db=-math.inf, soloed=False)

    def toggle_solo(self) -> None:
        """Hear only what is selected, and others that are soloed; or no longer."""
        chosen = self.chosen
        if not (chosen and chosen.soloed):
            self._edit_selection("Solo Selection", soloed=True)
        else:
            self._do(_without_solo(self.track.edits, chosen), "End Solo")

    def clear_solo(self) -> None:
        """Hear everything again: no box and no octave is soloed any more."""
        edits = self.track.edits
        octaves = tuple(replace(octave, soloed=False) for octave in edits.octaves)
        self._do(replace(_without_solo(edits, *edits.soloed), octaves=octaves), "End Solo")

    def drop(self) -> None:
        """Take back what was done to the box that is selected."""
        if chosen := self.chosen:
            boxes = tuple(edit for edit in self.track.edits.boxes if edit is not chosen)
            self._do(replace(self.track.edits, boxes=boxes), "Reset Box")
        else:
            self.message.emit("No edited box selected. Click an edited box to select it.")

    def clear(self) -> None:
        """Take back everything that was done."""
        self._do(Edits(), "Reset All Edits")


def _without_solo(edits: Edits, *boxes: BoxEdit) -> Edits:
    """Edits with boxes no longer soloed; a box that was only soloed is gone."""
    others = (replace(box, soloed=False) if box in boxes else box for box in edits.boxes)
    left = tuple(box for box in others if box.gain_db or box in edits.boxes)
    return replace(edits, boxes=left)
