"""SQL of the views that are kept."""

from datetime import datetime

from psycopg import Connection

from onevoice.domains.conversations.contracts import KeptView

_VIEW = "select id, account_id, shared, name, view, sort, channel, tag, assignee from conversations.view"


def seen_by(conn: Connection, account_id: int) -> list[KeptView]:
    """One's own, then those of all, the oldest first."""
    rows = conn.execute(f"{_VIEW} where shared or account_id = %s order by shared, id", (account_id,))
    return [KeptView(*row) for row in rows]


def one(conn: Connection, number: int) -> KeptView | None:
    row = conn.execute(f"{_VIEW} where id = %s for update", (number,)).fetchone()
    return KeptView(*row) if row else None


def add(conn: Connection, view: KeptView, at: datetime) -> int:
    row = conn.execute(
        "insert into conversations.view (account_id, shared, name, view, sort, channel, tag, assignee, created_at)"
        " values (%s, %s, %s, %s, %s, %s, %s, %s, %s) returning id",
        (view.owner, view.shared, view.name, view.view, view.sort, view.channel, view.tag, view.assignee, at),
    ).fetchone()
    assert row is not None  # noqa: S101 - an insert gives its row
    return row[0]


def put(conn: Connection, view: KeptView) -> None:
    conn.execute(
        "update conversations.view set shared = %s, name = %s, view = %s, sort = %s, channel = %s, tag = %s,"
        " assignee = %s where id = %s",
        (view.shared, view.name, view.view, view.sort, view.channel, view.tag, view.assignee, view.id),
    )


def drop(conn: Connection, number: int) -> None:
    conn.execute("delete from conversations.view where id = %s", (number,))
