"""SQL of drafts and of saved replies."""

from collections.abc import Sequence
from typing import Literal

from psycopg import Connection
from psycopg.types.json import Jsonb

from onevoice.domains.conversations.contracts import Canned, Draft
from onevoice.kit import arrays

Kind = Literal["reply", "note"]


def of(conn: Connection, account_id: int, nodes: Sequence[int]) -> list[Draft]:
    """Of each kind the newest: somebody may have begun twice before two people were found to be one."""
    rows = conn.execute(
        "select distinct on (kind) kind, text, channel, at from conversations.draft where account_id = %s"
        " and nid = any(%s) order by kind, at desc",
        (account_id, arrays.numbers(nodes)),
    )
    return [Draft(*row) for row in rows]


def put(conn: Connection, account_id: int, nid: int, draft: Draft) -> None:
    """What is older than what is there changes nothing: two tabs may save at once."""
    conn.execute(
        "insert into conversations.draft as d (account_id, nid, kind, channel, text, at)"
        " values (%s, %s, %s, %s, %s, %s) on conflict (account_id, nid, kind) do update set channel = excluded.channel,"
        " text = excluded.text, at = excluded.at where d.at <= excluded.at",
        (account_id, nid, draft.kind, draft.channel, draft.text, draft.at),
    )


def drop(conn: Connection, account_id: int, nodes: Sequence[int], kind: Kind) -> None:
    conn.execute(
        "delete from conversations.draft where account_id = %s and nid = any(%s) and kind = %s",
        (account_id, arrays.numbers(nodes), kind),
    )


_CANNED = "select id, shortcut, title, texts, changed_at, changed_by from conversations.canned"


def canned(conn: Connection, text: str, after: str, limit: int) -> list[Canned]:
    """By shortcut. text: a part of the shortcut, the title or any of the texts, as it stands."""
    rows = conn.execute(
        f"{_CANNED} where shortcut > %s and (%s = '' or position(lower(%s) in lower(shortcut || ' ' || title || ' ' ||"
        " texts::text)) > 0) order by shortcut limit %s",
        (after, text, text, limit),
    )
    return [Canned(*row) for row in rows]


def add_canned(conn: Connection, reply: Canned) -> int | None:
    """None where the shortcut is taken."""
    row = conn.execute(
        "insert into conversations.canned (shortcut, title, texts, changed_at, changed_by) values (%s, %s, %s, %s, %s)"
        " on conflict (shortcut) do nothing returning id",
        (reply.shortcut, reply.title, Jsonb(dict(reply.texts)), reply.changed_at, reply.changed_by),
    ).fetchone()
    return row[0] if row else None


def one_canned(conn: Connection, number: int) -> Canned | None:
    row = conn.execute(f"{_CANNED} where id = %s for update", (number,)).fetchone()
    return Canned(*row) if row else None


def put_canned(conn: Connection, reply: Canned) -> bool:
    """False where the shortcut is taken."""
    done = conn.execute(
        "update conversations.canned c set shortcut = %(shortcut)s, title = %(title)s, texts = %(texts)s,"
        " changed_at = %(at)s, changed_by = %(by)s where id = %(id)s and not exists (select 1 from conversations.canned"
        " o where o.shortcut = %(shortcut)s and o.id <> %(id)s)",
        {
            "shortcut": reply.shortcut, "title": reply.title, "texts": Jsonb(dict(reply.texts)), "at": reply.changed_at,
            "by": reply.changed_by, "id": reply.id,
        },
    )  # fmt: skip
    return done.rowcount == 1


def drop_canned(conn: Connection, number: int) -> bool:
    return conn.execute("delete from conversations.canned where id = %s", (number,)).rowcount == 1
