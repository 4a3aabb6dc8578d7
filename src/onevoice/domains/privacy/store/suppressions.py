"""SQL of changes to the suppression list."""

from datetime import datetime

from psycopg import Connection


def add(conn: Connection, nid: int, reason: str, source: str, at: datetime) -> bool:
    done = conn.execute(
        "insert into privacy.suppression (nid, reason, source, since) values (%s, %s, %s, %s) on conflict do nothing",
        (nid, reason, source, at),
    )
    return done.rowcount == 1
