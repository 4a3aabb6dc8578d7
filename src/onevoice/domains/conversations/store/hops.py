"""SQL of ways from a chat to another door."""

from datetime import datetime
from typing import Any

from psycopg import Connection

from onevoice.domains.conversations.contracts import HOP_STATES, Hop, HopState

_HOP = "id, chat, channel, account_id, until, state, message, nid, action"


def _hop(row: Any) -> Hop:
    number, chat, channel, account_id, until, state, message, nid, action = row
    return Hop(number, chat, channel, account_id, until, HOP_STATES[state], message, nid, action)


def add(
    conn: Connection, chat: int, channel: str, account_id: int, digest: bytes | None, at: datetime, until: datetime
) -> int | None:
    """None where there is such a code already."""
    row = conn.execute(
        "insert into conversations.hop (chat, channel, account_id, digest, made_at, until)"
        " values (%s, %s, %s, %s, %s, %s) on conflict do nothing returning id",
        (chat, channel, account_id, digest, at, until),
    ).fetchone()
    return row[0] if row else None


def end_others(conn: Connection, chat: int, channel: str, at: datetime) -> None:
    """A new code makes those before it worthless."""
    conn.execute(
        "update conversations.hop set until = %(at)s where chat = %(chat)s and channel = %(channel)s and state = 0"
        " and until > %(at)s",
        {"chat": chat, "channel": channel, "at": at},
    )


def set_message(conn: Connection, hop: int, message: int) -> None:
    conn.execute("update conversations.hop set message = %s where id = %s", (message, hop))


def come(conn: Connection, digest: bytes, account_id: int, nid: int, at: datetime) -> bool:
    """Somebody came with a code in time. Once: whoever comes later finds it used."""
    done = conn.execute(
        "update conversations.hop set state = 1, used_at = %(at)s, nid = %(nid)s where digest = %(digest)s"
        " and account_id = %(account)s and state = 0 and until > %(at)s",
        {"digest": digest, "account": account_id, "nid": nid, "at": at},
    )
    return done.rowcount == 1


def answered(conn: Connection, message: int, nid: int, at: datetime) -> None:
    """Whoever got our letter has answered it."""
    conn.execute(
        "update conversations.hop set state = 1, used_at = %(at)s where message = %(message)s and nid = %(nid)s"
        " and state = 0 and until > %(at)s",
        {"message": message, "nid": nid, "at": at},
    )


def arrived(conn: Connection, limit: int) -> list[Hop]:
    rows = conn.execute(
        f"select {_HOP} from conversations.hop where state = 1 order by id limit %s for update skip locked", (limit,)
    )
    return [_hop(row) for row in rows]


def left(conn: Connection, chat: int, channel: str, since: datetime) -> int:
    """How many ways to a channel were asked for from this chat since then."""
    row = conn.execute(
        "select count(*) from conversations.hop where chat = %s and channel = %s and made_at > %s",
        (chat, channel, since),
    ).fetchone()
    return row[0] if row else 0


def lettered(conn: Connection, nid: int, since: datetime) -> int:
    """How many letters this address had since then."""
    row = conn.execute(
        "select count(*) from conversations.hop where nid = %s and message is not null and made_at > %s", (nid, since)
    ).fetchone()
    return row[0] if row else 0


def set_nid(conn: Connection, hop: int, nid: int) -> None:
    conn.execute("update conversations.hop set nid = %s where id = %s", (nid, hop))


def move(conn: Connection, hop: int, state: HopState, action: int | None = None) -> None:
    conn.execute(
        "update conversations.hop set state = %s, action = coalesce(%s, action) where id = %s",
        (HOP_STATES.index(state), action, hop),
    )


def latest(conn: Connection, chat: int, *, lock: bool = False) -> Hop | None:
    """The last by which somebody came, whom the chat was told of."""
    row = conn.execute(
        f"select {_HOP} from conversations.hop where chat = %s and state in (2, 3, 4) and nid is not null"
        " order by used_at desc nulls last, id desc limit 1" + (" for update" if lock else ""),
        (chat,),
    ).fetchone()
    return _hop(row) if row else None


def language_of(conn: Connection, digest: bytes) -> str | None:
    """Of the chat that a code was shown in, whatever has become of it."""
    row = conn.execute(
        "select c.language from conversations.hop h join conversations.chat c on c.id = h.chat where h.digest = %s",
        (digest,),
    ).fetchone()
    return row[0] if row else None
