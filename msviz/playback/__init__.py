"""Playback: a player whose sources share one position, and sources made with a transform."""

from msviz.playback.abx import Trials, save_report
from msviz.playback.player import Meter, Player, signal_to_error_around
from msviz.playback.sources import CachedSource, Difference, Resynthesis

__all__ = [
    "CachedSource",
    "Difference",
    "Meter",
    "Player",
    "Resynthesis",
    "Trials",
    "save_report",
    "signal_to_error_around",
]
