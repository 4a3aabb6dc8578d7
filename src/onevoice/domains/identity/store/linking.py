"""SQL of the linking transaction: nodes, evidence, edges, the vault, anchored events. Set-based throughout."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from functools import lru_cache
from itertools import islice
from typing import LiteralString, NamedTuple

import msgspec
from psycopg import Connection

from onevoice.domains.identity.contracts import (
    Edge,
    Kind,
    Node,
)
from onevoice.kit import arrays

LINKER_LOCK = 720_185_002


class NewNode(msgspec.Struct, gc=False):
    nid: int
    kind: int
    digest: bytes
    base: int
    from_at: datetime
    until_at: datetime
    mark: bytes | None
    logout: bool | None
    learnt: datetime


class EvidenceRow(msgspec.Struct, gc=False):
    op: int
    a: int
    b: int | None
    tier: int
    happened: datetime
    learnt: datetime
    hash: bytes
    source_id: int | None
    act: int | None


class VaultRow(msgspec.Struct, gc=False):
    id: int
    nid: int
    key: str
    digest: bytes
    value: bytes
    """JSON."""


def lock_linker(conn: Connection) -> None:
    """One linker or one operator action at a time; held to the end of the transaction."""
    conn.execute("select pg_advisory_xact_lock(%s)", (LINKER_LOCK,))


def kinds(conn: Connection) -> list[Kind]:
    rows = conn.execute("select id, name, priority, per_profile, per_profile_weak, shared from identity.kind")
    return [Kind(*row) for row in rows]


def add_external_kind(conn: Connection, name: str) -> None:
    conn.execute(
        "insert into identity.kind select greatest(99, max(id)) + 1, %s, 3, 1, 1, false from identity.kind"
        " on conflict (name) do nothing",
        (name,),
    )


def blocked(conn: Connection) -> set[tuple[str, str]]:
    return {(row[0], row[1]) for row in conn.execute("select kind, value from identity.blocked")}


def find_nodes(conn: Connection, digests: Sequence[bytes]) -> dict[bytes, int]:
    rows = conn.execute(
        "select k.i, n.nid from unnest(%s::uuid[]) with ordinality k(d, i) join identity.node n on n.digest = k.d",
        (arrays.hexes(digests),),
    )
    return {digests[i - 1]: nid for i, nid in rows}


def next_ids(conn: Connection, sequence: str, n: int) -> range:
    """`n` numbers at once, in one piece. Only for who holds the linker's lock: nobody else may take one in between."""
    if n == 0:
        return range(0)
    row = conn.execute(
        "select setval(%(s)s, nextval(%(s)s) + %(n)s - 1)", {"s": f"identity.{sequence}", "n": n}
    ).fetchone()
    last: int = row[0] if row else 0
    return range(last - n + 1, last + 1)


@lru_cache(1_000)
def _time(moment: datetime) -> str:
    """Times of learning are those of frames, and bounds mostly the beginning and the end: the same again and again."""
    return moment.isoformat()


def _number(value: int | None) -> str:
    return "\\N" if value is None else str(value)


def _copy(conn: Connection, statement: LiteralString, lines: Iterable[str]) -> None:
    """lines: of COPY's text format, of values that need no escaping; the driver's own way takes four times as long."""
    with conn.cursor() as cursor, cursor.copy(statement) as copy:
        copy.write("".join(lines))


def insert_nodes(conn: Connection, rows: Iterable[tuple[NewNode, int]]) -> None:
    """New nodes with the profile each belongs to from its birth."""
    _copy(
        conn,
        "copy identity.node (nid, kind, digest, base, from_at, until_at, learnt, pid, mark, logout) from stdin",
        [
            f"{node.nid}\t{node.kind}\t{node.digest.hex()}\t{node.base}\t{_time(node.from_at)}\t{_time(node.until_at)}\t"
            f"{_time(node.learnt)}\t{pid}\t"
            + ("\\N\t\\N\n" if node.mark is None else f"{node.mark.hex()}\t{node.logout}\n")
            for node, pid in rows
        ],
    )


def insert_vault(conn: Connection, rows: Iterable[VaultRow]) -> None:
    with (
        conn.cursor() as cursor,
        cursor.copy("copy identity.vault (id, nid, key, digest, value) from stdin") as copy,
    ):
        copy.write(
            b"".join(
                b"%d\t%d\t%s\t%s\t%s\n"
                % (row.id, row.nid, row.key.encode(), row.digest.hex().encode(), row.value.replace(b"\\", b"\\\\"))
                for row in rows
            )
        )


def find_vault(conn: Connection, keys: Sequence[tuple[int, str, bytes]]) -> dict[tuple[int, str, bytes], int]:
    rows = conn.execute(
        "select k.i, v.id from unnest(%s::bigint[], %s::text[], %s::uuid[]) with ordinality k(nid, key, digest, i)"
        " join identity.vault v using (nid, key, digest)",
        (arrays.numbers(key[0] for key in keys), [key[1] for key in keys], arrays.hexes(key[2] for key in keys)),
    )
    return {keys[i - 1]: found for i, found in rows}


def insert_evidence(conn: Connection, rows: Iterable[EvidenceRow]) -> None:
    _copy(
        conn,
        "copy identity.evidence (op, a, b, tier, happened, learnt, hash, source_id, act) from stdin",
        [
            f"{row.op}\t{row.a}\t{_number(row.b)}\t{row.tier}\t{row.happened.isoformat()}\t{_time(row.learnt)}\t"
            f"{row.hash.hex()}\t{_number(row.source_id)}\t{_number(row.act)}\n"
            for row in rows
        ],
    )


def find_edges(
    conn: Connection, keys: Sequence[tuple[int, int, int]]
) -> dict[tuple[int, int, int], tuple[datetime, bytes]]:
    rows = conn.execute(
        "select e.a, e.b, e.tier, e.happened, e.hash"
        " from unnest(%s::bigint[], %s::bigint[], %s::smallint[]) k(a, b, tier)"
        " join identity.edge e using (a, b, tier)",
        tuple(arrays.numbers(key[at] for key in keys) for at in range(3)),
    )
    return {(a, b, tier): (happened, found.bytes) for a, b, tier, happened, found in rows}


def edges_from(conn: Connection, nodes: Sequence[int]) -> dict[tuple[int, int, int], tuple[datetime, bytes]]:
    """Edges whose first end is among `nodes`: of epochs, the derived ones."""
    rows = conn.execute("select a, b, tier, happened, hash from identity.edge where a = any(%s)", (list(nodes),))
    return {(a, b, tier): (happened, found.bytes) for a, b, tier, happened, found in rows}


def upsert_edges(conn: Connection, edges: Sequence[Edge], learnt: datetime) -> None:
    conn.execute(
        "insert into identity.edge (a, b, tier, happened, hash, learnt)"
        " select a, b, tier, happened, hash, %s"
        " from unnest(%s::bigint[], %s::bigint[], %s::smallint[], %s::timestamptz[], %s::uuid[])"
        " as k(a, b, tier, happened, hash)"
        " on conflict (a, b, tier) do update set happened = excluded.happened, hash = excluded.hash",
        (
            learnt,
            arrays.numbers(edge.a for edge in edges),
            arrays.numbers(edge.b for edge in edges),
            arrays.numbers(edge.tier for edge in edges),
            arrays.times(edge.happened for edge in edges),
            arrays.hexes(edge.hash for edge in edges),
        ),
    )


def delete_edges(conn: Connection, keys: Sequence[tuple[int, int, int]]) -> None:
    conn.execute(
        "delete from identity.edge e using unnest(%s::bigint[], %s::bigint[], %s::smallint[]) k(a, b, tier)"
        " where e.a = k.a and e.b = k.b and e.tier = k.tier",
        tuple(arrays.numbers(key[at] for key in keys) for at in range(3)),
    )


# Shared identifiers


def bases_with_events(conn: Connection, since: Sequence[tuple[int, datetime]]) -> set[int]:
    """Those of the (base, moment) that anchor an event of that moment or later."""
    rows = conn.execute(
        "select k.nid from unnest(%s::bigint[], %s::timestamptz[]) k(nid, lo)"
        " where exists (select from identity.event e where e.nid = k.nid and e.happened >= k.lo)",
        ([s[0] for s in since], [s[1] for s in since]),
    )
    return {row[0] for row in rows}


class EpochNode(NamedTuple):
    """A node of an epoch beyond the base, and the place of the mark that opened it."""

    base: int
    nid: int
    digest: bytes
    key: tuple[datetime, bytes, bool]


def epoch_nodes(conn: Connection, bases: Sequence[int]) -> list[EpochNode]:
    """Of all epochs that were ever issued, the vanished ones included."""
    rows = conn.execute(
        "select base, nid, digest, from_at, mark, logout from identity.node where base = any(%s) and base <> nid",
        (list(bases),),
    )
    return [
        EpochNode(base, nid, digest.bytes, (at, mark.bytes, logout)) for base, nid, digest, at, mark, logout in rows
    ]


def set_bounds(conn: Connection, rows: Sequence[tuple[int, datetime, datetime]]) -> set[int]:
    """The profiles whose epochs have other bounds now."""
    changed = conn.execute(
        "update identity.node n set from_at = k.lo, until_at = k.hi"
        " from unnest(%s::bigint[], %s::timestamptz[], %s::timestamptz[]) k(nid, lo, hi)"
        " where n.nid = k.nid and (n.from_at, n.until_at) is distinct from (k.lo, k.hi) returning n.pid",
        (arrays.numbers(r[0] for r in rows), arrays.times(r[1] for r in rows), arrays.times(r[2] for r in rows)),
    )
    return {row[0] for row in changed}


class OpenedLink(NamedTuple):
    """A link that was sent to the identifier `to`, and where it was opened first."""

    base: int
    to: int
    happened: datetime
    hash: bytes
    learnt: datetime


def opened_on(conn: Connection, bases: Iterable[int]) -> list[OpenedLink]:
    """The links that were opened first on one of `bases`."""
    rows = conn.execute(
        "select first_base, nid, first_happened, first_hash, first_learnt from identity.link"
        " where first_base = any(%s::bigint[])",
        (arrays.numbers(bases),),
    )
    return [OpenedLink(base, to, happened, found.bytes, learnt) for base, to, happened, found, learnt in rows]


# Profiles


def pids_of(conn: Connection, nodes: Sequence[int]) -> dict[int, int]:
    rows = conn.execute("select nid, pid from identity.node where nid = any(%s::bigint[])", (arrays.numbers(nodes),))
    return dict(rows.fetchall())


def census(conn: Connection, pids: Sequence[int]) -> list[tuple[int, int, int, bool]]:
    """(pid, kind, how many, whether one of them is contested)."""
    return conn.execute(
        "select pid, kind, count(*) filter (where base = nid), bool_or(contested)"
        " from identity.node where pid = any(%s) group by pid, kind",
        (list(pids),),
    ).fetchall()


def pids_with_cannot(conn: Connection, pids: Sequence[int]) -> set[int]:
    """Those of `pids` that hold an end of a cannot-link, or may hold one for an epoch that vanished."""
    rows = conn.execute(
        "select n.pid from identity.node n join identity.cannot c on c.a = n.nid where n.pid = any(%(p)s)"
        " union select n.pid from identity.node n join identity.cannot c on c.b = n.nid where n.pid = any(%(p)s)"
        " union select v.pid from (select a as nid from identity.cannot union select b from identity.cannot) c"
        " join identity.node n on n.nid = c.nid and n.until_at < n.from_at"
        " join identity.node v on v.base = n.base where v.pid = any(%(p)s)",
        {"p": list(pids)},
    )
    return {row[0] for row in rows}


def any_cannot(conn: Connection) -> bool:
    return conn.execute("select 1 from identity.cannot limit 1").fetchone() is not None


def move_profiles(conn: Connection, moves: Sequence[tuple[int, int]]) -> None:
    """Everyone of profile `old` goes to `new`, for each (old, new)."""
    conn.execute(
        "update identity.node n set pid = k.new"
        " from unnest(%s::bigint[], %s::bigint[]) k(old, new) where n.pid = k.old",
        ([m[0] for m in moves], [m[1] for m in moves]),
    )


class Reached(NamedTuple):
    nid: int
    pid: int
    kind: int
    digest: bytes
    base: int
    base_digest: bytes
    from_at: datetime
    mark: bytes | None
    logout: bool | None
    contested: bool

    def node(self, kinds: Mapping[int, Kind]) -> Node:
        kind = kinds[self.kind]
        order = (kind.name, self.base_digest, self.from_at, self.mark or b"", bool(self.logout))
        return Node(kind, order, counts=self.nid == self.base)


def raw_component(conn: Connection, seeds: Sequence[int]) -> tuple[dict[int, Reached], list[Edge]]:
    """Everything that live evidence reaches from `seeds`, refused edges included, and the edges among them."""
    rows = conn.execute(
        "with recursive reached(nid) as (select unnest(%s::bigint[]) union"
        " select x.nid from reached r cross join lateral (select b as nid from identity.edge where a = r.nid"
        " union all select a from identity.edge where b = r.nid) x) select nid from reached",
        (list(seeds),),
    ).fetchall()
    nodes = {row.nid: row for row in reached_rows(conn, [row[0] for row in rows])}
    return nodes, edges_among(conn, list(nodes))


def reached_rows(conn: Connection, nodes: Sequence[int]) -> list[Reached]:
    rows = conn.execute(
        "select n.nid, n.pid, n.kind, uuid_send(n.digest), n.base, uuid_send(b.digest), n.from_at, uuid_send(n.mark),"
        " n.logout, n.contested"
        " from identity.node n join identity.node b on b.nid = n.base where n.nid = any(%s::bigint[])",
        (arrays.numbers(nodes),),
        binary=True,  # the driver makes an object of every uuid, at ten times the cost of its bytes
    )
    return [Reached(*row) for row in rows]


def edges_among(conn: Connection, nodes: Sequence[int]) -> list[Edge]:
    rows = conn.execute(
        "select tier, happened, uuid_send(hash), a, b from identity.edge where a = any(%s::bigint[])",
        (arrays.numbers(nodes),),
        binary=True,
    )
    return [Edge(*row) for row in rows]


def cannot_among(conn: Connection, nodes: Sequence[int]) -> list[tuple[int, int]]:
    """Live cannot-links among `nodes`. One whose end is an epoch that late marks made vanish goes over to the epoch
    that now holds its moment.
    """
    return conn.execute(
        "select a, b from identity.cannot where a = any(%(n)s::bigint[]) and b = any(%(n)s::bigint[])"
        " union select x.a, x.b from (select identity.stands_at(c.a) as a, identity.stands_at(c.b) as b"
        " from identity.cannot c join identity.node na on na.nid = c.a join identity.node nb on nb.nid = c.b"
        " where na.until_at < na.from_at or nb.until_at < nb.from_at) x"
        " where x.a = any(%(n)s::bigint[]) and x.b = any(%(n)s::bigint[])",
        {"n": arrays.numbers(nodes)},
    ).fetchall()


def lower_learnt(conn: Connection, rows: Sequence[tuple[int, datetime]]) -> set[int]:
    """Nodes turn out to have been known earlier: a frame that was received before was linked after.

    Returns: the profiles of those that change.
    """
    changed = conn.execute(
        "update identity.node n set learnt = k.learnt from unnest(%s::bigint[], %s::timestamptz[]) k(nid, learnt)"
        " where n.nid = k.nid and n.learnt > k.learnt returning n.pid",
        (arrays.numbers(r[0] for r in rows), arrays.times(r[1] for r in rows)),
    )
    return {row[0] for row in changed}


def write_partition(conn: Connection, changed: Sequence[tuple[int, int, bool]]) -> None:
    """(nid, pid, contested) of the nodes where one of them changed."""
    conn.execute(
        "update identity.node n set pid = k.pid, contested = k.contested"
        " from unnest(%s::bigint[], %s::bigint[], %s::boolean[]) k(nid, pid, contested) where n.nid = k.nid",
        (arrays.numbers(c[0] for c in changed), arrays.numbers(c[1] for c in changed), [c[2] for c in changed]),
    )


def note_moved(conn: Connection, pids: Iterable[int]) -> None:
    conn.execute("insert into identity.moved (pid) select unnest(%s::bigint[])", (sorted(set(pids)),))


# Events


def last_seq(conn: Connection) -> int:
    row = conn.execute("select coalesce(max(seq_to), 0) from identity.batch").fetchone()
    return row[0] if row else 0


def add_names(conn: Connection, wanted: Sequence[tuple[str, str]]) -> dict[tuple[str, str], int]:
    rows = conn.execute(
        "insert into identity.name (type, name) select * from unnest(%s::text[], %s::text[])"
        " on conflict (type, name) do update set name = excluded.name returning id, type, name",
        ([w[0] for w in wanted], [w[1] for w in wanted]),
    )
    return {(type_, name): id_ for id_, type_, name in rows}


COPY_EVENTS = (
    "copy identity.event (seq, nid, happened, hash, learnt, name_id, source_id, channel, ids, message_id, body)"
    " from stdin"
)


def copy_events(conn: Connection, lines: Iterator[bytes]) -> None:
    """lines: of COPY's text format. They are sent as they come, so that making them costs no time of its own."""
    with conn.cursor() as cursor, cursor.copy(COPY_EVENTS) as copy:
        while chunk := b"".join(islice(lines, 200)):
            copy.write(chunk)


def existing_events(conn: Connection, keys: Sequence[tuple[int, datetime, bytes]]) -> set[int]:
    """Indices of the keys that are stored: identical retries older than what the dedupe table remembers."""
    rows = conn.execute(
        "select k.i from unnest(%s::bigint[], %s::timestamptz[], %s::uuid[]) with ordinality k(nid, happened, hash, i)"
        " join identity.event e using (nid, happened, hash)",
        (arrays.numbers(k[0] for k in keys), arrays.times(k[1] for k in keys), arrays.hexes(k[2] for k in keys)),
    )
    return {row[0] - 1 for row in rows}


def add_batch(conn: Connection, seq_from: int, seq_to: int, linked_at: datetime) -> None:
    conn.execute(
        "insert into identity.batch (seq_from, seq_to, linked_at) values (%s, %s, %s)", (seq_from, seq_to, linked_at)
    )


def kinds_of(conn: Connection, nodes: Sequence[int]) -> list[tuple[int, int, bytes]]:
    """(nid, kind, digest)."""
    rows = conn.execute("select nid, kind, digest from identity.node where nid = any(%s)", (list(nodes),))
    return [(nid, kind, digest.bytes) for nid, kind, digest in rows]


def last_operator_evidence(conn: Connection) -> int:
    """Place of the latest retraction, cannot-link or its withdrawal, or of what an undone import had said: when it
    moves, cached edges may be stale.
    """
    row = conn.execute("select coalesce(max(pos), 0) from identity.evidence where op in (2, 3, 4, 9)").fetchone()
    return row[0] if row else 0


def retractions(conn: Connection, pairs: Sequence[tuple[int, int]]) -> dict[tuple[int, int], datetime]:
    """When the latest retraction of each pair was learnt, where there is one."""
    rows = conn.execute(
        "select e.a, e.b, max(e.learnt) from unnest(%s::bigint[], %s::bigint[]) k(a, b)"
        " join identity.evidence e on e.a = k.a and e.b = k.b and e.op = 2 and e.tier = 0 group by e.a, e.b",
        ([p[0] for p in pairs], [p[1] for p in pairs]),
    )
    return {(a, b): learnt for a, b, learnt in rows}
