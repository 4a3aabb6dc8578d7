"""SQL of what was said: consents, wishes, suppressions. The first two are appended to and never changed."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from psycopg import Connection

from onevoice.domains.privacy.contracts import Line, Suppression, Wish
from onevoice.kit import arrays


def lines(conn: Connection, nids: Sequence[int], purposes: Sequence[str] | None, *, upto: int | None) -> list[Line]:
    """The latest line of each identifier in each scope, and of each way it was said. purposes: None for all."""
    rows = conn.execute(
        "select distinct on (nid, via, purpose, channel, act = 'request')"
        " id, nid, via, purpose, channel, act, happened from privacy.consent"
        " where nid = any(%(nids)s::bigint[]) and (%(purposes)s::text[] is null or purpose = any(%(purposes)s))"
        " and (%(upto)s::bigint is null or id <= %(upto)s)"
        " order by nid, via, purpose, channel, act = 'request', happened desc, id desc",
        {"nids": arrays.numbers(nids), "purposes": list(purposes) if purposes is not None else None, "upto": upto},
    )
    return [Line(*row) for row in rows]


def wishes(conn: Connection, nids: Sequence[int], *, upto: int | None) -> list[Wish]:
    """The latest of each identifier, by name and by the way it was said."""
    rows = conn.execute(
        "select distinct on (nid, via, name) id, nid, via, name, value, happened from privacy.preference"
        " where nid = any(%(nids)s::bigint[]) and (%(upto)s::bigint is null or id <= %(upto)s)"
        " order by nid, via, name, happened desc, id desc",
        {"nids": arrays.numbers(nids), "upto": upto},
    )
    return [Wish(*row) for row in rows]


def suppressions(conn: Connection, nids: Sequence[int]) -> list[Suppression]:
    """Of each address the oldest that stands."""
    rows = conn.execute(
        "select distinct on (nid) nid, reason, since from privacy.suppression"
        " where nid = any(%s::bigint[]) and lifted_at is null order by nid, since, id",
        (arrays.numbers(nids),),
    )
    return [Suppression(*row) for row in rows]


def lock(conn: Connection, nids: Sequence[int]) -> None:
    """One after the other, whoever says something by these identifiers; until the transaction ends."""
    conn.execute(
        "select pg_advisory_xact_lock(hashtextextended('privacy', nid))"
        " from (select nid from unnest(%s::bigint[]) k(nid) order by nid) k",
        (arrays.numbers(sorted(nids)),),
    )


def add_line(
    conn: Connection,
    line: tuple[int, int | None, str, str, str],
    *,
    text_id: int | None,
    source: str,
    door: str | None,
    happened: datetime,
    learnt: datetime,
    actor: str,
    proof: Any,
    key: str,
) -> int | None:
    """line: nid, via, purpose, channel, act. Returns: its number; None where this was said already."""
    row = conn.execute(
        "insert into privacy.consent"
        " (nid, via, purpose, channel, act, text_id, source, door, happened, learnt, actor, proof, key)"
        " values (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s) on conflict do nothing returning id",
        (*line, text_id, source, door, happened, learnt, actor, proof, key),
    ).fetchone()
    return row[0] if row else None
