"""What the keys and the mouse do, and what msviz is."""

from __future__ import annotations

from collections.abc import Iterable

from PyQt6.QtCore import QSize, Qt
from PyQt6.QtGui import QAction, QTextCursor
from PyQt6.QtWidgets import QDialog, QDialogButtonBox, QMessageBox, QTextBrowser, QVBoxLayout, QWidget

from msviz import __version__
from msviz.log import log_path

BY_TAB = (
    ("Tab, Shift+Tab", "to the next control, to the one before"),
    ("Space, arrows", "work a control that Tab led to"),
    ("Enter", "take the number that is typed"),
    ("Esc", "back to the pictures"),
)
MOUSE = (
    ("Click", "go there"),
    ("Drag", "select a box"),
    ("Shift + drag", "zoom to a box"),
    ("Double click", "clear the selection"),
    ("Middle drag", "move the pictures"),
    ("Wheel", "move in frequency (a preference: zoom in time)"),
    ("Shift + wheel", "move in time"),
    ("Ctrl + wheel, pinch", "zoom in time, about the pointer"),
    ("Alt + wheel", "zoom in frequency, about the pointer"),
    ("Wheel on a ruler", "zoom that ruler"),
    ("Wheel on a list, number or slider", "change it, where it has the focus"),
    ("Drag the playhead, drag on the time ruler", "scrub: listen under the hand"),
    ("Right click", "what can be done to a box or an octave"),
    ("Click an edited box", "choose it"),
    ("M, S beside an octave", "mute it, solo it"),
    ("Drag or wheel on an octave's dB", "its gain; double click: 0 dB"),
    ("Click the clip light or the dropouts", "reset it"),
    ("Drag the curtain's edge", "more of the octaves, or of the STFT"),
    ("Overview", "drag the box or its edges, click to go there"),
)


def show_keys(parent: QWidget) -> None:
    """A dialog with every action that has a key, from the menus themselves, and the mouse."""
    rows = [
        (
            ", ".join(key.toString() for key in action.shortcuts()),
            action.iconText().rstrip("…"),
        )
        for action in parent.findChildren(QAction)
        if action.shortcuts()
    ]
    text = _show_text("Keys and mouse", parent)
    text.setHtml(
        f"<table><tr><td style='padding-right: 32px'><h3>Keys</h3>{_table(rows)}</td>"
        f"<td><h3>Mouse</h3>{_table(MOUSE)}<h3>Without a mouse</h3>{_table(BY_TAB)}</td></tr></table>"
    )


def show_log(parent: QWidget) -> None:
    """A dialog with what failed, the latest last, and where the file is."""
    path = log_path()
    try:
        log = path.read_text("utf-8", "replace")
    except OSError:
        log = ""
    text = _show_text("Log", parent)
    text.setLineWrapMode(QTextBrowser.LineWrapMode.NoWrap)
    text.setPlainText(f"{log}\n{path}" if log else "Nothing has failed.")
    text.moveCursor(QTextCursor.MoveOperation.End)
    text.moveCursor(QTextCursor.MoveOperation.StartOfLine)


def _show_text(title: str, parent: QWidget) -> QTextBrowser:
    """A dialog with nothing but a text, which is returned."""
    dialog, text = QDialog(parent), QTextBrowser()
    dialog.setWindowTitle(title)
    buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Close)
    buttons.rejected.connect(dialog.reject)
    layout = QVBoxLayout(dialog)
    layout.addWidget(text)
    layout.addWidget(buttons)
    dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
    dialog.resize(QSize(840, 780).boundedTo(parent.screen().availableSize()))
    dialog.open()
    return text


def _table(rows: Iterable[tuple[str, str]]) -> str:
    cells = "".join(
        f"<tr><td style='padding-right: 24px'><b>{key}</b></td><td>{what}</td></tr>" for key, what in rows
    )
    return f"<table cellpadding='2'>{cells}</table>"


def show_about(parent: QWidget) -> None:
    """What msviz is, and under which terms."""
    QMessageBox.about(
        parent,
        "About msviz",
        f"<h3>msviz {__version__}</h3><p>See and hear a track octave by octave: an invertible multi-scale "
        "transform beside an STFT.</p><p>Free software under the GNU General Public License, version 3 or "
        "later. The demo tracks and the sounds in them are CC0.</p>",
    )
