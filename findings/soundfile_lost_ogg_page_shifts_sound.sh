#!/usr/bin/env bash
# After an Ogg page that is missing, libsndfile gives later sound too early, and no error where it is missing.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
python3 -m venv env
env/bin/pip install -q soundfile==0.14.0 numpy==2.2.6
env/bin/python - <<'PYTHON'
import io

import numpy as np
import soundfile

samples = np.random.default_rng(1).standard_normal(20 * 44100) * 0.1
out = io.BytesIO()
soundfile.write(out, samples, 44100, format="OGG", subtype="VORBIS")
data, pages, at = out.getvalue(), [], 0
while at < len(data):
    head = 27 + data[at + 26]
    stop = at + head + sum(data[at + 27 : at + head])
    pages.append(data[at:stop])
    at = stop
whole, _ = soundfile.read(io.BytesIO(data))
gone = len(pages) // 2
with soundfile.SoundFile(io.BytesIO(b"".join(pages[:gone] + pages[gone + 1 :]))) as file:
    told = file.frames
    got = file.read(10**7)
late = got[-44100:]
count = 1 << 21
lag = int(np.argmax(np.fft.irfft(np.fft.rfft(whole, count) * np.conj(np.fft.rfft(late, count)), count)))
place = len(got) - 44100
print("libsndfile", soundfile.__libsndfile_version__)
print("guess: pages have numbers and positions, so the gap is silent, or told")
print("seen: frames", told, "read", len(got), "- the last second is read", lag - place, "samples too early")
assert told == len(whole) and len(got) < told and lag - place > 4096
PYTHON
