"""Follows the linked log for what it tells of doors. Run by the worker."""

import threading

import psycopg
import structlog

from onevoice.domains.delivery.service import hearing
from onevoice.kit.db import Database

EVERY_SECONDS = 1.0

log = structlog.get_logger(__name__)


def run(database: Database, stop: threading.Event) -> None:
    while not stop.is_set():
        try:
            before = -1
            while not stop.is_set():
                with database.transaction() as conn:
                    followed = hearing.follow(conn)
                if followed.seq == before:
                    break
                before = followed.seq
        except psycopg.Error as error:
            log.warning("follower_waits_for_database", error=type(error).__name__)
        except Exception:
            log.exception("follower_failed")  # and tried again: a thread that ends is missed by nobody
        stop.wait(EVERY_SECONDS)
