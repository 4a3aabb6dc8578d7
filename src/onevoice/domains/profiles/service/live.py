"""Events as they arrive: who they belong to, what they say, how fast they come."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from psycopg import Connection

from onevoice.domains.identity.contracts import Member, StoredEvent
from onevoice.domains.identity.service import reading as identity
from onevoice.domains.profiles.rules.cards import display_name
from onevoice.domains.profiles.store import folds as store

RATE_SECONDS = 120
SUMMARY_KEYS = ("text", "name", "title", "product_name", "query", "subject", "order_id")
NAME_TRAITS = ("name", "fullName", "full_name", "firstName", "first_name", "lastName", "last_name")


@dataclass(frozen=True)
class LiveEvent:
    """A linked event with the person it belongs to now."""

    event: StoredEvent
    member: Member
    pid: int
    name: str | None
    summary: str | None


def newest(
    conn: Connection, *, before_seq: int | None = None, channels: Sequence[str] = (), limit: int = 200
) -> list[LiveEvent]:
    """The latest linked events, newest first."""
    return _with_people(conn, identity.newest(conn, before_seq=before_seq, channels=channels, limit=limit))


def since(conn: Connection, after_seq: int, limit: int) -> list[LiveEvent]:
    """Events linked after `after_seq`, oldest first; of more than `limit` the newest."""
    return _with_people(conn, identity.since(conn, after_seq, limit))


def rate(conn: Connection, now: datetime) -> list[tuple[datetime, dict[str, int]]]:
    """How many events each door brought, second by second, over the last two minutes."""
    seconds: dict[datetime, dict[str, int]] = {}
    for second, channel, n in identity.per_second(conn, now - timedelta(seconds=RATE_SECONDS)):
        seconds.setdefault(second, {})[channel] = n
    return sorted(seconds.items())


def _with_people(conn: Connection, events: list[StoredEvent]) -> list[LiveEvent]:
    if not events:
        return []
    owners = identity.owners(conn, events)
    members = identity.members_by_nid(conn, sorted({nid for nid, _ in owners}))
    names = names_of(conn, sorted({pid for _, pid in owners}))
    shown = identity.reveal(conn, events)
    return [
        LiveEvent(event, members[nid], pid, names.get(pid), _summary(event))
        for event, (nid, pid) in zip(shown, owners, strict=True)
    ]


def names_of(conn: Connection, pids: Sequence[int]) -> dict[int, str]:
    """Display names of the profiles that have one."""
    pid_of = {member.nid: pid for pid, member in identity.members_of(conn, pids)}
    best: dict[tuple[int, str], store.TraitRow] = {}
    for row in store.some_traits_of(conn, list(pid_of), NAME_TRAITS):
        key = (pid_of[row.nid], row.key)
        known = best.get(key)
        if known is None or (row.happened, row.priority, row.hash) > (known.happened, known.priority, known.hash):
            best[key] = row
    values = identity.open_values(conn, [row.value for row in best.values()])
    traits: dict[int, dict[str, Any]] = {}
    for (pid, key), value in zip(best, values, strict=True):
        traits.setdefault(pid, {})[key] = value
    return {pid: name for pid, found in traits.items() if (name := display_name(found)) is not None}


def _summary(event: StoredEvent) -> str | None:
    """A few words that tell the event apart, in the words of whoever sent it."""
    properties = event.body.get("properties", {})
    for key in SUMMARY_KEYS:
        value = properties.get(key)
        if isinstance(value, str | int) and not isinstance(value, bool):
            return str(value)[:200]
    title = event.body.get("name")
    return title[:200] if isinstance(title, str) else None
