"""Where files of user programs belong on each system."""

import sys
from pathlib import Path

import pytest

from msviz.folders import cache_folder, log_folder


@pytest.mark.parametrize(
    ("platform", "cache", "log"),
    [
        ("linux", ".cache/msviz", ".local/state/msviz"),
        ("darwin", "Library/Caches/msviz", "Library/Logs/msviz"),
        ("win32", "AppData/Local/msviz", "AppData/Local/msviz"),
    ],
)
def test_without_variables(monkeypatch, tmp_path, platform, cache, log):
    for name in ("XDG_CACHE_HOME", "XDG_STATE_HOME", "LOCALAPPDATA"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr(sys, "platform", platform)
    monkeypatch.setattr(Path, "home", lambda: tmp_path)
    assert cache_folder() == tmp_path / cache
    assert log_folder() == tmp_path / log


@pytest.mark.parametrize(
    ("platform", "variable", "folder"),
    [
        ("linux", "XDG_CACHE_HOME", cache_folder),
        ("linux", "XDG_STATE_HOME", log_folder),
        ("win32", "LOCALAPPDATA", cache_folder),
    ],
)
def test_variables_say_where(monkeypatch, tmp_path, platform, variable, folder):
    monkeypatch.setattr(sys, "platform", platform)
    monkeypatch.setenv(variable, str(tmp_path / "there"))
    assert folder() == tmp_path / "there" / "msviz"
