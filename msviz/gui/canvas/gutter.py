"""The gutter: what is heard of each octave, beside its rows."""

from __future__ import annotations

from typing import NamedTuple

from PyQt6.QtCore import QEvent, QPointF, QRectF, Qt, pyqtSignal
from PyQt6.QtGui import QColor, QHelpEvent, QMouseEvent, QPainter, QPaintEvent, QPalette, QWheelEvent
from PyQt6.QtWidgets import QToolTip, QWidget

from msviz.gui.canvas.gestures import either
from msviz.gui.canvas.rulers import Beside
from msviz.gui.model.gains import gain_text, moved
from msviz.gui.model.readout import frequency_text
from msviz.gui.model.track import TrackState
from msviz.gui.theme import FAINT

GUTTER_WIDTH = 88
CELL = 15  # height of a control; octaves with less of them in view have none
PLACES = {"muted": (2, 15), "soloed": (18, 15), "gain": (34, 53)}  # left edge and width of each control

LETTERS = {"muted": "M", "soloed": "S"}

PRESSED = {"muted": QColor("#d9534f"), "soloed": QColor("#e0b13a")}

ON_PRESSED = QColor("#141518")

DB_PER_PIXEL = 0.25  # of a drag
DB_PER_NOTCH = 1.0


class Cell(NamedTuple):
    """One control of one octave."""

    octave: int
    name: str
    rect: QRectF


class OctaveGutter(Beside):
    """Mute, solo and gain of every octave of which enough is in view.

    M and S are pressed; the gain is dragged, turned by the wheel, and set to 0 dB by a double click.
    """

    edited = pyqtSignal(int, str, object)
    """Which octave, which attribute of its `OctaveEdit`, and the value it is to have."""

    def __init__(self, track: TrackState, parent: QWidget | None = None) -> None:
        super().__init__(track.view, parent)
        self._track = track
        track.edits_changed.connect(self.update)
        track.parameters_changed.connect(self.update)
        track.view.opened.connect(self._let_go)
        self._held: tuple[int, float, float] | None = None  # octave, where it was taken, its gain then
        font = self.font()
        font.setPointSizeF(0.9 * font.pointSizeF())
        self.setFont(font)
        self.setFixedWidth(GUTTER_WIDTH)
        self.setMouseTracking(True)

    def cells(self) -> list[Cell]:
        """The controls that have room, each in the middle of what is in view of its octave."""
        axis = self._axis
        cells = []
        for octave in self._track.octaves:
            low, high = (float(axis.position(max(hz, 1e-3))) for hz in (octave.low, octave.high))
            top = max(0.0, (1 - high) * self.height())
            bottom = min(float(self.height()), (1 - low) * self.height())
            if bottom - top >= CELL + 1:
                y = (top + bottom - CELL) / 2
                cells += [
                    Cell(octave.index, name, QRectF(x, y, width, CELL)) for name, (x, width) in PLACES.items()
                ]
        return cells

    def _cell_at(self, at: QPointF) -> Cell | None:
        return next((cell for cell in self.cells() if cell.rect.contains(at)), None)

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = self._painter()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        for cell in self.cells():
            edit = self._track.edit_of(cell.octave)
            painter.setPen(Qt.PenStyle.NoPen)
            if cell.name == "gain":
                painter.setPen(self._ink(0.9 if edit.gain_db else FAINT))
                align = Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter
                painter.drawText(cell.rect, align, gain_text(edit.gain_db))
                continue
            on = getattr(edit, cell.name)
            painter.setBrush(PRESSED[cell.name] if on else self.palette().color(QPalette.ColorRole.Mid))
            painter.drawRoundedRect(cell.rect, 3, 3)
            painter.setPen(ON_PRESSED if on else self._ink(0.9))
            painter.drawText(cell.rect, Qt.AlignmentFlag.AlignCenter, LETTERS[cell.name])

    # Hands

    def mousePressEvent(self, event: QMouseEvent) -> None:
        cell = self._cell_at(event.position())
        if event.button() != Qt.MouseButton.LeftButton or not cell:
            return
        edit = self._track.edit_of(cell.octave)
        if cell.name == "gain":
            self._held = cell.octave, event.position().y(), edit.gain_db
        else:
            self.edited.emit(cell.octave, cell.name, not getattr(edit, cell.name))

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        if not event.buttons() & Qt.MouseButton.LeftButton:
            self._let_go()  # a menu or a dialog got the release
        if self._held:
            octave, taken_at, gain_db = self._held
            self._set_gain(octave, moved(gain_db, DB_PER_PIXEL * (taken_at - event.position().y())))
            return
        cell = self._cell_at(event.position())
        shapes = {"gain": Qt.CursorShape.SizeVerCursor, None: Qt.CursorShape.ArrowCursor}
        self.setCursor(shapes.get(cell and cell.name, Qt.CursorShape.PointingHandCursor))

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        self._let_go()

    def _let_go(self) -> None:
        self._held = None

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        cell = self._cell_at(event.position())
        if cell and cell.name == "gain":
            self._set_gain(cell.octave, 0.0)
        else:
            self.mousePressEvent(event)  # two quick presses of M are two

    def wheelEvent(self, event: QWheelEvent) -> None:
        cell = self._cell_at(event.position())
        if cell and cell.name == "gain":
            gain_db = self._track.edit_of(cell.octave).gain_db
            self._set_gain(cell.octave, moved(gain_db, DB_PER_NOTCH * either(event)))
        else:
            super().wheelEvent(event)

    def _set_gain(self, octave: int, gain_db: float) -> None:
        if gain_db != self._track.edit_of(octave).gain_db:
            self.edited.emit(octave, "gain_db", gain_db)

    def event(self, event: QEvent) -> bool:
        if event.type() == QEvent.Type.ToolTip and isinstance(event, QHelpEvent):
            QToolTip.showText(event.globalPos(), self.tip(QPointF(event.pos())), self)
            return True
        return super().event(event)

    def tip(self, at: QPointF) -> str:
        """What the control under the pointer does, and to what."""
        cell = self._cell_at(at)
        if not cell:
            return ""
        octave = self._track.octaves[cell.octave]
        frames = f"one frame every {1000 / octave.frame_rate:.3g} ms"
        what = f"{frequency_text(octave.low)} to {frequency_text(octave.high)}, {frames}"
        does = {
            "muted": "Mute this octave in the resynthesis (Shift+M at the pointer)",
            "soloed": "Solo this octave: only soloed octaves are played (Shift+S at the pointer)",
            "gain": "Gain of this octave: drag or turn the wheel; double-click for 0 dB",
        }
        return f"{does[cell.name]}\n{what}"
