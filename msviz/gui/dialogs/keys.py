"""What every key and the mouse do: a list to search, beside the window."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from PyQt6.QtCore import QSize, Qt
from PyQt6.QtGui import QKeyEvent
from PyQt6.QtWidgets import (
    QDialog,
    QDialogButtonBox,
    QHeaderView,
    QLineEdit,
    QMainWindow,
    QMenu,
    QTreeWidget,
    QTreeWidgetItem,
    QVBoxLayout,
)

SIZE = QSize(640, 640)
MOUSE = {
    "Mouse: pictures and waveform": (
        ("Click", "Go to this time"),
        ("Drag", "Select time and frequency"),
        ("Drag straight across", "Select time only"),
        ("Drag straight up or down", "Select frequency only"),
        ("Drag an edge or a corner", "Resize the selection"),
        ("Ctrl+drag in the selection", "Move the selection"),
        ("Shift+click", "Extend the selection"),
        ("Hold Z while dragging", "Snap to spectral peaks and zero crossings"),
        ("Shift+drag", "Zoom to an area"),
        ("Double-click", "Clear the selection"),
        ("Middle-drag", "Pan"),
        ("Right-click", "Play, loop, zoom, edit, export"),
        ("Click an edited box", "Select it"),
        ("Drag the curtain divider", "Show more of one picture"),
    ),
    "Mouse wheel": (
        ("Wheel", "Scroll in frequency (or zoom in time: see Preferences)"),
        ("Shift+wheel", "Scroll in time"),
        ("Ctrl+wheel, pinch", "Zoom in time at the pointer"),
        ("Ctrl+Shift+wheel, Alt+wheel", "Zoom in frequency at the pointer"),
        ("Wheel on a ruler", "Zoom that ruler"),
        ("Wheel on a list, number or slider", "Change it, if it has the focus"),
    ),
    "Mouse: around the pictures": (
        ("Drag on the time ruler", "Scrub"),
        ("Overview", "Drag the frame or its edges; click to go there"),
        ("M, S next to an octave", "Mute or solo it"),
        ("Drag or wheel on an octave's gain", "Change it; double-click for 0 dB"),
        ("Click the clip light or the dropout counter", "Reset it"),
    ),
    "Controls with the keyboard": (
        ("Tab, Shift+Tab", "Go to the next or the previous control"),
        ("Space, arrows", "Operate the control reached with Tab"),
        ("Enter", "Apply the typed number"),
        ("Esc", "Return to the pictures"),
    ),
}


class KeysDialog(QDialog):
    """Every action with a key, grouped by menus, and the mouse; typing filters the list.

    Parameters
    ----------
    window : QMainWindow
        Whose menus it lists.
    """

    def __init__(self, window: QMainWindow) -> None:
        super().__init__(window)
        self.setWindowTitle("Keys and mouse")
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self._search = QLineEdit()
        self._search.setPlaceholderText("Search keys and actions")
        self._search.setAccessibleName("Search keys and actions")
        self._search.setClearButtonEnabled(True)
        self._search.textChanged.connect(self._filter)
        self._list = QTreeWidget()
        self._list.setHeaderHidden(True)
        self._list.setColumnCount(2)
        self._list.setRootIsDecorated(False)
        self._list.setIndentation(12)
        self._list.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        menus = window.menuBar()
        for menu in (action.menu() for action in (menus.actions() if menus else ())):
            if menu:
                self._add_menu(menu)
        for title, rows in MOUSE.items():
            self._add(title, rows)
        header = self._list.header()
        if header:
            header.setSectionResizeMode(0, QHeaderView.ResizeMode.ResizeToContents)
            header.setSectionResizeMode(1, QHeaderView.ResizeMode.Stretch)
        buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Close)
        buttons.rejected.connect(self.close)
        layout = QVBoxLayout(self)
        for widget in (self._search, self._list, buttons):
            layout.addWidget(widget)
        screen = window.screen()
        self.resize(SIZE.boundedTo(screen.availableSize() * 0.9) if screen else SIZE)
        self._search.setFocus()

    def _add_menu(self, menu: QMenu, above: str = "") -> None:
        title = above + menu.title().replace("&", "")
        rows = [
            (", ".join(key.toString() for key in action.shortcuts()), action.iconText().rstrip("…"))
            for action in menu.actions()
            if action.shortcuts() and not action.menu()
        ]
        self._add(title, rows)
        for below in (action.menu() for action in menu.actions()):
            if below:
                self._add_menu(below, f"{title} › ")

    def _add(self, title: str, rows: Iterable[tuple[str, str]]) -> None:
        group: QTreeWidgetItem | None = None
        for row in rows:
            if group is None:
                group = QTreeWidgetItem(self._list, [title])
                group.setFirstColumnSpanned(True)
                font = group.font(0)
                font.setBold(True)
                group.setFont(0, font)
                group.setExpanded(True)
            QTreeWidgetItem(group, list(row))

    def _filter(self, text: str) -> None:
        """Show only rows that contain each typed word, in the key, the action or the group."""
        words = text.lower().split()
        for group in self._groups():
            rows = [row for row in (group.child(number) for number in range(group.childCount())) if row]
            for row in rows:
                said = f"{row.text(0)} {row.text(1)} {group.text(0)}".lower()
                row.setHidden(not all(word in said for word in words))
            group.setHidden(all(row.isHidden() for row in rows))

    def _groups(self) -> Iterator[QTreeWidgetItem]:
        for number in range(self._list.topLevelItemCount()):
            if group := self._list.topLevelItem(number):
                yield group

    @property
    def rows(self) -> list[tuple[str, str]]:
        """The keys and actions that are visible now."""
        return [
            (row.text(0), row.text(1))
            for group in self._groups()
            for row in (group.child(number) for number in range(group.childCount()))
            if row and not row.isHidden()
        ]

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() == Qt.Key.Key_Escape and self._search.text():
            self._search.clear()  # a first Esc shows everything again
        else:
            super().keyPressEvent(event)
