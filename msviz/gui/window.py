"""The window: one track, its pictures, its sound."""

from __future__ import annotations

import os
from dataclasses import replace
from functools import partial
from pathlib import Path

from PyQt6.QtCore import QByteArray, QPoint, QSettings, QSize, Qt, QTimer
from PyQt6.QtGui import QCloseEvent, QDragEnterEvent, QDropEvent
from PyQt6.QtWidgets import QMainWindow, QMessageBox, QStackedWidget, QVBoxLayout, QWidget

from msviz.audio import AudioSource, Damage, problems
from msviz.demos import demo_tracks
from msviz.errors import MsvizError, ParameterError
from msviz.gui.actions import Actions
from msviz.gui.canvas.colours import HIGHEST_DB, LOWEST_DB, Colours
from msviz.gui.keyboard import ControlKeys
from msviz.gui.model.damage import Missing
from msviz.gui.model.editing import Editing
from msviz.gui.model.files import Files, file_of, take
from msviz.gui.model.gains import solo_text
from msviz.gui.model.listening import FOLLOWED, Listening
from msviz.gui.model.parameters import Parameters
from msviz.gui.model.preferences import Preferences
from msviz.gui.model.saved_edits import Fingerprint, fingerprint, load_edits, save_edits
from msviz.gui.model.session import SOURCES, Session
from msviz.gui.model.view import Box, View
from msviz.gui.panels.colour_bar import ColourBar
from msviz.gui.panels.inspector import Inspector
from msviz.gui.panels.messages import MessageBar
from msviz.gui.panels.meter import MeterBar
from msviz.gui.panels.pictures import SHOWN, Pictures
from msviz.gui.panels.status import StatusBar
from msviz.gui.panels.transport import TransportBar
from msviz.gui.panels.welcome import Welcome
from msviz.gui.work.analysis import Analysis
from msviz.gui.work.exporting import Exporter
from msviz.gui.work.jobs import Runner
from msviz.gui.work.resynthesis import ResynthesisWave
from msviz.gui.work.signal_to_error import ErrorReader
from msviz.lab import Recipe
from msviz.playback import Player

COUNT_MS = 200  # between two looks whether a track's length is final
READ_OUT_MS = 100  # until what is under the pointer has been drawn
TURNING_MS = 250  # that other parameters wait, at most, for the pictures of those before
SIZE = QSize(1400, 860)
INSPECTOR_WIDTH = 300
ON_AT_FIRST = ("waveform", "rebuilt", "octave controls")  # of the switches


class Window(QMainWindow):
    """A window for one track at a time.

    Parameters
    ----------
    player : Player
        Closed with the window.

    Attributes
    ----------
    asks : bool
        Whether it asks before it closes and something is lost; not where nobody is there to answer.
    """

    def __init__(self, player: Player | None = None) -> None:
        super().__init__()
        self.asks = True
        self.view = View(self)
        self.player = player or Player()
        self.runner = Runner()
        self.listening = Listening(self.player, self.view)
        self.session: Session | None = None
        self.editing = Editing(self.view)
        self.exporter = Exporter(self.runner)
        self.error = ErrorReader(self.player, self.runner)
        self.files = Files(self.runner)
        self._file: Fingerprint = {}  # as it was when it was opened
        self._told_non_finite = 0
        self._told_problems, self._told_cancelling = (0, False), False
        self.colours = Colours()
        self.parameters = Parameters.load(QSettings())
        self.preferences = Preferences.load(QSettings())

        self.pictures = Pictures(self.view)
        self.rebuilt = ResynthesisWave(self.pictures.waveform, self.runner)
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
        self.meter = MeterBar(self.player)
        self.transport = TransportBar(self.actions_, self.meter, self.colour_bar)
        self.addToolBar(self.transport)
        self.addDockWidget(Qt.DockWidgetArea.RightDockWidgetArea, self.inspector)
        self.resizeDocks([self.inspector], [INSPECTOR_WIDTH], Qt.Orientation.Horizontal)
        self.status = StatusBar(self.view)
        self.setStatusBar(self.status)

        self._connect()
        ControlKeys(self)
        self._read_out_soon = QTimer(self)
        self._read_out_soon.setSingleShot(True)
        self._read_out_soon.setInterval(READ_OUT_MS)
        self._read_out_soon.timeout.connect(self._show_read_out)
        self.view.range_changed.connect(self._read_out_soon.start)
        self._kept_range: tuple[Path, Box] | None = None  # of a file that is opened again
        self._latest: Parameters | None = None  # that wait until the pictures of those before are shown
        self._turning = QTimer(self)
        self._turning.setSingleShot(True)
        self._turning.setInterval(TURNING_MS)
        self._turning.timeout.connect(self._go_on)
        self._counting = QTimer(self)
        self._counting.setInterval(COUNT_MS)
        self._counting.timeout.connect(self._look_at_file)
        self.setAcceptDrops(True)
        self.setWindowTitle("msviz")
        self._restore()
        self._show_track_state()

    def _connect(self) -> None:
        listening, editing, pictures = self.listening, self.editing, self.pictures
        files = self.files
        self.welcome.open_requested.connect(lambda: files.choose(self))
        self.welcome.chosen.connect(files.open)
        files.opened.connect(self.show_source)
        files.message.connect(self.status.show_message)
        files.failed.connect(self.messages.show_message)
        files.recent_changed.connect(self._show_recent)
        self.colour_bar.changed.connect(self.set_colours)
        self.inspector.parameters.changed.connect(self._change_parameters)
        self.inspector.lab.changed.connect(self._set_recipe)
        self.status.stop_requested.connect(self._toggle_analysis)
        self.status.cancel_requested.connect(self.exporter.cancel)
        self.status.reset_requested.connect(self._reset_dropouts)
        self.status.solo_off_requested.connect(editing.clear_solo)
        self.status.damage_chosen.connect(self._show_missing)
        self.messages.retry_requested.connect(listening.retry)
        pictures.seek_requested.connect(listening.seek)
        pictures.scrubbed.connect(listening.scrub)
        pictures.scrub_ended.connect(listening.end_scrub)
        pictures.view_changed.connect(self._turn_analysis)
        pictures.turned.connect(self._go_on, Qt.ConnectionType.QueuedConnection)
        pictures.clicked.connect(editing.choose_at)
        pictures.octave_edited.connect(editing.change_octave)
        pictures.menu_requested.connect(self._show_menu)
        pictures.waveform.samples_wanted.connect(self._read_samples)
        self.rebuilt.failed.connect(self.messages.show_message)
        self.view.cursor_changed.connect(self._show_read_out)
        listening.ticked.connect(self._show_playing)
        listening.slow_tick.connect(self._slow_tick)
        listening.source_changed.connect(self._show_heard)
        listening.volume_changed.connect(self._show_volume)
        listening.failed.connect(partial(self.messages.show_message, retry=True))
        editing.changed.connect(self._show_edits)
        for sender in (listening.message, editing.message, self.exporter.message):
            sender.connect(self.status.show_text)
        self.exporter.failed.connect(self.messages.show_message)
        self.error.read.connect(self.inspector.lab.show_error)
        self.exporter.progressed.connect(self.status.show_export)
        self.transport.volume_changed.connect(listening.set_volume)
        self.transport.difference_gain_changed.connect(lambda db: self._receive(difference_gain_db=db))

    # ------------------------------------------------------------------ files

    def _session(self, source: AudioSource) -> Session:
        memory = self.preferences.memory_mb << 20
        return Session(source, self.parameters, self.runner, self.player, memory=memory)

    def show_source(self, source: AudioSource) -> None:
        """Show and play an opened file; the one that was open is closed."""
        usual = Parameters.load(QSettings(), source.rate)
        self.parameters = usual.of(source.stored.transform) if source.stored else usual
        try:
            session = self._session(source)
        except ParameterError:  # kept from a track with another rate
            self.parameters = Parameters()
            session = self._session(source)
        self._let_go()
        self.session = session
        self._file = fingerprint(source.path, source.length)
        session.edits = load_edits(self._file, len(session.transform.octaves))
        session.tile_done.connect(self.pictures.refresh)
        session.tile_done.connect(self._read_out_soon.start)
        session.samples_read.connect(self.pictures.waveform.put)
        session.progressed.connect(self._show_progress)
        session.progressed.connect(self.rebuilt.look)
        session.progressed.connect(self._show_error)
        session.failed.connect(self.messages.show_message)
        session.failed.connect(self.pictures.uncover)
        self.inspector.parameters.set_track(source.rate, source.channel_names)
        self.inspector.parameters.set_parameters(self.parameters)
        self.view.open(source.rate, source.length, session.transform.octaves[0].low, source.rate / 2)
        self.pictures.set_pictures(*session.start())
        self.inspector.lab.set_recipe(session.recipe)
        self.editing.open(session.transform.octaves, session.edits)
        self.listening.open(session)
        self.pictures.waveform.open(session.waveforms[0].channels)
        self.rebuilt.turn_to(session)
        self._pages.setCurrentWidget(self.pictures)
        self.files.remember(source.path)
        self._told_non_finite = 0
        self._told_problems, self._told_cancelling = (0, False), False
        self.messages.clear()
        if source.stored and source.stored.content == "levels":
            self.messages.show_message(
                f"{source.path.name} holds levels, a picture only: "
                "its sound is rebuilt from them, with phases that are made up."
            )
        self._show_track_state()
        path, seen = self._kept_range or (None, None)
        self._kept_range = None
        if seen and path == source.path:
            self.view.show(seen)
        if session.edits:
            self.status.show_text("The edits of last time are back; Ctrl+Z takes them away.")
        self._turn_analysis()
        self._show_progress()  # a first tile may take long
        if not source.settled:
            self._counting.start()

    @property
    def source(self) -> AudioSource | None:
        """The file that is open."""
        return self.session.source if self.session else None

    @property
    def analysis(self) -> Analysis | None:
        """What fills the pictures that are shown."""
        return self.session.analysis if self.session else None

    def _look_at_file(self) -> None:
        """See what has come out about the file meanwhile: how long it is, and what of it is damaged."""
        source = self.source
        if not self.session or not source:
            return
        if source.counted and not source.settled:
            source.settle()
            if source.length != self.session.length:
                self._show_length()
            self.status.show_file(source)
        if source.settled:
            self._counting.stop()
        self.view.set_damage([_in_seconds(one, source.rate) for one in source.damage])
        self.status.show_damage(source.notes)
        told = len(source.notes), bool(source.damage)
        if told > self._told_problems:
            self._told_problems = told
            said = "; it ".join(problems(source)[: sum(told)])  # of damage, the first
            where = " The status bar lists what is damaged." if source.damage else ""
            self.messages.show_message(f"{source.name} {said}.{where}")

    def _show_length(self) -> None:
        """Show and play all of a track that has turned out to have another length, at the same place."""
        if not self.session:
            return
        pictures = self.session.set_length()
        self.view.set_length(self.session.length)
        self.pictures.set_pictures(*pictures)
        self.pictures.waveform.set_length()
        self.rebuilt.turn_to(self.session)
        self.transport.show_time(self.view.playhead_s, self.view.full.stop_s)
        self._turn_analysis()

    def _show_missing(self, missing: Missing) -> None:
        """Go to what is missing, and see it."""
        self.listening.go_to(missing.start_s)
        seen = self.view.range
        if not seen.start_s <= missing.start_s < seen.stop_s:
            self.view.center(missing.start_s)

    def show_next_missing(self) -> None:
        """Go to what is missing next, behind the playhead."""
        missing = self.view.damage.after(self.view.playhead_s)
        if missing:
            self._show_missing(missing)
        else:
            self.status.show_text("Nothing of this track is known to be damaged.")

    def set_track(self, number: int) -> None:
        """Show another sound track of the file, the same part of it."""
        if self.source and number != self.source.track:
            self._kept_range = self.source.path, self.view.range
            self.files.open(self.source.path, number)

    def _read_samples(self, start: int, stop: int) -> None:
        """Read what the waveform shows from close."""
        if self.analysis:
            job = self.analysis.read(start, stop)
            job.item.connect(partial(self.pictures.waveform.set_samples, start))

    def set_parameters(self, parameters: Parameters) -> None:
        """Show and play the track with other parameters, at the same place."""
        if self.session:
            waveform = self.session.waveforms[0]
            try:
                pictures = self.session.set_parameters(parameters)
            except ParameterError as error:
                self.inspector.parameters.set_parameters(self.parameters)
                self.messages.show_message(f"{error}.")
                return
            self.view.set_lowest(self.session.transform.octaves[0].low)
            self.editing.set_octaves(self.session.transform.octaves)
            self.pictures.turn_to(*pictures)
            if self.session.waveforms[0] != waveform:
                self.pictures.waveform.open(self.session.waveforms[0].channels)
            self.rebuilt.turn_to(self.session)
            self._show_error()
            self._turn_analysis()
        self.parameters = parameters
        self.inspector.parameters.set_parameters(parameters)
        parameters.save(QSettings(), self.source.rate if self.source else None)

    def _change_parameters(self, parameters: Parameters) -> None:
        """Go after a hand at the slider, one picture after the other, always to where it is by then.

        If each move began anew, nothing would be shown before it rests.
        """
        self._latest = parameters
        if not self._turning.isActive():
            self._go_on()

    def _go_on(self) -> None:
        self._turning.stop()
        latest, self._latest = self._latest, None
        if latest:
            if self.session:
                self._turning.start()
            self.set_parameters(latest)

    def _let_go(self) -> None:
        """Close the track; what is being written of it goes on."""
        self._latest = None
        self._counting.stop()
        if self.session:
            save_edits(self._file, self.editing.edits)
            self.session.close()
            self.exporter.close_when_done(self.session.source)
            self.session = self.listening.session = None
            self.rebuilt.turn_to(None)
            self._show_error()

    def _show_recent(self) -> None:
        paths = [Path(name) for name in self.files.recent() if os.path.exists(name)]
        self.welcome.set_recent(paths)
        self.actions_.set_recent(paths)

    # ------------------------------------------------------------------ pictures

    def _turn_analysis(self) -> None:
        if self.analysis:
            self.analysis.fill()

    def _toggle_analysis(self) -> None:
        if self.analysis:
            (self.analysis.resume if self.analysis.stopped else self.analysis.stop)()
            self.pictures.uncover()

    def _show_progress(self) -> None:
        if not self.analysis or not self.source:
            return
        self._look_at_file()
        if self.analysis.cancels and not self._told_cancelling:
            self._told_cancelling = True
            self.messages.show_message(
                f"The channels of {self.source.name} cancel each other in the mix: there, the pictures show "
                "the loudest of them."
            )
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
        self.colours = colours
        self.colour_bar.set_colours(colours)
        self.pictures.set_colours(colours)

    def shift_range(self, db: float) -> None:
        """Move the display range: up, and the pictures are darker; down, and they are brighter."""
        floor, ceiling = self.colours.floor_db + db, self.colours.ceiling_db + db
        if floor >= LOWEST_DB and ceiling <= HIGHEST_DB:
            self.set_colours(replace(self.colours, floor_db=floor, ceiling_db=ceiling))

    def set_shown(self, shown: str) -> None:
        """Show "octaves", "stft" or "both"."""
        self.pictures.set_shown(shown)
        self.actions_.set_shown(shown)
        QSettings().setValue("shown", shown)

    def _show_read_out(self) -> None:
        if self.view.gliding:  # it is told as soon as the view is there
            return
        time_s, hz = self.view.cursor or (None, None)
        levels = (
            self.pictures.levels_at(time_s, hz) if time_s is not None and hz is not None else (None, None)
        )
        self.status.show_read_out(self.view.cursor, levels)
        if self.analysis:
            self.inspector.look(self.analysis.pictures)

    # ------------------------------------------------------------------ sound

    def _receive(self, **what: object) -> None:
        if self.session:
            self.session.hear(**what)
            self.rebuilt.turn_to(self.session)
            self._show_error()

    def _set_recipe(self, recipe: Recipe) -> None:
        self._receive(recipe=recipe)
        if recipe:
            self._leave_the_original()

    def _leave_the_original(self) -> None:
        """Switch to a source that the edits change: the original never does."""
        if self.player.source == SOURCES[0]:
            self.listening.select(SOURCES[1])
            self.status.show_text(f"Now playing {SOURCES[1]} with your edits. Press 1 for the original.")

    def _show_menu(self, at: QPoint) -> None:
        time_s, hz = self.view.cursor or (None, None)
        if time_s is not None and hz is not None:
            self.editing.point_at(time_s, hz)
        self.actions_.edit_menu.popup(at)

    def _show_edits(self) -> None:
        """Hear and show what has been done to octaves and boxes."""
        if self.session and self.session.edits != self.editing.edits:
            self.session.hear(edits=self.editing.edits)
            self.rebuilt.turn_to(self.session)
            self._show_error()
            if self.editing.edits:
                self._leave_the_original()
        self.pictures.set_edits(self.editing.edits, self.editing.octaves)
        self.status.show_solo(solo_text(self.editing.edits))

    def _show_playing(self) -> None:
        self.transport.show_time(self.view.playhead_s, self.view.full.stop_s)
        self.actions_.show_playing(self.player.playing)
        self.meter.wake()

    def _show_error(self) -> None:
        sources, name = self.session.sources if self.session else {}, self.player.source or ""
        heard = sources.get(name) if name != "Difference" else None  # which is the error itself
        self.error.look(sources.get(SOURCES[0]), heard)

    def _slow_tick(self) -> None:
        self._show_error()
        self.status.show_dropouts(self.player.dropouts)

    def _reset_dropouts(self) -> None:
        self.player.reset_dropouts()
        self.status.show_dropouts(self.player.dropouts)

    def _show_heard(self, name: str) -> None:
        self.actions_.set_source(name)
        self.transport.set_source(name, self.listening.pair)
        self._show_error()

    def _show_volume(self) -> None:
        self.transport.set_volume(self.listening.volume)
        self.actions_.set_muted(self.player.muted)
        QSettings().setValue("volume", self.listening.volume)

    def set_device(self, device: str | None) -> None:
        """Play on another device; None is the system's default."""
        self.set_preferences(replace(self.preferences, device=device or ""))

    # ------------------------------------------------------------------ the window

    def _show_track_state(self) -> None:
        """What depends on whether there is a track."""
        self.actions_.set_track_open(self.source is not None)
        self.actions_.set_tracks(self.source)
        self.colour_bar.setEnabled(self.source is not None)
        if self.source:
            self.setWindowTitle(f"{self.source.path.name} – msviz")
            self.setWindowFilePath(str(self.source.path))
            self.status.show_file(self.source)
            self._show_heard(self.player.source or SOURCES[0])
            self.transport.show_time(0.0, self.view.full.stop_s)

    def set_preferences(self, preferences: Preferences) -> None:
        """Work as a person prefers, from now on."""
        self.preferences = preferences
        preferences.save(QSettings())
        self.view.wheel_zooms = preferences.wheel_zooms
        self.player.device = preferences.device or None

    def toggle_full_screen(self) -> None:
        """Fill the screen with the window, or leave it."""
        self.setWindowState(self.windowState() ^ Qt.WindowState.WindowFullScreen)

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:
        if file_of(event.mimeData()):
            take(event)

    def dropEvent(self, event: QDropEvent) -> None:
        if path := file_of(event.mimeData()):
            take(event)
            self.files.open(path)

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
            action.setChecked(settings.value(f"switches/{name}", name in ON_AT_FIRST, bool))
        self.set_preferences(self.preferences)
        self.listening.set_volume(settings.value("volume", 100, int))
        follow = settings.value("follow", FOLLOWED[0])
        self.actions_.follow[follow if follow in FOLLOWED else FOLLOWED[0]].trigger()
        self._show_recent()

    def _may_close(self) -> bool:
        """Ask before closing cancels an export."""
        if not (self.asks and self.exporter.writing):
            return True
        text = f"Still exporting {self.exporter.writing.name}. Cancel the export and close?"
        box = QMessageBox(QMessageBox.Icon.Question, self.windowTitle(), text, parent=self)
        cancel = box.addButton("Cancel export", QMessageBox.ButtonRole.AcceptRole)
        keep = box.addButton("Keep exporting", QMessageBox.ButtonRole.RejectRole)
        box.setDefaultButton(keep)
        box.exec()
        return box.clickedButton() is cancel or not self.asks

    def closeEvent(self, event: QCloseEvent) -> None:
        if not self._may_close():
            event.ignore()
            return
        settings = QSettings()
        settings.setValue("geometry", self.saveGeometry())
        settings.setValue("state", self.saveState())
        for name, action in self.actions_.switches.items():
            settings.setValue(f"switches/{name}", action.isChecked())
        settings.setValue("follow", self.listening.follow)
        self.colours.save(settings)
        self.listening.close()
        self.files.cancel()
        self._let_go()
        self.player.close()
        self.runner.close()
        super().closeEvent(event)


def _in_seconds(damage: Damage, rate: int) -> Missing:
    return Missing(damage.start / rate, damage.stop / rate, damage.reason)


def _demos() -> dict[str, Path]:
    try:
        return demo_tracks()
    except MsvizError:  # an installation without them still opens files
        return {}
