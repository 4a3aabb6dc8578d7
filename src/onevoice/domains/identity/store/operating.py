"""SQL of what operators do by hand: merge, undo, split."""

import json
from collections.abc import Sequence
from datetime import datetime
from typing import Any, NamedTuple

from psycopg import Connection

from onevoice.domains.identity.contracts import END, Edge
from onevoice.kit import arrays


class ActionRow(NamedTuple):
    id: int
    kind: str
    at: datetime
    actor: str
    reason: str
    a: int
    b: int
    detail: dict[str, Any]
    undone_at: datetime | None
    undone_by: str | None


_ACTION = "select id, kind, at, actor, reason, a, b, detail, undone_at, undone_by from identity.action"


def add_action(conn: Connection, kind: str, at: datetime, actor: str, reason: str, ends: tuple[int, int]) -> int:
    row = conn.execute(
        "insert into identity.action (kind, at, actor, reason, a, b, detail) values (%s, %s, %s, %s, %s, %s, '{}')"
        " returning id",
        (kind, at, actor, reason, *ends),
    ).fetchone()
    assert row is not None  # noqa: S101 - an insert returns its row
    return row[0]


def describe_action(conn: Connection, action: int, detail: dict[str, Any]) -> None:
    conn.execute("update identity.action set detail = %s where id = %s", (json.dumps(detail), action))


def close_action(conn: Connection, action: int, at: datetime, actor: str) -> None:
    conn.execute("update identity.action set undone_at = %s, undone_by = %s where id = %s", (at, actor, action))


def action(conn: Connection, action_id: int) -> ActionRow | None:
    row = conn.execute(_ACTION + " where id = %s", (action_id,)).fetchone()
    return ActionRow(*row) if row else None


def actions(conn: Connection, ids: Sequence[int]) -> list[ActionRow]:
    """Oldest first."""
    rows = conn.execute(_ACTION + " where id = any(%s) order by id", (list(ids),))
    return [ActionRow(*row) for row in rows]


def actions_of(conn: Connection, nodes: Sequence[int]) -> list[ActionRow]:
    """What was done by hand to any of `nodes`, newest first."""
    rows = conn.execute(
        _ACTION + " where a = any(%(n)s) or b = any(%(n)s) order by id desc limit 200", {"n": list(nodes)}
    )
    return [ActionRow(*row) for row in rows]


def latest_moment(conn: Connection) -> datetime | None:
    """The latest of what was linked and what operators did: an operator's time must lie after it."""
    row = conn.execute(
        "select greatest((select linked_at from identity.batch order by seq_to desc limit 1),"
        " (select learnt from identity.evidence where op in (2, 3, 4, 9) order by pos desc limit 1),"
        " (select at from identity.action order by id desc limit 1))"
    ).fetchone()
    return row[0] if row else None


class Crossing(NamedTuple):
    """A cannot-link between two profiles. Where it does not stand, other merges have withdrawn it."""

    a: int
    b: int
    stands: bool


def crossing_cannot(conn: Connection, left: int, right: int) -> list[Crossing]:
    """What splits have said between two profiles, also where an end is an epoch that late marks made vanish."""
    rows = conn.execute(
        "with bases as (select distinct base from identity.node where pid in (%(l)s, %(r)s)),"
        " named as (select base as nid from bases union all"
        " select n.nid from identity.node n join bases using (base) where n.base <> n.nid),"
        " said as (select distinct e.a, e.b from named join identity.evidence e on e.a = named.nid"
        " and e.op = 3 and e.tier = 0),"
        " ends as (select s.a, s.b, na.pid as pa, nb.pid as pb from said s"
        " join identity.node na on na.nid = identity.stands_at(s.a)"
        " join identity.node nb on nb.nid = identity.stands_at(s.b))"
        " select a, b, exists (select from identity.cannot c where c.a = ends.a and c.b = ends.b) from ends"
        " where (pa, pb) in ((%(l)s, %(r)s), (%(r)s, %(l)s)) order by a, b",
        {"l": left, "r": right},
    )
    return [Crossing(*row) for row in rows]


def drop_cannot(conn: Connection, pairs: Sequence[tuple[int, int]]) -> None:
    conn.execute(
        "delete from identity.cannot c using unnest(%s::bigint[], %s::bigint[]) k(a, b) where c.a = k.a and c.b = k.b",
        ([p[0] for p in pairs], [p[1] for p in pairs]),
    )


def add_cannot(conn: Connection, pairs: Sequence[tuple[int, int]], action_id: int, learnt: datetime) -> None:
    conn.execute(
        "insert into identity.cannot (a, b, act, learnt) select a, b, %s, %s"
        " from unnest(%s::bigint[], %s::bigint[]) k(a, b) on conflict do nothing",
        (action_id, learnt, [p[0] for p in pairs], [p[1] for p in pairs]),
    )


def reinstate_cannot(conn: Connection, pairs: Sequence[tuple[int, int]]) -> list[tuple[int, int]]:
    """Set those cannot-links again that no standing merge has withdrawn since a split said them. Returns: these."""
    return conn.execute(
        "insert into identity.cannot (a, b, act, learnt) select k.a, k.b, s.act, s.learnt"
        " from unnest(%s::bigint[], %s::bigint[]) k(a, b) cross join lateral (select pos, act, learnt"
        " from identity.evidence e where e.a = k.a and e.b = k.b and e.op = 3 order by pos desc limit 1) s"
        " where not exists (select from identity.evidence w join identity.action m on m.id = w.act"
        " where w.a = k.a and w.b = k.b and w.op = 4 and w.pos > s.pos and m.undone_at is null)"
        " on conflict do nothing returning a, b",
        ([p[0] for p in pairs], [p[1] for p in pairs]),
    ).fetchall()


def cannot_of(conn: Connection, nodes: Sequence[int]) -> list[tuple[int, int, int, datetime]]:
    """(a, b, action, learnt) of live cannot-links that touch `nodes` and whose two sides no merge has joined since."""
    return conn.execute(
        "select c.a, c.b, c.act, c.learnt from identity.cannot c"
        " join identity.node x on x.nid = c.a join identity.node y on y.nid = c.b and y.pid <> x.pid"
        " where c.a = any(%(n)s) or c.b = any(%(n)s) order by c.learnt",
        {"n": list(nodes)},
    ).fetchall()


def vanished_into(conn: Connection, nodes: Sequence[int]) -> dict[int, int]:
    """Epochs that late marks made vanish and whose place one of `nodes` holds now, each with its base."""
    rows = conn.execute(
        "select v.nid, v.base from identity.node n join identity.node v on v.base = n.base and v.base <> v.nid"
        " where n.nid = any(%(n)s) and v.until_at < v.from_at and identity.stands_at(v.nid) = n.nid",
        {"n": list(nodes)},
    )
    return dict(rows.fetchall())


def edges_across(conn: Connection, left: Sequence[int], right: Sequence[int]) -> list[Edge]:
    """Live edges with one end in each."""
    rows = conn.execute(
        "select tier, happened, hash, a, b from identity.edge"
        " where a = any(%(l)s) and b = any(%(r)s) or a = any(%(r)s) and b = any(%(l)s)",
        {"l": list(left), "r": list(right)},
    )
    return [Edge(tier, happened, key.bytes, a, b) for tier, happened, key, a, b in rows]


def edges_between(conn: Connection, a: int, b: int) -> list[Edge]:
    """Every live edge between any epoch of the identifier `a` and any of `b`, whichever stands first."""
    rows = conn.execute(
        "select e.tier, e.happened, e.hash, e.a, e.b from identity.edge e join identity.node x on x.nid = e.a"
        " join identity.node y on y.nid = e.b where (x.base, y.base) in ((%(a)s, %(b)s), (%(b)s, %(a)s))"
        " and e.a in"
        " (select nid from identity.node where nid in (%(a)s, %(b)s) or base in (%(a)s, %(b)s) and base <> nid)",
        {"a": a, "b": b},
    )
    return [Edge(tier, happened, key.bytes, a, b) for tier, happened, key, a, b in rows]


class Assertion(NamedTuple):
    """What the hand merge `action` says: `a` and `b`, as the ledger names them, are one person."""

    a: int
    b: int
    action: int
    happened: datetime
    hash: bytes


def standing(conn: Connection, pairs: Sequence[tuple[int, int]], known: datetime = END) -> list[Assertion]:
    """What hand merges say of `pairs` and neither an undo nor a later split has taken back, oldest first.

    known: only what had been learnt by then.
    """
    # Lateral, because nothing is known of fresh evidence: guessing, the planner has read it all for each pair.
    rows = conn.execute(
        "select k.a, k.b, e.act, e.happened, e.hash from unnest(%(a)s::bigint[], %(b)s::bigint[]) k(a, b)"
        " cross join lateral (select act, happened, hash, learnt from identity.evidence where a = k.a and b = k.b"
        " and op = 1 and tier = 1 and learnt <= %(known)s offset 0) e"
        " cross join lateral (select max(learnt) as last from identity.evidence where a = k.a and b = k.b"
        " and op = 2 and tier = 0 and learnt <= %(known)s) parted"
        " join identity.action m on m.id = e.act and (m.undone_at is null or m.undone_at > %(known)s)"
        " where parted.last is null or parted.last < e.learnt order by e.happened, e.hash",
        {"a": arrays.numbers(p[0] for p in pairs), "b": arrays.numbers(p[1] for p in pairs), "known": known},
    )
    return [Assertion(a, b, act, happened, key.bytes) for a, b, act, happened, key in rows]
