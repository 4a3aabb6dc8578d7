"""SQL of the site's chats: whose they are, and what stands in them."""

from collections.abc import Collection
from datetime import datetime
from typing import NamedTuple

from psycopg import Connection
from psycopg.types.json import Jsonb

from onevoice.domains.conversations.contracts import Chat, ChatLine
from onevoice.kit import arrays

_CHAT = "id, account_id, address, device, language, last, got, shown, contact, read, proven"
_LINE = "n, at, ours, key, message, author, text, coalesce(files, '[]')"


def ensure(conn: Connection, account_id: int, address: str, device: str | None, language: str, at: datetime) -> Chat:
    """The chat of an address, begun where there is none; locked."""
    row = conn.execute(
        "insert into conversations.chat (account_id, address, device, language, opened_at, seen_at)"
        f" values (%s, %s, %s, %s, %s, %s) on conflict (address) do update set seen_at = excluded.seen_at"
        f" returning {_CHAT}",
        (account_id, address, device, language, at, at),
    ).fetchone()
    assert row is not None  # noqa: S101 - an upsert gives its row
    return Chat(*row)


def find(conn: Connection, address: str, *, lock: bool = False) -> Chat | None:
    row = conn.execute(
        f"select {_CHAT} from conversations.chat where address = %s" + (" for update" if lock else ""), (address,)
    ).fetchone()
    return Chat(*row) if row else None


def bind(conn: Connection, chat: int, device: str) -> None:
    conn.execute("update conversations.chat set device = %s where id = %s", (device, chat))


def by_id(conn: Connection, chat: int, *, lock: bool = False) -> Chat | None:
    row = conn.execute(
        f"select {_CHAT} from conversations.chat where id = %s" + (" for update" if lock else ""), (chat,)
    ).fetchone()
    return Chat(*row) if row else None


def prove(conn: Connection, chat: int, user: str) -> bool:
    """Whether it is this user's chat: nobody's yet, or theirs before."""
    done = conn.execute(
        "update conversations.chat set proven = %s where id = %s and (proven is null or proven = %s)",
        (user, chat, user),
    )
    return done.rowcount == 1


def proven_by(conn: Connection, user: str, limit: int) -> list[Chat]:
    """The newest of those that were proven to be a user's."""
    rows = conn.execute(
        f"select {_CHAT} from conversations.chat where proven = %s order by id desc limit %s", (user, limit)
    )
    return [Chat(*row) for row in rows]


def set_contact(conn: Connection, chat: int, contact: str) -> None:
    conn.execute("update conversations.chat set contact = %s where id = %s", (contact, chat))


def line(conn: Connection, chat: int, key: str) -> ChatLine | None:
    row = conn.execute(
        f"select {_LINE} from conversations.chat_line where chat = %s and key = %s", (chat, key)
    ).fetchone()
    return ChatLine(*row) if row else None


def holds(conn: Connection, chat: int, n: int, file: int) -> bool:
    """Whether this file came with this line."""
    row = conn.execute(
        "select exists(select from conversations.chat_line where chat = %s and n = %s and files @> %s)",
        (chat, n, Jsonb([{"file": file}])),
    ).fetchone()
    return bool(row and row[0])


def add(conn: Connection, chat: int, line: ChatLine) -> None:
    """The chat is locked by whoever calls, so that numbers follow the order of commits."""
    conn.execute(
        "with added as (insert into conversations.chat_line (chat, n, at, ours, key, message, author, text, files)"
        " values (%s, %s, %s, %s, %s, %s, %s, %s, %s) returning chat, n)"
        " update conversations.chat c set last = added.n from added where c.id = added.chat",
        (chat, *line[:-1], Jsonb(line.files) if line.files else None),
    )


def after(conn: Connection, chat: int, n: int, limit: int) -> list[ChatLine]:
    """Oldest first."""
    rows = conn.execute(
        f"select {_LINE} from conversations.chat_line where chat = %s and n > %s order by n limit %s", (chat, n, limit)
    )
    return [ChatLine(*row) for row in rows]


def before(conn: Connection, chat: int, n: int, limit: int) -> list[ChatLine]:
    """The newest of those before, oldest first."""
    rows = conn.execute(
        f"select {_LINE} from conversations.chat_line where chat = %s and n < %s order by n desc limit %s",
        (chat, n, limit),
    )
    return [ChatLine(*row) for row in rows][::-1]


def ours_between(conn: Connection, chat: int, after_n: int, upto: int) -> list[int]:
    """Messages of ours among these lines."""
    rows = conn.execute(
        "select message from conversations.chat_line where chat = %s and n > %s and n <= %s and message is not null",
        (chat, after_n, upto),
    )
    return [row[0] for row in rows]


def note_shown(conn: Connection, chat: int, got: int, shown: int) -> None:
    conn.execute("update conversations.chat set got = %s, shown = %s where id = %s", (got, shown, chat))


class Told(NamedTuple):
    """A line of any chat, as it is told to whoever listens."""

    seq: int
    chat: int
    line: ChatLine


def fresh(conn: Connection, after_seq: int, gaps: Collection[int], limit: int) -> list[Told]:
    """What was said in any chat after a place, and what has come meanwhile of those before that were not there yet."""
    rows = conn.execute(
        f"select seq, chat, {_LINE} from conversations.chat_line where seq > %s or seq = any(%s::bigint[])"
        " order by seq limit %s",
        (after_seq, arrays.numbers(sorted(gaps)), limit),
    )
    return [Told(row[0], row[1], ChatLine(*row[2:])) for row in rows]


def last_seq(conn: Connection) -> int:
    row = conn.execute("select coalesce(max(seq), 0) from conversations.chat_line").fetchone()
    return row[0] if row else 0


def waits(conn: Connection, account_id: int, since: datetime, limit: int) -> list[float]:
    """Seconds that people waited for the first answer to what they said, in the newest of those answers."""
    rows = conn.execute(
        "select extract(epoch from l.at - p.at)::float from conversations.chat_line l"
        " join conversations.chat c on c.id = l.chat and c.account_id = %s"
        " join conversations.chat_line p on p.chat = l.chat and p.n = l.n - 1 and not p.ours"
        " where l.ours and l.at > %s order by l.at desc limit %s",
        (account_id, since, limit),
    )
    return [row[0] for row in rows]


def forget_lines(conn: Connection, until: datetime, limit: int) -> int:
    """What nobody has looked at for so long: the log holds it."""
    return conn.execute(
        "delete from conversations.chat_line where seq in (select seq from conversations.chat_line where at < %s"
        " order by at limit %s)",
        (until, limit),
    ).rowcount


def available(conn: Connection) -> bool:
    """Whether anybody takes conversations now."""
    row = conn.execute("select exists(select from conversations.agent where available)").fetchone()
    return bool(row and row[0])
