"""SQL of what was said: consents, wishes, suppressions. The first two are appended to and never changed."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from psycopg import Connection
from psycopg.types.json import Jsonb

from onevoice.domains.privacy.contracts import Act, Entry, Line, Said, Waiting, Wish
from onevoice.kit import arrays


def lines(conn: Connection, nids: Sequence[int], purposes: Sequence[str] | None, *, upto: int | None) -> list[Line]:
    """The latest line of each identifier in each scope, and of each way it was said. purposes: None for all."""
    rows = conn.execute(
        "select distinct on (nid, via, purpose, channel, act = 'request')"
        " id, nid, via, purpose, channel, act, happened from privacy.consent"
        " where nid = any(%(nids)s::bigint[]) and (%(purposes)s::text[] is null or purpose = any(%(purposes)s))"
        " and (%(upto)s::bigint is null or id <= %(upto)s)"
        " order by nid, via, purpose, channel, act = 'request', happened desc, id desc",
        {"nids": arrays.numbers(nids), "purposes": list(purposes) if purposes is not None else None, "upto": upto},
    )
    return [Line(*row) for row in rows]


def wishes(conn: Connection, nids: Sequence[int], *, upto: int | None) -> list[Wish]:
    """The latest of each identifier, by name and by the way it was said."""
    rows = conn.execute(
        "select distinct on (nid, via, name) id, nid, via, name, value, happened from privacy.preference"
        " where nid = any(%(nids)s::bigint[]) and (%(upto)s::bigint is null or id <= %(upto)s)"
        " order by nid, via, name, happened desc, id desc",
        {"nids": arrays.numbers(nids), "upto": upto},
    )
    return [Wish(*row) for row in rows]


def lock(conn: Connection, nids: Sequence[int]) -> None:
    """One after the other, whoever says something by these identifiers; until the transaction ends."""
    conn.execute(
        "select pg_advisory_xact_lock(hashtextextended('privacy', nid))"
        " from (select nid from unnest(%s::bigint[]) k(nid) order by nid) k",
        (arrays.numbers(sorted(nids)),),
    )


def add_line(
    conn: Connection, nid: int, via: int | None, scope: tuple[str, str], act: Act, said: Said, at: datetime
) -> int | None:
    """scope: purpose and channel; at: when we learn it. Returns: its number; None where this was said already."""
    row = conn.execute(
        "insert into privacy.consent"
        " (nid, via, purpose, channel, act, text_id, source, door, happened, learnt, actor, proof, key)"
        " values (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s)"
        " on conflict (key, nid, purpose, channel) do nothing returning id",
        (nid, via, *scope, act, said.text, said.source, said.door, said.happened or at, at, said.actor,
         Jsonb(dict(said.proof)), said.key),
    ).fetchone()  # fmt: skip
    return row[0] if row else None


def lines_of_key(conn: Connection, key: str) -> list[int]:
    rows = conn.execute("select id from privacy.consent where key = %s order by id", (key,))
    return [row[0] for row in rows]


def add_wish(
    conn: Connection, nid: int, via: int | None, name: str, value: Any, said: Said, at: datetime
) -> int | None:
    row = conn.execute(
        "insert into privacy.preference (nid, via, name, value, source, happened, learnt, actor, key)"
        " values (%s, %s, %s, %s, %s, %s, %s, %s, %s) on conflict (key, nid, name) do nothing returning id",
        (nid, via, name, None if value is None else Jsonb(value), said.source, said.happened or at, at, said.actor,
         said.key),
    ).fetchone()  # fmt: skip
    return row[0] if row else None


def add_origin(conn: Connection, line: int, ip: str | None, agent: str | None) -> None:
    conn.execute("insert into privacy.origin (line, ip, agent) values (%s, %s, %s)", (line, ip, agent))


def withdrawn_after(conn: Connection, nids: Sequence[int], purpose: str, channel: str, after: int) -> int | None:
    """The newest withdrawal by these identifiers that touches the scope and came after the line `after`."""
    row = conn.execute(
        "select max(id) from privacy.consent where nid = any(%(nids)s::bigint[]) and id > %(after)s"
        " and act = 'withdraw' and purpose in (%(purpose)s, '*')"
        " and (channel in (%(channel)s, '*') or %(channel)s = '*')",
        {"nids": arrays.numbers(nids), "after": after, "purpose": purpose, "channel": channel},
    ).fetchone()
    return row[0] if row else None


def last_line(conn: Connection, nids: Sequence[int]) -> int:
    """The newest line by these identifiers; 0 where there is none."""
    row = conn.execute(
        "select greatest((select max(id) from privacy.consent where nid = any(%(nids)s::bigint[])),"
        " (select max(id) from privacy.preference where nid = any(%(nids)s::bigint[])), 0)",
        {"nids": arrays.numbers(nids)},
    ).fetchone()
    return row[0] if row else 0


_ENTRY = (
    "select c.id, c.nid, c.via, c.purpose, c.channel, c.act, c.source, c.door, c.happened, c.learnt, c.actor, c.proof,"
    " c.text_id, t.version, t.language, t.body from privacy.consent c left join privacy.text t on t.id = c.text_id"
)


def entries(conn: Connection, nids: Sequence[int], *, before: int | None, limit: int) -> list[Entry]:
    """Newest first."""
    rows = conn.execute(
        _ENTRY + " where c.nid = any(%s::bigint[]) and (%s::bigint is null or c.id < %s) order by c.id desc limit %s",
        (arrays.numbers(nids), before, before, limit),
    )
    return [Entry(*row) for row in rows]


def entries_by_id(conn: Connection, ids: Sequence[int]) -> dict[int, Entry]:
    rows = conn.execute(_ENTRY + " where c.id = any(%s::bigint[])", (arrays.numbers(ids),))
    return {row[0]: Entry(*row) for row in rows}


# Double opt-in


def add_request(conn: Connection, number: int, line: int, expires: datetime) -> bool:
    """False where the number was drawn before."""
    return (
        conn.execute(
            "insert into privacy.request (id, line, expires) values (%s, %s, %s) on conflict do nothing",
            (number, line, expires),
        ).rowcount
        == 1
    )


def request_of_line(conn: Connection, line: int) -> tuple[int, datetime] | None:
    """(number, expires)."""
    return conn.execute("select id, expires from privacy.request where line = %s", (line,)).fetchone()


def request(conn: Connection, number: int, confirmed_by: str) -> tuple[Waiting, datetime] | None:
    """confirmed_by: the key of the line that would have answered it."""
    row = conn.execute(
        "select c.id, c.nid, c.purpose, c.channel, c.text_id,"
        " exists (select from privacy.consent k where k.key = %s and k.nid = c.nid), r.expires"
        " from privacy.request r join privacy.consent c on c.id = r.line where r.id = %s",
        (confirmed_by, number),
    ).fetchone()
    return (Waiting(*row[:6]), row[6]) if row else None


# Doors of our own


def add_door(
    conn: Connection, number: int, nid: int, purpose: str | None, channel: str | None,
    made_at: datetime, made_by: str, expires: datetime,
) -> bool:  # fmt: skip
    """False where the number was drawn before."""
    return (
        conn.execute(
            "insert into privacy.door (id, nid, purpose, channel, made_at, made_by, expires)"
            " values (%s, %s, %s, %s, %s, %s, %s) on conflict do nothing",
            (number, nid, purpose, channel, made_at, made_by, expires),
        ).rowcount
        == 1
    )


def forget_run_out(conn: Connection, before: datetime, limit: int) -> int:
    """Doors and requests that ran out before it. How many."""
    return sum(
        conn.execute(
            f"delete from privacy.{table} where id in (select id from privacy.{table} where expires < %s limit %s)",
            (before, limit),
        ).rowcount
        for table in ("door", "request")
    )


def door(conn: Connection, number: int, at: datetime) -> tuple[int, str | None, str | None] | None:
    """(nid, purpose, channel) while it has not run out."""
    return conn.execute(
        "select nid, purpose, channel from privacy.door where id = %s and expires > %s", (number, at)
    ).fetchone()
