"""Representations as training data for PyTorch (the extra `torch`)."""

from __future__ import annotations

import math
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from msviz.errors import MsvizError, ParameterError, StorageError
from msviz.picture import FLOOR_DB
from msviz.storage import StoredRepresentation, load
from msviz.validation import real, whole

try:
    import torch
    from torch.utils.data import Dataset
except ImportError as error:
    raise MsvizError(
        f'msviz.torch needs PyTorch: install it with pip install "msviz[torch]" ({error}).'
    ) from error

__all__ = ["OctaveDataset"]

Array = NDArray[Any]
Values = Literal["db", "magnitude", "complex"]

SUFFIXES = ".zarr", ".zip", ".npz"
FLOOR = np.float32(10 ** (FLOOR_DB / 20))  # lower levels count as silence
KEPT_OPEN = 64  # open files per process: an open .npz is in memory


class OctaveDataset(Dataset[Any]):
    """Random crops of the converted files in a folder; a map-style `torch.utils.data.Dataset`.

    An item is a pair (picture, label).  The picture is a list of tensors (channels, bins, frames), one for
    each octave, the lowest first, or with `frame_rate` a single tensor (channels, bins, frames); the default
    collation of a `DataLoader` adds the batch as the first dimension.  Crops begin at frames of the lowest
    octave and have equal sizes.  Each crop is read only when it is requested, in the requesting process; a
    file shorter than a crop is padded with silence.

    The crop of an item depends only on `seed`, the epoch and its index, not on workers or order.

    Parameters
    ----------
    folder : path
        Searched, with all its subfolders, for ``.zarr`` folders, ``.zip`` and ``.npz`` files of octave
        transforms or STFTs, all with the same parameters.
    seconds : float
        Length of a crop, rounded to whole frames of the lowest octave.
    frame_rate : float, optional
        Frames per second of one rectangular picture with all bins, the lowest first, as in
        `Representation.image`.  By default every octave has its own.
    values : {"db", "magnitude", "complex"}
        Levels in dB relative to full scale, at least -119.5; magnitudes; or the coefficients themselves.
    channel : int, optional
        Only this channel, numbered from 0; by default all.
    label : callable, optional
        Returns the label of a file, given its path.  By default the label is the index, in `classes`, of the
        folder that contains the file.
    crops_per_file : int
        Items per epoch from each file.
    seed : int
        Seed of the random generator that chooses the crops.

    Attributes
    ----------
    files : tuple of Path
        Sorted.  Items from n × crops_per_file on are from file n.
    classes : tuple of str
        Names of the folders that contain files, sorted; empty if `label` is given.
    transform : OctaveTransform or STFT
        The transform of the files.

    Raises
    ------
    MsvizError
        If the folder is missing or contains no converted file, or files differ in parameters or channels.
    ParameterError
        If a parameter has an invalid value.
    StorageError
        If a file cannot be read, or contains only levels and `values` is "complex".

    Examples
    --------
    >>> import numpy as np
    >>> import msviz
    >>> from pathlib import Path
    >>> from torch.utils.data import DataLoader
    >>> transform = msviz.OctaveTransform(8000, fmin=100)
    >>> for name, hz in ("low", 220), ("high", 880):
    ...     tone = msviz.Signal(np.sin(2 * np.pi * hz * np.arange(16000) / 8000), 8000)
    ...     Path("notes", name).mkdir(parents=True)
    ...     msviz.save(transform.analyze(tone), Path("notes", name, "tone.zarr"))
    >>> dataset = msviz.torch.OctaveDataset("notes", seconds=0.5, crops_per_file=4)
    >>> dataset.classes, len(dataset)
    (('high', 'low'), 8)
    >>> octaves, labels = next(iter(DataLoader(dataset, batch_size=8)))
    >>> octaves[0].shape, octaves[-1].shape, labels.shape
    (torch.Size([8, 1, 24, 31]), torch.Size([8, 1, 24, 496]), torch.Size([8]))
    """

    def __init__(
        self,
        folder: str | os.PathLike[str],
        *,
        seconds: float = 1.0,
        frame_rate: float | None = None,
        values: Values = "db",
        channel: int | None = None,
        label: Callable[[Path], Any] | None = None,
        crops_per_file: int = 1,
        seed: int = 0,
    ) -> None:
        if not real("seconds", seconds, -math.inf) > 0:
            raise ParameterError(f"seconds must be positive, not {seconds}")
        if frame_rate is not None and not real("frame_rate", frame_rate, -math.inf) > 0:
            raise ParameterError(f"frame_rate must be positive, not {frame_rate}")
        if values not in ("db", "magnitude", "complex"):
            raise ParameterError(f'values must be "db", "magnitude" or "complex", not {values!r}')
        if values == "complex" and frame_rate is not None:
            raise ParameterError("images contain magnitudes, not complex values: leave out frame_rate")
        self.files = find_files(Path(folder))
        self.frame_rate, self.values, self.channel = frame_rate, values, channel
        self.crops_per_file, self.seed = whole("crops_per_file", crops_per_file, 1), whole("seed", seed, 0)
        self._epoch = torch.zeros((), dtype=torch.int64)
        self._epoch.share_memory_()  # type: ignore[no-untyped-call]  # workers that stay see it change
        self._opened: dict[int, StoredRepresentation] = {}
        self._process = os.getpid()

        first = self._open(0)
        self.transform = first.transform
        self._check(first)
        self._stretches = [(first.start, first.stop)]
        for number in range(1, len(self.files)):
            stored = self._open(number)
            self._check_alike(stored, first)
            self._stretches.append((stored.start, stored.stop))
        if frame_rate is not None and frame_rate > self.transform.rate:
            raise ParameterError(
                f"frame_rate must be at most the files' {self.transform.rate} Hz, not {frame_rate:g}"
            )
        self._step = max(band.hop for band in self.transform.bands)
        self.samples = max(1, round(seconds * self.transform.rate / self._step)) * self._step

        self.classes = () if label else tuple(sorted({file.parent.name for file in self.files}))
        self._labels = [label(file) if label else self.classes.index(file.parent.name) for file in self.files]

    def __len__(self) -> int:
        return len(self.files) * self.crops_per_file

    def set_epoch(self, epoch: int) -> None:
        """Choose the crops of an epoch, also in workers that are already running."""
        self._epoch.fill_(epoch)

    def __getitem__(self, index: int) -> tuple[list[torch.Tensor] | torch.Tensor, Any]:
        if not 0 <= index < len(self):
            raise IndexError(f"item {index} is out of range: there are {len(self)}")
        number = index // self.crops_per_file
        start, stop = self._stretches[number]
        # Every crop has the same number of frames, because all begin at multiples of the longest hop.
        first, last = -(-start // self._step), (stop - self.samples) // self._step
        if last < first:  # shorter than a crop
            first = last = start // self._step
        rng = np.random.default_rng([self.seed, int(self._epoch), index])
        begin = int(rng.integers(first, last + 1)) * self._step
        return self._picture(self._open(number), begin), self._labels[number]

    def __getstate__(self) -> dict[str, Any]:
        return {**self.__dict__, "_opened": {}}

    def _open(self, number: int) -> StoredRepresentation:
        """A file, opened in this process: open files are not shared between processes."""
        if self._process != os.getpid():
            self._process, self._opened = os.getpid(), {}
        stored = self._opened.pop(number, None) or load(self.files[number])
        if len(self._opened) >= KEPT_OPEN:
            self._opened.pop(next(iter(self._opened)))
        self._opened[number] = stored  # the last used is last
        return stored

    def _check(self, stored: StoredRepresentation) -> None:
        """Check that a file has the requested values and channel."""
        if self.values == "complex" and stored.content == "levels":
            raise StorageError(f'{stored.path} contains only levels: use values="db" or "magnitude".')
        if self.channel is not None:
            self.channel = whole(f"the channel of {stored.path}", self.channel, 0, stored.channels - 1)

    def _check_alike(self, stored: StoredRepresentation, first: StoredRepresentation) -> None:
        """Check that pictures of a file have the same size as those of the first."""
        self._check(stored)
        if stored.transform != first.transform:
            raise MsvizError(
                f"Files in one folder must have the same parameters: {stored.path} was made by "
                f"{stored.transform!r}, {first.path} by {first.transform!r}."
            )
        if self.channel is None and stored.channels != first.channels:
            raise MsvizError(
                f"{stored.path} and {first.path} have {stored.channels} and {first.channels} channels: "
                f"choose one with the parameter channel."
            )

    def _picture(self, stored: StoredRepresentation, start: int) -> list[torch.Tensor] | torch.Tensor:
        """Samples [start, start + samples) of a file as requested."""
        stop = start + self.samples
        first, last = max(start, stored.start), min(stop, stored.stop)
        channels = range(stored.channels) if self.channel is None else [self.channel]
        if self.frame_rate is not None:
            images = np.stack([stored.image(channel, first, last, self.frame_rate) for channel in channels])
            missing = math.ceil(self.samples * self.frame_rate / stored.rate) - images.shape[-1]
            images = np.pad(images, ((0, 0), (0, 0), (0, missing)), constant_values=FLOOR_DB)
            return torch.from_numpy(images if self.values == "db" else 10 ** (images / 20))
        crops = [band.between(start // band.hop, stop // band.hop)[channels] for band in stored.bands]
        if self.values != "complex":
            crops = [np.abs(crop) for crop in crops]
        if self.values == "db":
            crops = [20 * np.log10(np.maximum(crop, FLOOR)) for crop in crops]
        return [torch.from_numpy(crop) for crop in crops]


def find_files(folder: Path) -> tuple[Path, ...]:
    """The converted files in a folder and those below it, sorted.

    Raises
    ------
    MsvizError
        If there is no such folder, or no converted file in it.
    """
    if not folder.is_dir():
        raise MsvizError(f"{folder} is not a folder.")
    files: list[Path] = []
    for path, folders, names in os.walk(folder):
        files += [Path(path, name) for name in (*folders, *names) if name.endswith(SUFFIXES)]
        folders[:] = [name for name in folders if not name.endswith(SUFFIXES)]
    if not files:
        raise MsvizError(
            f'{folder} contains no converted files: make some with "msviz convert FILES -o {folder}".'
        )
    return tuple(sorted(files))
