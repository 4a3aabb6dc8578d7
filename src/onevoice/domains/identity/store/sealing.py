"""SQL of bringing into the vault what was stored before it was declared personal."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, NamedTuple

from psycopg import Connection

from onevoice.domains.identity.contracts import Sealing
from onevoice.kit import arrays

_SEALING = "select id, type, name, path, upto_seq, done_seq, sealed, started_at, finished_at from identity.sealing"


class StoredBody(NamedTuple):
    seq: int
    nid: int
    happened: datetime
    hash: bytes
    body: dict[str, Any]
    stands: bool
    """False where an undo took the event back: what was known before is still shown with it."""


def sealings(conn: Connection) -> list[Sealing]:
    return [Sealing(*row) for row in conn.execute(f"{_SEALING} order by id")]


def next_unfinished(conn: Connection) -> Sealing | None:
    """Held until the transaction ends; one that somebody else holds is passed over."""
    row = conn.execute(f"{_SEALING} where finished_at is null order by id limit 1 for update skip locked").fetchone()
    return Sealing(*row) if row else None


def begin(conn: Connection, rows: Sequence[tuple[str, str, str]], upto_seq: int, at: datetime) -> None:
    with conn.cursor() as cursor:
        cursor.executemany(
            "insert into identity.sealing (type, name, path, upto_seq, started_at) values (%s, %s, %s, %s, %s)"
            " on conflict (type, name, path) do nothing",
            [(*row, upto_seq, at) for row in rows],
        )


def forget(conn: Connection, ids: Sequence[int]) -> None:
    conn.execute("delete from identity.sealing where id = any(%s)", (list(ids),))


def move(conn: Connection, sealing: int, done_seq: int, sealed: int, finished_at: datetime | None) -> None:
    conn.execute(
        "update identity.sealing set done_seq = %s, sealed = sealed + %s, finished_at = %s where id = %s",
        (done_seq, sealed, finished_at, sealing),
    )


def bodies(conn: Connection, name: tuple[str, str], after: int, upto: int, limit: int) -> list[StoredBody]:
    """Events of that name in the order they were linked, of (after, upto]."""
    rows = conn.execute(
        "select e.seq, e.nid, e.happened, e.hash, e.body, e.withdrawn_at > '9999-01-01' from identity.event_ever e"
        " where e.seq > %s and e.seq <= %s"
        " and e.name_id = (select id from identity.name where type = %s and name = %s) order by e.seq limit %s",
        (after, upto, *name, limit),
    )
    return [StoredBody(seq, nid, at, found.bytes, body, stands) for seq, nid, at, found, body, stands in rows]


def set_bodies(conn: Connection, rows: Sequence[StoredBody], encoded: Sequence[bytes]) -> None:
    given = {
        "seq": arrays.numbers(row.seq for row in rows),
        "nid": arrays.numbers(row.nid for row in rows),
        "happened": arrays.times(row.happened for row in rows),
        "hash": arrays.hexes(row.hash for row in rows),
        "body": arrays.texts(each.decode() for each in encoded),
    }
    for update in ("update identity.event e", "update identity.withdrawn e"):
        conn.execute(
            update + " set body = k.body::jsonb from unnest(%(seq)s::bigint[], %(nid)s::bigint[],"
            " %(happened)s::timestamptz[], %(hash)s::uuid[], %(body)s::text[]) k(seq, nid, happened, hash, body)"
            " where e.nid = k.nid and e.happened = k.happened and e.hash = k.hash and e.seq = k.seq",
            given,
        )


def pids_of(conn: Connection, bases: Sequence[int]) -> set[int]:
    """The profiles of identifiers and of all their epochs."""
    rows = conn.execute("select distinct pid from identity.node where base = any(%s)", (list(bases),))
    return {row[0] for row in rows}
