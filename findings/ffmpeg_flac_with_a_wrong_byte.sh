#!/usr/bin/env bash
# FFmpeg decodes a FLAC frame whose checksum fails, or leaves it out: wrong or early sound, and no error.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
python3 -m venv env
env/bin/pip install -q numpy==2.2.6 soundfile==0.14.0 av==18.1.0
env/bin/python - <<'PYTHON'
import io

import av
import numpy as np
import soundfile

noise = np.random.default_rng(1).standard_normal(10 * 44100) * 0.1
out = io.BytesIO()
soundfile.write(out, noise, 44100, format="FLAC", subtype="PCM_16")
whole = out.getvalue()
right, _ = soundfile.read(io.BytesIO(whole))
told, early, longer, wrong, unstamped, refused = 0, 0, 0, 0, 0, 0
for place in np.linspace(0.2, 0.8, 40):
    data = bytearray(whole)
    data[int(place * len(data))] ^= 0xFF
    try:
        with av.open(io.BytesIO(bytes(data))) as file:
            frames = [(frame.pts, frame.to_ndarray()[0] / 32768) for frame in file.decode(audio=0)]
    except av.FFmpegError:
        told += 1
    else:
        got = np.concatenate([samples for _, samples in frames])
        early += len(got) < len(right)
        longer += len(got) > len(right)
        wrong += len(got) == len(right) and not np.array_equal(got, right)
        unstamped += any(pts is None for pts, _ in frames)
    try:
        soundfile.read(io.BytesIO(bytes(data)))
    except soundfile.LibsndfileError:
        refused += 1
print("libsndfile", soundfile.__libsndfile_version__, "PyAV", av.__version__)
print("guess: each frame has a checksum, so its damage is an error, or silence in its place")
print("seen: of 40 files with one wrong byte each, libsndfile refuses", refused, "and FFmpeg", told)
print("      in FFmpeg", wrong, "have wrong samples, and", early, "lack a frame, so that later sound is early,", longer, "have more")
print("      in", unstamped, "of them some frames have no time stamp, so not even that tells where they belong")
assert refused == 40 and told == 0 and wrong > 0 and early > 0 and unstamped > 0
PYTHON
