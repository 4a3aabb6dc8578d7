"""The log: durable or not acknowledged, read in order, past no open transaction; dead letters and their return."""

import base64
import contextlib
import os
import pwd
import subprocess
import tempfile
import threading
from collections.abc import Iterator
from concurrent.futures import Future
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path
from typing import Any, Self

import psycopg
import pytest
from events_factory import NOON, READER, frame, read_all, track

from onevoice.domains.events.contracts import Position, Rejection, message_hash
from onevoice.domains.events.errors import OverloadedError, UnavailableError, UnknownDeadLetterError
from onevoice.domains.events.service import log as service
from onevoice.domains.events.service.log import Appender
from onevoice.domains.identity.rules import observe
from onevoice.kit import jsons
from onevoice.kit.chance import SeededChance
from onevoice.kit.clock import SystemClock
from onevoice.kit.db import Database
from onevoice.kit.postgres import OWN_USER
from waiting import until


def letters(database: Database) -> list[tuple[str, str, str | None]]:
    with database.transaction() as conn:
        found = service.dead_letters(conn, before=None, state=None, limit=100)
    return [(letter.state, letter.code, letter.message_id) for letter in reversed(found)]


class TestAppend:
    def test_what_is_acknowledged_is_stored(self, database: Database, appender: Appender) -> None:
        appender.append(frame(track("a"), track("b"), sent_at="2026-11-05T12:00:00.5Z")).result(10)
        with database.transaction() as conn:
            [record] = service.read(conn, READER, 10).records
        assert record.source_id == 1
        assert record.received_at == NOON
        assert record.sent_at == NOON + timedelta(seconds=0.5)
        assert [jsons.read(bytes(raw)).value["messageId"] for raw in record.events] == ["a", "b"]

    def test_many_at_once_are_all_stored_once(self, database: Database, appender: Appender) -> None:
        waiting: list[Future[None]] = []

        def send(who: int) -> None:
            waiting.extend(appender.append(frame(track(f"{who}-{number}"))) for number in range(50))

        threads = [threading.Thread(target=send, args=(who,)) for who in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        for each in waiting:
            each.result(10)
        assert sorted(read_all(database, 7)) == sorted(f"{who}-{number}" for who in range(8) for number in range(50))

    def test_one_frame_the_database_refuses_does_not_sink_its_neighbours(self, database: Database) -> None:
        appender = Appender(database, SystemClock())
        good = [appender.append(frame(track("a"))), appender.append(frame(track("b")))]
        bad = appender.append(replace(frame(track("poison")), count=-1))
        good.append(appender.append(frame(track("c"))))
        appender.start()
        for each in good:
            each.result(10)
        with pytest.raises(UnavailableError):
            bad.result(10)
        appender.stop()
        assert read_all(database) == ["a", "b", "c"]

    def test_a_full_queue_asks_to_come_again_and_takes_more_later(self, database: Database) -> None:
        appender = Appender(database, SystemClock(), queue_bytes=2_000)
        first = appender.append(frame(track("a", properties={"text": "x" * 1000})))
        with pytest.raises(OverloadedError) as refused:
            appender.append(frame(track("b", properties={"text": "x" * 1000})))
        assert refused.value.extra["retry_after_seconds"] == 1
        appender.start()
        first.result(10)
        until(lambda: appender.queued_bytes == 0)
        appender.append(frame(track("b"))).result(10)
        appender.stop()
        assert read_all(database) == ["a", "b"]

    def test_stopping_commits_what_waits_and_takes_no_more(self, database: Database) -> None:
        appender = Appender(database, SystemClock())
        waiting = [appender.append(frame(track(f"{number}"))) for number in range(20)]
        appender.start()
        appender.stop()
        assert [each.result(0) for each in waiting] == [None] * 20
        with pytest.raises(UnavailableError):
            appender.append(frame(track("late")))
        assert len(read_all(database)) == 20

    def test_whoever_gave_up_before_its_turn_is_not_stored(self, database: Database) -> None:
        appender = Appender(database, SystemClock())
        gone, kept = appender.append(frame(track("gone"))), appender.append(frame(track("kept")))
        assert gone.cancel()
        appender.start()
        kept.result(10)
        appender.stop()
        assert read_all(database) == ["kept"]

    def test_a_lost_connection_is_told_and_the_next_one_is_new(self, database: Database, appender: Appender) -> None:
        appender.append(frame(track("a"))).result(10)
        with database.transaction() as conn:
            conn.execute(
                "select pg_terminate_backend(pid) from pg_stat_activity"
                " where application_name = 'onevoice-appender' and datname = current_database()"
            )
        with pytest.raises(UnavailableError) as refused:
            appender.append(frame(track("b"))).result(10)
        assert refused.value.extra["retry_after_seconds"] == 2
        appender.append(frame(track("c"))).result(10)
        assert read_all(database) == ["a", "c"]

    def test_a_stuck_table_is_told_too(self, database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(service, "LOCK_MILLISECONDS", 100)
        appender = Appender(database, SystemClock())
        appender.start()
        with database.transaction() as conn:
            conn.execute("lock table events.log in access exclusive mode")
            with pytest.raises(UnavailableError):
                appender.append(frame(track("a"))).result(10)
        appender.append(frame(track("b"))).result(10)
        appender.stop()
        assert read_all(database) == ["b"]

    def test_a_fault_of_our_own_leaves_nobody_waiting(
        self, database: Database, appender: Appender, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(service, "ACCEPTED", None)
        with pytest.raises(UnavailableError):
            appender.append(frame(track("a"))).result(10)
        monkeypatch.undo()
        appender.append(frame(track("b"))).result(10)
        assert read_all(database) == ["a", "b"]

    def test_within_another_transaction_it_lives_and_dies_with_it(self, database: Database) -> None:
        with database.transaction() as conn:
            service.append(conn, [frame(track("a"))])
        with database.transaction() as conn:
            service.append(conn, [frame(track("b"))])
            conn.rollback()
        assert read_all(database) == ["a"]


class Told:
    """The database answers every append as it does when its disk is full."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def fill(self) -> None:
        with self._database.transaction() as conn:
            conn.execute(
                "create function events.no_space() returns trigger language plpgsql as"
                " $$ begin raise exception 'No space left on device' using errcode = '53100'; end $$"
            )
            conn.execute(
                "create trigger no_space before insert on events.log_rest for each row"
                " execute function events.no_space()"
            )

    def free(self) -> None:
        with self._database.transaction() as conn:
            conn.execute("drop trigger no_space on events.log_rest")


class Small:
    """The log lies on a file system of a few megabytes, which only root can make."""

    def __init__(self, database: Database, folder: Path) -> None:
        self._url = database.url
        self._folder = folder
        self._name = f"small_{folder.name.replace('-', '_')}"

    def __enter__(self) -> Self:
        owner = pwd.getpwnam(OWN_USER)
        options = f"size=8m,mode=700,uid={owner.pw_uid},gid={owner.pw_gid}"
        subprocess.run(["mount", "-t", "tmpfs", "-o", options, "tmpfs", str(self._folder)], check=True)
        with psycopg.connect(self._url, autocommit=True) as conn:
            conn.execute(f"create tablespace {self._name} location '{self._folder}'")
            conn.execute(f"alter table events.log_rest set tablespace {self._name}")
        return self

    def __exit__(self, *_: object) -> None:
        with psycopg.connect(self._url, autocommit=True) as conn:
            conn.execute("alter table events.log_rest set tablespace pg_default")
            conn.execute(f"drop tablespace {self._name}")
        subprocess.run(["umount", str(self._folder)], check=True)

    def fill(self) -> None:
        with contextlib.suppress(OSError), (self._folder / "filler").open("wb", buffering=0) as filler:
            while True:
                filler.write(b"x" * 4096)

    def free(self) -> None:
        (self._folder / "filler").unlink()


class TestFullDisk:
    @pytest.fixture(params=["told", "small"] if os.geteuid() == 0 else ["told"])
    def disk(self, request: pytest.FixtureRequest, database: Database) -> Iterator[Told | Small]:
        if request.param == "told":
            yield Told(database)
            return
        folder = Path(tempfile.mkdtemp(prefix="ov-small-"))
        with Small(database, folder) as small:
            yield small
        folder.rmdir()

    def test_it_is_told_and_recovers_unaided(self, database: Database, appender: Appender, disk: Told | Small) -> None:
        noise = base64.b64encode(SeededChance(1).bytes(30_000)).decode()
        appender.append(frame(track("before"))).result(10)
        disk.fill()
        stored, refused = ["before"], 0
        while refused < 3:
            name = f"{len(stored)}-{refused}"
            try:
                appender.append(frame(track(name, properties={"noise": noise}))).result(10)
                stored.append(name)
            except UnavailableError:
                refused += 1
        disk.free()
        appender.append(frame(track("after", properties={"noise": noise}))).result(10)
        assert read_all(database) == [*stored, "after"]


class TestRead:
    def test_whole_frames_at_least_one_in_order(self, database: Database, appender: Appender) -> None:
        for first in range(0, 30, 3):
            appender.append(frame(*(track(f"{first + number}") for number in range(3)))).result(10)
        with database.transaction() as conn:
            assert service.read(conn, READER, 1).events == 3
            assert service.read(conn, READER, 7).events == 6
            assert service.lag(conn, READER) == 30
        assert read_all(database, 7) == [f"{number}" for number in range(30)]
        with database.transaction() as conn:
            assert service.lag(conn, READER) == 0

    @pytest.mark.parametrize(("bound", "bytes_"), [("READ_BYTES", 5_000), ("READ_PACKED_BYTES", 200)])
    def test_of_large_frames_fewer_and_none_twice(
        self, database: Database, appender: Appender, monkeypatch: pytest.MonkeyPatch, bound: str, bytes_: int
    ) -> None:
        monkeypatch.setattr(service, bound, bytes_)
        for number in range(9):
            appender.append(frame(track(f"{number}", properties={"text": "long " * 400}))).result(10)
        with database.transaction() as conn:
            assert 1 <= service.read(conn, READER, 100).events <= 3
        assert read_all(database, 100) == [f"{number}" for number in range(9)]

    def test_it_stops_at_an_open_transaction_and_loses_nothing_of_it(
        self, database: Database, appender: Appender
    ) -> None:
        with psycopg.connect(database.url) as slow:
            service.append(slow, [frame(track("slow"))])
            appender.append(frame(track("quick"))).result(10)
            assert read_all(database) == []
            slow.commit()
        assert read_all(database) == ["slow", "quick"]

    def test_what_was_committed_before_the_open_one_began_is_read(self, database: Database, appender: Appender) -> None:
        appender.append(frame(track("before"))).result(10)
        with psycopg.connect(database.url) as slow:
            service.append(slow, [frame(track("slow"))])
            appender.append(frame(track("after"))).result(10)
            assert read_all(database) == ["before"]
            slow.rollback()
        assert read_all(database) == ["after"]

    def test_appenders_that_commit_in_any_order_lose_nothing(self, database: Database) -> None:
        """Four transactions overlap and commit backwards; a reader looks after every step."""
        found: list[str] = []
        conns = [psycopg.connect(database.url) for _ in range(4)]
        for number, conn in enumerate(conns):
            service.append(conn, [frame(track(f"{number}"))])
            found += read_all(database)
        for conn in reversed(conns):
            conn.commit()
            conn.close()
            found += read_all(database)
        assert sorted(found) == ["0", "1", "2", "3"]

    def test_a_position_moves_with_its_transaction_only(self, database: Database, appender: Appender) -> None:
        appender.append(frame(track("a"))).result(10)
        with database.transaction() as conn:
            service.advance(conn, READER, service.read(conn, READER, 10).end, NOON)
            conn.rollback()
        assert read_all(database) == ["a"]

    def test_partitions_change_nothing_of_the_order(self, database: Database, appender: Appender) -> None:
        appender.append(frame(track("rest"))).result(10)
        with database.transaction() as conn:
            service.housekeep(conn, NOON)
        for days in (2, 0, 1):
            appender.append(frame(track(f"{days}"), received_at=NOON + timedelta(days=days))).result(10)
        assert read_all(database, 1) == ["rest", "2", "0", "1"]


class TestUnseen:
    def test_each_hash_is_new_once(self, database: Database) -> None:
        hashes = [message_hash(1, f"{number}") for number in range(1000)]
        with database.transaction() as conn:
            assert service.unseen(conn, hashes, date(2026, 11, 5)) == set(range(1000))
            assert service.unseen(conn, [*hashes[500:], message_hash(2, "1")], date(2026, 11, 6)) == {500}
            assert service.unseen(conn, [], date(2026, 11, 6)) == set()

    def test_it_is_forgotten_with_its_transaction(self, database: Database) -> None:
        with database.transaction() as conn:
            service.unseen(conn, [message_hash(1, "a")], date(2026, 11, 5))
            conn.rollback()
        with database.transaction() as conn:
            assert service.unseen(conn, [message_hash(1, "a")], date(2026, 11, 5)) == {0}


class TestDeadLetters:
    def test_a_bad_event_is_kept_with_its_reason_beside_the_good_ones(
        self, database: Database, appender: Appender
    ) -> None:
        appender.append(frame(track("a"), {"type": "track", "messageId": "bad"})).result(10)
        assert letters(database) == [("open", "event_missing", "bad")]
        assert read_all(database) == ["a"]

    def test_the_same_one_sent_again_is_kept_once(self, database: Database, appender: Appender) -> None:
        for sent_at in ("2026-11-05T12:00:00Z", "2026-11-05T12:00:09Z"):
            bad = ({"type": "track", "messageId": "bad"}, {"type": "x"}, 7, 7, {"type": "x"})
            appender.append(frame(*bad, sent_at=sent_at)).result(10)
        assert letters(database) == [
            ("open", "event_missing", "bad"),
            ("open", "unknown_type", None),
            ("open", "not_an_object", None),
        ]

    def test_of_another_source_it_is_another(self, database: Database, appender: Appender) -> None:
        for source in (1, 2):
            appender.append(frame({"type": "x", "messageId": "bad"}, source_id=source)).result(10)
        assert len(letters(database)) == 2

    def test_hostile_text_can_be_kept(self, database: Database, appender: Appender) -> None:
        bad = b'{"batch": [{"messageId": "m\\u0000\\ud800", "n": NaN, "deep": %s}]}' % (b"[" * 90 + b"]" * 90)
        opened = service.rules.open_body(bad, single=False)
        appender.append(service.frame_of(opened, None, 1, NOON, str)).result(10)
        assert letters(database) == [("open", "unknown_type", "m\ufffd\ufffd")]


class TestReplay:
    @staticmethod
    def lay_aside(database: Database, event: Any, code: str = "no_identifier") -> int:
        """As a consumer does with an event that it cannot take."""
        with database.transaction() as conn:
            raw = jsons.encode(event)
            service.reject(conn, [Rejection(1, NOON, code, "Because.", event.get("messageId"), raw)])
            return service.dead_letters(conn, before=None, state=None, limit=1)[0].id

    @staticmethod
    def replay(database: Database, letter_id: int) -> str:
        with database.transaction() as conn:
            return service.replay(conn, letter_id, now=NOON + timedelta(days=1)).state

    def test_a_good_one_goes_into_the_log_and_happened_when_it_did(self, database: Database) -> None:
        letter = self.lay_aside(database, track("a", timestamp="2026-11-05T10:00:00Z", sentAt="2026-11-05T11:00:00Z"))
        assert self.replay(database, letter) == "replayed"
        with database.transaction() as conn:
            [record] = service.read(conn, READER, 10).records
        assert record.received_at == NOON + timedelta(days=1)
        event = jsons.read(bytes(record.events[0])).value
        assert event["timestamp"] == (NOON - timedelta(hours=1)).isoformat()
        assert "sentAt" not in event

    def test_one_without_a_time_happened_when_it_came(self, database: Database) -> None:
        self.replay(database, self.lay_aside(database, track("a")))
        with database.transaction() as conn:
            event = jsons.read(bytes(service.read(conn, READER, 10).records[0].events[0])).value
        assert event["timestamp"] == NOON.isoformat()

    def test_replaying_twice_appends_once(self, database: Database) -> None:
        letter = self.lay_aside(database, track(None))
        assert [self.replay(database, letter) for _ in range(2)] == ["replayed", "replayed"]
        assert read_all(database) == [f"letter-{letter}"]

    def test_at_the_same_moment_too(self, database: Database) -> None:
        letter = self.lay_aside(database, track("a"))
        threads = [threading.Thread(target=self.replay, args=(database, letter)) for _ in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert read_all(database) == ["a"]

    def test_what_is_still_bad_stays_open_with_the_new_reason(self, database: Database) -> None:
        letter = self.lay_aside(database, {"type": "track", "userId": "u", "messageId": "a"}, "old_reason")
        assert self.replay(database, letter) == "open"
        assert letters(database) == [("open", "event_missing", "a")]
        assert read_all(database) == []

    def test_what_linking_refuses_again_is_the_same_letter(self, database: Database) -> None:
        letter = self.lay_aside(database, track("a"))
        self.replay(database, letter)
        with database.transaction() as conn:
            raw = bytes(service.read(conn, READER, 10).records[0].events[0])
            service.reject(conn, [Rejection(1, NOON, "blocked", "Because.", "a", raw)])
        assert letters(database) == [("open", "blocked", "a")]
        assert self.replay(database, letter) == "replayed"

    def test_a_letter_of_linking_counts_as_unseen_again(self, database: Database) -> None:
        found = message_hash(1, "a")
        with database.transaction() as conn:
            service.unseen(conn, [found], NOON.date())
        self.lay_aside(database, track("a"))
        with database.transaction() as conn:
            assert service.unseen(conn, [found], NOON.date()) == {0}

    def test_an_unknown_letter_is_told(self, database: Database) -> None:
        with pytest.raises(UnknownDeadLetterError):
            self.replay(database, 4711)


class TestHousekeep:
    def test_days_ahead_have_partitions(self, database: Database) -> None:
        with database.transaction() as conn:
            service.housekeep(conn, NOON)
            service.housekeep(conn, NOON)
            assert service.store.partitions(conn) == [f"log_2026110{day}" for day in (5, 6, 7, 8)]

    def test_a_day_that_began_in_the_rest_stays_there(self, database: Database, appender: Appender) -> None:
        appender.append(frame(track("a"))).result(10)
        with database.transaction() as conn:
            service.housekeep(conn, NOON)
            assert service.store.partitions(conn)[0] == "log_20261106"

    def test_what_is_old_and_read_goes(self, database: Database, appender: Appender) -> None:
        with database.transaction() as conn:
            service.housekeep(conn, NOON)
            service.unseen(conn, [message_hash(1, f"{number}") for number in range(100)], NOON.date())
        for days in (-40, 0, 1):
            bad = {"type": "x", "messageId": f"{days}"}
            appender.append(frame(track(f"{days}"), bad, received_at=NOON + timedelta(days=days))).result(10)
        later = NOON + timedelta(days=31)
        with database.transaction() as conn:
            service.housekeep(conn, later)
            assert self.kept(conn) == (3, 1)
        assert read_all(database) == ["-40", "0", "1"]
        with database.transaction() as conn:
            service.housekeep(conn, later)
            assert self.kept(conn) == (1, 1)
            assert "log_20261105" not in service.store.partitions(conn)

    def test_hashes_are_forgotten_part_by_part_after_90_days(self, database: Database) -> None:
        with database.transaction() as conn:
            service.unseen(conn, [message_hash(1, f"{number}") for number in range(100)], NOON.date())
            for minutes in range(0, 160, 10):
                service.housekeep(conn, NOON + timedelta(days=90, minutes=minutes))
            assert self.seen(conn) == 100
            for minutes in range(0, 160, 10):
                service.housekeep(conn, NOON + timedelta(days=91, minutes=minutes))
            assert self.seen(conn) == 0

    def test_a_letter_that_was_dropped_with_age_is_written_anew(self, database: Database, appender: Appender) -> None:
        bad = {"type": "x", "messageId": "bad"}
        for days in (0, 31):
            with database.transaction() as conn:
                for minutes in range(0, 160, 10):
                    service.housekeep(conn, NOON + timedelta(days=days, minutes=minutes))
            for _ in range(2):
                appender.append(frame(bad, received_at=NOON + timedelta(days=days))).result(10)
            assert letters(database) == [("open", "unknown_type", "bad")]

    @staticmethod
    def kept(conn: psycopg.Connection) -> tuple[int, int]:
        row = conn.execute(
            "select (select count(*) from events.log), (select count(*) from events.dead_letter)"
        ).fetchone()
        assert row is not None
        return row

    @staticmethod
    def seen(conn: psycopg.Connection) -> int:
        row = conn.execute("select count(*) from events.seen").fetchone()
        assert row is not None
        return row[0]


def test_a_message_has_one_hash_wherever_it_is_computed() -> None:
    """Dead letters of linking are forgotten by it: were the two to differ, a replay would be dropped as a repeat."""
    assert message_hash(7, "m-ключ") == observe.message_hash(7, "m-ключ")


def test_positions_are_compared_by_transaction_first() -> None:
    assert Position(1, 9) < Position(2, 1)
