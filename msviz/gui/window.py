"""The window: one track, its pictures, its sound."""

from __future__ import annotations

from pathlib import Path

from PyQt6.QtCore import QByteArray, QEvent, QPoint, QSettings, QSize, Qt, QTimer, pyqtSignal
from PyQt6.QtGui import QCloseEvent, QDragEnterEvent, QDragLeaveEvent, QDropEvent, QKeyEvent, QShowEvent
from PyQt6.QtWidgets import QApplication, QMainWindow, QMessageBox, QStackedWidget, QVBoxLayout, QWidget

from msviz.audio import AudioSource
from msviz.demos import demo_tracks
from msviz.errors import MsvizError
from msviz.gui.actions import Actions
from msviz.gui.canvas.colours import Colours
from msviz.gui.dialogs.dialogs import Dialogs
from msviz.gui.keyboard import ControlKeys
from msviz.gui.model.listening import FOLLOWED
from msviz.gui.model.session import Session
from msviz.gui.model.workspace import Workspace
from msviz.gui.panels.colour_bar import ColourBar
from msviz.gui.panels.drop import DropOverlay, accept_copy, dropped_files
from msviz.gui.panels.feed import Feed
from msviz.gui.panels.inspector import Inspector
from msviz.gui.panels.messages import MessageBar
from msviz.gui.panels.meter import MeterBar
from msviz.gui.panels.pictures import SHOWN, Pictures
from msviz.gui.panels.readout_label import ReadOut
from msviz.gui.panels.status import StatusBar
from msviz.gui.panels.transport import TransportBar
from msviz.gui.panels.welcome import Welcome
from msviz.gui.work.analysis import Analysis
from msviz.playback import Player

SIZE = QSize(1400, 860)
INSPECTOR_WIDTH = 250
INSPECTOR_FITS = 1000  # pixels: in a window of this width it stands beside the pictures at first
SNAP_KEY = Qt.Key.Key_Z  # held
ON_AT_FIRST = ("waveform", "rebuilt", "octave controls")  # of the switches


class Window(QMainWindow):
    """A window for one track at a time.

    Parameters
    ----------
    player : Player, optional
        Closed with the window.

    Attributes
    ----------
    work : Workspace
        All that it works with; `view`, `player`, `listening`, `editing`, `files`, `exporter`, `track` and
        `runner` are its.
    asks : bool
        Whether it asks before it closes and something is lost; not where nobody is there to answer.
    """

    window_requested = pyqtSignal(object)
    """Another window is to be opened, on the file of this path; None: on the welcome."""

    def __init__(self, player: Player | None = None) -> None:
        super().__init__()
        self.asks = True
        self._arranged = False  # as the user had it, or at first
        self.work = work = Workspace(player)
        self.track, self.view, self.player, self.runner = work.track, work.view, work.player, work.runner
        self.listening, self.editing = work.listening, work.editing
        self.files, self.exporter = work.files, work.exporter

        self.pictures = Pictures(work.track)
        self.welcome = Welcome(_demos())
        self.messages = MessageBar(work)
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

        self.meter = MeterBar(work.player)
        self.dialogs = Dialogs(self, work, self.pictures, self.meter)
        self.actions_ = Actions(self, work, self.pictures, self.dialogs, _demos())
        self.actions_.copy_read_out.triggered.connect(self._copy_read_out)
        self.actions_.new_window.triggered.connect(lambda: self.window_requested.emit(None))
        self.colour_bar = ColourBar()
        self.inspector = Inspector(work.track, self.colour_bar)
        self.actions_.add_panel(
            self.inspector.toggleViewAction(),
            "I",
            "Inspector: parameters, resynthesis, spectrum, selection",
        )
        self.transport = TransportBar(self.actions_, work.track, work.listening, self.meter)
        self.addToolBar(self.transport)
        self.addDockWidget(Qt.DockWidgetArea.RightDockWidgetArea, self.inspector)
        self.resizeDocks([self.inspector], [INSPECTOR_WIDTH], Qt.Orientation.Horizontal)
        self._read_out = ReadOut(work.track, self.pictures)
        self.status = StatusBar(work, self._read_out)
        self.setStatusBar(self.status)
        self._feed = Feed(work, self.pictures, self.inspector)

        self._connect()
        ControlKeys(self)
        self.drop = DropOverlay(self)
        self.setAcceptDrops(True)
        self.setWindowTitle("msviz")
        self._restore()

    def _connect(self) -> None:
        work, pictures = self.work, self.pictures
        work.opened.connect(self._show_track)
        work.files.recent_changed.connect(self._show_recent)
        work.listening.ticked.connect(self.meter.wake)
        work.listening.volume_changed.connect(self._save_volume)
        work.error.read.connect(self.inspector.lab.show_error)
        self.welcome.open_requested.connect(self.dialogs.open_file)
        self.welcome.chosen.connect(work.files.open)
        self.inspector.selection.message.connect(self.status.show_text)
        self.colour_bar.changed.connect(pictures.set_colours)
        pictures.colours_changed.connect(self.colour_bar.set_colours)
        pictures.menu_requested.connect(self._show_menu)
        self.actions_.context_menu.aboutToHide.connect(self._leave_menu)

    # The open track

    @property
    def session(self) -> Session | None:
        """The session of the open track."""
        return self.work.session

    @property
    def source(self) -> AudioSource | None:
        """The open file."""
        return self.work.source

    @property
    def analysis(self) -> Analysis | None:
        """What fills the current pictures."""
        return self.work.analysis

    def show_source(self, source: AudioSource) -> None:
        """Show and play an opened file; the one that was open is closed."""
        self.work.open(source)

    def _show_track(self) -> None:
        session = self.session
        if not session:
            return
        if self._pages.currentWidget() is not self.pictures:
            self._pages.setCurrentWidget(self.pictures)
            self.setFocus()  # Qt gives it to the first field
        self.colour_bar.setEnabled(True)
        self.setWindowTitle(f"{session.source.path.name} – msviz")
        self.setWindowFilePath(str(session.source.path))

    def _show_menu(self, at: QPoint) -> None:
        time_s, hz = self.view.cursor or (None, None)
        if time_s is not None and hz is not None:
            self.editing.point_at(time_s, hz)
        self.actions_.context_menu.popup(at)

    def _leave_menu(self) -> None:
        """Clear the cursor once the chosen action has used it."""
        QTimer.singleShot(0, lambda: self.view.set_cursor(None))

    def _copy_read_out(self) -> None:
        text = self._read_out.plain
        if text and (clipboard := QApplication.clipboard()):
            clipboard.setText(text)
        self.status.show_text(f"Copied {text}" if text else "Point at a picture to copy its readout.")

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() == SNAP_KEY and not event.isAutoRepeat():
            self.view.set_snapping(True)
        else:
            super().keyPressEvent(event)

    def keyReleaseEvent(self, event: QKeyEvent) -> None:
        if event.key() == SNAP_KEY and not event.isAutoRepeat():
            self.view.set_snapping(False)
        else:
            super().keyReleaseEvent(event)

    def changeEvent(self, event: QEvent) -> None:
        if event.type() == QEvent.Type.ActivationChange:
            self.view.set_snapping(False)  # another window gets the release of the key
        super().changeEvent(event)

    def _save_volume(self) -> None:
        QSettings().setValue("volume", self.listening.volume)

    # The window

    def _show_recent(self) -> None:
        self.welcome.set_recent(self.files.recent())

    def showEvent(self, event: QShowEvent) -> None:
        if not self._arranged:
            self._arranged = True
            self.inspector.setVisible(self.width() >= INSPECTOR_FITS)  # else the pictures need its room
        super().showEvent(event)

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:
        if files := dropped_files(event.mimeData()):
            accept_copy(event)
            self.drop.offer(files)

    def dragLeaveEvent(self, event: QDragLeaveEvent) -> None:
        self.drop.hide()

    def dropEvent(self, event: QDropEvent) -> None:
        self.drop.hide()
        if files := dropped_files(event.mimeData()):
            accept_copy(event)
            self.files.open(files[0])
            for path in files[1:]:
                self.window_requested.emit(path)

    def _restore(self) -> None:
        settings = QSettings()
        geometry = settings.value("geometry")
        if not (isinstance(geometry, QByteArray) and self.restoreGeometry(geometry)):
            self.resize(SIZE.boundedTo(self.screen().availableSize()))
        state = settings.value("state")
        self._arranged = isinstance(state, QByteArray) and self.restoreState(state)
        self.inspector.tab = settings.value("inspector tab", 0, int)
        self.colour_bar.setEnabled(False)
        self.pictures.set_colours(Colours.load(settings))
        shown = settings.value("shown", SHOWN[0])
        self.pictures.set_shown(shown if shown in SHOWN else SHOWN[0])
        for name, action in self.actions_.switches.items():
            action.setChecked(settings.value(f"switches/{name}", name in ON_AT_FIRST, bool))
        self.work.set_preferences(self.work.preferences)
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
        self.dialogs.close()
        settings = QSettings()
        settings.setValue("geometry", self.saveGeometry())
        settings.setValue("state", self.saveState())
        settings.setValue("inspector tab", self.inspector.tab)
        settings.setValue("shown", self.pictures.shown)
        for name, action in self.actions_.switches.items():
            settings.setValue(f"switches/{name}", action.isChecked())
        settings.setValue("follow", self.listening.follow)
        self.pictures.colours.save(settings)
        self.work.close()
        super().closeEvent(event)


def _demos() -> dict[str, Path]:
    try:
        return demo_tracks()
    except MsvizError:  # an installation without them still opens files
        return {}
