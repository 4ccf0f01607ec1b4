"""Settings in words, as reports have them."""

import math

import pytest

from msviz.gui.model.descriptions import edits_text, recipe_text, settings_text
from msviz.lab import Recipe
from msviz.transform import STFT, OctaveTransform
from msviz.transform.edits import BoxEdit, Edits, OctaveEdit

BOX = (1.0, 2.0, 100.0, 200.0)


@pytest.mark.parametrize(
    ("edits", "text"),
    [
        (Edits(), ""),
        (Edits(octaves=(OctaveEdit(), OctaveEdit(muted=True))), "1 octave muted"),
        (
            Edits(
                (OctaveEdit(soloed=True), OctaveEdit(gain_db=3.0), OctaveEdit(gain_db=-math.inf)),
                (BoxEdit(*BOX), BoxEdit(*BOX), BoxEdit(*BOX, gain_db=-6.0), BoxEdit(*BOX, gain_db=0.0)),
            ),
            "2 boxes silenced, 1 box changed in gain, 1 octave soloed, 2 octaves changed in gain",
        ),
        (Edits(boxes=(BoxEdit(*BOX, soloed=True),)), "1 box soloed"),
    ],
)
def test_edits_are_counted_by_what_they_do(edits, text):
    assert edits_text(edits) == text


@pytest.mark.parametrize(
    ("recipe", "text"),
    [
        (Recipe(), "unchanged"),
        (Recipe(kept=56, magnitude_bits=12), "strongest 56 % of coefficients, 12-bit magnitudes"),
        (Recipe(phase_bits=6), "6-bit phases"),
        (
            Recipe(kept=0.5, phase_bits=6, rebuild_phase=True),
            "strongest 0.5 % of coefficients, estimated phases",
        ),
    ],
)
def test_a_recipe_says_what_it_leaves(recipe, text):
    assert recipe_text(recipe) == text


def test_settings_name_what_matters_to_the_ear():
    octaves, stft = OctaveTransform(44100), STFT(44100, window=4096, hop=1024)
    edits = Edits(boxes=(BoxEdit(*BOX),))
    assert settings_text(octaves, stft, edits, Recipe(kept=56)) == {
        "Multi-scale": "24 bins per octave, resolution 12, gamma 0 Hz, from 21.5 Hz",
        "STFT": "window 4096 samples, hop 1024 samples",
        "Coefficients": "strongest 56 % of coefficients",
        "Edits": "1 box silenced",
    }
    assert list(settings_text(octaves, stft, Edits(), Recipe())) == ["Multi-scale", "STFT"]
