"""What the console's socket tells of messages: that something has changed, never what; the page asks again.

Topics: `messages` for all of them, `messages:<profile>` for those of one person, `message:<id>` for one.
"""

from onevoice.domains.delivery.service import reading
from onevoice.domains.delivery.service.asking import CHANGED
from onevoice.domains.delivery.service.reading import Standing
from onevoice.kit.db import Database
from onevoice.web.hub import Told

EVERY = "messages"
PERSON = "messages:"
ONE = "message:"
LOOK_SECONDS = 0.25
DIGITS = 18


class Messages:
    """Compares what somebody looks at with how it stood a moment before: of the rest of a campaign nothing is read.

    That something has changed among all of them is known by the wake-up alone.
    """

    channel = CHANGED
    permission = "messages.read"
    every_seconds = LOOK_SECONDS

    def __init__(self, database: Database) -> None:
        self._database = database
        self._known: dict[str, Standing | None] = {}

    def takes(self, topic: str) -> bool:
        return topic == EVERY or topic.startswith((PERSON, ONE))

    def look(self, topics: set[str], fresh: set[str], *, woken: bool) -> list[Told]:
        """Whoever has just begun to listen is told at once: what happened since their page was read is not known."""
        before, self._known = self._known, {}
        people, messages = _numbers(topics, PERSON), _numbers(topics, ONE)
        if people or messages:
            with self._database.transaction() as conn:
                of_people = reading.standing_of(conn, people)
                of_messages = reading.standing(conn, messages)
            self._known = {f"{PERSON}{number}": of_people.get(number) for number in people}
            self._known |= {f"{ONE}{number}": of_messages.get(number) for number in messages}
        changed = {topic for topic, stands in self._known.items() if topic in fresh or before.get(topic) != stands}
        if EVERY in topics and (woken or EVERY in fresh):
            changed.add(EVERY)
        return [(topic, {"changed": True}) for topic in sorted(changed)]


def _numbers(topics: set[str], kind: str) -> list[int]:
    """Of topics of a kind, written as the console writes them."""
    found = [topic.removeprefix(kind) for topic in topics if topic.startswith(kind)]
    return sorted(int(each) for each in found if each.isascii() and each.isdigit() and len(each) <= DIGITS)
