"""The curtain: one picture left of an edge that can be drawn aside, another right of it."""

from __future__ import annotations

from PyQt6.QtCore import QPointF, QRectF, Qt
from PyQt6.QtGui import QColor, QPainter, QPolygonF
from PyQt6.QtWidgets import QWidget

from msviz.gui.canvas.marks import EDGE
from msviz.gui.canvas.picture_canvas import INSET, PictureCanvas
from msviz.gui.canvas.time_canvas import Hold
from msviz.gui.canvas.viewport import Viewport
from msviz.gui.model.view import View
from msviz.picture import Pyramid

GRIP = 5  # pixels from the edge that still take hold of it
HANDLE = 9  # half the height of its handle
CURTAIN = QColor(255, 255, 255)


class CurtainCanvas(PictureCanvas):
    """Two pictures in the same view and colours, as photo tools compare before and after.

    Attributes
    ----------
    edge : float
        From 0, where all is the second picture, to 1, where all is the first.
    """

    def __init__(self, view: View, title: str = "", parent: QWidget | None = None) -> None:
        self._other = Viewport()
        super().__init__(view, title, parent)
        self._other_title = ""
        self.edge = 0.5

    def set_other(self, pyramid: Pyramid | None, *, over: bool = False) -> None:
        """Show another picture right of the edge, or none; left of it is `set_picture`'s."""
        self._other.show(pyramid, over=over)
        self.update()

    def set_titles(self, left: str, right: str) -> None:
        """What is written on both sides of the edge."""
        self._other_title = right
        self.set_title(left)

    def move_edge(self, edge: float) -> None:
        """Draw the curtain aside."""
        self.edge = min(max(edge, 0.0), 1.0)
        self.update()

    def levels_at(self, time_s: float, hz: float) -> tuple[float | None, float | None]:
        """Levels in dB of both pictures at a place, whichever is seen there."""
        return self._level_in(self._viewport, time_s, hz), self._level_in(self._other, time_s, hz)

    def _viewports(self) -> list[Viewport]:
        return [self._viewport, self._other]

    def _draw_picture(self, painter: QPainter) -> None:
        width, _ = self._device_size()
        edge = round(self.edge * width)
        if edge > 0:
            self._draw_columns(painter, self._viewport, 0, edge)
        if edge < width:
            self._draw_columns(painter, self._other, edge, width)

    def _draw_under(self, painter: QPainter) -> None:
        super()._draw_under(painter)
        ratio = self.devicePixelRatioF()
        self._draw_edge(painter, round(self.edge * self._device_size()[0]) / ratio)

    def _titles(self, painter: QPainter) -> list[tuple[QRectF, str]]:
        edge = round(self.edge * self._device_size()[0]) / self.devicePixelRatioF()
        left, right = (self._plate(painter, title) for title in (self._title, self._other_title))
        left.moveTopRight(QPointF(edge - INSET, INSET))
        right.moveTopLeft(QPointF(edge + INSET, INSET))
        return [
            (plate, title)
            for plate, title in ((left, self._title), (right, self._other_title))
            if title and plate.left() >= 0 and plate.right() <= self.width()
        ]

    def _draw_edge(self, painter: QPainter, x: float) -> None:
        """A line with a handle in the middle: arrows to where it can go."""
        pixel = max(1, round(self.devicePixelRatioF())) / self.devicePixelRatioF()
        painter.fillRect(QRectF(x - 2 * pixel, 0, 4 * pixel, self.height()), EDGE)
        painter.fillRect(QRectF(x - pixel, 0, 2 * pixel, self.height()), CURTAIN)
        painter.save()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(EDGE)
        painter.setBrush(CURTAIN)
        middle = self.height() / 2
        for way in (-1, 1):
            tip, near = x + way * (HANDLE + 3), x + way * 3
            painter.drawPolygon(
                QPolygonF(
                    [QPointF(near, middle - HANDLE), QPointF(tip, middle), QPointF(near, middle + HANDLE)]
                )
            )
        painter.restore()

    def _viewport_at(self, time_s: float) -> Viewport:
        return self._viewport if self.x_of(time_s) < self.edge * self.width() else self._other

    def _hold_at(self, at: QPointF, held: Qt.KeyboardModifier) -> Hold:
        if abs(at.x() - self.edge * self.width()) <= GRIP:
            return Hold(
                Qt.CursorShape.SplitHCursor,
                lambda to: self.move_edge(to.x() / max(1, self.width())),
                slack=0,
            )
        return super()._hold_at(at, held)
