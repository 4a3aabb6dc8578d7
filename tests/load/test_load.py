"""A real server under a steady load for minutes, then under far more than it can take.

The short form shows that all of it works; that memory stays where it is can only be seen in the long one.
"""

import asyncio
import os
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import httpx
import pytest
import segment.analytics.client as segment
from bench.machine import percentile
from bench.wire import Answer
from load_drive import (
    BATCH,
    Console,
    Memory,
    Seen,
    beside,
    crowd,
    from_quarter_to_end,
    grown,
    read,
    send_steadily,
    watch,
)

from onevoice.kit.home import Home
from onevoice.kit.postgres import Cluster
from reckoning import Oracle, stored_messages
from support import LiveServer, run_onevoice, serving

P99_SECONDS = {"batch": 5.0, "profile": 5.0, "search": 5.0}
"""Far above what is measured in bench/: this is no benchmark, it shares the machine with other tests."""
SILENCE_SECONDS = 10.0
API_MB, WORKER_MB = 1_200.0, 1_200.0
"""What overload may come to: 128 MB of bodies held, 64 MB queued, and what becomes of both while they are taken apart;
32 MB of events in one batch of the linker, several times over once they are decoded."""


@dataclass(frozen=True)
class Plan:
    seconds: float
    rate: int
    people: int
    crowd: int
    crowd_seconds: float
    library_events: int


SHORT = Plan(seconds=6, rate=1_000, people=1_000, crowd=250, crowd_seconds=2, library_events=1_000)


def long_plan() -> Plan:
    seconds = float(os.environ.get("ONEVOICE_LOAD_SECONDS", "240"))
    return Plan(seconds, rate=2_000, people=2_000, crowd=300, crowd_seconds=seconds / 12, library_events=5_000)


@pytest.fixture
def server(tmp_path: Path) -> Iterator[LiveServer]:
    """One that nobody else uses."""
    with serving(tmp_path / "home") as server:
        yield server


def database_of(server: LiveServer) -> str:
    return Cluster(Home(server.home)).url


class Load:
    """The phases, on one server; what was acknowledged in all of them."""

    def __init__(self, server: LiveServer, plan: Plan) -> None:
        self.server, self.plan = server, plan
        self.oracle = Oracle()
        self.memory = Memory(server)

    def steady(self) -> None:
        seen, console = asyncio.run(self._steady("steady", self.plan.seconds))
        assert seen.wrong == []
        assert seen.torn == {}
        for what, bound in P99_SECONDS.items():
            assert percentile(seen.waits[what], 0.99) < bound, what
        assert not console.closed
        assert console.longest_silence < SILENCE_SECONDS
        assert console.events > 0
        assert len(seen.waits["batch"]) == self.plan.rate * self.plan.seconds // BATCH
        print({what: f"{1000 * percentile(waits, 0.99):.0f} ms" for what, waits in seen.waits.items()}, console)
        self.settle()

    def memory_stayed(self) -> None:
        samples = self.memory.samples
        found = from_quarter_to_end(samples)
        print({name: f"{early:.0f} to {late:.0f} MB" for name, (early, late) in found.items() if late > 10})
        assert {name.split()[0] for name in found} >= {"serve", "api", "worker", "postgres"}
        assert grown(samples) == {}

    async def _steady(self, run: str, seconds: float) -> tuple[Seen, Console]:
        seen, console = Seen(), Console()
        people = self.plan.people
        beside_it = (
            *(read(self.server, seen, people=people, seed=seed) for seed in range(3)),
            watch(self.server, console),
            self.memory.run(),
        )
        async with beside(*beside_it):
            await send_steadily(
                self.server, seen, self.oracle, run=run, rate=self.plan.rate, seconds=seconds, people=people
            )
        return seen, console

    def overload(self) -> None:
        """Too many clients; among them somebody with an unmodified library, who notices nothing."""
        self.memory.samples.clear()
        library = Library(self.server, self.plan.library_events)
        library.start()
        seen = asyncio.run(self._crowd())
        print(dict(seen.statuses), dict(seen.torn), f"{self.memory.peak('api'):.0f} MB api")
        assert seen.wrong == []
        assert set(seen.statuses) == {("crowd", 200), ("crowd", 503)}
        assert sum(seen.torn.values()) < len(seen.waits["crowd"]), "most are answered, not cut off"
        assert self.memory.peak("api") < API_MB
        assert self.memory.peak("worker") < WORKER_MB
        self.oracle.will_send(library.made)
        self.oracle.was_acknowledged(library.emptied())

    async def _crowd(self) -> Seen:
        seen = Seen()
        async with beside(self.memory.run()):
            await crowd(self.server, seen, self.oracle, clients=self.plan.crowd, seconds=self.plan.crowd_seconds)
        return seen

    def recovered(self) -> None:
        """Nobody did anything, and it is as it was before."""
        seen, _ = asyncio.run(self._steady("after", 2))
        assert seen.wrong == []
        assert seen.count(503) == 0
        assert percentile(seen.waits["batch"], 0.99) < P99_SECONDS["batch"]
        self.settle()
        assert self.memory.peak("worker") < WORKER_MB
        assert httpx.get(f"{self.server.url}/readyz", timeout=10).status_code == 200
        assert self.server.process.poll() is None

    def settle(self) -> None:
        """The backlog is worked off, and everything is stored exactly once."""
        self.server.settle(seconds=600)
        self.oracle.check(stored_messages(database_of(self.server)))


class Library(threading.Thread):
    """segment-analytics-python as it is published, with more to send than one batch."""

    def __init__(self, server: LiveServer, count: int) -> None:
        super().__init__(name="library", daemon=True)
        key = run_onevoice("keys", "create", "write", "--name", "library", "--home", str(server.home))
        self._failed: list[object] = []
        self._client = segment.Client(key, host=server.url, on_error=lambda error, _: self._failed.append(error))
        self._count = count
        self.made: list[str] = []

    def run(self) -> None:
        for number in range(self._count):
            queued, message = self._client.track(f"library-{number % 50}", "Product Viewed", {"number": number})
            assert queued
            self.made.append(message["messageId"])
        self._client.flush()

    def emptied(self) -> list[str]:
        """Wait until it has sent everything. Returns: the ids of all it was given."""
        self.join(timeout=300)
        assert not self.is_alive(), "its queue does not empty"
        self._client.join()
        assert self._failed == []
        assert len(self.made) == self._count
        return self.made


class TestReckoning:
    """What would be seen, were it so."""

    @pytest.mark.parametrize(
        ("what", "status", "head", "is_wrong"),
        [
            ("batch", 200, b"", False),
            ("batch", 503, b"Retry-After: 1", False),
            ("batch", 503, b"", True),
            ("batch", 503, b"Retry-After: 0", True),
            ("search", 500, b"Retry-After: 1", True),
            ("batch", 404, b"", True),
            ("search", 404, b"", True),
            ("profile", 404, b"", False),
        ],
    )
    def test_an_answer_that_nobody_should_see(self, what: str, status: int, head: bytes, is_wrong: bool) -> None:
        seen = Seen()
        seen.note(what, Answer(status, b"HTTP/1.1 ?\r\n" + head, b""), 0.1)
        assert bool(seen.wrong) is is_wrong

    @pytest.mark.parametrize(
        ("early", "late", "has_grown"), [(100, 112, False), (100, 114, True), (2, 5, False), (2, 6, True)]
    )
    def test_memory_that_grows(self, early: float, late: float, has_grown: bool) -> None:
        samples = [{"api 1": early + (late - early) * max(0, second - 25) / 73} for second in range(100)]
        assert bool(grown(samples)) is has_grown

    def test_what_came_and_went_has_not_grown(self) -> None:
        samples = [{"api 1": 50.0, f"postgres {second}": float(second)} for second in range(100)]
        assert grown(samples) == {}


def test_in_short(server: LiveServer) -> None:
    load = Load(server, SHORT)
    load.steady()
    load.overload()
    load.recovered()


@pytest.mark.long
def test_for_minutes(server: LiveServer) -> None:
    load = Load(server, long_plan())
    load.steady()
    load.memory_stayed()
    load.overload()
    load.recovered()
