#!/usr/bin/env bash
# stream.duration differs from what decodes by less than a frame, in either direction, by the container.
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
seen = {}
for name, codec in (("a.m4a", "aac"), ("a.m4a", "alac"), ("a.caf", "alac")):
    encode(name, codec, noise[:100_000])
    with av.open(name) as file:
        stream = file.streams.audio[0]
        told = round(stream.duration * stream.time_base * 44100)
        decoded = sum(frame.samples for frame in file.decode(stream))
    seen[name, codec] = told, decoded
    print(name, codec, "told", told, "decoded", decoded)
print("PyAV", av.__version__)
print("guess: where the time base is one sample, the duration is the count of samples")
print("seen: AAC in MP4 decodes to more, ALAC in CAF to fewer, ALAC in MP4 to as many")
assert seen["a.m4a", "aac"][1] > 100_000 >= seen["a.m4a", "aac"][0]
assert seen["a.m4a", "alac"] == (100_000, 100_000)
assert seen["a.caf", "alac"][1] == 100_000 < seen["a.caf", "alac"][0]
PYTHON
