"""Shards: many chunks of a Zarr array in one file, with an index at its end.

They follow Zarr's codec `sharding_indexed`, and any Zarr library can read them.  zarr itself writes a shard
only as a whole, from memory, and an hour takes gigabytes: here chunks are appended as they come.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import IO, Any

import google_crc32c
import numpy as np

MISSING = 2**64 - 1  # instead of the place of a chunk that is not there


def checked(data: bytes) -> bytes:
    """Bytes followed by their checksum: Zarr's codec `crc32c`."""
    checksum: int = google_crc32c.value(data)
    return data + checksum.to_bytes(4, "little")


def sharded(node: dict[str, Any], counts: Sequence[int]) -> dict[str, Any]:
    """The metadata of an array whose chunks are in shards, with a number of chunks along each axis."""
    chunk = node["chunk_grid"]["configuration"]["chunk_shape"]
    shard = {"chunk_shape": [size * count for size, count in zip(chunk, counts, strict=True)]}
    index = [{"name": "bytes", "configuration": {"endian": "little"}}, {"name": "crc32c"}]
    inner = {"chunk_shape": chunk, "codecs": node["codecs"], "index_codecs": index, "index_location": "end"}
    return {
        **node,
        "chunk_grid": {"name": "regular", "configuration": shard},
        "codecs": [{"name": "sharding_indexed", "configuration": inner}],
    }


class ShardFile:
    """A shard being written."""

    def __init__(self, file: IO[bytes], counts: Sequence[int]) -> None:
        self.file = file
        self.index = np.full((*counts, 2), MISSING, "<u8")
        self.size = 0

    def append(self, place: Sequence[int], data: bytes) -> None:
        """Write a chunk; its index counts from the first of the shard."""
        self.file.write(data)
        self.index[tuple(place)] = self.size, len(data)
        self.size += len(data)

    def finish(self) -> None:
        """Write the index, without which it cannot be read."""
        self.file.write(checked(self.index.tobytes()))
        self.file.close()
