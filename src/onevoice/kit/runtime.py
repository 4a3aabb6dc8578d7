"""Settings of the Python runtime for processes that work through batches. Called once, at a process's start."""

import gc
import sys

YOUNG_OBJECTS = 100_000
"""A request makes thousands of objects and drops them all. The default of 700 looks for cycles among them again and
again, and finds none."""
SWITCH_SECONDS = 0.001
"""How long a thread that computes lets one that comes back from the database wait; the default is 5 ms."""


def for_starting() -> None:
    """What is loaded stays: looking through it again and again is a tenth of what a start takes."""
    gc.set_threshold(YOUNG_OBJECTS, 20, 100)


def for_requests() -> None:
    """The collector looks rarely."""
    _settle()
    gc.set_threshold(YOUNG_OBJECTS, 20, 100)


def for_batches() -> None:
    """The collector does not look of itself: one look at the objects of a batch, all of them alive, takes as long as
    linking a thousand events. Whoever works through batches calls `sweep` between them now and then.
    """
    _settle()
    gc.disable()


def sweep() -> None:
    """Free what refers to itself among what was made since the last time; what is left is not looked at again."""
    if not gc.isenabled():
        gc.collect()
        gc.freeze()


def _settle() -> None:
    gc.collect()
    gc.freeze()  # what is loaded by now stays for the life of the process
    sys.setswitchinterval(SWITCH_SECONDS)
