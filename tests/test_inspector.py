"""The inspector's dock: how wide it is, what it says, and the spectrum below."""

import numpy as np
import pytest
from PyQt6.QtCore import Qt
from PyQt6.QtWidgets import QApplication, QMainWindow, QWidget

from msviz.gui.model.parameters import Parameters
from msviz.gui.model.track import TrackState
from msviz.gui.model.view import View
from msviz.gui.panels.colour_bar import ColourBar
from msviz.gui.panels.inspector import Inspector
from msviz.gui.panels.spectrum import SpectrumPanel
from msviz.gui.work.analysis import Picture, tile_levels
from msviz.signal import Signal
from msviz.transform import STFT, OctaveTransform

SPECTRUM = 2  # the number of its tab


def test_the_spectrums_legend_has_the_curves_colours_and_leaves_the_plot_free(qtbot):
    panel = SpectrumPanel(View())
    qtbot.addWidget(panel)
    panel.resize(300, 260)
    panel.show()
    qtbot.waitExposed(panel)
    for curve in panel._curves:
        assert curve.opts["pen"].color().name() in panel._legend.text()
    assert not panel._legend.geometry().intersects(panel._plot.geometry())
    assert panel._plot.plotItem.legend is None


def test_lines_about_what_is_pointed_at_are_not_those_of_the_last_track(qtbot):
    view = View()
    inspector = Inspector(TrackState(view), ColourBar())
    qtbot.addWidget(inspector)
    inspector.tab = SPECTRUM
    source = Signal(np.zeros((1, 8000), np.float32), 8000)
    pictures = [Picture.of(transform, source) for transform in (OctaveTransform(8000), STFT(8000))]
    inspector.show()
    view.open(8000, 8000, 20.0, 4000.0)
    view.set_cursor((0.5, 440.0))
    inspector.look(pictures)
    inspector.tab = SPECTRUM
    qtbot.waitUntil(lambda: inspector._cells["STFT"][0].text().endswith("ms"))
    assert inspector._where.text() == "Spectrum at the pointer"
    view.open(8000, 8000, 20.0, 4000.0)
    inspector.look(pictures)
    cells = [label for labels in inspector._cells.values() for label in labels]
    qtbot.waitUntil(lambda: {label.text() for label in cells} == {"–"})
    assert inspector._where.text() == "Spectrum at the playhead"


def test_the_spectrum_goes_where_the_playhead_comes_to_rest(qtbot, monkeypatch):
    view = View()
    inspector = Inspector(TrackState(view), ColourBar())
    qtbot.addWidget(inspector)
    inspector.tab = SPECTRUM
    shown = []
    monkeypatch.setattr(inspector.spectrum, "look", lambda _: shown.append(view.playhead_s))
    source = Signal(np.zeros((1, 8000), np.float32), 8000)
    inspector.show()
    view.open(8000, 8000, 20.0, 4000.0)
    inspector.look([Picture.of(STFT(8000), source)])
    qtbot.waitUntil(lambda: shown == [0.0])
    for time_s in (0.25, 0.5):
        view.set_playhead(time_s)
    qtbot.waitUntil(lambda: shown == [0.0, 0.5])
    view.set_cursor((0.1, 440.0))
    view.set_playhead(0.75)
    assert not inspector._soon.isActive()


@pytest.fixture
def spectra():
    """A view of a second of noise in its first half and silence in the other, and its pictures."""
    view = View()
    samples = np.random.default_rng(1).uniform(-0.5, 0.5, (1, 8000)) * (np.arange(8000) < 4000)
    source = Signal(samples, 8000)
    pictures = [Picture.of(transform, source) for transform in (OctaveTransform(8000), STFT(8000))]
    for picture in pictures:
        for tile in range(picture.pyramid.tiles):
            picture.pyramid.put(tile, tile_levels(picture, source, tile))
    view.open(8000, 8000, 20.0, 4000.0)
    return view, pictures


def test_the_inspector_cannot_be_so_narrow_that_it_cuts_anything(qtbot, spectra):
    view, _ = spectra
    window = QMainWindow()
    qtbot.addWidget(window)
    inspector = Inspector(TrackState(view), ColourBar())
    window.setCentralWidget(QWidget())
    window.addDockWidget(Qt.DockWidgetArea.RightDockWidgetArea, inspector)
    window.resize(900, 500)
    window.show()
    window.resizeDocks([inspector], [50], Qt.Orientation.Horizontal)
    QApplication.processEvents()
    for number, panel in enumerate((inspector.parameters, inspector.lab)):
        inspector._tabs.setCurrentIndex(number)
        QApplication.processEvents()
        assert (
            panel.visibleRegion().boundingRect().width() == panel.width() >= panel.minimumSizeHint().width()
        )


def test_no_text_changes_how_wide_the_inspector_is(qtbot, spectra):
    view, pictures = spectra
    track = TrackState(view)
    inspector = Inspector(track, ColourBar())
    qtbot.addWidget(inspector)
    inspector.tab = SPECTRUM
    inspector.show()
    view.set_cursor((0.5, 20.0))
    narrowest = {inspector.minimumSizeHint().width()}
    for hz in (20.0, 65.0, 440.0, 3999.0):
        view.set_cursor((0.5, hz))
        inspector.look(pictures)
        inspector._show_spectrum()
        for label in (label for labels in inspector._cells.values() for label in labels):
            assert label.fontMetrics().horizontalAdvance(label.text()) <= label.minimumWidth()
        for parameters in (Parameters(resolution=3.0), Parameters(bins_per_octave=96, resolution=33.3)):
            track.requested = parameters
            narrowest.add(inspector.minimumSizeHint().width())
            text = inspector.parameters._resolution_text
            assert text.fontMetrics().size(0, text.text()).width() <= text.minimumWidth()
    assert len(narrowest) == 1


def highest_db(curve):
    return np.nanmax(curve.getData()[1])


def test_the_spectrum_goes_along_while_it_plays_and_peaks_are_held(qtbot, spectra):
    view, pictures = spectra
    inspector = Inspector(TrackState(view), ColourBar())
    qtbot.addWidget(inspector)
    inspector.tab = SPECTRUM
    inspector.show()
    panel = inspector.spectrum
    panel._hold.setChecked(True)
    inspector.look(pictures)
    qtbot.waitUntil(lambda: panel._curves[1].getData()[0] is not None)
    assert highest_db(panel._curves[1]) > -60

    def plays_on():
        view.set_playhead(min(view.playhead_s + 0.02, 0.98))  # and never rests for long
        if view.playhead_s == 0.98:
            view.set_playhead(0.9)
        return highest_db(panel._curves[1]) < -100

    qtbot.waitUntil(plays_on)
    assert highest_db(panel._peaks[1]) > -60


def test_the_spectrum_goes_along_with_a_view_that_follows(qtbot, spectra):
    view, pictures = spectra
    panel = SpectrumPanel(view)
    qtbot.addWidget(panel)
    view.show(view.full._replace(stop_s=0.1))

    def follows():
        view.set_playhead(view.playhead_s + 0.0005)
        view.pan(0.0005)
        panel.look(pictures)
        return panel._curves[0].getData()[0] is not None

    qtbot.waitUntil(follows)


@pytest.mark.parametrize(("steps_s", "held"), [((1.9, 2.1), True), ((0.5, 3.5), False)])
def test_peaks_that_were_played_between_two_spectra_are_held(qtbot, steps_s, held):
    view = View()
    panel = SpectrumPanel(view)
    qtbot.addWidget(panel)
    source = Signal(np.zeros((1, 32000)), 8000)
    source.samples[0, 16000] = 1.0
    picture = Picture.of(OctaveTransform(8000), source)
    for tile in range(picture.pyramid.tiles):
        picture.pyramid.put(tile, tile_levels(picture, source, tile))
    view.open(8000, 32000, 20.0, 4000.0)
    panel._moved_s = 0.0
    panel._hold.setChecked(True)
    for time_s in steps_s:
        view.set_playhead(time_s)
        panel.look([picture])
        assert panel._curves[0].getData()[1][-1] < -90
    assert bool(panel._peaks[0].getData()[1][-1] > -60) == held


def test_a_hidden_spectrum_is_not_drawn(qtbot, spectra, monkeypatch):
    view, pictures = spectra
    inspector = Inspector(TrackState(view), ColourBar())
    qtbot.addWidget(inspector)
    inspector.tab = SPECTRUM
    shown = []
    monkeypatch.setattr(inspector.spectrum, "look", shown.append)
    inspector.show()
    inspector.look(pictures)
    inspector.hide()
    assert inspector._soon.isActive()
    qtbot.waitUntil(lambda: not inspector._soon.isActive())
    view.set_playhead(0.5)
    assert not shown
    assert not inspector._soon.isActive()
    inspector.show()
    qtbot.waitUntil(lambda: len(shown) == 1)
