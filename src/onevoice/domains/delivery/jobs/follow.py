"""Follows the linked log for what it tells of doors. Run by the worker."""

import threading
from collections.abc import Callable

from prometheus_client import Counter
from psycopg import Connection

from onevoice.domains.delivery.service import hearing
from onevoice.kit import following
from onevoice.kit.clock import Clock
from onevoice.kit.db import Database

SET_ASIDE = Counter("onevoice_hearing_set_aside_total", "Events laid aside because no door could be told of them.")


def run(database: Database, clock: Clock, stop: threading.Event, wait: Callable[[float], object]) -> None:
    def carefully(conn: Connection) -> None:
        SET_ASIDE.inc(hearing.follow_carefully(conn, clock=clock))

    following.keep_up("hearing", database, stop, wait, lambda: _catch_up(database, stop), carefully)


def _catch_up(database: Database, stop: threading.Event) -> None:
    more = True
    while more and not stop.is_set():
        with database.transaction() as conn:
            more = hearing.follow(conn).more
