"""SQL of the tracking plan: what is declared, and reading it beside what was learnt."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

import msgspec
from psycopg import Connection
from psycopg.types.json import Jsonb

from onevoice.domains.events.contracts import Declared, EventName, Flow, PlannedEvent, SeenKind

PERSONAL_LOCK = 720_185_011

_EVENT = (
    "select e.id, e.type, e.name, e.state, e.description, e.expected, e.sources, e.properties, e.version, e.changed_at,"
    " e.changed_by from events.plan_event e"
)


def _planned(row: tuple[Any, ...]) -> PlannedEvent:
    (id_, type_, name, state, description, expected, sources, properties, version, changed_at, changed_by) = row
    declared = msgspec.convert(properties, dict[str, Declared])
    return PlannedEvent(
        id_, type_, name, state, description, expected, sources, declared, version, changed_at, changed_by
    )


# For those who remember the plan


def version(conn: Connection) -> int:
    row = conn.execute("select version from events.plan_version").fetchone()
    return row[0] if row else 0


def bump(conn: Connection) -> None:
    conn.execute("update events.plan_version set version = version + 1")


def hold_personal(conn: Connection) -> None:
    """Nobody changes what is personal until the transaction ends; and whoever is changing it is waited for."""
    conn.execute("select pg_advisory_xact_lock_shared(%s)", (PERSONAL_LOCK,))


def lock_personal(conn: Connection) -> None:
    """Wait for the batches being linked by the plan as it was. Later ones wait for us."""
    conn.execute("select pg_advisory_xact_lock(%s)", (PERSONAL_LOCK,))


def moved_at(conn: Connection, consumer: str) -> datetime | None:
    """When the consumer's position moved last."""
    row = conn.execute("select moved_at from events.position where consumer = %s", (consumer,)).fetchone()
    return row[0] if row else None


def decided(conn: Connection) -> list[PlannedEvent]:
    """Those of which somebody has said something."""
    rows = conn.execute(f"{_EVENT} where e.state <> 'learnt'")
    return [_planned(row) for row in rows]


# One event


def event(conn: Connection, event_id: int) -> PlannedEvent | None:
    row = conn.execute(f"{_EVENT} where e.id = %s", (event_id,)).fetchone()
    return _planned(row) if row else None


def lock_event(conn: Connection, event_id: int) -> PlannedEvent | None:
    row = conn.execute(f"{_EVENT} where e.id = %s for no key update", (event_id,)).fetchone()
    return _planned(row) if row else None


def lock_events_of(conn: Connection, source_id: int) -> list[PlannedEvent]:
    """Those seen from the source and not declared for it, in the order of their numbers."""
    rows = conn.execute(
        f"{_EVENT} where e.state <> 'archived' and not (e.state = 'declared' and %(source)s = any(e.sources))"
        " and exists (select from events.plan_flow f where f.event_id = e.id and f.source_id = %(source)s)"
        " order by e.id for no key update",
        {"source": source_id},
    )
    return [_planned(row) for row in rows.fetchall()]


def ensure_event(conn: Connection, name: EventName) -> int:
    conn.execute("insert into events.plan_event (type, name) values (%s, %s) on conflict (name, type) do nothing", name)
    row = conn.execute("select id from events.plan_event where type = %s and name = %s", name).fetchone()
    return row[0] if row else 0


def save(conn: Connection, event: PlannedEvent) -> None:
    properties: Mapping[str, Any] = msgspec.to_builtins(event.properties)
    conn.execute(
        "update events.plan_event set state = %s, description = %s, expected = %s, sources = %s, properties = %s,"
        " version = %s, changed_at = %s, changed_by = %s where id = %s",
        (
            event.state,
            event.description,
            event.expected,
            list(event.sources),
            Jsonb(properties),
            event.version,
            event.changed_at,
            event.changed_by,
            event.id,
        ),
    )


# Reading


def events(
    conn: Connection,
    *,
    after: int | None,
    source_id: int | None,
    text: str | None,
    state: str | None,
    limit: int,
) -> list[PlannedEvent]:
    """By name and type. after: the last one of the page before."""
    rows = conn.execute(
        f"{_EVENT} where (%(after)s::int is null or (e.name, e.type) >"
        "  (select a.name, a.type from events.plan_event a where a.id = %(after)s))"
        " and (%(state)s::text is null or e.state = %(state)s)"
        " and (%(text)s::text is null or e.type = lower(%(text)s)"
        '  or position(lower(%(text)s) in lower(e.name collate "default")) > 0)'
        " and (%(source)s::int is null or %(source)s = any(e.sources) or exists (select from events.plan_flow f"
        "  where f.event_id = e.id and f.source_id = %(source)s))"
        " order by e.name, e.type limit %(limit)s",
        {
            "after": after,
            "state": state,
            "text": text,
            "source": source_id,
            "limit": limit,
        },
    )
    return [_planned(row) for row in rows]


def flows(conn: Connection, event_ids: Sequence[int]) -> list[Flow]:
    rows = conn.execute(
        "select event_id, source_id, n, first_at, last_at from events.plan_flow where event_id = any(%s)"
        " order by event_id, n desc, source_id",
        (list(event_ids),),
    )
    return [Flow(*row) for row in rows]


def days(
    conn: Connection, event_ids: Sequence[int], source_id: int | None, since: datetime
) -> list[tuple[int, datetime, int]]:
    """(event, day, events) since then, days without any left out."""
    return conn.execute(
        "select event_id, date_trunc('day', hour), sum(n)::bigint from events.plan_hour"
        " where event_id = any(%s) and hour >= %s and (%s::int is null or source_id = %s) group by 1, 2",
        (list(event_ids), since, source_id, source_id),
    ).fetchall()


def seen(conn: Connection, event_id: int, source_id: int | None = None) -> list[SeenKind]:
    rows = conn.execute(
        "select source_id, path, kind, n, first_at, last_at from events.plan_seen"
        " where event_id = %s and (%s::int is null or source_id = %s) order by path, kind, source_id",
        (event_id, source_id, source_id),
    )
    return [SeenKind(*row) for row in rows]


def property_counts(conn: Connection, event_ids: Sequence[int]) -> dict[int, int]:
    rows = conn.execute(
        "select event_id, count(distinct path) from events.plan_seen where event_id = any(%s) group by event_id",
        (list(event_ids),),
    )
    return dict(rows.fetchall())


def heard(conn: Connection) -> list[tuple[int, int, int, datetime, datetime]]:
    """(source, events, of them under names that are not kept apart, first, last)."""
    return conn.execute(
        "select source_id, n, others, first_at, last_at from events.plan_source order by source_id"
    ).fetchall()


def waiting_of_sources(conn: Connection) -> dict[int, int]:
    """How many events of each source are neither declared for it nor archived."""
    rows = conn.execute(
        "select f.source_id, count(*) from events.plan_flow f join events.plan_event e on e.id = f.event_id"
        " where e.state <> 'archived' and not (e.state = 'declared' and f.source_id = any(e.sources))"
        " group by f.source_id"
    )
    return dict(rows.fetchall())


def names(conn: Connection, event_ids: Sequence[int]) -> dict[int, EventName]:
    rows = conn.execute("select id, type, name from events.plan_event where id = any(%s)", (list(event_ids),))
    return {found: (type_, name) for found, type_, name in rows}
