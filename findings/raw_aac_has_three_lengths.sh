#!/usr/bin/env bash
# The length of raw AAC (ADTS) is guessed by FFmpeg, mutagen and tinytag, each another way: 0.05 to 33 s for 30.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
python3 -m venv env
env/bin/pip install -q numpy==2.2.6 av==18.1.0 mutagen==1.48.1 tinytag==2.3.2
env/bin/python - <<'PYTHON'
import av
import mutagen
import numpy as np
import tinytag


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


rate = 44100
noise = np.random.default_rng(1).standard_normal(30 * rate) * 0.1
noise[: 15 * rate] *= 1e-3  # a quiet beginning costs fewer bits
encode("a.aac", "aac", noise[None], rate, b="128k")
with av.open("a.aac") as file:
    stream = file.streams.audio[0]
    told = {"FFmpeg in PyAV " + av.__version__: float(stream.duration * stream.time_base)}
    decoded = sum(frame.samples for frame in file.decode(stream)) / rate
told["mutagen 1.48.1"] = mutagen.File("a.aac").info.length
told["tinytag 2.3.2"] = tinytag.TinyTag.get("a.aac").duration
print(f"guess: about {decoded:.2f} s, what decodes")
for name, seconds in told.items():
    print(f"seen: {name} tells {seconds:.2f} s")
ffmpeg, theirs, tiny = told.values()
assert tiny < 1 and abs(theirs - decoded) > 1 and abs(ffmpeg - decoded) > 1
PYTHON
