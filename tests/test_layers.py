"""Importing the core is quick and loads no Qt (the import contracts in pyproject.toml say the rest)."""

import subprocess
import sys

import pytest

import msviz


def loaded_by(statement):
    """The names of all modules that a fresh Python has loaded after one statement."""
    script = f"{statement}\nimport sys\nprint(*sys.modules)"
    return set(
        subprocess.run(
            [sys.executable, "-c", script], check=True, capture_output=True, text=True
        ).stdout.split()
    )


@pytest.mark.parametrize("module", ["audio", "cli", "demos", "picture", "playback", "transform"])
def test_core_loads_no_qt(module):
    roots = {name.partition(".")[0] for name in loaded_by(f"import msviz.{module}")}
    assert "msviz" in roots
    assert not roots & {"PyQt6", "pyqtgraph"}


def test_importing_msviz_loads_nothing_heavy():
    roots = {name.partition(".")[0] for name in loaded_by("import msviz")}
    assert not roots & {"numpy", "scipy", "soundfile", "sounddevice", "PyQt6"}


def test_every_public_name_is_there():
    for name in msviz.__all__:
        assert getattr(msviz, name).__module__.startswith("msviz"), name
        assert name in dir(msviz)


def test_unknown_name_is_an_attribute_error():
    with pytest.raises(AttributeError, match="no_such_name"):
        msviz.no_such_name  # noqa: B018
