"""Controls by keys alone, among keys that mean something to the window."""

from __future__ import annotations

from PyQt6.QtCore import QEvent, QObject, Qt
from PyQt6.QtGui import QFocusEvent, QKeyEvent, QWheelEvent
from PyQt6.QtWidgets import (
    QAbstractButton,
    QAbstractSlider,
    QApplication,
    QComboBox,
    QDoubleSpinBox,
    QSpinBox,
    QTabBar,
    QWidget,
)

KEY = Qt.Key
TABBED = (Qt.FocusReason.TabFocusReason, Qt.FocusReason.BacktabFocusReason)
BACK = (Qt.FocusReason.PopupFocusReason, Qt.FocusReason.ActiveWindowFocusReason)  # to where it had been
STEPS = (KEY.Key_Up, KEY.Key_Down)
ARROWS = (KEY.Key_Left, KEY.Key_Right, *STEPS, KEY.Key_Home, KEY.Key_End)
ENTER = (KEY.Key_Return, KEY.Key_Enter)
VALUES = (QComboBox, QAbstractSlider, QSpinBox, QDoubleSpinBox)  # what a wheel would change


class ControlKeys(QObject):
    """Gives a control that Tab has led to its keys, until Escape or Tab leads away.

    Those are Space, and but for buttons the arrows, Home and End.  A control that was clicked leaves all keys
    to the window: Space plays, arrows move the picture.  A number takes what numbers are typed with, however
    one came to it; Enter leads away with what was typed, Escape without.

    A wheel over a control that has not the focus scrolls what the control stands in, and gives no focus.

    If the widget with the focus is hidden or disabled, the focus returns to the window.  Qt would pass it to
    the next control, which would then take the keys as if it had been reached with Tab.
    """

    def __init__(self, window: QWidget) -> None:
        super().__init__(window)
        self._tabbed = False
        self._window = window
        if isinstance(application := QApplication.instance(), QApplication):
            application.focusChanged.connect(self._give_back)
        window.setFocus()  # or Qt would begin with the first control
        for kind in (QAbstractButton, QTabBar, *VALUES):
            for control in window.findChildren(kind):
                control.installEventFilter(self)
                if control.focusPolicy() == Qt.FocusPolicy.WheelFocus:
                    control.setFocusPolicy(Qt.FocusPolicy.StrongFocus)

    def _give_back(self, before: QWidget | None, _: QWidget | None) -> None:
        """Move the focus to the window if the widget that had it was hidden or disabled."""
        window = self._window
        gone = before and before.window() is window and not (before.isVisible() and before.isEnabled())
        if gone and window.isVisible() and window.isActiveWindow():
            window.setFocus()

    def eventFilter(self, control: QObject | None, event: QEvent | None) -> bool:
        if isinstance(event, QWheelEvent):
            return isinstance(control, VALUES) and _passed_on(event, control)
        if isinstance(control, QSpinBox | QDoubleSpinBox):
            return _filter_number(control, event)
        if isinstance(event, QFocusEvent) and event.gotFocus():
            if event.reason() not in BACK:
                self._tabbed = event.reason() in TABBED
        elif isinstance(event, QKeyEvent) and self._tabbed and not event.modifiers().value:
            overridden = event.type() == QEvent.Type.ShortcutOverride
            leaves = event.key() == KEY.Key_Escape
            arrow = event.key() in ARROWS and not isinstance(control, QAbstractButton)
            if overridden and (leaves or arrow or event.key() == KEY.Key_Space):
                event.accept()
                return True
            if leaves and event.type() == QEvent.Type.KeyPress and isinstance(control, QWidget):
                _leave(control)
                return True
        return False


def _passed_on(wheel: QWheelEvent, control: QWidget) -> bool:
    # What can never have the focus, a scroll bar or the volume, is there to be turned.
    passed_on = control.focusPolicy() != Qt.FocusPolicy.NoFocus and not control.hasFocus()
    if passed_on:
        wheel.ignore()
    return passed_on


def _leave(control: QWidget) -> None:
    if window := control.window():
        window.setFocus()


def _filter_number(number: QSpinBox | QDoubleSpinBox, event: QEvent | None) -> bool:
    if event and event.type() == QEvent.Type.MouseButtonRelease:
        _leave(number)  # its arrows were pressed: what is typed in is a widget of its own
    elif not isinstance(event, QKeyEvent):
        return False
    elif event.type() == QEvent.Type.ShortcutOverride:
        plain = not event.modifiers().value
        signs = "-−0123456789" + ".," * isinstance(number, QDoubleSpinBox)
        if plain and event.key() in (*STEPS, KEY.Key_Escape):
            event.accept()
            return True
        if event.text().isprintable() and event.text() not in signs:
            event.ignore()
            return True
    elif event.type() == QEvent.Type.KeyPress and event.key() in (*ENTER, KEY.Key_Escape):
        if event.key() in ENTER:
            number.interpretText()
        else:
            number.setValue(number.value())  # type: ignore[arg-type]
        _leave(number)
        return True
    return False
