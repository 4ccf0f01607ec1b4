#!/usr/bin/env bash
# spectrorama's for_range(20, 20000) ends at 16 kHz: no band has an 18 kHz sine, though it can be resynthesized.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
python3 -m venv env
env/bin/pip install -q numpy==2.2.6 scipy==1.15.3 spectrorama==1.1.0
env/bin/python - <<'PYTHON'
import numpy as np
import spectrorama

RATE = 48000
time = np.arange(2 * RATE) / RATE
sine = np.hanning(len(time)) * np.sin(2 * np.pi * 18000 * time)  # fades in and out: no clicks at its ends


def strongest(frame):
    """The level in dB of an 18 kHz sine of amplitude 1 in the band that has most of it."""
    coefficients = spectrorama.analyze(sine, RATE, frame)
    bands = [coefficients.band(k) for k in range(coefficients.n_bands)]
    peak = max(np.abs(band).max() for band in bands)
    rebuilt = spectrorama.synthesize(coefficients)
    assert np.abs(rebuilt - sine).max() < 1e-5  # a residual slice has what the bands lack
    return 20 * np.log10(max(peak, 1e-20))


print("spectrorama", spectrorama.__version__, "- the quick start of its README: for_range(20, 20000, bands_per_octave=48)")
print("guess: bands up to 20 kHz, less one band at most (1.4 %); a sine of 18 kHz is at 0 dB in one")
frame = spectrorama.LogFrequencyFrame.for_range(20, 20000, bands_per_octave=48)
level = strongest(frame)
print(f"seen:  the highest band is {frame.f_max:.0f} Hz, a third of an octave lower; the sine is at {level:.0f} dB")
assert round(frame.f_max) == 16000  # both ends are multiples of a third of an octave from 1 kHz, rounded down
assert level < -60
fine = spectrorama.LogFrequencyFrame.for_range(20, 20000, bands_per_octave=48, align=1)
level = strongest(fine)
print(f"fix:   align=1: the highest band is {fine.f_max:.0f} Hz; the sine is at {level:.1f} dB")
assert fine.f_max > 19700
assert abs(level) < 0.5
PYTHON
