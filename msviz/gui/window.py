"""The window: one track, its pictures, its sound."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import replace
from functools import partial
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PyQt6.QtCore import QByteArray, QMimeData, QSettings, QSize, Qt, QTimer
from PyQt6.QtGui import QCloseEvent, QDragEnterEvent, QDropEvent
from PyQt6.QtWidgets import QFileDialog, QMainWindow, QStackedWidget, QVBoxLayout, QWidget

from msviz.audio import AudioSource, mix_down, open_audio
from msviz.demos import demo_tracks
from msviz.errors import MsvizError, ParameterError
from msviz.gui.actions import Actions
from msviz.gui.analysis import Analysis, Picture
from msviz.gui.bars import ColourBar, MessageBar, StatusBar, TransportBar
from msviz.gui.colour_editor import ColourEditor
from msviz.gui.colours import HIGHEST_DB, LOWEST_DB, OWN, Colours
from msviz.gui.help import show_about, show_keys
from msviz.gui.inspector import Inspector
from msviz.gui.jobs import Job, Outcome, Runner
from msviz.gui.parameters import POOLED, Parameters
from msviz.gui.pictures import SHOWN, Pictures
from msviz.gui.view import View
from msviz.gui.welcome import Welcome
from msviz.playback import Difference, Player, Resynthesis
from msviz.signal import Source
from msviz.transform import STFT, OctaveTransform

TICK_MS = 16  # between two looks at the player while it plays
READ_OUT_MS = 100  # until what is under the pointer has been drawn
SIZE = QSize(1400, 860)
INSPECTOR_WIDTH = 300
SOURCES = ("Original", "Multi-scale", "STFT", "Difference")
FILE_FILTER = (
    "Sound (*.wav *.flac *.ogg *.oga *.opus *.mp3 *.aif *.aiff *.aifc *.caf *.w64 *.rf64 *.au);;All files (*)"
)
MOST_RECENT = 8


class Window(QMainWindow):
    """A window for one track at a time.

    Parameters
    ----------
    player : Player
        Closed with the window.
    """

    def __init__(self, player: Player | None = None) -> None:
        super().__init__()
        self.view = View(self)
        self.player = player or Player()
        self.runner = Runner()
        self.source: AudioSource | None = None
        self.analysis: Analysis | None = None
        self._opening: Job | None = None
        self._told_non_finite = 0
        self._told_error: str | None = None
        self._colours = Colours()
        self.parameters = Parameters.load(QSettings())

        self.pictures = Pictures(self.view)
        self.welcome = Welcome(_demos())
        self.messages = MessageBar()
        self._pages = QStackedWidget()
        self._pages.addWidget(self.welcome)
        self._pages.addWidget(self.pictures)
        central = QWidget()
        layout = QVBoxLayout(central)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(0)
        layout.addWidget(self.messages)
        layout.addWidget(self._pages, 1)
        self.setCentralWidget(central)

        self.inspector = Inspector(self.view)
        self.actions_ = Actions(self, _demos())
        self.colour_bar = ColourBar()
        self.transport = TransportBar(self.actions_, self.colour_bar)
        self.addToolBar(self.transport)
        self.addDockWidget(Qt.DockWidgetArea.RightDockWidgetArea, self.inspector)
        self.resizeDocks([self.inspector], [INSPECTOR_WIDTH], Qt.Orientation.Horizontal)
        self.status = StatusBar()
        self.setStatusBar(self.status)

        self.welcome.open_requested.connect(self.choose_file)
        self.welcome.chosen.connect(self.open_file)
        self.pictures.seek_requested.connect(self.seek)
        self.colour_bar.changed.connect(self.set_colours)
        self.inspector.parameters.changed.connect(self.set_parameters)
        self.status.stop_requested.connect(self._toggle_analysis)
        self.messages.retry_requested.connect(self._retry_sound)
        self.pictures.looked.connect(self._turn_analysis)
        self.pictures.waveform.samples_wanted.connect(self._read_samples)
        self.view.cursor_changed.connect(self._show_read_out)
        self._read_out_soon = QTimer(self)
        self._read_out_soon.setSingleShot(True)
        self._read_out_soon.setInterval(READ_OUT_MS)
        self._read_out_soon.timeout.connect(self._show_read_out)
        self.view.range_changed.connect(self._read_out_soon.start)
        self._ticker = QTimer(self)
        self._ticker.setInterval(TICK_MS)
        self._ticker.setTimerType(Qt.TimerType.PreciseTimer)
        self._ticker.timeout.connect(self._tick)

        self.setAcceptDrops(True)
        self.setWindowTitle("msviz")
        self._restore()
        self._show_track_state()

    # ------------------------------------------------------------------ files

    def choose_file(self) -> None:
        """Ask for a file and open it."""
        folder = QSettings().value("folder", str(Path.home()))
        name, _ = QFileDialog.getOpenFileName(self, "Open a track", folder, FILE_FILTER)
        if name:
            QSettings().setValue("folder", str(Path(name).parent))
            self.open_file(Path(name))

    def open_file(self, path: Path) -> None:
        """Open a file beside what goes on; only once that has worked does it take the place of the last."""

        def work() -> Iterator[AudioSource]:
            yield open_audio(path)

        if self._opening:
            self._opening.cancel()
        self._opening = job = self.runner.start(work)
        self.status.show_message(f"Opening {path.name}…")
        job.item.connect(self.show_source)
        job.ended.connect(lambda outcome: self._opened(job, outcome))

    def _opened(self, job: Job, outcome: Outcome) -> None:
        if job is self._opening:
            self._opening = None
            self.status.show_message("")
        if outcome is Outcome.FAILED:
            self.messages.show_message(str(job.error))

    def show_source(self, source: AudioSource) -> None:
        """Show and play an opened file; the one that was open is closed."""
        try:
            transform, stft = self._transforms(source, self.parameters)
        except ParameterError:  # kept from a track with another rate
            self.parameters = Parameters()
            transform, stft = self._transforms(source, self.parameters)
        self._let_go()
        self.source = source
        self.inspector.parameters.set_parameters(self.parameters)
        self.view.open(source.rate, source.length, transform.octaves[0].low, source.rate / 2)
        self.player.load(self._heard(source, transform, stft))
        self.pictures.set_pictures(*self._analyze(source, transform, stft))
        self.pictures.waveform.open()
        self._pages.setCurrentWidget(self.pictures)
        self._remember(source.path)
        self._told_non_finite = 0
        self.messages.clear()
        self._show_track_state()
        self._turn_analysis()

    @staticmethod
    def _transforms(source: AudioSource, parameters: Parameters) -> tuple[OctaveTransform, STFT]:
        return parameters.octave_transform(source.rate), parameters.stft(source.rate)

    @staticmethod
    def _heard(source: Source, transform: OctaveTransform, stft: STFT) -> dict[str, Source]:
        """All that can be heard of a track."""
        multi_scale = Resynthesis(source, transform)
        heard = (source, multi_scale, Resynthesis(source, stft), Difference(source, multi_scale))
        return dict(zip(SOURCES, heard, strict=True))

    def _analyze(self, source: Source, transform: OctaveTransform, stft: STFT) -> tuple[Picture, Picture]:
        """Begin to fill new pictures of a track."""
        channel = self.parameters.channel
        drawn = source if channel == "any" else mix_down(source, channel)
        pool = POOLED[self.parameters.pooled]
        octaves = Picture.of(self.parameters.octave_picture(transform), drawn, pool)
        spectra = Picture.of(stft, drawn, pool)
        self.analysis = Analysis(self.runner, drawn, [octaves, spectra])
        self.analysis.tile_done.connect(self.pictures.refresh)
        self.analysis.tile_done.connect(self._read_out_soon.start)
        self.analysis.samples_read.connect(self._show_samples)
        self.analysis.progressed.connect(self._show_progress)
        self.analysis.failed.connect(self.messages.show_message)
        return octaves, spectra

    def _show_samples(self, start: int, samples: NDArray[np.floating]) -> None:
        self.pictures.waveform.put(start, samples)

    def _read_samples(self, start: int, stop: int) -> None:
        """Read what the waveform shows from close."""
        if self.analysis:
            job = self.analysis.read(start, stop)
            job.item.connect(partial(self.pictures.waveform.set_samples, start))

    def set_parameters(self, parameters: Parameters) -> None:
        """Show and play the track with other parameters, at the same place."""
        before, self.parameters = self.parameters, parameters
        self.inspector.parameters.set_parameters(parameters)
        if self.source:
            try:
                transform, stft = self._transforms(self.source, parameters)
            except ParameterError as error:
                self.parameters = before
                self.inspector.parameters.set_parameters(before)
                self.messages.show_message(f"{error}.")
                return
            if self.analysis:
                self.analysis.stop()
            self.view.set_lowest(transform.octaves[0].low)
            self.player.exchange(self._heard(self.source, transform, stft))
            self.pictures.turn_to(*self._analyze(self.source, transform, stft))
            self._turn_analysis()
        parameters.save(QSettings())

    def _let_go(self) -> None:
        if self.analysis:
            self.analysis.stop()
            self.analysis = None
        self.player.unload()
        if self.source:
            self.source.close()
            self.source = None

    def _remember(self, path: Path) -> None:
        recent = [str(path.resolve()), *(p for p in self.recent() if p != str(path.resolve()))]
        QSettings().setValue("recent", recent[:MOST_RECENT])
        self._show_recent()

    def recent(self) -> list[str]:
        """Paths of the files that were open last, the newest first."""
        value = QSettings().value("recent", [])
        return [value] if isinstance(value, str) else list(value or [])

    def _show_recent(self) -> None:
        paths = [Path(name) for name in self.recent() if os.path.isfile(name)]
        self.welcome.set_recent(paths)
        self.actions_.set_recent(paths)

    # ------------------------------------------------------------------ pictures

    def _turn_analysis(self) -> None:
        if self.analysis:
            self.analysis.fill()

    def _toggle_analysis(self) -> None:
        if self.analysis:
            (self.analysis.resume if self.analysis.stopped else self.analysis.stop)()

    def _show_progress(self) -> None:
        if not self.analysis or not self.source:
            return
        self.status.show_progress(self.analysis.progress, stopped=self.analysis.stopped)
        odd = self.source.non_finite
        if odd > self._told_non_finite:
            self._told_non_finite = odd
            self.messages.show_message(
                f"{self.source.path.name}: {odd} sample{'s are' if odd > 1 else ' is'} not a number; "
                f"played and shown as silence."
            )

    def set_colours(self, colours: Colours) -> None:
        """Show levels in other colours."""
        self._colours = colours
        self.colour_bar.set_colours(colours)
        self.pictures.set_colours(colours)

    def edit_colours(self) -> None:
        """Open the editor of the colour map."""
        editor = ColourEditor(self._colours, self)
        editor.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        editor.changed.connect(lambda stops: self.set_colours(replace(self._colours, name=OWN, stops=stops)))
        editor.show()

    def shift_range(self, db: float) -> None:
        """Move the display range: up, and the pictures are darker; down, and they are brighter."""
        floor, ceiling = self._colours.floor_db + db, self._colours.ceiling_db + db
        if floor >= LOWEST_DB and ceiling <= HIGHEST_DB:
            self.set_colours(replace(self._colours, floor_db=floor, ceiling_db=ceiling))

    def set_shown(self, shown: str) -> None:
        """Show "octaves", "stft" or "both"."""
        self.pictures.set_shown(shown)
        self.actions_.set_shown(shown)
        QSettings().setValue("shown", shown)

    def _show_read_out(self) -> None:
        time_s, hz = self.view.cursor or (None, None)
        levels = (
            self.pictures.levels_at(time_s, hz) if time_s is not None and hz is not None else (None, None)
        )
        self.status.show_read_out(self.view.cursor, levels)
        if self.analysis:
            self.inspector.look(self.analysis.pictures)

    # ------------------------------------------------------------------ sound

    def toggle_playing(self) -> None:
        """Play, or pause."""
        self._told_error = None
        if self.player.playing:
            self.player.pause()
        else:
            self.player.play()
            self._tick()  # from the end it goes to the start
            if self.actions_.follow.isChecked():
                self._look_at_playhead()
        self._ticker.start()
        self._show_playing()

    def stop_playing(self) -> None:
        """Stop where playing began; once more, at the start."""
        self.player.stop()
        self._tick()

    def select_source(self, name: str) -> None:
        """Hear another source, at the same place."""
        if name in self.player.names:
            self.player.select(name)
            self.actions_.set_source(name)

    def seek(self, time_s: float) -> None:
        """Go to a time in view."""
        if self.source:
            self.player.seek(round(time_s * self.source.rate))
            self._tick()

    def go_to(self, time_s: float) -> None:
        """Go to a time, and look there."""
        self.seek(time_s)
        self._look_at_playhead()

    def go_by(self, seconds: float) -> None:
        """Go on, or back."""
        self.go_to(self.view.playhead_s + seconds)

    def _look_at_playhead(self) -> None:
        """Turn to the page that begins at the playhead, unless it is in view."""
        seen, now = self.view.range, self.view.playhead_s
        if not seen.start_s <= now <= seen.stop_s:
            self.view.pan(now - seen.start_s)

    def _retry_sound(self) -> None:
        self._told_error = None
        self.player.retry()
        self._ticker.start()

    def _tick(self) -> None:
        """Look where the player is."""
        if not self.source:
            return
        before, playing = self.view.playhead_s, self.player.playing
        now = self.player.position / self.source.rate
        self.view.set_playhead(now)
        self.transport.show_time(now, self.view.full.stop_s)
        seen = self.view.range
        if playing and self.actions_.follow.isChecked() and before <= seen.stop_s < now:
            self._look_at_playhead()
        if not playing and now == before:  # what was on its way when it paused has been heard
            self._ticker.stop()
        self._show_playing()
        if self.player.error != self._told_error:
            self._told_error = self.player.error
            if self._told_error:
                self.messages.show_message(self._told_error, retry=True)

    def _show_playing(self) -> None:
        self.actions_.show_playing(self.player.playing)

    # ------------------------------------------------------------------ the window

    def _show_track_state(self) -> None:
        """What depends on whether there is a track."""
        self.actions_.set_track_open(self.source is not None)
        self.colour_bar.setEnabled(self.source is not None)
        if self.source:
            self.setWindowTitle(f"{self.source.path.name} – msviz")
            self.setWindowFilePath(str(self.source.path))
            self.status.show_file(self.source)
            self.actions_.set_source(self.player.source or SOURCES[0])
            self.transport.show_time(0.0, self.view.full.stop_s)

    def toggle_full_screen(self) -> None:
        """Fill the screen with the window, or leave it."""
        self.setWindowState(self.windowState() ^ Qt.WindowState.WindowFullScreen)

    def show_keys(self) -> None:
        """Show what the keys and the mouse do."""
        show_keys(self)

    def show_about(self) -> None:
        """Show what msviz is."""
        show_about(self)

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:
        if _file_of(event.mimeData()):
            event.acceptProposedAction()

    def dropEvent(self, event: QDropEvent) -> None:
        if path := _file_of(event.mimeData()):
            event.acceptProposedAction()
            self.open_file(path)

    def _restore(self) -> None:
        settings = QSettings()
        geometry = settings.value("geometry")
        if not (isinstance(geometry, QByteArray) and self.restoreGeometry(geometry)):
            self.resize(SIZE.boundedTo(self.screen().availableSize()))
        state = settings.value("state")
        if isinstance(state, QByteArray):
            self.restoreState(state)
        self.set_colours(Colours.load(settings))
        shown = settings.value("shown", SHOWN[0])
        self.set_shown(shown if shown in SHOWN else SHOWN[0])
        for name, action in self.actions_.switches.items():
            action.setChecked(settings.value(f"switches/{name}", name == "waveform", bool))
        self._show_recent()

    def closeEvent(self, event: QCloseEvent) -> None:
        settings = QSettings()
        settings.setValue("geometry", self.saveGeometry())
        settings.setValue("state", self.saveState())
        for name, action in self.actions_.switches.items():
            settings.setValue(f"switches/{name}", action.isChecked())
        self._colours.save(settings)
        self._ticker.stop()
        if self._opening:
            self._opening.cancel()
        self._let_go()
        self.player.close()
        self.runner.close()
        super().closeEvent(event)


def _demos() -> dict[str, Path]:
    try:
        return demo_tracks()
    except MsvizError:  # an installation without them still opens files
        return {}


def _file_of(data: QMimeData | None) -> Path | None:
    """The file that is being dropped, if it is one."""
    urls = data.urls() if data else []
    return Path(urls[0].toLocalFile()) if urls and urls[0].isLocalFile() else None
