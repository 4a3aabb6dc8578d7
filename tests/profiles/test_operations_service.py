"""What an operator is shown before deciding, and what the ledger tells afterwards."""

import threading
from collections.abc import Callable, Iterator
from datetime import datetime
from typing import Any

import psycopg
import pytest
from card_people import People, minutes
from psycopg import Connection

from onevoice.domains.identity.contracts import AsOf, SourceInfo
from onevoice.domains.identity.errors import AlreadyUndoneError, IdentityError, SameProfileError
from onevoice.domains.identity.service import operate
from onevoice.domains.identity.service import reading as identity
from onevoice.domains.profiles.http import render, shapes
from onevoice.domains.profiles.service import ledger, operations, reading
from onevoice.kit.db import Database
from onevoice.kit.postgres import Cluster
from support import fresh_database
from waiting import until

SOURCES = {1: SourceInfo(1, "site", "site", None, 50)}
KEY = b"k" * 32


@pytest.fixture(scope="module")
def url(cluster: Cluster) -> Iterator[str]:
    with fresh_database(cluster, "operations") as url:
        yield url


@pytest.fixture
def conn(url: str) -> Iterator[Connection]:
    with psycopg.connect(url) as conn, conn.transaction(force_rollback=True):
        furnish(conn)
        yield conn


def furnish(conn: Connection) -> None:
    """Profiles 1 and 2, of one identifier and one event each."""
    conn.execute("insert into identity.name (id, type, name) overriding system value values (1, 'track', 'Viewed')")
    people = People(conn)
    people.add("email:anna@shop.example", events=[("site", 0)])
    people.add("phone:+48601233998", events=[("shop", 1)])


def request(minute: int, reason: str = "", *, actor: str = "anna", dry_run: bool = False) -> operations.Request:
    return operations.Request(actor, reason, minutes(minute), KEY, dry_run)


def merge(conn: Connection, minute: int, reason: str = "one person", **options: Any) -> shapes.Operation:
    done = operations.merge(conn, "profile:2", "profile:1", request(minute, reason, **options), SOURCES)
    return render.operation(done)


def undo(conn: Connection, merge_id: str | None, minute: int, **options: Any) -> shapes.Operation:
    return render.operation(operations.undo(conn, int(merge_id or 0), request(minute, **options), SOURCES))


def split(conn: Connection, minute: int, reason: str) -> shapes.Operation:
    named = ["phone:+48601233998"]
    return render.operation(operations.split(conn, "profile:1", named, request(minute, reason), SOURCES))


def story(conn: Connection, known_at: datetime | None = None, who: str = "profile:1") -> shapes.Identity:
    as_of = AsOf(learnt=known_at)
    found = identity.profile(conn, who, KEY, as_of)
    seen = reading.view_of(conn, found, as_of=as_of, sources=SOURCES)
    return render.identity(seen, ledger.story(conn, seen, found, as_of, SOURCES))


def ends(pairs: list[shapes.Pair]) -> list[tuple[str, str]]:
    return [(pair.a.kind, pair.b.kind) for pair in pairs]


class TestRehearsal:
    def test_of_a_merge_over_a_split_tells_what_it_withdraws(self, conn: Connection) -> None:
        merge(conn, 10)
        split(conn, 11, "two people")
        preview = merge(conn, 12, dry_run=True).preview
        assert ends(preview.withdraws) == [("email", "phone")]
        assert preview.parts == []
        assert len(preview.after) == 1

    def test_of_its_undo_tells_that_this_stands_again(self, conn: Connection) -> None:
        merge(conn, 10)
        split(conn, 11, "two people")
        again = merge(conn, 12)
        preview = undo(conn, again.id, 13, dry_run=True).preview
        assert ends(preview.parts) == [("email", "phone")]
        assert preview.withdraws == []
        assert [move.kind for move in preview.moves] == ["phone"]
        assert preview.held_by == []

    def test_of_an_undo_that_moves_nobody_tells_whose_merge_holds(self, conn: Connection) -> None:
        made = merge(conn, 10)
        conn.execute(  # a second merge of the pair, as a ledger may hold it
            "with again as (insert into identity.action (kind, at, actor, reason, a, b, detail)"
            " select kind, %(at)s, 'piotr', 'same card', a, b, detail from identity.action returning id, at)"
            " insert into identity.evidence (op, a, b, tier, happened, learnt, hash, act) select 1, 1, 2, 1, at, at,"
            " gen_random_uuid(), id from again",
            {"at": minutes(11)},
        )
        preview = undo(conn, made.id, 12, dry_run=True).preview
        assert preview.moves == []
        assert [side.id for side in preview.before] == [side.id for side in preview.after] == ["1"]
        (holding,) = preview.held_by
        assert (holding.by, holding.reason, holding.at) == ("piotr", "same card", minutes(11))

    def test_leaves_nothing_behind(self, conn: Connection) -> None:
        made = merge(conn, 10)
        before = [conn.execute(f"select * from identity.{table}").fetchall() for table in TABLES]
        assert undo(conn, made.id, 11, dry_run=True).id is None
        assert [conn.execute(f"select * from identity.{table}").fetchall() for table in TABLES] == before


TABLES = ("action", "evidence", "edge", "cannot", "node", "moved")


class TestLedger:
    def test_tells_who_joined_them_and_offers_the_undo(self, conn: Connection) -> None:
        made = merge(conn, 10, reason="asked at the till")
        (join,) = story(conn).joins
        assert (join.id, join.by, join.reason, join.undoable) == (made.id, "anna", "asked at the till", True)

    def test_tells_nothing_of_a_join_that_was_undone(self, conn: Connection) -> None:
        made = merge(conn, 10)
        undo(conn, made.id, 11)
        told = story(conn)
        assert told.joins == []
        assert [each.evidence for each in told.identifiers] == [[]]

    def test_as_known_between_tells_of_it_as_it_stood(self, conn: Connection) -> None:
        made = merge(conn, 10, reason="asked at the till")
        undo(conn, made.id, 20)
        told = story(conn, known_at=minutes(15))
        (join,) = told.joins
        assert (join.id, join.by, join.reason, join.undoable) == (made.id, "anna", "asked at the till", True)
        assert len(told.identifiers) == 2
        assert story(conn, known_at=minutes(5)).joins == []
        assert story(conn, known_at=minutes(25)).joins == []

    def test_tells_why_they_are_kept_apart_also_when_an_undo_restored_it(self, conn: Connection) -> None:
        merge(conn, 10)
        split(conn, 11, "two sisters")
        again = merge(conn, 12, reason="one person after all")
        assert story(conn).cannot_links == []
        undo(conn, again.id, 13, actor="jan")
        (apart,) = story(conn).cannot_links
        assert (apart.reason, apart.by, apart.at) == ("two sisters", "anna", minutes(11))

    def test_as_known_between_tells_who_was_kept_apart_then(self, conn: Connection) -> None:
        merge(conn, 10)
        split(conn, 21, "two sisters")
        again = merge(conn, 32, reason="one person after all")
        undo(conn, again.id, 43, actor="jan")
        found = {at: story(conn, known_at=minutes(at)).cannot_links for at in (5, 15, 25, 35, 45)}
        assert {at: len(walls) for at, walls in found.items()} == {5: 0, 15: 0, 25: 1, 35: 0, 45: 1}
        for at in (25, 45):
            assert found[at] == story(conn).cannot_links


class TestAtOnce:
    """Operators who all came before any of them had acted."""

    @pytest.fixture
    def prepared(self, database: Database) -> Database:
        with database.transaction() as conn:
            furnish(conn)
        return database

    def test_of_two_merges_one_wins_and_the_other_is_told(self, prepared: Database) -> None:
        done, refused = wait(prepared, 2, lambda conn: merge(conn, 10))
        assert len(done) == 1
        assert [type(error) for error in refused] == [SameProfileError]

    def test_of_two_undos_one_wins_and_the_other_is_told(self, prepared: Database) -> None:
        with prepared.transaction() as conn:
            made = merge(conn, 10)
        done, refused = wait(prepared, 2, lambda conn: undo(conn, made.id, 11))
        assert [len(each.preview.after) for each in done] == [2]
        assert [type(error) for error in refused] == [AlreadyUndoneError]

    def test_who_waited_for_an_undo_merges_the_two_that_it_left(self, prepared: Database) -> None:
        with prepared.transaction() as conn:
            made = merge(conn, 10)
        (again,), _ = wait(prepared, 1, lambda conn: merge(conn, 12), first=lambda conn: undo(conn, made.id, 11))
        assert [side.id for side in again.preview.before] == ["1", "2"]
        assert [side.id for side in again.preview.after] == ["1"]
        with prepared.transaction() as conn:
            assert [join.id for join in story(conn).joins] == [again.id]


def wait(
    database: Database, number: int, act: Callable[[Connection], Any], first: Callable[[Connection], Any] = operate.turn
) -> tuple[list[shapes.Operation], list[IdentityError]]:
    """What came of some who did the same, and had to wait for another who was `first`: results, and refusals."""
    done: list[shapes.Operation] = []
    refused: list[IdentityError] = []

    def run() -> None:
        try:
            with database.transaction() as conn:
                done.append(act(conn))
        except IdentityError as error:
            refused.append(error)

    threads = [threading.Thread(target=run) for _ in range(number)]
    with database.transaction() as conn:
        first(conn)
        for thread in threads:
            thread.start()
        until(lambda: waiting(conn) == number, what="nobody waits")
    for thread in threads:
        thread.join(30)
    return done, refused


def waiting(conn: Connection) -> int:
    row = conn.execute("select count(*) from pg_locks where locktype = 'advisory' and not granted").fetchone()
    assert row
    return row[0]
