"""The log of what failed, with tracebacks: `msviz --verbose` and Help > Show log show it."""

from __future__ import annotations

import logging
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from io import TextIOWrapper
from logging.handlers import RotatingFileHandler
from pathlib import Path

LARGEST = 1 << 20  # bytes of the log; as many of those before are kept

logger = logging.getLogger("msviz")
logger.addHandler(logging.NullHandler())  # who uses msviz as a library decides what is shown


def log_path() -> Path:
    """The file of the log, where the system has the logs of a user's programs."""
    if sys.platform == "win32":
        folder = os.environ.get("LOCALAPPDATA") or Path.home() / "AppData" / "Local"
    elif sys.platform == "darwin":
        folder = Path.home() / "Library" / "Logs"
    else:
        folder = os.environ.get("XDG_STATE_HOME") or Path.home() / ".local" / "state"
    return Path(folder) / "msviz" / "msviz.log"


class _LogFile(RotatingFileHandler):
    """Made when there is something to be written; where it cannot be, nothing is."""

    def _open(self) -> TextIOWrapper:
        Path(self.baseFilename).parent.mkdir(parents=True, exist_ok=True)
        return super()._open()

    def handleError(self, record: logging.LogRecord) -> None:  # noqa: N802  (logging's name)
        """Say nothing: there may be a full disk, which is told elsewhere."""


@contextmanager
def logged(*, verbose: bool = False) -> Iterator[None]:
    """Write to the log what fails in here and, if `verbose`, to standard error."""
    handlers: list[logging.Handler] = [
        _LogFile(log_path(), maxBytes=LARGEST, backupCount=1, encoding="utf-8", errors="replace", delay=True)
    ]
    if verbose:
        handlers.append(logging.StreamHandler())
    for handler in handlers:
        handler.setFormatter(logging.Formatter("%(asctime)s %(levelname)s %(threadName)s: %(message)s"))
        logger.addHandler(handler)
    try:
        yield
    finally:
        for handler in handlers:
            logger.removeHandler(handler)
            handler.close()
