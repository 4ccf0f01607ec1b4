"""Dialogs of the window: what is asked for in them, and what is done with the answers."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING

from PyQt6.QtCore import Qt
from PyQt6.QtWidgets import QApplication

from msviz.gui.canvas.colours import OWN, Stop
from msviz.gui.dialogs.abx import AbxDialog
from msviz.gui.dialogs.colour_editor import ColourEditor
from msviz.gui.dialogs.data_export import DataDialog
from msviz.gui.dialogs.export import AudioDialog, ask
from msviz.gui.dialogs.picture_export import PictureDialog
from msviz.gui.dialogs.preferences import PreferencesDialog
from msviz.gui.model.session import SOURCES
from msviz.gui.panels.figure import Look
from msviz.gui.theme import apply_theme

if TYPE_CHECKING:
    from msviz.gui.window import Window


def edit_colours(window: Window) -> None:
    """Open the editor of the colour map; cancelled, it leaves the map as it was."""
    before = window.colours
    editor = ColourEditor(before, window)
    editor.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)

    def show(name: str, stops: tuple[Stop, ...]) -> None:
        window.set_colours(replace(window.colours, name=name, stops=stops))

    editor.changed.connect(partial(show, OWN))
    editor.rejected.connect(partial(show, before.name, before.stops))
    editor.show()


def edit_preferences(window: Window) -> None:
    """Open the dialog of what is kept for all tracks."""
    dialog = PreferencesDialog(window.preferences, window.listening.devices(), window)
    dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
    dialog.changed.connect(window.set_preferences)
    dialog.theme_changed.connect(_suit)
    dialog.open()


def _suit(theme: str) -> None:
    app = QApplication.instance()
    if isinstance(app, QApplication):
        apply_theme(app, theme)


def test_blind(window: Window) -> None:
    """Let a person find out what can be told apart, in what is selected."""
    session, listening = window.session, window.listening
    if not session:
        return
    region = listening.samples(*(window.view.selection or window.view.full)[:2])
    listening.rest()
    window.meter.rest()  # it could give X away
    dialog = AbxDialog(
        window.player,
        session.sources,
        region,
        window,
        track=str(session.source.path),
        settings=session.settings,
    )
    dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
    dialog.finished.connect(listening.resume)
    dialog.open()


def export(window: Window) -> None:
    """Ask which sound to export, and start writing it."""
    session = window.session
    if not session:
        return
    box = window.listening.box
    dialog = AudioDialog(
        session.whole,
        window.player.source or SOURCES[0],
        track=session.source,
        selection=_selected(window),
        isolated=session.isolated(box) if box else None,
        parent=window,
    )
    if task := ask(dialog, session.source.path):
        window.exporter.start(task)


def export_picture(window: Window) -> None:
    """Ask how to draw what the window shows, and start writing it."""
    session, pictures, editing = window.session, window.pictures, window.editing
    if not session:
        return
    on = {name: switch.isChecked() for name, switch in window.actions_.switches.items()}
    look = Look(
        pictures.shown,
        on["waveform"],
        on["smooth"],
        on["notes"],
        on["linear"],
        pictures.octaves_share,
        pictures.curtain.canvas.edge,
        window.colours,
        editing.edits,
        editing.octaves,
        window.view.selection,
        on["rebuilt"],
    )
    dialog = PictureDialog(session, window.view.target, look, pictures.size(), window)
    if task := ask(dialog, session.source.path):
        window.exporter.start(task)


def export_data(window: Window) -> None:
    """Ask which representation to export, and start writing it."""
    session = window.session
    if session and (task := ask(DataDialog(session, _selected(window), window), session.source.path)):
        window.exporter.start(task)


def _selected(window: Window) -> tuple[int, int] | None:
    """The samples that are selected."""
    box = window.view.selection
    return window.listening.samples(box.start_s, box.stop_s) if box else None
