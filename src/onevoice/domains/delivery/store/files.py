"""SQL of files: what is in them, once each, and each file that was sent."""

from collections.abc import Sequence
from datetime import datetime

from psycopg import Connection

from onevoice.domains.delivery.contracts.files import Bytes, File, Sniffed, Wanted
from onevoice.domains.delivery.store.messages import STATE_NUMBER
from onevoice.kit import arrays


def keep_blob(conn: Connection, digest: bytes, found: Sniffed, data: bytes) -> None:
    """What is there already is locked, so that nobody drops it before a file names it."""
    conn.execute(
        "insert into delivery.blob (hash, type, width, height, data) values (%s, %s, %s, %s, %s)"
        " on conflict (hash) do update set type = excluded.type",
        (digest, found.type, found.width, found.height, data),
    )


def add(
    conn: Connection,
    file: File,
    at: datetime,
    *,
    account: int | None = None,
    reference: str | None = None,
    due_at: datetime | None = None,
    digest: bytes | None = None,
) -> int:
    row = conn.execute(
        "insert into delivery.file (account_id, name, told_type, size_bytes, state, reason, reference, due_at, put_by,"
        " hash, at) values (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s) returning id",
        (
            account, file.name, file.type, file.size_bytes, file.state, file.reason, reference, due_at, file.put_by,
            digest, at,
        ),
    ).fetchone()  # fmt: skip
    assert row is not None  # noqa: S101 - an insert gives its row
    return row[0]


_FILE = (
    "f.id, f.name, coalesce(b.type, f.told_type), f.size_bytes, f.state, f.reason, b.width, b.height, f.put_by"
    " from delivery.file f left join delivery.blob b on b.hash = f.hash"
)


def files(conn: Connection, numbers: Sequence[int]) -> dict[int, File]:
    """Those that are there."""
    rows = conn.execute(f"select {_FILE} where f.id = any(%s)", (arrays.numbers(numbers),))
    return {row[0]: File(*row) for row in rows}


def data(conn: Connection, number: int) -> Bytes | None:
    """None of what is not here."""
    row = conn.execute(
        "select b.data, f.at, f.id, f.name, b.type, f.size_bytes, f.state, f.reason, b.width, b.height, f.put_by"
        " from delivery.file f join delivery.blob b on b.hash = f.hash where f.id = %s",
        (number,),
    ).fetchone()
    return None if row is None else Bytes(File(*row[2:]), row[0], row[1])


def claim(conn: Connection, at: datetime, until: datetime, limit: int) -> list[Wanted]:
    """Those to be fetched now; nobody else asks for them until then."""
    rows = conn.execute(
        "update delivery.file f set due_at = %s, tries = tries + 1 where id in (select id from delivery.file"
        " where state = 'waiting' and due_at <= %s order by due_at limit %s for update skip locked)"
        " returning id, account_id, reference, tries",
        (until, at, limit),
    )
    return [Wanted(*row) for row in rows]


def kept(conn: Connection, number: int, digest: bytes, size_bytes: int) -> None:
    conn.execute(
        "update delivery.file set state = 'kept', hash = %s, size_bytes = %s, due_at = null, reference = null"
        " where id = %s and state = 'waiting'",
        (digest, size_bytes, number),
    )


def again(conn: Connection, number: int, at: datetime) -> None:
    conn.execute("update delivery.file set due_at = %s where id = %s and state = 'waiting'", (at, number))


def failed(conn: Connection, number: int, reason: str) -> None:
    conn.execute(
        "update delivery.file set state = 'failed', reason = %s, due_at = null, reference = null where id = %s"
        " and state = 'waiting'",
        (reason, number),
    )


# What somebody puts in


def put_piece(conn: Connection, number: int, starts: int, piece: bytes) -> None:
    """One that is there already changes nothing."""
    conn.execute(
        "insert into delivery.piece (file, starts, data) values (%s, %s, %s) on conflict do nothing",
        (number, starts, piece),
    )


def came(conn: Connection, number: int) -> int:
    row = conn.execute(
        "select coalesce(sum(length(data)), 0)::bigint from delivery.piece where file = %s", (number,)
    ).fetchone()
    return row[0] if row else 0


def pieces(conn: Connection, number: int) -> bytes:
    """All of them, which are let go."""
    rows = conn.execute("delete from delivery.piece where file = %s returning starts, data", (number,)).fetchall()
    return b"".join(part for _, part in sorted(rows))


def whole(conn: Connection, number: int, digest: bytes) -> None:
    conn.execute("update delivery.file set state = 'kept', hash = %s where id = %s", (digest, number))


def mine(conn: Connection, numbers: Sequence[int], account: int) -> dict[int, File]:
    """Those that this one put in, locked so that they are not forgotten meanwhile."""
    rows = conn.execute(
        f"select {_FILE} where f.id = any(%s) and f.put_by = %s for update of f", (arrays.numbers(numbers), account)
    )
    return {row[0]: File(*row) for row in rows}


def sent(conn: Connection, numbers: Sequence[int]) -> None:
    """They go with a message from now on, and are not forgotten."""
    conn.execute("update delivery.file set due_at = null where id = any(%s)", (arrays.numbers(numbers),))


def taken_back(conn: Connection, message_id: int, until: datetime) -> None:
    """What goes with no message but this one is put in and not sent, as before; until then it can be sent again."""
    rows = conn.execute(
        "select id from delivery.file where put_by is not null and id in (select (m->>'file')::bigint"
        " from delivery.content c, jsonb_array_elements(c.body->'words'->'media') m where c.message_id = %s"
        " and c.body->'words'->'media' <> '[]') order by id for update",
        (message_id,),
    ).fetchall()
    if rows:  # locked, and only then looked at: whoever sends one just now has locked it too
        conn.execute(
            "update delivery.file f set due_at = %s where id = any(%s) and not exists (select from delivery.content c"
            " join delivery.message m on m.id = c.message_id where c.body->'words'->'media' <> '[]'"
            " and c.body->'words'->'media' @> jsonb_build_array(jsonb_build_object('file', f.id)) and m.state <> %s)",
            (until, arrays.numbers([row[0] for row in rows]), STATE_NUMBER["cancelled"]),
        )


def drop(conn: Connection, number: int, account: int) -> bool:
    """One that was put in and not sent."""
    done = conn.execute(
        "delete from delivery.file where id = %s and put_by = %s and due_at is not null", (number, account)
    )
    return done.rowcount == 1


def held(conn: Connection, account: int) -> int:
    """How many somebody has put in and not sent."""
    row = conn.execute(
        "select count(*) from delivery.file where put_by = %s and due_at is not null", (account,)
    ).fetchone()
    return row[0] if row else 0


def forget(conn: Connection, at: datetime, limit: int) -> int:
    """Those that were put in and not sent until now; then what is in no file any more."""
    done = conn.execute(
        "delete from delivery.file where id in (select id from delivery.file where put_by is not null"
        " and due_at <= %s limit %s)",
        (at, limit),
    )
    conn.execute(
        "delete from delivery.blob where hash in (select b.hash from delivery.blob b where not exists"
        " (select from delivery.file f where f.hash = b.hash) limit %s for update skip locked)",
        (limit,),
    )
    return done.rowcount
