"""Make the pictures of the window in this folder: the demo tracks, each at a telling place.

    python docs/screenshots.py

Needs no display.
"""

import os
from pathlib import Path

os.environ["QT_QPA_PLATFORM"] = "offscreen"
os.environ["QT_LOGGING_RULES"] = "qt.qpa.*=false"
os.environ["XDG_CONFIG_HOME"] = os.devnull  # not the settings of whoever runs this

from PyQt6.QtCore import QEventLoop, QTimer

from msviz.audio import open_audio
from msviz.demos import demo_tracks
from msviz.gui.app import application
from msviz.gui.window import Window

SIZE = 1360, 850
PLACES = {  # seconds seen, and the pointer in seconds and Hz
    "House": (4.6, 6.0, (5.03, 9000.0)),
    "Techno": (4.95, 6.25, (5.36, 9000.0)),
    "Seven tone": (2.0, 6.0, (2.6, 586.0)),
    "Bach": (0.0, 6.6, (1.0, 523.3)),
}


def wait(milliseconds: int) -> None:
    """Let the window live."""
    loop = QEventLoop()
    QTimer.singleShot(milliseconds, loop.quit)
    loop.exec()


def main() -> None:
    """One picture a demo."""
    application()
    for name, path in demo_tracks().items():
        start, stop, pointer = PLACES[name]
        window = Window()
        window.resize(*SIZE)
        window.show_source(open_audio(path))
        window.show()
        window.view.show(window.view.full._replace(start_s=start, stop_s=stop))
        while window.analysis is None or window.analysis.progress < 1:
            wait(50)
        wait(500)
        window.view.set_cursor(pointer)
        window.seek(start + 0.4 * (stop - start))
        wait(100)
        file = Path(__file__).parent / f"{path.stem}.png"
        window.grab().save(str(file), "PNG", 0)
        print(f"{file.name}: {file.stat().st_size // 1024} KiB")
        window.close()


if __name__ == "__main__":
    main()
