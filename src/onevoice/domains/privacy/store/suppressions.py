"""SQL of addresses that must not be written to."""

from collections.abc import Sequence
from datetime import datetime

from psycopg import Connection

from onevoice.domains.privacy.contracts import Suppressed, Suppression, SuppressionReason
from onevoice.kit import arrays

_COLUMNS = "id, nid, reason, source, since, lifted_at, lifted_by, lifted_because"


def standing(conn: Connection, nids: Sequence[int]) -> list[Suppression]:
    """Of each address the strictest that stands, of those the oldest: after a complaint only marketing ends."""
    rows = conn.execute(
        "select distinct on (nid) nid, reason, since from privacy.suppression"
        " where nid = any(%s::bigint[]) and lifted_at is null order by nid, reason = 'complaint', since, id",
        (arrays.numbers(nids),),
    )
    return [Suppression(*row) for row in rows]


def add(conn: Connection, nid: int, reason: SuppressionReason, source: str, since: datetime) -> int | None:
    """None where it stands already for that reason."""
    row = conn.execute(
        "insert into privacy.suppression (nid, reason, source, since) values (%s, %s, %s, %s)"
        " on conflict (nid, reason) where lifted_at is null do nothing returning id",
        (nid, reason, source, since),
    ).fetchone()
    return row[0] if row else None


def lift(conn: Connection, suppression_id: int, at: datetime, by: str, because: str) -> bool:
    """False where none of that number stands."""
    return (
        conn.execute(
            "update privacy.suppression set lifted_at = %s, lifted_by = %s, lifted_because = %s"
            " where id = %s and lifted_at is null",
            (at, by, because, suppression_id),
        ).rowcount
        == 1
    )


def page(
    conn: Connection, *, nids: Sequence[int] | None, lifted: bool, before: int | None, limit: int
) -> list[Suppressed]:
    """Newest first. nids: of these only."""
    rows = conn.execute(
        f"select {_COLUMNS} from privacy.suppression where (%(lifted)s or lifted_at is null)"
        " and (%(nids)s::bigint[] is null or nid = any(%(nids)s::bigint[]))"
        " and (%(before)s::bigint is null or id < %(before)s) order by id desc limit %(limit)s",
        {
            "nids": None if nids is None else arrays.numbers(nids),
            "lifted": lifted,
            "before": before,
            "limit": limit,
        },
    )
    return [Suppressed(*row) for row in rows]


def by_id(conn: Connection, suppression_id: int) -> Suppressed | None:
    row = conn.execute(f"select {_COLUMNS} from privacy.suppression where id = %s", (suppression_id,)).fetchone()
    return Suppressed(*row) if row else None
