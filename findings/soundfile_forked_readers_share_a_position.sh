#!/usr/bin/env bash
# A SoundFile that is open when a process forks gives its children each other's samples, and no error.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
python3 -m venv env
env/bin/pip install -q numpy==2.2.6 soundfile==0.14.0
env/bin/python - <<'PYTHON'
import multiprocessing

import numpy as np
import soundfile

context = multiprocessing.get_context("fork")  # as the DataLoader of PyTorch has it on Linux
samples = np.random.default_rng(1).uniform(-1, 1, 1_000_000).astype("f4")
soundfile.write("a.wav", samples, 48000, subtype="FLOAT")
file = soundfile.SoundFile("a.wav")  # a dataset that opens its files once, before the workers begin
print("libsndfile", soundfile.__libsndfile_version__)
print("guess: each worker has its own SoundFile after the fork, so a seek and a read go together")


def work(seed, results):
    wrong = failed = 0
    for start in np.random.default_rng(seed).integers(0, 990_000, 2000):
        try:
            file.seek(start)
            read = file.read(100, dtype="f4")
        except soundfile.LibsndfileError:
            failed += 1
            continue
        wrong += not np.array_equal(read, samples[start : start + 100])
    results.put((wrong, failed))


results = context.SimpleQueue()
workers = [context.Process(target=work, args=(seed, results)) for seed in range(4)]
for worker in workers:
    worker.start()
counts = [results.get() for _ in workers]
print("seen: of 4 × 2000 crops", sum(wrong for wrong, _ in counts), "hold other samples,", sum(f for _, f in counts), "fail")
assert sum(wrong for wrong, _ in counts) > 0
PYTHON
