"""Settings of the Python runtime for processes that work through batches. Called once, at a process's start."""

import gc
import sys

YOUNG_OBJECTS = 100_000
"""A batch makes so many objects and drops them all. The default of 700 looks for cycles among them every few events:
that was 40 of every 100 seconds of processor time that linking took."""
SWITCH_SECONDS = 0.001
"""How long a thread that computes lets one that comes back from the database wait; the default is 5 ms."""


def for_batches() -> None:
    gc.collect()
    gc.freeze()  # what is loaded by now stays for the life of the process
    gc.set_threshold(YOUNG_OBJECTS, 20, 100)
    sys.setswitchinterval(SWITCH_SECONDS)
