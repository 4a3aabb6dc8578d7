"""SQL of who looks at which conversation."""

from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple

from psycopg import Connection

from onevoice.kit import arrays


class Here(NamedTuple):
    """page: its number in its process. channel: by which what they write would go."""

    page: int
    account_id: int
    pid: int
    writes: bool
    channel: str | None = None


def put(conn: Connection, process: int, here: Sequence[Here], at: datetime) -> None:
    conn.execute(
        "insert into conversations.presence (process, page, account_id, pid, writes, channel, at)"
        " select %s, page, account_id, pid, writes::boolean, nullif(channel, ''), %s"
        " from unnest(%s::bigint[], %s::bigint[], %s::bigint[], %s::text[], %s::text[])"
        " h (page, account_id, pid, writes, channel)"
        " on conflict (process, page) do update set account_id = excluded.account_id, pid = excluded.pid,"
        " writes = excluded.writes, channel = excluded.channel, at = excluded.at",
        (
            process, at, arrays.numbers(each.page for each in here), arrays.numbers(each.account_id for each in here),
            arrays.numbers(each.pid for each in here), [str(each.writes).lower() for each in here],
            [each.channel or "" for each in here],
        ),
    )  # fmt: skip


def drop(conn: Connection, process: int, pages: Sequence[int], before: datetime) -> None:
    """Those of a process that are gone, and of any that were not renewed since."""
    conn.execute(
        "delete from conversations.presence where (process = %s and page = any(%s)) or at < %s",
        (process, arrays.numbers(pages), before),
    )


def since(conn: Connection, at: datetime) -> list[Here]:
    """Of all processes."""
    rows = conn.execute("select page, account_id, pid, writes from conversations.presence where at >= %s", (at,))
    return [Here(*row) for row in rows]


def writing(conn: Connection, at: datetime, channel: str) -> list[Here]:
    """Those who write what would go by a channel, of all processes."""
    rows = conn.execute(
        "select page, account_id, pid, writes, channel from conversations.presence"
        " where writes and channel = %s and at >= %s order by at",
        (channel, at),
    )
    return [Here(*row) for row in rows]
