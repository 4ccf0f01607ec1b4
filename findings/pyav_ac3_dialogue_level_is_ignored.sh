#!/usr/bin/env bash
# Two AC-3 files whose dialogue levels differ by 21 dB decode equally loud in FFmpeg.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
python3 -m venv env
env/bin/pip install -q numpy==2.2.6 av==18.1.0
env/bin/python - <<'PYTHON'
import av
import numpy as np


def encode(name, codec, samples, rate, **options):
    """Write float samples (channels, n) with an encoder of FFmpeg."""
    layout = {1: "mono", 2: "stereo", 6: "5.1"}[len(samples)]
    with av.open(name, "w") as out:
        stream = out.add_stream(codec, rate=rate, layout=layout, options=options)
        out.start_encoding()
        context = stream.codec_context
        resampler = av.AudioResampler(context.format, layout, rate, frame_size=context.frame_size or 4096)
        frame = av.AudioFrame.from_ndarray(samples.astype(np.float32), format="fltp", layout=layout)
        frame.sample_rate, frame.pts = rate, 0
        for made in [*resampler.resample(frame), *resampler.resample(None)]:
            out.mux(stream.encode(made))
        out.mux(stream.encode(None))


noise = np.random.default_rng(1).standard_normal(5 * 48000) * 0.1
print("PyAV", av.__version__)
print("guess: a decoder turns the sound down by what the dialogue level asks, as the standard has it")
levels = []
for level in (-31, -10):
    encode("a.ac3", "ac3", noise[None], 48000, dialnorm=str(level), b="192k")
    head = open("a.ac3", "rb").read(8)
    assert (head[6] << 8 | head[7]) >> 7 & 31 == -level  # it is in the file
    with av.open("a.ac3") as file:
        got = np.concatenate([frame.to_ndarray()[0] for frame in file.decode(audio=0)])
    levels.append(20 * np.log10(np.std(got[4800:-4800])))
    print(f"seen: dialogue level {level}: decoded at {levels[-1]:.2f} dB")
assert abs(levels[0] - levels[1]) < 0.1
PYTHON
