"""Doors of our own to somebody's preference centre: made by hand, for whoever asks for the address of the page."""

from datetime import datetime, timedelta
from typing import NamedTuple

from psycopg import Connection

from onevoice.domains.privacy.contracts import Opened
from onevoice.domains.privacy.store import ledger as store
from onevoice.kit import tokens
from onevoice.kit.chance import Chance
from onevoice.kit.clock import Clock

LIFE = timedelta(days=30)
KEEP = timedelta(days=30)
"""After it ran out: until then whoever opens an old confirmation is told so."""
FORGET_AT_ONCE = 10_000
USE = "privacy door"
"""What the key of doors' tokens is derived for."""


class Made(NamedTuple):
    token: str
    expires: datetime


def make(
    conn: Connection,
    nid: int,
    *,
    purpose: str | None = None,
    channel: str | None = None,
    actor: str,
    key: bytes,
    clock: Clock,
    chance: Chance,
) -> Made:
    """purpose, channel: what one click on it unsubscribes from; None of what the person is told in general."""
    now = clock.now()
    number = tokens.draw(chance)
    while not store.add_door(conn, number, nid, purpose, channel, now, actor, now + LIFE):
        number = tokens.draw(chance)
    return Made(tokens.make(number, key), now + LIFE)


def resolve(conn: Connection, token: str, *, key: bytes, now: datetime) -> Opened | None:
    """None for one that is unknown, changed or too old."""
    number = tokens.number_of(token, key)
    found = store.door(conn, number, now) if number is not None else None
    return None if found is None else Opened(*found, reference=f"door:{number}")


def housekeep(conn: Connection, now: datetime) -> int:
    """Forget doors and requests to confirm that ran out long ago. Returns: how many; call again while there are."""
    return store.forget_run_out(conn, now - KEEP, FORGET_AT_ONCE)
