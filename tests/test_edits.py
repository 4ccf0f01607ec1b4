"""Edits: what is silenced is gone, what is kept is whole, and the two add up."""

import math
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import brentq

from msviz import STFT, BoxEdit, Edits, OctaveEdit, OctaveTransform, ParameterError, Signal
from msviz.transform.filters import NUTTALL, nuttall
from msviz.transform.octave import ATOM_WIDTHS, FILTER_SHARE

RATE = 8000
SECONDS = 3.0
TIMES = np.arange(round(RATE * SECONDS)) / RATE
OCTAVES = OctaveTransform(RATE, workers=1)  # seven of them, from 31.25 Hz
SPECTRA = STFT(RATE, window=1024, hop=256)
BOTH = pytest.mark.parametrize("transform", [OCTAVES, SPECTRA], ids=["octaves", "stft"])
SEMITONE = 2 ** (1 / 12)


def noise(seed=0):
    return np.random.default_rng(seed).standard_normal(TIMES.size).astype(np.float32) / 10


def burst(frequency, start=1.0, stop=1.3):
    """A tone that swells and fades within [start, stop)."""
    held = (start <= TIMES) & (stop > TIMES)
    samples = np.zeros(TIMES.size)
    samples[held] = np.sin(2 * np.pi * frequency * TIMES[held]) * np.hanning(held.sum())
    return samples.astype(np.float32)


def heard(transform, samples, edits):
    """What is left of samples, in float64."""
    representation = edits(transform.analyze(Signal(samples, RATE)))
    return transform.synthesize(representation).samples[0].astype(float)


def energy_db(samples, reference):
    return 10 * np.log10(np.sum(np.square(samples)) / np.sum(np.square(reference.astype(float))) + 1e-30)


def spectrum(samples):
    return np.abs(np.fft.rfft(samples * np.blackman(samples.size)))


FREQUENCIES = np.fft.rfftfreq(TIMES.size, 1 / RATE)


def test_reach_ends_where_the_window_and_its_transform_are_at_minus_60_db():
    a = np.array(NUTTALL)
    m = np.arange(1, 4)

    def transformed(x):
        return (a[0] * np.sinc(x) + a[1:] @ (np.sinc(x - m) + np.sinc(x + m)) / 2) / a[0]

    assert brentq(lambda u: nuttall(u) - 1e-3, 0.3, 0.4999) * 2 == pytest.approx(FILTER_SHARE, abs=1e-3)
    assert brentq(lambda x: transformed(x) - 1e-3, 2, 3.9) == pytest.approx(ATOM_WIDTHS, abs=1e-3)


@pytest.mark.parametrize("octave", range(7))
def test_muted_octave_is_gone_and_half_an_octave_away_nothing_changes(octave):
    whole, muted = noise(), heard(OCTAVES, noise(), Edits().with_octave(octave, 7, muted=True))
    low = 0 if octave == 0 else RATE / 2 ** (8 - octave)
    high = RATE / 2 ** (7 - octave)
    inside = (low <= FREQUENCIES) & (high > FREQUENCIES)
    away = (low / 2**0.5 > FREQUENCIES) | (high * 2**0.5 < FREQUENCIES)
    before, after = spectrum(whole), spectrum(muted)
    assert np.linalg.norm(after[inside]) <= 1e-3 * np.linalg.norm(before[inside])
    # 0.1 dB of what is there, bin by bin but for those that noise leaves next to empty.
    there = away & (before > 0.1 * np.sqrt(np.mean(before**2)))
    assert there.any()
    np.testing.assert_allclose(after[there], before[there], rtol=0.0115)


@pytest.mark.parametrize("place", [0.0, 0.01, 0.3, 0.5, 0.9, 0.99, 1.0])
@BOTH
def test_tone_anywhere_in_a_muted_octave_is_gone(transform, place):
    tone = burst(500 * 2**place, 0, SECONDS)
    assert energy_db(heard(transform, tone, Edits().with_octave(4, 7, muted=True)), tone) < -60


@BOTH
def test_silence_by_gain_is_muting(transform):
    muted = heard(transform, noise(), Edits().with_octave(4, 7, muted=True))
    silent = heard(transform, noise(), Edits().with_octave(4, 7, gain_db=-math.inf))
    np.testing.assert_array_equal(muted, silent)


@BOTH
@given(octave=st.integers(0, 6))
@settings(max_examples=8)
def test_octave_muted_and_soloed_add_up(transform, octave):
    muted = heard(transform, noise(), Edits().with_octave(octave, 7, muted=True))
    soloed = heard(transform, noise(), Edits().with_octave(octave, 7, soloed=True))
    whole = heard(transform, noise(), Edits())
    assert energy_db(muted + soloed - whole, whole) < -120


@BOTH
def test_gain_of_all_octaves_is_that_of_the_whole(transform):
    for gain_db in (-12.0, 12.0):
        edits = Edits((OctaveEdit(gain_db),) * 7)
        whole = heard(transform, noise(), Edits())
        np.testing.assert_allclose(
            heard(transform, noise(), edits), whole * 10 ** (gain_db / 20), atol=2e-6 * 10 ** (gain_db / 20)
        )


def test_gain_of_an_octave_holds_in_its_middle_and_not_beside_it():
    for gain_db in (-20.0, 6.0):
        edits = Edits().with_octave(4, 7, gain_db=gain_db)
        for frequency, expected in ((707, gain_db), (354, 0.0), (1414, 0.0)):
            tone = burst(frequency, 0, SECONDS)
            assert energy_db(heard(OCTAVES, tone, edits), tone) == pytest.approx(expected, abs=0.01)
    # A cut holds up to the edges.
    tone = burst(501, 0, SECONDS)
    cut = heard(OCTAVES, tone, Edits().with_octave(4, 7, gain_db=-20.0))
    assert energy_db(cut, tone) == pytest.approx(-20, abs=0.1)


@BOTH
def test_boost_ends_at_the_edges_of_its_octave(transform):
    """Though rows next to them reach into the octave beyond."""
    whole = transform.analyze(Signal(noise(), RATE))
    louder = Edits().with_octave(4, 7, gain_db=6.0)(whole)
    for before, after in zip(whole.bands, louder.bands, strict=True):
        inside = (before.frequencies >= 500) & (before.frequencies < 1000)
        gains = np.where(inside, 10 ** (6 / 20), 1)
        np.testing.assert_allclose(after.coefficients, before.coefficients * gains[:, None], rtol=1e-6)


def test_mute_wins_over_solo():
    edits = Edits().with_octave(4, 7, soloed=True, muted=True)
    assert not heard(OCTAVES, noise(), edits).any()


def test_what_lies_below_belongs_to_the_lowest_octave():
    low = (np.float32(0.5) * np.ones(TIMES.size, np.float32)) * np.hanning(TIMES.size).astype(np.float32)
    assert energy_db(heard(OCTAVES, low, Edits().with_octave(0, 7, muted=True)), low) < -60
    assert energy_db(heard(OCTAVES, low, Edits().with_octave(0, 7, soloed=True)) - low, low) < -60
    assert energy_db(heard(OCTAVES, low, Edits().with_octave(1, 7, soloed=True)), low) < -60
    box = BoxEdit(0, SECONDS, 10, 40)
    assert energy_db(heard(OCTAVES, low, Edits(boxes=(box,))), low) < -60


@pytest.mark.parametrize(
    ("transform", "frequency"), [(OCTAVES, 440), (OCTAVES, 3000), (SPECTRA, 440), (SPECTRA, 3000)]
)
def test_tight_box_holds_its_tone_and_no_other(transform, frequency):
    box = BoxEdit(1.0, 1.3, frequency / SEMITONE, frequency * SEMITONE)
    alone, removed = Edits(boxes=(replace(box, soloed=True),)), Edits(boxes=(box,))
    tone = burst(frequency)
    kept = heard(transform, tone, alone)
    assert np.sum(kept**2) >= 0.99 * np.sum(tone.astype(float) ** 2)
    assert energy_db(kept - tone, tone) < -60
    assert energy_db(heard(transform, tone, removed), tone) < -60
    for outside in (
        burst(frequency / 2),
        burst(frequency / 2**0.5),
        burst(frequency, 0.0, 0.3),
        burst(frequency, 2.3, 2.6),
    ):
        assert energy_db(heard(transform, outside, alone), outside) < -60
        assert energy_db(heard(transform, outside, removed) - outside, outside) < -60


@BOTH
def test_short_box_holds_a_click(transform):
    click = np.zeros(TIMES.size, np.float32)
    click[8004] = 1
    box = BoxEdit(1.0, 1.001, 0, RATE / 2)
    assert energy_db(heard(transform, click, Edits(boxes=(box,))), click) < -60
    assert energy_db(heard(transform, click, Edits(boxes=(replace(box, soloed=True),))) - click, click) < -60


edges = st.tuples(st.floats(-0.5, 3.5), st.floats(0.01, 2.0), st.floats(0, 4000), st.floats(1.0, 2000.0))


@BOTH
@given(places=st.lists(edges, min_size=1, max_size=3))
@settings(max_examples=12)
def test_boxes_soloed_and_silenced_add_up(transform, places):
    boxes = tuple(BoxEdit(start, start + long, low, low + wide) for start, long, low, wide in places)
    alone = heard(transform, noise(), Edits(boxes=tuple(replace(box, soloed=True) for box in boxes)))
    removed = heard(transform, noise(), Edits(boxes=boxes))
    whole = heard(transform, noise(), Edits())
    assert energy_db(alone + removed - whole, whole) < -120


@BOTH
def test_box_without_ends_holds_all_there_is(transform):
    everything = BoxEdit(-np.inf, np.inf, 0, np.inf)
    assert not heard(transform, noise(), Edits(boxes=(everything,))).any()


@BOTH
def test_box_begins_and_ends_without_a_click(transform):
    tone = (np.sin(2 * np.pi * 440 * TIMES) / 2).astype(np.float32)
    cut = heard(transform, tone, Edits(boxes=(BoxEdit(1.0, 2.0, 400, 480),)))
    power = spectrum(cut) ** 2
    beyond = (FREQUENCIES < 220) | (FREQUENCIES > 880)
    assert power[beyond].sum() < 1e-10 * power.sum()


def test_gains_of_boxes_multiply_where_they_overlap():
    tone = burst(440)
    around, again = BoxEdit(0.5, 2.0, 300, 600, 6.0), BoxEdit(0.8, 1.5, 350, 550, -2.0)
    both = heard(OCTAVES, tone, Edits(boxes=(around, again)))
    np.testing.assert_allclose(both, tone * 10 ** (4 / 20), atol=1e-3)
    # A silenced box that is soloed is heard at 0 dB.
    gone = BoxEdit(0.5, 2.0, 300, 600)
    left = heard(OCTAVES, tone, Edits(boxes=(replace(gone, soloed=True), again)))
    np.testing.assert_allclose(left, tone * 10 ** (-2 / 20), atol=1e-3)
    assert energy_db(heard(OCTAVES, tone, Edits(boxes=(gone, again))), tone) < -60


def test_only_soloed_boxes_are_heard_and_silenced_ones_stay_silent():
    mixed = burst(440) + burst(1800)
    soloed, other = BoxEdit(0.5, 2.0, 300, 600, 0.0, soloed=True), BoxEdit(0.5, 2.0, 1500, 2200)
    for gain_db in (-np.inf, 3.0):
        left = heard(OCTAVES, mixed, Edits(boxes=(soloed, replace(other, gain_db=gain_db))))
        assert energy_db(left - burst(440), mixed) < -55
    within = BoxEdit(0.5, 2.0, 400, 480)  # silenced, in a soloed box around it
    assert energy_db(heard(OCTAVES, burst(440), Edits(boxes=(soloed, within))), burst(440)) < -60


@BOTH
def test_a_soloed_octave_and_a_soloed_box_are_both_heard(transform):
    tones = [burst(hz) for hz in (110, 440, 1400, 3000)]
    box = BoxEdit(0.5, 2.0, 1200, 1600, soloed=True)
    left = heard(transform, sum(tones), Edits(boxes=(box,)).with_octave(3, 7, soloed=True))  # 250 to 500 Hz
    assert energy_db(left - tones[1] - tones[2], sum(tones)) < -55


def test_octaves_and_boxes_go_together():
    mixed = burst(440) + burst(1800)
    edits = Edits(boxes=(BoxEdit(1, 1.3, 400, 480),)).with_octave(5, 7, gain_db=6.0)
    np.testing.assert_allclose(heard(OCTAVES, mixed, edits), burst(1800) * 10 ** (6 / 20), atol=2e-3)


def test_stretch_has_the_edits_of_the_whole():
    edits = Edits(boxes=(BoxEdit(1.0, 1.5, 300, 600, 3.0),)).with_octave(5, 7, muted=True)
    whole = heard(OCTAVES, noise(), edits)
    part = OCTAVES.analyze(Signal(noise(), RATE), start=9000, stop=13000)
    rebuilt = OCTAVES.synthesize(edits(part)).samples[0]
    np.testing.assert_allclose(rebuilt, whole[9000:13000], atol=3e-5)


def test_bands_without_an_edit_are_shared_and_nothing_is_changed_in_place():
    representation = OCTAVES.analyze(Signal(noise(), RATE))
    before = [band.coefficients.copy() for band in representation.bands]
    assert Edits()(representation) is representation
    edited = Edits(boxes=(BoxEdit(1, 2, 500, 700),))(representation)
    untouched = [a is b for a, b in zip(edited.bands, representation.bands, strict=True)]
    assert untouched == [True] * 3 + [False] * 2 + [True] * 2  # 500 Hz is an octave's edge
    assert edited.residual is representation.residual
    for coefficients, band in zip(before, representation.bands, strict=True):
        np.testing.assert_array_equal(coefficients, band.coefficients)


def test_edits_know_whether_they_change_anything():
    box = BoxEdit(0, 1, 100, 200, 0.0)
    assert not Edits()
    assert not Edits((OctaveEdit(),) * 7)
    assert not Edits(boxes=(box,))
    assert Edits(boxes=(replace(box, soloed=True),))
    assert Edits(boxes=(BoxEdit(0, 1, 100, 200),))
    assert Edits().with_octave(2, 7, gain_db=1.0)


def test_octaves_and_boxes_are_changed_one_by_one():
    edits = Edits().with_octave(6, 7, muted=True).with_octave(6, 7, gain_db=-3.0)
    assert edits.octaves == (OctaveEdit(),) * 6 + (OctaveEdit(-3.0, muted=True),)
    # Where the octaves become more or fewer they stay where they are, counted from Nyquist.
    assert edits.with_octave(0, 10, soloed=True).octaves[-1] == edits.octaves[-1]
    assert edits.with_octave(0, 3, soloed=True).octaves[-1] == edits.octaves[-1]
    first, second, third = (BoxEdit(0, n, 100, 200) for n in (1, 2, 3))
    boxes = Edits().with_box(first).with_box(second)
    assert boxes.boxes == (first, second)
    assert boxes.with_box(third, 0).boxes == (third, second)
    assert boxes.without_box(0).boxes == (second,)


@pytest.mark.parametrize(
    ("make", "sentence"),
    [
        (lambda: BoxEdit(2, 2, 100, 200), r"stop_s \(2\) must be after start_s \(2\)"),
        (lambda: BoxEdit(1, 2, 200, 100), r"high_hz \(100\) must be above low_hz \(200\)"),
        (lambda: BoxEdit(1, 2, 100, 200, 13.0), "gain must be at most 12 dB, not 13 dB"),
        (lambda: OctaveEdit(math.nan), "not nan dB"),
        (lambda: Edits().with_octave(7, 7, muted=True), "octave must be from 0 to 6, not 7"),
    ],
)
def test_what_makes_no_sense_is_refused(make, sentence):
    with pytest.raises(ParameterError, match=sentence):
        make()
