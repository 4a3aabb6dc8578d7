"""SQL of what is learnt of events. Written by one learner at a time, set-based."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime
from typing import NamedTuple

from psycopg import Connection

from onevoice.domains.events.contracts import EventName
from onevoice.kit import arrays

LEARNER_LOCK = 720_185_010


class FlowRow(NamedTuple):
    event_id: int
    source_id: int
    n: int
    first_at: datetime
    last_at: datetime


class SeenRow(NamedTuple):
    event_id: int
    source_id: int
    path: str
    kind: int
    n: int
    first_at: datetime
    last_at: datetime


def hold_learner(conn: Connection) -> bool:
    """Whether nobody else is learning; they are kept out until the transaction ends."""
    row = conn.execute("select pg_try_advisory_xact_lock(%s)", (LEARNER_LOCK,)).fetchone()
    return bool(row and row[0])


def event_ids(conn: Connection, names: Collection[EventName]) -> dict[EventName, int]:
    ordered = sorted(names)
    rows = conn.execute(
        "select e.type, e.name, e.id from unnest(%s::text[], %s::text[]) k(type, name)"
        " join events.plan_event e using (type, name)",
        ([each[0] for each in ordered], [each[1] for each in ordered]),
    )
    return {(type_, name): found for type_, name, found in rows}


def add_events(conn: Connection, names: Collection[EventName]) -> dict[EventName, int]:
    ordered = sorted(names)
    conn.execute(
        "insert into events.plan_event (type, name) select * from unnest(%s::text[], %s::text[])"
        " on conflict (name, type) do nothing",
        ([each[0] for each in ordered], [each[1] for each in ordered]),
    )
    return event_ids(conn, ordered)


def known_flows(conn: Connection, flows: Collection[tuple[int, int]]) -> set[tuple[int, int]]:
    """Those (event, source) of which something is kept."""
    rows = conn.execute(
        "select event_id, source_id from unnest(%s::int[], %s::int[]) k(event_id, source_id)"
        " join events.plan_flow using (event_id, source_id)",
        (arrays.numbers(each[0] for each in flows), arrays.numbers(each[1] for each in flows)),
    )
    return {(event, source) for event, source in rows}


def flows_of_sources(conn: Connection, sources: Collection[int]) -> dict[int, int]:
    """How many events are kept apart of each source."""
    rows = conn.execute(
        "select source_id, count(*) from events.plan_flow where source_id = any(%s) group by source_id",
        (list(sources),),
    )
    return dict(rows.fetchall())


def add_flows(conn: Connection, rows: Sequence[FlowRow]) -> None:
    conn.execute(
        "insert into events.plan_flow as f (event_id, source_id, n, first_at, last_at)"
        " select * from unnest(%s::int[], %s::int[], %s::bigint[], %s::timestamptz[], %s::timestamptz[])"
        " on conflict (event_id, source_id) do update set n = f.n + excluded.n,"
        " first_at = least(f.first_at, excluded.first_at), last_at = greatest(f.last_at, excluded.last_at)",
        (
            arrays.numbers(row.event_id for row in rows),
            arrays.numbers(row.source_id for row in rows),
            arrays.numbers(row.n for row in rows),
            arrays.times(row.first_at for row in rows),
            arrays.times(row.last_at for row in rows),
        ),
    )


def add_hours(conn: Connection, rows: Sequence[tuple[int, int, datetime, int]]) -> None:
    """(event, source, hour, events)."""
    conn.execute(
        "insert into events.plan_hour as h (event_id, source_id, hour, n)"
        " select * from unnest(%s::int[], %s::int[], %s::timestamptz[], %s::bigint[])"
        " on conflict (event_id, source_id, hour) do update set n = h.n + excluded.n",
        (
            arrays.numbers(row[0] for row in rows),
            arrays.numbers(row[1] for row in rows),
            arrays.times(row[2] for row in rows),
            arrays.numbers(row[3] for row in rows),
        ),
    )


def add_sources(conn: Connection, rows: Sequence[tuple[int, int, int, datetime, datetime]]) -> None:
    """(source, events, of them under names that are not kept apart, first, last)."""
    conn.execute(
        "insert into events.plan_source as s (source_id, n, others, first_at, last_at)"
        " select * from unnest(%s::int[], %s::bigint[], %s::bigint[], %s::timestamptz[], %s::timestamptz[])"
        " on conflict (source_id) do update set n = s.n + excluded.n, others = s.others + excluded.others,"
        " first_at = least(s.first_at, excluded.first_at), last_at = greatest(s.last_at, excluded.last_at)",
        (
            arrays.numbers(row[0] for row in rows),
            arrays.numbers(row[1] for row in rows),
            arrays.numbers(row[2] for row in rows),
            arrays.times(row[3] for row in rows),
            arrays.times(row[4] for row in rows),
        ),
    )


def seen_kinds(conn: Connection, keys: Collection[tuple[int, int, str]]) -> dict[tuple[int, int, str], dict[int, int]]:
    """How often each (event, source, path) was of each kind."""
    found: dict[tuple[int, int, str], dict[int, int]] = {}
    rows = conn.execute(
        "select s.event_id, s.source_id, s.path, s.kind, s.n"
        " from unnest(%s::int[], %s::int[], %s::text[]) k(event_id, source_id, path)"
        " join events.plan_seen s using (event_id, source_id, path)",
        (
            arrays.numbers(key[0] for key in keys),
            arrays.numbers(key[1] for key in keys),
            [key[2] for key in keys],
        ),
    )
    for event, source, path, kind, n in rows:
        found.setdefault((event, source, path), {})[kind] = n
    return found


def paths_of_flows(conn: Connection, flows: Collection[tuple[int, int]]) -> dict[tuple[int, int], int]:
    """How many paths are kept of each flow."""
    rows = conn.execute(
        "select event_id, source_id, count(distinct path)"
        " from unnest(%s::int[], %s::int[]) k(event_id, source_id) join events.plan_seen using (event_id, source_id)"
        " group by event_id, source_id",
        (arrays.numbers(each[0] for each in flows), arrays.numbers(each[1] for each in flows)),
    )
    return {(event, source): n for event, source, n in rows}


def add_seen(conn: Connection, rows: Sequence[SeenRow]) -> None:
    conn.execute(
        "insert into events.plan_seen as s (event_id, source_id, path, kind, n, first_at, last_at)"
        " select * from unnest(%s::int[], %s::int[], %s::text[], %s::smallint[], %s::bigint[], %s::timestamptz[],"
        " %s::timestamptz[])"
        " on conflict (event_id, source_id, path, kind) do update set n = s.n + excluded.n,"
        " first_at = least(s.first_at, excluded.first_at), last_at = greatest(s.last_at, excluded.last_at)",
        (
            arrays.numbers(row.event_id for row in rows),
            arrays.numbers(row.source_id for row in rows),
            [row.path for row in rows],
            arrays.numbers(row.kind for row in rows),
            arrays.numbers(row.n for row in rows),
            arrays.times(row.first_at for row in rows),
            arrays.times(row.last_at for row in rows),
        ),
    )


def forget_hours(conn: Connection, before: datetime, limit: int) -> None:
    conn.execute(
        "delete from events.plan_hour where ctid = any(array(select ctid from events.plan_hour"
        " where hour < %s limit %s))",
        (before, limit),
    )


# For who judges silence


class Quiet(NamedTuple):
    """A flow, or with event_id 0 a source, of which nothing has come for a while."""

    event_id: int
    source_id: int
    first_at: datetime
    last_at: datetime


def quiet_sources(conn: Connection, first_before: datetime, last_before: datetime, after: datetime) -> list[Quiet]:
    rows = conn.execute(
        "select 0, source_id, first_at, last_at from events.plan_source"
        " where first_at < %s and last_at < %s and last_at > %s order by source_id",
        (first_before, last_before, after),
    )
    return [Quiet(*row) for row in rows]


def quiet_flows(
    conn: Connection, first_before: datetime, last_before: datetime, after: datetime, least: int
) -> list[Quiet]:
    """Flows of events that are expected to keep coming."""
    rows = conn.execute(
        "select f.event_id, f.source_id, f.first_at, f.last_at from events.plan_flow f"
        " join events.plan_event e on e.id = f.event_id and e.expected and e.state <> 'archived'"
        " where f.first_at < %s and f.last_at < %s and f.last_at > %s and f.n >= %s"
        " order by f.event_id, f.source_id",
        (first_before, last_before, after, least),
    )
    return [Quiet(*row) for row in rows]


def hours_of_flows(
    conn: Connection, flows: Iterable[Quiet], since: datetime
) -> Mapping[tuple[int, int], dict[datetime, int]]:
    """Events by the hour, of flows and (under event 0) of whole sources."""
    wanted = list(flows)
    found: dict[tuple[int, int], dict[datetime, int]] = {}
    rows = conn.execute(
        "select h.event_id, h.source_id, h.hour, h.n from unnest(%(events)s::int[], %(sources)s::int[])"
        " k(event_id, source_id) join events.plan_hour h using (event_id, source_id) where h.hour >= %(since)s"
        " union all select 0, h.source_id, h.hour, sum(h.n)::bigint from events.plan_hour h"
        " where h.source_id = any(%(whole)s::int[]) and h.hour >= %(since)s group by h.source_id, h.hour",
        {
            "events": [each.event_id for each in wanted if each.event_id],
            "sources": [each.source_id for each in wanted if each.event_id],
            "whole": [each.source_id for each in wanted if not each.event_id],
            "since": since,
        },
    )
    for event, source, hour, n in rows:
        found.setdefault((event, source), {})[hour] = n
    return found


def watch(conn: Connection, now: datetime, longest_pause_before: datetime) -> datetime:
    """Note that somebody watches. Returns: since when without a pause."""
    row = conn.execute(
        "update events.plan_watch set seen_at = %(now)s,"
        " since = case when seen_at < %(pause)s then %(now)s else since end returning since",
        {"now": now, "pause": longest_pause_before},
    ).fetchone()
    if row is None:
        conn.execute("insert into events.plan_watch (since, seen_at) values (%s, %s)", (now, now))
        return now
    return row[0]
