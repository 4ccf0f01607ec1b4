"""Which files become which: planned before the first of them is read."""

from __future__ import annotations

import os
import posixpath
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, NamedTuple

from msviz.addresses import file_system, is_address, reaching
from msviz.convert.addresses import located
from msviz.errors import MsvizError, ParameterError
from msviz.storage import Content
from msviz.transform import OctaveTransform

#: What the name of an audio file in a folder ends in.
SUFFIXES = frozenset(".wav .flac .ogg .oga .opus .mp3 .aif .aiff .aifc .caf .w64 .rf64 .au".split())
_HIGHEST_RATE_HZ = 10_000_000
_STORED = (".zarr", ".zip", ".npz")  # an output that ends so is one file's, not a folder for many


@dataclass(frozen=True)
class Settings:
    """What is made of every file.

    Attributes
    ----------
    content : {"complex64", "float16", "levels"}
        Exact coefficients, coefficients in half the space, or the picture alone.
    compress : bool
    bins_per_octave, resolution, gamma, fmin
        Parameters of the `OctaveTransform`; without `fmin`, each file has what suits its rate.

    Raises
    ------
    ParameterError
        If a parameter has a value that cannot be used at any rate.
    """

    content: Content = "complex64"
    compress: bool = True
    bins_per_octave: int = 24
    resolution: float = 12.0
    gamma: float = 0.0
    fmin: float | None = None

    def __post_init__(self) -> None:
        # What no rate allows is told once, and not of every file.
        self.transform(_HIGHEST_RATE_HZ, 1)

    def transform(self, rate: int, workers: int) -> OctaveTransform:
        """What analyses files of this rate.

        Raises
        ------
        ParameterError
            If a parameter cannot be used at this rate.
        """
        return OctaveTransform(
            rate,
            bins_per_octave=self.bins_per_octave,
            resolution=self.resolution,
            gamma=self.gamma,
            fmin=self.fmin,
            workers=workers,
        )


DEFAULT = Settings()


@dataclass(frozen=True)
class Job:
    """One file to convert, with all that whoever does it has to know.

    Attributes
    ----------
    source, target : str
        Paths or fsspec addresses.
    settings : Settings
    size : int
        Bytes of the source, 0 where they are not known.
    overwrite : bool
        Whether to make it again where it is there, and in the place of whatever else is there.
    """

    source: str
    target: str
    settings: Settings = DEFAULT
    size: int = 0
    overwrite: bool = False

    def mark(self) -> dict[str, Any]:
        """What the target says about where it comes from; it is made again when this has changed."""
        return {"source": _identity(self.source), "settings": asdict(self.settings)}


def plan(
    inputs: Sequence[str | os.PathLike[str]],
    out: str | os.PathLike[str],
    settings: Settings = DEFAULT,
    *,
    zipped: bool = False,
    overwrite: bool = False,
) -> list[Job]:
    """The jobs that convert files and the audio files in folders.

    Parameters
    ----------
    inputs : sequence of str or path
        Files, folders, or fsspec addresses of either.  Of a folder every audio file is taken, at any
        depth, except what is hidden.
    out : str or path
        A folder, in which those that came from a folder lie as they did there; or, for one file, a name
        that ends in .zarr, .zip or .npz.
    settings : Settings
    zipped : bool
        Whether each becomes one .zarr.zip and not a .zarr folder.
    overwrite : bool
        Whether what is there already is made again.

    Returns
    -------
    list of Job
        song.wav becomes song.zarr; where song.flac lies beside it, song.wav.zarr and song.flac.zarr.

    Raises
    ------
    MsvizError
        If there is no audio file in a folder, two files would become one, or `out` is no folder.
    """
    out = located(out)
    found: dict[str, _Found] = {}
    for name in inputs:
        for file in _audio_files(located(name)):  # what was named twice is converted once
            found.setdefault(file.source if is_address(file.source) else os.path.realpath(file.source), file)
    if out.endswith(_STORED):
        if len(found) != 1 or any(file.from_folder for file in found.values()):
            raise ParameterError(
                f"{out} is the name of one file: give a folder for what there is to convert."
            )
        targets = [out]
    else:
        if os.path.exists(out) and not os.path.isdir(out):
            raise ParameterError(f"{out} is a file: give a folder to put what is converted in.")
        targets = [_joined(out, name) for name in _names(found.values(), ".zarr.zip" if zipped else ".zarr")]
    return [
        Job(file.source, target, settings, file.size, overwrite)
        for file, target in zip(found.values(), targets, strict=True)
    ]


class _Found(NamedTuple):
    """An audio file, where it lies in the folder that was given, and its size in bytes."""

    source: str
    inside: str  # with slashes between folders
    size: int
    from_folder: bool


def _audio_files(name: str) -> Iterator[_Found]:
    """The file of this name, or all in the folder of this name, in the order of their names."""
    if is_address(name):
        yield from _files_at(name)
    elif not os.path.isdir(name):  # what is missing is told when its turn comes, like all that goes wrong
        yield _Found(name, os.path.basename(name), _size(name), from_folder=False)
    else:
        paths = sorted(path for path in _walk(name) if _is_wanted(path.relative_to(name).as_posix()))
        if not paths:
            raise MsvizError(f"{name} holds no audio file.")
        for path in paths:
            inside = path.relative_to(name).as_posix()
            yield _Found(str(path), inside, _size(path), from_folder=True)


def _size(path: str | Path) -> int:
    """Bytes of a file; 0 of one that is missing, or of a link to nowhere."""
    try:
        return os.path.getsize(path)
    except OSError:
        return 0


def _walk(folder: str) -> Iterator[Path]:
    def unreadable(error: OSError) -> None:
        raise MsvizError(f"{error.filename} cannot be read: {error.strerror}.")

    for place, _, names in os.walk(folder, onerror=unreadable):
        yield from (Path(place, name) for name in names)


def _is_wanted(inside: str) -> bool:
    hidden = any(part.startswith(".") for part in inside.split("/"))
    return not hidden and posixpath.splitext(inside)[1].lower() in SUFFIXES


def _files_at(address: str) -> Iterator[_Found]:
    system, root = file_system(address)
    with reaching(address):
        files = system.find(root, detail=True) if system.isdir(root) else None
    if files is None:
        yield _Found(address, posixpath.basename(root), 0, from_folder=False)
        return
    wanted = sorted(path for path in files if _is_wanted(posixpath.relpath(path, root)))
    if not wanted:
        raise MsvizError(f"{address} holds no audio file.")
    for path in wanted:
        inside = posixpath.relpath(path, root)
        yield _Found(_joined(address, inside), inside, files[path].get("size") or 0, from_folder=True)


def _joined(folder: str, inside: str) -> str:
    return (
        f"{folder.rstrip('/')}/{inside}" if is_address(folder) else os.path.join(folder, *inside.split("/"))
    )


def _names(files: Iterable[_Found], suffix: str) -> list[str]:
    """Names inside the folder that is written to, all different."""
    files = list(files)
    stems = [posixpath.splitext(file.inside)[0] for file in files]
    uses = Counter(stem.casefold() for stem in stems)  # there are disks to which A and a are one
    names = [
        (file.inside if uses[stem.casefold()] > 1 else stem) + suffix
        for file, stem in zip(files, stems, strict=True)
    ]
    sources: dict[str, str] = {}
    for file, name in zip(files, names, strict=True):
        other = sources.setdefault(name.casefold(), file.source)
        if other != file.source:
            raise ParameterError(
                f"{other} and {file.source} would both become {name}: convert them into different folders."
            )
    return names


def _identity(source: str) -> dict[str, Any]:
    """What tells whether a file is still the same; of one that is missing, its name alone."""
    if is_address(source):
        system, path = file_system(source)
        try:
            return {"name": posixpath.basename(path), "key": system.ukey(path)}
        except OSError:
            return {"name": posixpath.basename(path)}
    try:
        known = os.stat(source)
    except OSError:
        return {"name": os.path.basename(source)}
    return {"name": os.path.basename(source), "size": known.st_size, "modified_ns": known.st_mtime_ns}
