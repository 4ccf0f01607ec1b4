"""Which files become which: planned before the first of them is read."""

from __future__ import annotations

import os
import posixpath
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

from msviz.convert.finding import Findings, find, joined
from msviz.convert.naming import names
from msviz.defaults import DEFAULTS
from msviz.errors import ParameterError
from msviz.remote import file_system, is_address, located
from msviz.storage import Content
from msviz.transform import OctaveTransform
from msviz.validation import real

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
    track : int
        Which sound track of a video, from 0.

    Raises
    ------
    ParameterError
        If a parameter has a value that cannot be used at any rate.
    """

    content: Content = "complex64"
    compress: bool = True
    bins_per_octave: int = DEFAULTS.bins_per_octave
    resolution: float = DEFAULTS.resolution
    gamma: float = DEFAULTS.gamma
    fmin: float | None = None
    track: int = 0

    def __post_init__(self) -> None:
        # What no rate allows is told once, and not of every file.
        if self.fmin is not None:
            real("fmin", self.fmin, 1e-9, unit="Hz")
        self._transform(_HIGHEST_RATE_HZ, None, 1)

    def transform(self, rate: int, workers: int) -> OctaveTransform:
        """What analyses files of this rate.

        Raises
        ------
        ParameterError
            If a parameter cannot be used at this rate.
        """
        return self._transform(rate, self.fmin, workers)

    def _transform(self, rate: int, fmin: float | None, workers: int) -> OctaveTransform:
        return OctaveTransform(
            rate,
            bins_per_octave=self.bins_per_octave,
            resolution=self.resolution,
            gamma=self.gamma,
            fmin=fmin,
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
    strict : bool
        Whether to refuse a source that is damaged.
    taken_by : str
        Another source that becomes the same target, so that this one cannot; nothing by default.
    """

    source: str
    target: str
    settings: Settings = DEFAULT
    size: int = 0
    overwrite: bool = False
    strict: bool = False
    taken_by: str = ""

    def mark(self) -> dict[str, Any]:
        """What the target says about where it comes from; it is made again when this has changed."""
        return {"source": _identity(self.source), "settings": asdict(self.settings)}


def plan(
    inputs: Sequence[str | os.PathLike[str]] | Findings,
    out: str | os.PathLike[str],
    settings: Settings = DEFAULT,
    *,
    zipped: bool = False,
    overwrite: bool = False,
    strict: bool = False,
) -> list[Job]:
    """The jobs that convert files and the audio files in folders.

    Parameters
    ----------
    inputs : sequence of str or path, or Findings
        What `find` takes, or what it has found.
    out : str or path
        A folder, in which those that came from a folder lie as they did there; or, for one file, a name
        that ends in .zarr, .zip or .npz.
    settings : Settings
    zipped : bool
        Whether each becomes one .zarr.zip and not a .zarr folder.
    overwrite : bool
        Whether what is there already is made again.
    strict : bool
        Whether files that are damaged are refused.

    Returns
    -------
    list of Job
        With targets as `msviz.convert.naming.names` gives them.

    Raises
    ------
    MsvizError
        If there is no audio file, or `out` is no folder.
    """
    out = located(out)
    files = (inputs if isinstance(inputs, Findings) else find(inputs)).files
    if out.endswith(_STORED):
        if len(files) != 1 or files[0].from_folder:
            raise ParameterError(
                f"{out} is the name of one file: give a folder for what there is to convert."
            )
        return [Job(files[0].source, out, settings, files[0].size, overwrite, strict)]
    if os.path.exists(out) and not os.path.isdir(out):
        raise ParameterError(f"{out} is a file: give a folder to put what is converted in.")
    return [
        Job(file.source, joined(out, inside), settings, file.size, overwrite, strict, taken_by)
        for file, (inside, taken_by) in zip(
            files, names(files, ".zarr.zip" if zipped else ".zarr"), strict=True
        )
    ]


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
