"""The socket's hub: who hears of what, and what becomes of what could not be looked at."""

import asyncio
import json
import queue
from collections.abc import Callable, Iterable, Sequence
from typing import Any

import pytest

from onevoice.kit.db import Database
from onevoice.web.guards import Actor
from onevoice.web.hub import MESSAGE_LENGTH, PRESENT_SECONDS, QUEUE_LIMIT, TOPICS_LIMIT, Hub, Listener, Present, Told

READER = Actor("account", 1, "reader@n.example", frozenset({"customers.read", "messages.read"}))
SELLER = Actor("account", 2, "seller@n.example", frozenset({"customers.read"}))
NOBODY = Actor("account", 3, "nobody@n.example", frozenset())


class Publisher:
    channel = "onevoice_test"
    every_seconds = 0.01

    def __init__(self, kind: str, permission: str) -> None:
        self.kind = kind
        self.permission = permission
        self.looks: list[tuple[set[str], set[str], bool]] = []
        self.fails = 0
        self.for_fresh = False

    def takes(self, topic: str) -> bool:
        return topic.partition(":")[0] == self.kind

    def look(self, topics: set[str], fresh: set[str], *, woken: bool) -> Iterable[Told]:
        self.looks.append((topics, fresh, woken))
        if self.fails:
            self.fails -= 1
            raise ValueError(self.kind)
        if self.for_fresh:
            return [(topic, {"fresh": True}) for topic in sorted(fresh)]
        return [(topic, {"changed": True}) for topic in sorted(topics)]


@pytest.fixture
def publishers() -> tuple[Publisher, Publisher]:
    return Publisher("profile", "customers.read"), Publisher("messages", "messages.read")


@pytest.fixture
def hub(publishers: tuple[Publisher, Publisher]) -> Hub:
    return Hub("", publishers)


def subscribe(listener: Listener, *topics: str) -> None:
    listener.obey(json.dumps({"subscribe": list(topics)}))


class TestListener:
    def test_hears_only_of_what_its_person_may_read(self, hub: Hub) -> None:
        with hub.join(SELLER) as seller, hub.join(READER) as reader:
            for each in (seller, reader):
                subscribe(each, "profile:1", "messages", "messages:1")
            assert seller.topics == seller.fresh == {"profile:1"}
            assert reader.topics == reader.fresh == {"profile:1", "messages", "messages:1"}

    def test_who_may_read_nothing_hears_nothing(self, hub: Hub) -> None:
        with hub.join(NOBODY) as nobody:
            subscribe(nobody, "profile:1", "messages")
            assert nobody.topics == set()

    def test_a_topic_that_nobody_tells_of_is_passed_over(self, hub: Hub) -> None:
        with hub.join(READER) as listener:
            subscribe(listener, "weather", "")
            assert listener.topics == set()

    def test_once_its_person_may_no_longer_it_hears_no_more(self, hub: Hub) -> None:
        with hub.join(READER) as listener:
            subscribe(listener, "profile:1", "messages:1")
            listener.may(SELLER)
            assert listener.topics == listener.fresh == {"profile:1"}
            subscribe(listener, "messages:1")
            assert listener.topics == {"profile:1"}

    def test_a_topic_given_up_is_not_fresh_either(self, hub: Hub) -> None:
        with hub.join(READER) as listener:
            subscribe(listener, "messages:1")
            listener.obey('{"unsubscribe": ["messages:1"]}')
            assert listener.topics == listener.fresh == set()

    def test_too_many_topics_are_none(self, hub: Hub) -> None:
        with hub.join(READER) as listener:
            for start in range(0, TOPICS_LIMIT + 50, 50):
                subscribe(listener, *(f"profile:{number}" for number in range(start, start + 50)))
            assert listener.topics == set()

    def test_who_cannot_follow_misses_the_oldest(self, hub: Hub) -> None:
        with hub.join(READER) as listener:
            for number in range(QUEUE_LIMIT + 1):
                listener.tell(str(number))
            assert listener.queue.qsize() == QUEUE_LIMIT
            assert listener.queue.get_nowait() == "1"

    def test_and_is_told_of_all_anew(self, hub: Hub) -> None:
        with hub.join(READER) as listener:
            subscribe(listener, "profile:1", "messages")
            listener.fresh.clear()
            for number in range(QUEUE_LIMIT):
                listener.tell(str(number))
            assert listener.fresh == set()
            listener.tell("one too many")
            assert listener.fresh == {"profile:1", "messages"}


class Meeting:
    def __init__(self) -> None:
        self.kept: list[list[tuple[int, str, bool]]] = []
        self.came: queue.SimpleQueue[None] = queue.SimpleQueue()
        self.fails = 0

    def takes(self, topic: str) -> bool:
        return topic.startswith("profile:")

    def keep(self, present: Sequence[Present]) -> None:
        if self.fails:
            self.fails -= 1
            raise ValueError
        self.kept.append(sorted((each.actor.id, each.topic, each.writes) for each in present))
        self.came.put(None)


def be(listener: Listener, topic: object, *, typing: object = False, **more: object) -> None:
    listener.obey(json.dumps({"presence": {"topic": topic, "typing": typing, **more}}))


class TestPresence:
    @pytest.fixture
    def now(self) -> list[float]:
        return [0.0]

    @pytest.fixture
    def hub(self, publishers: tuple[Publisher, Publisher], now: list[float]) -> Hub:
        return Hub("", publishers, (), lambda: now[0])

    def there(self, hub: Hub) -> list[tuple[int, str, bool]]:
        return sorted((each.actor.id, each.topic, each.writes) for each in hub.present(Meeting()))

    def test_is_whoever_the_session_says_whatever_the_page_says(self, hub: Hub) -> None:
        with hub.join(READER) as listener:
            subscribe(listener, "profile:1")
            be(listener, "profile:1", typing=True, id="7", account_id=7, name="Olga", actor={"id": 7})
            assert self.there(hub) == [(READER.id, "profile:1", True)]

    def test_is_at_one_topic_and_the_last_one_counts(self, hub: Hub) -> None:
        with hub.join(READER) as listener:
            subscribe(listener, "profile:1", "profile:2")
            be(listener, "profile:1")
            be(listener, "profile:2")
            assert self.there(hub) == [(READER.id, "profile:2", False)]
            be(listener, None)
            assert self.there(hub) == []

    @pytest.mark.parametrize("topic", ["profile:2", "messages:1", "weather", "", None, 7, ["profile:1"], {}])
    def test_is_nowhere_that_it_does_not_hear_of(self, hub: Hub, topic: object) -> None:
        with hub.join(SELLER) as listener:
            subscribe(listener, "profile:1", "messages:1")
            be(listener, "profile:1")
            be(listener, topic)
            assert self.there(hub) == []

    @pytest.mark.parametrize("typing", ["true", 1, None, [True], "yes"])
    def test_types_where_it_says_so_plainly(self, hub: Hub, typing: object) -> None:
        with hub.join(READER) as listener:
            subscribe(listener, "profile:1")
            be(listener, "profile:1", typing=typing)
            assert self.there(hub) == [(READER.id, "profile:1", False)]

    def test_ends_with_the_topic_the_permission_and_the_socket(self, hub: Hub) -> None:
        with hub.join(READER) as listener:
            subscribe(listener, "profile:1")
            be(listener, "profile:1")
            listener.obey('{"unsubscribe": ["profile:1"]}')
            assert self.there(hub) == []
            subscribe(listener, "profile:1")
            be(listener, "profile:1")
            listener.may(NOBODY)
            assert self.there(hub) == []
            listener.may(READER)
            subscribe(listener, "profile:1")
            be(listener, "profile:1")
            assert self.there(hub) == [(READER.id, "profile:1", False)]
        assert self.there(hub) == []

    def test_ends_where_it_is_renewed_no_more(self, hub: Hub, now: list[float]) -> None:
        with hub.join(READER) as listener:
            subscribe(listener, "profile:1")
            be(listener, "profile:1")
            now[0] += PRESENT_SECONDS
            assert self.there(hub)
            now[0] += 0.1
            assert self.there(hub) == []
            be(listener, "profile:1")
            assert self.there(hub)

    @pytest.mark.parametrize("said", ["here", 7, [], None, {"typing": True}])
    def test_nonsense_is_nowhere(self, hub: Hub, said: object) -> None:
        with hub.join(READER) as listener:
            subscribe(listener, "profile:1")
            listener.obey(json.dumps({"presence": said}))
            assert self.there(hub) == []

    def test_what_is_huge_is_not_read(self, hub: Hub) -> None:
        with hub.join(READER) as listener:
            subscribe(listener, "profile:1")
            be(listener, "profile:1", more="x" * MESSAGE_LENGTH)
            listener.obey("[" * MESSAGE_LENGTH)
            assert self.there(hub) == []


class TestMeeting:
    @staticmethod
    def play(database: Database, meeting: Meeting, publisher: Publisher, scene: Callable[[Hub], Any]) -> None:
        async def run() -> None:
            hub = Hub(database.url, [publisher], [meeting])
            async with hub.running():
                await asyncio.wait_for(scene(hub), 20)

        asyncio.run(run())

    @pytest.mark.parametrize("fails", [0, 1])
    def test_keeps_each_change_and_a_flood_as_its_last_word(
        self, database: Database, publishers: tuple[Publisher, Publisher], fails: int
    ) -> None:
        meeting = Meeting()
        meeting.fails = fails

        async def scene(hub: Hub) -> None:
            with hub.join(READER) as listener:
                subscribe(listener, "profile:1")
                for number in range(2000):
                    be(listener, "profile:1", typing=number % 2 == 0)
                await asyncio.to_thread(meeting.came.get, timeout=10)
            await asyncio.to_thread(meeting.came.get, timeout=10)

        self.play(database, meeting, publishers[0], scene)
        assert meeting.kept == [[(READER.id, "profile:1", False)], []]


class TestHub:
    @pytest.fixture
    def running(self, database: Database, publishers: tuple[Publisher, Publisher]) -> Callable[..., Any]:
        def run(scene: Callable[[Hub], Any]) -> None:
            async def play() -> None:
                hub = Hub(database.url, publishers)
                async with hub.running():
                    await asyncio.wait_for(scene(hub), 20)

            asyncio.run(play())

        return run

    def test_tells_each_what_it_asked_for(self, running: Any, publishers: tuple[Publisher, Publisher]) -> None:
        async def scene(hub: Hub) -> None:
            with hub.join(SELLER) as seller, hub.join(READER) as reader:
                subscribe(seller, "messages:1", "profile:1")
                subscribe(reader, "messages:1")
                assert json.loads(await reader.queue.get()) == {"topic": "messages:1", "changed": True}
                assert json.loads(await seller.queue.get()) == {"topic": "profile:1", "changed": True}
            assert all("messages:1" not in message for message in iter_queue(seller))
            assert all(topics <= {"profile:1"} for topics, _, _ in publishers[0].looks)
            assert all(topics <= {"messages:1"} for topics, _, _ in publishers[1].looks)

        running(scene)

    def test_says_once_who_is_new(self, running: Any, publishers: tuple[Publisher, Publisher]) -> None:
        async def scene(hub: Hub) -> None:
            with hub.join(READER) as listener:
                subscribe(listener, "messages:1")
                for _ in range(2):
                    await listener.queue.get()
            assert [fresh for topics, fresh, _ in publishers[1].looks if topics][:2] == [{"messages:1"}, set()]

        running(scene)

    def test_what_is_for_newcomers_goes_to_them_alone(
        self, running: Any, publishers: tuple[Publisher, Publisher]
    ) -> None:
        publishers[1].for_fresh = True

        async def scene(hub: Hub) -> None:
            with hub.join(READER) as first:
                subscribe(first, "messages")
                assert json.loads(await first.queue.get()) == {"topic": "messages", "fresh": True}
                with hub.join(READER) as second:
                    subscribe(second, "messages")
                    assert json.loads(await second.queue.get()) == {"topic": "messages", "fresh": True}
                assert iter_queue(first) == []

        running(scene)

    def test_what_failed_is_made_good(self, running: Any, publishers: tuple[Publisher, Publisher]) -> None:
        """Neither a wake-up nor a newcomer is forgotten over it, and the other publisher goes on."""
        publishers[1].fails = 1

        async def scene(hub: Hub) -> None:
            with hub.join(READER) as listener:
                subscribe(listener, "messages:1", "profile:1")
                while "messages:1" not in await listener.queue.get():
                    pass
            failed, good = publishers[1].looks[:2]
            assert failed == good == ({"messages:1"}, {"messages:1"}, True)
            assert publishers[0].looks

        running(scene)


def iter_queue(listener: Listener) -> list[str]:
    return [listener.queue.get_nowait() for _ in range(listener.queue.qsize())]
