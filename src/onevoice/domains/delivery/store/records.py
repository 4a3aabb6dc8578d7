"""SQL of the records of decisions."""

from collections.abc import Callable, Iterator, Sequence
from datetime import datetime

from psycopg import Connection

from onevoice.domains.delivery.contracts.messages import CHAIN_START, Record

SHARDS = 16
_RECORD = "select shard, number, message_id, at, hash, body from delivery.decision"


Chain = Callable[[bytes, Sequence[bytes]], list[bytes]]
"""The hash of each body, in order, after the hash before them."""


def append(conn: Connection, start: int, found: Sequence[tuple[int, bytes]], chain: Chain, at: datetime) -> None:
    """Add records, (message, body), to the first shard from `start` on that nobody else writes to just now."""
    if not found:
        return
    row = conn.execute(
        "select shard, number, hash from delivery.shard order by (shard + %s) %% %s limit 1 for update skip locked",
        (SHARDS - start % SHARDS, SHARDS),
    ).fetchone()
    if row is None:  # more writers than shards: wait for one
        row = conn.execute(
            "select shard, number, hash from delivery.shard where shard = %s for update", (start % SHARDS,)
        ).fetchone()
    assert row is not None  # noqa: S101 - the migration made them
    shard, number, previous = row
    hashes = chain(previous, [body for _, body in found])
    with (
        conn.cursor() as cursor,
        cursor.copy(
            "copy delivery.decision (shard, number, message_id, at, hash, body) from stdin with (format binary)"
        ) as copy,
    ):
        copy.set_types(["int2", "int8", "int8", "timestamptz", "bytea", "bytea"])
        for offset, ((message, body), digest) in enumerate(zip(found, hashes, strict=True)):
            copy.write_row((shard, number + offset + 1, message, at, digest, body))
    conn.execute(
        "update delivery.shard set number = %s, hash = %s where shard = %s",
        (number + len(found), hashes[-1], shard),
    )


def of_message(conn: Connection, message: int) -> list[tuple[Record, bytes]]:
    """A message's records, oldest first, each with the hash of the one before it in its shard."""
    rows = conn.execute(
        "select d.shard, d.number, d.message_id, d.at, d.hash, d.body, p.hash from delivery.decision d"
        " left join delivery.decision p on p.shard = d.shard and p.number = d.number - 1"
        " where d.message_id = %s order by d.at, d.shard, d.number",
        (message,),
    )
    return [(Record(*row[:6]), row[6] if row[6] is not None else CHAIN_START) for row in rows]


def walk(conn: Connection, shard: int, after: int, limit: int) -> Iterator[Record]:
    """A shard in order."""
    rows = conn.execute(_RECORD + " where shard = %s and number > %s order by number limit %s", (shard, after, limit))
    return (Record(*row) for row in rows)


def heads(conn: Connection) -> dict[int, tuple[int, bytes]]:
    """Of each shard the number and hash of its last record."""
    return {row[0]: (row[1], row[2]) for row in conn.execute("select shard, number, hash from delivery.shard")}
