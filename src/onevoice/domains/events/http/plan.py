"""/api/plan: the tracking plan, what was learnt beside what is declared, and its alarms."""

from collections.abc import Callable, Iterable, Mapping
from typing import Annotated

from fastapi import APIRouter, Path, Query

from onevoice.domains.access.contracts import Source
from onevoice.domains.access.service import keys
from onevoice.domains.events.contracts import AlarmState, Declared, PlanChange, PlanState
from onevoice.domains.events.errors import UnknownSourceError
from onevoice.domains.events.http import plan_shapes as shapes
from onevoice.domains.events.service import alarms as alarm_service
from onevoice.domains.events.service import plan as service
from onevoice.kit import cursor as cursors
from onevoice.kit.clock import Clock
from onevoice.kit.db import Database
from onevoice.web.guards import Actor, allow
from onevoice.web.paging import Cursor, Limit, Page, RowId, Text
from onevoice.web.problems import documented

Reads = Annotated[Actor, allow("events.read")]
Edits = Annotated[Actor, allow("plan.edit")]
EventId = Annotated[int, Path(ge=1, le=2**31 - 1)]
SourceName = Annotated[Text | None, Query(max_length=200, description="Only of this source, by its name.")]
UNKNOWN = "There is no such event in the plan."
NO_SOURCE = "There is no such source."


def _change(body: shapes.EventWrite, ids: Mapping[str, int]) -> PlanChange:
    properties = None
    if body.properties is not None:
        properties = {
            path: None
            if each is None
            else Declared(each.type, each.required, each.allowed, each.personal, each.description)
            for path, each in body.properties.items()
        }
    sources = None if body.sources is None else [_source(ids, name) for name in body.sources]
    return PlanChange(body.description, body.expected, sources, properties)


def _source(ids: Mapping[str, int], name: str) -> int:
    """Raises: UnknownSourceError."""
    found = ids.get(name)
    if found is None:
        raise UnknownSourceError(f"There is no source {name[:80]!r}. /api/plan/sources lists them.")
    return found


def router(database: Database, always_personal: Callable[[str], bool], *, clock: Clock) -> APIRouter:
    """always_personal: whether a path is personal without being declared so."""
    routes = APIRouter(prefix="/api/plan", tags=["plan"])

    def detail(event_id: int) -> shapes.EventDetail:
        with database.transaction() as conn:
            one, seen = service.event(conn, event_id, now=clock.now())
            names = {int(source.id): source.name for source in keys.sources(conn).values()}
        view = shapes.event_view(one, names)
        learnt = shapes.properties(view.events, seen, one.event.properties, always_personal)
        return shapes.EventDetail(**view.model_dump(), learnt=learnt)

    @routes.get("/events", responses=documented({404: NO_SOURCE}))
    def plan_events(
        _: Reads,
        limit: Limit = 50,
        cursor: Cursor = None,
        source: SourceName = None,
        text: Annotated[Text | None, Query(max_length=255, description="A part of the name, or a type.")] = None,
        state: Annotated[PlanState | None, Query(description="Only those in this state.")] = None,
    ) -> Page[shapes.EventView]:
        """Every event that has come or is declared, by name. With a source, `days` tells of that source."""
        after = cursors.decode_id(cursor, 2**31 - 1)
        with database.transaction() as conn:
            names = {int(each.id): each.name for each in keys.sources(conn).values()}
            found = service.overview(
                conn,
                after=after,
                source_id=None if source is None else _source({name: id_ for id_, name in names.items()}, source),
                text=text or None,
                state=state,
                limit=limit + 1,
                now=clock.now(),
            )
        page = found[:limit]
        more = cursors.encode(page[-1].event.id) if len(found) > limit else None
        return Page(data=[shapes.event_view(each, names) for each in page], next_cursor=more)

    @routes.post("/events", status_code=201, responses=documented({404: NO_SOURCE, 409: "It is declared."}))
    def declare_event(actor: Edits, body: shapes.EventDeclare) -> shapes.EventDetail:
        """Put an event into the plan, whether it has come already or not."""
        with database.transaction() as conn:
            change = _change(body, _ids(keys.sources(conn).values()))
            event = service.declare(conn, (body.type, body.name), change, actor=actor.label, clock=clock)
        return detail(event.id)

    @routes.get("/events/{event_id}", responses=documented({404: UNKNOWN}))
    def plan_event(_: Reads, event_id: EventId) -> shapes.EventDetail:
        """One event with every property that was seen or is declared."""
        return detail(event_id)

    @routes.patch("/events/{event_id}", responses=documented({404: UNKNOWN, 409: "Somebody else has changed it."}))
    def change_event(actor: Edits, event_id: EventId, body: shapes.EventUpdate) -> shapes.EventDetail:
        """Change what is declared. What was only learnt, or archived, is in the plan from then on."""
        with database.transaction() as conn:
            change = _change(body, _ids(keys.sources(conn).values()))
            service.change(conn, event_id, body.version, change, actor=actor.label, clock=clock)
        return detail(event_id)

    @routes.post("/events/{event_id}/accept", responses=documented({404: UNKNOWN}))
    def accept_event(actor: Edits, event_id: EventId) -> shapes.EventDetail:
        """Declare it as it was learnt, for every source it comes from. What is declared already stays."""
        with database.transaction() as conn:
            service.accept(conn, event_id, actor=actor.label, clock=clock)
        return detail(event_id)

    @routes.post("/events/{event_id}/archive", responses=documented({404: UNKNOWN}))
    def archive_event(actor: Edits, event_id: EventId) -> shapes.EventDetail:
        """Take it out of the plan. What was declared personal of it stays personal."""
        with database.transaction() as conn:
            service.archive(conn, event_id, actor=actor.label, clock=clock)
        return detail(event_id)

    @routes.post("/accept", responses=documented({404: NO_SOURCE}))
    def accept_source(actor: Edits, body: shapes.SourceAccept) -> shapes.Accepted:
        """Declare all that a source sends as it was learnt. From then on a new name of it raises an alarm."""
        with database.transaction() as conn:
            source = _source(_ids(keys.sources(conn).values()), body.source)
            return shapes.Accepted(accepted=service.accept_source(conn, source, actor=actor.label, clock=clock))

    @routes.get("/sources")
    def plan_sources(_: Reads) -> Page[shapes.SourceView]:
        """What has been learnt of each source that has sent something."""
        with database.transaction() as conn:
            names = {int(each.id): each.name for each in keys.sources(conn).values()}
            return Page(data=[shapes.source_view(each, names) for each in service.sources(conn)])

    @routes.get("/alarms", responses=documented({404: NO_SOURCE}))
    def plan_alarms(
        _: Reads,
        limit: Limit = 50,
        cursor: Cursor = None,
        source: SourceName = None,
        event: Annotated[int | None, Query(ge=1, le=2**31 - 1, description="Only of this event.")] = None,
        state: Annotated[AlarmState | None, Query(description="Only those in this state.")] = None,
    ) -> shapes.Alarms:
        """Newest first. `open_count`: all that are open and that nobody has acknowledged."""
        before = cursors.decode_id(cursor)
        with database.transaction() as conn:
            names = {int(each.id): each.name for each in keys.sources(conn).values()}
            source_id = None if source is None else _source({name: id_ for id_, name in names.items()}, source)
            found = alarm_service.alarms(
                conn, before=before, state=state, source_id=source_id, event_id=event, limit=limit + 1
            )
            page = found[:limit]
            events = service.names(conn, [each.event_id for each in page])
            open_count = alarm_service.open_alarms(conn)
        return shapes.Alarms(
            data=[shapes.alarm_view(each, names, events) for each in page],
            next_cursor=cursors.encode(page[-1].id) if len(found) > limit else None,
            open_count=open_count,
        )

    @routes.post(
        "/alarms/{alarm_id}/acknowledge", responses=documented({404: "No such alarm.", 409: "The alarm is closed."})
    )
    def acknowledge_alarm(actor: Edits, alarm_id: RowId, body: shapes.Acknowledge) -> shapes.AlarmView:
        """It stands on without being counted, and closes when its cause is gone."""
        with database.transaction() as conn:
            alarm = alarm_service.acknowledge(conn, alarm_id, body.reason, actor=actor.label, clock=clock)
            names = {int(each.id): each.name for each in keys.sources(conn).values()}
            return shapes.alarm_view(alarm, names, service.names(conn, [alarm.event_id]))

    return routes


def _ids(sources: Iterable[Source]) -> dict[str, int]:
    return {each.name: int(each.id) for each in sources}
