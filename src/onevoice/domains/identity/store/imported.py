"""SQL of imports and of their undo: which events came by which import, and what is known without them."""

from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from psycopg import Connection

from onevoice.domains.identity.contracts import END, Evidence
from onevoice.kit import arrays

Place = tuple[int, datetime, bytes]
"""(anchor, happened, hash): where an event lies."""


def add(conn: Connection, rows: Sequence[tuple[int, int, datetime, bytes]]) -> None:
    """(import, anchor, happened, hash) of events that were linked."""
    if rows:
        conn.execute(
            "insert into identity.imported (import_id, nid, happened, hash) select * from"
            " unnest(%s::bigint[], %s::bigint[], %s::timestamptz[], %s::uuid[]) on conflict do nothing",
            (
                arrays.numbers(row[0] for row in rows),
                arrays.numbers(row[1] for row in rows),
                arrays.times(row[2] for row in rows),
                arrays.hexes(row[3] for row in rows),
            ),
        )


def note_again(conn: Connection, rows: Sequence[tuple[bytes, int]]) -> None:
    """Remember who else, (hash, import or 0), said what an import had said first: it stays when that is undone."""
    conn.execute(
        "insert into identity.said_again (hash, import_id) select distinct k.hash, k.import_id"
        " from unnest(%s::uuid[], %s::bigint[]) k(hash, import_id)"
        " join identity.imported i on i.hash = k.hash and i.import_id <> k.import_id on conflict do nothing",
        (arrays.hexes(row[0] for row in rows), arrays.numbers(row[1] for row in rows)),
    )


def recall(conn: Connection, rows: Sequence[tuple[int, datetime]]) -> set[int]:
    """Nodes that were forgotten are known again, (node, since when). Returns: their profiles."""
    if conn.execute("select 1 from identity.node where learnt > '9999-01-01 00:00:00+00' limit 1").fetchone() is None:
        return set()
    recalled = conn.execute(
        "update identity.node n set learnt = k.learnt from (select nid, min(learnt) as learnt"
        " from unnest(%s::bigint[], %s::timestamptz[]) k(nid, learnt) group by nid) k"
        " where n.nid = k.nid and n.learnt > '9999-01-01 00:00:00+00' returning n.pid",
        (arrays.numbers(row[0] for row in rows), arrays.times(row[1] for row in rows)),
    )
    return {row[0] for row in recalled}


# Taking an import back


def by_index(conn: Connection) -> None:
    """As in linking: to the end of the transaction no table is read whole, however small the planner takes it to be."""
    conn.execute("set local enable_seqscan = off")


def count(conn: Connection, import_id: int) -> int:
    row = conn.execute("select count(*) from identity.imported where import_id = %s", (import_id,)).fetchone()
    return row[0] if row else 0


def take_places(conn: Connection, import_id: int, limit: int) -> list[Place]:
    """Strike some of the import's events off its list, one anchor after the other, of each the latest first. Returns:
    where they lie.

    What the first of a long row says is so withdrawn with the last step, and not said by the next of the row at each.
    """
    rows = conn.execute(
        "with next as (select import_id, nid, happened, hash from identity.imported where import_id = %s"
        " order by nid desc, happened desc, hash desc limit %s)"
        " delete from identity.imported i using next n where i.import_id = n.import_id and i.nid = n.nid"
        " and i.happened = n.happened and i.hash = n.hash returning i.nid, i.happened, i.hash",
        (import_id, limit),
    )
    return sorted((nid, happened, found.bytes) for nid, happened, found in rows)


def unfinished(conn: Connection, import_id: int, anchors: Sequence[int]) -> set[int]:
    """Those of `anchors` at which more of the import's events lie."""
    rows = conn.execute(
        "select k.nid from unnest(%s::bigint[]) k(nid)"
        " where exists (select from identity.imported i where i.import_id = %s and i.nid = k.nid)",
        (arrays.numbers(anchors), import_id),
    )
    return {row[0] for row in rows}


def forget_again(conn: Connection, import_id: int) -> None:
    """What the import said again of others does not count any more."""
    conn.execute("delete from identity.said_again where import_id = %s", (import_id,))


def hand_over(conn: Connection, places: Sequence[Place]) -> set[bytes]:
    """Give those events that somebody else said too to these: another import, or nobody's. Returns: their hashes."""
    rows = conn.execute(
        "select a.hash, min(a.import_id) from identity.said_again a where a.hash = any(%s::uuid[]) group by a.hash",
        (arrays.hexes(place[2] for place in places),),
    )
    heirs = {found.bytes: heir for found, heir in rows}
    if heirs:
        add(conn, [(heirs[place[2]], *place) for place in places if heirs.get(place[2])])
        conn.execute(
            "delete from identity.said_again a using unnest(%s::uuid[], %s::bigint[]) k(hash, heir)"
            " where a.hash = k.hash and (a.import_id = k.heir or k.heir = 0)",
            (arrays.hexes(heirs), arrays.numbers(heirs.values())),
        )
    return set(heirs)


class Gone(NamedTuple):
    """An event that was taken back."""

    nid: int
    happened: datetime
    hash: bytes
    learnt: datetime
    ids: Sequence[int]


def take_events(conn: Connection, import_id: int, places: Sequence[Place], at: datetime) -> list[Gone]:
    """Move events to where only those find them who ask for what was known before."""
    rows = conn.execute(
        "with gone as (delete from identity.event e using unnest(%s::bigint[], %s::timestamptz[], %s::uuid[])"
        " k(nid, happened, hash) where e.nid = k.nid and e.happened = k.happened and e.hash = k.hash returning e.*)"
        " insert into identity.withdrawn select gone.*, %s, %s from gone returning nid, happened, hash, learnt, ids",
        (
            arrays.numbers(place[0] for place in places),
            arrays.times(place[1] for place in places),
            arrays.hexes(place[2] for place in places),
            at,
            import_id,
        ),
    )
    return [Gone(nid, happened, found.bytes, learnt, ids) for nid, happened, found, learnt, ids in rows]


# Evidence

_EVIDENCE = "select e.pos, e.op, e.a, e.b, e.tier, e.happened, e.learnt, e.hash, e.act from "


def evidence_of(conn: Connection, gone: Sequence[Gone]) -> list[Evidence]:
    """What events said of the nodes they carry, withdrawals included. A message may have come with another moment too:
    what it said then is not theirs.
    """
    rows = conn.execute(
        _EVIDENCE + "unnest(%s::uuid[], %s::timestamptz[]) k(hash, happened) join identity.evidence e"
        " on e.hash = k.hash and e.happened = k.happened where e.a = any(%s::bigint[])",
        (
            arrays.hexes(each.hash for each in gone),
            arrays.times(each.happened for each in gone),
            arrays.numbers({nid for each in gone for nid in each.ids}),
        ),
    )
    return [_evidence(*row) for row in rows]


def evidence_between(conn: Connection, pairs: Sequence[tuple[int, int]]) -> list[Evidence]:
    """What the ledger says of pairs, and all withdrawals of their first ends."""
    rows = conn.execute(
        _EVIDENCE + "unnest(%s::bigint[], %s::bigint[]) k(a, b) join identity.evidence e on e.a = k.a and e.b = k.b"
        " union " + _EVIDENCE + "identity.evidence e where e.a = any(%s::bigint[]) and e.op = 9",
        (
            arrays.numbers(pair[0] for pair in pairs),
            arrays.numbers(pair[1] for pair in pairs),
            arrays.numbers({pair[0] for pair in pairs}),
        ),
    )
    return [_evidence(*row) for row in rows]


def _evidence(
    pos: int,
    op: int,
    a: int,
    b: int | None,
    tier: int,
    happened: datetime,
    learnt: datetime,
    found: UUID,
    act: int | None,
) -> Evidence:
    return Evidence(pos, op, a, b, tier, happened, learnt, found.bytes, act)


class Carried(NamedTuple):
    """An event that carries both of a pair, one of which is its anchor."""

    a: int
    b: int
    anchor: int
    happened: datetime
    hash: bytes
    learnt: datetime
    source_id: int

    @property
    def tie(self) -> tuple[datetime, bytes]:
        return self.happened, self.hash


def events_with(conn: Connection, pairs: Sequence[tuple[int, int]]) -> list[Carried]:
    """The events that carry both of a pair and are anchored to one of it, in the order they were learnt."""
    rows = conn.execute(
        "select k.a, k.b, e.nid, e.happened, e.hash, e.learnt, e.source_id"
        " from unnest(%s::bigint[], %s::bigint[]) k(a, b) join identity.event e on e.nid = any(array[k.a, k.b])"
        " and e.ids @> array[k.a, k.b] order by e.learnt, e.happened, e.hash",
        (arrays.numbers(pair[0] for pair in pairs), arrays.numbers(pair[1] for pair in pairs)),
    )
    return [Carried(a, b, nid, happened, found.bytes, at, source) for a, b, nid, happened, found, at, source in rows]


def holders_ever(conn: Connection, bases: Sequence[int]) -> list[tuple[int, int]]:
    """(shared identifier, whoever logged in on it at any time)."""
    return conn.execute(
        "select distinct a, b from identity.evidence where a = any(%s::bigint[]) and op = 5",
        (arrays.numbers(bases),),
    ).fetchall()


# Since when nodes are known


def learnt_of(conn: Connection, nodes: Sequence[int]) -> dict[int, datetime]:
    rows = conn.execute("select nid, learnt from identity.node where nid = any(%s::bigint[])", (arrays.numbers(nodes),))
    return dict(rows.fetchall())


def first_learnt(conn: Connection, nodes: Sequence[int]) -> dict[int, datetime]:
    """When the first event was learnt that carries each node, for those that any carries. Such an event is anchored to
    the node itself, or to one that the ledger names beside it.
    """
    rows = conn.execute(
        "with asked as (select unnest(%s::bigint[]) as nid),"
        " beside as (select nid, nid as anchor from asked"
        "  union select k.nid, e.b from asked k join identity.evidence e on e.a = k.nid where e.b is not null"
        "  union select k.nid, e.a from asked k join identity.evidence e on e.b = k.nid)"
        " select b.nid, min(e.learnt) from beside b join identity.event e on e.nid = b.anchor"
        " and e.ids @> array[b.nid] group by b.nid",
        (arrays.numbers(nodes),),
    )
    return dict(rows.fetchall())


def set_learnt(conn: Connection, rows: Sequence[tuple[int, datetime]], at: datetime) -> None:
    """(node, since when it is known now). What was known of it until `at` is kept."""
    given = (arrays.numbers(row[0] for row in rows), arrays.times(row[1] for row in rows))
    conn.execute(
        "insert into identity.known_before (nid, learnt, until_at) select n.nid, n.learnt, %s"
        " from unnest(%s::bigint[]) k(nid) join identity.node n on n.nid = k.nid",
        (at, given[0]),
    )
    conn.execute(
        "update identity.node n set learnt = k.learnt from unnest(%s::bigint[], %s::timestamptz[]) k(nid, learnt)"
        " where n.nid = k.nid",
        given,
    )


def known_then(conn: Connection, nodes: Sequence[int], at: datetime) -> dict[int, datetime]:
    """Since when those of `nodes` were known that were known at `at`."""
    rows = conn.execute(
        "select nid, min(learnt) from (select nid, learnt from identity.node where nid = any(%(n)s::bigint[])"
        " and learnt <= %(at)s union all select nid, learnt from identity.known_before"
        " where nid = any(%(n)s::bigint[]) and learnt <= %(at)s and until_at > %(at)s) k group by nid",
        {"n": arrays.numbers(nodes), "at": at},
    )
    return dict(rows.fetchall())


FORGOTTEN = END
"""When a node was learnt that no event carries any more."""
