"""Every action of the window: one place for its name, its key and what it does."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TypeVar

from PyQt6.QtCore import Qt
from PyQt6.QtGui import QAction, QActionGroup
from PyQt6.QtWidgets import QApplication, QMainWindow, QMenu

from msviz.gui.dialogs.dialogs import Dialogs
from msviz.gui.model.files import told_apart
from msviz.gui.model.selection import extend
from msviz.gui.model.workspace import Workspace
from msviz.gui.panels.pictures import Pictures
from msviz.gui.theme import icon

ZOOM = 2.0
BRIGHTER_DB = 3.0
CURTAIN_STEP = 0.02
STEP = 0.1  # of the view, for the arrow keys
STEP_DB = 1.0  # of an octave's gain
VOLUME_STEP = 5  # of 100
T = TypeVar("T")

SOURCE_TIPS = {
    "Original": "The track itself",
    "Multi-scale": "The resynthesis from the octaves, with all edits",
    "STFT": "The resynthesis from the STFT, with all edits",
    "Difference": "Original minus Multi-scale: what the transform and your edits change",
}
SHOWN_NAMES = {
    "both": "Octaves and STFT",
    "octaves": "Octaves only",
    "stft": "STFT only",
    "curtain": "Curtain: octaves | STFT",
}


class Actions:
    """The window's actions and the menus that they are in.

    Attributes
    ----------
    play, stop, start, open, loop, mute : QAction
    context_menu : QMenu
        That of the pictures and of the waveform.
    copy_read_out : QAction
        Connected by the window.
    sources : dict of str to QAction
        What is heard, by name; one at a time.
    switches : dict of str to QAction
        What is on or off of the pictures, by the name that settings keep it under.
    """

    def __init__(
        self,
        window: QMainWindow,
        work: Workspace,
        pictures: Pictures,
        dialogs: Dialogs,
        demos: Mapping[str, Path],
    ) -> None:
        self._window, self._work = window, work
        self._pictures, self._dialogs = pictures, dialogs
        self._needs_track: list[QAction] = []
        self._file_menu(demos)
        self._edit_menu()
        self._play_menu()
        self._view_menu()
        self.context_menu = self._context_menu()
        help_ = self._menu("&Help")
        self._add(help_, "&Keys and mouse", "F1", dialogs.show_keys, always=True).setShortcuts(["F1", "?"])
        self._add(help_, "Show &log", "", dialogs.show_log, always=True)
        self._add(help_, "&About msviz", "", dialogs.show_about, always=True)
        work.opened.connect(self._show_track)
        work.closed.connect(self._show_track)
        work.track.heard_changed.connect(self._show_source)
        work.listening.volume_changed.connect(self._show_muted)
        work.listening.ticked.connect(self._show_playing)
        work.files.recent_changed.connect(self._show_recent)
        pictures.shown_changed.connect(lambda shown: self._shown[shown].setChecked(True))
        self._show_track()
        self._show_recent()

    def _file_menu(self, demos: Mapping[str, Path]) -> None:
        window, dialogs, open_ = self._window, self._dialogs, self._work.files.open
        file = self._menu("&File")
        self.new_window = self._add(file, "&New window", "Ctrl+N", None, always=True)
        self.open = self._add(file, "&Open…", "Ctrl+O", dialogs.open_file, always=True)
        self.open.setIcon(icon("open"))
        self._add(
            file,
            "Open con&verted folder…",
            "Ctrl+Shift+O",
            dialogs.open_folder,
            always=True,
        )
        self._recent = self._menu("Open &recent", file)
        demo_menu = self._menu("&Demo tracks", file)
        for name, path in demos.items():
            demo_menu.addAction(name).triggered.connect(lambda _, path=path: open_(path))
        demo_menu.setEnabled(bool(demos))
        file.addSeparator()
        self._exports = [
            self._add(file, "&Export sound…", "Ctrl+Shift+E", dialogs.export_sound),
            self._add(file, "Export p&icture…", "Ctrl+Shift+P", dialogs.export_picture),
            self._add(file, "Export d&ata…", "Ctrl+Shift+D", dialogs.export_data),
        ]
        file.addSeparator()
        self._add(file, "&Preferences…", "Ctrl+,", dialogs.edit_preferences, always=True)
        file.addSeparator()
        self._add(file, "&Close window", "Ctrl+W", window.close, always=True)
        self._add(file, "&Quit", "Ctrl+Q", QApplication.closeAllWindows, always=True)

    def _edit_menu(self) -> None:
        editing, view = self._work.editing, self._work.view
        edit = self._menu("&Edit")
        steps = editing.steps
        # Kept, for nobody else does.
        self._steps = [
            (steps.createUndoAction(self._window, "&Undo"), ["Ctrl+Z"]),
            (steps.createRedoAction(self._window, "&Redo"), ["Ctrl+Shift+Z", "Ctrl+Y"]),
        ]
        for (step, keys), name in zip(self._steps, ("Undo", "Redo"), strict=True):
            if step:
                step.setIconText(name)  # whatever step it is about
                step.setShortcuts(keys)
                edit.addAction(step)
        edit.addSeparator()
        self._selection_menu(edit)
        edit.addSeparator()
        self._boxes = boxes = [
            self._add(edit, text, key, do, tip=tip, always=True)
            for text, key, do, tip in (
                (
                    "&Solo selection",
                    "Ctrl+Shift+A",
                    editing.toggle_solo,
                    "Play only soloed selections; choose it again to end the solo",
                ),
                ("S&ilence selection", "Del", editing.remove, "Silence the selection in the resynthesis"),
                (
                    "Change selection &gain…",
                    "Ctrl+Shift+G",
                    self._dialogs.ask_gain,
                    "Raise or lower the gain of the selection in the resynthesis",
                ),
                (
                    "Reset this &box",
                    "Shift+Del",
                    editing.drop,
                    "Undo all changes to the selected box. Click an edited box to select it",
                ),
            )
        ]
        self._octave_menu = octave = self._menu("&Octave at the pointer", edit)
        for text, key, do in (
            ("&Mute octave", "Shift+M", editing.mute),
            ("&Solo octave", "Shift+S", editing.solo),
            ("&Raise octave gain", "Shift+Up", partial(editing.step_gain, STEP_DB)),
            ("&Lower octave gain", "Shift+Down", partial(editing.step_gain, -STEP_DB)),
        ):
            self._add(octave, text, key, do)
        edit.addSeparator()
        clear = self._add(edit, "Reset all &edits", "Ctrl+Shift+Del", editing.clear, always=True)

        def offer() -> None:
            """Enable what applies."""
            selected = view.selection is not None
            self._nudge.setEnabled(selected)
            applies = selected, selected, selected, editing.chosen is not None
            for action, can in zip((*boxes, clear), (*applies, bool(editing.track.edits)), strict=True):
                action.setEnabled(can)

        editing.track.edits_changed.connect(offer)
        view.selection_changed.connect(offer)
        offer()

    def _selection_menu(self, edit: QMenu) -> None:
        view, pictures = self._work.view, self._pictures
        self._selects = [
            self._add(edit, "Select &all", "Ctrl+A", view.select_all),
            self._add(edit, "&Clear selection", "Esc", lambda: view.select(None)),
        ]
        for text, key, do in (
            ("Select to s&tart", "Shift+Home", lambda: extend(view, 0.0)),
            ("Select to en&d", "Shift+End", lambda: extend(view, view.full.stop_s)),
        ):
            self._add(edit, text, key, do, tip="Extend the selection; without one, select from the playhead")
        self._nudge = nudge = self._menu("Nudge &selection", edit)
        for name, key, right, up in (
            ("left", "Left", -1, 0),
            ("right", "Right", 1, 0),
            ("up", "Up", 0, 1),
            ("down", "Down", 0, -1),
        ):
            self._add(nudge, f"Move {name}", f"Alt+{key}", partial(pictures.nudge_selection, right, up))
        nudge.addSeparator()
        for name, key, right, up in (
            ("Shorten", "Left", -1, 0),
            ("Lengthen", "Right", 1, 0),
            ("Raise upper edge", "Up", 0, 1),
            ("Lower upper edge", "Down", 0, -1),
        ):
            do = partial(pictures.nudge_selection, right, up, resize=True)
            self._add(nudge, name, f"Ctrl+Shift+{key}", do)
        edit.addSeparator()
        self._add(edit, "&Pin crosshair", "P", view.toggle_pin).setToolTip(
            "Measure from the pointer's position; press again to remove the pin (P)"
        )
        self.copy_read_out = self._add(edit, "C&opy readout", "Ctrl+C", None)

    def _context_menu(self) -> QMenu:
        """The menu of the pictures and the waveform."""
        menu = QMenu(self._window)
        menu.setToolTipsVisible(True)
        plays = [self.play, self._play_selection, self.loop]
        for actions in (plays, self._zooms, self._selects, self._boxes):
            menu.addActions(actions)
            menu.addSeparator()
        menu.addMenu(self._octave_menu)
        menu.addSeparator()
        menu.addActions(self._exports)
        return menu

    def _play_menu(self) -> None:
        listening, track, dialogs = self._work.listening, self._work.track, self._dialogs
        play = self._menu("&Play")
        self.play = self._add(play, "&Play", "Space", listening.toggle_playing)
        self._play_selection = self._add(
            play,
            "Play s&election",
            "Shift+Space",
            listening.play_selection,
            tip="Play the selection once: its time range, and only its frequencies",
        )
        self.stop = self._add(play, "&Stop", "Shift+Esc", listening.stop_playing)
        self.loop = self._switch(
            play,
            "&Loop",
            "L",
            listening.set_looping,
            tip="Repeat the time range of the selection, or the whole track if nothing is selected",
        )
        go = self._menu("&Go to", play)
        self.start = self._add(go, "&Start", "Home", lambda: listening.go_to(0.0))
        self.start.setToolTip("Go to the start (Home)")
        self._add(go, "&End", "End", lambda: listening.go_to(track.view.full.stop_s))
        self._add(go, "&Time…", "Ctrl+G", dialogs.go_to_time)
        self._add(go, "&Back 10 s", "[", lambda: listening.go_by(-10.0))
        self._add(go, "&Forward 10 s", "]", lambda: listening.go_by(10.0))
        self._add(go, "&Next damaged part", "Ctrl+D", self._work.go_to_next_missing)
        for name in ("play", "stop", "start", "loop"):
            getattr(self, name).setIcon(icon(name))
        play.addSeparator()
        self.sources = self._choice(
            play, {name: name for name in SOURCE_TIPS}, track.hear, [str(n) for n in range(1, 5)]
        )
        for name, action in self.sources.items():
            action.setToolTip(f"{SOURCE_TIPS[name]} ({action.shortcut().toString()})")
        self.sources["Difference"].setShortcuts(["4", "D"])
        for number, letter in enumerate("AB"):
            self._add(
                play,
                f"Switch to {letter}",
                letter,
                partial(self._hear_of_pair, number),
                tip="A and B are the last two sources played",
            )
        self.blind_test = self._add(
            play,
            "A&BX test…",
            "X",
            dialogs.test_blind,
            tip="Blind test: can you hear a difference between two sources?",
        )
        self.blind_test.setIconText("ABX")
        play.addSeparator()
        speed = self._menu("Spee&d", play)
        texts = {"Full speed": 1.0, "Half speed, same pitch": 0.5, "Quarter speed, same pitch": 0.25}
        self.speeds = self._choice(speed, texts, listening.set_speed, ["Ctrl+1", "Ctrl+2", "Ctrl+4"])
        self.speeds[1.0].setChecked(True)
        follow = self._menu("&Follow playhead", play)
        ways = {"By &page": "page", "&Smoothly": "smooth", "&Off": "off"}
        self.follow = self._choice(follow, ways, partial(setattr, listening, "follow"), ["F6", "F7", "F8"])
        self.follow["page"].setChecked(True)
        volume = self._menu("&Volume", play)
        self._add(volume, "Lo&uder", "Ctrl+Up", partial(listening.step_volume, VOLUME_STEP), always=True)
        self._add(volume, "&Quieter", "Ctrl+Down", partial(listening.step_volume, -VOLUME_STEP), always=True)
        self.mute = self._switch(volume, "&Mute", "Ctrl+M", listening.set_muted)
        self.mute.setIcon(icon("loud"))
        play.addSeparator()
        self._tracks = self._menu("Audio trac&k", play)
        self._devices = self._menu("Output de&vice", play)
        self._devices.aboutToShow.connect(self._fill_devices)

    def _view_menu(self) -> None:
        view, pictures = self._work.view, self._pictures
        look = self._menu("&View")
        self._shown = self._choice(
            look,
            {name: shown for shown, name in SHOWN_NAMES.items()},
            pictures.set_shown,
            ["F2", "F3", "F4", "F5"],
        )
        look.addSeparator()
        self.curtain = self._shown["curtain"]
        self.curtain.setIcon(icon("curtain"))
        self._zoom_menu(look)
        self._scroll_menu(look)
        look.addSeparator()
        self.switches = {
            "waveform": self._switch(look, "&Waveform", "W", pictures.set_waveform_shown),
            "rebuilt": self._switch(
                look, "&Resynthesis in the waveform", "Shift+W", pictures.waveform.set_rebuilt_shown
            ),
            "smooth": self._switch(look, "S&mooth cells", "S", pictures.set_smooth),
            "notes": self._switch(look, "&Piano ruler", "N", pictures.set_notes),
            "octave controls": self._switch(look, "Octave &controls", "G", pictures.set_gutter_shown),
            "linear": self._switch(look, "&Linear STFT axis", "Shift+L", pictures.set_stft_linear),
            "harmonics": self._switch(look, "&Harmonics at the pointer", "H", view.set_harmonics),
        }
        curtain = pictures.curtain.canvas

        def move_divider(way: float) -> Callable[[], None]:
            return lambda: curtain.move_edge(curtain.edge + way)

        divider = self._menu("Curtain &divider", look)
        self._add(divider, "Move &left", "Shift+Left", move_divider(-CURTAIN_STEP))
        self._add(divider, "Move &right", "Shift+Right", move_divider(CURTAIN_STEP))
        colours = self._menu("&Colours", look)
        self._add(colours, "&Brighter", ".", lambda: pictures.shift_range(-BRIGHTER_DB))
        self._add(colours, "&Darker", ",", lambda: pictures.shift_range(BRIGHTER_DB))
        self._add(colours, "Edit colour &map…", "Ctrl+Shift+C", self._dialogs.edit_colours)
        look.addSeparator()
        self._look = look
        self._add(look, "F&ull screen", "F11", self._toggle_full_screen, always=True)

    def _zoom_menu(self, look: QMenu) -> None:
        view = self._work.view
        zoom = self._menu("&Zoom", look)
        self.show_all = self._add(zoom, "Show &all", "F", view.fit)
        self.show_all.setShortcuts(["F", "Ctrl+F"])
        self._zooms = [
            self.show_all,
            self._add(zoom, "Zoom to s&election", "Ctrl+E", view.fit_selection),
            self._add(zoom, "&Previous zoom", "Backspace", view.back),
        ]
        zoom.addSeparator()
        self.zoom_in = self._add(zoom, "Zoom &in", "Ctrl+=", partial(view.zoom_time, ZOOM))
        self.zoom_out = self._add(zoom, "Zoom &out", "Ctrl+-", partial(view.zoom_time, 1 / ZOOM))
        about_focus = [
            self.zoom_in,
            self.zoom_out,
            self._add(zoom, "Zoom in &vertically", "Alt+=", partial(view.zoom_frequency, ZOOM)),
            self._add(zoom, "Zoom out ver&tically", "Alt+-", partial(view.zoom_frequency, 1 / ZOOM)),
            self._add(zoom, "&1 second", "Alt+1", partial(view.show_span, 1.0)),
            self._add(zoom, "1&0 seconds", "Alt+2", partial(view.show_span, 10.0)),
            self._add(zoom, "One &sample per pixel (1:1)", "Alt+3", view.show_samples),
        ]
        for action in about_focus:
            key = action.shortcut().toString()
            action.setToolTip(f"{action.iconText()}, around the selection or the playhead ({key})")
        self.zoom_in.setShortcuts(["Ctrl+=", "Ctrl++"])
        for action, name in (
            (self.zoom_in, "zoom in"),
            (self.zoom_out, "zoom out"),
            (self.show_all, "show all"),
        ):
            action.setIcon(icon(name))

    def _scroll_menu(self, look: QMenu) -> None:
        scroll = self._menu("Sc&roll", look)
        for text, key, right, up in (
            ("&Left", "Left", -STEP, 0),
            ("&Right", "Right", STEP, 0),
            ("&Up", "Up", 0, STEP),
            ("&Down", "Down", 0, -STEP),
            ("&Page left", "Ctrl+Left", -1, 0),
            ("P&age right", "Ctrl+Right", 1, 0),
        ):
            self._add(scroll, text, key, partial(self._work.view.scroll, right, up))

    def _menu(self, title: str, parent: QMenu | None = None) -> QMenu:
        menu = QMenu(title, self._window)
        menu.setToolTipsVisible(True)
        (parent or self._window.menuBar()).addMenu(menu)
        return menu

    def _add(
        self,
        menu: QMenu,
        text: str,
        key: str,
        do: Callable[[], object] | None,
        *,
        tip: str = "",
        always: bool = False,
    ) -> QAction:
        """Add an action to a menu; it needs a track unless it is `always` enabled."""
        action = QAction(text, self._window)
        action.setShortcut(key)
        tip = tip or text.replace("&", "").rstrip("…")
        action.setToolTip(f"{tip} ({key})" if key else tip)
        if do:
            action.triggered.connect(lambda: do())
        menu.addAction(action)
        if not always:
            self._needs_track.append(action)
        return action

    def _switch(
        self, menu: QMenu, text: str, key: str, do: Callable[[bool], None], *, tip: str = ""
    ) -> QAction:
        """Add an action that is on or off."""
        action = self._add(menu, text, key, None, tip=tip, always=True)
        action.setCheckable(True)
        action.toggled.connect(do)
        return action

    def _choice(
        self, menu: QMenu, values: Mapping[str, T], do: Callable[[T], object], keys: Sequence[str]
    ) -> dict[T, QAction]:
        """Add actions of which one is checked, by their values."""
        group = QActionGroup(self._window)
        actions = {}
        for (text, value), key in zip(values.items(), keys, strict=True):
            action = self._add(menu, text, key, partial(do, value))
            action.setCheckable(True)
            group.addAction(action)
            actions[value] = action
        return actions

    def add_panel(self, action: QAction | None, key: str, tip: str) -> None:
        """Add an action that shows or hides a panel."""
        if not action:
            return
        action.setShortcut(key)
        action.setToolTip(f"{tip} ({key})")
        self._look.addAction(action)

    def _toggle_full_screen(self) -> None:
        self._window.setWindowState(self._window.windowState() ^ Qt.WindowState.WindowFullScreen)

    def _hear_of_pair(self, number: int) -> None:
        """Play A (0) or B (1)."""
        self._work.track.hear(self._work.track.pair[number])

    # What they show

    def _show_recent(self) -> None:
        paths = self._work.files.recent()
        self._recent.clear()
        self._recent.setEnabled(bool(paths))
        for name, path in told_apart(paths).items():
            action = QAction(name.replace("&", "&&"), self._recent)
            action.setToolTip(str(path))
            action.triggered.connect(lambda _, path=path: self._work.files.open(path))
            self._recent.addAction(action)

    def _show_track(self) -> None:
        """Offer what can be done with the track, and its sound tracks, if there are several."""
        source = self._work.source
        for action in self._needs_track:
            action.setEnabled(source is not None)
        self._show_source()
        self._tracks.clear()
        self._tracks.setEnabled(source is not None and len(source.tracks) > 1)
        for number, name in enumerate(source.tracks if source else ()):
            sound_track = self._tracks.addAction(name.replace("&", "&&"))
            sound_track.setCheckable(True)
            sound_track.setChecked(source is not None and number == source.track)
            sound_track.triggered.connect(lambda _, number=number: self._work.open_sound_track(number))

    def _fill_devices(self) -> None:
        """What there is to play on."""
        self._devices.clear()
        names = self._work.listening.devices()
        for text, name in (("System default", None), *((name, name) for name in names)):
            action = self._devices.addAction(text.replace("&", "&&"))
            action.setCheckable(True)
            action.setChecked(self._work.player.device == name)
            action.triggered.connect(lambda _, name=name: self._set_device(name))

    def _set_device(self, name: str | None) -> None:
        self._work.set_preferences(replace(self._work.preferences, device=name or ""))

    def _show_source(self) -> None:
        self.sources[self._work.track.heard].setChecked(True)

    def _show_muted(self) -> None:
        muted = self._work.player.muted
        self.mute.setChecked(muted)
        self.mute.setIcon(icon("muted" if muted else "loud"))

    def _show_playing(self) -> None:
        """Offer to pause what is playing."""
        text = "Pause" if self._work.player.playing else "Play"
        if self.play.text() != f"&{text}":
            self.play.setText(f"&{text}")
            self.play.setToolTip(f"{text} (Space)")
            self.play.setIcon(icon(text.lower()))
