"""Representations are written whole or not at all, piece by piece."""

from __future__ import annotations

import json
import os
import shutil
import warnings
import zipfile
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np
from numpy.typing import NDArray

from msviz.errors import ParameterError, StorageError
from msviz.storage.addresses import file_system, is_address, reaching
from msviz.storage.layout import (
    FORMAT,
    Content,
    Description,
    Transform,
    conversion,
    dimensions,
    encoded,
    require_content,
    stored_dtype,
    unwritten,
)
from msviz.transform import Frames, Representation
from msviz.transform.blocks import Range
from msviz.transform.layout import BandLayout

if TYPE_CHECKING:
    import zarr

Array = NDArray[Any]

#: A chunk holds about this much of one channel's complex64, but no less than the first and no more than the
#: second number of samples: one for the short hops, one for the long ones.
CHUNK_BYTES = 2**20
CHUNK_SAMPLES = (2**18, 2**21)

#: Frames in a chunk of their times, which shrink to next to nothing.
TIMES = 2**20


def chunk_frames(band: BandLayout) -> int:
    """Frames in a chunk of a band."""
    by_size = CHUNK_BYTES // (8 * band.frequencies.size) * band.hop
    samples = min(max(by_size, CHUNK_SAMPLES[0]), CHUNK_SAMPLES[1])
    return max(1, min(samples // band.hop, band.count))


def save(
    representation: Representation,
    path: str | os.PathLike[str],
    *,
    content: Content = "complex64",
    compress: bool = True,
) -> None:
    """Write a representation to a file, whole or not at all.

    Parameters
    ----------
    representation : Representation
    path : path or str
        A Zarr folder (``.zarr``), the same in one file (``.zip``), or NumPy's ``.npz`` for small ones.
        A Zarr folder may be an address that fsspec knows (``memory://…``, ``s3://…``).  A
        representation that is there is replaced once the new one is whole.
    content : {"complex64", "float16", "levels"}
        Coefficients as they are; rounded to half precision in half the space; or their levels
        as 8-bit codes, a picture only.
    compress : bool
        Whether to compress, without loss.

    Raises
    ------
    StorageError
        If the file cannot be written.
    ParameterError
        If the path ends in something else, or the coefficients cannot be stored so.

    Examples
    --------
    >>> import numpy as np, tempfile
    >>> from msviz import OctaveTransform, Signal, load, save
    >>> signal = Signal(np.random.default_rng(0).standard_normal((1, 44100)).astype(np.float32), 44100)
    >>> folder = tempfile.TemporaryDirectory()
    >>> save(OctaveTransform(44100).analyze(signal), f"{folder.name}/noise.zarr")
    >>> rebuilt = load(f"{folder.name}/noise.zarr").synthesize()
    >>> bool(np.abs(rebuilt.samples - signal.samples).max() < 1e-5)
    True
    >>> folder.cleanup()
    """
    transform = representation.transform
    if transform is None:
        raise ParameterError("the representation does not know its transform, so it cannot be stored")
    bands = [*representation.bands, *([representation.residual] if representation.residual else [])]
    frames = tuple(Range(band.first_frame, band.stop_frame) for band in bands)
    for _ in _written(
        [representation],
        path,
        transform,
        (representation.start, representation.stop),
        frames,
        content=content,
        compress=compress,
    ):
        pass


def save_stream(
    pieces: Iterable[Representation],
    path: str | os.PathLike[str],
    transform: Transform,
    length: int,
    *,
    start: int = 0,
    content: Content = "complex64",
    compress: bool = True,
    origin: Mapping[str, Any] | None = None,
) -> Iterator[float]:
    """Write the pieces of a stream as they come, in bounded memory; whole or not at all.

    Nothing is left behind when a piece fails or the generator is closed early.

    Parameters
    ----------
    pieces : iterable of Representation
        From ``transform.stream(source)``, possibly changed on the way.
    path, content, compress
        As in `save`.  An ``.npz`` file is gathered in memory.
    transform : OctaveTransform or STFT
        What makes the pieces.
    length : int
        Samples of the source, or of the stretch of it that the pieces rebuild.
    start : int
        Where that stretch begins.
    origin : mapping, optional
        What is to be told of where it comes from, for JSON; `Stored.attributes` has it as "origin".

    Yields
    ------
    float
        The share that is done, after each piece.

    Raises
    ------
    StorageError
        If the file cannot be written.
    ParameterError
        If the path ends in something else, the pieces do not follow each other to the end, or their
        coefficients cannot be stored so.
    """
    stretch = start, start + length
    frames = tuple(transform.frame_ranges(*stretch))
    return _written(
        pieces, path, transform, stretch, frames, content=content, compress=compress, origin=origin
    )


def _written(
    pieces: Iterable[Representation],
    path: str | os.PathLike[str],
    transform: Transform,
    stretch: tuple[int, int],
    frames: tuple[Range, ...],
    *,
    content: Content,
    compress: bool,
    origin: Mapping[str, Any] | None = None,
) -> Iterator[float]:
    require_content(content)
    name = os.fspath(path)
    description: Description | None = None
    with _target(name, compress=compress) as target:
        begun: list[_Track] = []
        for piece in pieces:
            if description is None:
                description = Description(
                    transform, content, piece.channels, *stretch, frames, origin=origin or {}
                )
                target.create(description)
                begun = [_Track(target, band, content, chunk_frames(band)) for band in description.bands]
            bands = [*piece.bands, *([piece.residual] if piece.residual else [])]
            for track, band in zip(begun, bands, strict=False):  # levels leave the residual out
                track.add(band)
            yield (piece.stop - stretch[0]) / max(stretch[1] - stretch[0], 1)
        for track in begun:
            track.finish()
        if description is None:
            raise ParameterError(f"there is nothing to be written to {name}")


class _Track:
    """What has come of one band and is not written yet: less than a chunk."""

    def __init__(self, target: _Target, band: BandLayout, content: Content, chunk: int) -> None:
        self.target, self.band, self.content, self.chunk = target, band, content, chunk
        self.waiting: Frames | None = None
        self.written = 0

    def add(self, frames: Frames) -> None:
        self.waiting = frames if self.waiting is None else self.waiting.joined(frames)
        if self.waiting.first_frame != self.band.frames.start + self.written:
            raise ParameterError(
                f"frame {self.waiting.first_frame} of {self.band.name} does not follow "
                f"frame {self.band.frames.start + self.written - 1}"
            )
        values = self.waiting.coefficients
        ready = values.shape[-1] // self.chunk * self.chunk
        for first in range(0, ready, self.chunk):
            self._write(values[..., first : first + self.chunk])
        if ready:
            self.waiting = self.waiting.since(self.waiting.first_frame + ready)

    def finish(self) -> None:
        if self.waiting is not None and self.waiting.coefficients.shape[-1]:
            self._write(self.waiting.coefficients)
        if self.written != self.band.count:
            raise ParameterError(
                f"the pieces end after {self.written} of the {self.band.count} frames of {self.band.name}"
            )

    def _write(self, values: Array) -> None:
        count = values.shape[-1]
        self.target.write(self.band, self.written, encoded(values, self.content))
        self.written += count


# ---------------------------------------------------------------------- where it goes


class _Target(Protocol):
    def create(self, description: Description) -> None:
        """Make the arrays."""

    def write(self, band: BandLayout, first: int, values: Array) -> None:
        """Put encoded values into columns [first, …) of a band's array."""

    def finish(self) -> None:
        """Make it whole, but not yet visible."""


@contextmanager
def _target(name: str, *, compress: bool) -> Iterator[_Target]:
    """What to write into: made visible at the end, or gone if anything fails before."""
    if is_address(name):
        if not name.endswith(".zarr"):
            raise ParameterError(f"a representation at an address must end in .zarr, not {name}")
        with _remote(name, compress=compress) as target:
            yield target
        return
    path = Path(name)
    if path.suffix not in (".zarr", ".zip", ".npz"):
        raise ParameterError(f"the file of a representation must end in .zarr, .zip or .npz, not {name}")
    part = path.with_name(f".{path.name}.part")
    with _sentences(name):
        _require_replaceable(path)
        _remove(part)  # of a process that was ended
        if path.exists():
            _remove(_old(path))
        elif _old(path).exists():  # it was ended between two renames
            os.rename(_old(path), path)
        try:
            target = _Npz(part, compress) if path.suffix == ".npz" else _Zarr(str(part), compress)
            yield target
            target.finish()
            if path.suffix == ".zip":
                _pack(part)
            _put_in_place(part, path)
        finally:
            _remove(part)


@contextmanager
def _sentences(name: str) -> Iterator[None]:
    """Say in a sentence what the system says."""
    try:
        yield
    except OSError as error:
        raise StorageError(f"{name} cannot be written: {error.strerror or error}.") from error


def _require_replaceable(path: Path) -> None:
    """Refuse to replace what is no representation: someone's folder, someone's file."""
    if not path.parent.is_dir():
        raise StorageError(f"{path} cannot be written: there is no folder {path.parent}.")
    if path.is_dir():
        root = path / "zarr.json"
        if any(path.iterdir()) and not (root.is_file() and FORMAT in root.read_text("utf-8", "replace")):
            raise StorageError(f"{path} is a folder with something else in it: choose another name.")
        if path.suffix != ".zarr":
            raise StorageError(f"{path} is a folder: choose another name.")
    elif path.exists() and not _holds_representation(path):
        raise StorageError(f"{path} is a file with something else in it: choose another name.")


def _holds_representation(path: Path) -> bool:
    """Whether a file is one of ours, or broken."""
    try:
        with zipfile.ZipFile(path) as file:
            names = file.namelist()
            if "zarr.json" in names:
                return FORMAT.encode() in file.read("zarr.json")
            return "attributes.npy" in names and FORMAT.encode() in file.read("attributes.npy").replace(
                b"\0", b""
            )
    except OSError:
        raise
    except Exception:  # whatever zipfile makes of what is none
        return path.stat().st_size == 0


def _remove(path: Path) -> None:
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)


def _old(path: Path) -> Path:
    """Where a folder waits while another takes its place."""
    return path.with_name(f".{path.name}.old")


def _put_in_place(part: Path, path: Path) -> None:
    """Rename, with what is there out of the way: a folder cannot be renamed over another."""
    old = _old(path)
    if path.is_dir():
        _remove(old)
        os.rename(path, old)
    try:
        os.replace(part, path)
    except OSError:
        if old.exists():
            os.rename(old, path)
        raise
    _remove(old)


def _pack(part: Path) -> None:
    """The folder as one file under the same name; its chunks are compressed already."""
    packed = part.with_name(part.name + ".zip")
    try:
        with zipfile.ZipFile(packed, "w", zipfile.ZIP_STORED) as file:
            for path in sorted(part.rglob("*")):
                if path.is_file():
                    file.write(path, path.relative_to(part).as_posix())
        _remove(part)
        os.replace(packed, part)
    finally:
        _remove(packed)


@contextmanager
def _remote(name: str, *, compress: bool) -> Iterator[_Target]:
    """At an address nothing can be renamed: the root says to the end that it is not complete."""
    system, place = file_system(name)
    with reaching(name):
        if system.exists(place) and system.ls(place):
            described = f"{place}/zarr.json"
            root = system.cat_file(described) if system.exists(described) else b"nothing of ours"
            if root and FORMAT.encode() not in root:  # an empty one: its process was killed as it began
                raise StorageError(f"{name} is a folder with something else in it: choose another name.")
            system.rm(place, recursive=True)
    with _sentences(name):
        done = False
        try:
            target = _Zarr(name, compress)
            yield target
            target.finish()
            done = True
        finally:
            if not done and system.exists(place):
                system.rm(place, recursive=True)


class _Zarr:
    """A Zarr group in the folder or at the address `place`."""

    def __init__(self, place: str, compress: bool) -> None:
        self.place, self.compress = place, compress
        self.arrays: dict[str, zarr.Array[Any]] = {}
        self.times: dict[str, zarr.Array[Any]] = {}

    def create(self, description: Description) -> None:
        import zarr

        self.attributes = description.attributes
        # At once: whoever finds it after this process was killed must see whose it is.
        self.root = zarr.create_group(
            self.place, zarr_format=3, attributes={**self.attributes, "complete": False}
        )
        content = description.content
        for band in description.bands:
            group = self.root.create_group(band.name, attributes=self.attributes["bands"][band.name])
            channels = np.arange(description.channels)
            shape: tuple[int, ...] = (description.channels, band.frequencies.size, band.count)
            chunk = chunk_frames(band)
            chunks: tuple[int, ...] = (1, band.frequencies.size, chunk)
            names = dimensions(content, real=band.real)
            if names[-1] == "part":
                shape, chunks = (*shape, 2), (*chunks, 2)
                self._coordinate(group, "part", np.arange(2), {"long_name": "0 real, 1 imaginary"})
            attributes = {"coordinates": "frequency time", **conversion(content, real=band.real)}
            dtype = stored_dtype(content, real=band.real)
            self.arrays[band.name] = group.create_array(
                "coefficients",
                shape=shape,
                dtype=dtype,
                chunks=chunks,
                fill_value=unwritten(content, real=band.real),
                dimension_names=names,
                attributes=attributes,
                **self._how(dtype),
            )
            self._coordinate(group, "channel", channels, {})
            self._coordinate(group, "frequency", band.frequencies, {"units": "Hz"}, "bin")
            # Frame numbers and what makes seconds of them: seconds would take a tenth of the file.
            seconds: dict[str, Any] = {"units": "s", "scale_factor": band.hop / description.transform.rate}
            self.times[band.name] = group.create_array(
                "time",
                shape=(band.count,),
                dtype=np.int64,
                chunks=(max(1, min(TIMES, band.count)),),
                dimension_names=("frame",),
                attributes=seconds,
                **self._how(np.dtype(np.int64)),
            )

    def _how(self, dtype: np.dtype[Any]) -> dict[str, Any]:
        """zstd over shuffled bytes, a tenth smaller than over plain ones; a checksum tells damage."""
        from zarr.codecs import BloscCodec, Crc32cCodec

        size = dtype.itemsize // 2 if dtype.kind == "c" else dtype.itemsize
        blosc = BloscCodec(cname="zstd", clevel=3, shuffle="shuffle", typesize=size)
        codecs = [blosc, Crc32cCodec()] if self.compress else [Crc32cCodec()]
        return {"compressors": codecs, "filters": None, "config": {"write_empty_chunks": True}}

    def _coordinate(
        self,
        group: zarr.Group,
        name: str,
        values: Array,
        attributes: dict[str, Any],
        dimension: str | None = None,
    ) -> None:
        array = group.create_array(
            name,
            shape=values.shape,
            dtype=values.dtype,
            chunks=values.shape,
            dimension_names=(dimension or name,),
            attributes=attributes,
            **self._how(values.dtype),
        )
        array[...] = values

    def write(self, band: BandLayout, first: int, values: Array) -> None:
        self.arrays[band.name][:, :, first : first + values.shape[2]] = values

    def finish(self) -> None:
        import zarr

        for name, times in self.times.items():
            first_frame = self.attributes["bands"][name]["first_frame"]
            for first in range(0, times.size, TIMES):
                last = min(first + TIMES, times.size)
                times[first:last] = first_frame + np.arange(first, last)
        self.root.attrs.put(self.attributes)
        with warnings.catch_warnings():
            # xarray asks for it and says so loudly where it is missing; who does not know it reads on.
            warnings.filterwarnings("ignore", "Consolidated metadata is currently not part")
            zarr.consolidate_metadata(self.root.store)


class _Npz:
    """One NPZ file with the description as JSON and one array a band."""

    def __init__(self, path: Path, compress: bool) -> None:
        self.path, self.compress = path, compress

    def create(self, description: Description) -> None:
        self.attributes = description.attributes
        self.parts: dict[str, list[Array]] = {band.name: [] for band in description.bands}

    def write(self, band: BandLayout, first: int, values: Array) -> None:
        self.parts[band.name].append(values)

    def finish(self) -> None:
        arrays = {name: np.concatenate(parts, axis=2) for name, parts in self.parts.items()}
        with self.path.open("wb") as file:
            write: Callable[..., None] = np.savez_compressed if self.compress else np.savez
            write(file, attributes=np.array(json.dumps(self.attributes)), **arrays)
