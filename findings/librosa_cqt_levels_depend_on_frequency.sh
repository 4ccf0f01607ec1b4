#!/usr/bin/env bash
# librosa.cqt shows equally loud sines 3 dB per octave apart, or 6 dB with scale=False; hybrid_cqt also has a step.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
python3 -m venv env
env/bin/pip install -q numpy==2.2.6 librosa==0.11.0
env/bin/python - <<'PYTHON'
import librosa
import numpy as np

RATE, OCTAVES = 44100, 7
lowest = librosa.note_to_hz("A1")
time = np.arange(4 * RATE) / RATE
sound = sum(0.1 * np.sin(2 * np.pi * lowest * 2**octave * time) for octave in range(OCTAVES))


def levels(transform, **options):
    """The level in dB of each sine, in the middle of the sound."""
    bins = np.abs(transform(sound, sr=RATE, fmin=lowest, n_bins=12 * OCTAVES, **options))
    return 20 * np.log10(bins[::12, bins.shape[1] // 2])


print("librosa", librosa.__version__, "- sines of equal amplitude at A1 to A7")
print("guess: with scale=True, or at least with scale=False, all have the same level")
steps = {}
for transform in (librosa.cqt, librosa.hybrid_cqt):
    for scale in (True, False):
        found = levels(transform, scale=scale)
        steps[transform, scale] = np.diff(found)
        print(f"seen: {transform.__name__}(scale={scale}) in dB:", *np.round(found, 1))
assert np.allclose(steps[librosa.cqt, True], -3.01, atol=0.05)  # the root of the filter's length
assert np.allclose(steps[librosa.cqt, False], -6.02, atol=0.05)  # the filter's length
assert np.allclose(steps[librosa.hybrid_cqt, True][:4], -3.01, atol=0.05)
assert steps[librosa.hybrid_cqt, True].min() < -6  # where it changes to pseudo_cqt
frequencies = librosa.cqt_frequencies(12 * OCTAVES, fmin=lowest)
lengths, _ = librosa.filters.wavelet_lengths(freqs=frequencies, sr=RATE)
even = levels(librosa.cqt, scale=False) - 20 * np.log10(lengths[::12] / 2)
print("fix:  scale=False, divided by half of filters.wavelet_lengths, in dB:", *np.round(even, 1))
assert np.allclose(even, -20, atol=0.3)
PYTHON
