"""Listening: a player whose sources share one position, and the sources made from a transform."""

from msviz.playback.abx import Trials, save_report
from msviz.playback.player import Meter, Player
from msviz.playback.sources import Difference, Remembered, Resynthesis

__all__ = ["Difference", "Meter", "Player", "Remembered", "Resynthesis", "Trials", "save_report"]
