#!/usr/bin/env bash
# libsndfile tells and reads the first link of a chained Ogg file only, and says nothing of the others.
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

t = np.arange(44100) / 44100
parts = []
for hz, seconds in ((440, 1), (880, 2)):
    out = io.BytesIO()
    tone = np.tile(0.3 * np.sin(2 * np.pi * hz * t), seconds)
    soundfile.write(out, tone, 44100, format="OGG", subtype="VORBIS")
    parts.append(out.getvalue())
chained = b"".join(parts)  # RFC 3533: a physical stream of several links, as every radio capture is
with soundfile.SoundFile(io.BytesIO(chained)) as file:
    told = file.frames
    read = len(file.read(10**6))
print("libsndfile", soundfile.__libsndfile_version__)
print("guess: 132300 samples, as players give, or an error")
print("seen: frames", told, "read", read)
assert told == read == 44100
PYTHON
