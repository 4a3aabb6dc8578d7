"""Keeps conversations: follows the log, wakes what was snoozed, ends what is over. Run by the worker."""

import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from prometheus_client import Counter
from psycopg import Connection

from onevoice.domains.conversations.service import following, hopping
from onevoice.domains.delivery.contracts.channels import Manifest
from onevoice.domains.delivery.ports import ContextSource
from onevoice.domains.delivery.service import asking
from onevoice.kit import following as kit
from onevoice.kit.clock import Clock
from onevoice.kit.db import Database

TICK_SECONDS = 5.0

SET_ASIDE = Counter("onevoice_desk_set_aside_total", "Events laid aside because the desk could make nothing of them.")


@dataclass(frozen=True, slots=True)
class Speech:
    """What it takes to say something by oneself. vault_key: of identifiers."""

    channels: Mapping[str, Manifest]
    sources: Sequence[ContextSource]
    vault_key: bytes


def run(database: Database, clock: Clock, stop: threading.Event, wait: Callable[[float], None], speech: Speech) -> None:
    """wait: until something was linked, at most so many seconds."""
    ticked = 0.0

    def turn() -> None:
        nonlocal ticked
        _catch_up(database, clock, stop, speech)
        with database.transaction() as conn:
            hopping.settle(conn, speech.channels, speech.sources, vault_key=speech.vault_key, clock=clock)
        if clock.monotonic() - ticked >= TICK_SECONDS:
            ticked = clock.monotonic()  # first: what cannot be ended by the clock is not tried at each turn
            with database.transaction() as conn:
                following.tick(conn, clock=clock)

    def carefully(conn: Connection) -> None:
        SET_ASIDE.inc(following.follow_carefully(conn, clock=clock))

    kit.keep_up("desk", database, stop, wait, turn, carefully)


def _catch_up(database: Database, clock: Clock, stop: threading.Event, speech: Speech) -> None:
    more = True
    while more and not stop.is_set():
        with database.transaction() as conn:
            followed = following.follow(conn, clock=clock)
        if followed.asks:
            with database.transaction() as conn:
                asking.ask(conn, followed.asks, speech.channels, speech.sources, clock=clock)
        more = followed.more
