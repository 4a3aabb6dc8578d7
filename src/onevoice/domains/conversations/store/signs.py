"""SQL of what is told in a chat beside words: that a visitor writes, and how far colleagues have read."""

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import NamedTuple

from psycopg import Connection

from onevoice.domains.conversations.store.episodes import AUTHOR_NUMBER, Reach
from onevoice.kit import arrays


def write(conn: Connection, nid: int, at: datetime) -> None:
    conn.execute(
        "insert into conversations.typing (nid, at) values (%s, %s) on conflict (nid) do update set at = excluded.at",
        (nid, at),
    )


def stop(conn: Connection, nid: int, before: datetime) -> bool:
    """That one, and whoever wrote last so long ago that nobody asks any more."""
    conn.execute(
        "delete from conversations.typing where nid in"
        " (select nid from conversations.typing where at < %s for update skip locked)",
        (before,),
    )
    return conn.execute("delete from conversations.typing where nid = %s", (nid,)).rowcount > 0


def writing(conn: Connection, since: datetime) -> list[int]:
    """The identifiers of the chats in which somebody writes."""
    return [row[0] for row in conn.execute("select nid from conversations.typing where at >= %s", (since,))]


def heard(conn: Connection, reaches: Sequence[Reach], upto: int) -> dict[int, datetime]:
    """By identifier when its last word was said, of those of this time that are not after `upto` in the log."""
    since, until = arrays.spans((each.since, each.until) for each in reaches)
    rows = conn.execute(
        "select r.nid, max(s.at) from unnest(%s::bigint[], %s::timestamptz[], %s::timestamptz[]) r (nid, since, until)"
        " cross join lateral (select at from conversations.said where nid = r.nid and at >= r.since and at < r.until"
        " and seq <= %s and author = %s order by at desc, seq desc limit 1) s group by r.nid",
        (arrays.numbers(each.nid for each in reaches), since, until, upto, AUTHOR_NUMBER["customer"]),
    )
    return dict(rows.fetchall())


def read(conn: Connection, address: str, upto: datetime) -> bool:
    """The visitor's lines of a chat up to a time are read. Whether any was not before."""
    return conn.execute(
        "update conversations.chat c set read = l.n from (select l.chat, max(l.n) n from conversations.chat_line l"
        " join conversations.chat c on c.id = l.chat where c.address = %s and not l.ours and l.at <= %s"
        " group by l.chat) l"
        " where c.id = l.chat and c.read < l.n",
        (address, upto),
    ).rowcount > 0  # fmt: skip


class Reading(NamedTuple):
    chat: int
    account_id: int
    read: int


def reading(conn: Connection, chats: Collection[int]) -> list[Reading]:
    rows = conn.execute(
        "select id, account_id, read from conversations.chat where id = any(%s)", (arrays.numbers(sorted(chats)),)
    )
    return [Reading(*row) for row in rows]


def latest(conn: Connection, addresses: Sequence[tuple[int, str]]) -> dict[int, int]:
    """Of each profile's chats the one in which something was said last."""
    rows = conn.execute(
        "select distinct on (a.pid) a.pid, c.id from unnest(%s::bigint[], %s::text[]) a (pid, address)"
        " join conversations.chat c on c.address = a.address order by a.pid, c.seen_at desc, c.id desc",
        (arrays.numbers(pid for pid, _ in addresses), [address for _, address in addresses]),
    )
    return dict(rows.fetchall())
