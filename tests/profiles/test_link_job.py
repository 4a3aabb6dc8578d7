"""The linking job against what can go wrong: a poisonous event, a batch that fails, old repeats, reading ahead."""

import threading
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec
import psycopg
import pytest

from onevoice.domains.events.contracts import Frame, LetterQuery
from onevoice.domains.events.service import log as events
from onevoice.domains.identity.service import link as linking
from onevoice.domains.identity.service import prepare
from onevoice.domains.profiles.jobs import link
from onevoice.domains.profiles.jobs.link import LinkingJob
from onevoice.kit import db
from onevoice.kit.clock import SystemClock
from onevoice.kit.db import Database

KEY = b"k" * 32
NOW = datetime(2026, 11, 1, tzinfo=UTC)


@pytest.fixture
def connect(database: Database) -> Callable[[], psycopg.Connection]:
    with database.transaction() as conn:
        conn.execute("insert into access.site (name, title, created_at) values ('pl', 'pl', %s)", (NOW,))
        conn.execute(
            "insert into access.source (name, channel, site, created_at) values ('s', 'site', 'pl', %s)", (NOW,)
        )
    return lambda: db.dedicated(database.url, name="test-linker")


@pytest.fixture
def job(connect: Callable[[], psycopg.Connection]) -> Iterator[LinkingJob]:
    job = LinkingJob(KEY, SystemClock(), connect)
    yield job
    job.close()


def seen(person: str, message: str, **more: Any) -> dict[str, Any]:
    return {"type": "track", "event": "Seen", "messageId": message, "userId": person, **more}


def append(database: Database, *frames: Sequence[dict[str, Any]], received: datetime = NOW) -> None:
    with database.transaction() as conn:
        events.append(
            conn, [Frame(1, received, None, len(frame), msgspec.json.encode(list(frame))) for frame in frames]
        )


def messages(database: Database) -> list[str]:
    with database.transaction() as conn:
        return [row[0] for row in conn.execute("select message_id from identity.event order by message_id")]


def letters(database: Database) -> list[tuple[str, str | None]]:
    with database.transaction() as conn:
        return [(each.code, each.message_id) for each in events.dead_letters(conn, LetterQuery(), 50)]


def drain(job: LinkingJob, conn: psycopg.Connection) -> int:
    total = 0
    while True:
        with conn.transaction():
            done = job.step(conn).events
        if not done:
            return total
        total += done


@pytest.fixture
def poison(monkeypatch: pytest.MonkeyPatch) -> Callable[[str], None]:
    """Reading the event with this messageId raises, as an error of ours would."""

    def plant(message: str) -> None:
        real = prepare.observe

        def observe(raw: Any, **more: Any) -> Any:
            if message.encode() in bytes(raw):
                raise ZeroDivisionError
            return real(raw, **more)

        monkeypatch.setattr(prepare, "observe", observe)

    return plant


class TestPoison:
    def run(self, database: Database, connect: Callable[[], psycopg.Connection], until: Callable[[], bool]) -> None:
        stop = threading.Event()
        job = LinkingJob(KEY, SystemClock(), connect)
        rounds = iter(range(100))

        def wait(_: float) -> None:
            if until() or next(rounds, None) is None:
                stop.set()

        link.run(connect, job, SystemClock(), stop, wait)

    def test_it_goes_aside_and_its_neighbours_go_on(
        self, database: Database, connect: Callable[[], psycopg.Connection], poison: Callable[[str], None]
    ) -> None:
        poison("bad-1")
        append(database, [seen("a", "m1")], [seen("a", "m2"), seen("b", "bad-1"), seen("b", "m3")], [seen("c", "m4")])
        self.run(database, connect, lambda: len(messages(database)) == 4)
        assert messages(database) == ["m1", "m2", "m3", "m4"]
        assert letters(database) == [("linking_failed", "bad-1")]

    def test_it_can_be_replayed_after_the_fix(
        self,
        database: Database,
        connect: Callable[[], psycopg.Connection],
        poison: Callable[[str], None],
        monkeypatch: pytest.MonkeyPatch,
    ) -> None:
        poison("bad-1")
        append(database, [seen("b", "bad-1")])
        self.run(database, connect, lambda: bool(letters(database)))
        monkeypatch.undo()
        with database.transaction() as conn:
            [letter] = events.dead_letters(conn, LetterQuery(state="open"), 5)
            events.replay(conn, letter.id, now=NOW)
        self.run(database, connect, lambda: messages(database) == ["bad-1"])
        assert messages(database) == ["bad-1"]

    def test_a_database_in_trouble_condemns_nobody(
        self, database: Database, connect: Callable[[], psycopg.Connection], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        failing = iter(range(link.ATTEMPTS + 2))
        real = linking.Linker.link

        def trouble(self: Any, *args: Any) -> Any:
            if next(failing, None) is not None:
                raise psycopg.errors.DiskFull
            return real(self, *args)

        monkeypatch.setattr(linking.Linker, "link", trouble)
        monkeypatch.setattr(link, "DATABASE_PAUSE_SECONDS", 0.01)
        append(database, [seen("a", "m1"), seen("a", "m2")])
        self.run(database, connect, lambda: len(messages(database)) == 2)
        assert messages(database) == ["m1", "m2"]
        assert letters(database) == []


class TestOldRepeats:
    def test_an_identical_retry_is_refused_after_its_hash_is_forgotten(
        self, database: Database, connect: Callable[[], psycopg.Connection], job: LinkingJob
    ) -> None:
        long_ago = (NOW - timedelta(days=400)).isoformat()
        append(database, [seen("a", "m1", timestamp=long_ago)])
        with connect() as conn:
            drain(job, conn)
            conn.execute("delete from events.seen")
            append(database, [seen("a", "m1", timestamp=long_ago), seen("a", "m2", timestamp=long_ago)])
            with conn.transaction():
                progress = job.step(conn)
        assert (progress.linked, progress.duplicates) == (1, 1)
        assert messages(database) == ["m1", "m2"]


class TestReadingAhead:
    def test_every_event_once_whatever_was_read_ahead(
        self,
        database: Database,
        connect: Callable[[], psycopg.Connection],
        job: LinkingJob,
        monkeypatch: pytest.MonkeyPatch,
    ) -> None:
        monkeypatch.setattr(link, "MAX_EVENTS", 20)
        wanted = [f"m{number:03d}" for number in range(200)]
        append(database, *([seen(f"p{n % 7}", message)] for n, message in enumerate(wanted[:150])))
        with connect() as conn:
            for round_ in range(4):
                with conn.transaction():
                    job.step(conn)
                if round_ == 1:
                    with conn.transaction(force_rollback=True):  # what was read ahead lies beyond it
                        job.step(conn)
                    job.forget()
            append(database, *([seen("p1", message)] for message in wanted[150:]))
            while True:
                with conn.transaction():
                    if not job.step(conn).events:
                        break
        assert messages(database) == wanted

    def test_a_connection_that_broke_costs_nothing(
        self, database: Database, connect: Callable[[], psycopg.Connection], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(link, "MAX_EVENTS", 5)

        def refuse() -> psycopg.Connection:
            raise psycopg.OperationalError

        job = LinkingJob(KEY, SystemClock(), refuse)
        append(database, *([seen("a", f"m{n}")] for n in range(9)))
        with connect() as conn:
            while True:
                with conn.transaction():
                    if not job.step(conn).events:
                        break
        job.close()
        assert len(messages(database)) == 9
