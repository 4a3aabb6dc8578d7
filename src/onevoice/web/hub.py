"""The console's one socket: what an open page wants to hear of, and who tells it.

Whoever has something to tell is a `Publisher`, handed over by bootstrap. A page subscribes to topics; of those that its
person may not read it hears nothing. Of one of them at a time it may say that its person is there, and whether they
write: a `Meeting` takes that. Who they are is known by the session alone.
"""

import asyncio
import contextlib
import itertools
import json
import time
from collections.abc import AsyncGenerator, Callable, Collection, Iterable, Mapping, Sequence
from typing import Any, NamedTuple, Protocol, Self

import structlog
from fastapi import APIRouter, WebSocket
from starlette.websockets import WebSocketDisconnect

from onevoice.kit import bus
from onevoice.web.guards import Actor, Guards

READING = "customers.read"
QUEUE_LIMIT = 64
TOPICS_AT_ONCE = 50
TOPICS_LIMIT = 200
TOPIC_LENGTH = 100
MESSAGE_LENGTH = 20_000
MESSAGES_AT_ONCE = 50
"""A page that says more than this in a second waits for the next one."""
PRESENT_SECONDS = 12.0
"""A page says every few seconds that its person is there; who has not for so long is not."""
MEET_SECONDS = 0.3
RENEW_SECONDS = 5.0
RECHECK_SECONDS = 60.0
AGAIN_SECONDS = 1.0
CLOSE_ENDED = 4401

log = structlog.get_logger(__name__)

Told = tuple[str, Mapping[str, Any]]
"""A topic and what is said of it."""


class Publisher(Protocol):
    """Tells open pages of one thing. channel: of the bus, that wakes it; permission: to hear of any topic of it."""

    @property
    def channel(self) -> str: ...

    @property
    def permission(self) -> str: ...

    @property
    def every_seconds(self) -> float:
        """The least time between two looks."""
        ...

    def takes(self, topic: str) -> bool: ...

    def look(self, topics: set[str], fresh: set[str], *, woken: bool) -> Iterable[Told]:
        """What there is to say of the topics that somebody listens to; called in a thread, and with none of them too.

        fresh: those to which somebody has just begun to listen; what is said with `fresh` goes to these alone. woken:
        not only by the clock.
        """
        ...


class Present(NamedTuple):
    """An open page whose person is at a topic. page: its number in this process. channel: by which what they write
    would go.
    """

    page: int
    actor: Actor
    topic: str
    writes: bool
    channel: str | None = None


class Meeting(Protocol):
    """Keeps who is where, for the pages of all processes."""

    def takes(self, topic: str) -> bool: ...

    def keep(self, present: Sequence[Present]) -> None:
        """All who are there in this process; called in a thread, after every change and every few seconds."""
        ...


class Hub:
    """Asks every publisher what is new and tells the open sockets. One task for each publisher and meeting."""

    def __init__(
        self,
        url: str,
        publishers: Collection[Publisher],
        meetings: Collection[Meeting] = (),
        now: Callable[[], float] = time.monotonic,
    ) -> None:
        self._url = url
        self._publishers = publishers
        self._meetings = meetings
        self._now = now
        self._listeners: set[Listener] = set()
        self._numbers = itertools.count(1)

    @contextlib.asynccontextmanager
    async def running(self) -> AsyncGenerator[None]:
        tasks = [
            *(asyncio.create_task(self._run(publisher)) for publisher in self._publishers),
            *(asyncio.create_task(self._meet(meeting)) for meeting in self._meetings),
        ]
        try:
            yield
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

    def join(self, actor: Actor) -> "Listener":
        return Listener(self._listeners, self._allowed, actor, next(self._numbers), self._now)

    def present(self, meeting: Meeting) -> list[Present]:
        """Who is there now, as far as this process knows."""
        since = self._now() - PRESENT_SECONDS
        return [
            each.present for each in self._listeners if each.present is not None and each.present_at >= since
            and meeting.takes(each.present.topic)
        ]  # fmt: skip

    async def _meet(self, meeting: Meeting) -> None:
        known: set[Present] = set()
        kept_at = self._now()
        while True:
            await asyncio.sleep(MEET_SECONDS)
            found = self.present(meeting)
            if set(found) == known and self._now() - kept_at < RENEW_SECONDS:
                continue
            try:
                await asyncio.to_thread(meeting.keep, found)
            except Exception:
                log.warning("presence_not_kept", exc_info=True)
                await asyncio.sleep(AGAIN_SECONDS)
                continue
            known, kept_at = set(found), self._now()

    def _allowed(self, topic: str, permissions: frozenset[str]) -> bool:
        return any(each.takes(topic) and each.permission in permissions for each in self._publishers)

    async def _run(self, publisher: Publisher) -> None:
        missed = False
        async for woken in bus.wakeups(self._url, publisher.channel):
            topics, begun = self._topics(publisher), self._fresh(publisher)
            fresh = {topic for each in begun.values() for topic in each}
            try:
                told = await asyncio.to_thread(publisher.look, topics, fresh, woken=woken or missed)
            except Exception:
                log.warning("live_look_failed", channel=publisher.channel, exc_info=True)
                missed = True
                for listener, of in begun.items():
                    listener.fresh |= of & listener.topics
                await asyncio.sleep(AGAIN_SECONDS)
                continue
            missed = False
            for topic, said in told:
                first = [each for each, of in begun.items() if topic in of] if said.get("fresh") else self._listeners
                self._tell(first, topic, json.dumps({"topic": topic, **said}))
            await asyncio.sleep(publisher.every_seconds)

    def _topics(self, publisher: Publisher) -> set[str]:
        return {topic for each in self._listeners for topic in each.topics if publisher.takes(topic)}

    def _fresh(self, publisher: Publisher) -> "dict[Listener, set[str]]":
        found: dict[Listener, set[str]] = {}
        for each in self._listeners:
            if begun := {topic for topic in each.fresh if publisher.takes(topic)}:
                each.fresh -= begun
                found[each] = begun
        return found

    @staticmethod
    def _tell(listeners: "Iterable[Listener]", topic: str, message: str) -> None:
        for listener in listeners:
            if topic in listener.topics:
                listener.tell(message)


class Listener:
    """One open socket: the topics it asked for and what waits to be sent."""

    def __init__(
        self,
        listeners: "set[Listener]",
        allowed: Callable[[str, frozenset[str]], bool],
        actor: Actor,
        page: int,
        now: Callable[[], float],
    ) -> None:
        self._listeners = listeners
        self._allowed = allowed
        self._actor = actor
        self._page = page
        self._now = now
        self.queue: asyncio.Queue[str] = asyncio.Queue(QUEUE_LIMIT)
        self.topics: set[str] = set()
        self.fresh: set[str] = set()
        self.present: Present | None = None
        self.present_at = 0.0

    def __enter__(self) -> Self:
        self._listeners.add(self)
        return self

    def __exit__(self, *_: object) -> None:
        self._listeners.discard(self)

    def obey(self, text: str) -> None:
        """Read what the console asks for; whatever is not understood, or not allowed, is passed over."""
        try:
            asked = json.loads(text) if len(text) <= MESSAGE_LENGTH else None
        except (ValueError, RecursionError):
            return
        if not isinstance(asked, dict):
            return
        added = {topic for topic in _names(asked.get("subscribe")) if self._allowed(topic, self._actor.permissions)}
        self.fresh |= added - self.topics
        self._keep((self.topics | added).difference(_names(asked.get("unsubscribe"))))
        if "presence" in asked:
            self._be(asked["presence"])

    def may(self, actor: Actor) -> None:
        """From now on its person may do this, and hears no more of what is not among it."""
        self._actor = actor
        self._keep({topic for topic in self.topics if self._allowed(topic, actor.permissions)})
        if self.present is not None:
            self.present = self.present._replace(actor=actor)

    def _be(self, said: object) -> None:
        """Its person is at a topic that it hears of, or at none."""
        topic = said.get("topic") if isinstance(said, dict) else None
        if isinstance(said, dict) and isinstance(topic, str) and topic in self.topics:
            channel = next((name for name in _names([said.get("channel")]) if name.isidentifier()), None)
            self.present = Present(self._page, self._actor, topic, said.get("typing") is True, channel)
            self.present_at = self._now()
        else:
            self.present = None

    def _keep(self, topics: set[str]) -> None:
        self.topics = topics if len(topics) <= TOPICS_LIMIT else set()
        self.fresh &= self.topics
        if self.present is not None and self.present.topic not in self.topics:
            self.present = None

    def tell(self, message: str) -> None:
        if self.queue.full():
            # A reader that cannot follow misses the oldest, not the newest, and is told that there is more to ask for.
            self.queue.get_nowait()
            self.fresh |= self.topics
        self.queue.put_nowait(message)


def _names(said: object) -> list[str]:
    if not isinstance(said, list):
        return []
    return [name for name in said[:TOPICS_AT_ONCE] if isinstance(name, str) and len(name) < TOPIC_LENGTH]


def router(hub: Hub, guards: Guards) -> APIRouter:
    routes = APIRouter(prefix="/api")

    @routes.websocket("/socket")
    async def socket(websocket: WebSocket) -> None:
        actor = await asyncio.to_thread(guards.socket, websocket, READING)
        if actor is None:
            await websocket.close(code=1008)
            return
        await websocket.accept()
        with hub.join(actor) as listener:
            await websocket.send_text(json.dumps({"topic": "hello", "version": 1}))
            tasks = [
                asyncio.create_task(task)
                for task in (
                    _hear(websocket, listener.obey),
                    _speak(websocket, listener.queue),
                    _recheck(websocket, guards, listener),
                )
            ]
            _, pending = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
            for task in pending:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

    return routes


async def _hear(websocket: WebSocket, obey: Callable[[str], None]) -> None:
    with contextlib.suppress(WebSocketDisconnect, RuntimeError, KeyError):
        while True:
            since = time.monotonic()
            for _ in range(MESSAGES_AT_ONCE):
                obey(await websocket.receive_text())
            await asyncio.sleep(max(0.0, since + 1 - time.monotonic()))


async def _speak(websocket: WebSocket, queue: asyncio.Queue[str]) -> None:
    with contextlib.suppress(WebSocketDisconnect, RuntimeError):
        while True:
            await websocket.send_text(await queue.get())


async def _recheck(websocket: WebSocket, guards: Guards, listener: Listener) -> None:
    """A session that ended, or may read no longer, ends its socket too; one that may read less hears less."""
    while True:
        await asyncio.sleep(RECHECK_SECONDS)
        actor = await asyncio.to_thread(guards.still, websocket, READING)
        if actor is None:
            with contextlib.suppress(RuntimeError):
                await websocket.close(code=CLOSE_ENDED)
            return
        listener.may(actor)
