"""Who listens to which chat just now, and what they are told. One task looks for what is new for all of them."""

import asyncio
import contextlib
from collections import defaultdict
from collections.abc import AsyncGenerator, Generator, Iterable, Mapping, Sequence
from typing import Any

import structlog

from onevoice.domains.conversations.contracts import ChatLine
from onevoice.domains.conversations.service import meeting, signs
from onevoice.domains.conversations.service.chatting import FRESH
from onevoice.domains.conversations.service.signs import Sign
from onevoice.domains.conversations.store import chats as store
from onevoice.kit import bus
from onevoice.kit.clock import Clock
from onevoice.kit.db import Database

QUEUE_LIMIT = 64
LOOKED_AT_ONCE = 2_000
GAP_SECONDS = 60.0
"""So long a number that was given out may still be committed."""
AGAIN_SECONDS = 1.0
SIGNS_SECONDS = 0.1
"""The least time between two looks at who writes and what was read."""
STILL_SECONDS = 5.0
"""So often it is said again that somebody writes: a browser forgets it by itself."""

log = structlog.get_logger(__name__)


def told(line: ChatLine) -> dict[str, Any]:
    """A line as browsers are told of it."""
    said = {"n": line.n, "at": int(line.at.timestamp() * 1000), "text": line.text, "ours": line.ours}
    said |= {"by": line.author} if line.author else {}
    said |= {"files": line.files} if line.files else {}
    return said if line.ours else said | {"id": line.key}


class Listener:
    """One open socket of a browser."""

    def __init__(self, chat: int) -> None:
        self.chat = chat
        self.queue: asyncio.Queue[dict[str, Any]] = asyncio.Queue(QUEUE_LIMIT)
        self._n: int | None = None
        self._early: list[ChatLine] = []
        self._sign = Sign(0, typing=False)
        self._typing_at = 0.0

    def begin(self, lines: Sequence[ChatLine], after: int) -> None:
        """What stood in the chat once this had joined, after a line; then what was told meanwhile."""
        self._n = after
        early, self._early = self._early, []
        for line in (*lines, *early):
            self.tell(line)

    def tell(self, line: ChatLine) -> None:
        """Each line once. A browser that cannot follow misses some: it sees by the numbers that it did, and asks."""
        if self._n is None:
            self._early.append(line)
        elif line.n > self._n:
            self._n = line.n
            with contextlib.suppress(asyncio.QueueFull):
                self.queue.put_nowait({"line": told(line)})

    def sign(self, sign: Sign, now: float) -> None:
        """What is another than it was told last."""
        frame: dict[str, Any] = {"read": sign.read} if sign.read > self._sign.read else {}
        if sign.typing != self._sign.typing or (sign.typing and now - self._typing_at >= STILL_SECONDS):
            frame["typing"] = sign.typing
            self._typing_at = now
        if frame:
            try:
                self.queue.put_nowait(frame)
            except asyncio.QueueFull:
                return  # it is told at the next look
        self._sign = sign


class Listeners:
    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock
        self._by_chat: defaultdict[int, set[Listener]] = defaultdict(set)
        self._seq: int | None = None
        self._gaps: dict[int, float] = {}

    @contextlib.contextmanager
    def join(self, chat: int) -> Generator[Listener]:
        listener = Listener(chat)
        self._by_chat[chat].add(listener)
        try:
            yield listener
        finally:
            self._by_chat[chat].discard(listener)
            if not self._by_chat[chat]:
                del self._by_chat[chat]

    def count(self) -> int:
        return sum(len(each) for each in self._by_chat.values())

    @contextlib.asynccontextmanager
    async def running(self) -> AsyncGenerator[None]:
        tasks = [asyncio.create_task(self._run()), asyncio.create_task(self._run_signs())]
        try:
            yield
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

    async def _run(self) -> None:
        async for _ in bus.wakeups(self._database.url, FRESH):
            try:
                more = True
                while more:
                    found, more = await asyncio.to_thread(self._look)
                    self._tell(found)
            except Exception:
                log.warning("chat_look_failed", exc_info=True)
                await asyncio.sleep(AGAIN_SECONDS)

    async def _run_signs(self) -> None:
        """By the clock too: that somebody has stopped writing nobody may say."""
        async for _ in bus.wakeups(self._database.url, meeting.CHANGED):
            if not self._by_chat:
                continue
            try:
                self._sign(await asyncio.to_thread(self._look_at_signs, list(self._by_chat)))
            except Exception:
                log.warning("chat_signs_failed", exc_info=True)
                await asyncio.sleep(AGAIN_SECONDS)
            await asyncio.sleep(SIGNS_SECONDS)

    def _look_at_signs(self, chats: Sequence[int]) -> dict[int, Sign]:
        with self._database.transaction() as conn:
            return signs.signs(conn, chats, self._clock.now())

    def _sign(self, found: Mapping[int, Sign]) -> None:
        now = self._clock.monotonic()
        for chat, sign in found.items():
            for listener in self._by_chat.get(chat, ()):
                listener.sign(sign, now)

    def _tell(self, found: Iterable[store.Told]) -> None:
        for each in found:
            listeners = self._by_chat.get(each.chat)
            for listener in listeners or ():
                listener.tell(each.line)

    def _look(self) -> tuple[list[store.Told], bool]:
        """Numbers are given out before their transactions end: what is missing is looked for until it must have been
        given up.
        """
        now = self._clock.monotonic()
        with self._database.transaction() as conn:
            if self._seq is None:
                self._seq = store.last_seq(conn)
                return [], False
            self._gaps = {seq: since for seq, since in self._gaps.items() if now - since < GAP_SECONDS}
            found = store.fresh(conn, self._seq, self._gaps, LOOKED_AT_ONCE)
        for each in found:
            if each.seq > self._seq:
                for missing in range(max(self._seq + 1, each.seq - LOOKED_AT_ONCE), each.seq):
                    self._gaps[missing] = now
                self._seq = each.seq
            else:
                self._gaps.pop(each.seq, None)
        return found, len(found) == LOOKED_AT_ONCE
