"""Converting many audio files into representations, here or on a cluster; and what is done with them."""

from msviz.convert.cluster import convert_on_cluster
from msviz.convert.conversion import Events, Outcome, Progress, run
from msviz.convert.describing import describe
from msviz.convert.finding import Findings, Found, PassedOver, find
from msviz.convert.jobs import Job, Settings, plan
from msviz.convert.naming import Name, names
from msviz.convert.opening import StoredPicture, StoredSource, Track, is_converted, open_source, recording_of
from msviz.convert.processes import convert, in_processes

__all__ = [
    "Events",
    "Findings",
    "Found",
    "Job",
    "Name",
    "Outcome",
    "PassedOver",
    "Progress",
    "Settings",
    "StoredPicture",
    "StoredSource",
    "Track",
    "convert",
    "convert_on_cluster",
    "describe",
    "find",
    "in_processes",
    "is_converted",
    "names",
    "open_source",
    "plan",
    "recording_of",
    "run",
]
