"""Rates from 1 Hz, those of vibrations, to 10 MHz, those of radio: nothing takes them for sound."""

import math

import numpy as np
import playback_tools
import pytest
import soundfile
from opened_window import make_window, no_device, wait_analysed, wait_open, window
from playback_tools import FakeOutput, settle
from PyQt6.QtCore import QSettings
from PyQt6.QtWidgets import QDoubleSpinBox
from track_tools import open_in
from waiting import wait_until

from msviz import STFT, OctaveTransform, ParameterError, Recipe, Reconstruction, Signal
from msviz.convert import Settings
from msviz.gui.model.parameters import Parameters
from msviz.gui.model.track import TrackState
from msviz.gui.panels.colour_bar import ColourBar
from msviz.gui.panels.inspector import cell_texts
from msviz.gui.panels.parameter_panel import ParameterPanel
from msviz.gui.work.analysis import Picture
from msviz.picture import Pyramid
from msviz.playback import Player, player
from msviz.playback.slow import SlowedSource
from msviz.transform import default_fmin, time_scale

fixtures = make_window, no_device, window
output = playback_tools.output

LOW = [1, 2, 10, 100, 250, 500, 1000, 2559]
AUDIO = [2560, 8000, 11025, 44100, 48000, 96000, 192_000, 384_000, 768_000, 1_310_719]
HIGH = [1_310_720, 2_000_000, 10_000_000]


def noise(rate, length=3000):
    return Signal(0.3 * np.random.default_rng(rate).standard_normal((1, length)).astype("f4"), rate)


# -------------------------------------------------------------------- what suits a rate


def test_sound_begins_at_20_hz_other_things_so_many_octaves_below_the_nyquist_frequency():
    for rates, octaves in ((LOW, 8), (HIGH, 14)):
        for rate in rates:
            assert default_fmin(rate) == rate / 2 / 2**octaves
            assert len(OctaveTransform(rate).octaves) == octaves
            assert time_scale(rate) == pytest.approx(20 * 2**octaves / (rate / 2))
    for rate in AUDIO:
        assert (default_fmin(rate), time_scale(rate)) == (20.0, 1)
        assert 6 <= len(OctaveTransform(rate).octaves) <= 14


@pytest.mark.parametrize("rate", [*LOW, *AUDIO, *HIGH])
def test_the_default_is_told_and_makes_the_same_transform(rate):
    transform = OctaveTransform(rate)
    assert transform.parameters["fmin"] == default_fmin(rate)
    assert OctaveTransform(**transform.parameters).scale == transform.scale
    assert Settings().transform(rate, 1).scale == transform.scale
    assert Parameters().octave_transform(rate).scale == transform.scale
    assert Settings(fmin=rate / 16).transform(rate, 1).parameters["fmin"] == rate / 16


@pytest.mark.parametrize("rate", [1, 10, 250, 2559, 10_000_000])
@pytest.mark.parametrize("kind", [OctaveTransform, STFT])
def test_any_rate_is_analysed_and_rebuilt(rate, kind):
    signal, transform = noise(rate), kind(rate)
    representation = transform.analyze(signal)
    rebuilt = transform.synthesize(representation)
    norm = np.linalg.norm(signal.samples)
    assert np.linalg.norm(rebuilt.samples - signal.samples) / norm < 1e-6
    assert representation.image(0, frame_rate=rate / 100).shape[1] == 30


@pytest.mark.parametrize("rate", [1, 250, 10_000_000])
def test_the_picture_depends_on_samples_and_not_on_seconds(rate):
    """Between the rates of vibrations, time and frequency alone change their scale."""
    samples = noise(7).samples
    here, there = (
        OctaveTransform(r, fmin=r / 2**9).analyze(Signal(samples, r)).octaves for r in (rate, 44100)
    )
    for a, b in zip(here, there, strict=True):
        np.testing.assert_allclose(a.coefficients, b.coefficients, atol=1e-6)


@pytest.mark.parametrize("make", [lambda rate: Signal(np.zeros(4), rate), OctaveTransform, STFT])
def test_rates_are_rounded_to_whole_hz(make):
    assert make(44055.94).rate == 44056
    assert make(np.float32(250.0)).rate == 250
    assert isinstance(make(44055.94).rate, int)
    for rate in (0, -5, 0.4, math.nan, math.inf):
        with pytest.raises(ParameterError, match=f"rate must be a number from 1 to 1e\\+12 Hz, not {rate}"):
            make(rate)


@pytest.mark.parametrize("rate", [1, 250, 10_000_000])
def test_tiles_and_segments_have_enough_samples_and_not_too_many(rate):
    for bands in (OctaveTransform(rate).bands, STFT(rate).bands):
        assert 2**15 <= Pyramid(bands, rate, 10**7).tile_length <= 2**22
    segment = Reconstruction(noise(rate), OctaveTransform(rate), Recipe(kept=10)).segment
    assert 2**12 <= segment <= 2**20
    for rate, length in ((8000, 2**14), (44100, 2**16)):  # as they have always been for sound
        assert Reconstruction(noise(rate), STFT(rate), Recipe(kept=10)).segment == length


@pytest.mark.parametrize("rate", [1, 250])
def test_phases_are_rebuilt_at_low_rates_as_at_others(rate):
    samples = 0.3 * np.sin(2 * np.pi * 0.05 * np.arange(9000))[None].astype("f4")
    here, there = (
        Reconstruction(Signal(samples, r), OctaveTransform(r), Recipe(rebuild_phase=True)).read(0, 9000)
        for r in (rate, 1000)
    )
    np.testing.assert_allclose(here, there, atol=1e-3)


@pytest.mark.parametrize("rate", [100, 250])
def test_low_rates_are_slowed_down_as_others(rate):
    samples = noise(7, 9000).samples
    here, there = (SlowedSource(Signal(samples, r), 2).read(4000, 8000) for r in (rate, 2000))
    np.testing.assert_allclose(here, there, atol=1e-4)


# -------------------------------------------------------------------- in the window


def stored_fmin():
    return QSettings().value("parameters/fmin")


def written(path, rate, length=6000):
    soundfile.write(path, noise(rate, length).samples[0], rate, subtype="FLOAT")
    return path


@pytest.fixture
def kept(qapp):
    """Parameters that suit sound, from another day."""
    qapp.setOrganizationName("msviz")
    qapp.setApplicationName("msviz")
    Parameters(fmin=40.0, gamma=24.7, resolution=6.4).save(QSettings())


def test_what_is_meant_for_sound_is_left_alone_by_tracks_of_other_rates(kept):
    for rate in (None, 8000, 44100):
        assert Parameters.load(QSettings(), rate) == Parameters(fmin=40.0, gamma=24.7, resolution=6.4)
    for rate in (1, 250, 10_000_000):
        assert Parameters.load(QSettings(), rate) == Parameters(resolution=6.4)
        Parameters(fmin=0.1 * rate, gamma=0.01 * rate, resolution=6.4, window=512, hop=128).save(
            QSettings(), rate
        )
        loaded = Parameters.load(QSettings(), 44100)
        assert loaded == Parameters(24, 6.4, 24.7, 40.0, loaded.window, loaded.window // 4)
        Parameters(resolution=6.4).save(QSettings(), rate)
    Parameters(resolution=5.0).save(QSettings(), 44100)
    assert Parameters.load(QSettings(), 44100) == Parameters(resolution=5.0)  # as low as suits, again


def test_a_track_of_vibrations_opens_with_what_suits_it(kept, qtbot, window, tmp_path):
    low, sound = written(tmp_path / "low.wav", 1000), written(tmp_path / "sound.wav", 8000)
    window.files.open(low)
    wait_open(qtbot, window, low)
    wait_analysed(qtbot, window)
    assert window.track.transform.parameters == OctaveTransform(1000, resolution=6.4).parameters
    assert window.view.full.low_hz == 1000 / 2 / 2**8
    window.inspector.parameters._fmin.setValue(7.5)
    qtbot.waitUntil(lambda: window.track.transform.scale.fmin == 7.5)
    assert window.messages.text == ""
    window.files.open(sound)
    wait_open(qtbot, window, sound)
    assert window.track.transform.scale.fmin == 40.0
    assert window.track.transform.scale.gamma == 24.7


@pytest.mark.parametrize(
    ("rate", "shown", "lowest", "step"),
    [(44100, "20.0 Hz", 10.0, 10.0), (250, "0.49 Hz", 0.24, 0.2), (1, "0.00195 Hz", 0.00098, 0.001)],
)
def test_the_lowest_frequency_can_be_set_where_it_matters(qtbot, rate, shown, lowest, step):
    track = TrackState()
    panel = ParameterPanel(track, ColourBar())
    qtbot.addWidget(panel)
    open_in(track, rate, ("mono",))
    assert track.requested.fmin is None
    box = panel._fmin
    assert isinstance(box, QDoubleSpinBox)
    assert (box.text(), box.minimum(), box.singleStep()) == (shown, lowest, step)
    with qtbot.waitSignal(track.requested_changed):
        box.stepUp()
    assert (
        track.requested.fmin
        == pytest.approx(box.value())
        == pytest.approx(default_fmin(rate) + step, rel=0.01)
    )


@pytest.mark.parametrize(
    ("rate", "hz", "text"),
    [
        (1, 0.3, ("8.00 s", "17.3 mHz")),
        (1, 0.002, ("17:04", "116 µHz")),
        (10_000_000, 3e6, ("0.800 µs", "173 kHz")),
    ],
)
def test_the_inspector_tells_hops_and_bandwidths_of_any_size(rate, hz, text):
    assert cell_texts(Picture.of(OctaveTransform(rate), noise(rate)), rate, hz) == text


# -------------------------------------------------------------------- playing


class Fussy(FakeOutput):
    """A device that must not be asked for what none takes."""

    def __init__(self, rate, *more):
        assert 1000 <= rate <= 768_000
        super().__init__(rate, *more)


@pytest.mark.parametrize("rate", [250, 10_000_000])
def test_a_rate_that_no_device_takes_is_resampled(output, monkeypatch, rate):
    monkeypatch.setattr(player, "Output", Fussy)
    monkeypatch.setattr(player, "other_rates", lambda device: [48_000])
    tone = 0.5 * np.sin(2 * np.pi * 100 * np.arange(rate // 2) / rate)
    with Player() as made:
        made.load({"tone": Signal(tone, rate)})
        made.play()
        settle(made)
        assert (output().rate, made.resampled, made.error) == (48_000, 48_000, None)
        heard = output().run(14_400)[9600:, 0]
    expected = 0.5 * np.sin(2 * np.pi * 100 * np.arange(9600, 14_400) / 48_000)
    np.testing.assert_allclose(heard, expected, atol=5e-3)


def test_what_nobody_could_hear_is_told(output):
    with Player() as made:
        made.load({"slow": noise(10)})
        made.play()
        wait_until(lambda: not made.playing)
        assert made.error == (
            "Cannot play: a track sampled at 10 Hz contains nothing above 5 Hz, which is too low to hear."
        )
    assert not FakeOutput.opened
