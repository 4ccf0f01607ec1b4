#!/usr/bin/env bash
# libsndfile opens a text as sound if it is called .au, .snd, .vox or .gsm, and refuses it under other names.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
python3 -m venv env
env/bin/pip install -q numpy==2.2.6 soundfile==0.14.0
env/bin/python - <<'PYTHON'
import soundfile

text = "The third take is the one to keep; the others have the chair in them.\n" * 20
print("libsndfile", soundfile.__libsndfile_version__)
print("guess: .au files begin with .snd, and what does not is refused as any text is")
seen = {}
for suffix in ("au", "snd", "vox", "gsm", "wav", "flac", "aiff", "txt"):
    name = f"notes.{suffix}"
    with open(name, "w") as file:
        file.write(text)
    try:
        info = soundfile.info(name)
        seen[suffix] = f"{info.format} {info.subtype} {info.samplerate} Hz"
    except soundfile.LibsndfileError:
        seen[suffix] = "refused"
print("seen:", seen)
assert seen["au"] == seen["snd"] == "RAW ULAW 8000 Hz"
assert seen["vox"] == "RAW VOX_ADPCM 8000 Hz"
assert seen["gsm"] == "RAW GSM610 8000 Hz"
assert {seen[suffix] for suffix in ("wav", "flac", "aiff", "txt")} == {"refused"}
PYTHON
