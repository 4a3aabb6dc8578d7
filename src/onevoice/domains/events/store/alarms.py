"""SQL of the tracking plan's alarms."""

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any, NamedTuple

from psycopg import Connection
from psycopg.types.json import Jsonb

from onevoice.domains.events.contracts import Alarm, AlarmKind
from onevoice.kit import arrays

MOST_STANDING = 50
"""A sender gone wild must not bury the others' alarms."""

_ALARM = (
    "select id, kind, event_id, source_id, path, opened_at, last_at, n, detail, acknowledged_at, acknowledged_by,"
    " reason, closed_at, closed_because from events.plan_alarm"
)


class AlarmRow(NamedTuple):
    kind: AlarmKind
    event_id: int
    source_id: int
    path: str
    at: datetime
    n: int
    detail: dict[str, Any]


def raise_alarms(conn: Connection, rows: Sequence[AlarmRow]) -> None:
    """Open them; one that stands already counts on. Of one kind a source has at most `MOST_STANDING`."""
    with conn.cursor() as cursor:
        cursor.executemany(
            "insert into events.plan_alarm as a (kind, event_id, source_id, path, opened_at, last_at, n, detail)"
            " select %(kind)s, %(event)s, %(source)s, %(path)s, %(at)s, %(at)s, %(n)s, %(detail)s"
            " where (select count(*) from events.plan_alarm o where o.closed_at is null and o.kind = %(kind)s"
            "  and o.source_id = %(source)s) < %(most)s or exists (select from events.plan_alarm o"
            "  where o.closed_at is null and o.kind = %(kind)s and o.event_id = %(event)s"
            "  and o.source_id = %(source)s and o.path = %(path)s)"
            " on conflict (kind, event_id, source_id, path) where closed_at is null do update set n = a.n + excluded.n,"
            " last_at = greatest(a.last_at, excluded.last_at), detail = excluded.detail",
            [
                {
                    "kind": row.kind,
                    "event": row.event_id,
                    "source": row.source_id,
                    "path": row.path,
                    "at": row.at,
                    "n": row.n,
                    "detail": Jsonb(row.detail),
                    "most": MOST_STANDING,
                }
                for row in rows
            ],
        )


def close_silences(conn: Connection, flows: Collection[tuple[int, int]], at: datetime) -> None:
    """flows: (event, source) of which something came; event 0 is the source as a whole."""
    conn.execute(
        "update events.plan_alarm a set closed_at = greatest(a.opened_at, %s), closed_because = 'came_again'"
        " from unnest(%s::int[], %s::int[]) k(event_id, source_id)"
        " where a.kind = 'silence' and a.closed_at is null"
        " and a.event_id = k.event_id and a.source_id = k.source_id",
        (at, arrays.numbers(each[0] for each in flows), arrays.numbers(each[1] for each in flows)),
    )


def close_of_event(conn: Connection, event_id: int, kinds: Sequence[AlarmKind], at: datetime) -> None:
    conn.execute(
        "update events.plan_alarm set closed_at = greatest(opened_at, %s), closed_because = 'plan_changed'"
        " where closed_at is null and event_id = %s and kind = any(%s)",
        (at, event_id, list(kinds)),
    )


def close_unheard(conn: Connection, before: datetime, at: datetime) -> None:
    """Those of which nothing more was seen since; a silence stands until something comes."""
    conn.execute(
        "update events.plan_alarm set closed_at = %s, closed_because = 'not_seen_again'"
        " where closed_at is null and kind <> 'silence' and last_at < %s",
        (at, before),
    )


def forget_closed(conn: Connection, before: datetime, limit: int) -> None:
    conn.execute(
        "delete from events.plan_alarm where id = any(array(select id from events.plan_alarm"
        " where closed_at < %s order by id limit %s))",
        (before, limit),
    )


def standing(conn: Connection, kind: AlarmKind) -> set[tuple[int, int]]:
    """(event, source) of the alarms of this kind that are not closed."""
    rows = conn.execute(
        "select event_id, source_id from events.plan_alarm where closed_at is null and kind = %s", (kind,)
    )
    return {(event, source) for event, source in rows}


_STATE = (
    "(%(state)s::text is null"
    " or %(state)s = 'open' and closed_at is null and acknowledged_at is null"
    " or %(state)s = 'acknowledged' and closed_at is null and acknowledged_at is not null"
    " or %(state)s = 'closed' and closed_at is not null)"
)


def alarms(
    conn: Connection,
    *,
    before: int | None,
    state: str | None,
    source_id: int | None,
    event_id: int | None,
    limit: int,
) -> list[Alarm]:
    """Newest first."""
    rows = conn.execute(
        f"{_ALARM} where (%(before)s::bigint is null or id < %(before)s)"
        " and (%(source)s::int is null or source_id = %(source)s)"
        f" and (%(event)s::int is null or event_id = %(event)s) and {_STATE} order by id desc limit %(limit)s",
        {"before": before, "state": state, "source": source_id, "event": event_id, "limit": limit},
    )
    return [Alarm(*row) for row in rows]


def lock_alarm(conn: Connection, alarm_id: int) -> Alarm | None:
    row = conn.execute(f"{_ALARM} where id = %s for update", (alarm_id,)).fetchone()
    return Alarm(*row) if row else None


def acknowledge(conn: Connection, alarm_id: int, at: datetime, by: str, reason: str) -> None:
    conn.execute(
        "update events.plan_alarm set acknowledged_at = %s, acknowledged_by = %s, reason = %s where id = %s",
        (at, by, reason, alarm_id),
    )


def open_by_kind(conn: Connection) -> dict[str, int]:
    """How many are open and not acknowledged."""
    rows = conn.execute(
        "select kind, count(*) from events.plan_alarm where closed_at is null and acknowledged_at is null group by kind"
    )
    return dict(rows.fetchall())


def open_by_event(conn: Connection, event_ids: Sequence[int]) -> dict[int, int]:
    rows = conn.execute(
        "select event_id, count(*) from events.plan_alarm"
        " where closed_at is null and acknowledged_at is null and event_id = any(%s) group by event_id",
        (list(event_ids),),
    )
    return dict(rows.fetchall())
