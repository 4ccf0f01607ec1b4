#!/usr/bin/env bash
# A WAV whose recording was interrupted (data size 0) is empty in four libraries and whole in FFmpeg.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
python3 -m venv env
env/bin/pip install -q numpy==2.2.6 soundfile==0.14.0 av==18.1.0 scipy==1.15.3 miniaudio==1.71
env/bin/python - <<'PYTHON'
import struct
import wave

import av
import miniaudio
import numpy as np
import scipy.io.wavfile
import soundfile

soundfile.write("a.wav", np.random.default_rng(1).standard_normal(44100) * 0.1, 44100)
data = bytearray(open("a.wav", "rb").read())
counts = {}
for size in (0, 0xFFFFFFFF):  # sizes are written last; a pipe has none either
    at = data.index(b"data") + 4
    data[at : at + 4] = struct.pack("<I", size)
    data[4:8] = struct.pack("<I", size or 36)  # of the header alone
    open("a.wav", "wb").write(data)
    with av.open("a.wav") as file:
        decoded = sum(frame.samples for frame in file.decode(audio=0))
    with wave.open("a.wav") as file:
        told, read = file.getnframes(), len(file.readframes(10**6)) // 2
    counts[size] = {
        "FFmpeg in PyAV " + av.__version__: decoded,
        "libsndfile " + soundfile.__libsndfile_version__: soundfile.info("a.wav").frames,
        "scipy " + scipy.__version__: len(scipy.io.wavfile.read("a.wav")[1]),
        "miniaudio 1.71": miniaudio.get_file_info("a.wav").num_frames,
        "wave of Python": read,
    }
    print(f"size {size:#x}:", counts[size], "- wave tells", told)
print("guess: an impossible size means the rest of the file, for both values or for neither")
print("seen: all of it for 0xffffffff everywhere; for 0 only in FFmpeg")
assert set(counts[0xFFFFFFFF].values()) == {44100}
assert list(counts[0].values()) == [44100, 0, 0, 0, 0]
PYTHON
