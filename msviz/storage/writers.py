"""Write the files of a Zarr group, or the arrays of an NPZ file.

Metadata and chunks are encoded here and not by zarr, which takes more than a millisecond for each of the
33 arrays of a short sound, twice as long as everything else, and cannot write a shard piece by piece.  The
result is the same, byte for byte.
"""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from functools import cache
from pathlib import Path
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from msviz.cpus import available_cpus
from msviz.remote import is_address
from msviz.storage.contents import conversion, dimensions, stored_dtype, unwritten
from msviz.storage.description import Description, StoredBand
from msviz.storage.shards import ShardFile, checked, sharded
from msviz.storage.sinks import ChunkSink, FolderSink, ZipSink, address_sink, representation_path
from msviz.transform.representation import band_attributes

Array = NDArray[Any]
Node = dict[str, Any]

#: A chunk holds about so many coefficients of one channel, but no less than the first and no more than the
#: second number of samples: one for the short hops, one for the long ones.
CHUNK = 2**17
CHUNK_SAMPLES = (2**18, 2**21)

#: Samples in a shard: 100 min at 44.1 kHz, so that an hour is one file of each band.
SHARD_SAMPLES = 2**28

#: Frames in a chunk of their times, which shrink to next to nothing.
TIMES = 2**20

#: Bytes of one channel from which it is worth a thread.
THREAD_BYTES = 2**19


class Writer(Protocol):
    """Writes a representation."""

    def create(self, description: Description) -> None:
        """Write everything known before the first coefficient."""

    def write(self, band: StoredBand, first: int, values: Array) -> None:
        """Put encoded values into columns [first, …) of a band: a chunk, or the rest at the end."""

    def finish(self, description: Description) -> None:
        """Complete it with the final attributes."""


@contextmanager
def open_writer(name: str, *, compress: bool) -> Iterator[Writer]:
    """A writer for a file name: the file appears at the end, or not at all if anything fails before."""
    if is_address(name):
        with address_sink(name) as remote, ZarrWriter(remote, compress) as writer:
            yield writer
        return
    with representation_path(name) as path:
        if name.endswith(".npz"):
            yield NpzWriter(path, compress)
            return
        with ExitStack() as opened:
            zipped = name.endswith(".zip")
            sink: ChunkSink = opened.enter_context(ZipSink(path)) if zipped else FolderSink(path)
            yield opened.enter_context(ZarrWriter(sink, compress))


def chunk_frames(band: StoredBand) -> int:
    """Frames in a chunk of a band."""
    by_size = CHUNK // band.frequencies.size * band.hop
    samples = min(max(by_size, CHUNK_SAMPLES[0]), CHUNK_SAMPLES[1])
    return max(1, min(samples // band.hop, band.size))


class ZarrWriter(ExitStack):
    """The files of a Zarr group."""

    def __init__(self, sink: ChunkSink, compress: bool) -> None:
        super().__init__()
        self.sink, self.compress = sink, compress
        self.nodes: dict[str, Node] = {}
        # Of arrays in shards: chunks in each, along each axis; the number of the shard that is open, and it.
        self.counts: dict[str, tuple[int, ...]] = {}
        self.shards: dict[str, tuple[int, ShardFile]] = {}

    def create(self, description: Description) -> None:
        self.description = description
        if self.sink.visible_early:  # whoever finds it after this process was killed must see whose it is
            self.sink.put({"zarr.json": _text(_group({**description.attributes, "complete": False}))})
        files: dict[str, bytes] = {}
        for band in description.bands:
            self.nodes[band.name] = _group(band_attributes(band.band, band.frames))
            self._add_coefficients(band)
            files |= self._add_coordinates(band)
        self.sink.put({f"{name}/zarr.json": _text(node) for name, node in self.nodes.items()} | files)

    def _add_coordinates(self, band: StoredBand) -> dict[str, bytes]:
        """Describe a band's coordinates; the chunk of its frequencies."""
        frequencies = band.frequencies.astype(np.float64, copy=False)
        self._add(f"{band.name}/frequency", frequencies.shape, frequencies.dtype, ("bin",), {"units": "Hz"})
        # Frame numbers and what makes seconds of them: seconds would take a tenth of the file.
        seconds = {"units": "s", "scale_factor": band.hop / self.description.transform.rate}
        chunk = max(1, min(TIMES, band.size))
        counts = (max(1, -(-band.size // chunk)),)
        self._add(
            f"{band.name}/time",
            (band.size,),
            np.dtype(np.int64),
            ("frame",),
            seconds,
            0,
            (chunk,),
            counts,
        )
        return {f"{band.name}/frequency/c/0": self._encoded(frequencies)}

    def _add_coefficients(self, band: StoredBand) -> None:
        content, channels, bins = self.description.content, self.description.channels, band.frequencies.size
        dtype, names = stored_dtype(content, real=band.real), dimensions(content, real=band.real)
        chunk, parts = chunk_frames(band), (2,) * (len(names) - 3)
        in_shard = max(1, min(SHARD_SAMPLES // (chunk * band.hop), -(-band.size // chunk)))
        self._add(
            f"{band.name}/coefficients",
            (channels, bins, band.size, *parts),
            dtype,
            names,
            {"coordinates": "frequency time", **conversion(content, real=band.real)},
            {"f": "NaN", "c": ["NaN", "NaN"]}.get(dtype.kind, unwritten(content, real=band.real)),
            (1, bins, chunk, *parts),
            (channels, 1, in_shard, *(1 for _ in parts)),
        )

    def _add(
        self,
        name: str,
        shape: Sequence[int],
        dtype: np.dtype[Any],
        dimensions: Sequence[str],
        attributes: Mapping[str, Any],
        fill: Any = 0,
        chunk: Sequence[int] | None = None,
        counts: tuple[int, ...] | None = None,
    ) -> None:
        """Describe an array: zstd over shuffled bytes, a tenth smaller than over plain ones, and a checksum.

        Its chunks lie in shards of `counts`, if there are any, but where the whole is one file anyway.
        """
        endian = {"configuration": {"endian": "little"}} if dtype.itemsize > 1 else {}
        codecs: list[Node] = [{"name": "bytes", **endian}, {"name": "crc32c"}]
        if self.compress:
            size = dtype.itemsize // 2 if dtype.kind == "c" else dtype.itemsize
            clevel, blocksize = _effort(size)
            how = {
                "typesize": size,
                "cname": "zstd",
                "clevel": clevel,
                "shuffle": "shuffle",
                "blocksize": blocksize,
            }
            codecs.insert(1, {"name": "blosc", "configuration": how})
        node = {
            "shape": [int(size) for size in shape],
            "data_type": dtype.name,
            "chunk_grid": {
                "name": "regular",
                "configuration": {"chunk_shape": [int(size) for size in chunk or shape]},
            },
            "chunk_key_encoding": {"name": "default", "configuration": {"separator": "/"}},
            "fill_value": fill,
            "codecs": codecs,
            "attributes": dict(attributes),
            "dimension_names": [*dimensions],
            "zarr_format": 3,
            "node_type": "array",
            "storage_transformers": [],
        }
        if counts and self.sink.shards:
            node, self.counts[name] = sharded(node, counts), counts
        self.nodes[name] = node

    def _encoded(self, values: Array) -> bytes:
        """A chunk after encoding."""
        import numcodecs.blosc

        values = np.ascontiguousarray(values, values.dtype.newbyteorder("<"))
        if not self.compress:
            return checked(values.tobytes())
        # As zarr has it: with threads of its own, Blosc makes other bytes of the same values.
        numcodecs.blosc.use_threads = False
        words = values.view(values.real.dtype)  # parts are shuffled
        clevel, blocksize = _effort(words.itemsize)
        blosc = numcodecs.blosc.Blosc("zstd", clevel, numcodecs.blosc.SHUFFLE, blocksize)
        return checked(blosc.encode(words))

    def write(self, band: StoredBand, first: int, values: Array) -> None:
        chunk, count = chunk_frames(band), values.shape[2]
        if count < chunk:  # chunks are whole; the end of the last one is never read
            missing = unwritten(self.description.content, real=band.real)
            room = np.full((*values.shape[:2], chunk, *values.shape[3:]), missing, values.dtype)
            room[:, :, :count] = values
            values = room
        if len(values) == 1 or values[0].nbytes < THREAD_BYTES:
            made = [self._encoded(channel) for channel in values]
        else:
            made = list(_pool().map(self._encoded, values))
        rest = (0,) * (values.ndim - 3)
        places = [(channel, 0, first // chunk, *rest) for channel in range(len(values))]
        self._put(f"{band.name}/coefficients", dict(zip(places, made, strict=True)), axis=2)

    def _put(self, array: str, chunks: Mapping[tuple[int, ...], bytes], axis: int) -> None:
        """Write chunks by their places; along the axis, those of one call are alike and calls follow."""
        counts = self.counts.get(array)
        if not counts:
            self.sink.put({f"{array}/c/{'/'.join(map(str, at))}": data for at, data in chunks.items()})
            return
        for at, data in chunks.items():
            number, inside = divmod(at[axis], counts[axis])
            begun, shard = self.shards.get(array, (None, None))
            if shard is None or number != begun:
                if shard:
                    shard.finish()
                name = "/".join(str(number if n == axis else 0) for n in range(len(at)))
                file = self.enter_context(self.sink.open(f"{array}/c/{name}"))
                shard = ShardFile(file, counts)
                self.shards[array] = number, shard
            shard.append((*at[:axis], inside, *at[axis + 1 :]), data)

    def finish(self, description: Description) -> None:
        for band in description.bands:
            for first in range(0, band.size, TIMES):
                # As long as the others, like every chunk.
                numbers = band.frames.start + first + np.arange(min(TIMES, band.size), dtype=np.int64)
                numbers[max(0, band.size - first) :] = 0
                self._put(f"{band.name}/time", {(first // TIMES,): self._encoded(numbers)}, axis=0)
        for _, shard in self.shards.values():
            shard.finish()
        # xarray asks for all metadata in the root; who does not know them there reads on.
        nodes = {
            name: {**node, **_consolidated({})} if node["node_type"] == "group" else node
            for name, node in self.nodes.items()
        }
        self.sink.put({"zarr.json": _text({**_group(description.attributes), **_consolidated(nodes)})})


def _effort(size: int) -> tuple[int, int]:
    """The compression level of zstd and the block size of Blosc in bytes, for items of `size` bytes.

    Floats compress better, and three times as fast, in blocks of a megabyte than in those that Blosc chooses.
    """
    return (2, 2**18) if size == 1 else (1, 2**20)


@cache
def _pool() -> ThreadPoolExecutor:
    """Threads that persist until the program ends."""
    return ThreadPoolExecutor(available_cpus(), thread_name_prefix="msviz-storage")


if hasattr(os, "register_at_fork"):  # a forked child has the pool, but none of its threads
    os.register_at_fork(after_in_child=_pool.cache_clear)


def _group(attributes: Mapping[str, Any]) -> Node:
    return {"attributes": dict(attributes), "zarr_format": 3, "node_type": "group"}


def _consolidated(nodes: Mapping[str, Node]) -> Node:
    return {"consolidated_metadata": {"kind": "inline", "must_understand": False, "metadata": dict(nodes)}}


def _text(node: Node) -> bytes:
    return json.dumps(node, default=_python_scalar).encode()


def _python_scalar(value: Any) -> Any:
    """A NumPy number as a type that JSON knows."""
    if isinstance(value, np.generic):
        return value.item()
    raise TypeError(f"{value!r} cannot be written as JSON")


class NpzWriter:
    """One NPZ file with the description as JSON and one array a band."""

    def __init__(self, path: Path, compress: bool) -> None:
        self.path, self.compress = path, compress

    def create(self, description: Description) -> None:
        self.parts: dict[str, list[Array]] = {band.name: [] for band in description.bands}

    def write(self, band: StoredBand, first: int, values: Array) -> None:
        self.parts[band.name].append(values)

    def finish(self, description: Description) -> None:
        arrays = {name: np.concatenate(parts, axis=2) for name, parts in self.parts.items()}
        with self.path.open("wb") as file:
            write: Callable[..., None] = np.savez_compressed if self.compress else np.savez
            write(file, attributes=np.array(_text(description.attributes).decode()), **arrays)
