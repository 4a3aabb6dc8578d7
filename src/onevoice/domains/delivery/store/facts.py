"""SQL of what the gate is told: contacts, reach, switches, what was spent, the policy."""

from collections.abc import Sequence
from datetime import date, datetime
from typing import Any, NamedTuple

from psycopg import Connection
from psycopg.types.json import Jsonb

from onevoice.kit import arrays

MARKETING = 2


class ReachRow(NamedTuple):
    account_id: int
    nid: int
    open: bool | None
    since: datetime | None
    heard_at: datetime | None


def reach(conn: Connection, nids: Sequence[int]) -> list[ReachRow]:
    rows = conn.execute(
        "select account_id, nid, open, since, heard_at from delivery.reach where nid = any(%s)",
        (arrays.numbers(nids),),
    )
    return [ReachRow(*row) for row in rows]


class ContactRow(NamedTuple):
    """A message that somebody had, or is about to have."""

    id: int
    nid: int
    at: datetime
    channel: str
    message_class: int
    fingerprint: bytes


def contacts(conn: Connection, nids: Sequence[int], since: datetime) -> list[ContactRow]:
    """Oldest first. State 2 (sending) and what came of it counts; what failed to go out does not."""
    rows = conn.execute(
        "select id, nid, contacted_at, channel, class, fingerprint from delivery.message"
        " where nid = any(%s) and contacted_at > %s order by contacted_at, id",
        (arrays.numbers(nids), since),
    )
    return [ContactRow(row[0], row[1], row[2], row[3], row[4], row[5].bytes) for row in rows]


def switches(conn: Connection) -> list[str]:
    return [row[0] for row in conn.execute("select scope from delivery.kill_switch order by scope")]


class Switch(NamedTuple):
    scope: str
    thrown_at: datetime
    thrown_by: str
    reason: str


def switch_rows(conn: Connection) -> list[Switch]:
    rows = conn.execute("select scope, thrown_at, thrown_by, reason from delivery.kill_switch order by thrown_at desc")
    return [Switch(*row) for row in rows]


def throw_switch(conn: Connection, switch: Switch) -> bool:
    done = conn.execute(
        "insert into delivery.kill_switch (scope, thrown_at, thrown_by, reason) values (%s, %s, %s, %s)"
        " on conflict do nothing",
        switch,
    )
    return done.rowcount == 1


def release_switch(conn: Connection, scope: str) -> bool:
    return conn.execute("delete from delivery.kill_switch where scope = %s", (scope,)).rowcount == 1


def spent(conn: Connection, month: date) -> dict[str, int]:
    """By site, what marketing cost in that month."""
    return dict(conn.execute("select site, minor from delivery.spent where month = %s", (month,)).fetchall())


def add_spent(conn: Connection, site: str, month: date, minor: int) -> None:
    conn.execute(
        "insert into delivery.spent as s (site, month, minor) values (%s, %s, %s)"
        " on conflict (site, month) do update set minor = s.minor + excluded.minor",
        (site, month, minor),
    )


class PolicyRow(NamedTuple):
    version: int
    body: dict[str, Any]
    made_at: datetime
    made_by: str


def policy(conn: Connection, version: int | None = None) -> PolicyRow | None:
    """The one in force, or a version."""
    row = conn.execute(
        "select version, body, made_at, made_by from delivery.policy where %(version)s::int is null"
        " or version = %(version)s order by version desc limit 1",
        {"version": version},
    ).fetchone()
    return None if row is None else PolicyRow(*row)


def policies(conn: Connection, before: int | None, limit: int) -> list[PolicyRow]:
    rows = conn.execute(
        "select version, body, made_at, made_by from delivery.policy where version < coalesce(%s, 2147483647)"
        " order by version desc limit %s",
        (before, limit),
    )
    return [PolicyRow(*row) for row in rows]


def add_policy(conn: Connection, row: PolicyRow) -> bool:
    done = conn.execute(
        "insert into delivery.policy (version, body, made_at, made_by) values (%s, %s, %s, %s) on conflict do nothing",
        (row.version, Jsonb(row.body), row.made_at, row.made_by),
    )
    return done.rowcount == 1


def lock_people(conn: Connection, pids: Sequence[int]) -> set[int]:
    """Whose turn it is in this transaction: of these people those that no other transaction judges just now.

    Always in one order, so that two never wait for each other.
    """
    wanted = sorted(set(pids))
    got = _lock(conn, wanted)
    missing = [pid for pid in wanted if pid not in got]
    if not missing:
        return got
    there = {
        row[0] for row in conn.execute("select pid from delivery.turn where pid = any(%s)", (arrays.numbers(missing),))
    }
    new = [pid for pid in missing if pid not in there]
    if new:
        conn.execute(
            "insert into delivery.turn (pid) select * from unnest(%s::bigint[]) on conflict do nothing",
            (arrays.numbers(new),),
        )
        got |= _lock(conn, new)
    return got


def _lock(conn: Connection, pids: Sequence[int]) -> set[int]:
    rows = conn.execute(
        "select pid from delivery.turn where pid = any(%s) order by pid for update skip locked", (arrays.numbers(pids),)
    )
    return {row[0] for row in rows}
