"""Addresses of which nothing is heard: what comes from them is kept and stands in the thread, and opens nothing.

A block is of an identifier, so that it goes with it where people are joined and parted.
"""

from psycopg import Connection

from onevoice.domains.access.contracts import Audit
from onevoice.domains.access.service import audit
from onevoice.domains.conversations.errors import UnknownAddressError, UnknownBlockError
from onevoice.domains.conversations.service.following import CHANGED
from onevoice.domains.conversations.service.reading import Person, blocked
from onevoice.domains.conversations.store import blocks as store
from onevoice.domains.identity.service import references
from onevoice.kit import bus
from onevoice.kit.clock import Clock


def block(
    conn: Connection,
    who: Person,
    address: str,
    reason: str,
    vault_key: bytes,
    *,
    actor: str,
    account: int,
    clock: Clock,
) -> None:
    """address: `kind:value`, of this person. Once: of one that is blocked nothing changes.

    Raises: UnknownAddressError, and what a reference may raise.
    """
    nid, _ = references.locate(conn, address, vault_key)
    if address.startswith("profile:") or nid not in {each.nid for each in who.reaches}:
        raise UnknownAddressError("This customer has no such address. Load their page anew.")
    number = store.add(conn, nid, account, reason, clock.now())
    if number is not None:
        kind = address.partition(":")[0]
        told = Audit(
            actor, "address.blocked", f"profile:{who.pid}", after={"block": number, "kind": kind}, reason=reason
        )
        audit.record(conn, told, clock=clock)
        bus.notify(conn, CHANGED)


def lift(conn: Connection, who: Person, number: int, *, actor: str, account: int, clock: Clock) -> None:
    """From now on what comes is heard again; what came meanwhile stays as it is. Raises: UnknownBlockError."""
    if number not in {each.id for each in blocked(conn, who)}:
        raise UnknownBlockError("This address is not blocked any more. Load the page anew.")
    store.lift(conn, number, account, clock.now())
    told = Audit(actor, "address.unblocked", f"profile:{who.pid}", before={"block": number})
    audit.record(conn, told, clock=clock)
    bus.notify(conn, CHANGED)
