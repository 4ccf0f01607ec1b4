"""The demo tracks are found from a source tree, from a wheel and from any folder."""

import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

import msviz
import msviz.demos

ROOT = Path(__file__).parent.parent


def test_the_four_tracks_can_be_read(monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    tracks = msviz.demo_tracks()
    assert list(tracks) == ["Bach", "House", "Seven tone", "Techno"]
    for path in tracks.values():
        with msviz.open_audio(path) as source:
            assert (source.rate, source.channels) == (44100, 2)
            assert 10 < source.duration < 30


def test_missing_tracks_are_told_in_a_sentence(monkeypatch, tmp_path):
    monkeypatch.setattr(msviz.demos, "__file__", str(tmp_path / "msviz" / "demos.py"))
    with pytest.raises(msviz.MsvizError, match=r"bach\.flac is missing"):
        msviz.demo_tracks()


def test_a_wheel_brings_the_tracks_and_finds_them(tmp_path):
    pip = [sys.executable, "-m", "pip", "wheel", "-q", "--no-deps", "--no-build-isolation"]
    subprocess.run([*pip, "-w", tmp_path, ROOT], check=True)
    (wheel,) = tmp_path.glob("msviz-*.whl")
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(tmp_path / "installed")
    assert (tmp_path / "installed" / "msviz" / "py.typed").is_file()
    found = subprocess.run(
        [sys.executable, "-c", "import msviz; print(*msviz.demo_tracks().values(), sep='\\n')"],
        cwd=tmp_path / "installed",  # -c looks for modules here first
        check=True,
        capture_output=True,
        text=True,
    ).stdout.splitlines()
    assert len(found) == 4
    for path in found:
        assert path.startswith(str(tmp_path))
