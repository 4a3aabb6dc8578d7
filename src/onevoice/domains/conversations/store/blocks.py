"""SQL of blocked identifiers."""

from collections.abc import Sequence
from datetime import datetime

from psycopg import Connection

from onevoice.domains.conversations.contracts import Block
from onevoice.kit import arrays


def standing(conn: Connection, nodes: Sequence[int]) -> list[Block]:
    """Those of these identifiers that are blocked now, the oldest first."""
    rows = conn.execute(
        "select id, nid, since, account_id, reason from conversations.block where lifted_at is null"
        " and nid = any(%s) order by id",
        (arrays.numbers(nodes),),
    )
    return [Block(*row) for row in rows]


def add(conn: Connection, nid: int, account_id: int, reason: str, at: datetime) -> int | None:
    """None where it is blocked already."""
    row = conn.execute(
        "insert into conversations.block (nid, since, account_id, reason) values (%s, %s, %s, %s)"
        " on conflict (nid) where lifted_at is null do nothing returning id",
        (nid, at, account_id, reason),
    ).fetchone()
    return row[0] if row else None


def lift(conn: Connection, number: int, account_id: int, at: datetime) -> None:
    conn.execute(
        "update conversations.block set lifted_at = %s, lifted_by = %s where id = %s and lifted_at is null",
        (at, account_id, number),
    )
