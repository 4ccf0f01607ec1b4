"""Labels that change often, or that give way to their neighbours."""

from __future__ import annotations

from PyQt6.QtCore import QEvent, QSize, Qt
from PyQt6.QtGui import QPainter, QPaintEvent, QPalette
from PyQt6.QtWidgets import (
    QLabel,
)

MARGINS = 6, 6, 4, 6  # of the inspector's panels
LEAST = 60  # pixels that a text keeps when it gives way


def set_figures(label: QLabel, text: str) -> None:
    """Set a text in a font of fixed width; the neighbours move only if its length changes."""
    resized = len(text) != len(label.text())
    label.setText(text)
    if resized:
        label.setMinimumSize(0, 0)  # a label's hint is never below its minimum
        label.setFixedSize(label.sizeHint())


class FigureLabel(QLabel):
    """Figures that change thirty times a second: in the style of a label they take three times as long."""

    def __init__(self) -> None:
        super().__init__()
        self.setAttribute(Qt.WidgetAttribute.WA_OpaquePaintEvent)  # else the bar is painted first

    def paintEvent(self, event: QPaintEvent) -> None:
        painter, palette = QPainter(self), self.palette()
        painter.fillRect(self.rect(), palette.color(QPalette.ColorRole.Window))
        painter.setPen(palette.color(QPalette.ColorRole.WindowText))
        metrics, inside = painter.fontMetrics(), self.contentsRect()
        baseline = inside.top() + (inside.height() + metrics.ascent() - metrics.descent()) // 2
        painter.drawText(inside.left(), baseline, self.text())  # quicker than in a rectangle


class ElidedLabel(QLabel):
    """A text that gives way to what is beside it, and tells all of it in its tip then."""

    def __init__(self, mode: Qt.TextElideMode = Qt.TextElideMode.ElideRight) -> None:
        super().__init__()
        self._mode = mode
        self.least = LEAST
        self.setTextFormat(Qt.TextFormat.PlainText)  # a file's name may look like another

    @property
    def seen(self) -> str:
        """What there is room for."""
        return self.fontMetrics().elidedText(self.text(), self._mode, self.contentsRect().width())

    def minimumSizeHint(self) -> QSize:
        return self.sizeHint().boundedTo(QSize(self.least, self.sizeHint().height()))

    def event(self, event: QEvent | None) -> bool:
        if event and event.type() == QEvent.Type.ToolTip:
            self.setToolTip(self.text() if self.seen != self.text() else "")
        return super().event(event)

    def paintEvent(self, event: QPaintEvent) -> None:
        QPainter(self).drawText(self.contentsRect(), Qt.AlignmentFlag.AlignVCenter, self.seen)
