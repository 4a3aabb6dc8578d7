"""What operators do by hand, in a real database: undo of one merge beside others, and two operators at once."""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from harness import TIGHT, Pair
from mutants import CARD1, E1, U1, U2, seen
from psycopg import Connection
from test_linker_stateful import KEY, Product, moment

from onevoice.domains.identity.contracts import AsOf
from onevoice.domains.identity.errors import AlreadyUndoneError, IdentityError, SameProfileError
from onevoice.domains.identity.service import operate, reading, references
from onevoice.domains.identity.service.operate import Operation
from onevoice.kit.db import Database
from waiting import until


@pytest.fixture
def pair(database: Database) -> Pair:
    """U1 with E1, U2, and a card: three people."""
    pair = Pair(Product(database, TIGHT), TIGHT)
    pair.apply([seen(pair, U1, E1, happened=1), seen(pair, U2, happened=1), seen(pair, CARD1, happened=1)])
    return pair


def node(conn: Connection, who: tuple[str, str]) -> int:
    return references.locate(conn, ":".join(who), KEY)[0]


def together(database: Database, *who: tuple[str, str], known: int | None = None) -> bool:
    as_of = AsOf() if known is None else AsOf(learnt=moment(known))
    with database.transaction() as conn:
        return len({reading.profile(conn, ":".join(each), KEY, as_of).id for each in who}) == 1


def merge(database: Database, at: int, *who: tuple[str, str]) -> int:
    with database.transaction() as conn:
        left, right = (node(conn, each) for each in who)
        made = operate.merge(conn, left, right, actor="anna", reason="one person", at=moment(at)).id
    assert made is not None
    return made


def undo(database: Database, merge_id: int, at: int, *, rehearse: bool = False) -> Operation:
    with database.transaction() as conn, conn.transaction(force_rollback=rehearse):
        return operate.undo(conn, merge_id, actor="jan", at=moment(at))


class TestAtOnce:
    """Each operator in a transaction and on a connection of their own."""

    def test_of_two_undos_of_one_merge_one_wins(self, pair: Pair, database: Database) -> None:
        made = merge(database, 101, U1, U2)
        done, refused = race(2, lambda: undo(database, made, 102))
        assert len(done) == 1
        assert [type(error) for error in refused] == [AlreadyUndoneError]
        assert "was undone by jan before" in str(refused[0])
        assert not together(database, U1, U2)
        with database.transaction() as conn:
            said = conn.execute("select count(*) from identity.evidence where op = 2").fetchone()
        assert said == (1,)

    def test_of_two_merges_of_the_same_two_one_wins(self, pair: Pair, database: Database) -> None:
        done, refused = race(4, lambda: merge(database, 101, U1, U2))
        assert len(done) == 1
        assert {type(error) for error in refused} == {SameProfileError}
        with database.transaction() as conn:
            assert conn.execute("select count(*) from identity.action").fetchone() == (1,)
        undo(database, done[0], 102)
        assert not together(database, U1, U2)

    def test_a_merge_waits_for_an_undo_and_then_is_whole(self, pair: Pair, database: Database) -> None:
        made = merge(database, 101, U1, U2)
        with begun(database, lambda conn: operate.undo(conn, made, actor="jan", at=moment(102))) as commit:
            done, refused = meanwhile(database, commit, lambda: merge(database, 103, U1, U2))
        assert refused == []
        assert together(database, U1, U2, E1)
        with pytest.raises(AlreadyUndoneError, match="was undone by jan"):
            undo(database, made, 104)
        undo(database, done[0], 104)
        assert not together(database, U1, U2)

    def test_a_merge_that_comes_before_the_undo_is_refused(self, pair: Pair, database: Database) -> None:
        made = merge(database, 101, U1, U2)
        with pytest.raises(SameProfileError):
            merge(database, 102, U1, U2)
        undo(database, made, 103)
        assert not together(database, U1, U2)

    def test_an_undo_that_failed_half_way_leaves_the_merge(self, pair: Pair, database: Database) -> None:
        made = merge(database, 101, U1, U2)
        with begun(database, lambda conn: operate.undo(conn, made, actor="jan", at=moment(102))) as commit:
            done, refused = meanwhile(database, commit, lambda: merge(database, 103, U1, U2), fail=True)
        assert done == []
        assert [type(error) for error in refused] == [SameProfileError]
        assert together(database, U1, U2)
        undo(database, made, 104)
        assert not together(database, U1, U2)


def race(number: int, act: Callable[[], Any]) -> tuple[list[Any], list[IdentityError]]:
    """What came of doing the same `number` times at once: results, and refusals."""
    start = threading.Barrier(number)
    done: list[Any] = []
    refused: list[IdentityError] = []

    def run() -> None:
        start.wait(10)
        try:
            done.append(act())
        except IdentityError as error:
            refused.append(error)

    threads = [threading.Thread(target=run) for _ in range(number)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert len(done) + len(refused) == number
    return done, refused


@contextmanager
def begun(database: Database, act: Callable[[Connection], Any]) -> Iterator[Callable[[bool], None]]:
    """`act` done in a transaction that stays open until it is told to end, well or not."""
    with database.transaction() as conn:
        act(conn)

        def end(fail: bool) -> None:
            if fail:
                conn.rollback()
            else:
                conn.commit()

        yield end


def meanwhile(
    database: Database, end: Callable[[bool], None], act: Callable[[], Any], *, fail: bool = False
) -> tuple[list[Any], list[IdentityError]]:
    """What came of `act`, which has to wait until the other transaction ends."""
    found: list[tuple[list[Any], list[IdentityError]]] = []
    thread = threading.Thread(target=lambda: found.append(race(1, act)))
    thread.start()
    until(lambda: waiting(database), what="nobody waits")
    end(fail)
    thread.join(30)
    return found[0]


def waiting(database: Database) -> bool:
    with database.transaction() as conn:
        row = conn.execute("select count(*) from pg_locks where locktype = 'advisory' and not granted").fetchone()
    return row is not None and row[0] > 0
