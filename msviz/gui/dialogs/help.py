"""The log, and what msviz is."""

from __future__ import annotations

from PyQt6.QtCore import QSize, Qt
from PyQt6.QtGui import QTextCursor
from PyQt6.QtWidgets import QDialog, QDialogButtonBox, QMessageBox, QTextBrowser, QVBoxLayout, QWidget

from msviz import __version__
from msviz.log import log_path


def show_log(parent: QWidget) -> None:
    """Show what failed, the latest last, and where the log file is."""
    path = log_path()
    try:
        log = path.read_text("utf-8", "replace")
    except OSError:
        log = ""
    text = _show_text("Log", parent)
    text.setLineWrapMode(QTextBrowser.LineWrapMode.NoWrap)
    text.setPlainText(f"{log}\n{path}" if log else "No errors have been logged.")
    text.moveCursor(QTextCursor.MoveOperation.End)
    text.moveCursor(QTextCursor.MoveOperation.StartOfLine)


def _show_text(title: str, parent: QWidget) -> QTextBrowser:
    """Open a dialog with a text, which is returned."""
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


def show_about(parent: QWidget) -> None:
    """Show what msviz is, and its licence."""
    QMessageBox.about(
        parent,
        "About msviz",
        f"<h3>msviz {__version__}</h3><p>See and hear a track octave by octave: an invertible multi-scale "
        "transform next to an STFT.</p><p>Free software under the GNU General Public License, version 3 or "
        "later. The demo tracks and the sounds in them are CC0.</p>",
    )
