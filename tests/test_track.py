"""The state of the open track: what it emits, and what it never accepts halfway."""

from __future__ import annotations

import pytest
from track_tools import Track, open_in, opened_state

from msviz.errors import ParameterError
from msviz.gui.model.parameters import Parameters
from msviz.gui.model.track import SOURCES, TrackState
from msviz.gui.model.view import Box
from msviz.lab import Recipe
from msviz.transform.edits import BoxEdit, Edits, OctaveEdit

SIGNALS = (
    "opened",
    "parameters_changed",
    "requested_changed",
    "edits_changed",
    "recipe_changed",
    "heard_changed",
    "sound_changed",
)
BOX = BoxEdit(1.0, 2.0, 100.0, 200.0)


@pytest.fixture
def track(qapp):
    track = opened_state()
    track.emitted = []
    for name in SIGNALS:
        getattr(track, name).connect(lambda name=name: track.emitted.append(name))
    return track


@pytest.mark.parametrize(
    ("name", "value", "signals"),
    [
        ("edits", Edits(boxes=(BOX,)), ["edits_changed", "sound_changed"]),
        ("recipe", Recipe(kept=5.0), ["recipe_changed", "sound_changed"]),
        ("difference_gain_db", 12.0, ["sound_changed"]),
        ("only", Box(0.1, 0.2, 100.0, 200.0), ["sound_changed"]),
        ("requested", Parameters(resolution=5.0), ["requested_changed"]),
    ],
)
def test_a_change_is_emitted_once_and_what_is_no_change_is_not(track, name, value, signals):
    setattr(track, name, value)
    assert getattr(track, name) == value
    assert track.emitted == signals
    setattr(track, name, value)
    assert track.emitted == signals


def test_two_tracks_share_no_state(track):
    track.edits = Edits(boxes=(BOX,))
    assert TrackState().edits == Edits()


def test_the_last_two_sources_are_a_and_b(track):
    heard = []
    track.heard_changed.connect(lambda: heard.append((track.heard, track.pair)))
    for name in ("Multi-scale", "Original", "Difference", "Difference", "Original", "STFT"):
        track.hear(name)
    assert heard == [
        ("Multi-scale", ("Original", "Multi-scale")),
        ("Original", ("Original", "Multi-scale")),
        ("Difference", ("Original", "Difference")),
        ("Original", ("Original", "Difference")),
        ("STFT", ("Original", "STFT")),
    ]


def test_parameters_that_do_not_suit_the_rate_change_nothing(track):
    before = track.parameters, track.transform, track.stft
    track.requested = Parameters(fmin=30_000.0)
    track.emitted.clear()
    with pytest.raises(ParameterError):
        track.set_parameters(track.requested)
    assert (track.parameters, track.transform, track.stft) == before
    assert track.requested == track.parameters
    assert track.emitted == ["requested_changed"]  # whoever shows it goes back


def test_a_track_that_cannot_be_opened_leaves_the_last_one(track):
    before = track.source, track.view.rate, track.parameters
    with pytest.raises(ParameterError):
        track.open(Track(100, 1000), Parameters(fmin=30_000.0))
    assert (track.source, track.view.rate, track.parameters) == before
    assert track.emitted == []


def test_transforms_that_stay_equal_stay_the_same(track):
    transform, stft = track.transform, track.stft
    track.set_parameters(Parameters(window=512, hop=128))
    assert track.transform is transform
    assert track.stft is not stft


def test_another_track_begins_without_edits_from_the_original(track):
    track.edits, track.recipe = Edits((OctaveEdit(muted=True),) * len(track.octaves)), Recipe(kept=5.0)
    track.hear("STFT")
    track.only = Box(0.1, 0.2, 100.0, 200.0)
    open_in(track, 8000)
    assert (track.edits, track.recipe, track.only) == (Edits(), Recipe(), None)
    assert (track.heard, track.pair) == (SOURCES[0], SOURCES[:2])
    assert track.view.rate == 8000
    assert not track.altered
