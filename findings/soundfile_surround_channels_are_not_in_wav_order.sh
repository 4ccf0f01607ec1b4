#!/usr/bin/env bash
# The 5.1 Ogg and ALAC files that libsndfile writes have other channels in FFmpeg: centre and left are swapped.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
python3 -m venv env
env/bin/pip install -q numpy==2.2.6 soundfile==0.14.0 av==18.1.0
env/bin/python - <<'PYTHON'
import av
import numpy as np
import soundfile

rate, pitches = 48000, (300, 500, 700, 60, 1100, 1300)
names = ("front left", "front right", "centre", "LFE", "back left", "back right")  # the order of WAV
time = np.arange(2 * rate) / rate
samples = np.stack([0.2 * np.sin(2 * np.pi * hz * time) for hz in pitches], 1)


def loudest_hz(channel):
    return int(np.argmax(np.abs(np.fft.rfft(channel[4800 : 4800 + rate]))))


print("libsndfile", soundfile.__libsndfile_version__, "PyAV", av.__version__)
print("guess: six channels in the order of WAV are six channels in the order of WAV, as in FLAC")
seen = {}
for name, kind in (("a.flac", "PCM_16"), ("v.ogg", "VORBIS"), ("o.ogg", "OPUS"), ("a.caf", "ALAC_16")):
    soundfile.write(name, samples, rate, subtype=kind)
    with av.open(name) as file:
        decoded = np.concatenate([frame.to_ndarray() for frame in file.decode(audio=0)], 1)
    if decoded.shape[0] == 1:
        decoded = decoded.reshape(-1, 6).T
    seen[kind] = [loudest_hz(channel) for channel in decoded]
    at = [min(range(6), key=lambda n: abs(pitches[n] - hz)) for hz in seen[kind]]
    print("seen:", kind, "- FFmpeg's", ", ".join(f"{names[n]} is {names[m]}" for n, m in enumerate(at) if n != m) or "same")
    if kind in ("VORBIS", "OPUS"):
        theirs, _ = soundfile.read(name)
        level = np.std(theirs[4800:, 5]) / np.std(samples[:, 5])
        print(f"      the sixth, coded as LFE, comes back at {20 * np.log10(level):.0f} dB even in libsndfile")
        assert level < 0.1
assert seen["PCM_16"] == list(pitches)
assert seen["VORBIS"][1:3] == seen["OPUS"][1:3] == [700, 500]
assert seen["ALAC_16"][:3] == [500, 700, 300]
PYTHON
