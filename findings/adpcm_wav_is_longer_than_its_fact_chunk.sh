#!/usr/bin/env bash
# libsndfile and FFmpeg decode an ADPCM WAV to whole blocks, though its fact chunk tells the samples.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
python3 -m venv env
env/bin/pip install -q numpy==2.2.6 soundfile==0.14.0 av==18.1.0
env/bin/python - <<'PYTHON'
import struct

import av
import numpy as np
import soundfile

true = 100_000
noise = np.random.default_rng(1).standard_normal(true) * 0.1
print("libsndfile", soundfile.__libsndfile_version__, "PyAV", av.__version__)
print("guess: the fact chunk is there to tell the length, so the filling of the last block is cut off")
for kind in ("IMA_ADPCM", "MS_ADPCM"):
    soundfile.write("a.wav", noise, 44100, subtype=kind)
    data = bytearray(open("a.wav", "rb").read())
    at = data.index(b"fact") + 8
    print("      fact as libsndfile writes it:", struct.unpack("<I", data[at : at + 4])[0])
    data[at : at + 4] = struct.pack("<I", true)  # as SoX and Microsoft's tools write it
    open("a.wav", "wb").write(data)
    with av.open("a.wav") as file:
        stream = file.streams.audio[0]
        told, decoded = stream.duration, sum(frame.samples for frame in file.decode(stream))
    frames = soundfile.info("a.wav").frames
    print("seen:", kind, "libsndfile", frames, "- FFmpeg tells", told, "and decodes", decoded, "of", true)
    assert frames == decoded > true == told
PYTHON
