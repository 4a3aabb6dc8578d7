"""SQL of what the ledger says of shared identifiers."""

from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple

from psycopg import Connection

from onevoice.domains.identity.contracts import LOGIN, WITHDRAW


class MarkRow(NamedTuple):
    """A login, logout, retraction or weak sighting of the shared identifier `base`."""

    base: int
    op: int
    other: int | None
    happened: datetime
    hash: bytes
    learnt: datetime
    withdrawn: datetime | None = None
    """When it was known that it does not count."""


def mark_rows(conn: Connection, bases: Sequence[int]) -> list[MarkRow]:
    rows = conn.execute(
        "select a, op, b, happened, hash, learnt from identity.evidence where a = any(%s)"
        " and (op in (5, 6, 7, 9) or op = 2 and tier = 0) order by pos desc",
        (list(bases),),
    )
    withdrawn: dict[tuple[int, bytes, datetime], datetime] = {}
    marks: list[MarkRow] = []
    for a, op, b, happened, found, learnt in rows:
        said = (a, found.bytes, happened)
        if op == WITHDRAW:
            withdrawn[said] = learnt
        else:
            marks.append(MarkRow(a, op, b, happened, found.bytes, learnt, withdrawn.get(said)))
    return marks


def weak_sightings_of(conn: Connection, bases: Sequence[int]) -> list[int]:
    """Shared identifiers that were seen together with one of `bases`, which is the stronger of the two."""
    rows = conn.execute("select distinct a from identity.evidence where b = any(%s) and op = 7", (list(bases),))
    return [row[0] for row in rows]


def first_marks_after(
    conn: Connection, base: int, holder: int, after: tuple[datetime, bytes], before: datetime
) -> list[MarkRow]:
    """The holder's first event after the place `after`, up to and with the moment `before`, that carried `base`."""
    rows = conn.execute(
        "select happened, hash, learnt from identity.event where nid = %s and (happened, hash) > (%s, %s::uuid)"
        " and happened <= %s and ids @> array[%s]::bigint[] order by happened, hash limit 1",
        (holder, after[0], after[1].hex(), before, base),
    )
    return [MarkRow(base, LOGIN, holder, happened, found.bytes, learnt) for happened, found, learnt in rows]
