"""What the console's socket tells of conversations.

Topics: `inbox` for all of them, `conversation:<profile>` for one; with what is new, where that is known, else that
something is. It is computed once for all who look, so nothing of it depends on who that is. And who else is at one:
`present:<profile>`.
"""

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

from psycopg import Connection

from onevoice.domains.conversations.http import render
from onevoice.domains.conversations.service import meeting, reading, signs
from onevoice.domains.conversations.service.following import CHANGED
from onevoice.domains.conversations.store.presence import Here
from onevoice.domains.conversations.store.thread import Standing
from onevoice.kit.chance import Chance
from onevoice.kit.clock import Clock
from onevoice.kit.db import Database
from onevoice.web.hub import Present, Told

EVERY = "inbox"
ONE = "conversation:"
PRESENT = "present:"
ANSWERING = "conversations.answer"
RENEW = timedelta(seconds=4.5)
LOOK_SECONDS = 0.1
INBOX_SECONDS = 0.5
LINES_AT_ONCE = 50
NEWS_AT_ONCE = 200
NEWS_ITEMS = 8
DIGITS = 18


class Inbox:
    """Tells the lines that are not what they were."""

    channel = CHANGED
    permission = "conversations.read"
    every_seconds = INBOX_SECONDS

    def __init__(self, database: Database) -> None:
        self._database = database
        self._watch: reading.Watch | None = None

    def takes(self, topic: str) -> bool:
        return topic == EVERY

    def look(self, topics: set[str], fresh: set[str], *, woken: bool) -> list[Told]:
        """Whoever has just begun to listen asks: what happened since their page was read is not known."""
        if not topics:
            self._watch = None
            return []
        told: list[Told] = [(EVERY, {"changed": True, "fresh": True})] if fresh else []
        if woken or self._watch is None:
            told.append((EVERY, {"changed": True, **self._lines()}))
        return told

    def _lines(self) -> dict[str, Any]:
        """Nothing at first, and after a look that failed: it is not known what has changed."""
        watch, self._watch = self._watch or reading.Watch(), None
        with self._database.transaction() as conn:
            seen = watch.look(conn)
            found = None if seen is None else reading.changed(conn, *seen, LINES_AT_ONCE)
            self._watch = watch
            if seen is None or found is None:
                return {}
            names = reading.names_of(conn, render.assignees([each.episode for each in found.lines]))
        return {"moved": bool(seen[0]), **render.changed(found, names)}


class Conversations:
    """Compares what somebody looks at with how it stood a moment before."""

    channel = CHANGED
    permission = "conversations.read"
    every_seconds = LOOK_SECONDS

    def __init__(self, database: Database) -> None:
        self._database = database
        self._known: dict[str, Standing] = {}
        self._last = 0

    def takes(self, topic: str) -> bool:
        return topic.startswith(ONE)

    def look(self, topics: set[str], fresh: set[str], *, woken: bool) -> list[Told]:
        """Whoever has just begun to listen is told at once: what happened since their page was read is not known."""
        del woken
        before, self._known = self._known, {}
        after, self._last = self._last, 0
        pids = _numbers(topics, ONE)
        known: dict[str, Standing] = {}
        news: dict[str, dict[str, Any]] = {}
        if pids:
            with self._database.transaction() as conn:
                last = reading.last_said(conn)
                known = {f"{ONE}{pid}": stands for pid, stands in reading.standing(conn, pids).items()}
                wanted = [
                    int(topic.removeprefix(ONE))
                    for topic, stands in known.items()
                    if topic not in fresh and before.get(topic, stands) != stands and before[topic].same_above(stands)
                ]
                # Not to whoever has just begun to listen, nor of what has changed further up: they ask.
                if wanted and after:
                    news = _news(conn, wanted[:NEWS_AT_ONCE], after)
            self._last = last
        self._known = known  # last: of a look that failed nothing is known, and all is told again
        changed = {topic for topic, stands in known.items() if topic in fresh or before.get(topic) != stands}
        return [(topic, {"changed": True, **news.get(topic, {})}) for topic in sorted(changed)]


def _news(conn: Connection, pids: Sequence[int], after: int) -> dict[str, dict[str, Any]]:
    found, parts = reading.news(conn, pids, after, NEWS_ITEMS)
    currents = [each.current for each in found.values()]
    names = reading.names_of(conn, [*render.people_in(parts), *render.assignees(currents)])
    return {f"{ONE}{pid}": render.news(each, parts, names) for pid, each in found.items()}


class Presence:
    """Who looks at a conversation, who writes an answer, and whether its customer writes in the site's chat. Both sides
    of it: it is told, and tells.
    """

    channel = meeting.CHANGED
    permission = "conversations.read"
    every_seconds = LOOK_SECONDS

    def __init__(self, database: Database, *, clock: Clock, chance: Chance) -> None:
        self._database = database
        self._clock = clock
        self._process = int.from_bytes(chance.bytes(7))
        self._written: meeting.Written = {}
        self._known: dict[str, tuple[dict[int, bool], bool]] = {}

    def takes(self, topic: str) -> bool:
        return topic.startswith(PRESENT)

    def keep(self, present: Sequence[Present]) -> None:
        here = [_here(each, pid) for each in present for pid in _numbers({each.topic}, PRESENT)]
        if here or self._written:
            with self._database.transaction() as conn:
                written = meeting.keep(conn, self._process, here, self._written, self._clock.now(), RENEW)
            self._written = written

    def look(self, topics: set[str], fresh: set[str], *, woken: bool) -> list[Told]:
        """By the clock too: a process that dies says nothing."""
        del woken
        before, self._known = self._known, {}
        pids = _numbers(topics, PRESENT)
        if not pids:
            return []
        with self._database.transaction() as conn:
            now = self._clock.now()
            writing = signs.customers_writing(conn, pids, now)
            there = meeting.standing(conn, pids, now)
            self._known = {f"{PRESENT}{pid}": (of, pid in writing) for pid, of in there.items()}
            changed = [
                topic for topic in sorted(self._known) if topic in fresh or before.get(topic) != self._known[topic]
            ]
            names = reading.names_of(conn, [account for topic in changed for account in self._known[topic][0]])
        return [
            (topic, {"people": _people(there, names), "customer_writes": writes})
            for topic in changed
            for there, writes in (self._known[topic],)
        ]


def _here(present: Present, pid: int) -> Here:
    writes = present.writes and ANSWERING in present.actor.permissions
    return Here(present.page, present.actor.id, pid, writes, present.channel if writes else None)


def _people(there: dict[int, bool], names: dict[int, str]) -> list[dict[str, object]]:
    return [
        {"id": str(account), "name": names[account], "writes": writes}
        for account, writes in sorted(there.items())
        if account in names
    ]


def _numbers(topics: set[str], kind: str) -> list[int]:
    """Profiles, written as the console writes them."""
    found = [topic.removeprefix(kind) for topic in topics if topic.startswith(kind)]
    return sorted(int(each) for each in found if each.isascii() and each.isdigit() and len(each) <= DIGITS)
