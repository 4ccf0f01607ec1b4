"""A colour map of one's own: stops that can be dragged, added and coloured."""

from __future__ import annotations

import pyqtgraph as pg
from PyQt6.QtCore import QEvent, QRectF, Qt, pyqtSignal
from PyQt6.QtGui import QKeyEvent, QMouseEvent, QPainter
from PyQt6.QtWidgets import QDialog, QDialogButtonBox, QLabel, QVBoxLayout, QWidget
from pyqtgraph.graphicsItems.GradientEditorItem import Tick

from msviz.gui.canvas.colours import OWN, Colours, Stop

SAMPLED = 11  # stops that a ready-made map is begun with
STEP = 0.01  # of the strip, by which a key moves a stop
KEYS = (
    "Left and Right move the marked stop, Ctrl+Left and Ctrl+Right mark another. Enter changes its colour, "
    "Insert adds a stop after it, Delete removes it."
)


def stops_of(colours: Colours) -> tuple[Stop, ...]:
    """The stops of a map; of a ready-made one, a few at equal distances."""
    if colours.name == OWN:
        return colours.stops
    rgb = colours.map(SAMPLED).round().astype(int).tolist()
    return tuple((place / (SAMPLED - 1), *colour) for place, colour in enumerate(rgb))


class _Strip(pg.GradientWidget):
    """The colours over their stops, one of which is marked for the keys, as in Krita."""

    def __init__(self) -> None:
        super().__init__(orientation="bottom")
        self._marked: Tick | None = None
        # The mark is wider than a stop.
        self.setViewportUpdateMode(self.ViewportUpdateMode.FullViewportUpdate)
        self.setAccessibleName("Stops of the colour map")
        self.setToolTip(KEYS)

    def _stops(self) -> tuple[list[Tick], int]:
        """In ascending order, and which is marked: the first where the marked one is gone."""
        ticks = [tick for tick, _ in self.item.listTicks()]
        return ticks, ticks.index(self._marked) if self._marked in ticks else 0

    def _mark(self, tick: Tick) -> None:
        self._marked = tick
        self.viewport().update()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        ticks, at = self._stops()
        control = event.modifiers() & Qt.KeyboardModifier.ControlModifier
        match event.key():
            case Qt.Key.Key_Left | Qt.Key.Key_Right as key:
                way = 1 if key == Qt.Key.Key_Right else -1
                if control:
                    self._mark(ticks[min(max(at + way, 0), len(ticks) - 1)])
                else:
                    self._mark(ticks[at])
                    self.item.setTickValue(ticks[at], self.item.tickValue(ticks[at]) + way * STEP)
            case Qt.Key.Key_Return | Qt.Key.Key_Enter:
                self.item.raiseColorDialog(ticks[at])
            case Qt.Key.Key_Insert:
                pair = ticks[min(at, len(ticks) - 2) :][:2]
                self._mark(self.item.addTick(sum(map(self.item.tickValue, pair)) / len(pair)))
            case Qt.Key.Key_Delete if len(ticks) > 2:  # as few as the mouse can leave
                self.item.removeTick(ticks.pop(at))
                self._mark(ticks[min(at, len(ticks) - 1)])
            case _:
                super().keyPressEvent(event)

    def event(self, event: QEvent) -> bool:
        if event.type() in (QEvent.Type.FocusIn, QEvent.Type.FocusOut):
            self.viewport().update()
        return bool(super().event(event))

    def mousePressEvent(self, event: QMouseEvent) -> None:
        under = self.itemAt(event.position().toPoint())
        if isinstance(under, Tick):
            self._mark(under)
        super().mousePressEvent(event)

    def drawForeground(self, painter: QPainter, rect: QRectF) -> None:
        super().drawForeground(painter, rect)
        if self.hasFocus():
            ticks, at = self._stops()
            outline = ticks[at].mapToScene(ticks[at].shape())
            for pen in (pg.mkPen(self.palette().highlight().color(), width=5), ticks[at].currentPen):
                painter.setPen(pen)
                painter.drawPath(outline)


class ColourEditor(QDialog):
    """Changes the colour map while the pictures are looked at; rejected, it is to be as it was."""

    changed = pyqtSignal(tuple)
    """The stops, as `Colours` has them."""

    def __init__(self, colours: Colours, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setWindowTitle("Colour map")
        self._gradient = _Strip()
        ticks = [(place, (*rgb, 255)) for place, *rgb in stops_of(colours)]
        self._gradient.restoreState({"mode": "rgb", "ticks": ticks, "ticksVisible": True})
        self._told = self.stops
        self._gradient.sigGradientChanged.connect(self._tell)
        help_text = QLabel(
            "Low levels are on the left, high levels on the right. Click below the colours to add a stop. "
            "Drag a stop to move it, click it to change its colour, right-click it to remove it.\n" + KEYS
        )
        help_text.setWordWrap(True)
        buttons = QDialogButtonBox(
            QDialogButtonBox.StandardButton.Ok | QDialogButtonBox.StandardButton.Cancel
        )
        buttons.accepted.connect(self.accept)
        buttons.rejected.connect(self.reject)
        layout = QVBoxLayout(self)
        for widget in (self._gradient, help_text, buttons):
            layout.addWidget(widget)
        self.resize(560, 160)

    def _tell(self) -> None:
        if self.stops != self._told:  # the widget also says so when it is laid out
            self._told = self.stops
            self.changed.emit(self.stops)

    @property
    def stops(self) -> tuple[Stop, ...]:
        """The stops in ascending order."""
        ticks = sorted(self._gradient.saveState()["ticks"])
        return tuple(
            (float(place), int(red), int(green), int(blue)) for place, (red, green, blue, _) in ticks
        )
