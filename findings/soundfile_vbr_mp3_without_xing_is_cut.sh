#!/usr/bin/env bash
# The length of a VBR MP3 without a Xing frame is guessed from its first frames, and reading stops there.
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
plain = {"write_xing": "0", "id3v2_version": "0"}
encode("dense.mp3", "libmp3lame", noise[: 2 * 44100], bit_rate=256_000, **plain)
encode("sparse.mp3", "libmp3lame", noise, bit_rate=64_000, **plain)
with open("vbr.mp3", "wb") as both:  # frames of two sizes, as any VBR stream has
    for name in ("dense.mp3", "sparse.mp3"):
        both.write(open(name, "rb").read())
with av.open("vbr.mp3") as file:
    decoded = sum(frame.samples for frame in file.decode(audio=0))
with soundfile.SoundFile("vbr.mp3") as file:
    told, read = file.frames, len(file.read(10**7))
print("libsndfile", soundfile.__libsndfile_version__, "FFmpeg's libraries in PyAV", av.__version__)
print("guess: whatever is told at first, all", decoded, "samples can be read")
print("seen: frames", told, "read", read)
assert read <= told < 0.8 * decoded
PYTHON
