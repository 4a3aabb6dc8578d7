"""SQL of tests: how many were asked for lately."""

from datetime import datetime

from psycopg import Connection


def lock(conn: Connection) -> None:
    """Until the transaction ends one test is asked for at a time, so that none slips by the count."""
    conn.execute("select pg_advisory_xact_lock(hashtextextended('delivery.test', 0))")


def count(conn: Connection, since: datetime, *, asked_by: str | None = None, fingerprint: bytes | None = None) -> int:
    """Those of somebody, or to one address. The class stands as a literal, so that its index is used."""
    row = conn.execute(
        "select count(*) from delivery.message where class = 3 and asked_at > %s"
        " and (%s::text is null or asked_by = %s) and (%s::uuid is null or fingerprint = %s::uuid)",
        (since, asked_by, asked_by, *[None if fingerprint is None else fingerprint.hex()] * 2),
    ).fetchone()
    return 0 if row is None else row[0]
