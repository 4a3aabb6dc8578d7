"""Follows the linked log for what it tells of doors. Run by the worker."""

import threading
from collections.abc import Callable

import psycopg
import structlog
from prometheus_client import Counter

from onevoice.domains.delivery.service import hearing
from onevoice.kit.clock import Clock
from onevoice.kit.db import Database

EVERY_SECONDS = 1.0
ATTEMPTS = 3
"""So often a batch is tried before its events are suspected."""
FIRST_WAIT_SECONDS = 0.1
DOUBLED_MOST = 6

SET_ASIDE = Counter("onevoice_hearing_set_aside_total", "Events laid aside because no door could be told of them.")

log = structlog.get_logger(__name__)


def run(database: Database, clock: Clock, stop: threading.Event, wait: Callable[[float], object]) -> None:
    """What fails is tried again, each time later; what fails again and again is taken apart, so that one event never
    stops the others. Where the database itself is in trouble, all wait for it.
    """
    failures = 0
    while not stop.is_set():
        try:
            if failures >= ATTEMPTS:
                with database.transaction() as conn:
                    SET_ASIDE.inc(hearing.follow_carefully(conn, clock=clock))
            _catch_up(database, stop)
            failures = 0
        except (psycopg.OperationalError, psycopg.InterfaceError) as error:
            log.warning("follower_waits_for_database", error=type(error).__name__)
        except Exception:
            failures += 1
            log.exception("follower_failed", attempt=failures)
            stop.wait(FIRST_WAIT_SECONDS * 2 ** min(failures, DOUBLED_MOST))
            continue
        wait(EVERY_SECONDS)


def _catch_up(database: Database, stop: threading.Event) -> None:
    before = -1
    while not stop.is_set():
        with database.transaction() as conn:
            followed = hearing.follow(conn)
        if followed.seq == before:
            return
        before = followed.seq
