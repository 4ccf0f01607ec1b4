"""The demo tracks that come with msviz."""

from __future__ import annotations

from pathlib import Path

from msviz.errors import MsvizError

_FILES = {
    "Bach": "bach.flac",
    "House": "house.flac",
    "Seven tone": "seven_tone.flac",
    "Techno": "techno.flac",
}


def demo_tracks() -> dict[str, Path]:
    """The demo tracks by their titles, wherever msviz is installed.

    Raises
    ------
    MsvizError
        If this installation lacks the files.

    Examples
    --------
    >>> from msviz import demo_tracks
    >>> sorted(demo_tracks())
    ['Bach', 'House', 'Seven tone', 'Techno']
    """
    package = Path(__file__).resolve().parent
    # In a wheel the resources lie inside the package, in a source tree beside it.
    folders = [package / "resources" / "demos", package.parent / "resources" / "demos"]
    folder = next((folder for folder in folders if folder.is_dir()), folders[0])
    tracks = {name: folder / file for name, file in _FILES.items()}
    for track in tracks.values():
        if not track.is_file():
            raise MsvizError(f"The demo track {track} is missing: reinstall msviz.")
    return tracks
