"""Everything a window works with, without widgets: the open track, its sound, files and preferences."""

from __future__ import annotations

from pathlib import Path

from PyQt6.QtCore import QObject, QSettings, QTimer, pyqtSignal

from msviz.audio import AudioSource, Damage, problems
from msviz.errors import ParameterError
from msviz.gui.model.damage import Missing
from msviz.gui.model.editing import Editing
from msviz.gui.model.files import Files
from msviz.gui.model.listening import Listening
from msviz.gui.model.parameters import Parameters
from msviz.gui.model.preferences import Preferences
from msviz.gui.model.saved_edits import Fingerprint, fingerprint, load_edits, save_edits
from msviz.gui.model.session import Session
from msviz.gui.model.track import SOURCES, TrackState
from msviz.gui.model.view import Box, View
from msviz.gui.work.analysis import Analysis
from msviz.gui.work.exporting import Exporter
from msviz.gui.work.jobs import Runner
from msviz.gui.work.signal_to_error import ErrorReader
from msviz.playback import Player

COUNT_MS = 200  # between two checks whether the length of a track is final
TURN_MS = 250  # after which requested parameters are used even if pictures of the last ones are not there


class Workspace(QObject):
    """Opens tracks one at a time, and keeps what belongs to the open one together.

    Parameters
    ----------
    player : Player, optional
        Closed with the workspace.

    Attributes
    ----------
    track : TrackState
    view : View
        The track's.
    editing : Editing
    listening : Listening
    session : Session or None
        None while no track is open.
    files : Files
    exporter : Exporter
    error : ErrorReader
        Of the source that is played.
    preferences : Preferences
    """

    opened = pyqtSignal()
    """Another track is open, with a session of its own."""
    closed = pyqtSignal()
    """The track is closed; another may follow at once."""
    length_changed = pyqtSignal()
    analysis_toggled = pyqtSignal()
    progressed = pyqtSignal()
    """The analysis has gone on, or was stopped or resumed."""
    problem = pyqtSignal(str)
    """A sentence that stays until the user closes it."""
    message = pyqtSignal(str)
    """A sentence to show for a while."""

    def __init__(self, player: Player | None = None) -> None:
        super().__init__()
        settings = QSettings()
        self.player = player or Player()
        self.runner = Runner()
        self.view = View(self)
        self.track = TrackState(self.view, Parameters.load(settings))
        self.editing = Editing(self.track)
        self.listening = Listening(self.player, self.track)
        self.exporter = Exporter(self.runner)
        self.files = Files(self.runner)
        self.error = ErrorReader(self.player, self.runner)
        self.preferences = Preferences.load(settings)
        self.session: Session | None = None
        self._file: Fingerprint = {}  # of the file as it was when it was opened
        self._told_non_finite = 0
        self._told_problems, self._told_cancelling = (0, False), False
        self._same_range: tuple[Path, Box] | None = None  # to go back to when a file is opened again
        self._turning = QTimer(self)
        self._turning.setSingleShot(True)
        self._turning.setInterval(TURN_MS)
        self._turning.timeout.connect(self.use_requested)
        self._counting = QTimer(self)
        self._counting.setInterval(COUNT_MS)
        self._counting.timeout.connect(self._check_file)
        self.files.opened.connect(self.open)
        self.files.failed.connect(self.problem)
        self.exporter.failed.connect(self.problem)
        for sender in (self.listening, self.editing, self.exporter):
            sender.message.connect(self.message)
        self.track.requested_changed.connect(self._follow_request)
        self.track.edits_changed.connect(self._play_changes)
        self.track.recipe_changed.connect(self._play_changes)
        self.track.heard_changed.connect(self._read_error)
        self.listening.slow_tick.connect(self._read_error)

    @property
    def source(self) -> AudioSource | None:
        """The open file."""
        return self.session.source if self.session else None

    @property
    def analysis(self) -> Analysis | None:
        """What fills the current pictures."""
        return self.session.analysis if self.session else None

    # Files

    def open(self, source: AudioSource) -> None:
        """Show and play a file; the one that was open is closed."""
        usual = Parameters.load(QSettings(), source.rate)
        self.close_track()
        try:
            self.track.open(source, usual.of(source.stored.transform) if source.stored else usual)
        except ParameterError:  # saved with a track of another rate
            self.track.open(source, Parameters())
        self._file = fingerprint(source.path, source.length)
        edits = load_edits(self._file, len(self.track.octaves))
        self.editing.restore(edits)
        memory = self.preferences.memory_mb << 20
        self.session = session = Session(source, self.track, self.runner, self.player, memory=memory)
        session.progressed.connect(self._show_progress)
        session.failed.connect(self.problem)
        session.sources_changed.connect(self._read_error)
        self.listening.open(session)
        self._told_non_finite = 0
        self._told_problems, self._told_cancelling = (0, False), False
        self.opened.emit()
        self._read_error()
        self.files.remember(source.path)
        if source.stored and source.stored.content == "levels":
            self.problem.emit(
                f"{source.path.name} contains levels only. Its sound is synthesized from them with "
                "estimated phases."
            )
        path, seen = self._same_range or (None, None)
        self._same_range = None
        if seen and path == source.path:
            self.view.show(seen)
        if edits:
            self.message.emit("Your previous edits were restored. Press Ctrl+Z to discard them.")
        self.fill()
        self._show_progress()  # a first tile may take long
        if not source.settled:
            self._counting.start()

    def open_sound_track(self, number: int) -> None:
        """Open another sound track of the file, at the same part of it."""
        if self.source and number != self.source.track:
            self._same_range = self.source.path, self.view.range
            self.files.open(self.source.path, number)

    def close_track(self) -> None:
        """Close the track; exports of it go on."""
        self._turning.stop()
        self._counting.stop()
        if self.session:
            save_edits(self._file, self.track.edits)
            session, self.session = self.session, None
            self.listening.session = None
            session.close()
            self.exporter.close_when_done(session.source)
            self.track.close()
            self._read_error()
            self.closed.emit()

    def close(self) -> None:
        """Close the track and end all threads."""
        self.listening.close()
        self.files.cancel()
        self.close_track()
        self.player.close()
        self.runner.close()

    def _check_file(self) -> None:
        """See what has become known of the file: how long it is, and what of it is damaged."""
        source = self.source
        if not self.session or not source:
            return
        if source.counted and not source.settled:
            source.settle()
            if source.length != self.session.length:
                self.session.set_length()
                self.view.set_length(self.session.length)
                self.listening.set_length()
                self.length_changed.emit()
                self.fill()
        if source.settled:
            self._counting.stop()
        self.view.set_damage([_in_seconds(one, source.rate) for one in source.damage])
        told = len(source.notes), bool(source.damage)
        if told > self._told_problems:
            self._told_problems = told
            said = "; it ".join(problems(source)[: sum(told)])  # of damage, the first
            where = " The status bar lists the damaged parts." if source.damage else ""
            self.problem.emit(f"{source.name} {said}.{where}")

    def _show_progress(self) -> None:
        if not self.analysis or not self.source:
            return
        self._check_file()
        if self.analysis.cancels and not self._told_cancelling:
            self._told_cancelling = True
            self.problem.emit(
                f"The channels of {self.source.name} cancel each other in the mix. Where they do, the "
                "pictures show the loudest channel."
            )
        odd = self.source.non_finite
        if odd > self._told_non_finite:
            self._told_non_finite = odd
            self.problem.emit(
                f"{self.source.path.name} contains {odd} non-finite sample{'s' if odd > 1 else ''}, "
                "played and shown as silence."
            )
        self.progressed.emit()

    # Pictures

    def fill(self) -> None:
        """Analyse what the view needs next."""
        if self.analysis:
            self.analysis.fill()

    def toggle_analysis(self) -> None:
        """Pause the analysis, or resume it."""
        if self.analysis:
            (self.analysis.resume if self.analysis.stopped else self.analysis.stop)()
            self.analysis_toggled.emit()

    def set_parameters(self, parameters: Parameters) -> None:
        """Show and play the track with other parameters, at the same place."""
        try:
            self.track.set_parameters(parameters)
        except ParameterError as error:
            self.problem.emit(f"{error}.")
            return
        self.fill()
        parameters.save(QSettings(), self.source.rate if self.source else None)

    def _follow_request(self) -> None:
        # Each step of a slider would begin new pictures before the last ones show anything: the next begin
        # once there is something to see, always with the latest parameters.
        if not self._turning.isActive():
            self.use_requested()

    def use_requested(self) -> None:
        """Use the parameters that were requested last."""
        self._turning.stop()
        if self.track.requested != self.track.parameters:
            if self.session:
                self._turning.start()
            self.set_parameters(self.track.requested)

    # Sound

    def _play_changes(self) -> None:
        """Play what is being changed; the original never is."""
        if self.session and self.track.altered and self.track.heard == SOURCES[0]:
            self.track.hear(SOURCES[1])
            self.message.emit(f"Now playing {SOURCES[1]} with your edits. Press 1 for the original.")

    def _read_error(self) -> None:
        """Read the error of what is played, unless that is the difference, which is the error."""
        sources, name = self.session.sources if self.session else {}, self.track.heard
        heard = sources.get(name) if name != "Difference" else None
        self.error.look(sources.get(SOURCES[0]), heard)

    def go_to_missing(self, missing: Missing) -> None:
        """Go to a damaged part, and show it."""
        self.listening.go_to(missing.start_s)
        seen = self.view.range
        if not seen.start_s <= missing.start_s < seen.stop_s:
            self.view.center(missing.start_s)

    def go_to_next_missing(self) -> None:
        """Go to the next damaged part after the playhead."""
        missing = self.view.damage.after(self.view.playhead_s)
        if missing:
            self.go_to_missing(missing)
        else:
            self.message.emit("No damaged parts were found in this track.")

    # Preferences

    def set_preferences(self, preferences: Preferences) -> None:
        """Work as the user prefers, from now on."""
        self.preferences = preferences
        preferences.save(QSettings())
        self.view.wheel_zooms = preferences.wheel_zooms
        self.player.device = preferences.device or None


def _in_seconds(damage: Damage, rate: int) -> Missing:
    return Missing(damage.start / rate, damage.stop / rate, damage.reason)
