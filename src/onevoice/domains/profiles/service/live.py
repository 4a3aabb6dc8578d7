"""Events as they arrive: who they belong to, what they say, how fast they come."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from psycopg import Connection

from onevoice.domains.identity.contracts import Member, SourceInfo, StoredEvent
from onevoice.domains.identity.service import reading as identity
from onevoice.domains.profiles.rules import live as rules
from onevoice.domains.profiles.rules.cards import display_name
from onevoice.domains.profiles.store import folds as store
from onevoice.kit.clock import Clock

RATE_SECONDS = 120
END_OF_TIME = 2**63 - 1
TEXT_MOST = 5_000
DOORS_MOST = 100_000
"""So many events are looked through for one page: read whole for a text in them, by their index for a door."""
CHUNK = 500
LOOK_SECONDS = 0.5
"""After this long no further chunk is read."""
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


@dataclass(frozen=True)
class Asked:
    """Which events are wanted: newest first before `before_seq`, of these doors, with this text in them."""

    before_seq: int | None = None
    channels: Sequence[str] = ()
    text: rules.Wanted | None = None
    limit: int = 200


@dataclass(frozen=True)
class Page:
    """Events, newest first.

    looked: how many were looked through. next_before: where older ones begin, None where none are kept.
    stopped_early: the page is short because enough had been looked through, not because there is no more.
    """

    events: list[LiveEvent]
    looked: int
    next_before: int | None
    stopped_early: bool


def page(conn: Connection, asked: Asked, *, sources: Mapping[int, SourceInfo], clock: Clock) -> Page:
    """Looks through so many events as can be answered for soon; whoever wants more goes on from `next_before`."""
    first = identity.first_seq(conn)
    start = min(asked.before_seq or END_OF_TIME, identity.last_seq(conn) + 1)
    if first is None or start <= first:
        return Page([], 0, None, stopped_early=False)
    enough = max(first, start - _most(asked, start))
    began = clock.monotonic()
    found: list[LiveEvent] = []
    at = start
    while at > enough and len(found) <= asked.limit and clock.monotonic() - began < LOOK_SECONDS:
        stop = max(enough, at - CHUNK) if asked.text else enough
        limit = CHUNK if asked.text else asked.limit + 1
        rows = identity.newest(conn, before_seq=at, from_seq=stop, channels=asked.channels, limit=limit)
        found += _passing(_with_people(conn, rows), asked.text, sources)
        at = stop
    if len(found) > asked.limit:
        found = found[: asked.limit]
        at = found[-1].event.seq
        return Page(found, start - at, at, stopped_early=False)
    more = at > first
    return Page(found, start - at, at if more else None, stopped_early=more)


def _most(asked: Asked, start: int) -> int:
    """So many events may be looked through for one page."""
    if asked.text:
        return TEXT_MOST
    return DOORS_MOST if asked.channels else start


def _passing(events: list[LiveEvent], text: rules.Wanted | None, sources: Mapping[int, SourceInfo]) -> list[LiveEvent]:
    if text is None:
        return events
    names = {source.id: source.name for source in sources.values()}
    return [
        one for one in events if rules.passes(text, one.event, one.member, one.name, names.get(one.event.source_id, ""))
    ]


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
