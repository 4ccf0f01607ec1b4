#!/usr/bin/env bash
# QRectF.intersected gives a null rectangle at (0, 0) for one without height; QRect.intersected gives it back.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
python3 -m venv env
env/bin/pip install -q PyQt6==6.9.1 PyQt6-Qt6==6.9.2
env/bin/python - <<'PYTHON'
from PyQt6.QtCore import QT_VERSION_STR, QPoint, QPointF, QRect, QRectF, QSize, QSizeF

print("Qt", QT_VERSION_STR)
print("guess: a drag straight across, cut to a picture that it lies in, is the drag")
size, at = (100, 50), (20, 30)
whole = QRectF(QPointF(0, 0), QSizeF(*size)).intersected(QRectF(QPointF(*at), QSizeF(40, 0)))
print("seen: QRectF:", whole)
as_integers = QRect(QPoint(0, 0), QSize(*size)).intersected(QRect(QPoint(*at), QSize(40, 0)))
print("      QRect: ", as_integers)
assert whole == QRectF() and whole.left() == 0  # a drag to zoom with goes to time 0
assert as_integers == QRect(20, 30, 40, 0)
assert not QRectF(0, 0, 100, 50).contains(QRectF(20, 30, 40, 0))
assert QRectF(0, 0, 100, 50).contains(QPointF(20, 30)) and QRectF(0, 0, 100, 50).contains(QPointF(60, 30))
print("      QRectF.contains says no of it, and yes of both of its ends")
PYTHON
