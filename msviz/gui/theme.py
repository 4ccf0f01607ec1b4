"""How the window looks: a dark or a light palette, and icons drawn in its colours."""

from __future__ import annotations

from PyQt6.QtCore import QPointF, QRect, QRectF, QSize, Qt
from PyQt6.QtGui import QColor, QIcon, QIconEngine, QPainter, QPalette, QPixmap, QPolygonF
from PyQt6.QtWidgets import QApplication, QProxyStyle, QStyle, QStyleHintReturn, QStyleOption, QWidget

ACCENT = QColor(255, 138, 76)
LINK_ON_LIGHT = QColor("#b34700")
FAINT = 0.67  # opacity of hints and of what is disabled: as faint as can be read well, 4.5:1
DARK = {
    "Window": "#1e1f23",
    "Base": "#17181b",
    "AlternateBase": "#222328",
    "Button": "#2b2c31",
    "Text": "#dddee2",
    "Dark": "#141518",
    "Mid": "#35363c",
    "Light": "#3c3e45",
    "ToolTip": "#2b2c31",
}
LIGHT = {
    "Window": "#f0f0f2",
    "Base": "#ffffff",
    "AlternateBase": "#e8e8eb",
    "Button": "#e6e6e9",
    "Text": "#1c1d20",
    "Dark": "#b0b0b6",
    "Mid": "#c8c8cd",
    "Light": "#ffffff",
    "ToolTip": "#ffffff",
}


class Style(QProxyStyle):
    """Fusion, without those of its icons that are black on every palette."""

    def __init__(self) -> None:
        super().__init__("Fusion")

    def styleHint(
        self,
        hint: QStyle.StyleHint,
        option: QStyleOption | None = None,
        widget: QWidget | None = None,
        returnData: QStyleHintReturn | None = None,
    ) -> int:
        if hint == QStyle.StyleHint.SH_DialogButtonBox_ButtonsHaveIcons:
            return 0
        return super().styleHint(hint, option, widget, returnData)

    def standardIcon(
        self,
        standardIcon: QStyle.StandardPixmap,
        option: QStyleOption | None = None,
        widget: QWidget | None = None,
    ) -> QIcon:
        if standardIcon == QStyle.StandardPixmap.SP_ToolBarHorizontalExtensionButton:
            return icon("more")
        return super().standardIcon(standardIcon, option, widget)


def apply_theme(app: QApplication, theme: str = "system") -> None:
    """Dark or light; "system": dark, unless the system asks for light."""
    hints = app.styleHints()
    light = hints is not None and hints.colorScheme() == Qt.ColorScheme.Light
    if theme != "system":
        light = theme == "light"
    colours = {name: QColor(value) for name, value in (LIGHT if light else DARK).items()}
    role = QPalette.ColorRole
    palette = QPalette(colours["Button"], colours["Window"])
    for each in (role.WindowText, role.Text, role.ButtonText, role.ToolTipText, role.BrightText):
        palette.setColor(each, colours["Text"])
    palette.setColor(role.ToolTipBase, colours["ToolTip"])
    for name in ("Base", "AlternateBase", "Dark", "Mid", "Light"):
        palette.setColor(role[name], colours[name])
    palette.setColor(role.Highlight, ACCENT)
    palette.setColor(role.HighlightedText, QColor(20, 20, 20))
    palette.setColor(role.Link, LINK_ON_LIGHT if light else ACCENT)
    faint = QColor(colours["Text"])
    faint.setAlphaF(FAINT)
    palette.setColor(role.PlaceholderText, faint)
    for each in (role.WindowText, role.Text, role.ButtonText):
        palette.setColor(QPalette.ColorGroup.Disabled, each, faint)
    app.setPalette(palette)
    palette.setColor(role.Window, colours["Text"])  # from which Fusion takes the edge of a box to tick
    app.setPalette(palette, "QCheckBox")
    for widget in app.allWidgets():
        if sheet := widget.styleSheet():  # it keeps the palette that it was set with
            widget.setStyleSheet("")
            widget.setStyleSheet(sheet)


# Each as polygons in a square from 0 to 1.
_SHAPES: dict[str, list[list[tuple[float, float]]]] = {
    "play": [[(0.25, 0.15), (0.85, 0.5), (0.25, 0.85)]],
    "pause": [
        [(0.25, 0.17), (0.42, 0.17), (0.42, 0.83), (0.25, 0.83)],
        [(0.58, 0.17), (0.75, 0.17), (0.75, 0.83), (0.58, 0.83)],
    ],
    "stop": [[(0.22, 0.22), (0.78, 0.22), (0.78, 0.78), (0.22, 0.78)]],
    "start": [
        [(0.2, 0.2), (0.3, 0.2), (0.3, 0.8), (0.2, 0.8)],
        [(0.82, 0.2), (0.36, 0.5), (0.82, 0.8)],
    ],
    "loop": [
        [
            (0.12, 0.56),
            (0.12, 0.3),
            (0.6, 0.3),
            (0.6, 0.14),
            (0.86, 0.37),
            (0.6, 0.6),
            (0.6, 0.44),
            (0.26, 0.44),
            (0.26, 0.56),
        ],
        [
            (0.88, 0.44),
            (0.88, 0.7),
            (0.4, 0.7),
            (0.4, 0.86),
            (0.14, 0.63),
            (0.14, 0.62),
            (0.4, 0.4),
            (0.4, 0.56),
            (0.74, 0.56),
            (0.74, 0.44),
        ],
    ],
    "loud": [
        [(0.1, 0.36), (0.28, 0.36), (0.5, 0.16), (0.5, 0.84), (0.28, 0.64), (0.1, 0.64)],
        [(0.6, 0.34), (0.68, 0.34), (0.68, 0.66), (0.6, 0.66)],
        [(0.78, 0.2), (0.86, 0.2), (0.86, 0.8), (0.78, 0.8)],
    ],
    "muted": [
        [(0.1, 0.36), (0.28, 0.36), (0.5, 0.16), (0.5, 0.84), (0.28, 0.64), (0.1, 0.64)],
        [(0.58, 0.4), (0.63, 0.35), (0.9, 0.62), (0.85, 0.67)],
        [(0.85, 0.35), (0.9, 0.4), (0.63, 0.67), (0.58, 0.62)],
    ],
    "zoom in": [
        [(0.44, 0.12), (0.56, 0.12), (0.56, 0.88), (0.44, 0.88)],
        [(0.12, 0.44), (0.88, 0.44), (0.88, 0.56), (0.12, 0.56)],
    ],
    "zoom out": [[(0.12, 0.44), (0.88, 0.44), (0.88, 0.56), (0.12, 0.56)]],
    "show all": [
        [(0.08, 0.14), (0.18, 0.14), (0.18, 0.86), (0.08, 0.86)],
        [(0.82, 0.14), (0.92, 0.14), (0.92, 0.86), (0.82, 0.86)],
        [
            (0.22, 0.5),
            (0.4, 0.3),
            (0.4, 0.45),
            (0.6, 0.45),
            (0.6, 0.3),
            (0.78, 0.5),
            (0.6, 0.7),
            (0.6, 0.55),
            (0.4, 0.55),
            (0.4, 0.7),
        ],
    ],
    "curtain": [
        [(0.46, 0.06), (0.54, 0.06), (0.54, 0.94), (0.46, 0.94)],
        [(0.06, 0.18), (0.38, 0.18), (0.38, 0.82), (0.06, 0.82)],
        [(0.62, 0.18), (0.94, 0.18), (0.94, 0.28), (0.62, 0.28)],
        [(0.62, 0.45), (0.94, 0.45), (0.94, 0.55), (0.62, 0.55)],
        [(0.62, 0.72), (0.94, 0.72), (0.94, 0.82), (0.62, 0.82)],
    ],
    "more": [
        [(0.15, 0.2), (0.5, 0.5), (0.15, 0.8), (0.15, 0.6), (0.28, 0.5), (0.15, 0.4)],
        [(0.55, 0.2), (0.9, 0.5), (0.55, 0.8), (0.55, 0.6), (0.68, 0.5), (0.55, 0.4)],
    ],
    "open": [
        [(0.1, 0.2), (0.4, 0.2), (0.48, 0.32), (0.85, 0.32), (0.85, 0.42), (0.1, 0.42)],
        [(0.1, 0.47), (0.9, 0.47), (0.82, 0.82), (0.1, 0.82)],
    ],
}


class _Shape(QIconEngine):
    """Draws one of the names above, in what is the palette's colour of writing by then."""

    def __init__(self, name: str) -> None:
        super().__init__()
        self._name = name

    def clone(self) -> QIconEngine:
        return _Shape(self._name)

    def paint(self, painter: QPainter, rect: QRect, mode: QIcon.Mode, state: QIcon.State) -> None:
        groups = QPalette.ColorGroup
        group = groups.Disabled if mode == QIcon.Mode.Disabled else groups.Active
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(QApplication.palette().color(group, QPalette.ColorRole.ButtonText))
        for polygon in _SHAPES[self._name]:
            points = [QPointF(rect.x() + rect.width() * x, rect.y() + rect.height() * y) for x, y in polygon]
            painter.drawPolygon(QPolygonF(points))

    def pixmap(self, size: QSize, mode: QIcon.Mode, state: QIcon.State) -> QPixmap:
        pixmap = QPixmap(size)
        pixmap.fill(Qt.GlobalColor.transparent)
        painter = QPainter(pixmap)
        self.paint(painter, pixmap.rect(), mode, state)
        painter.end()
        return pixmap


def icon(name: str) -> QIcon:
    """An icon in the palette's colour of writing: one of the names above."""
    return QIcon(_Shape(name))


def app_icon() -> QIcon:
    """Cells that halve in width, octave by octave."""
    size = 128
    pixmap = QPixmap(size, size)
    pixmap.fill(QColor("#17181b"))
    painter = QPainter(pixmap)
    heat = ["#1d1147", "#51127c", "#b73779", "#fc8961", "#fcfdbf"]
    for row in range(4):
        cells = 2 ** (4 - row)
        for cell in range(cells):
            colour = QColor(heat[(cell * (3 + row) + 2 * row + cell // 3) % len(heat)])
            width = (size - 16) / cells
            painter.fillRect(QRectF(8 + cell * width, 8 + row * 28, width - 1.5, 26), colour)
    painter.end()
    return QIcon(pixmap)
