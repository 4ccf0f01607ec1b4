"""Names of files, as they are given."""

from __future__ import annotations

import os
from urllib.request import url2pathname


def located(name: str | os.PathLike[str]) -> str:
    """The path or address that somebody has given; file:///… is a path like any other."""
    name = os.fspath(name)
    return url2pathname(name[len("file://") :]) if name.startswith("file://") else name
