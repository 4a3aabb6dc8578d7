"""How a follower of the log goes on whatever it meets: one event never stops the others."""

import threading
from collections.abc import Callable, Iterable
from typing import Protocol, TypeVar

import psycopg
import structlog
from psycopg import Connection

from onevoice.kit.db import Database

EVERY_SECONDS = 1.0
ATTEMPTS = 3
"""So often a batch is tried before its events are suspected."""
FIRST_WAIT_SECONDS = 0.1
DOUBLED_MOST = 6


class Numbered(Protocol):
    @property
    def seq(self) -> int: ...


Event = TypeVar("Event", bound=Numbered)
_TROUBLE = (psycopg.OperationalError, psycopg.InterfaceError)
"""The database's own, for which no event is condemned."""

log = structlog.get_logger(__name__)


def keep_up(
    name: str,
    database: Database,
    stop: threading.Event,
    wait: Callable[[float], object],
    catch_up: Callable[[], object],
    carefully: Callable[[Connection], object],
) -> None:
    """Until `stop`. name: in the log. wait: until there may be something new, at most so many seconds.

    What fails is tried again, each time later; what fails again and again is taken apart first. Where the database
    itself is in trouble, all wait for it.
    """
    failures = 0
    while not stop.is_set():
        try:
            if failures >= ATTEMPTS:
                with database.transaction() as conn:
                    carefully(conn)
            catch_up()
            failures = 0
        except _TROUBLE as error:
            log.warning("follower_waits_for_database", follower=name, error=type(error).__name__)
        except Exception:
            failures += 1
            log.exception("follower_failed", follower=name, attempt=failures)
            stop.wait(FIRST_WAIT_SECONDS * 2 ** min(failures, DOUBLED_MOST))
            continue
        wait(EVERY_SECONDS)


def apart(
    conn: Connection, events: Iterable[Event], take: Callable[[Event], object], lay: Callable[[Event, str], object]
) -> int:
    """Each in a savepoint of its own; what cannot be taken is laid aside with the name of its error. How many.

    Raises: what is the database's fault.
    """
    laid = 0
    for event in events:
        try:
            with conn.transaction():
                take(event)
        except _TROUBLE:
            raise
        except Exception as error:
            log.exception("set_aside", seq=event.seq)
            lay(event, type(error).__name__)
            laid += 1
    return laid
