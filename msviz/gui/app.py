"""Opening windows, and drawing pictures without one."""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from functools import cache
from pathlib import Path
from types import TracebackType
from typing import Any

from PyQt6.QtCore import QEvent, QSettings, QTimer
from PyQt6.QtWidgets import QApplication

from msviz.audio import AudioSource, Mix, mix_down
from msviz.cpus import available_cpus
from msviz.errors import MsvizError, ParameterError, as_sentence
from msviz.gui.model.parameters import POOLED, Parameters, kind_of
from msviz.gui.model.preferences import Preferences
from msviz.gui.model.view import Box
from msviz.gui.panels.figure import Figure, write
from msviz.gui.panels.pictures import Look
from msviz.gui.process import prepare, settle
from msviz.gui.theme import Style, app_icon, apply_theme
from msviz.gui.work.analysis import Picture, tile_levels
from msviz.log import logger
from msviz.signal import Source


@cache  # Qt's application ends when the last reference to it does
def application() -> QApplication:
    """The Qt application, made at the first call."""
    app = QApplication.instance()
    if isinstance(app, QApplication):
        return app
    prepare()
    app = QApplication(sys.argv[:1])
    app.setApplicationName("msviz")
    app.setOrganizationName("msviz")
    app.setDesktopFileName("msviz")
    app.setStyle(Style())
    apply_theme(app)
    app.setWindowIcon(app_icon())
    return app


def run(sources: Sequence[AudioSource]) -> int:
    """Open a window on each source, one that welcomes where there is none; until the last is closed.

    Raises
    ------
    MsvizError
        If there is no display to open a window on.
    """
    _require_display()
    app = application()

    def suit() -> None:
        """Look as a person prefers, and where that is as the system does, as it does now."""
        apply_theme(app, Preferences.load(QSettings()).theme)

    suit()
    if hints := app.styleHints():
        hints.colorSchemeChanged.connect(suit)
    from msviz.gui.window import Window

    windows: list[Window] = []

    def open_window(source: AudioSource | None = None) -> Window:
        window = Window()
        windows.append(window)
        window.window_requested.connect(open_another)
        if source:
            window.show_source(source)
        return window

    def open_another(path: Path | None) -> None:
        window = open_window()
        if path:
            window.files.open(path)
        window.show()

    def hush() -> None:
        """Let no window ask anything when it closes: nobody is there to answer."""
        for window in windows:
            window.asks = False

    def end() -> None:
        hush()
        app.closeAllWindows()

    # Not KeyboardInterrupt, which could leave a window half made and its threads running.
    signal.signal(signal.SIGINT, lambda *_: QTimer.singleShot(0, end))
    app.commitDataRequest.connect(hush)  # the session ends

    def tell(kind: type[BaseException], error: BaseException, traceback: TracebackType | None) -> None:
        """What nobody has foreseen: Qt would end the process, and with it what is on screen."""
        logger.error("Internal error", exc_info=(kind, error, traceback))
        for window in windows:
            window.messages.show_message(str(as_sentence(error)))

    sys.excepthook = tell
    shown: Sequence[AudioSource | None] = sources or [None]
    try:
        for source in shown:
            open_window(source)
        for window in windows:
            window.show()
        settle()
        # Python handles Ctrl-C only while it runs, and in Qt's loop it seldom does.
        awake = QTimer()
        awake.timeout.connect(lambda: None)
        awake.start(200)
        return app.exec()
    finally:  # whatever came between, no window's threads keep the process alive
        sys.excepthook = sys.__excepthook__
        hush()
        for window in windows:
            window.close()
            window.deleteLater()
        # What Python lets go of later, in an order of its own, must not be Qt's any more.
        app.sendPostedEvents(None, QEvent.Type.DeferredDelete.value)


def _require_display() -> None:
    """Qt ends the process where it finds no display: say so before it does."""
    if (
        sys.platform.startswith("linux")
        and not os.environ.get("QT_QPA_PLATFORM")
        and not (os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY"))
    ):
        raise MsvizError(
            "No display is available to open a window on. "
            "`msviz render FILE -o PICTURE.png` works without one."
        )


def render(
    source: Source,
    path: Path,
    *,
    start_s: float,
    stop_s: float,
    size: tuple[int, int],
    look: Look | None = None,
    parameters: Parameters | None = None,
    low_hz: float | None = None,
    high_hz: float | None = None,
    octaves: Any = None,
    stft: Any = None,
    name: str = "",
    theme: str = "dark",
) -> list[range]:
    """Draw a stretch of a track with the window's own canvases into a picture file.

    Parameters
    ----------
    source : Source
    path : Path
        Of the picture: .png, .jpg or .svg.
    start_s, stop_s : float
        The stretch, in seconds.
    size : tuple of int
        Width and height in pixels.
    look : Look
        How it is shown.
    parameters : Parameters
        What is computed; of a low rate, what goes with that.
    low_hz, high_hz : float
        The frequencies; by default all.
    octaves, stft
        Drawn in place of the transforms that the parameters tell.
    name : str
        With one there is a title, which tells it and what part of the track is seen.
    theme : {"dark", "light"}

    Returns
    -------
    list of range
        Samples at which channels cancel each other in the mix, where the loudest of them is drawn.

    Raises
    ------
    MsvizError
        If the track cannot be read, a parameter does not go with it, or the picture cannot be written.
    """
    os.environ["QT_QPA_PLATFORM"] = "offscreen"  # whatever a person has set for windows
    for scale in ("QT_SCALE_FACTOR", "QT_SCREEN_SCALE_FACTORS"):
        os.environ.pop(scale, None)
    apply_theme(application(), theme)
    parameters = parameters or Parameters()
    look = replace(look or Look(), parameters=parameters)
    channel = parameters.channel
    drawn = source if channel == "any" else mix_down(source, kind_of(channel, source.channels))
    own = parameters.octave_transform(source.rate)
    pool = POOLED[parameters.pooled]
    upper = Picture.of(octaves or parameters.octave_picture(own), drawn, pool)
    lower = Picture.of(stft or parameters.stft(source.rate), drawn, pool)
    lowest, highest = upper.transform.bands[0].low, source.rate / 2
    low_hz, high_hz = low_hz or lowest, min(high_hz or highest, highest)
    if not low_hz < high_hz:
        raise ParameterError(f"--low {low_hz:g} Hz must be below --high {high_hz:g} Hz.")
    lanes = source if channel in ("mix", "any") else drawn
    figure = Figure(
        drawn,
        upper,
        lower,
        Box(start_s, stop_s, max(low_hz, lowest), high_hz),
        look,
        size=size,
        lanes=parameters.lanes_of(getattr(source, "channel_names", ("",) * source.channels)),
        name=name,
    )
    try:
        places, pieces = figure.missing(), figure.missing_samples()
        with ThreadPoolExecutor(available_cpus()) as workers:
            made = workers.map(lambda place: tile_levels(place[0], drawn, place[1]), places)
            read = workers.map(lambda piece: lanes.read(*piece), pieces)
            for place, levels in zip(places, made, strict=True):
                figure.put(place, levels)
            for (start, _), samples in zip(pieces, read, strict=True):
                figure.put_samples(start, samples)
        figure.set_damage(getattr(source, "damage", ()))
        write(figure.contents(path), path)
    finally:
        # Now, and by this thread: Python could let go of what is Qt's later, in any thread.
        figure.deleteLater()
        application().sendPostedEvents(None, QEvent.Type.DeferredDelete.value)
    return drawn.cancellations if isinstance(drawn, Mix) else []
