"""SQL of blocked values."""

from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple

from psycopg import Connection


class Blocked(NamedTuple):
    """A value that names nobody, in the form it is compared in. kind "*": of any kind.

    blocked_at, blocked_by: None of those that came with the installation.
    """

    kind: str
    value: str
    blocked_at: datetime | None
    blocked_by: str | None


def page(conn: Connection, after: tuple[str, str], kind: str | None, text: str, limit: int) -> list[Blocked]:
    rows = conn.execute(
        "select kind, value, blocked_at, blocked_by from identity.blocked where (kind, value) > (%s, %s)"
        " and (%s::text is null or kind = %s) and strpos(value, %s) > 0 order by kind, value limit %s",
        (*after, kind, kind, text, limit),
    )
    return [Blocked(*row) for row in rows]


def add(conn: Connection, one: Blocked) -> bool:
    """False where it is blocked already."""
    return (
        conn.execute(
            "insert into identity.blocked (kind, value, blocked_at, blocked_by) values (%s, %s, %s, %s)"
            " on conflict do nothing",
            one,
        ).rowcount
        > 0
    )


def remove(conn: Connection, kind: str, value: str) -> bool:
    return conn.execute("delete from identity.blocked where kind = %s and value = %s", (kind, value)).rowcount > 0


def count(conn: Connection) -> int:
    row = conn.execute("select count(*) from identity.blocked").fetchone()
    return row[0] if row else 0


def changed(conn: Connection) -> None:
    """Whoever remembers the rules sees that they are others now."""
    conn.execute("update identity.rules set version = version + 1")


def version(conn: Connection) -> int:
    row = conn.execute("select version from identity.rules").fetchone()
    return row[0] if row else 0


class Held(NamedTuple):
    """An identifier that has the value: its kind and profile, how many identifiers it is tied to, how many that profile
    has.
    """

    kind: str
    pid: int
    tied: int
    members: int


def held(conn: Connection, digests: Sequence[bytes]) -> list[Held]:
    rows = conn.execute(
        "select k.name, n.pid,"
        " (select count(distinct case e.a when n.nid then e.b else e.a end) from identity.edge e"
        "  where e.a = n.nid or e.b = n.nid),"
        " (select count(*) from identity.node m where m.pid = n.pid and m.base = m.nid)"
        " from identity.node n join identity.kind k on k.id = n.kind where n.digest = any(%s::uuid[])"
        " order by k.priority, k.name",
        ([digest.hex() for digest in digests],),
    )
    return [Held(*row) for row in rows]
