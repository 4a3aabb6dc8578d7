"""Sealing in one transaction over both domains: identity's events, and the traits that were folded from them."""

from datetime import datetime

from psycopg import Connection

from onevoice.domains.events.service import plan
from onevoice.domains.identity.contracts import Sealing
from onevoice.domains.identity.service import reading
from onevoice.domains.identity.service import sealing as identity
from onevoice.domains.identity.service.sealing import Sealed
from onevoice.domains.profiles.store import folds as store


def follow(conn: Connection, known: plan.Personal | None, at: datetime) -> plan.Personal:
    """Begin with what has been declared personal since `known`, which is None at first. Gives what is personal now."""
    now = plan.personal(conn, known or plan.NOTHING_PERSONAL)
    if known is None or now.paths is not known.paths:
        identity.follow(conn, now, at)
    return now


def step(conn: Connection, vault_key: bytes, at: datetime) -> Sealed:
    """Seal some events, and the traits they have set."""
    sealed = identity.step(conn, vault_key, at)
    if sealed.traits:
        store.replace_traits(conn, reading.epochs_of(conn, sorted(sealed.bases)), sealed.traits)
    return sealed


def progress(conn: Connection) -> list[Sealing]:
    return identity.progress(conn)
