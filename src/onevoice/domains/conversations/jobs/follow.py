"""Keeps conversations: follows the log, wakes what was snoozed, ends what is over. Run by the worker."""

import threading
from collections.abc import Callable

import psycopg
import structlog

from onevoice.domains.conversations.service import following
from onevoice.kit.clock import Clock
from onevoice.kit.db import Database

EVERY_SECONDS = 1.0
TICK_SECONDS = 5.0

log = structlog.get_logger(__name__)


def run(database: Database, clock: Clock, stop: threading.Event, wait: Callable[[float], None]) -> None:
    """wait: until something was linked, at most so many seconds."""
    ticked = 0.0
    while not stop.is_set():
        try:
            before = -1
            while not stop.is_set():
                with database.transaction() as conn:
                    followed = following.follow(conn, clock=clock)
                if followed.seq == before:
                    break
                before = followed.seq
            if clock.monotonic() - ticked >= TICK_SECONDS:
                with database.transaction() as conn:
                    following.tick(conn, clock=clock)
                ticked = clock.monotonic()
        except psycopg.Error as error:
            log.warning("desk_waits_for_database", error=type(error).__name__)
        wait(EVERY_SECONDS)
