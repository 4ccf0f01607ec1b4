"""From the start of the process to the first picture, and the memory that a track takes.

    python -m benchmarks.startup [FILE] [--repeats N]

Without a file, a demo track repeated to four minutes.  Every run is a process of its own; the bare
import of Qt and NumPy is timed beside it, in turns.  Needs no display: without one, Qt draws offscreen.
"""

from __future__ import annotations

import argparse
import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from benchmarks.tracks import make_track

MINUTES = 4

BARE = "import numpy, PyQt6.QtWidgets"

# Opens the window as `msviz FILE` does and prints seconds since the parent started it: to the
# window's first paint, to the first paint with a picture in it, until all is analysed; then the
# peak of memory in MB.
WINDOW = """
import resource, sys, time
started = float(sys.argv[2])
from msviz.audio import open_audio
from msviz.gui import app
from msviz.gui.canvas import picture_canvas
from PyQt6.QtCore import QTimer
from PyQt6.QtWidgets import QApplication
marks = []
paint = picture_canvas.PictureCanvas.paintEvent
def watched(self, event):
    paint(self, event)
    pyramid = self._viewport.pyramid
    known = pyramid is not None and pyramid.analysed.any()
    if len(marks) == 0 or (len(marks) == 1 and known):
        marks.append(time.time() - started)
picture_canvas.PictureCanvas.paintEvent = watched
def look():
    window = next(w for w in QApplication.topLevelWidgets() if hasattr(w, "analysis"))
    if window.analysis and window.analysis.progress == 1 and len(marks) == 2:
        marks.append(time.time() - started)
        window.close()
app.application()
timer = QTimer()
timer.timeout.connect(look)
timer.start(20)
app.run([open_audio(sys.argv[1])])
print(*marks, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024)
"""


def run(code: str, *arguments: str) -> tuple[float, str]:
    """Seconds that a Python process took, and what it printed."""
    environment = dict(os.environ)
    if not (environment.get("DISPLAY") or environment.get("WAYLAND_DISPLAY")):
        environment["QT_QPA_PLATFORM"] = "offscreen"
    started = time.time()
    done = subprocess.run(
        [sys.executable, "-c", code, *arguments, str(started)],
        env=environment,
        capture_output=True,
        text=True,
        check=True,
    )
    return time.time() - started, done.stdout


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("file", nargs="?", type=Path, help="the track to open")
    parser.add_argument("--repeats", type=int, default=5)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        path = options.file or Path(folder) / "four_minutes.flac"
        if not options.file:
            make_track(path, MINUTES)
        bare, rows = [], []
        for _ in range(options.repeats):
            bare.append(run(BARE)[0])
            rows.append([float(value) for value in run(WINDOW, str(path))[1].split()])
    names = ("window", "first picture", "all analysed")
    base = statistics.median(bare)
    print(f"bare import of Qt and NumPy   {base:6.2f} s")
    for name, values in zip(names, zip(*rows, strict=True), strict=False):
        middle = statistics.median(values)
        print(
            f"{name:28}  {middle:6.2f} s   {middle - base:+.2f} s   {middle / base:.1f} times the bare import"
        )
    print(f"{'peak memory':28}  {statistics.median(row[-1] for row in rows):6.0f} MB")


if __name__ == "__main__":
    main()
