#!/usr/bin/env bash
# libsndfile cuts the fraction off an AIFF's rate: 44055.94 Hz is told as 44055, not as 44056.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
python3 -m venv env
env/bin/pip install -q soundfile==0.14.0 numpy==2.2.6
env/bin/python - <<'PYTHON'
import io
import struct

import numpy as np
import soundfile

out = io.BytesIO()
soundfile.write(out, np.zeros(1000), 44100, format="AIFF", subtype="PCM_16")
data = bytearray(out.getvalue())
at = data.index(b"COMM") + 16
data[at : at + 10] = struct.pack(">HQ", 16383 + 15, int(44055.94 * 2**48))  # 80 bits: what old Macs wrote
rate = soundfile.info(io.BytesIO(bytes(data))).samplerate
print("libsndfile", soundfile.__libsndfile_version__)
print("guess: 44056, the nearest whole number")
print("seen:", rate)
assert rate == 44055
PYTHON
