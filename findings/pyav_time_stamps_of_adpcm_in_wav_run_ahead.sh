#!/usr/bin/env bash
# Time stamps of Microsoft ADPCM in WAV run ahead of the samples: nothing may be placed by them.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
python3 -m venv env
env/bin/pip install -q numpy==2.2.6 av==18.1.0
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
encode("a.wav", "adpcm_ms", noise)
samples = 0
with av.open("a.wav") as file:
    for frame in file.decode(audio=0):
        if frame.pts is None:
            continue
        ahead = float(frame.pts * frame.time_base * 44100) - samples
        samples += frame.samples
print("PyAV", av.__version__)
print("guess: the time stamp of a frame is the count of samples before it")
print("seen: that of the last frame is", round(ahead), "samples ahead, in a file of", samples)
assert ahead > 100_000
PYTHON
