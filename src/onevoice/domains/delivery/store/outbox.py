"""SQL of the outbox: what is due, what is on its way, what came of it."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Final, NamedTuple

from psycopg import Connection

from onevoice.domains.delivery.store.messages import PRIORITIES
from onevoice.kit import arrays

QUEUED: Final = "1"
SENDING: Final = "2"
CONVERSATIONAL: Final = "1"
"""As literals in SQL, so that the partial indexes are used."""


class DueRow(NamedTuple):
    """A message whose time has come; locked."""

    id: int
    key: str
    person: int
    nid: int
    account_id: int
    channel: str
    site: str
    wish: tuple[str, ...]
    message_class: int
    purpose: str
    priority: int
    fingerprint: bytes
    template: int | None
    version: int | None
    attempt: int
    answers: int | None
    first_cost_minor: int | None
    """What was reserved for it, where it was tried before."""


def due(conn: Connection, account_id: int, at: datetime, limit: int) -> list[DueRow]:
    """The first that are due, the more urgent first, locked; those that another sender has are passed over.

    Each priority is looked up by itself: a million that are due next week are then never read.
    """
    rows = conn.execute(
        "select m.id, m.key, m.person, m.nid, m.account_id, m.channel, m.site, m.wish, m.class, m.purpose, m.priority,"
        " m.fingerprint, m.template_id, m.version, m.attempt, m.answers, m.cost_minor"
        " from generate_series(0, %s) p cross join lateral (select * from delivery.message"
        f" where account_id = %s and priority = p and state = {QUEUED} and due_at <= %s order by due_at, id limit %s"
        " for update skip locked) m limit %s",
        (PRIORITIES - 1, account_id, at, limit, limit),
    )
    return [DueRow(*row)._replace(wish=tuple(row[7]), fingerprint=row[11].bytes) for row in rows]


def next_due(conn: Connection, account_id: int) -> datetime | None:
    """When the next message of an account is due."""
    row = conn.execute(
        "select min(due_at) from generate_series(0, %s) p cross join lateral (select due_at from delivery.message"
        f" where account_id = %s and priority = p and state = {QUEUED} order by due_at, id limit 1) m",
        (PRIORITIES - 1, account_id),
    ).fetchone()
    return row[0] if row else None


def start(conn: Connection, costs: Sequence[tuple[int, int]], at: datetime, until: datetime) -> None:
    """They, (id, cost), are on their way from now on, and count as contacts."""
    conn.execute(
        f"update delivery.message m set state = {SENDING}, attempt = attempt + 1, lease_until = %s,"
        " contacted_at = %s, cost_minor = s.cost from unnest(%s::bigint[], %s::int[]) s (id, cost) where m.id = s.id",
        (until, at, arrays.numbers(number for number, _ in costs), arrays.numbers(cost for _, cost in costs)),
    )


def postpone(conn: Connection, waits: Mapping[int, datetime]) -> None:
    """Not a decision: its address, or its person, has another message in this moment. waits: until when, by id."""
    conn.execute(
        "update delivery.message m set due_at = t.until from unnest(%s::bigint[], %s::timestamptz[]) t (id, until)"
        " where m.id = t.id",
        (arrays.numbers(waits), arrays.times(waits.values())),
    )


class Turn(NamedTuple):
    """The first answer to an address that is begun and not over. until: when it is tried again; None: it is on its
    way.
    """

    id: int
    until: datetime | None


def turns(conn: Connection, account_id: int, nids: Sequence[int], at: datetime, upto: datetime) -> dict[int, Turn]:
    """Whose turn it is, by address. What is due until `upto` may be waiting for its turn; what is asked for, for a
    later time, stands in nobody's way.
    """
    rows = conn.execute(
        "select distinct on (nid) nid, id, case when due_at > %(at)s then due_at end from delivery.message"
        f" where nid = any(%(nids)s) and class = {CONVERSATIONAL} and state in ({QUEUED}, {SENDING})"
        f" and account_id = %(account)s and (state = {SENDING} or attempt > 0 or due_at <= %(upto)s) order by nid, id",
        {"at": at, "upto": upto, "nids": arrays.numbers(nids), "account": account_id},
    )
    return {row[0]: Turn(*row[1:]) for row in rows}


def last_contacts(conn: Connection, account_id: int, nids: Sequence[int], since: datetime) -> set[int]:
    """Addresses that an account of ours wrote to after `since`."""
    rows = conn.execute(
        "select nid from delivery.message where nid = any(%s) and contacted_at > %s and account_id = %s",
        (arrays.numbers(nids), since, account_id),
    )
    return {row[0] for row in rows}


class Turned(NamedTuple):
    """A message that is not sent just now: another time, another address, or never."""

    id: int
    state: int
    due_at: datetime
    account_id: int | None
    nid: int | None
    channel: str | None
    rule: str | None
    reason: str | None


def turn(conn: Connection, rows: Sequence[Turned], at: datetime) -> None:
    conn.execute(
        "update delivery.message m set state = t.state, due_at = t.due_at, account_id = t.account_id, nid = t.nid,"
        " channel = t.channel, rule = nullif(t.rule, ''), reason = nullif(t.reason, ''),"
        f" ended_at = case when t.state = {QUEUED} then null else %s end"
        " from unnest(%s::bigint[], %s::smallint[], %s::timestamptz[], %s::int[], %s::bigint[], %s::text[], %s::text[],"
        " %s::text[]) t (id, state, due_at, account_id, nid, channel, rule, reason) where m.id = t.id",
        (
            at,
            arrays.numbers(row.id for row in rows),
            arrays.numbers(row.state for row in rows),
            arrays.times(row.due_at for row in rows),
            [row.account_id for row in rows],
            [row.nid for row in rows],
            [row.channel for row in rows],
            [row.rule for row in rows],
            [row.reason for row in rows],
        ),
    )


class Done(NamedTuple):
    """What came of an attempt. state: what the message becomes; due_at: for one that is tried again."""

    id: int
    attempt: int
    state: int
    due_at: datetime | None
    sent_at: datetime | None
    ended_at: datetime | None
    provider_id: str | None
    parts: int | None
    cost_minor: int | None
    rule: str | None
    reason: str | None
    counts: bool
    """As a contact: it went out, or may have."""
    tried: bool = True
    """False where it was the account that could not, and the message was not tried at all."""


def settle(conn: Connection, rows: Sequence[Done]) -> set[int]:
    """Those that were still ours: of one whose lease ran out somebody else has made something meanwhile."""
    found = conn.execute(
        "update delivery.message m set state = t.state, due_at = coalesce(t.due_at, m.due_at),"
        " sent_at = coalesce(t.sent_at, m.sent_at), ended_at = t.ended_at, provider_id = t.provider_id,"
        " parts = t.parts, cost_minor = coalesce(t.cost_minor, m.cost_minor), rule = t.rule,"
        " reason = t.reason, lease_until = null,"
        " contacted_at = case when t.counts then m.contacted_at end, attempt = m.attempt - (not t.tried)::int"
        " from unnest(%s::bigint[], %s::smallint[], %s::smallint[], %s::timestamptz[], %s::timestamptz[],"
        " %s::timestamptz[], %s::text[], %s::smallint[], %s::int[], %s::text[], %s::text[], %s::boolean[],"
        " %s::boolean[]) t (id, attempt, state, due_at, sent_at, ended_at, provider_id, parts, cost_minor, rule,"
        " reason, counts, tried)"
        f" where m.id = t.id and m.attempt = t.attempt and m.state = {SENDING} returning m.id",
        tuple(list(column) for column in zip(*rows, strict=True)),
    )
    return {row[0] for row in found}


def release_costs(conn: Connection, ids: Sequence[int]) -> dict[str, int]:
    """By site what marketing messages that failed had reserved; they cost nothing now."""
    rows = conn.execute(
        "with freed as (select id, site, cost_minor from delivery.message where id = any(%s) and class = 2"
        " and cost_minor > 0 for update), cleared as (update delivery.message m set cost_minor = null from freed"
        " where m.id = freed.id) select site, sum(cost_minor)::bigint from freed group by site",
        (arrays.numbers(ids),),
    )
    return dict(rows.fetchall())


def tried_since(conn: Connection, ids: Sequence[int]) -> dict[int, datetime]:
    """When each was first tried in vain."""
    rows = conn.execute(
        "select message_id, min(at) from delivery.attempt where message_id = any(%s) and outcome = 'retry' group by 1",
        (arrays.numbers(ids),),
    )
    return dict(rows.fetchall())


class TroubleRow(NamedTuple):
    message_id: int
    number: int
    account_id: int
    at: datetime
    outcome: str
    code: str
    detail: str


def add_attempts(conn: Connection, rows: Sequence[TroubleRow]) -> None:
    conn.execute(
        "insert into delivery.attempt (message_id, number, account_id, at, outcome, code, detail)"
        " select * from unnest(%s::bigint[], %s::smallint[], %s::int[], %s::timestamptz[], %s::text[], %s::text[],"
        " %s::text[]) on conflict do nothing",
        tuple(list(column) for column in zip(*rows, strict=True)),
    )


class Stray(NamedTuple):
    """A message whose sender died: nobody knows whether the provider has it."""

    id: int
    attempt: int
    account_id: int
    channel: str


def strays(conn: Connection, at: datetime, limit: int) -> list[Stray]:
    rows = conn.execute(
        f"select id, attempt, account_id, channel from delivery.message where state = {SENDING} and lease_until < %s"
        " order by lease_until limit %s for update skip locked",
        (at, limit),
    )
    return [Stray(*row) for row in rows]


def reroute(conn: Connection, account_id: int, to: int, limit: int) -> int:
    """Let another account send what waits for this one."""
    done = conn.execute(
        "with waiting as (select id from delivery.message"
        f" where account_id = %s and state = {QUEUED} limit %s for update skip locked)"
        " update delivery.message m set account_id = %s from waiting where m.id = waiting.id",
        (account_id, limit, to),
    )
    return done.rowcount
