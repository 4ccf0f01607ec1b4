"""Files appear whole or not at all: written beside their place, then renamed."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from msviz.errors import MsvizError


@contextmanager
def written_whole(path: Path, what: str, kind: type[MsvizError] = MsvizError) -> Iterator[Path]:
    """A hidden file beside `path` to write into: it takes that place at the end, or is gone if that fails.

    Parameters
    ----------
    path : Path
    what : str
        Is in the file, for a sentence: "sound".
    kind : type
        Of the error that is raised.

    Raises
    ------
    MsvizError
        If `path` is there and no file, or cannot be written.
    """
    part = path.parent / f".{path.name}.part"
    try:
        if path.exists() and not path.is_file():
            raise kind(f"{path} is not a file: give the {what} a name of its own.")
        yield part
        part.replace(path)
    except OSError as error:
        raise kind(f"{path} cannot be written: {error.strerror or error}.") from None
    finally:
        with suppress(OSError):
            part.unlink(missing_ok=True)
