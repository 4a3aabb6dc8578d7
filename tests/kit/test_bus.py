"""Wake-ups: whether somebody was woken, and a bell that is rung often and heard seldom."""

import asyncio
import threading
import time
from collections.abc import Iterator

import psycopg
import pytest
from psycopg import Connection

from onevoice.kit import bus
from onevoice.kit.db import Database

CHANNEL = "onevoice_test"
EVERY = 0.2


@pytest.fixture
def ear(database: Database) -> Iterator[Connection]:
    with psycopg.connect(database.url, autocommit=True) as conn:
        bus.listen(conn, CHANNEL)
        yield conn


def heard(ear: Connection, seconds: float) -> int:
    return sum(1 for _ in ear.notifies(timeout=seconds))


class TestNotify:
    def test_wakes_all_its_channels_when_it_commits(self, database: Database, ear: Connection) -> None:
        bus.listen(ear, "onevoice_other")
        with database.transaction() as conn:
            bus.notify(conn, CHANNEL, "onevoice_other")
            assert not bus.wait(ear, timeout_seconds=0.05)
        assert sorted(each.channel for each in ear.notifies(timeout=5, stop_after=2)) == ["onevoice_other", CHANNEL]


class TestWakeups:
    def test_tell_a_wake_up_from_the_clock(self, database: Database) -> None:
        async def listen() -> list[bool]:
            found: list[bool] = []
            async for woken in bus.wakeups(database.url, CHANNEL, at_least_every_seconds=0.1):
                found.append(woken)
                if len(found) == 2:
                    with database.transaction() as conn:
                        bus.notify(conn, CHANNEL)
                if len(found) == 3:
                    return found
            raise AssertionError

        assert asyncio.run(listen()) == [True, False, True]


class TestBell:
    def test_is_heard_at_once(self, database: Database, ear: Connection) -> None:
        bus.Bell(database, CHANNEL).ring()
        assert bus.wait(ear, timeout_seconds=5)

    def test_rung_a_thousand_times_it_is_heard_a_few(self, database: Database, ear: Connection) -> None:
        bell, began = bus.Bell(database, CHANNEL, every_seconds=EVERY), time.monotonic()
        for _ in range(1000):
            bell.ring()
            time.sleep(0.001)
        rang = time.monotonic() - began
        count = heard(ear, 1)
        assert 2 <= count <= rang / EVERY + 2

    def test_the_last_ring_is_heard_too(self, database: Database, ear: Connection) -> None:
        bell = bus.Bell(database, CHANNEL, every_seconds=EVERY)
        bell.ring()
        assert bus.wait(ear, timeout_seconds=5)
        bell.ring()
        assert bus.wait(ear, timeout_seconds=5)
        assert not bus.wait(ear, timeout_seconds=2 * EVERY)

    def test_without_a_database_it_takes_nobody_down(self, database: Database) -> None:
        bell = bus.Bell(database, CHANNEL, every_seconds=0.01)
        database.close()
        bell.ring()
        deadline = time.monotonic() + 15
        while any(each.name == "bell" for each in threading.enumerate()):  # what it raises would fail this test
            assert time.monotonic() < deadline
            time.sleep(0.01)
