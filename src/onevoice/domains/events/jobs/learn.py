"""Learns the tracking plan from the log. Run by the worker on a thread of its own; nobody waits for it."""

import threading
from collections.abc import Callable

import psycopg
import structlog
from prometheus_client import Counter, Histogram
from psycopg import Connection

from onevoice.domains.events.errors import ForeignLogError
from onevoice.domains.events.service.learning import Learner
from onevoice.kit.clock import Clock
from onevoice.kit.db import Database

PAUSE_SECONDS = 2.0
"""Between two looks at the log: nobody waits for what is learnt, and few large batches cost less than many small."""
SHARE = 0.03
"""While others are behind, it works for such a part of the time."""
MAX_EVENTS = 5_000
"""A batch holds the interpreter's lock for some tens of milliseconds; the linker's thread waits for it."""
ATTEMPTS = 3

LEARNT = Counter("onevoice_plan_learnt_events_total", "Events that the tracking plan has learnt from.")
SKIPPED = Counter("onevoice_plan_skipped_events_total", "Events that could not be learnt from and were passed over.")
BATCH_SECONDS = Histogram("onevoice_plan_batch_seconds", "How long it takes to learn from a batch.")

log = structlog.get_logger(__name__)


def run(database: Database, clock: Clock, stop: threading.Event, busy: Callable[[Connection], bool]) -> None:
    """Learn until `stop` is set. busy: whether others, who matter more, are behind.

    A frame that fails again and again is passed over, for the log is kept until everybody has read it.
    """
    learner = Learner(database.transaction)
    failures = 0
    while not stop.is_set():
        began = clock.monotonic()
        try:
            if failures >= ATTEMPTS:
                SKIPPED.inc(learner.skip(clock.now()))
                failures = 0
            learnt = learner.step(MAX_EVENTS if failures == 0 else 1, clock.now())
            yielding = learnt.events > 0 and _asks(database, busy)
        except (psycopg.OperationalError, ForeignLogError):
            log.exception("learning_waits_for_the_database")
            stop.wait(PAUSE_SECONDS)
            continue
        except Exception:
            failures += 1
            log.exception("learning_failed", attempt=failures)
            stop.wait(min(10.0, 0.5 * 2 ** min(failures, 5)))
            continue
        failures = 0
        took = clock.monotonic() - began
        if learnt.events:
            BATCH_SECONDS.observe(took)
            LEARNT.inc(learnt.events)
        pause = 0.0 if learnt.full else PAUSE_SECONDS
        if pause or yielding:
            stop.wait(max(pause, took / SHARE if yielding else 0.0))


def _asks(database: Database, busy: Callable[[Connection], bool]) -> bool:
    with database.transaction() as conn:
        return busy(conn)
