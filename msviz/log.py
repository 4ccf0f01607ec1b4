"""The log of failures with tracebacks, shown by `msviz --verbose` and Help > Show log."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from functools import cached_property
from pathlib import Path

from msviz.folders import log_folder

LARGEST = 1 << 20  # bytes of the log, and of the previous one, which is kept

logger = logging.getLogger("msviz")
logger.addHandler(logging.NullHandler())  # programs that use msviz as a library decide what is shown


def log_path() -> Path:
    """The path of the log, in the system's folder for logs of user programs."""
    return log_folder() / "msviz.log"


class _LogFile(logging.Handler):
    """A log file opened only when there is something to write, and ignored if it cannot be written."""

    def emit(self, record: logging.LogRecord) -> None:
        with suppress(OSError):  # such as a full disk, which is reported elsewhere
            self._file.emit(record)

    @cached_property
    def _file(self) -> logging.Handler:
        from logging.handlers import RotatingFileHandler  # takes as long to import as all of click

        path = log_path()
        path.parent.mkdir(parents=True, exist_ok=True)
        file = RotatingFileHandler(path, maxBytes=LARGEST, backupCount=1, encoding="utf-8", errors="replace")
        file.handleError = lambda record: None  # type: ignore[method-assign]
        file.setFormatter(self.formatter)
        return file

    def close(self) -> None:
        if "_file" in vars(self):
            self._file.close()
        super().close()


@contextmanager
def logged(*, verbose: bool = False) -> Iterator[None]:
    """Log failures in here to the log file and, if `verbose`, to standard error."""
    handlers: list[logging.Handler] = [_LogFile()]
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
