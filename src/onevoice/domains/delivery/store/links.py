"""SQL of links in messages."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import NamedTuple

import msgspec
from psycopg import Connection

from onevoice.kit import arrays


class Linked(NamedTuple):
    """A message's links, and the last click on one of them that a person may have made."""

    message_id: int
    nid: int
    account_id: int
    site: str
    sent_at: datetime | None
    urls: Sequence[str]
    clicked_at: datetime | None
    clicked: int | None


def keep(conn: Connection, links: Mapping[int, Sequence[str]]) -> None:
    """By message its addresses, in the order of their numbers. Rendered again they are kept again."""
    conn.execute(
        "insert into delivery.link (message_id, urls) select * from unnest(%s::bigint[], %s::jsonb[])"
        " on conflict (message_id) do update set urls = excluded.urls",
        (arrays.numbers(links), [msgspec.json.encode(list(urls)).decode() for urls in links.values()]),
    )


def find(conn: Connection, message_id: int) -> Linked | None:
    """Also of a message without links: pictures are asked for by the message alone."""
    row = conn.execute(
        "select m.id, m.nid, m.account_id, m.site, m.sent_at, coalesce(l.urls, '[]'), l.clicked_at, l.clicked"
        " from delivery.message m left join delivery.link l on l.message_id = m.id"
        " where m.id = %s and m.nid is not null and m.account_id is not null",
        (message_id,),
    ).fetchone()
    return None if row is None else Linked(*row)


def note(conn: Connection, message_id: int, number: int, at: datetime) -> None:
    conn.execute(
        "update delivery.link set clicked_at = greatest(clicked_at, %s), clicked = %s where message_id = %s",
        (at, number, message_id),
    )
