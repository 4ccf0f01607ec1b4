#!/usr/bin/env bash
# pydub takes the float samples of an extensible WAV for whole numbers: loud noise, and no error.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
python3 -m venv env
env/bin/pip install -q numpy==2.2.6 soundfile==0.14.0 pydub==0.25.1
env/bin/python - <<'PYTHON'
import array
import warnings

import numpy as np
import soundfile

warnings.simplefilter("ignore")
from pydub import AudioSegment  # noqa: E402

tone = 0.1 * np.sin(2 * np.pi * 440 * np.arange(44100) / 44100)
soundfile.write("a.wav", tone, 44100, format="WAVEX", subtype="FLOAT")  # as FFmpeg writes float WAV
sound = AudioSegment.from_file("a.wav")
got = np.array(sound.get_array_of_samples()) / 2 ** (8 * sound.sample_width - 1)
print("pydub 0.25.1")
print("guess: a tone with peak 0.1, or an error")
print(f"seen: peak {np.abs(got).max():.2f}, level {np.std(got) / np.std(tone):.1f} times the tone's")
assert len(got) == len(tone) and np.std(got) > 4 * np.std(tone)
PYTHON
