"""Cards follow the profiles: what is written, kept, replaced and dropped."""

import threading
from collections.abc import Iterator
from typing import Any

import psycopg
import pytest
from card_people import People, minutes
from psycopg import Connection

from onevoice.domains.identity.contracts import CHANNEL_NUMBER
from onevoice.domains.profiles.jobs import cards as job
from onevoice.domains.profiles.rules import cards as rules
from onevoice.domains.profiles.service import cards
from onevoice.kit.clock import SystemClock
from onevoice.kit.db import Database
from onevoice.kit.postgres import Cluster
from support import fresh_database


@pytest.fixture(scope="module")
def url(cluster: Cluster) -> Iterator[str]:
    with fresh_database(cluster, "cards") as url:
        yield url


@pytest.fixture
def conn(url: str) -> Iterator[Connection]:
    with psycopg.connect(url) as conn, conn.transaction(force_rollback=True):
        yield conn


@pytest.fixture
def people(conn: Connection) -> People:
    return People(conn)


def card(conn: Connection, pid: int) -> dict[str, Any]:
    cursor = conn.execute(
        "select c.name, contact_kind, contact, city, last_at, last_channel, first_at, events, orders, spent_minor,"
        " currency, channels, reach, haystack from profiles.card c join profiles.pulse using (pid) where pid = %s",
        (pid,),
    )
    row = cursor.fetchone()
    assert row is not None, "no card"
    return dict(zip([column.name for column in cursor.description or ()], row, strict=True))


def pids(conn: Connection) -> list[int]:
    found = conn.execute("select pid from profiles.card order by pid").fetchall()
    assert found == conn.execute("select pid from profiles.pulse order by pid").fetchall()
    assert conn.execute("select people from profiles.size").fetchone() == (len(found),)
    return [row[0] for row in found]


class TestRefresh:
    def test_writes_what_the_list_shows(self, conn: Connection, people: People) -> None:
        anna = people.add(
            "email:a.kowalska@poczta.example",
            "phone:+48601233998",
            traits={"name": "Anna Kowalska", "city": "Gdańsk"},
            events=[("site", 0), ("site", 10), ("telegram", 5)],
            spent={"PLN": (2, 114_800), "EUR": (1, 900_000)},
        )
        cards.refresh(conn, [anna])
        found = card(conn, anna)
        assert found["name"] == "Anna Kowalska"
        assert (found["contact_kind"], found["contact"]) == ("email", "a.kowalska@poczta.example")
        assert found["city"] == "Gdańsk"
        assert (found["first_at"], found["last_at"]) == (minutes(0), minutes(10))
        assert found["last_channel"] == CHANNEL_NUMBER["site"]
        assert found["channels"] == 1 << CHANNEL_NUMBER["site"] | 1 << CHANNEL_NUMBER["telegram"]
        assert found["reach"] == 1 << CHANNEL_NUMBER["email"]
        assert found["events"] == 3
        assert (found["orders"], found["spent_minor"], found["currency"]) == (3, 114_800, "PLN")
        assert " 48601233998" in found["haystack"]

    def test_a_profile_without_events_has_no_card(self, conn: Connection, people: People) -> None:
        cards.refresh(conn, [people.add("email:a@b.example", events=())])
        assert pids(conn) == []

    def test_a_number_that_is_no_profile_has_no_card(self, conn: Connection) -> None:
        cards.refresh(conn, [404])
        assert pids(conn) == []

    def test_twice_is_once(self, conn: Connection, people: People) -> None:
        anna = people.add("email:a@b.example")
        cards.refresh(conn, [anna, anna])
        before = card(conn, anna)
        cards.refresh(conn, [anna])
        assert card(conn, anna) == before
        assert pids(conn) == [anna]

    def test_a_new_name_replaces_the_old_one(self, conn: Connection, people: People) -> None:
        anna = people.add("email:a@b.example", traits={"name": "Anna Nowak"})
        cards.refresh(conn, [anna])
        people.set_traits(anna, {"name": "Anna Kowalska"}, at=5)
        cards.refresh(conn, [anna])
        assert card(conn, anna)["name"] == "Anna Kowalska"
        assert "novak" not in card(conn, anna)["haystack"]

    def test_of_several_identifiers_the_latest_name_shows_and_all_are_found(
        self, conn: Connection, people: People
    ) -> None:
        anna = people.add("email:a@b.example", "phone:+48601233998", traits={"name": "Anna Nowak"})
        people.set_traits(anna + 1, {"name": "Anna Kowalska"}, at=5)
        cards.refresh(conn, [anna])
        found = card(conn, anna)
        assert found["name"] == "Anna Kowalska"
        assert " ana novak" in found["haystack"].split("\n")

    def test_a_merge_leaves_one_card_and_an_undo_brings_both_back(self, conn: Connection, people: People) -> None:
        anna = people.add("email:a@b.example", traits={"name": "Anna"}, events=[("site", 1)])
        other = people.add("phone:+48601233998", traits={"name": "Anna K."}, events=[("shop", 2)])
        cards.refresh(conn, [anna, other])
        before = (card(conn, anna), card(conn, other))
        people.join([other], anna)
        cards.refresh(conn, [anna, other])
        assert pids(conn) == [anna]
        assert card(conn, anna)["events"] == 2
        people.join([other], other)
        cards.refresh(conn, [anna, other])
        assert (card(conn, anna), card(conn, other)) == before

    def test_an_erased_person_is_not_found_by_what_was_erased(self, conn: Connection, people: People) -> None:
        anna = people.add("email:a.kowalska@b.example", traits={"name": "Anna Kowalska"})
        cards.refresh(conn, [anna])
        conn.execute("delete from identity.vault")
        cards.refresh(conn, [anna])
        found = card(conn, anna)
        assert (found["name"], found["contact"], found["haystack"]) == (None, None, "")

    def test_what_did_not_change_is_not_written(self, conn: Connection, people: People) -> None:
        anna = people.add("email:a@b.example")
        cards.refresh(conn, [anna])
        versions = "select c.xmin::text, c.ctid, p.ctid from profiles.card c join profiles.pulse p using (pid)"
        before = conn.execute(versions).fetchall()
        cards.refresh(conn, [anna])
        assert conn.execute(versions).fetchall() == before

    def test_an_event_moves_the_pulse_and_leaves_the_card(self, conn: Connection, people: People) -> None:
        anna = people.add("email:a@b.example")
        cards.refresh(conn, [anna])
        before = conn.execute("select ctid from profiles.card").fetchall()
        people.event(anna, "call", 90)
        cards.refresh(conn, [anna])
        assert card(conn, anna)["last_at"] == minutes(90)
        assert conn.execute("select ctid from profiles.card").fetchall() == before

    def test_a_new_way_of_making_cards_rewrites_them_when_touched(
        self, conn: Connection, people: People, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        anna = people.add("email:a@b.example")
        cards.refresh(conn, [anna])
        conn.execute("update profiles.card set haystack = 'old'")
        monkeypatch.setattr(rules, "VERSION", rules.VERSION + 1)
        cards.refresh(conn, [anna])
        assert card(conn, anna)["haystack"] != "old"

    def test_more_than_a_chunk(self, conn: Connection, people: People, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(cards, "_CHUNK", 3)
        added = [people.add(f"email:a{number}@b.example") for number in range(10)]
        cards.refresh(conn, added)
        assert pids(conn) == added


class TestIndex:
    def test_takes_up_events_and_moves_once(self, conn: Connection, people: People) -> None:
        anna = people.add("email:a@b.example")
        step = cards.index(conn)
        assert (step.refreshed, step.moved) == (1, True)
        assert cards.index(conn) == cards.Step(0, moved=False, behind=False)
        other = people.add("phone:+48601233998", events=())
        people.join([other], anna)
        assert cards.index(conn).moved
        assert pids(conn) == [anna]

    def test_an_event_alone_moves_the_pulse_and_spares_the_card(
        self, conn: Connection, people: People, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        anna = people.add("email:a@b.example")
        cards.index(conn)
        before = card(conn, anna)["events"]
        monkeypatch.setattr(cards, "refresh", lambda _, pids: refreshed.extend(pids))
        refreshed: list[int] = []
        people.event(anna, "site", 50)
        assert cards.index(conn).refreshed == 1
        assert refreshed == []
        assert card(conn, anna)["events"] == before + 1

    def test_goes_on_where_it_stopped(self, conn: Connection, people: People) -> None:
        added = [people.add(f"email:a{number}@b.example") for number in range(5)]
        assert cards.index(conn, batch=2).behind
        assert pids(conn) == added[:2]
        while cards.index(conn, batch=2).behind:
            pass
        assert pids(conn) == added

    def test_a_batch_that_fails_is_taken_again(self, database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
        with database.transaction() as conn:
            anna = People(conn).add("email:a@b.example")

        def refuse(*_: object) -> None:
            raise RuntimeError

        def step() -> None:
            with database.transaction() as conn:
                cards.index(conn)

        with monkeypatch.context() as patch:
            patch.setattr(cards.store, "move", refuse)
            with pytest.raises(RuntimeError):
                step()
        with database.transaction() as conn:
            assert pids(conn) == []
            cards.index(conn)
            assert pids(conn) == [anna]


class TestJob:
    def test_runs_until_stopped_and_survives_errors(self, database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
        with database.transaction() as conn:
            anna = People(conn).add("email:a@b.example")
        stop = threading.Event()
        waits: list[float] = []
        index = cards.index
        failing = iter([True])

        def sometimes(conn: Connection) -> cards.Step:
            if next(failing, False):
                raise RuntimeError
            return index(conn)

        def wait(seconds: float) -> None:
            waits.append(seconds)
            stop.set()

        monkeypatch.setattr(job.cards, "index", sometimes)
        job.run(database, SystemClock(), stop, wait)
        with database.transaction() as conn:
            assert pids(conn) == [anna]
        assert len(waits) == 1

    def test_two_at_once_do_each_thing_once(self, database: Database) -> None:
        with database.transaction() as conn:
            people = People(conn)
            added = [people.add(f"email:a{number}@b.example") for number in range(50)]

        def drain() -> None:
            while True:
                with database.transaction() as conn:
                    if not cards.index(conn, batch=5).behind:
                        return

        threads = [threading.Thread(target=drain) for _ in range(3)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        with database.transaction() as conn:
            assert pids(conn) == added
