#!/usr/bin/env bash
# AAC or MP3 packets copied into another container begin later: the delay to be cut at the start is lost, or only its end kept.
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


noise = np.random.default_rng(1).standard_normal(10 * 44100) * 0.1
count = 1 << 20
seen = {}
print("PyAV", av.__version__)
print("guess: copied packets hold the same sound, so it begins and ends at the same sample")
for codec, whole, copies in (
    ("aac", "a.m4a", ("a.mov", "a.mkv", "a.ts", "a.aac")),
    ("libmp3lame", "a.mp3", ("a.mp4", "a.mkv", "a.avi", "a.wav")),
):
    encode(whole, codec, noise[None], 44100, b="128k")
    for name in (whole, *copies):
        if name != whole:
            with av.open(whole) as file, av.open(name, "w", format="adts" if name == "a.aac" else None) as out:
                stream = out.add_stream_from_template(file.streams.audio[0])
                for packet in file.demux(audio=0):
                    if packet.dts is not None:
                        packet.stream = stream
                        out.mux(packet)
        with av.open(name) as file:
            got = np.concatenate([frame.to_ndarray()[0] for frame in file.decode(audio=0)])
        lag = np.fft.irfft(np.fft.rfft(noise, count) * np.conj(np.fft.rfft(got[20_000:220_000], count)), count)
        seen[codec, name] = 20_000 - int(np.argmax(lag)), len(got)
        print("seen:", codec, "in", name, "begins", seen[codec, name][0], "late and has", len(got), "samples")
assert [begin for begin, _ in seen.values()] == [0, 0, 1024, 1024, 1024, 0, 1105, 1105, 1105, 1105]
assert seen["libmp3lame", "a.mkv"][1] == 383 * 1152 + 889  # cut at its end, not at its start
PYTHON
