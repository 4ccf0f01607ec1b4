"""Take the screenshots in this folder: each demo track at a place worth seeing, and other views.

    python docs/screenshots.py

It needs no display.
"""

import os
from dataclasses import replace
from pathlib import Path

os.environ["QT_QPA_PLATFORM"] = "offscreen"
os.environ["QT_LOGGING_RULES"] = "qt.qpa.*=false"
os.environ["XDG_CONFIG_HOME"] = os.devnull  # ignore the settings of whoever runs this

from PyQt6.QtCore import QEventLoop, QTimer

from msviz.audio import open_audio
from msviz.demos import demo_tracks
from msviz.gui.app import application
from msviz.gui.model.parameters import Parameters
from msviz.gui.model.view import Box
from msviz.gui.window import Window
from msviz.lab import Recipe

SIZE = 1360, 850
RESYNTHESIS_TAB = 1
PLACES = {  # visible seconds, and the pointer in seconds and Hz
    "House": (4.6, 6.0, (5.03, 9000.0)),
    "Techno": (4.95, 6.25, (5.36, 9000.0)),
    "Seven tone": (2.0, 6.0, (2.6, 586.0)),
    "Bach": (0.0, 6.6, (1.0, 523.3)),
}


VIEWS = {  # track, visible seconds, pointer, pictures shown, changed parameters, and switches
    "curtain": ("Seven tone", 2.0, 6.0, (3.2, 586.0), "curtain", {}, ("smooth", "notes")),
    "reassigned": ("Bach", 0.0, 6.6, (1.0, 523.3), "octaves", {"drawn": "reassigned"}, ("harmonics",)),
    "combined": ("Techno", 4.95, 6.25, (5.36, 1000.0), "both", {"drawn": "combined"}, ("linear",)),
    "edits": ("Bach", 0.0, 6.6, (1.0, 523.3), "octaves", {}, ("rebuilt",)),
    "lab": ("Seven tone", 2.0, 6.0, (2.6, 586.0), "both", {}, ("rebuilt",)),
}


def edit(window: Window) -> None:
    """Silence a selection, mute one octave and lower the gain of another."""
    window.view.select(Box(2.5, 4.1, 480.0, 1200.0))
    window.editing.remove()
    window.view.select(None)
    window.editing.change_octave(7, "muted", True)
    window.editing.change_octave(3, "gain_db", -6.0)


def lose(window: Window) -> None:
    """Keep a few coefficients, and play what is left."""
    window.inspector.tab = RESYNTHESIS_TAB
    window.track.recipe = Recipe(kept=1.0, phase_bits=4)


DONE = {"edits": edit, "lab": lose}


def wait(milliseconds: int) -> None:
    """Process events for a while."""
    loop = QEventLoop()
    QTimer.singleShot(milliseconds, loop.quit)
    loop.exec()


def shoot(name: str, track: str, start: float, stop: float, pointer: tuple[float, float]) -> None:
    """Open a track in a window, show part of it and save a screenshot."""
    window = Window()
    window.resize(*SIZE)
    window.show_source(open_audio(demo_tracks()[track]))
    window.show()
    _, _, _, _, shown, parameters, switches = VIEWS.get(name, (None,) * 4 + ("both", {}, ()))
    window.pictures.set_shown(shown)
    window.work.set_parameters(replace(Parameters(), **parameters))
    for switch in window.actions_.switches:
        window.actions_.switches[switch].setChecked(switch in ("waveform", "octave controls", *switches))
    window.view.show(window.view.full._replace(start_s=start, stop_s=stop))
    while window.analysis is None or window.analysis.progress < 1:
        wait(50)
    if name in DONE:
        DONE[name](window)
        wait(5000)  # until the resynthesis is drawn
    wait(500)
    window.view.set_cursor(pointer)
    window.listening.seek(start + 0.4 * (stop - start))
    wait(300)
    file = Path(__file__).parent / f"{name}.png"
    window.grab().save(str(file), "PNG", 0)
    print(f"{file.name}: {file.stat().st_size // 1024} KiB")
    window.close()


def main() -> None:
    """Take all screenshots."""
    application()
    for track, place in PLACES.items():
        shoot(demo_tracks()[track].stem, track, *place)
    for name, (track, start, stop, pointer, *_) in VIEWS.items():
        shoot(name, track, start, stop, pointer)


if __name__ == "__main__":
    main()
