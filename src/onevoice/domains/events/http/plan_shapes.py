"""What /api/plan takes and gives."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Annotated, Literal

from pydantic import BaseModel, Field

from onevoice.domains.events.contracts import Alarm, AlarmKind, AlarmState, Declared, PlanState, SeenKind
from onevoice.domains.events.rules.shapes import ANY, KIND_NAMES
from onevoice.domains.events.service.plan import Heard, Overview
from onevoice.web.paging import Body, Moment, Page, Text

EventType = Literal["identify", "track", "page", "screen", "group", "alias"]
PropertyType = Literal["text", "integer", "number", "boolean", "time", "object", "array"]
SENTENCE = 1000


class FlowView(BaseModel):
    source: str
    events: int
    first_at: Moment
    last_at: Moment


class EventView(BaseModel):
    """days: events of each of the last 28 days, today last (UTC)."""

    id: str
    type: str
    name: str
    state: PlanState
    description: str
    expected: bool
    sources: list[str]
    version: int
    changed_at: Moment | None
    changed_by: str | None
    events: int
    first_at: Moment | None
    last_at: Moment | None
    flows: list[FlowView]
    properties: int
    alarms: int
    days: list[int]


class DeclaredShape(BaseModel):
    type: PropertyType | None
    required: bool
    allowed: list[str | int | float | bool] | None
    personal: bool
    description: str


class KindView(BaseModel):
    kind: str
    events: int
    first_at: Moment
    last_at: Moment


class PropertyView(BaseModel):
    """share: of the event's occurrences, how many said something here, from 0 to 1. always_personal: it goes into the
    vault whatever is declared.
    """

    path: str
    events: int
    share: float
    first_at: Moment | None
    last_at: Moment | None
    kinds: list[KindView]
    declared: DeclaredShape | None
    always_personal: bool


class EventDetail(EventView):
    learnt: list[PropertyView]


class AlarmView(BaseModel):
    """expected, came: kinds of a type conflict. missed: events that a silence made one miss. since: of a silence."""

    id: str
    kind: AlarmKind
    state: AlarmState
    event_id: str | None
    event_type: str | None
    event_name: str | None
    source: str
    path: str | None
    opened_at: Moment
    last_at: Moment
    events: int
    expected: str | None
    came: list[str]
    missed: float | None
    since: str | None
    most: int | None
    acknowledged_at: Moment | None
    acknowledged_by: str | None
    reason: str | None
    closed_at: Moment | None
    closed_because: str | None


class SourceView(BaseModel):
    """waiting: its events that are not in the plan. others: events under names beyond what is kept apart."""

    source: str
    events: int
    others: int
    first_at: Moment
    last_at: Moment
    waiting: int


class Sources(BaseModel):
    data: list[SourceView]


class Alarms(Page[AlarmView]):
    open_count: int


class PropertyWrite(Body):
    type: PropertyType | None = None
    required: bool = False
    allowed: list[Text | int | float | bool] | None = Field(default=None, max_length=100)
    personal: bool = False
    description: Text = Field(default="", max_length=SENTENCE)


Properties = Annotated[
    dict[Text, PropertyWrite | None] | None,
    Field(max_length=400, description="By path. Those not named stay as they are; null takes one out."),
]


class EventWrite(Body):
    description: Text | None = Field(default=None, max_length=SENTENCE)
    expected: bool | None = Field(default=None, description="Whether its silence raises an alarm.")
    sources: list[Text] | None = Field(default=None, max_length=200, description="By name.")
    properties: Properties = None


class EventDeclare(EventWrite):
    type: EventType
    name: Text = Field(default="", max_length=255)


class EventUpdate(EventWrite):
    version: int = Field(ge=0, le=2**31 - 1, description="Of the event as you saw it.")


class SourceAccept(Body):
    source: Text = Field(max_length=200)


class Accepted(BaseModel):
    accepted: int


class Acknowledge(Body):
    reason: Text = Field(min_length=1, max_length=SENTENCE)


def event_view(one: Overview, names: Mapping[int, str]) -> EventView:
    event, flows = one.event, one.flows
    return EventView(
        id=str(event.id),
        type=event.type,
        name=event.name,
        state=event.state,
        description=event.description,
        expected=event.expected,
        sources=[names[source] for source in event.sources if source in names],
        version=event.version,
        changed_at=event.changed_at,
        changed_by=event.changed_by,
        events=sum(flow.n for flow in flows),
        first_at=min((flow.first_at for flow in flows), default=None),
        last_at=max((flow.last_at for flow in flows), default=None),
        flows=[
            FlowView(
                source=names.get(flow.source_id, "unknown"), events=flow.n, first_at=flow.first_at, last_at=flow.last_at
            )
            for flow in flows
        ],
        properties=one.properties,
        alarms=one.alarms,
        days=list(one.days),
    )


def properties(
    events: int, seen: Iterable[SeenKind], declared: Mapping[str, Declared], always_personal: Callable[[str], bool]
) -> list[PropertyView]:
    """What was learnt, over all sources, and what is declared, by path."""
    found: dict[str, dict[int, list[SeenKind]]] = {path: {} for path in declared}
    for each in seen:
        found.setdefault(each.path, {}).setdefault(each.kind, []).append(each)
    views: list[PropertyView] = []
    for path, kinds in sorted(found.items()):
        everything = [each for told in kinds.values() for each in told]
        told = sum(each.n for each in kinds.get(ANY, ()))
        views.append(
            PropertyView(
                path=path,
                events=told,
                share=min(1.0, told / events) if events else 0.0,
                first_at=min((each.first_at for each in everything), default=None),
                last_at=max((each.last_at for each in everything), default=None),
                kinds=[_kind_view(kind, each) for kind, each in sorted(kinds.items()) if kind != ANY],
                declared=_declared_shape(declared.get(path)),
                always_personal=always_personal(path),
            )
        )
    return views


def _kind_view(kind: int, seen: Sequence[SeenKind]) -> KindView:
    return KindView(
        kind=KIND_NAMES[kind],
        events=sum(each.n for each in seen),
        first_at=min(each.first_at for each in seen),
        last_at=max(each.last_at for each in seen),
    )


def _declared_shape(declared: Declared | None) -> DeclaredShape | None:
    if declared is None:
        return None
    return DeclaredShape(
        type=declared.type,  # pyright: ignore[reportArgumentType] - only these can be declared
        required=declared.required,
        allowed=declared.allowed,
        personal=declared.personal,
        description=declared.description,
    )


def alarm_view(alarm: Alarm, sources: Mapping[int, str], events: Mapping[int, tuple[str, str]]) -> AlarmView:
    state: AlarmState = "open" if alarm.acknowledged_at is None else "acknowledged"
    event = events.get(alarm.event_id)
    return AlarmView(
        id=str(alarm.id),
        kind=alarm.kind,
        state=state if alarm.closed_at is None else "closed",
        event_id=str(alarm.event_id) if event else None,
        event_type=event[0] if event else None,
        event_name=event[1] if event else None,
        source=sources.get(alarm.source_id, "unknown"),
        path=alarm.path or None,
        opened_at=alarm.opened_at,
        last_at=alarm.last_at,
        events=alarm.n,
        expected=alarm.detail.get("expected"),
        came=alarm.detail.get("came", []),
        missed=alarm.detail.get("missed"),
        since=alarm.detail.get("since"),
        most=alarm.detail.get("most"),
        acknowledged_at=alarm.acknowledged_at,
        acknowledged_by=alarm.acknowledged_by,
        reason=alarm.reason,
        closed_at=alarm.closed_at,
        closed_because=alarm.closed_because,
    )


def source_view(heard: Heard, names: Mapping[int, str]) -> SourceView:
    return SourceView(
        source=names.get(heard.source_id, "unknown"),
        events=heard.n,
        others=heard.others,
        first_at=heard.first_at,
        last_at=heard.last_at,
        waiting=heard.waiting,
    )
