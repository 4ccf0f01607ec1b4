#!/usr/bin/env bash
# What FFmpeg encodes as WMA it decodes without the first frame: sound comes 2048 samples too early.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
python3 -m venv env
env/bin/pip install -q numpy==2.2.6 av==16.0.0
env/bin/python - <<'PYTHON'
import av
import numpy as np


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
encode("a.wma", "wmav2", noise)
with av.open("a.wma") as file:
    got = np.concatenate([frame.to_ndarray()[0] for frame in file.decode(audio=0)])
count = 1 << 18
lag = np.fft.irfft(np.fft.rfft(noise[:100_000], count) * np.conj(np.fft.rfft(got[:50_000], count)), count)
print("PyAV", av.__version__)
print("guess: sample 0 of the file is sample 0 of what was encoded, or comes after some priming")
print("seen: the first sample is number", int(np.argmax(lag)))
assert int(np.argmax(lag)) == 2048
PYTHON
