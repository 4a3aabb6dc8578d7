"""SQL of imports: how far each file has come, and what is to be done with it."""

import json
from collections.abc import Sequence
from datetime import datetime
from typing import Any

from psycopg import Connection

from onevoice.domains.imports.contracts import WAITING, Import, ImportState, State

_COLUMNS = (
    "id, name, source_id, state, actor, console, size_bytes, uploaded_bytes, format, report, share, problem, records,"
    " taken, refused, undo_total, undone, undo_reason, undo_actor, started_at, moved_at, finished_at, undone_at"
)


def begin(conn: Connection, source_id: int, fingerprint: bytes, name: str, at: datetime) -> ImportState | None:
    """The import of that file, begun now if it is new, held until the transaction ends; None: somebody else has it."""
    conn.execute(
        "insert into imports.file (source_id, fingerprint, name, state, started_at, moved_at)"
        " values (%s, %s::uuid, %s, 'running', %s, %s)"
        " on conflict (source_id, fingerprint) where undone_at is null do nothing",
        (source_id, fingerprint.hex(), name, at, at),
    )
    row = conn.execute(
        "select id, records, taken, refused, finished_at, state from imports.file"
        " where source_id = %s and fingerprint = %s::uuid and undone_at is null for update skip locked",
        (source_id, fingerprint.hex()),
    ).fetchone()
    return ImportState(*row) if row else None


def move(conn: Connection, state: ImportState, at: datetime, share: float = 0.0) -> None:
    conn.execute(
        "update imports.file set records = %s, taken = %s, refused = %s, moved_at = %s, finished_at = %s, state = %s,"
        " share = %s where id = %s",
        (state.records, state.taken, state.refused, at, state.finished_at, state.state, share, state.id),
    )


def add(conn: Connection, name: str, size_bytes: int, actor: str, at: datetime) -> int:
    """A file that is about to be uploaded."""
    row = conn.execute(
        "insert into imports.file (name, size_bytes, actor, console, state, started_at, moved_at)"
        " values (%s, %s, %s, true, 'uploading', %s, %s) returning id",
        (name, size_bytes, actor, at, at),
    ).fetchone()
    assert row is not None  # noqa: S101 - an insert returns its row
    return row[0]


def find(conn: Connection, import_id: int, *, hold: bool = False) -> Import | None:
    row = conn.execute(
        f"select {_COLUMNS} from imports.file where id = %s" + (" for update" if hold else ""), (import_id,)
    ).fetchone()
    return Import(*row) if row else None


def page(conn: Connection, before: int | None, limit: int) -> list[Import]:
    """Newest first."""
    rows = conn.execute(
        f"select {_COLUMNS} from imports.file where %(before)s::bigint is null or id < %(before)s"
        " order by id desc limit %(limit)s",
        {"before": before, "limit": limit},
    )
    return [Import(*row) for row in rows]


def by_fingerprint(conn: Connection, source_id: int, fingerprint: bytes) -> int | None:
    row = conn.execute(
        "select id from imports.file where source_id = %s and fingerprint = %s::uuid and undone_at is null",
        (source_id, fingerprint.hex()),
    ).fetchone()
    return row[0] if row else None


def uploaded(conn: Connection, import_id: int, size_bytes: int, state: State, at: datetime) -> None:
    conn.execute(
        "update imports.file set uploaded_bytes = %s, state = %s, moved_at = %s where id = %s",
        (size_bytes, state, at, import_id),
    )


def set_state(conn: Connection, import_id: int, state: State, at: datetime, problem: str | None = None) -> None:
    conn.execute(
        "update imports.file set state = %s, problem = %s, share = 0, moved_at = %s where id = %s",
        (state, problem, at, import_id),
    )


def wish(
    conn: Connection, import_id: int, state: State, source_id: int, fingerprint: bytes | None, form: dict[str, Any],
    at: datetime,
) -> None:  # fmt: skip
    """What is to be done with the file, and how it is read."""
    conn.execute(
        "update imports.file set state = %s, source_id = %s, fingerprint = %s::uuid, format = %s, problem = null,"
        " share = 0, moved_at = %s where id = %s",
        (state, source_id, None if fingerprint is None else fingerprint.hex(), json.dumps(form), at, import_id),
    )


def note(
    conn: Connection, import_id: int, wanted: State, share: float, report: dict[str, Any] | None, at: datetime
) -> bool:
    """How far the work at hand is. False where it is not wanted any more."""
    done = conn.execute(
        "update imports.file set share = %s, report = coalesce(%s::jsonb, report), moved_at = %s"
        " where id = %s and state = %s",
        (share, None if report is None else json.dumps(report), at, import_id, wanted),
    )
    return done.rowcount == 1


def next_waiting(conn: Connection) -> Import | None:
    """What the worker has to do next: the oldest."""
    row = conn.execute(
        f"select {_COLUMNS} from imports.file where state = any(%s) and (console or state = 'undoing')"
        " order by id limit 1",
        (list(WAITING),),
    ).fetchone()
    return Import(*row) if row else None


def begin_undo(conn: Connection, import_id: int, reason: str, actor: str, at: datetime) -> None:
    conn.execute(
        "update imports.file set state = 'undoing', undo_reason = %s, undo_actor = %s, undone = 0, undo_total = 0,"
        " share = 0, problem = null, moved_at = %s where id = %s",
        (reason, actor, at, import_id),
    )


def move_undo(conn: Connection, import_id: int, more: int, total: int | None, at: datetime) -> None:
    conn.execute(
        "update imports.file set undone = undone + %s, undo_total = coalesce(%s, undo_total), moved_at = %s,"
        " share = least(1, (undone + %s)::real / greatest(1, coalesce(%s, undo_total))) where id = %s",
        (more, total, at, more, total, import_id),
    )


def end_undo(conn: Connection, import_id: int, at: datetime) -> None:
    conn.execute(
        "update imports.file set state = 'undone', undone_at = %s, moved_at = %s, share = 1 where id = %s",
        (at, at, import_id),
    )


def discard(conn: Connection, import_id: int) -> None:
    """Of a file that was never imported nothing is kept."""
    conn.execute("delete from imports.file where id = %s", (import_id,))


def unfinished_uploads(conn: Connection, before: datetime) -> Sequence[int]:
    """Files from the console that nobody has gone on with since."""
    rows = conn.execute(
        "select id from imports.file where console and taken = 0 and moved_at < %s"
        " and state in ('uploading', 'ready', 'rehearsed', 'failed') and finished_at is null order by id limit 100",
        (before,),
    )
    return [row[0] for row in rows]
