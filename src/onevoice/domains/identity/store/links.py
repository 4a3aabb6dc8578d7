"""SQL of deep links: to whom one was sent, how long it lives, and where it was opened first."""

from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple

from psycopg import Connection

from onevoice.kit import arrays


class First(NamedTuple):
    """Where and when a link was opened first, as far as is known."""

    number: int
    base: int
    happened: datetime
    hash: bytes
    learnt: datetime

    @property
    def tie(self) -> tuple[datetime, bytes]:
        return self.happened, self.hash


class LinkRow(NamedTuple):
    number: int
    to: int
    issued: datetime
    expires: datetime
    first: First | None


def add(conn: Connection, rows: Sequence[tuple[int, int, datetime, datetime]]) -> set[int]:
    """(number, to, issued, expires). Returns: the numbers that were free; the others are taken already."""
    added = conn.execute(
        "insert into identity.link (id, nid, issued, expires)"
        " select * from unnest(%s::bigint[], %s::bigint[], %s::timestamptz[], %s::timestamptz[])"
        " on conflict do nothing returning id",
        (
            arrays.numbers(row[0] for row in rows),
            arrays.numbers(row[1] for row in rows),
            arrays.times(row[2] for row in rows),
            arrays.times(row[3] for row in rows),
        ),
    )
    return {row[0] for row in added}


def remove(conn: Connection, numbers: Sequence[int]) -> None:
    conn.execute("delete from identity.link where id = any(%s::bigint[])", (arrays.numbers(numbers),))


def find(conn: Connection, numbers: Sequence[int]) -> list[LinkRow]:
    rows = conn.execute(
        "select id, nid, issued, expires, first_base, first_happened, first_hash, first_learnt from identity.link"
        " where id = any(%s::bigint[])",
        (arrays.numbers(numbers),),
    )
    return [
        LinkRow(
            number, to, issued, expires, None if base is None else First(number, base, happened, found.bytes, learnt)
        )
        for number, to, issued, expires, base, happened, found, learnt in rows
    ]


def set_first(conn: Connection, rows: Sequence[First]) -> None:
    conn.execute(
        "update identity.link l set first_base = k.base, first_happened = k.happened, first_hash = k.hash,"
        " first_learnt = k.learnt"
        " from unnest(%s::bigint[], %s::bigint[], %s::timestamptz[], %s::uuid[], %s::timestamptz[])"
        " k(id, base, happened, hash, learnt) where l.id = k.id",
        (
            arrays.numbers(row.number for row in rows),
            arrays.numbers(row.base for row in rows),
            arrays.times(row.happened for row in rows),
            arrays.hexes(row.hash for row in rows),
            arrays.times(row.learnt for row in rows),
        ),
    )


def drop_unopened(conn: Connection, ended_before: datetime, limit: int) -> int:
    """Links that ended before that moment and that nobody opened. Returns: how many."""
    return conn.execute(
        "delete from identity.link where id in (select id from identity.link where expires < %s"
        " and first_base is null limit %s)",
        (ended_before, limit),
    ).rowcount
