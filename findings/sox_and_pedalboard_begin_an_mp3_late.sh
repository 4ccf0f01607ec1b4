#!/usr/bin/env bash
# One MP3 begins at three places: exactly in libsndfile and FFmpeg, 1105 samples late in pedalboard, 2257 in SoX.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
version=$(dpkg-query -W -f '${Version}' sox)
dpkg-query -W libsox-fmt-mp3 >/dev/null
echo "SoX $version (Debian 12 has 14.4.2+git20190427-3.5)"
python3 -m venv env
env/bin/pip install -q numpy==2.2.6 soundfile==0.14.0 av==18.1.0 pedalboard==0.9.26
env/bin/python - <<'PYTHON'
import subprocess

import av
import numpy as np
import pedalboard.io
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


noise = np.random.default_rng(1).standard_normal(10 * 44100) * 0.1
encode("a.mp3", "libmp3lame", noise[None], 44100, b="128k")  # with a Xing frame and its LAME tag
with av.open("a.mp3") as file:
    ffmpeg = np.concatenate([frame.to_ndarray()[0] for frame in file.decode(audio=0)])
with pedalboard.io.AudioFile("a.mp3") as file:
    juce = file.read(file.frames)[0]
subprocess.run(["sox", "-D", "a.mp3", "-e", "float", "-b", "32", "sox.wav"], check=True)
got = {
    "libsndfile " + soundfile.__libsndfile_version__: soundfile.read("a.mp3")[0],
    "FFmpeg in PyAV " + av.__version__: ffmpeg,
    "pedalboard 0.9.26": juce,
    "SoX 14.4.2": soundfile.read("sox.wav")[0],
}
print("guess: the delay is in the file, so all begin at sample 0 and have", len(noise))
late, count = [], 1 << 20
for name, samples in got.items():
    wave = np.fft.rfft(samples[20_000:220_000], count)
    lag = np.fft.irfft(np.fft.rfft(noise, count) * np.conj(wave), count)
    late.append(20_000 - int(np.argmax(lag)))
    print("seen:", name, "begins", late[-1], "late and has", len(samples))
assert late == [0, 0, 1105, 2257]
PYTHON
