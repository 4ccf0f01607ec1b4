"""Waiting for the thing itself, with a limit that only a test which fails ever reaches."""

import time

LONG_S = 60


def wait_until(condition):
    until = time.monotonic() + LONG_S
    while not condition():
        assert time.monotonic() < until, f"waited for {LONG_S} s in vain"
        time.sleep(0.001)
