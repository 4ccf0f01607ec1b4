"""How many processors this process may use, which may be fewer than the machine has."""

import os


def available_cpus() -> int:
    """Processors that this process may run on: its affinity, if the system supports that."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
