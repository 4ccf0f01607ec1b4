"""The message bar above the pictures."""

from __future__ import annotations

import re
from functools import partial

from PyQt6.QtCore import Qt
from PyQt6.QtGui import QColor
from PyQt6.QtWidgets import (
    QFrame,
    QHBoxLayout,
    QLabel,
    QPushButton,
)

from msviz.gui.model.workspace import Workspace

LONGEST_WORD = 40  # characters before a word may be broken
BREAK = "\u200b"  # a space without width

GROUND, INK = QColor("#7a3b12"), QColor("#fff3ea")


class MessageBar(QFrame):
    """What a person should know: one sentence over the pictures, until it is closed.

    Parameters
    ----------
    work : Workspace
        Whose problems it shows until another track is open.
    """

    def __init__(self, work: Workspace) -> None:
        super().__init__()
        self._listening = work.listening
        self._text = QLabel()
        self._text.setWordWrap(True)
        self._text.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self._retry = QPushButton("Try again")
        self._retry.clicked.connect(self._try_again)
        close = QPushButton("Close")
        close.clicked.connect(self.clear)
        layout = QHBoxLayout(self)
        layout.setContentsMargins(12, 6, 8, 6)
        layout.addWidget(self._text, 1)
        layout.addWidget(self._retry)
        layout.addWidget(close)
        self.setObjectName("messages")
        self.setStyleSheet(
            f"#messages {{ background: {GROUND.name()}; }} #messages QLabel {{ color: {INK.name()}; }}"
        )
        self.hide()
        work.problem.connect(self.show_message)
        work.opened.connect(self.clear)
        work.listening.failed.connect(partial(self.show_message, retry=True))

    @property
    def text(self) -> str:
        """What it says; nothing while it is closed."""
        return self._text.text().replace(BREAK, "") if not self.isHidden() else ""

    def show_message(self, text: str, *, retry: bool = False) -> None:
        """Say something, and whether it can be tried again."""
        self._text.setText(re.sub(rf"\S{{{LONGEST_WORD}}}", rf"\g<0>{BREAK}", text))  # no wider than it is
        self._retry.setVisible(retry)
        self.show()

    def clear(self) -> None:
        """Say nothing."""
        self.hide()

    def _try_again(self) -> None:
        self.hide()
        self._listening.retry()
