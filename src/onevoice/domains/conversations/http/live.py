"""What the console's socket tells of conversations: that something has changed, never what; the page asks again.

Topics: `inbox` for all of them, `conversation:<profile>` for one.
"""

from onevoice.domains.conversations.service import reading
from onevoice.domains.conversations.service.following import CHANGED
from onevoice.kit.db import Database
from onevoice.web.hub import Told

EVERY = "inbox"
ONE = "conversation:"
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
        pids = _numbers(topics)
        if pids:
            with self._database.transaction() as conn:
                self._known = {f"{ONE}{pid}": stands for pid, stands in reading.standing(conn, pids).items()}
        changed = {topic for topic, stands in self._known.items() if topic in fresh or before.get(topic) != stands}
        if EVERY in topics and (woken or EVERY in fresh):
            changed.add(EVERY)
        return [(topic, {"changed": True}) for topic in sorted(changed)]


def _numbers(topics: set[str]) -> list[int]:
    """Profiles, written as the console writes them."""
    found = [topic.removeprefix(ONE) for topic in topics if topic.startswith(ONE)]
    return sorted(int(each) for each in found if each.isascii() and each.isdigit() and len(each) <= DIGITS)
