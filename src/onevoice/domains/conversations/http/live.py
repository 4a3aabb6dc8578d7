"""What the console's socket tells of conversations: that something has changed, never what; the page asks again.

Topics: `inbox` for all of them, `conversation:<profile>` for one. And who else is at one: `present:<profile>`.
"""

from collections.abc import Sequence
from datetime import timedelta

from onevoice.domains.conversations.service import meeting, reading, signs
from onevoice.domains.conversations.service.following import CHANGED
from onevoice.domains.conversations.store.presence import Here
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
DIGITS = 18


class Conversations:
    """Compares what somebody looks at with how it stood a moment before."""

    channel = CHANGED
    permission = "conversations.read"
    every_seconds = LOOK_SECONDS

    def __init__(self, database: Database) -> None:
        self._database = database
        self._known: dict[str, tuple[int, ...]] = {}

    def takes(self, topic: str) -> bool:
        return topic == EVERY or topic.startswith(ONE)

    def look(self, topics: set[str], fresh: set[str], *, woken: bool) -> list[Told]:
        """Whoever has just begun to listen is told at once: what happened since their page was read is not known."""
        before, self._known = self._known, {}
        pids = _numbers(topics, ONE)
        if pids:
            with self._database.transaction() as conn:
                self._known = {f"{ONE}{pid}": stands for pid, stands in reading.standing(conn, pids).items()}
        changed = {topic for topic, stands in self._known.items() if topic in fresh or before.get(topic) != stands}
        if EVERY in topics and (woken or EVERY in fresh):
            changed.add(EVERY)
        return [(topic, {"changed": True}) for topic in sorted(changed)]


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
