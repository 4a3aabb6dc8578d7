"""/api/live, and what the console's socket tells of it."""

from datetime import datetime, timedelta
from typing import Annotated, Any

from fastapi import APIRouter, Query
from pydantic import BaseModel, Field

from onevoice.domains.events.contracts import DeadLetter
from onevoice.domains.events.service import log as events
from onevoice.domains.identity.contracts import SourceInfo
from onevoice.domains.identity.service import reading as identity
from onevoice.domains.profiles.http import render, shapes
from onevoice.domains.profiles.rules.live import wanted
from onevoice.domains.profiles.service import live
from onevoice.domains.profiles.service.sources import source_infos
from onevoice.kit import bus
from onevoice.kit import cursor as cursors
from onevoice.kit.clock import Clock
from onevoice.kit.db import Database
from onevoice.web.guards import Actor, allow
from onevoice.web.hub import Told
from onevoice.web.paging import STORABLE, Cursor, Moment, Page

REJECTED_MINUTES = 10
READING = "customers.read"
CustomersRead = Annotated[Actor, allow(READING)]
PUSH_SECONDS = 0.1
PUSH_LIMIT = 300
RATE_LOOKS = 10

FILTER = (
    "Text that stands in the event's name, in that of its person or source, in the identifier it came by, or in a "
    "value of its properties or traits. Capitals do not matter; a number is found however it is written."
)


class Who(BaseModel):
    profile_id: str
    name: str | None
    label: str
    identifier: shapes.Identifier


class LiveEvent(BaseModel):
    seq: int
    message_id: str
    type: str
    event: str | None
    occurred_at: Moment
    received_at: Moment
    linked_at: Moment | None
    channel: str
    source: str
    who: Who
    summary: str | None
    properties: dict[str, Any]
    traits: dict[str, Any]
    context: dict[str, Any]


class Second(BaseModel):
    at: Moment
    counts: dict[str, int]


class Rate(BaseModel):
    per_second: float
    seconds: list[Second]


class Rejected(BaseModel):
    id: str
    received_at: Moment
    source: str
    code: str
    reason: str
    message_id: str | None
    event: str
    state: str
    replayed_at: Moment | None


class LivePage(Page[LiveEvent]):
    looked: int = Field(description="How many events were looked through for this page.")
    stopped_early: bool = Field(
        description="The page is short because many events were looked through. `next_cursor` goes on with older ones."
    )
    rejected: list[Rejected]
    rate: Rate


def _event(found: live.LiveEvent, sources: dict[int, SourceInfo]) -> LiveEvent:
    base = render.event(found.event, found.member, sources)
    return LiveEvent(
        **base.model_dump(include=set(LiveEvent.model_fields) & set(shapes.Event.model_fields)),
        who=Who(
            profile_id=str(found.pid),
            name=found.name,
            label=found.member.value,
            identifier=render.identifier(found.member),
        ),
        summary=found.summary,
    )


def _rate(rows: list[tuple[datetime, dict[str, int]]], now: datetime) -> Rate:
    """Events a second over the last ten whole seconds, and the two minutes second by second."""
    lately = sum(sum(counts.values()) for at, counts in rows if at >= now - timedelta(seconds=11))
    return Rate(per_second=round(lately / 10, 1), seconds=[Second(at=at, counts=counts) for at, counts in rows])


def _rejected(letter: DeadLetter, sources: dict[int, SourceInfo]) -> Rejected:
    source = sources.get(letter.source_id)
    return Rejected(
        id=str(letter.id),
        received_at=letter.received_at,
        source=source.name if source else "unknown",
        code=letter.code,
        reason=letter.reason,
        message_id=letter.message_id,
        event=letter.event,
        state=letter.state,
        replayed_at=letter.replayed_at,
    )


class Linked:
    """Tells open pages what was linked.

    Topics: `live` for everything, and how fast it comes; `profile:<id>`, that something of this person has changed.
    """

    channel = bus.LINKED
    permission = READING
    every_seconds = PUSH_SECONDS

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock
        self._seq = 0
        self._moved = 0
        self._looks = 0

    def takes(self, topic: str) -> bool:
        return topic == "live" or topic.startswith("profile:")

    def look(self, topics: set[str], fresh: set[str], *, woken: bool) -> list[Told]:
        del fresh, woken  # whoever comes misses nothing from then on, and there is always the rate to tell
        if not topics:
            self._follow()
            return []
        found = self._look(with_rate=self._looks % RATE_LOOKS == 0)
        self._looks += 1
        return found

    def _look(self, *, with_rate: bool) -> list[Told]:
        with self._database.transaction() as conn:
            moved, self._moved = identity.moved_since(conn, self._moved, PUSH_LIMIT)
            found = live.since(conn, self._seq, PUSH_LIMIT)
            sources = source_infos(conn) if found else {}
            now = self._clock.now()
            rate = _rate(live.rate(conn, now), now) if with_rate else None
            letters = [
                _rejected(letter, sources or source_infos(conn))
                for letter in (
                    events.recent_dead_letters(conn, now - timedelta(minutes=REJECTED_MINUTES), 200) if rate else []
                )
            ]
        if found:
            self._seq = found[-1].event.seq
        told: list[Told] = []
        if found or rate:
            payload: dict[str, Any] = {"events": [_event(item, sources).model_dump(mode="json") for item in found]}
            if rate:
                payload["rate"] = rate.model_dump(mode="json")
                payload["rejected"] = [letter.model_dump(mode="json") for letter in letters]
            told.append(("live", payload))
        told += [(f"profile:{pid}", {"changed": True}) for pid in {item.pid for item in found} | moved]
        return told

    def _follow(self) -> None:
        """While nobody listens: know the end, so that whoever comes next misses nothing from then on."""
        with self._database.transaction() as conn:
            self._seq, self._moved = identity.last_seq(conn), identity.last_moved(conn)


def router(database: Database, clock: Clock) -> APIRouter:
    routes = APIRouter(prefix="/api", tags=["live"])

    @routes.get("/live")
    def page(
        _: CustomersRead,
        limit: Annotated[int, Query(ge=1, le=500)] = 200,
        cursor: Cursor = None,
        channel: Annotated[
            str | None, Query(max_length=200, pattern=STORABLE, description="Doors, with commas between.")
        ] = None,
        q: Annotated[str, Query(max_length=200, pattern=STORABLE, description=FILTER)] = "",
    ) -> LivePage:
        """The latest events of everybody, what was rejected lately, and how fast events come.

        A filter looks through so many events as can be answered for soon, newest first, and says when it stopped early.
        """
        asked = live.Asked(
            before_seq=_seq(cursor),
            channels=tuple((channel or "").split(",")) if channel else (),
            text=wanted(q),
            limit=limit,
        )
        now = clock.now()
        with database.transaction() as conn:
            sources = source_infos(conn)
            found = live.page(conn, asked, sources=sources, clock=clock)
            rate = _rate(live.rate(conn, now), now)
            letters = events.recent_dead_letters(conn, now - timedelta(minutes=REJECTED_MINUTES), 200)
        return LivePage(
            data=[_event(item, sources) for item in found.events],
            next_cursor=cursors.encode(found.next_before) if found.next_before is not None else None,
            looked=found.looked,
            stopped_early=found.stopped_early,
            rejected=[_rejected(letter, sources) for letter in letters],
            rate=rate,
        )

    return routes


def _seq(cursor: str | None) -> int | None:
    if cursor is None:
        return None
    seq = cursors.decode(cursor, int)[0]
    if not 1 <= seq <= live.END_OF_TIME:
        raise cursors.InvalidCursorError("Take the cursor from `next_cursor` of the page before, unchanged.")
    return seq
