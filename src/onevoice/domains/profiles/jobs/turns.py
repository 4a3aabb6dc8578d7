"""How a job works that takes the linker's lock: a little at a time, and most of the time not at all."""

import threading
from collections.abc import Callable

import structlog

from onevoice.kit.clock import Clock

PAUSE_SECONDS = 1.0
TROUBLE_SECONDS = 10.0
SHARE = 0.25
"""While there is something to do it works for such a part of the time."""

log = structlog.get_logger(__name__)


def take(name: str, step: Callable[[], bool], clock: Clock, stop: threading.Event) -> None:
    """Work until `stop` is set. step: True where there was nothing to do; what it raises is logged, and tried again."""
    while not stop.is_set():
        began = clock.monotonic()
        try:
            idle = step()
        except Exception:
            log.exception("job_failed", job=name)
            stop.wait(TROUBLE_SECONDS)
            continue
        stop.wait(PAUSE_SECONDS if idle else (clock.monotonic() - began) * (1 / SHARE - 1))
