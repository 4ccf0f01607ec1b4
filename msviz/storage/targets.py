"""What is written of a representation: the files of a Zarr group, or the arrays of an NPZ file.

The files are made here and not by zarr, which takes some milliseconds for each of the fifty arrays of a short
sound; what it makes of the same values is the same, byte by byte.
"""

from __future__ import annotations

import json
import zipfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from msviz.addresses import is_address
from msviz.cpus import available_cpus
from msviz.storage.layout import Description, conversion, dimensions, stored_dtype, unwritten
from msviz.storage.places import Folder, Packed, Place, at_address, beside
from msviz.transform.layout import BandLayout

Array = NDArray[Any]
Node = dict[str, Any]

#: A chunk holds about this much of one channel's complex64, but no less than the first and no more than the
#: second number of samples: one for the short hops, one for the long ones.
CHUNK_BYTES = 2**20
CHUNK_SAMPLES = (2**18, 2**21)

#: Frames in a chunk of their times, which shrink to next to nothing.
TIMES = 2**20

#: Bytes of one channel from which it is worth a thread.
THREAD_BYTES = 2**19


class Target(Protocol):
    """What a representation is written to."""

    def create(self, description: Description) -> None:
        """Write what is known before the first coefficient."""

    def write(self, band: BandLayout, first: int, values: Array) -> None:
        """Put encoded values into columns [first, …) of a band: a chunk, or the rest at the end."""

    def describe(self, description: Description) -> None:
        """Take what is known better at the end than at the beginning."""

    def finish(self) -> None:
        """Make it whole."""


@contextmanager
def target(name: str, *, compress: bool) -> Iterator[Target]:
    """What to write into, by its name: seen at the end, or gone if anything fails before."""
    made: Target
    if is_address(name):
        with at_address(name) as address:
            made = ZarrTarget(address, compress)
            yield made
            made.finish()
        return
    with beside(name) as part:
        if name.endswith(".zip"):
            with zipfile.ZipFile(part, "w") as file:
                made = ZarrTarget(Packed(file), compress)
                yield made
                made.finish()
        else:
            made = NpzTarget(part, compress) if name.endswith(".npz") else ZarrTarget(Folder(part), compress)
            yield made
            made.finish()


def chunk_frames(band: BandLayout) -> int:
    """Frames in a chunk of a band."""
    by_size = CHUNK_BYTES // (8 * band.frequencies.size) * band.hop
    samples = min(max(by_size, CHUNK_SAMPLES[0]), CHUNK_SAMPLES[1])
    return max(1, min(samples // band.hop, band.count))


class ZarrTarget:
    """The files of a Zarr group."""

    def __init__(self, place: Place, compress: bool) -> None:
        self.place, self.compress = place, compress

    def describe(self, description: Description) -> None:
        self.description, self.attributes = description, description.attributes

    def create(self, description: Description) -> None:
        self.describe(description)
        if self.place.seen:  # at once: whoever finds it after this process was killed must see whose it is
            self.place.put({"zarr.json": _text(_group({**self.attributes, "complete": False}))})
        self.nodes: dict[str, Node] = {}
        files: dict[str, bytes] = {}
        for band in description.bands:
            self.nodes[band.name] = _group(self.attributes["bands"][band.name])
            self._add_coefficients(band)
            files |= self._coordinates(band)
        self.place.put({f"{name}/zarr.json": _text(node) for name, node in self.nodes.items()} | files)

    def _coordinates(self, band: BandLayout) -> dict[str, bytes]:
        """Describe a band's coordinates; the chunks of all but its times, which may be many."""
        held: dict[str, tuple[Array, str, dict[str, Any]]] = {
            "channel": (np.arange(self.description.channels, dtype=np.int64), "channel", {}),
            "frequency": (band.frequencies, "bin", {"units": "Hz"}),
        }
        if "part" in self.nodes[f"{band.name}/coefficients"]["dimension_names"]:
            held["part"] = np.arange(2, dtype=np.int64), "part", {"long_name": "0 real, 1 imaginary"}
        files = {}
        for name, (values, dimension, attributes) in held.items():
            path = f"{band.name}/{name}"
            self.nodes[path] = self._array(values.shape, values.shape, values.dtype, (dimension,), attributes)
            files[f"{path}/c/0"] = self._encoded(values)
        # Frame numbers and what makes seconds of them: seconds would take a tenth of the file.
        seconds = {"units": "s", "scale_factor": band.hop / self.description.transform.rate}
        chunk = max(1, min(TIMES, band.count))
        self.nodes[f"{band.name}/time"] = self._array(
            (band.count,), (chunk,), np.dtype(np.int64), ("frame",), seconds
        )
        return files

    def _add_coefficients(self, band: BandLayout) -> None:
        content = self.description.content
        dtype = stored_dtype(content, real=band.real)
        shape: tuple[int, ...] = (self.description.channels, band.frequencies.size, band.count)
        chunks: tuple[int, ...] = (1, band.frequencies.size, chunk_frames(band))
        names = dimensions(content, real=band.real)
        if names[-1] == "part":
            shape, chunks = (*shape, 2), (*chunks, 2)
        attributes = {"coordinates": "frequency time", **conversion(content, real=band.real)}
        fill = {"f": "NaN", "c": ["NaN", "NaN"]}.get(dtype.kind, unwritten(content, real=band.real))
        self.nodes[f"{band.name}/coefficients"] = self._array(shape, chunks, dtype, names, attributes, fill)

    def _array(
        self,
        shape: Sequence[int],
        chunks: Sequence[int],
        dtype: np.dtype[Any],
        names: Sequence[str],
        attributes: Mapping[str, Any],
        fill: Any = 0,
    ) -> Node:
        """The metadata of an array: zstd over shuffled bytes, a tenth smaller than over plain ones.

        A checksum tells damage.
        """
        grid = {"name": "regular", "configuration": {"chunk_shape": [int(size) for size in chunks]}}
        endian = {"configuration": {"endian": "little"}} if dtype.itemsize > 1 else {}
        codecs: list[Node] = [{"name": "bytes", **endian}, {"name": "crc32c"}]
        if self.compress:
            size = dtype.itemsize // 2 if dtype.kind == "c" else dtype.itemsize
            how = {"typesize": size, "cname": "zstd", "clevel": 3, "shuffle": "shuffle", "blocksize": 0}
            codecs.insert(1, {"name": "blosc", "configuration": how})
        return {
            "shape": [int(size) for size in shape],
            "data_type": dtype.name,
            "chunk_grid": grid,
            "chunk_key_encoding": {"name": "default", "configuration": {"separator": "/"}},
            "fill_value": fill,
            "codecs": codecs,
            "attributes": dict(attributes),
            "dimension_names": [*names],
            "zarr_format": 3,
            "node_type": "array",
            "storage_transformers": [],
        }

    def _encoded(self, values: Array) -> bytes:
        """A chunk as the codecs make it."""
        import google_crc32c
        import numcodecs.blosc

        values = np.ascontiguousarray(values, values.dtype.newbyteorder("<"))
        if self.compress:
            # As zarr has it: with threads of its own, Blosc makes other bytes of the same values.
            numcodecs.blosc.use_threads = False
            words = values.view(np.float32) if values.dtype.kind == "c" else values  # parts are shuffled
            data = numcodecs.blosc.Blosc("zstd", 3, numcodecs.blosc.SHUFFLE).encode(words)
        else:
            data = values.tobytes()
        return bytes(data + google_crc32c.value(data).to_bytes(4, "little"))

    def write(self, band: BandLayout, first: int, values: Array) -> None:
        chunk, count = chunk_frames(band), values.shape[2]
        if count < chunk:  # chunks are whole; the end of the last one is never read
            room = np.full((*values.shape[:2], chunk, *values.shape[3:]), self._unwritten(band), values.dtype)
            room[:, :, :count] = values
            values = room
        if values[0].nbytes < THREAD_BYTES:
            made = [self._encoded(channel) for channel in values]
        else:
            with ThreadPoolExecutor(min(len(values), available_cpus())) as pool:
                made = list(pool.map(self._encoded, values))
        rest = "/0" * (values.ndim - 3)
        self.place.put(
            {
                f"{band.name}/coefficients/c/{channel}/0/{first // chunk}{rest}": data
                for channel, data in enumerate(made)
            }
        )

    def _unwritten(self, band: BandLayout) -> Any:
        return unwritten(self.description.content, real=band.real)

    def finish(self) -> None:
        for band in self.description.bands:
            for first in range(0, band.count, TIMES):
                # As long as the others, like every chunk.
                numbers = band.frames.start + first + np.arange(min(TIMES, band.count), dtype=np.int64)
                numbers[max(0, band.count - first) :] = 0
                self.place.put({f"{band.name}/time/c/{first // TIMES}": self._encoded(numbers)})
        # xarray asks for all metadata in the root; who does not know them there reads on.
        nodes = {
            name: {**node, **_consolidated({})} if node["node_type"] == "group" else node
            for name, node in self.nodes.items()
        }
        self.place.put({"zarr.json": _text({**_group(self.attributes), **_consolidated(nodes)})})


def _group(attributes: Mapping[str, Any]) -> Node:
    return {"attributes": dict(attributes), "zarr_format": 3, "node_type": "group"}


def _consolidated(nodes: Mapping[str, Node]) -> Node:
    return {"consolidated_metadata": {"kind": "inline", "must_understand": False, "metadata": dict(nodes)}}


def _text(node: Node) -> bytes:
    return json.dumps(node).encode()


class NpzTarget:
    """One NPZ file with the description as JSON and one array a band."""

    def __init__(self, path: Path, compress: bool) -> None:
        self.path, self.compress = path, compress

    def describe(self, description: Description) -> None:
        self.attributes = description.attributes

    def create(self, description: Description) -> None:
        self.describe(description)
        self.parts: dict[str, list[Array]] = {band.name: [] for band in description.bands}

    def write(self, band: BandLayout, first: int, values: Array) -> None:
        self.parts[band.name].append(values)

    def finish(self) -> None:
        arrays = {name: np.concatenate(parts, axis=2) for name, parts in self.parts.items()}
        with self.path.open("wb") as file:
            write: Callable[..., None] = np.savez_compressed if self.compress else np.savez
            write(file, attributes=np.array(json.dumps(self.attributes)), **arrays)
