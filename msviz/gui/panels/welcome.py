"""What the window shows without a file."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from PyQt6.QtCore import Qt, pyqtSignal
from PyQt6.QtGui import QShowEvent
from PyQt6.QtWidgets import QGridLayout, QLabel, QPushButton, QSizePolicy, QVBoxLayout, QWidget

from msviz.gui.model.files import told_apart

MOST_RECENT = 6


class Welcome(QWidget):
    """Open, the demo tracks, recent files; and that a file may be dropped."""

    open_requested = pyqtSignal()
    chosen = pyqtSignal(Path)

    def __init__(self, demos: Mapping[str, Path], parent: QWidget | None = None) -> None:
        super().__init__(parent)
        title = QLabel("msviz")
        font = title.font()
        font.setPointSizeF(2.6 * font.pointSizeF())
        font.setBold(True)
        title.setFont(font)
        subtitle = QLabel("See and hear what music is made of")
        self._choose = choose = QPushButton("Open a track…")
        choose.setDefault(True)
        choose.setAutoDefault(True)  # Enter presses it, as Space does
        choose.clicked.connect(self.open_requested)
        drop = QLabel("or drop files anywhere in this window")
        drop.setEnabled(False)
        grid = QGridLayout()
        grid.setHorizontalSpacing(8)
        grid.addWidget(QLabel("Demo tracks"), 0, 0, 1, 2)
        for place, (name, path) in enumerate(demos.items()):
            grid.addWidget(self._button(name, path), 1 + place // 2, place % 2)
        self._recent = QVBoxLayout()
        self._recent.setSpacing(6)

        column = QWidget()
        column.setFixedWidth(380)
        inner = QVBoxLayout(column)
        inner.setSpacing(10)
        for widget in (title, subtitle):
            inner.addWidget(widget)
        inner.addSpacing(16)
        inner.addWidget(choose)
        inner.addWidget(drop)
        inner.addSpacing(16)
        inner.addLayout(grid)
        inner.addSpacing(16)
        inner.addLayout(self._recent)
        outer = QVBoxLayout(self)
        outer.addStretch(2)
        outer.addWidget(column, 0, Qt.AlignmentFlag.AlignHCenter)
        outer.addStretch(3)

    def showEvent(self, event: QShowEvent) -> None:
        self._choose.setFocus()

    def set_recent(self, paths: Sequence[Path]) -> None:
        """Show the files that were open last, the newest first."""
        while (old := self._recent.takeAt(0)) is not None:
            if (widget := old.widget()) is not None:
                widget.deleteLater()
        if paths:
            self._recent.addWidget(QLabel("Recent files"))
        for name, path in told_apart(paths[:MOST_RECENT]).items():
            self._recent.addWidget(self._button(name, path))

    def _button(self, text: str, path: Path) -> QPushButton:
        metrics = self.fontMetrics()
        button = QPushButton(metrics.elidedText(text, Qt.TextElideMode.ElideMiddle, 330).replace("&", "&&"))
        button.setToolTip(str(path))
        button.setAutoDefault(True)
        button.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        button.clicked.connect(lambda: self.chosen.emit(path))
        return button
