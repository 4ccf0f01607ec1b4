#!/usr/bin/env bash
# libsndfile decodes Opus at the rate of the sound before encoding, and loses what lies above its half.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
python3 -m venv env
env/bin/pip install -q numpy==2.2.6 soundfile==0.14.0 av==18.1.0
env/bin/python - <<'PYTHON'
import io
import struct

import av
import numpy as np
import soundfile


def checksum(page):
    """CRC of an Ogg page, RFC 3533."""
    value = 0
    for byte in page:
        value ^= byte << 24
        for _ in range(8):
            value = (value << 1 ^ (0x04C11DB7 if value & 1 << 31 else 0)) & 0xFFFFFFFF
    return value


out = io.BytesIO()
tone = 0.3 * np.sin(2 * np.pi * 9000 * np.arange(96000) / 48000)
soundfile.write(out, tone, 48000, format="OGG", subtype="OPUS")
data = bytearray(out.getvalue())
rate_at = data.index(b"OpusHead") + 12
first = 27 + data[26] + sum(data[27 : 27 + data[26]])
data[rate_at : rate_at + 4] = struct.pack("<I", 16000)  # RFC 7845: information only, any value may stand here
data[22:26] = bytes(4)
data[22:26] = struct.pack("<I", checksum(data[:first]))
samples, rate = soundfile.read(io.BytesIO(bytes(data)))
with av.open(io.BytesIO(bytes(data))) as file:
    decoded = np.concatenate([frame.to_ndarray() for frame in file.decode(audio=0)], 1)
    theirs = file.streams.audio[0].rate
print("libsndfile", soundfile.__libsndfile_version__, "PyAV", av.__version__)
print("guess: Opus is 48000 Hz wherever it is decoded, its tone of 9 kHz is there")
print(f"seen: libsndfile {len(samples)} samples at {rate} Hz, level {np.std(samples):.5f}")
print(f"      FFmpeg {decoded.shape[1]} samples at {theirs} Hz, level {np.std(decoded):.5f}")
assert rate == 16000 and len(samples) == 32000 and np.std(samples) < 0.02
assert theirs == 48000 and decoded.shape[1] == 96000 and np.std(decoded) > 0.2
PYTHON
