"""Tracks of any length to measure with: a demo track, again and again."""

from __future__ import annotations

from pathlib import Path

import soundfile

from msviz.demos import demo_tracks


def make_track(path: Path, minutes: float) -> None:
    """Write so many minutes of a demo track, in the format that the file's name tells."""
    samples, rate = soundfile.read(demo_tracks()["House"], dtype="int16", always_2d=True)
    left = round(minutes * 60 * rate)
    with soundfile.SoundFile(path, "w", rate, samples.shape[1]) as file:
        while left > 0:
            file.write(samples[:left])
            left -= len(samples)
