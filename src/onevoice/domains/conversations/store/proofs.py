"""SQL of proofs of who is logged in: which chat showed each first."""

from datetime import datetime

from psycopg import Connection


def claim(conn: Connection, digest: bytes, chat: int, until: datetime) -> bool:
    """Whether it is this chat's: nobody's yet, or shown by it before."""
    conn.execute(
        "insert into conversations.proof (digest, chat, until) values (%s, %s, %s) on conflict do nothing",
        (digest, chat, until),
    )
    row = conn.execute("select chat from conversations.proof where digest = %s", (digest,)).fetchone()
    return row is not None and row[0] == chat


def forget(conn: Connection, until: datetime, limit: int) -> int:
    return conn.execute(
        "delete from conversations.proof where digest in"
        " (select digest from conversations.proof where until < %s order by until limit %s)",
        (until, limit),
    ).rowcount
