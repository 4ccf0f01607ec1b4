#!/usr/bin/env bash
# soundfile writes HTK, SVX and MPC 2000 files that tell another sample rate than was asked, without an error.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
python3 -m venv env
env/bin/pip install -q numpy==2.2.6 soundfile==0.14.0
env/bin/python - <<'PYTHON'
import io

import numpy as np
import soundfile

print("libsndfile", soundfile.__libsndfile_version__)
print("guess: a rate that a format cannot hold is an error, as FLAC's is")
seen = {}
for kind, rate in (("HTK", 44100), ("HTK", 96000), ("SVX", 96000), ("MPC2K", 96000), ("MPC2K", 88200)):
    out = io.BytesIO()
    soundfile.write(out, np.zeros(1000), rate, format=kind, subtype="PCM_16")
    seen[kind, rate] = soundfile.info(io.BytesIO(out.getvalue())).samplerate
    print("seen:", kind, "asked", rate, "got", seen[kind, rate])
assert seen["HTK", 44100] == 44247  # a whole number of 100 ns is one sample
assert seen["HTK", 96000] == 96153
assert seen["SVX", 96000] == seen["MPC2K", 96000] == 96000 - 65536  # 16 bits
assert seen["MPC2K", 88200] == 88200 - 65536
try:
    soundfile.write(io.BytesIO(), np.zeros(1000), 700_000, format="FLAC", subtype="PCM_16")
except soundfile.LibsndfileError as error:
    print("      FLAC asked 700000:", error)
else:
    raise SystemExit("FLAC took 700000 Hz")
PYTHON
