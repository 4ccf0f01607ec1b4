#!/usr/bin/env bash
# In a chained Ogg file FFmpeg tells the length of the first link, and time stamps restart at zero in the next.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
python3 -m venv env
env/bin/pip install -q numpy==2.2.6 soundfile==0.14.0 av==18.1.0
env/bin/python - <<'PYTHON'
import io

import av
import numpy as np
import soundfile

noise = np.random.default_rng(1).standard_normal(5 * 48000) * 0.1
print("PyAV", av.__version__)
print("guess: stamps go on from link to link, and the length is that of the file or unknown")
for kind, jump_to in (("VORBIS", 0), ("OPUS", 648)):
    out = io.BytesIO()
    soundfile.write(out, noise, 48000, format="OGG", subtype=kind)
    with av.open(io.BytesIO(out.getvalue() * 2)) as file:
        stream = file.streams.audio[0]
        told, stamps, total = stream.duration, [], 0
        for frame in file.decode(stream):
            stamps.append(frame.pts)
            total += frame.samples
    back = [(before, after) for before, after in zip(stamps, stamps[1:]) if after < before]
    print("seen:", kind, "told", told, "decoded", total, "- the stamp after", *back[0][:1], "is", back[0][1])
    assert len(back) == 1 and back[0][1] < 1000 and told < 250_000 and total >= 480_000
PYTHON
