#!/usr/bin/env bash
# pyqtgraph sets the colour levels of an image from some of its pixels: a click in a spectrogram turns it all black.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
python3 -m venv env
env/bin/pip install -q numpy==2.2.6 PyQt6==6.9.1 PyQt6-Qt6==6.9.2 pyqtgraph==0.14.0
QT_QPA_PLATFORM=offscreen env/bin/python - <<'PYTHON'
import numpy as np
import pyqtgraph

application = pyqtgraph.mkQApp()
print("pyqtgraph", pyqtgraph.__version__)
print("guess: autoLevels, the default, goes from the least value to the greatest")
frames = 10_000  # of a spectrogram in dB, 1025 bins each: two minutes
noise = np.random.default_rng(1).normal(-60, 5, (frames, 1025)).astype(np.float32)
low, high = pyqtgraph.ImageItem(noise).levels
print(f"seen: noise from {noise.min():.1f} to {noise.max():.1f} dB has levels from {low:.1f} to {high:.1f}")
assert high < noise.max() - 4
click = np.full((frames, 1025), -80, np.float32)
click[5001] = 0  # all frequencies of one frame
levels = {"whole": pyqtgraph.ImageItem(click).levels, "part": pyqtgraph.ImageItem(click[4900:5100]).levels}
for name, (low, high) in levels.items():
    print(f"      silence at -80 dB with a click at 0 dB, {name}: levels from {low:g} to {high:g}")
assert tuple(levels["part"]) == (-80, 0)  # under a million pixels: all count
assert tuple(levels["whole"]) == (0, 255)  # the click was not seen, so -80 to -80, for which it takes 0 to 255
PYTHON
