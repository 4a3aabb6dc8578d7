"""Keeps conversations: follows the log, wakes what was snoozed, ends what is over. Run by the worker."""

import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import psycopg
import structlog

from onevoice.domains.conversations.service import following, hopping
from onevoice.domains.delivery.contracts.channels import Manifest
from onevoice.domains.delivery.ports import ContextSource
from onevoice.domains.delivery.service import asking
from onevoice.kit.clock import Clock
from onevoice.kit.db import Database

EVERY_SECONDS = 1.0
TICK_SECONDS = 5.0

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Speech:
    """What it takes to say something by oneself. vault_key: of identifiers."""

    channels: Mapping[str, Manifest]
    sources: Sequence[ContextSource]
    vault_key: bytes


def run(database: Database, clock: Clock, stop: threading.Event, wait: Callable[[float], None], speech: Speech) -> None:
    """wait: until something was linked, at most so many seconds."""
    ticked = 0.0
    while not stop.is_set():
        try:
            before = -1
            while not stop.is_set():
                with database.transaction() as conn:
                    followed = following.follow(conn, clock=clock)
                if followed.asks:
                    with database.transaction() as conn:
                        asking.ask(conn, followed.asks, speech.channels, speech.sources, clock=clock)
                if followed.seq == before:
                    break
                before = followed.seq
            with database.transaction() as conn:
                hopping.settle(conn, speech.channels, speech.sources, vault_key=speech.vault_key, clock=clock)
            if clock.monotonic() - ticked >= TICK_SECONDS:
                with database.transaction() as conn:
                    following.tick(conn, clock=clock)
                ticked = clock.monotonic()
        except psycopg.Error as error:
            log.warning("desk_waits_for_database", error=type(error).__name__)
        wait(EVERY_SECONDS)
