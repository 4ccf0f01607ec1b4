#!/usr/bin/env bash
# FFmpeg mixes stereo to mono 3 dB louder in float than in 16 bits, and may then exceed full scale.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
python3 -m venv env
env/bin/pip install -q numpy==2.2.6 av==18.1.0
env/bin/python - <<'PYTHON'
import av
import numpy as np


def mixed(samples, layout, to, sample_format):
    """Mix equal channels of float samples and return the first channel, 1.0 being full scale."""
    frame = av.AudioFrame.from_ndarray(samples.astype(np.float32), format="fltp", layout=layout)
    frame.sample_rate = 48000
    resampler = av.AudioResampler(sample_format, to, 48000)
    out = np.concatenate([made.to_ndarray() for made in [*resampler.resample(frame), *resampler.resample(None)]], 1)
    return out[0] / (1 if out.dtype.kind == "f" else 32768)


tone = 0.8 * np.sin(2 * np.pi * 440 * np.arange(48000) / 48000)
seen = {}
print("PyAV", av.__version__)
print("guess: a mix has one level, and the sample format only rounds it")
for layout, channels, to in (("stereo", 2, "mono"), ("mono", 1, "stereo"), ("5.1", 6, "stereo")):
    for sample_format in ("s16p", "fltp"):
        peak = float(np.abs(mixed(np.tile(tone, (channels, 1)), layout, to, sample_format)).max())
        seen[layout, sample_format] = round(20 * np.log10(peak / 0.8), 1)
    print(f"seen: {layout} to {to}: {seen[layout, 's16p']:+} dB in 16 bits, {seen[layout, 'fltp']:+} dB in float")
assert seen["stereo", "s16p"] == 0 and seen["stereo", "fltp"] == 3
assert seen["mono", "s16p"] == seen["mono", "fltp"] == -3
assert seen["5.1", "s16p"] == 0 and seen["5.1", "fltp"] == 7.7
PYTHON
