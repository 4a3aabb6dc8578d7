"""Keeps conversations: follows the log, wakes what was snoozed, ends what is over. Run by the worker."""

import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import psycopg
import structlog
from prometheus_client import Counter

from onevoice.domains.conversations.service import following, hopping
from onevoice.domains.delivery.contracts.channels import Manifest
from onevoice.domains.delivery.ports import ContextSource
from onevoice.domains.delivery.service import asking
from onevoice.kit.clock import Clock
from onevoice.kit.db import Database

EVERY_SECONDS = 1.0
TICK_SECONDS = 5.0
ATTEMPTS = 3
"""So often a batch is tried before its events are suspected."""
FIRST_WAIT_SECONDS = 0.1
DOUBLED_MOST = 6

SET_ASIDE = Counter("onevoice_desk_set_aside_total", "Events laid aside because the desk could make nothing of them.")

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Speech:
    """What it takes to say something by oneself. vault_key: of identifiers."""

    channels: Mapping[str, Manifest]
    sources: Sequence[ContextSource]
    vault_key: bytes


def run(database: Database, clock: Clock, stop: threading.Event, wait: Callable[[float], None], speech: Speech) -> None:
    """wait: until something was linked, at most so many seconds.

    What fails is tried again, each time later; what fails again and again is taken apart, so that one event never stops
    the others. Where the database itself is in trouble, all wait for it.
    """
    ticked, failures = 0.0, 0
    while not stop.is_set():
        try:
            if failures >= ATTEMPTS:
                with database.transaction() as conn:
                    SET_ASIDE.inc(following.follow_carefully(conn, clock=clock))
            _catch_up(database, clock, stop, speech)
            with database.transaction() as conn:
                hopping.settle(conn, speech.channels, speech.sources, vault_key=speech.vault_key, clock=clock)
            if clock.monotonic() - ticked >= TICK_SECONDS:
                ticked = clock.monotonic()  # first: what cannot be ended by the clock is not tried at each turn
                with database.transaction() as conn:
                    following.tick(conn, clock=clock)
            failures = 0
        except (psycopg.OperationalError, psycopg.InterfaceError) as error:
            log.warning("desk_waits_for_database", error=type(error).__name__)
        except Exception:
            failures += 1
            log.exception("desk_failed", attempt=failures)
            stop.wait(FIRST_WAIT_SECONDS * 2 ** min(failures, DOUBLED_MOST))
            continue
        wait(EVERY_SECONDS)


def _catch_up(database: Database, clock: Clock, stop: threading.Event, speech: Speech) -> None:
    before = -1
    while not stop.is_set():
        with database.transaction() as conn:
            followed = following.follow(conn, clock=clock)
        if followed.asks:
            with database.transaction() as conn:
                asking.ask(conn, followed.asks, speech.channels, speech.sources, clock=clock)
        if followed.seq == before:
            return
        before = followed.seq
