#!/usr/bin/env bash
# pyqtSignal(int) wraps a sample position beyond 2**31 - 1 to a negative one; Qt widgets and methods raise instead.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
python3 -m venv env
env/bin/pip install -q PyQt6==6.9.1 PyQt6-Qt6==6.9.2
QT_QPA_PLATFORM=offscreen env/bin/python - <<'PYTHON'
import PyQt6.QtCore
import PyQt6.QtWidgets

POSITION = 4 * 3600 * 192_000  # samples in four hours at 192 kHz
print("PyQt", PyQt6.QtCore.PYQT_VERSION_STR, "- position", POSITION)
print("guess: a Python int arrives as it was sent, or OverflowError is raised, as in QSlider.setMaximum")
seen = {}


class Sender(PyQt6.QtCore.QObject):
    narrow = PyQt6.QtCore.pyqtSignal(int)
    wide = PyQt6.QtCore.pyqtSignal("qint64")
    python = PyQt6.QtCore.pyqtSignal(object)


sender = Sender()
for name, signal in (
    ("pyqtSignal(int)", sender.narrow),
    ("pyqtSignal('qint64')", sender.wide),
    ("pyqtSignal(object)", sender.python),
):
    signal.connect(lambda value, name=name: seen.update({name: value}))
    signal.emit(POSITION)
    print("seen:", name, "carries", seen[name])
application = PyQt6.QtWidgets.QApplication([])
try:
    PyQt6.QtWidgets.QSlider().setMaximum(POSITION)
except OverflowError as error:
    print("      QSlider.setMaximum:", error)
else:
    raise SystemExit("QSlider took it")
assert seen["pyqtSignal(int)"] == POSITION - 2**32
assert seen["pyqtSignal('qint64')"] == seen["pyqtSignal(object)"] == POSITION
PYTHON
