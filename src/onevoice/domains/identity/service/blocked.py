"""Blocked values: what people and programs type when they have nothing to type. They name nobody.

A change is in force for the events that are linked from then on, within one batch. What a value tied before stays as it
is: a split parts it.
"""

from collections.abc import Iterable
from datetime import datetime

from psycopg import Connection

from onevoice.domains.identity.errors import (
    AlreadyBlockedError,
    NotBlockedError,
    TooManyBlockedError,
    UnblockableError,
)
from onevoice.domains.identity.rules.normalise import MAX_LENGTH, readings
from onevoice.domains.identity.rules.observe import digest_of
from onevoice.domains.identity.store import blocked as store
from onevoice.domains.identity.store import linking as sql
from onevoice.domains.identity.store.blocked import Blocked, Held

ANY_KIND = "*"
MAX_BLOCKED = 10_000


def page(conn: Connection, *, after: tuple[str, str], kind: str | None, text: str, limit: int) -> list[Blocked]:
    """By kind and value."""
    return store.page(conn, after, kind, text.casefold(), limit)


def compared(conn: Connection, kind: str, value: str, regions: Iterable[str] = ()) -> str:
    """The form in which the value is compared. Raises: UnblockableError."""
    text = value.strip()
    if not text or len(text) > MAX_LENGTH or not text.isprintable():
        raise UnblockableError(f"A value has 1 to {MAX_LENGTH} visible characters.")
    if kind != ANY_KIND and kind not in {each.name for each in sql.kinds(conn)}:
        raise UnblockableError(f"There is no kind {kind[:80]!r}. {ANY_KIND!r} stands for any.")
    forms = readings(kind, text, regions) if kind != ANY_KIND else []
    if len(forms) > 1:
        raise UnblockableError(f"{text!r} is a number in more than one country. Write it with its country code.")
    return (forms[0] if forms else text).casefold()


def rehearse(
    conn: Connection, kind: str, value: str, vault_key: bytes, regions: Iterable[str] = ()
) -> tuple[str, list[Held]]:
    """The form in which the value would be compared, and who has it now: as it was typed, or in the form it is compared
    in. Raises: UnblockableError.
    """
    form = compared(conn, kind, value, regions)
    kinds = [each.name for each in sql.kinds(conn)] if kind == ANY_KIND else [kind]
    forms = {(each, found) for each in kinds for found in (*readings(each, value.strip(), regions), form)}
    return form, store.held(conn, [digest_of(vault_key, *each) for each in sorted(forms)])


def block(
    conn: Connection, kind: str, value: str, *, actor: str, now: datetime, regions: Iterable[str] = ()
) -> Blocked:
    """Raises: UnblockableError, AlreadyBlockedError, TooManyBlockedError."""
    one = Blocked(kind, compared(conn, kind, value, regions), now, actor)
    if store.count(conn) >= MAX_BLOCKED:
        raise TooManyBlockedError(f"{MAX_BLOCKED:,} values are blocked already. Take some away first.")
    if not store.add(conn, one):
        raise AlreadyBlockedError("This value is on the list.")
    store.changed(conn)
    return one


def unblock(conn: Connection, kind: str, value: str) -> None:
    """`value` as it stands on the list. Raises: NotBlockedError."""
    if not store.remove(conn, kind, value):
        raise NotBlockedError("This value is not on the list.")
    store.changed(conn)
