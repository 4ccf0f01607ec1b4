"""The folders that systems have for files of user programs."""

import os
import sys
from pathlib import Path


def user_folder(mac: str, variable: str, default: str) -> Path:
    """The folder of msviz for files of a kind.

    Parameters
    ----------
    mac : str
        Its place in the user's library on macOS.  On Windows there is one for all kinds.
    variable, default : str
        Elsewhere, the environment variable of the XDG Base Directory Specification that names the place, and
        the place in the home folder where it is not set.
    """
    if sys.platform == "win32":
        place = Path(os.environ.get("LOCALAPPDATA") or Path.home() / "AppData" / "Local")
    elif sys.platform == "darwin":
        place = Path.home() / "Library" / mac
    else:
        place = Path(os.environ.get(variable) or Path.home() / default)
    return place / "msviz"


def cache_folder() -> Path:
    """For what can be computed again."""
    return user_folder("Caches", "XDG_CACHE_HOME", ".cache")


def log_folder() -> Path:
    """For logs."""
    return user_folder("Logs", "XDG_STATE_HOME", ".local/state")
