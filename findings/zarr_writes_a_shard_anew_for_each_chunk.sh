#!/usr/bin/env bash
# zarr writes a whole shard anew for each of its chunks that is appended: bytes grow with the square of time.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
python3 -m venv env
env/bin/pip install -q numpy==2.2.6 zarr==3.1.5
env/bin/python - <<'PYTHON'
import asyncio

import numpy as np
import zarr
from zarr.storage import MemoryStore, WrapperStore


class Counting(WrapperStore):
    written = 0

    async def set(self, key, value, *more):
        Counting.written += len(value)
        await super().set(key, value, *more)


print("zarr", zarr.__version__)
print("guess: a shard is a file of chunks, so that a recording is appended to it chunk by chunk at its own cost")
chunk, chunks = 4096, 64
rng = np.random.default_rng(1)
for shards, what in ((None, "a file for each chunk"), ((chunk * chunks,), "one shard")):
    Counting.written = 0
    array = zarr.create_array(
        Counting(MemoryStore()), shape=(chunk * chunks,), chunks=(chunk,), shards=shards, dtype="f4", compressors=None
    )
    for first in range(0, chunk * chunks, chunk):
        array[first : first + chunk] = rng.standard_normal(chunk)
    times = Counting.written / (4 * chunk * chunks)
    print(f"seen: {what}: {chunks} chunks one after the other write the data {times:.1f} times")
    assert (times < 1.2) == (shards is None)
    assert shards is None or times > chunks / 2 - 1
PYTHON
