"""Representations are written piece by piece."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import replace
from typing import Any

from numpy.typing import NDArray

from msviz.errors import ParameterError
from msviz.storage.layout import Content, Description, Recording, encoded, require_content
from msviz.storage.targets import Target, chunk_frames, target
from msviz.transform import Frames, Representation, Transform
from msviz.transform.frames import Range
from msviz.transform.layout import BandLayout

Array = NDArray[Any]


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
    recording: Callable[[], Recording] | None = None,
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
    recording : callable, optional
        Called when the last piece has been written, for then all damage of the sound is known: gives what is
        to be told of that.  If it raises, nothing is written.

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
        pieces,
        path,
        transform,
        stretch,
        frames,
        content=content,
        compress=compress,
        origin=origin,
        recording=recording,
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
    recording: Callable[[], Recording] | None = None,
) -> Iterator[float]:
    require_content(content)
    name = os.fspath(path)
    description: Description | None = None
    with target(name, compress=compress) as made:
        begun: list[_Track] = []
        for piece in pieces:
            if description is None:
                description = Description(
                    transform, content, piece.channels, *stretch, frames, origin=origin or {}
                )
                made.create(description)
                begun = [_Track(made, band, content, chunk_frames(band)) for band in description.bands]
            bands = [*piece.bands, *([piece.residual] if piece.residual else [])]
            for track, band in zip(begun, bands, strict=False):  # levels leave the residual out
                track.add(band)
            yield (piece.stop - stretch[0]) / max(stretch[1] - stretch[0], 1)
        for track in begun:
            track.finish()
        if description is None:
            raise ParameterError(f"there is nothing to be written to {name}")
        if recording:
            made.describe(replace(description, recording=recording()))


class _Track:
    """What has come of one band and is not written yet: less than a chunk."""

    def __init__(self, target: Target, band: BandLayout, content: Content, chunk: int) -> None:
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
