"""Write representations piece by piece."""

from __future__ import annotations

import math
import os
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from msviz.errors import ParameterError
from msviz.storage.contents import Content, encoded, exact_content, require_content
from msviz.storage.description import Description, Recording, StoredBand, covers
from msviz.storage.writers import Writer, chunk_frames, open_writer
from msviz.transform import Frames, Range, Representation, Transform
from msviz.validation import whole

Array = NDArray[Any]


def save(
    representation: Representation,
    path: str | os.PathLike[str],
    *,
    content: Content | None = None,
    compress: bool = True,
) -> None:
    """Write a representation to a file, completely or not at all.

    Parameters
    ----------
    representation : Representation
    path : path or str
        A Zarr folder (``.zarr``), the same in one file (``.zip``), or NumPy's ``.npz`` for short sounds.
        A Zarr folder may be at an address that fsspec knows (``memory://…``, ``s3://…``).  An existing
        representation is replaced when the new one is complete.
    content : {"complex128", "complex64", "float16", "levels"}, optional
        Coefficients in double or single precision, by default their own; rounded to half precision in half
        the space; or only a picture, their levels as 8-bit codes.
    compress : bool
        Whether to compress the file (losslessly).

    Raises
    ------
    StorageError
        If the file cannot be written.
    ParameterError
        If the path has another suffix, or the coefficients cannot be stored in this form.

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
    _require_representation(representation)
    frames = [band.range for band in representation.all_bands]
    options: dict[str, Any] = {"frames": frames, "content": content, "compress": compress}
    length, start = representation.length, representation.start
    with stream_writer(path, representation.transform, length, start=start, **options) as writer:
        writer.write(representation)


def save_stream(
    pieces: Iterable[Representation],
    path: str | os.PathLike[str],
    transform: Transform,
    length: int,
    *,
    progress: Callable[[float], object] | None = None,
    **options: Any,
) -> None:
    """Write the pieces of a stream as they come, in bounded memory, completely or not at all.

    Parameters
    ----------
    pieces : iterable of Representation
        From ``transform.stream(source)``, possibly modified.
    path, transform, length, **options
        As in `stream_writer`.
    progress : callable, optional
        Called after each piece with the fraction done, from 0 to 1.  If it raises, nothing is written.

    Raises
    ------
    StorageError
        If the file cannot be written.
    ParameterError
        If the path has another suffix, the pieces are not consecutive up to the end, or their coefficients
        cannot be stored in this form.
    """
    with stream_writer(path, transform, length, **options) as writer:
        for piece in pieces:
            share = writer.write(piece)
            if progress:
                progress(share)


@contextmanager
def stream_writer(
    path: str | os.PathLike[str],
    transform: Transform,
    length: int,
    *,
    start: int = 0,
    frames: Iterable[Range] | None = None,
    content: Content | None = None,
    compress: bool = True,
    origin: Mapping[str, Any] | None = None,
) -> Iterator[StreamWriter]:
    """Open a file for the pieces of a stream, complete when the context ends, discarded on an exception.

    Parameters
    ----------
    path, content, compress
        As in `save`.  An ``.npz`` file is collected in memory.
    transform : Transform
        The transform of the pieces.
    length : int
        Samples in the source, or in the interval of it that the pieces represent.
    start : int
        The first sample of that interval.
    frames : iterable of (start, stop), optional
        The frames in the pieces, for each band; by default those needed to synthesize the interval.
    origin : mapping, optional
        Where the sound comes from, fit for JSON; stored in `StoredRepresentation.attributes`.

    Raises
    ------
    StorageError, ParameterError
        As in `save_stream`.

    Examples
    --------
    >>> import numpy as np, tempfile
    >>> from msviz import OctaveTransform, Signal, load
    >>> signal, transform = Signal(np.zeros((1, 441000), np.float32), 44100), OctaveTransform(44100)
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     with stream_writer(f"{folder}/silence.zarr", transform, signal.length) as writer:
    ...         for piece in transform.stream(signal):
    ...             share = writer.write(piece)
    ...     load(f"{folder}/silence.zarr").length, share
    (441000, 1.0)
    """
    if content is not None:
        require_content(content)
    name, start = os.fspath(path), whole("start", start, -math.inf)
    stop = start + whole("length", length, 0)
    needed = [Range(*band) for band in transform.frame_ranges(start, stop)]
    held = needed if frames is None else [Range(*band) for band in frames]
    if not all(map(covers, held, needed)):
        raise ParameterError(f"the frames do not cover samples {start} to {stop}")
    with open_writer(name, compress=compress) as made:
        writer = StreamWriter(made, transform, (start, stop), tuple(held), content, origin or {})
        yield writer
        writer.finish(name)


def _require_representation(what: object) -> None:
    if not isinstance(what, Representation):
        name = type(what).__name__
        raise ParameterError(
            f"only a representation can be saved, not {name}: make one with transform.analyze"
        )


class StreamWriter:
    """Writes the pieces of a stream; made by `stream_writer`.

    Attributes
    ----------
    recording : Recording
        Information about the sound; may be set until the context ends, because its damage is known only
        after it has been read.
    """

    def __init__(
        self,
        writer: Writer,
        transform: Transform,
        stretch: tuple[int, int],
        frames: tuple[Range, ...],
        content: Content | None,
        origin: Mapping[str, Any],
    ) -> None:
        self.recording = Recording()
        self._writer, self._transform, self._stretch, self._frames = writer, transform, stretch, frames
        self._content, self._origin = content, origin
        self._description: Description | None = None
        self._bands: list[_BandWriter] = []

    def write(self, piece: Representation) -> float:
        """Write the next piece; return the fraction done, from 0 to 1.

        Raises
        ------
        ParameterError
            If it does not follow the previous one, or cannot be stored.
        """
        _require_representation(piece)
        if piece.transform != self._transform:
            raise ParameterError(f"the piece was made by {piece.transform!r}, not by {self._transform!r}")
        bands, (start, stop) = piece.all_bands, self._stretch
        if self._description is None:
            content = self._content or exact_content(bands[0].coefficients)
            lacking = len(bands) < len(self._transform.all_bands)
            if lacking and content != "levels" and bands[0].coefficients.dtype.kind == "c":
                raise ParameterError("a representation without its residual can only be stored as levels")
            self._create(content, piece.channels)
        self._add(bands)
        return (piece.stop - start) / max(stop - start, 1)

    def write_codes(self, bands: Sequence[Frames]) -> float:
        """Write the level codes of the next piece, from `map_stream`; return the fraction done."""
        if self._description is None:
            self._create("levels", len(bands[0].coefficients))
        self._add(bands)
        start, stop = self._stretch
        reached = bands[0].stop_frame * bands[0].hop - start
        return min(max(reached / max(stop - start, 1), 0.0), 1.0)

    def _create(self, content: Content, channels: int) -> None:
        start, stop = self._stretch
        self._description = Description(
            self._transform, content, channels, start, stop, self._frames, origin=self._origin
        )
        self._writer.create(self._description)
        self._bands = [_BandWriter(self._writer, band, channels, content) for band in self._description.bands]

    def _add(self, bands: Sequence[Frames]) -> None:
        for writer, band in zip(self._bands, bands, strict=False):  # levels leave the residual out
            writer.add(band)

    def finish(self, name: str) -> None:
        """Write the remaining frames and the final attributes."""
        if self._description is None:
            raise ParameterError(f"there is nothing to write to {name}")
        for writer in self._bands:
            writer.finish()
        self._writer.finish(replace(self._description, recording=self.recording))


class _BandWriter:
    """Divides the frames of one band into chunks, however long the pieces are.

    Chunks within a piece are written straight from it.  Others are put together from parts of several pieces,
    which are copied, so that the rest of each piece can be freed.
    """

    def __init__(self, writer: Writer, band: StoredBand, channels: int, content: Content) -> None:
        self.writer, self.band, self.channels, self.content = writer, band, channels, content
        self.chunk = chunk_frames(band)
        self.room = np.empty(0)  # for a chunk
        self.waiting = 0  # frames in it: less than a chunk
        self.written = 0

    def add(self, frames: Frames) -> None:
        """Write the chunks that these frames complete."""
        values, at = frames.coefficients, self.band.frames.start + self.written + self.waiting
        channels, _, count = values.shape
        if (channels, frames.first_frame) != (self.channels, at):
            raise ParameterError(
                f"frame {frames.first_frame} of {self.band.name} in {channels} channels does not follow "
                f"frame {at - 1} in {self.channels}"
            )
        first = 0
        while first < count:
            last = min(first + self.chunk - self.waiting, count)
            part = encoded(values[..., first:last], self.content, real=self.band.real)
            if last - first == self.chunk:
                self._write(part)
            else:
                self._keep(part)
            first = last

    def finish(self) -> None:
        """Write the rest."""
        if self.waiting:
            self._write(self.room[:, :, : self.waiting])
        if self.written != self.band.size:
            raise ParameterError(
                f"the pieces end after {self.written} of the {self.band.size} frames of {self.band.name}"
            )

    def _keep(self, part: Array) -> None:
        if not self.waiting:
            self.room = np.empty((*part.shape[:2], self.chunk, *part.shape[3:]), part.dtype)
        begin, self.waiting = self.waiting, self.waiting + part.shape[2]
        self.room[:, :, begin : self.waiting] = part
        if self.waiting == self.chunk:
            self._write(self.room)
            self.room, self.waiting = np.empty(0), 0

    def _write(self, values: Array) -> None:
        self.writer.write(self.band, self.written, values)
        self.written += values.shape[2]
