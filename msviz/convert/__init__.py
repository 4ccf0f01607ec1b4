"""Convert many audio files to representations, on this machine or on a cluster."""

from msviz.convert.cluster import convert_on_cluster
from msviz.convert.conversion import Events, Outcome, Progress, run
from msviz.convert.finding import Findings, Found, PassedOver, find
from msviz.convert.jobs import Job, Settings, plan
from msviz.convert.naming import Name, names
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
    "convert",
    "convert_on_cluster",
    "find",
    "in_processes",
    "names",
    "plan",
    "run",
]
