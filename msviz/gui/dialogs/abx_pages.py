"""The pages of the ABX test: what to compare, which source X is, and the result."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import NamedTuple

from PyQt6.QtCore import QSettings, Qt
from PyQt6.QtGui import QFont, QFontDatabase, QKeySequence, QPalette, QShortcut
from PyQt6.QtWidgets import (
    QButtonGroup,
    QComboBox,
    QFormLayout,
    QHBoxLayout,
    QLabel,
    QPlainTextEdit,
    QProgressBar,
    QPushButton,
    QSpinBox,
    QVBoxLayout,
    QWidget,
)

from msviz.playback.abx import PLACES

MOST_TRIALS = 100
LAST_RESULT = "abx/last result"
LASTS = "This result stays available the next time you open the ABX test."
ANSWER_KEYS = {"A": (Qt.Key.Key_1, Qt.Key.Key_Left), "B": (Qt.Key.Key_2, Qt.Key.Key_Right)}


class Setup(QWidget):
    """Which sources, how many trials."""

    def __init__(self, names: tuple[str, ...], region: str) -> None:
        super().__init__()
        self.chosen = (QComboBox(), QComboBox())
        for number, combo in enumerate(self.chosen):
            combo.addItems(names)
            combo.setCurrentIndex(min(number, len(names) - 1))
        self.count = QSpinBox()
        self.count.setRange(1, MOST_TRIALS)
        self.count.setValue(16)
        self.start, self.cancel = QPushButton("Start"), QPushButton("Cancel")
        self.last_result = QPushButton("Show last result")
        self.last_result.setAutoDefault(False)
        self.start.setDefault(True)
        self.cancel.setAutoDefault(False)
        self.progress = QProgressBar()
        self.progress.setRange(0, 1000)
        self.progress.setTextVisible(False)
        self._message = _label("")
        form = QFormLayout()
        form.setVerticalSpacing(10)
        form.setHorizontalSpacing(16)
        form.setFieldGrowthPolicy(QFormLayout.FieldGrowthPolicy.AllNonFixedFieldsGrow)
        for text, widget in (
            ("&A", self.chosen[0]),
            ("&B", self.chosen[1]),
            ("Tria&ls", self.count),
            ("Range", QLabel(region)),
        ):
            form.addRow(text, widget)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(14)
        layout.addWidget(
            _label(
                "In each trial X is A or B, chosen at random. Listen to all three as often as you like, "
                "then decide which of the two X is. You'll see your score at the end."
            )
        )
        layout.addLayout(form)
        layout.addWidget(self._message)
        layout.addStretch()
        layout.addWidget(self.progress)
        layout.addLayout(_row(self.last_result, None, self.cancel, self.start))
        self.set_busy(False)

    @property
    def names(self) -> tuple[str, str]:
        a, b = self.chosen
        return a.currentText(), b.currentText()

    def set_busy(self, busy: bool) -> None:
        self.progress.setValue(0)
        self.progress.setVisible(busy)
        self.cancel.setVisible(busy)
        for widget in (*self.chosen, self.count, self.start, self.last_result):
            widget.setEnabled(not busy)
        (self.cancel if busy else self.chosen[0]).setFocus()

    def show_message(self, text: str) -> None:
        self._message.setText(text)


class Blind(QWidget):
    """One trial: play A, B and X, and answer which one X is."""

    def __init__(self) -> None:
        super().__init__()
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self._trial = _label("", large=1.3)
        self._heard = {name: _plain_button(name) for name in (*PLACES, "X")}
        group = QButtonGroup(self)
        for button in self._heard.values():
            button.setCheckable(True)
            button.setMinimumHeight(72)
            button.setFont(_scaled(button.font(), 2.0))
            group.addButton(button)
        self._answers = {name: _plain_button(f"X is {name}") for name in PLACES}
        for button in self._answers.values():
            button.setMinimumHeight(44)
        self._hint = _label("")
        self._hint.setEnabled(False)
        self._error = _label("")
        self.retry = QPushButton("Try again")
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(14)
        layout.addWidget(self._trial)
        layout.addLayout(_row(*self._heard.values()))
        layout.addLayout(_row(*self._answers.values()))
        layout.addWidget(self._hint)
        layout.addStretch()
        layout.addLayout(_row(self._error, self.retry))
        self.show_error("")

    def connect(
        self, hear: Callable[[str], None], answer: Callable[[str], None], toggle: Callable[[], None]
    ) -> None:
        """Call these for what is pressed, by key or mouse."""
        for name, button in self._heard.items():
            button.clicked.connect(partial(self._call, button, hear, name))
            self._on_key(name, partial(self._call, button, hear, name))
        for name, button in self._answers.items():
            button.clicked.connect(partial(self._call, button, answer, name))
            for key in ANSWER_KEYS[name]:
                self._on_key(key, partial(self._call, button, answer, name))
        self._on_key(Qt.Key.Key_Space, toggle)

    def _call(self, button: QPushButton, what: Callable[[str], None], name: str, *_: object) -> None:
        if button.isEnabled():
            what(name)

    def _on_key(self, key: Qt.Key | str, what: Callable[[], None]) -> None:
        shortcut = QShortcut(QKeySequence(key), self)
        shortcut.setAutoRepeat(False)  # one press is one answer
        shortcut.activated.connect(what)

    def show_trial(self, number: int, count: int) -> None:
        self._trial.setText(f"Trial {number} of {count}")
        self.show_heard("A")
        for button in self._answers.values():
            button.setEnabled(False)
        self._hint.setText("Listen to X first.\nKeys: A, B and X switch, Space pauses")

    def show_heard(self, name: str) -> None:
        self._heard[name].setChecked(True)
        for each, button in self._heard.items():
            button.setPalette(_chosen(self.palette()) if each == name else self.palette())
        if name == "X":  # an answer before X was played is a slip
            for button in self._answers.values():
                button.setEnabled(True)
            self._hint.setText("Keys: A, B and X switch, 1 or ← answers A, 2 or → answers B, Space pauses")

    def show_error(self, text: str) -> None:
        self._error.setText(text)
        self.retry.setVisible(bool(text))


class AbxResult(NamedTuple):
    """A result as it is shown and saved."""

    summary: str
    verdict: str
    report: str
    track: str

    def save(self, settings: QSettings) -> None:
        """Save it as the last result, in place of the one before."""
        settings.setValue(LAST_RESULT, list(self))

    @classmethod
    def load(cls, settings: QSettings) -> AbxResult | None:
        """The last result; None if there is none."""
        texts = settings.value(LAST_RESULT)
        complete = isinstance(texts, list) and len(texts) == len(cls._fields)
        return cls(*map(str, texts)) if complete else None


class Result(QWidget):
    """Score, p-value, what they mean, and every trial."""

    def __init__(self) -> None:
        super().__init__()
        self._hits = _label("", large=1.6)
        self._meaning = _label("")
        self._text = QPlainTextEdit()
        self._text.setReadOnly(True)
        self._text.setFont(QFontDatabase.systemFont(QFontDatabase.SystemFont.FixedFont))
        self._text.setTabChangesFocus(True)
        self._message = _label(LASTS)
        self.save, self.close_button = QPushButton("Save…"), QPushButton("Close")
        self.save.setShortcut(QKeySequence.StandardKey.Save)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(12)
        for widget in (self._hits, self._meaning, self._text, self._message):
            layout.addWidget(widget)
        layout.addLayout(_row(None, self.save, self.close_button))

    def show_result(self, result: AbxResult) -> None:
        self._hits.setText(result.summary)
        self._meaning.setText(result.verdict)
        self._text.setPlainText(result.report)

    def show_message(self, text: str) -> None:
        self._message.setText(text)


def _chosen(palette: QPalette) -> QPalette:
    """For the button of the source that is playing."""
    role = QPalette.ColorRole
    palette.setColor(role.Button, palette.color(role.Highlight))
    palette.setColor(role.ButtonText, palette.color(role.HighlightedText))
    return palette


def _label(text: str, large: float = 1.0) -> QLabel:
    label = QLabel(text)
    label.setWordWrap(True)
    label.setFont(_scaled(label.font(), large))
    return label


def _scaled(font: QFont, factor: float) -> QFont:
    font.setPointSizeF(font.pointSizeF() * factor)
    return font


def _plain_button(text: str) -> QPushButton:
    """A button that leaves the keys to the page."""
    button = QPushButton(text)
    button.setFocusPolicy(Qt.FocusPolicy.NoFocus)
    button.setAutoDefault(False)
    return button


def _row(*widgets: QWidget | None) -> QHBoxLayout:
    """Widgets side by side; None is what stretches."""
    row = QHBoxLayout()
    row.setSpacing(10)
    for widget in widgets:
        if widget is None:
            row.addStretch()
        else:
            row.addWidget(widget, 1 if isinstance(widget, QLabel) or widget.minimumHeight() else 0)
    return row
