"""Plan which file becomes which, before any is read."""

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
_STORED = (".zarr", ".zip", ".npz")  # an output with such a suffix is for a single file


@dataclass(frozen=True)
class Settings:
    """How to convert every file.

    Attributes
    ----------
    content : {"complex64", "float16", "levels"}
        Exact coefficients, coefficients in half the space, or only a picture.
    compress : bool
    bins_per_octave, resolution, gamma, fmin
        Parameters of the `OctaveTransform`; without `fmin`, what suits the sampling rate of each file.
    track : int
        Which audio track of a video, from 0.

    Raises
    ------
    ParameterError
        If a parameter has a value that is invalid at every sampling rate.
    """

    content: Content = "complex64"
    compress: bool = True
    bins_per_octave: int = DEFAULTS.bins_per_octave
    resolution: float = DEFAULTS.resolution
    gamma: float = DEFAULTS.gamma
    fmin: float | None = None
    track: int = 0

    def __post_init__(self) -> None:
        # A value that is invalid at every rate is reported once, not for every file.
        if self.fmin is not None:
            real("fmin", self.fmin, 1e-9, unit="Hz")
        self._transform(_HIGHEST_RATE_HZ, None, 1)

    def transform(self, rate: int, workers: int) -> OctaveTransform:
        """The transform for files of this sampling rate.

        Raises
        ------
        ParameterError
            If a parameter has a value that is invalid at this rate.
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
    """One file to convert, with everything needed to convert it.

    Attributes
    ----------
    source, target : str
        Paths or fsspec addresses.
    settings : Settings
    size : int
        Bytes of the source, 0 if unknown.
    overwrite : bool
        Whether to replace an existing output, even one made from another file.
    strict : bool
        Whether to reject a damaged source.
    taken_by : str
        Another source that already has this target, if any; this job then fails.
    """

    source: str
    target: str
    settings: Settings = DEFAULT
    size: int = 0
    overwrite: bool = False
    strict: bool = False
    taken_by: str = ""

    def mark(self) -> dict[str, Any]:
        """The origin recorded in the target; when it has changed, the file is converted again."""
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
        What `find` takes or returns.
    out : str or path
        A folder, in which files keep their relative paths; or, for a single file, a name ending in .zarr,
        .zip or .npz.
    settings : Settings
    zipped : bool
        Whether to write .zarr.zip files instead of .zarr folders.
    overwrite : bool
        Whether to replace existing output.
    strict : bool
        Whether to reject damaged files.

    Returns
    -------
    list of Job
        Their targets are those of `msviz.convert.naming.names`.

    Raises
    ------
    MsvizError
        If there is no audio file, or `out` is not a folder.
    """
    out = located(out)
    files = (inputs if isinstance(inputs, Findings) else find(inputs)).files
    if out.endswith(_STORED):
        if len(files) != 1 or files[0].from_folder:
            raise ParameterError(f"{out} is the name of a single file: choose an output folder.")
        return [Job(files[0].source, out, settings, files[0].size, overwrite, strict)]
    if os.path.exists(out) and not os.path.isdir(out):
        raise ParameterError(f"{out} is a file: choose an output folder.")
    return [
        Job(file.source, joined(out, inside), settings, file.size, overwrite, strict, taken_by)
        for file, (inside, taken_by) in zip(
            files, names(files, ".zarr.zip" if zipped else ".zarr"), strict=True
        )
    ]


def _identity(source: str) -> dict[str, Any]:
    """What identifies a version of a file; only the name if it is missing."""
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
