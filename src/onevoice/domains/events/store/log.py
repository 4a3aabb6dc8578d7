"""SQL of the log, the dead letters, consumers' positions and what was seen."""

from collections.abc import Collection, Sequence
from datetime import date, datetime

from psycopg import Connection, sql

from onevoice.domains.events.contracts import Adoption, DeadLetter, LetterQuery, Position, Rejection
from onevoice.kit import arrays

SEEN_PARTS = 16
"""Hash partitions of events.seen, as the migration made them."""


def copy_frames(conn: Connection, rows: Sequence[tuple[datetime, int, int, bytes, int | None]]) -> None:
    """(received_at, source, number of events, body, import). One alone takes one round trip, a copy takes two."""
    if len(rows) == 1:
        conn.execute(
            "insert into events.log (received_at, source_id, n, body, import_id) values (%s, %s, %s, %s, %s)", rows[0]
        )
        return
    with (
        conn.cursor() as cursor,
        cursor.copy("copy events.log (received_at, source_id, n, body, import_id) from stdin (format binary)") as copy,
    ):
        copy.set_types(["timestamptz", "int4", "int4", "bytea", "int8"])
        for row in rows:
            copy.write_row(row)


def position(conn: Connection, consumer: str) -> Position:
    row = conn.execute("select xid::text::bigint, pos from events.position where consumer = %s", (consumer,)).fetchone()
    return Position(*row) if row else Position(0, 0)


def move(conn: Connection, consumer: str, end: Position, at: datetime) -> None:
    conn.execute(
        "insert into events.position (consumer, xid, pos, moved_at) values (%s, %s::text::xid8, %s, %s)"
        " on conflict (consumer) do update set xid = excluded.xid, pos = excluded.pos, moved_at = excluded.moved_at",
        (consumer, str(end.xid), end.pos, at),
    )


def frames_after(
    conn: Connection, after: Position, limit: int
) -> list[tuple[int, int, int, datetime, int, bytes, int | None]]:
    """(xid, pos, source, received_at, n, body, import) in log order, up to the oldest transaction still open."""
    return conn.execute(
        "select xid::text::bigint, pos, source_id, received_at, n, body, import_id from events.log"
        " where (xid, pos) > (%s::text::xid8, %s) and xid < pg_snapshot_xmin(pg_current_snapshot())"
        " order by xid, pos limit %s",
        (str(after.xid), after.pos, limit),
        binary=True,
    ).fetchall()


def sizes_after(conn: Connection, after: Position, limit: int) -> list[tuple[int, int]]:
    """(events, bytes as stored) of the next frames."""
    return conn.execute(
        "select n, octet_length(body) from events.log where (xid, pos) > (%s::text::xid8, %s)"
        " and xid < pg_snapshot_xmin(pg_current_snapshot()) order by xid, pos limit %s",
        (str(after.xid), after.pos, limit),
    ).fetchall()


def lag(conn: Connection, after: Position, bound: int) -> int:
    """Events behind the position; counting stops a little above `bound`."""
    row = conn.execute(
        "select coalesce(sum(n), 0)::bigint from (select n from events.log where (xid, pos) > (%s::text::xid8, %s)"
        " limit %s) x",
        (str(after.xid), after.pos, bound),
    ).fetchone()
    return row[0] if row else 0


# The cluster that the log belongs to

_TRUE_TO_ITSELF = "xmin = stamp and relation = tableoid"


def hold_cluster(conn: Connection) -> bool:
    """Whether the log is this cluster's; until the transaction ends it is not re-based."""
    row = conn.execute(f"select {_TRUE_TO_ITSELF} from events.cluster for share").fetchone()
    return bool(row and row[0])


def is_ours(conn: Connection) -> bool:
    """Whether the log is this cluster's: it says so, and knows of no transaction that is still to come."""
    row = conn.execute(
        f"select exists (select from events.cluster where {_TRUE_TO_ITSELF})"
        " and not exists (select from events.log where xid >= pg_snapshot_xmax(pg_current_snapshot()))"
        " and not exists (select from events.position where xid >= pg_snapshot_xmax(pg_current_snapshot()))"
    ).fetchone()
    return bool(row and row[0])


def lock_cluster(conn: Connection) -> None:
    """Wait for those who read the log and for whoever is re-basing it, then keep them out."""
    conn.execute("insert into events.cluster (stamp, relation) values ('0', 0) on conflict do nothing")
    conn.execute("select from events.cluster for update")


def rebase(conn: Connection) -> Adoption:
    """Move what was loaded before all that this cluster ever writes: transaction 0, numbered in the order it had.

    A frame was appended here, and stays as it is, if it names a transaction later than the load and no later than the
    one that wrote it. In doubt that is said of too many: such a frame is read again, and its events are repeats.
    """
    row = conn.execute(
        "with loaded_by as (select pg_current_xact_id()::text::bigint as own, age(xmin) as age from events.cluster),"
        " loaded as materialized (select l.tableoid as part, l.ctid as place, l.xid, l.pos,"
        "  row_number() over (order by l.xid, l.pos) as number from events.log l, loaded_by"
        "  where not (l.xid::text::bigint > own - loaded_by.age and l.xid::text::bigint <= own - age(l.xmin))),"
        " numbered as (update events.log l set xid = '0', pos = number from loaded"
        "  where l.tableoid = part and l.ctid = place),"
        " moved as (update events.position p set xid = '0',"
        "  pos = (select count(*) from loaded where (loaded.xid, loaded.pos) <= (p.xid, p.pos)) returning p.pos)"
        " select (select count(*) from loaded), (select coalesce(min(pos), 0) from moved)"
    ).fetchone()
    frames, read = row or (0, 0)
    return Adoption(frames, frames - read)


def stamp_cluster(conn: Connection) -> None:
    """Twice, so that the second row can name the transaction that wrote the first: it is the same."""
    conn.execute("update events.cluster set relation = tableoid")
    conn.execute("update events.cluster set stamp = xmin")


# What was seen


def add_seen(conn: Connection, hashes: Collection[bytes], day: date) -> set[bytes]:
    """Remember; returns those that were there before, which are few.

    Sorted, so that neighbours in the index are written together and two writers never wait for each other in a ring.
    """
    ordered = sorted(hashes)
    row = conn.execute(
        "with given as (select hash, place from unnest(%s::uuid[]) with ordinality given (hash, place)),"
        " added as (insert into events.seen (hash, seen_on) select hash, %s from given order by place"
        "  on conflict do nothing returning hash)"
        " select array(select place from given where not exists (select from added where added.hash = given.hash))",
        (arrays.hexes(ordered), day),
    ).fetchone()
    return {ordered[place - 1] for place in row[0]} if row else set()


def forget_seen(conn: Connection, hashes: Sequence[bytes]) -> None:
    conn.execute("delete from events.seen where hash = any(%s::uuid[])", ([h.hex() for h in sorted(hashes)],))


# Dead letters

_LETTER = (
    "select id, received_at, source_id, code, reason, message_id, event, state, replayed_at,"
    " import_id from events.dead_letter"
)


def insert_letters(conn: Connection, rows: Sequence[Rejection]) -> None:
    with (
        conn.cursor() as cursor,
        cursor.copy(
            "copy events.dead_letter (received_at, source_id, code, reason, message_id, event, import_id) from stdin"
        ) as copy,
    ):
        for row in rows:
            copy.write_row(
                (
                    row.received_at,
                    row.source_id,
                    row.code,
                    row.reason,
                    row.message_id,
                    row.event.decode(),
                    row.import_id,
                )
            )


_WANTED = (
    " where (%(before)s::bigint is null or id < %(before)s) and (%(state)s::text is null or state = %(state)s)"
    " and (%(code)s::text is null or code = %(code)s) and (%(source)s::int is null or source_id = %(source)s)"
)


def letters(conn: Connection, wanted: LetterQuery, limit: int) -> list[DeadLetter]:
    """Newest first."""
    rows = conn.execute(_LETTER + _WANTED + " order by id desc limit %(limit)s", {**wanted._asdict(), "limit": limit})
    return [DeadLetter(*row) for row in rows]


def count_letters(conn: Connection, wanted: LetterQuery) -> int:
    row = conn.execute("select count(*) from events.dead_letter" + _WANTED, wanted._asdict()).fetchone()
    return row[0] if row else 0


def letter_codes(conn: Connection) -> list[tuple[str, int]]:
    """(code, how many are open), the most frequent first."""
    return conn.execute(
        "select code, count(*) from events.dead_letter where state = 'open' group by code order by 2 desc, 1"
    ).fetchall()


def letter(conn: Connection, letter_id: int) -> DeadLetter | None:
    row = conn.execute(_LETTER + " where id = %s", (letter_id,)).fetchone()
    return DeadLetter(*row) if row else None


def recent_letters(conn: Connection, since: datetime, limit: int) -> list[DeadLetter]:
    rows = conn.execute(
        _LETTER + " where id > (select coalesce(max(id), 0) - %s from events.dead_letter) and received_at >= %s"
        " order by id desc limit %s",
        (limit, since, limit),
    )
    return [DeadLetter(*row) for row in rows]


def open_letters(conn: Connection) -> int:
    row = conn.execute("select count(*) from events.dead_letter where state = 'open'").fetchone()
    return row[0] if row else 0


def lock_letter(conn: Connection, letter: int) -> DeadLetter | None:
    row = conn.execute(_LETTER + " where id = %s for update", (letter,)).fetchone()
    return DeadLetter(*row) if row else None


def close_letter(conn: Connection, letter: int, message_id: str, at: datetime) -> None:
    conn.execute(
        "update events.dead_letter set state = 'replayed', message_id = %s, replayed_at = %s where id = %s",
        (message_id, at, letter),
    )


def refuse_again(conn: Connection, letter: int, code: str, reason: str) -> None:
    conn.execute("update events.dead_letter set code = %s, reason = %s where id = %s", (code, reason, letter))


def reopen_letter(conn: Connection, letter: int, code: str, reason: str) -> bool:
    """False where there is no such letter any more."""
    done = conn.execute(
        "update events.dead_letter set state = 'open', replayed_at = null, code = %s, reason = %s where id = %s",
        (code, reason, letter),
    )
    return done.rowcount == 1


# Housekeeping


def partitions(conn: Connection) -> list[str]:
    rows = conn.execute(
        "select c.relname from pg_inherits i join pg_class c on c.oid = i.inhrelid"
        " where i.inhparent = 'events.log'::regclass and c.relname ~ '^log_[0-9]{8}$' order by 1"
    )
    return [row[0] for row in rows]


def rest_holds(conn: Connection, start: datetime, end: datetime) -> bool:
    """True where the partition for everything else already holds rows of that day."""
    row = conn.execute(
        "select exists (select from events.log_rest where received_at >= %s and received_at < %s)", (start, end)
    ).fetchone()
    return bool(row and row[0])


def add_partition(conn: Connection, name: str, start: datetime, end: datetime) -> None:
    add = sql.SQL("create table if not exists {} partition of events.log for values from ({}) to ({})")
    conn.execute(add.format(sql.Identifier("events", name), sql.Literal(start), sql.Literal(end)))


def drop_partition(conn: Connection, name: str) -> None:
    conn.execute(sql.SQL("drop table {}").format(sql.Identifier("events", name)))


def unread_in(conn: Connection, name: str, slowest: Position) -> bool:
    query = sql.SQL("select exists (select from {} where (xid, pos) > (%s::text::xid8, %s))")
    row = conn.execute(query.format(sql.Identifier("events", name)), (str(slowest.xid), slowest.pos)).fetchone()
    return bool(row and row[0])


def slowest_position(conn: Connection) -> Position:
    row = conn.execute("select xid::text::bigint, pos from events.position order by xid, pos limit 1").fetchone()
    return Position(*row) if row else Position(0, 0)


def wait_briefly(conn: Connection, milliseconds: int) -> None:
    """From here to the end of the transaction, give up rather than stand in the way of those who append."""
    conn.execute("select set_config('lock_timeout', %s, true)", (str(milliseconds),))


def forget_log_rest(conn: Connection, slowest: Position, before: datetime, limit: int) -> None:
    conn.execute(
        "delete from events.log_rest where ctid = any(array(select ctid from events.log_rest"
        " where received_at < %s and (xid, pos) <= (%s::text::xid8, %s) limit %s))",
        (before, str(slowest.xid), slowest.pos, limit),
    )


def forget_letters(conn: Connection, before: datetime, limit: int) -> None:
    conn.execute(
        "delete from events.dead_letter where id = any(array(select id from events.dead_letter"
        " where received_at < %s order by id limit %s))",
        (before, limit),
    )


def forget_seen_before(conn: Connection, before: date, part: int, limit: int) -> None:
    forget = sql.SQL(
        "delete from {part} where ctid = any(array(select ctid from {part} where seen_on < %s limit %s))"
    ).format(part=sql.Identifier("events", f"seen_{part:02d}"))
    conn.execute(forget, (before, limit))


# What belongs to an import


def unread_of_import(conn: Connection, import_id: int, after: Position) -> bool:
    row = conn.execute(
        "select exists (select from events.log where (xid, pos) > (%s::text::xid8, %s) and import_id = %s)",
        (str(after.xid), after.pos, import_id),
    ).fetchone()
    return bool(row and row[0])


def close_import(conn: Connection, import_id: int) -> None:
    conn.execute("insert into events.closed_import (id) values (%s) on conflict do nothing", (import_id,))


def is_closed(conn: Connection, import_id: int) -> bool:
    row = conn.execute("select exists (select from events.closed_import where id = %s)", (import_id,)).fetchone()
    return bool(row and row[0])


def take_letters_of_import(conn: Connection, import_id: int, limit: int) -> list[Rejection]:
    """Delete some of what was laid aside of an import. Returns: these."""
    rows = conn.execute(
        "delete from events.dead_letter where id = any(array(select id from events.dead_letter where import_id = %s"
        " order by id limit %s)) returning source_id, received_at, code, reason, message_id, event, import_id",
        (import_id, limit),
    )
    return [
        Rejection(source, received, code, reason, message_id, event.encode(), of)
        for source, received, code, reason, message_id, event, of in rows
    ]
