#!/usr/bin/env bash
# An MP3 whose Xing frame has no LAME tag loses its first 529 samples in libsndfile, not in FFmpeg.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
python3 -m venv env
env/bin/pip install -q soundfile==0.14.0 numpy==2.2.6 av==16.0.0
env/bin/python - <<'PYTHON'
import av
import numpy as np
import soundfile


def encode(name, codec, samples, rate=44100, bit_rate=128_000, sample_format=None, **options):
    """Write mono samples with an encoder of FFmpeg."""
    with av.open(name, "w", container_options=options) as out:
        stream = out.add_stream(codec, rate=rate, layout="mono")
        stream.bit_rate = bit_rate
        if sample_format:
            stream.format = sample_format
        out.start_encoding()
        context = stream.codec_context
        size = context.frame_size or 1024
        resampler = av.AudioResampler(context.format, "mono", rate, frame_size=size)
        frame = av.AudioFrame.from_ndarray(samples[None].astype(np.float32), format="fltp", layout="mono")
        frame.sample_rate, frame.pts = rate, 0
        for made in [*resampler.resample(frame), *resampler.resample(None)]:
            out.mux(stream.encode(made))
        out.mux(stream.encode(None))


noise = np.random.default_rng(1).standard_normal(20 * 44100) * 0.1
encode("plain.mp3", "libmp3lame", noise, write_xing="0", id3v2_version="0")
data = open("plain.mp3", "rb").read()
frames, at = 0, 0
while at < len(data):  # MPEG 1, Layer III, 128 kbit/s, 44.1 kHz
    at += 144 * 128_000 // 44_100 + (data[at + 2] >> 1 & 1)
    frames += 1
first = bytearray(417)
first[:4] = data[:2] + bytes((data[2] & ~2, data[3]))
first[21 : 21 + 16] = b"Xing" + (3).to_bytes(4, "big") + frames.to_bytes(4, "big") + len(data).to_bytes(4, "big")
open("xing.mp3", "wb").write(bytes(first) + data)
with av.open("xing.mp3") as file:
    ours = np.concatenate([frame.to_ndarray()[0] for frame in file.decode(audio=0)])
theirs, _ = soundfile.read("xing.mp3", dtype="float32")
same = float(np.abs(ours[529 : 529 + 40_000] - theirs[:40_000]).max())
print("libsndfile", soundfile.__libsndfile_version__, "FFmpeg's libraries in PyAV", av.__version__)
print("guess: both give", frames * 1152, "samples: nothing in the file tells a delay")
print("seen: FFmpeg", len(ours), "libsndfile", len(theirs), "- which begins 529 later, difference", same)
assert len(ours) == frames * 1152 and len(theirs) == len(ours) - 529 and same < 1e-4
PYTHON
