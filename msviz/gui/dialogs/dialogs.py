"""The dialogs of a window: each method asks for something and does it."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from pathlib import Path

from PyQt6.QtCore import QSettings, Qt
from PyQt6.QtWidgets import QApplication, QDialog, QFileDialog, QInputDialog, QMainWindow

from msviz.audio.kinds import SUFFIXES, VIDEO_SUFFIXES
from msviz.gui.canvas.colours import OWN, Stop
from msviz.gui.dialogs import help as help_texts
from msviz.gui.dialogs.abx import AbxDialog
from msviz.gui.dialogs.colour_editor import ColourEditor
from msviz.gui.dialogs.data_export import DataDialog
from msviz.gui.dialogs.export import AudioDialog, ExportDialog, ask
from msviz.gui.dialogs.go_to import GoToDialog
from msviz.gui.dialogs.keys import KeysDialog
from msviz.gui.dialogs.picture_export import PictureDialog
from msviz.gui.dialogs.preferences import PreferencesDialog
from msviz.gui.model.gains import HIGHEST_DB, SOFTEST_DB
from msviz.gui.model.workspace import Workspace
from msviz.gui.panels.meter import MeterBar
from msviz.gui.panels.pictures import Pictures
from msviz.gui.theme import apply_theme

FILE_FILTER = (
    f"Audio and video ({' '.join(f'*{suffix}' for suffix in sorted(SUFFIXES | VIDEO_SUFFIXES))});;"
    "Converted (*.zarr *.zip *.npz zarr.json);;All files (*)"
)

OF_TRACK = AbxDialog, ExportDialog, GoToDialog, QFileDialog, QInputDialog


class Dialogs:
    """The dialogs of a window.

    Parameters
    ----------
    parent : QMainWindow
        The window that they belong to.
    work : Workspace
    pictures : Pictures
        Whose look they change or export.
    meter : MeterBar
        Rests during a blind test, which it could give away.
    """

    def __init__(self, parent: QMainWindow, work: Workspace, pictures: Pictures, meter: MeterBar) -> None:
        self._parent, self._work, self._pictures, self._meter = parent, work, pictures, meter
        self._keys: KeysDialog | None = None  # while it is open
        work.closed.connect(self._leave_track)

    def close(self) -> None:
        """Cancel every open dialog."""
        self._cancel(QDialog)

    def _leave_track(self) -> None:
        """Cancel what is asked about the track, as it is closed."""
        self._cancel(*OF_TRACK)

    def _cancel(self, *kinds: type[QDialog]) -> None:
        for dialog in self._parent.findChildren(QDialog):
            if isinstance(dialog, kinds) and dialog.isVisible():
                dialog.done(QDialog.DialogCode.Rejected)

    # Files

    def open_file(self) -> None:
        """Ask for a file and open it."""
        name, _ = QFileDialog.getOpenFileName(self._parent, "Open track", _last_folder(), FILE_FILTER)
        self._open(name)

    def open_folder(self) -> None:
        """Ask for a converted track that is a folder, and open it."""
        self._open(QFileDialog.getExistingDirectory(self._parent, "Open converted folder", _last_folder()))

    def _open(self, name: str) -> None:
        if name:
            QSettings().setValue("folder", str(Path(name).parent))
            self._work.files.open(Path(name))

    # Exports

    def export_sound(self) -> None:
        """Ask what sound to write, and write it in a worker thread."""
        session, box = self._work.session, self._work.listening.box
        if session:
            dialog = AudioDialog(
                session.whole,
                self._work.track.heard,
                track=session.source,
                selection=self._selected_samples(),
                isolated=session.isolated(box) if box else None,
                parent=self._parent,
            )
            self._export(dialog)

    def export_picture(self) -> None:
        """Ask how to draw what is visible, and write it in a worker thread."""
        session, pictures = self._work.session, self._pictures
        if session:
            seen = self._work.view.target
            self._export(PictureDialog(session, seen, pictures.look, pictures.size(), self._parent))

    def export_data(self) -> None:
        """Ask what representation to write, and write it in a worker thread."""
        session = self._work.session
        if session:
            self._export(DataDialog(session, self._work.track, self._selected_samples(), self._parent))

    def _export(self, dialog: ExportDialog) -> None:
        source = self._work.source
        if source and (task := ask(dialog, source.path)):
            self._work.exporter.start(task)

    def _selected_samples(self) -> tuple[int, int] | None:
        box = self._work.view.selection
        return self._work.listening.samples(box.start_s, box.stop_s) if box else None

    # Edits and listening

    def ask_gain(self) -> None:
        """Ask for the gain of the selection."""
        editing = self._work.editing
        if not editing.require_selection():
            return
        now = max(editing.chosen.gain_db if editing.chosen else 0.0, SOFTEST_DB)
        gain_db, accepted = QInputDialog.getDouble(
            self._parent, "Change selection gain", "Gain (dB)", now, SOFTEST_DB, HIGHEST_DB, 1
        )
        if accepted:
            editing.set_gain(gain_db, "Change Gain")

    def go_to_time(self) -> None:
        """Ask for a time and go there."""
        listening = self._work.listening
        dialog = GoToDialog(self._work.view, self._parent)
        dialog.accepted.connect(lambda: listening.go_to(dialog.time_s))
        self._show(dialog)

    def test_blind(self) -> None:
        """Test by ear whether two sources differ, in the selection."""
        session, listening, view = self._work.session, self._work.listening, self._work.view
        if not session:
            return
        region = listening.samples(*(view.selection or view.full)[:2])
        listening.rest()
        self._meter.rest()
        dialog = AbxDialog(
            self._work.player,
            session.sources,
            region,
            self._parent,
            track=str(session.source.path),
            settings=self._work.track.settings,
        )
        dialog.finished.connect(listening.resume)
        self._show(dialog)

    # The program

    def edit_colours(self) -> None:
        """Edit the colour map; Cancel leaves it as it was."""
        pictures, before = self._pictures, self._pictures.colours
        editor = ColourEditor(before, self._parent)
        editor.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)

        def show(name: str, stops: tuple[Stop, ...]) -> None:
            pictures.set_colours(replace(pictures.colours, name=name, stops=stops))

        editor.changed.connect(partial(show, OWN))
        editor.rejected.connect(partial(show, before.name, before.stops))
        editor.show()

    def edit_preferences(self) -> None:
        """Edit what goes for all tracks."""
        work = self._work
        dialog = PreferencesDialog(work.preferences, work.listening.devices(), self._parent)
        dialog.changed.connect(work.set_preferences)
        dialog.theme_changed.connect(_apply_theme)
        self._show(dialog)

    def show_keys(self) -> None:
        """Show every key and what the mouse does, next to the window."""
        if self._keys is None:
            self._keys = KeysDialog(self._parent)
            self._keys.destroyed.connect(self._forget_keys)
        self._keys.show()
        self._keys.raise_()
        self._keys.activateWindow()

    def _forget_keys(self) -> None:
        self._keys = None

    def show_log(self) -> None:
        """Show what has failed."""
        help_texts.show_log(self._parent)

    def show_about(self) -> None:
        """Show what msviz is."""
        help_texts.show_about(self._parent)

    def _show(self, dialog: AbxDialog | GoToDialog | PreferencesDialog) -> None:
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        dialog.open()


def _last_folder() -> str:
    return str(QSettings().value("folder", str(Path.home())))


def _apply_theme(theme: str) -> None:
    app = QApplication.instance()
    if isinstance(app, QApplication):
        apply_theme(app, theme)
