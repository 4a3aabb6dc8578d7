"""The tracking plan: declaring what was learnt, changing it, and who else asks what is declared."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import datetime, timedelta
from typing import Any

import msgspec
from psycopg import Connection

from onevoice.domains.access.contracts import Audit
from onevoice.domains.access.service import audit, keys
from onevoice.domains.events.contracts import (
    AlarmKind,
    Declared,
    EventName,
    Flow,
    PlanChange,
    PlannedEvent,
    SeenKind,
)
from onevoice.domains.events.errors import InvalidPlanError, PlanConflictError, UnknownPlanEventError
from onevoice.domains.events.rules import plan as rules
from onevoice.domains.events.store import alarms as alarm_store
from onevoice.domains.events.store import plan as store
from onevoice.kit.clock import Clock
from onevoice.kit.paths import steps_of

DAYS_SHOWN = 28
_SETTLED: tuple[AlarmKind, ...] = ("type_conflict", "unknown_event", "missing_property", "value_not_allowed")
"""Alarms that a change of the plan answers. What is still wrong after it opens them again."""


# Changing it


def declare(conn: Connection, name: EventName, change: PlanChange, *, actor: str, clock: Clock) -> PlannedEvent:
    """Put an event into the plan, whether it has come already or not. Raises: InvalidPlanError, PlanConflictError."""
    rules.require_sound(*name, change)
    event = _locked(conn, store.ensure_event(conn, name))
    if event.state == "declared":
        raise PlanConflictError("This event is in the plan already. Change it there.", id=str(event.id))
    return _change(conn, event, change, "plan.declared", actor=actor, clock=clock)


def change(
    conn: Connection, event_id: int, version: int, change: PlanChange, *, actor: str, clock: Clock
) -> PlannedEvent:
    """Change what is declared; an event that is only learnt, or archived, is declared with it.

    version: of the event as the caller saw it. Raises: UnknownPlanEventError, InvalidPlanError, PlanConflictError.
    """
    event = _locked(conn, event_id)
    rules.require_sound(event.type, event.name, change)
    if event.version != version:
        raise PlanConflictError("Somebody else has changed this event. Look at it again, then change it.")
    action = "plan.changed" if event.state == "declared" else "plan.declared"
    return _change(conn, event, change, action, actor=actor, clock=clock)


def accept(conn: Connection, event_id: int, *, actor: str, clock: Clock, source_id: int | None = None) -> PlannedEvent:
    """Declare it as it was learnt, for the source, else for all it comes from. Raises: UnknownPlanEventError."""
    return _accept(conn, _locked(conn, event_id), source_id, actor=actor, clock=clock)


def accept_source(conn: Connection, source_id: int, *, actor: str, clock: Clock) -> int:
    """Declare whatever the source sends as it was learnt. From then on a new name of it raises an alarm.

    Returns: how many events. Archived ones stay so.
    """
    events = store.lock_events_of(conn, source_id)
    for event in events:
        _accept(conn, event, source_id, actor=actor, clock=clock)
    return len(events)


def archive(conn: Connection, event_id: int, *, actor: str, clock: Clock) -> PlannedEvent:
    """Take it out of the plan: nothing is expected of it any more. What was personal stays personal.

    Raises: UnknownPlanEventError.
    """
    event = _locked(conn, event_id)
    if event.state == "archived":
        return event
    return _save(conn, event, replace(event, state="archived"), "plan.archived", actor=actor, clock=clock)


def _locked(conn: Connection, event_id: int) -> PlannedEvent:
    event = store.lock_event(conn, event_id)
    if event is None:
        raise _unknown(event_id)
    return event


def _unknown(event_id: int) -> UnknownPlanEventError:
    return UnknownPlanEventError(f"There is no event {event_id} in the plan.")


def _change(
    conn: Connection, event: PlannedEvent, change: PlanChange, action: str, *, actor: str, clock: Clock
) -> PlannedEvent:
    properties = dict(event.properties)
    for path, declared in (change.properties or {}).items():
        if declared is None:
            properties.pop(path, None)
        else:
            properties[path] = declared
    if len(properties) > rules.MAX_PROPERTIES:
        raise InvalidPlanError(f"An event may have {rules.MAX_PROPERTIES} declared properties.")
    known = {int(source) for source in keys.sources(conn)}
    if change.sources is not None and not set(change.sources) <= known:
        raise InvalidPlanError("`sources` names a source that does not exist.")
    wanted = replace(
        event,
        state="declared",
        description=event.description if change.description is None else change.description.strip(),
        expected=event.expected if change.expected is None else change.expected,
        sources=event.sources if change.sources is None else sorted(set(change.sources)),
        properties=properties,
    )
    return _save(conn, event, wanted, action, actor=actor, clock=clock)


def _accept(conn: Connection, event: PlannedEvent, source_id: int | None, *, actor: str, clock: Clock) -> PlannedEvent:
    flows = [flow for flow in store.flows(conn, [event.id]) if source_id in {None, flow.source_id}]
    seen: dict[str, dict[int, int]] = {}
    for each in store.seen(conn, event.id, source_id):
        kinds = seen.setdefault(each.path, {})
        kinds[each.kind] = kinds.get(each.kind, 0) + each.n
    wanted = replace(
        event,
        state="declared",
        sources=sorted({*event.sources, *(flow.source_id for flow in flows)}),
        properties=rules.as_learnt(sum(flow.n for flow in flows), seen, event.properties),
    )
    return _save(conn, event, wanted, "plan.accepted", actor=actor, clock=clock)


def _save(
    conn: Connection, before: PlannedEvent, wanted: PlannedEvent, action: str, *, actor: str, clock: Clock
) -> PlannedEvent:
    now = clock.now()
    after = replace(wanted, version=before.version + 1, changed_at=now, changed_by=actor)
    if personal_paths(before.properties) != personal_paths(after.properties):
        store.lock_personal(conn)
    store.save(conn, after)
    store.bump(conn)
    muted = after.state == "archived" or not after.expected
    alarm_store.close_of_event(conn, before.id, (*_SETTLED, "silence") if muted else _SETTLED, now)
    audit.record(
        conn, Audit(actor, action, f"plan_event:{before.id}", before=_told(before), after=_told(after)), clock=clock
    )
    return after


def _told(event: PlannedEvent) -> dict[str, Any]:
    """For the audit log: names and rules only, for that is all there is."""
    told = asdict(event)
    for key in ("id", "changed_at", "changed_by"):
        del told[key]
    return {**told, "sources": list(event.sources), "properties": msgspec.to_builtins(event.properties)}


# For whoever keeps what arrives


@dataclass(frozen=True, slots=True)
class Personal:
    """What is declared personal: of each event, the steps to it. An archived event goes on counting."""

    version: int
    paths: Mapping[EventName, Sequence[tuple[str, ...]]]


NOTHING_PERSONAL = Personal(-1, {})


def hold_personal(conn: Connection, known: Personal) -> Personal:
    """What is personal now; it stays so until the transaction ends. Gives `known` itself where it is still true."""
    store.hold_personal(conn)
    return personal(conn, known)


def personal(conn: Connection, known: Personal) -> Personal:
    version = store.version(conn)
    if version == known.version:
        return known
    found = {
        (event.type, event.name): [steps_of(path) for path in sorted(paths)]
        for event in store.decided(conn)
        if (paths := personal_paths(event.properties))
    }
    return Personal(version, found) if found != known.paths else replace(known, version=version)


def personal_paths(properties: Mapping[str, Declared]) -> set[str]:
    return {path for path, declared in properties.items() if declared.personal}


# Reading


@dataclass(frozen=True, slots=True)
class Overview:
    """An event in the list. days: how many came on each of the last `DAYS_SHOWN` days, today last."""

    event: PlannedEvent
    flows: Sequence[Flow]
    properties: int
    alarms: int
    days: Sequence[int]


def overview(
    conn: Connection,
    *,
    after: int | None,
    source_id: int | None,
    text: str | None,
    state: str | None,
    limit: int,
    now: datetime,
) -> list[Overview]:
    """By name. after: the last one of the page before. With a source, its volume only."""
    events = store.events(conn, after=after, source_id=source_id, text=text, state=state, limit=limit)
    return list(_overviews(conn, events, source_id, now))


def _overviews(
    conn: Connection, events: Sequence[PlannedEvent], source_id: int | None, now: datetime
) -> Iterator[Overview]:
    ids = [event.id for event in events]
    flows: dict[int, list[Flow]] = {}
    for flow in store.flows(conn, ids):
        flows.setdefault(flow.event_id, []).append(flow)
    today = now.replace(hour=0, minute=0, second=0, microsecond=0)
    first = today - timedelta(days=DAYS_SHOWN - 1)
    volumes: dict[int, list[int]] = {}
    for event_id, day, n in store.days(conn, ids, source_id, first):
        at = (day - first).days
        if 0 <= at < DAYS_SHOWN:
            volumes.setdefault(event_id, [0] * DAYS_SHOWN)[at] = n
    properties, alarms = store.property_counts(conn, ids), alarm_store.open_by_event(conn, ids)
    for event in events:
        yield Overview(
            event,
            flows.get(event.id, []),
            properties.get(event.id, 0),
            alarms.get(event.id, 0),
            volumes.get(event.id, [0] * DAYS_SHOWN),
        )


def event(conn: Connection, event_id: int, *, now: datetime) -> tuple[Overview, list[SeenKind]]:
    """Raises: UnknownPlanEventError."""
    found = store.event(conn, event_id)
    if found is None:
        raise _unknown(event_id)
    (whole,) = _overviews(conn, [found], None, now)
    return whole, store.seen(conn, event_id)


@dataclass(frozen=True, slots=True)
class Heard:
    """A source as the plan knows it. waiting: its events that are not in the plan. others: its events under names that
    are not kept apart.
    """

    source_id: int
    n: int
    others: int
    first_at: datetime
    last_at: datetime
    waiting: int


def sources(conn: Connection) -> list[Heard]:
    waiting = store.waiting_of_sources(conn)
    return [Heard(*row, waiting.get(row[0], 0)) for row in store.heard(conn)]


def names(conn: Connection, event_ids: Sequence[int]) -> dict[int, EventName]:
    return store.names(conn, event_ids)
