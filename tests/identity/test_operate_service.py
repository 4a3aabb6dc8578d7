"""What operators do by hand, in a real database: undo of one merge beside others, and two operators at once."""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from harness import TIGHT, Pair
from mutants import CARD1, E1, U1, U2, a_merge_stands_over_a_split_within_one_side, seen, tell
from mutants import split_from_an_epoch_that_vanished as split_from_a_vanished_epoch
from psycopg import Connection
from test_linker_stateful import KEY, Product, moment

from onevoice.domains.identity.contracts import AsOf
from onevoice.domains.identity.errors import AlreadyUndoneError, IdentityError, SameProfileError, UnknownActionError
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


def say_again(database: Database, merge_id: int, at: int) -> int:
    """A second merge of the same pair. Operators cannot make one, but a ledger may hold one."""
    with database.transaction() as conn:
        row = conn.execute(
            "insert into identity.action (kind, at, actor, reason, a, b, detail)"
            " select kind, %s, 'piotr', 'again', a, b, detail from identity.action where id = %s returning id",
            (moment(at), merge_id),
        ).fetchone()
        assert row
        conn.execute(
            "insert into identity.evidence (op, a, b, tier, happened, learnt, hash, act) select op, a, b, tier,"
            " %(at)s, %(at)s, gen_random_uuid(), %(again)s from identity.evidence where act = %(first)s and op = 1",
            {"at": moment(at), "again": row[0], "first": merge_id},
        )
    return row[0]


class TestTwoMergesOfOnePair:
    @pytest.fixture
    def merges(self, pair: Pair, database: Database) -> tuple[int, int]:
        first = merge(database, 101, U1, U2)
        return first, say_again(database, first, 102)

    @pytest.mark.parametrize("order", [(0, 1), (1, 0)], ids=["older first", "newer first"])
    def test_the_pair_stays_until_both_are_undone(
        self, database: Database, merges: tuple[int, int], order: tuple[int, int]
    ) -> None:
        first, second = (merges[number] for number in order)
        undo(database, first, 103)
        assert together(database, U1, U2)
        undo(database, second, 104)
        assert not together(database, U1, U2)
        known = [together(database, U1, U2, known=at) for at in (100, 101, 102, 103, 104)]
        assert known == [False, True, True, True, False]

    @pytest.mark.parametrize("order", [(0, 1), (1, 0)], ids=["older first", "newer first"])
    def test_a_rehearsal_says_that_nobody_moves_and_which_merge_holds(
        self, database: Database, merges: tuple[int, int], order: tuple[int, int]
    ) -> None:
        first, second = (merges[number] for number in order)
        rehearsed = undo(database, first, 103, rehearse=True)
        assert rehearsed.moves == []
        assert [row.id for row in rehearsed.held_by] == [second]
        undo(database, first, 103)
        rehearsed = undo(database, second, 104, rehearse=True)
        assert {move.member.value for move in rehearsed.moves} == {"u2"}
        assert rehearsed.held_by == []
        assert together(database, U1, U2), "it was a rehearsal"

    @pytest.mark.parametrize("order", [(0, 1), (1, 0)], ids=["older first", "newer first"])
    def test_the_ledger_tells_of_the_one_that_holds(
        self, database: Database, merges: tuple[int, int], order: tuple[int, int]
    ) -> None:
        first, second = (merges[number] for number in order)
        undo(database, first, 103)
        assert ties_by_hand(database, AsOf()) == [second]
        assert ties_by_hand(database, AsOf(learnt=moment(102))) == [merges[0]]
        undo(database, second, 104)
        assert ties_by_hand(database, AsOf()) == []
        assert ties_by_hand(database, AsOf(learnt=moment(103))) == [second]

    def test_a_split_takes_both(self, database: Database, merges: tuple[int, int]) -> None:
        with database.transaction() as conn:
            operate.split(conn, node(conn, U1), [U2], actor="jan", reason="no", at=moment(103))
        assert not together(database, U1, U2)
        for merge_id in merges:
            with pytest.raises(AlreadyUndoneError, match="a later split has parted it"):
                undo(database, merge_id, 104)


def ties_by_hand(database: Database, as_of: AsOf) -> list[int | None]:
    with database.transaction() as conn:
        ledger = reading.ledger(conn, reading.profile(conn, ":".join(U1), KEY, as_of), as_of)
    return [tie.action for tie in ledger.ties if tie.edge.tier == 1]


class TestUndo:
    def test_a_second_time_is_refused_and_says_who_did_it(self, pair: Pair, database: Database) -> None:
        made = merge(database, 101, U1, U2)
        undo(database, made, 102)
        with pytest.raises(AlreadyUndoneError, match=f"Merge {made} was undone by jan before"):
            undo(database, made, 103)

    def test_of_what_never_was_is_refused(self, pair: Pair, database: Database) -> None:
        with pytest.raises(UnknownActionError):
            undo(database, 404, 101)

    def test_names_merges_that_hold_in_another_way(self, database: Database) -> None:
        product = Product(database, TIGHT)
        pair = Pair(product, TIGHT)
        told: list[tuple[bool, list[Any]]] = []

        def rehearse(merge_id: Any, at: int) -> Any:
            found = Product.rehearse_undo(product, merge_id, at)
            told.append((found.moves, [pair.merges.index(each) for each in found.held_by]))
            return found

        product.rehearse_undo = rehearse
        a_merge_stands_over_a_split_within_one_side(pair)
        assert told == [(False, [1]), (True, [])]

    def test_of_a_merge_with_an_epoch_that_vanished_and_was_split_off_is_refused(self, database: Database) -> None:
        product = Product(database, TIGHT)
        tell(split_from_a_vanished_epoch, product)
        with database.transaction() as conn:
            row = conn.execute("select id from identity.action where kind = 'merge'").fetchone()
        assert row
        with pytest.raises(AlreadyUndoneError, match="a later split has parted it"):
            undo(database, row[0], 104)

    def test_the_edges_of_one_merge_share_one_hash(self, pair: Pair, database: Database) -> None:
        tell(a_merge_stands_over_a_split_within_one_side, Product(database, TIGHT))
        with database.transaction() as conn:
            rows = conn.execute(
                "select count(*), count(distinct hash) from identity.evidence where op = 1 and tier = 1 group by act"
            ).fetchall()
        assert max(edges for edges, _ in rows) > 1
        assert {hashes for _, hashes in rows} == {1}


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
