"""Controls by keys alone, among keys that mean something to the window."""

from __future__ import annotations

from PyQt6.QtCore import QEvent, QObject, Qt
from PyQt6.QtGui import QFocusEvent, QKeyEvent
from PyQt6.QtWidgets import QAbstractButton, QAbstractSlider, QComboBox, QWidget

TABBED = (Qt.FocusReason.TabFocusReason, Qt.FocusReason.BacktabFocusReason)
ARROWS = (Qt.Key.Key_Left, Qt.Key.Key_Right, Qt.Key.Key_Up, Qt.Key.Key_Down, Qt.Key.Key_Home, Qt.Key.Key_End)


class ControlKeys(QObject):
    """Gives a control that Tab has led to its keys, until Escape or Tab leads away.

    Those are Space, and of a slider the arrows, Home and End.  A control that was clicked leaves all keys to
    the window: Space plays, arrows move the picture.
    """

    def __init__(self, window: QWidget) -> None:
        super().__init__(window)
        self._tabbed = False
        for kind in (QAbstractButton, QComboBox, QAbstractSlider):
            for control in window.findChildren(kind):
                control.installEventFilter(self)

    def eventFilter(self, control: QObject | None, event: QEvent | None) -> bool:
        if isinstance(event, QFocusEvent) and event.gotFocus():
            self._tabbed = event.reason() in TABBED
        elif isinstance(event, QKeyEvent) and self._tabbed and not event.modifiers().value:
            overridden = event.type() == QEvent.Type.ShortcutOverride
            leaves = event.key() == Qt.Key.Key_Escape
            arrow = event.key() in ARROWS and isinstance(control, QAbstractSlider)
            if overridden and (leaves or arrow or event.key() == Qt.Key.Key_Space):
                event.accept()
                return True
            if leaves and event.type() == QEvent.Type.KeyPress and isinstance(control, QWidget):
                control.clearFocus()
                return True
        return False
