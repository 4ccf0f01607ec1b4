"""States of tracks without files, for the tests of what shows them."""

from __future__ import annotations

from typing import NamedTuple

from msviz.gui.model.track import TrackState
from msviz.gui.model.view import View


class Track(NamedTuple):
    """What a state asks of a file."""

    rate: int
    length: int
    channel_names: tuple[str, ...] = ("left", "right")


def opened_state(view: View | None = None, *, parameters=None) -> TrackState:
    """The state of a track of what the view shows."""
    track = TrackState(view)
    open_in(track, track.view.rate, length=track.view.length, parameters=parameters)
    return track


def open_in(track: TrackState, rate: int, names=("left", "right"), *, length=0, parameters=None) -> None:
    """Open another track with as many channels as names."""
    track.open(Track(rate, length or rate, names), parameters or track.requested)
