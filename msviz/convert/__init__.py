"""Converting many audio files into representations, here or on a cluster; and what is done with them."""

from msviz.convert.cluster import convert_on_cluster
from msviz.convert.conversion import Events, Outcome, Progress, run
from msviz.convert.describing import describe
from msviz.convert.jobs import Job, Settings, plan
from msviz.convert.opening import StoredPicture, StoredSource, Track, is_converted, open_source
from msviz.convert.processes import convert
from msviz.convert.resynthesis import reconstruction_error_db

__all__ = [
    "Events",
    "Job",
    "Outcome",
    "Progress",
    "Settings",
    "StoredPicture",
    "StoredSource",
    "Track",
    "convert",
    "convert_on_cluster",
    "describe",
    "is_converted",
    "open_source",
    "plan",
    "reconstruction_error_db",
    "run",
]
