"""Dropping files on a window."""

from __future__ import annotations

from pathlib import Path

from PyQt6.QtCore import QMimeData, QRectF, Qt
from PyQt6.QtGui import QColor, QDropEvent, QPainter, QPaintEvent, QPalette, QPen
from PyQt6.QtWidgets import QWidget

VEIL = 200  # opacity, of 255
MARGIN, CORNER = 14, 12


def dropped_files(data: QMimeData | None) -> list[Path]:
    """The local files that are dragged, in their order."""
    urls = data.urls() if data else []
    return [Path(url.toLocalFile()) for url in urls if url.isLocalFile()]


def accept_copy(event: QDropEvent) -> None:
    """Accept a drop as a copy: a source that is asked to move would delete its file."""
    event.setDropAction(Qt.DropAction.CopyAction)
    event.accept()


class DropOverlay(QWidget):
    """Covers its parent while files are dragged over it, and says what dropping them does."""

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self.text = ""
        self.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        self.hide()

    def offer(self, files: list[Path]) -> None:
        """Cover the parent, and say what happens to these files."""
        first, others = files[0].name, len(files) - 1
        self.text = f"Drop to open {first}"
        if others:
            self.text += f"\nand {others} more in {'another window' if others == 1 else 'other windows'}"
        parent = self.parentWidget()
        if parent:
            self.setGeometry(parent.rect())
        self.raise_()
        self.show()

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        veil = QColor(self.palette().color(QPalette.ColorRole.Window))
        veil.setAlpha(VEIL)
        painter.fillRect(self.rect(), veil)
        accent = self.palette().color(QPalette.ColorRole.Highlight)
        painter.setPen(QPen(accent, 3, Qt.PenStyle.DashLine))
        frame = QRectF(self.rect()).adjusted(MARGIN, MARGIN, -MARGIN, -MARGIN)
        painter.drawRoundedRect(frame, CORNER, CORNER)
        font = self.font()
        font.setPointSizeF(1.6 * font.pointSizeF())
        painter.setFont(font)
        painter.setPen(self.palette().color(QPalette.ColorRole.WindowText))
        painter.drawText(frame, Qt.AlignmentFlag.AlignCenter | Qt.TextFlag.TextWordWrap, self.text)
