"""Parameters of the pictures: what they make, what the inspector says of them, what is kept."""

import dataclasses
import math

import numpy as np
import pytest
from PyQt6.QtCore import QSettings
from PyQt6.QtWidgets import QComboBox
from track_tools import open_in

from msviz import STFT, Signal
from msviz.defaults import PRESETS
from msviz.gui.model.parameters import SHARPENED, Parameters, channels_of
from msviz.gui.model.track import TrackState
from msviz.gui.panels.colour_bar import ColourBar
from msviz.gui.panels.inspector import cell_texts
from msviz.gui.panels.parameter_panel import ParameterPanel
from msviz.gui.panels.spectrum import spectrum
from msviz.gui.work.analysis import Picture, tile_levels
from msviz.transform import Combined, OctaveTransform, Reassigned


@pytest.mark.parametrize("preset", PRESETS)
@pytest.mark.parametrize("rate", [8000, 44100, 192000])
def test_every_preset_makes_a_transform(preset, rate):
    parameters = Parameters(**PRESETS[preset])
    transform = parameters.octave_transform(rate)
    assert transform.scale.resolution == PRESETS[preset]["resolution"]


@pytest.mark.parametrize(
    ("rate", "window"),
    # About 93 ms; of speech at 8 and 16 kHz, 64 ms.  Of vibrations, everything lasts longer.
    [(8000, 512), (16000, 1024), (22050, 2048), (44100, 4096), (48000, 4096), (96000, 8192), (192000, 16384)],
)
def test_the_window_of_the_stft_follows_the_rate(rate, window):
    stft = Parameters().stft(rate)
    assert (stft.window, stft.hop) == (window, window // 4)


@pytest.mark.parametrize(("rate", "window"), [(8000, 128), (44100, 1024), (96000, 2048)])
def test_a_chosen_window_is_a_duration_for_tracks_of_other_rates(qapp, rate, window):
    Parameters(window=1024, hop=128).save(QSettings(), 44100)
    loaded = Parameters.load(QSettings(), rate)
    assert (loaded.window, loaded.hop) == (window, window // 8)


def test_the_preset_ear_has_the_bandwidths_of_hearing():
    transform = Parameters(**PRESETS["Ear"]).octave_transform(44100)
    scale = transform.scale
    for octave in transform.octaves[1:]:
        f = octave.frequencies[12]
        warped = f + scale.warp_offset
        width = warped * (2 ** (0.5 / scale.resolution) - 2 ** (-0.5 / scale.resolution))  # at -3 dB
        assert width == pytest.approx(24.7 + 0.108 * f, rel=0.02)


@pytest.mark.parametrize(
    ("drawn", "kind"), [("coefficients", OctaveTransform), ("reassigned", Reassigned), ("combined", Combined)]
)
def test_what_is_drawn(drawn, kind):
    parameters = Parameters(drawn=drawn)
    assert isinstance(parameters.octave_picture(parameters.octave_transform(8000)), kind)


def test_kept_for_the_next_start(qapp):
    parameters = Parameters(48, 30.0, 5.0, 40.0, 2048, 256, "combined", "side", "mean power")
    parameters.save(QSettings())
    assert Parameters.load(QSettings()) == parameters


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("drawn", "upside down"),
        ("channel", "third"),
        ("channel", "65"),
        ("pooled", "least"),
        ("resolution", "much"),
    ],
)
def test_what_makes_no_sense_is_not_kept(qapp, name, value):
    Parameters().save(QSettings())
    QSettings().setValue(f"parameters/{name}", value)
    assert Parameters.load(QSettings()) == Parameters()


@pytest.fixture
def track(qapp):
    return TrackState()


@pytest.fixture
def panel(track, qtbot):
    panel = ParameterPanel(track, ColourBar())
    qtbot.addWidget(panel)
    return panel


def test_the_slider_goes_from_sharp_in_time_to_sharp_in_pitch(panel, track, qtbot):
    with qtbot.waitSignal(track.requested_changed):
        panel._resolution.setValue(panel._resolution.minimum())
    assert track.requested.resolution == 3
    with qtbot.waitSignal(track.requested_changed):
        panel._resolution.setValue(panel._resolution.maximum())
    assert track.requested.resolution == 24
    panel._resolution.setValue((panel._resolution.minimum() + panel._resolution.maximum()) // 2)
    assert track.requested.resolution == pytest.approx(math.sqrt(3 * 24), rel=0.02)


def test_fewer_bins_bring_the_resolution_down_with_them(panel, track):
    track.requested = Parameters(bins_per_octave=48, resolution=40.0)
    panel._bins.chosen.emit(12)
    assert track.requested == Parameters(bins_per_octave=12, resolution=12.0)


@pytest.mark.parametrize("preset", PRESETS)
def test_presets_are_pressed_and_shown(panel, track, qtbot, preset):
    panel._presets[preset].click()
    for name, value in PRESETS[preset].items():
        assert getattr(track.requested, name) == value
    assert [name for name, button in panel._presets.items() if button.isChecked()] == [preset]


SIX = ("left", "right", "centre", "LFE", "back left", "6")  # the last is not told by its file


@pytest.mark.parametrize(
    ("choice", "text", "changes"),
    [
        ("_drawn", "reassigned", {"drawn": "reassigned"}),
        ("_channel", "side", {"channel": "side"}),
        ("_pooled", "mean power", {"pooled": "mean power"}),
        ("_window", "23 ms · 1024", {"window": 1024, "hop": 256}),
        ("_overlap", "8", {"window": 4096, "hop": 512}),
    ],
)
def test_choices_are_told(panel, track, qtbot, choice, text, changes):
    box: QComboBox = getattr(panel, choice)
    assert box.findText(text) >= 0
    with qtbot.waitSignal(track.requested_changed):
        box.activated.emit(box.findText(text))
    assert track.requested == dataclasses.replace(Parameters(), **changes)


def test_everything_that_can_be_drawn_and_every_channel_can_be_chosen(panel, track):
    for box, values in ((panel._drawn, SHARPENED), (panel._channel, channels_of(2))):
        assert [box.itemData(n) for n in range(box.count())] == list(values)


def test_every_channel_of_a_track_can_be_chosen_and_is_kept_where_there_is_none(panel, track, qtbot):
    box = panel._channel
    open_in(track, 44100, SIX)
    names = ["3: centre", "4: LFE", "5: back left", "6"]
    assert [box.itemText(n) for n in range(box.count())][len(channels_of(2)) :] == names
    with qtbot.waitSignal(track.requested_changed):
        box.activated.emit(box.findText("6"))
    assert track.requested.channel == "6"
    for channels, chosen in ((2, "mix"), (1, "mix"), (6, "6")):
        open_in(track, 44100, SIX[:channels])
        assert box.currentText() == chosen
        assert [box.itemData(n) for n in range(box.count())] == list(channels_of(channels))
    assert track.requested.channel == "6"
    track.requested.save(QSettings())
    assert Parameters.load(QSettings()).channel == "6"


def test_mono_has_neither_sides_nor_a_middle(panel, track):
    track.requested = Parameters(channel="side")
    open_in(track, 44100, SIX[:1])
    assert [panel._channel.itemText(n) for n in range(panel._channel.count())] == ["mix"]


def test_the_panel_tells_where_the_picture_begins(panel, track):
    assert panel._start.text() == ""
    open_in(track, 44100, SIX[:2])
    for fmin, begin in ((20.0, "21.5"), (22.0, "43.1"), (2000.0, "2756")):
        track.requested = Parameters(fmin=fmin)
        assert panel._start.text() == f"actual: {begin} Hz"
    track.set_parameters(track.requested)
    open_in(track, 96000, SIX[:2])
    assert panel._start.text() == "actual: 3000 Hz"
    open_in(track, 1000, SIX[:2], parameters=Parameters())
    track.requested = Parameters(fmin=2000.0)  # too high for it
    assert panel._start.text() == ""


def test_any_channel_is_the_loudest_at_each_place():
    t = np.arange(8000) / 8000
    tones = [np.sin(2 * np.pi * f * t) for f in (440, 1760)]
    both = Signal(np.array(tones), 8000)
    transform = OctaveTransform(8000)
    together = tile_levels(Picture.of(transform, both), both, 0)
    apart = [
        tile_levels(Picture.of(transform, one), one, 0) for one in (Signal(x[None], 8000) for x in tones)
    ]
    for any_, left, right in zip(together, *apart, strict=True):
        assert np.array_equal(any_, np.maximum(left, right))


def test_the_spectrum_at_a_place_shows_the_tone_that_is_there():
    t = np.arange(16000) / 8000
    signal = Signal((0.5 * np.sin(2 * np.pi * 440 * t))[None], 8000)
    picture = Picture.of(OctaveTransform(8000), signal)
    for tile in range(picture.pyramid.tiles):
        picture.pyramid.put(tile, tile_levels(picture, signal, tile))
    picture.pyramid.look(0, 16000, 1.0)
    hz, levels = spectrum(picture, 8000.0)
    assert (np.diff(hz) > 0).all()
    assert hz[np.nanargmax(levels)] == pytest.approx(440, rel=0.03)
    assert np.nanmax(levels) == pytest.approx(-6, abs=0.6)


def test_the_inspector_tells_how_far_frames_are_apart_and_how_wide_a_bin_is():
    signal = Signal(np.zeros((1, 44100)), 44100)
    octaves = Picture.of(OctaveTransform(44100), signal)
    assert cell_texts(octaves, 44100, 15000.0) == ("0.181 ms", "867 Hz")
    assert cell_texts(octaves, 44100, 30.0) == ("92.9 ms", "1.73 Hz")
    assert cell_texts(Picture.of(STFT(44100), signal), 44100, 30.0) == ("23.2 ms", "15.5 Hz")
    beats = Picture.of(OctaveTransform(44100, resolution=4.0), signal)
    assert cell_texts(beats, 44100, 20000.0) == ("0.0454 ms", "3470 Hz")
