#!/usr/bin/env bash
# A WAV of 16-bit stereo that carries AC-3, as S/PDIF does, is 5.1 sound in FFmpeg and noise in libsndfile.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
python3 -m venv env
env/bin/pip install -q numpy==2.2.6 soundfile==0.14.0 av==18.1.0
env/bin/python - <<'PYTHON'
import av
import numpy as np
import soundfile


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


rate = 48000
tones = np.stack([0.02 * np.sin(2 * np.pi * hz * np.arange(5 * rate) / rate) for hz in (300, 500, 700, 60, 900, 1100)])
encode("a.ac3", "ac3", tones, rate, b="448k")
with av.open("a.ac3") as file, av.open("a.bits", "w", format="spdif") as out:  # IEC 61937
    stream = out.add_stream_from_template(file.streams.audio[0])
    for packet in file.demux(audio=0):
        if packet.dts is not None:
            packet.stream = stream
            out.mux(packet)
packed = open("a.bits", "rb").read()
soundfile.write("a.wav", np.frombuffer(packed, "<i2").reshape(-1, 2), rate)  # what recording S/PDIF gives
noise, _ = soundfile.read("a.wav")
with av.open("a.wav") as file:
    stream = file.streams.audio[0]
    codec, layout = stream.codec_context.name, stream.layout.name
    got = np.concatenate([frame.to_ndarray() for frame in file.decode(stream)], 1)
print("libsndfile", soundfile.__libsndfile_version__, "PyAV", av.__version__)
print("guess: the header says PCM, so every reader gives the same two channels")
print(f"seen: libsndfile 2 channels, peak {np.abs(noise).max():.2f}, level {np.std(noise):.3f}")
print(f"      FFmpeg {codec}, {layout}, {got.shape[0]} channels, level {np.std(got):.3f}")
assert codec == "ac3" and got.shape[0] == 6 and np.std(got) < 0.05
assert noise.shape[1] == 2 and np.std(noise) > 0.2
PYTHON
