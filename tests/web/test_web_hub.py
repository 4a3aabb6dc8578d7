"""The socket's hub: who hears of what, and what becomes of what could not be looked at."""

import asyncio
import json
from collections.abc import Callable, Iterable
from typing import Any

import pytest

from onevoice.kit.db import Database
from onevoice.web.hub import QUEUE_LIMIT, TOPICS_LIMIT, Hub, Listener, Told

READER = frozenset({"customers.read", "messages.read"})
SELLER = frozenset({"customers.read"})


class Publisher:
    channel = "onevoice_test"
    every_seconds = 0.01

    def __init__(self, kind: str, permission: str) -> None:
        self.kind = kind
        self.permission = permission
        self.looks: list[tuple[set[str], set[str], bool]] = []
        self.fails = 0

    def takes(self, topic: str) -> bool:
        return topic.partition(":")[0] == self.kind

    def look(self, topics: set[str], fresh: set[str], *, woken: bool) -> Iterable[Told]:
        self.looks.append((topics, fresh, woken))
        if self.fails:
            self.fails -= 1
            raise ValueError(self.kind)
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
        with hub.join(frozenset()) as nobody:
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
