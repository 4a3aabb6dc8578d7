"""/api/live and the console's one socket."""

import asyncio
import contextlib
import json
from collections.abc import AsyncGenerator, Callable
from datetime import datetime, timedelta
from typing import Annotated, Any, Self

import structlog
from fastapi import APIRouter, Query, WebSocket
from pydantic import BaseModel, Field
from starlette.websockets import WebSocketDisconnect

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
from onevoice.web.guards import Actor, Guards, allow
from onevoice.web.paging import STORABLE, Cursor, Moment, Page

REJECTED_MINUTES = 10
READING = "customers.read"
CustomersRead = Annotated[Actor, allow(READING)]
PUSH_SECONDS = 0.1
PUSH_LIMIT = 300
QUEUE_LIMIT = 64
RECHECK_SECONDS = 60.0
CLOSE_ENDED = 4401

FILTER = (
    "Text that stands in the event's name, in that of its person or source, in the identifier it came by, or in a "
    "value of its properties or traits. Capitals do not matter; a number is found however it is written."
)

log = structlog.get_logger(__name__)


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


class Hub:
    """Watches what is linked and tells every open socket. One task; it looks only while somebody listens."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock
        self._listeners: dict[asyncio.Queue[str], set[str]] = {}
        self._seq = 0
        self._moved = 0

    @contextlib.asynccontextmanager
    async def running(self) -> AsyncGenerator[None]:
        task = asyncio.create_task(self._run())
        try:
            yield
        finally:
            task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await task

    def join(self) -> "Listener":
        return Listener(self._listeners)

    async def _run(self) -> None:
        ticks = 0
        async for _ in bus.wakeups(self._database.url, bus.LINKED):
            try:
                if not any(self._listeners.values()):
                    await asyncio.to_thread(self._follow)
                    await asyncio.sleep(PUSH_SECONDS)
                    continue
                messages = await asyncio.to_thread(self._look, ticks % 10 == 0)
            except Exception:
                log.warning("live_look_failed", exc_info=True)
                await asyncio.sleep(1)
                continue
            ticks += 1
            for topic, message in messages:
                self._tell(topic, message)
            await asyncio.sleep(PUSH_SECONDS)

    def _look(self, with_rate: bool) -> list[tuple[str, str]]:
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
        messages: list[tuple[str, str]] = []
        if found or rate:
            payload: dict[str, Any] = {
                "topic": "live",
                "events": [_event(item, sources).model_dump(mode="json") for item in found],
            }
            if rate:
                payload["rate"] = rate.model_dump(mode="json")
                payload["rejected"] = [letter.model_dump(mode="json") for letter in letters]
            messages.append(("live", json.dumps(payload)))
        for pid in {item.pid for item in found} | moved:
            topic = f"profile:{pid}"
            messages.append((topic, json.dumps({"topic": topic, "changed": True, "seq": self._seq})))
        return messages

    def _follow(self) -> None:
        """While nobody listens: know the end, so that whoever comes next misses nothing from then on."""
        with self._database.transaction() as conn:
            self._seq, self._moved = identity.last_seq(conn), identity.last_moved(conn)

    def _tell(self, topic: str, message: str) -> None:
        for queue, topics in self._listeners.items():
            if topic in topics:
                if queue.full():
                    queue.get_nowait()  # a reader that cannot follow misses the oldest, not the newest
                queue.put_nowait(message)


class Listener:
    """One open socket: the topics it asked for and what waits to be sent."""

    def __init__(self, listeners: dict[asyncio.Queue[str], set[str]]) -> None:
        self._listeners = listeners
        self.queue: asyncio.Queue[str] = asyncio.Queue(QUEUE_LIMIT)
        self.topics: set[str] = set()

    def __enter__(self) -> Self:
        self._listeners[self.queue] = self.topics
        return self

    def __exit__(self, *_: object) -> None:
        self._listeners.pop(self.queue, None)

    def obey(self, text: str) -> None:
        """Read what the console asks for; whatever is not understood is passed over."""
        try:
            asked = json.loads(text)
        except ValueError:
            return
        if not isinstance(asked, dict):
            return
        for verb, change in (("subscribe", self.topics.update), ("unsubscribe", self.topics.difference_update)):
            names = asked.get(verb)
            if isinstance(names, list):
                change(name for name in names[:50] if isinstance(name, str) and len(name) < 100)
        if len(self.topics) > 200:
            self.topics.clear()


def router(database: Database, hub: Hub, guards: Guards, clock: Clock) -> APIRouter:
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

    @routes.websocket("/socket")
    async def socket(websocket: WebSocket) -> None:
        if await asyncio.to_thread(guards.socket, websocket, READING) is None:
            await websocket.close(code=1008)
            return
        await websocket.accept()
        with hub.join() as listener:
            await websocket.send_text(json.dumps({"topic": "hello", "version": 1}))
            tasks = [
                asyncio.create_task(task)
                for task in (
                    _hear(websocket, listener.obey),
                    _speak(websocket, listener.queue),
                    _recheck(websocket, guards),
                )
            ]
            _, pending = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
            for task in pending:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

    return routes


def _seq(cursor: str | None) -> int | None:
    if cursor is None:
        return None
    seq = cursors.decode(cursor, int)[0]
    if not 1 <= seq <= live.END_OF_TIME:
        raise cursors.InvalidCursorError("Take the cursor from `next_cursor` of the page before, unchanged.")
    return seq


async def _hear(websocket: WebSocket, obey: Callable[[str], None]) -> None:
    with contextlib.suppress(WebSocketDisconnect, RuntimeError, KeyError):
        while True:
            obey(await websocket.receive_text())


async def _speak(websocket: WebSocket, queue: asyncio.Queue[str]) -> None:
    with contextlib.suppress(WebSocketDisconnect, RuntimeError):
        while True:
            await websocket.send_text(await queue.get())


async def _recheck(websocket: WebSocket, guards: Guards) -> None:
    """A session that ended, or may read no longer, ends its socket too."""
    while True:
        await asyncio.sleep(RECHECK_SECONDS)
        if not await asyncio.to_thread(guards.lives, websocket, READING):
            with contextlib.suppress(RuntimeError):
                await websocket.close(code=CLOSE_ENDED)
            return
