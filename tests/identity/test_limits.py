"""Limits that change: what a look foretells comes about, and afterwards all is as though they had always held."""

import contextlib
import os
from dataclasses import dataclass
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from test_linker_stateful import moment, partition_now
from test_withdraw import LATER, Road, Said, differences

from onevoice.domains.identity.contracts import LimitChange
from onevoice.domains.identity.errors import (
    InvalidLimitsError,
    LimitChangeNotReadyError,
    LimitChangeOpenError,
    UnknownLimitChangeError,
)
from onevoice.domains.identity.rules.limits import joined, parted, regrouped
from onevoice.domains.identity.service import limits
from onevoice.kit.db import Database

U1, U2, U3 = (("user_id", f"u{n}") for n in (1, 2, 3))
E1, E2, E3, E4 = (("email", f"e{n}@x.pl") for n in (1, 2, 3, 4))
C1, C2 = (("loyalty_card", f"c{n}") for n in (1, 2))
D1, A1 = ("device", "d1"), ("anonymous_id", "a1")
PEOPLE = [U1, U2, U3, E1, E2, E3, C1, C2, D1, A1]


class TestRegrouped:
    def test_nothing_where_nothing_changes(self) -> None:
        assert list(regrouped({1: 1, 2: 1, 3: 3}, {1: 2, 2: 2, 3: 3})) == []

    def test_one_that_is_parted(self) -> None:
        [group] = regrouped({1: 1, 2: 1, 3: 3}, {1: 1, 2: 2, 3: 3})
        assert group == ([[1, 2]], [[1], [2]])
        assert (parted(group), joined(group)) == (1, 0)

    def test_one_that_changes_sides(self) -> None:
        [group] = regrouped({1: 1, 2: 1, 3: 3}, {1: 1, 2: 2, 3: 2})
        assert group == ([[1, 2], [3]], [[1], [2, 3]])
        assert (parted(group), joined(group)) == (1, 1)

    @given(st.lists(st.tuples(st.integers(0, 4), st.integers(0, 4)), max_size=12))
    def test_the_groups_hold_all_that_changes_and_no_more(self, roots: list[tuple[int, int]]) -> None:
        before = {nid: root for nid, (root, _) in enumerate(roots)}
        after = {nid: root for nid, (_, root) in enumerate(roots)}
        groups = list(regrouped(before, after))
        held = [{nid for part in side for nid in part} for group in groups for side in group]
        for old, new in zip(held[::2], held[1::2], strict=True):
            assert old == new
        assert sum(map(len, held[::2])) == len(set().union(*held)) if held else not held
        for nid in before.keys() - set().union(*held):
            assert {n for n in before if before[n] == before[nid]} == {n for n in after if after[n] == after[nid]}


class Limited(Road):
    """A road on which limits change."""

    def __init__(self, database: Database, **kinds: tuple[int, int]) -> None:
        super().__init__(database)
        with database.transaction() as conn:
            conn.execute("delete from identity.limit_change")
            conn.execute("delete from identity.limit_seed")
            conn.execute(
                "update identity.kind set per_profile = k.a, per_profile_weak = k.b from"
                " (values ('user_id', 1, 1), ('loyalty_card', 3, 1), ('email', 5, 5)) k(name, a, b)"
                " where kind.name = k.name"
            )
            for name, (strong, weak) in kinds.items():
                conn.execute(
                    "update identity.kind set per_profile = %s, per_profile_weak = %s where name = %s",
                    (strong, weak, name),
                )

    def ask(self, kind: str, strong: int, weak: int) -> int:
        self.clock += 1
        with self.database.transaction() as conn:
            return limits.ask(conn, kind, strong, weak, actor="anna", now=moment(self.clock)).id

    def work(self) -> None:
        while True:
            with self.database.transaction() as conn:
                if not limits.step(conn, moment(self.clock)):
                    break
        self.index()

    def apply(self, change_id: int) -> None:
        self.clock += 1
        with self.database.transaction() as conn:
            limits.apply(conn, change_id, actor="anna", now=moment(self.clock))

    def change(self, change_id: int) -> LimitChange:
        with self.database.transaction() as conn:
            return limits.find(conn, change_id)

    def parts(self) -> Any:
        with self.database.transaction() as conn:
            return partition_now(conn)


@dataclass(frozen=True)
class Story:
    """The limits of `kind` change after batch `behind`; `late` batches are linked before its profiles have followed."""

    batches: list[list[Said]]
    behind: int
    late: int
    kind: str
    held: tuple[int, int]
    wanted: tuple[int, int]


LIMITS = st.sampled_from([(1, 1), (2, 1), (2, 2), (3, 1), (3, 3)])


@st.composite
def stories(draw: Any) -> Story:
    ids = st.sets(st.sampled_from(PEOPLE), min_size=1, max_size=3)
    names = st.sampled_from(["identify", "Seen", "Order Completed", "Signed Out"])
    rows = draw(st.lists(st.tuples(ids, st.integers(0, 12), names), min_size=3, max_size=14))
    said = [Said(tuple(sorted(who)), at, name, f"m{n}", 0) for n, (who, at, name) in enumerate(rows)]
    cuts = sorted(draw(st.sets(st.integers(1, len(said) - 1), max_size=4)))
    batches = [said[a:b] for a, b in zip([0, *cuts], [*cuts, len(said)], strict=True)]
    behind = draw(st.integers(0, len(batches) - 1))
    late = draw(st.integers(0, len(batches) - 1 - behind))
    kind = draw(st.sampled_from(["user_id", "loyalty_card", "email"]))
    held, wanted = draw(st.tuples(LIMITS, LIMITS).filter(lambda pair: pair[0] != pair[1]))
    return Story(batches, behind, late, kind, held, wanted)


@settings(
    max_examples=int(os.environ.get("ONEVOICE_EXAMPLES", "15")),
    deadline=None,
    derandomize=True,
    suppress_health_check=list(HealthCheck),
)
@given(story=stories(), at_once=st.sampled_from([1, 100]))
def test_what_is_foretold_comes_about_and_is_as_though_it_had_always_been(
    database: Database, story: Story, at_once: int
) -> None:
    always = Limited(database, **{story.kind: story.wanted})
    for number, batch in enumerate(story.batches):
        always.link(batch)
        always.clock += 2 * (number == story.behind)
    expected = always.look()
    road = Limited(database, **{story.kind: story.held})
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(limits, "AT_ONCE", at_once)
        for batch in story.batches[: story.behind + 1]:
            road.link(batch)
        numbers, then = road.numbers(), road.clock
        known, before = road.known(numbers, then), road.parts()
        change_id = road.ask(story.kind, *story.wanted)
        road.work()
        assert road.parts() == before, "a look changes nothing"
        looked = road.change(change_id)
        assert (looked.state, looked.done) == ("looked", looked.total)
        road.apply(change_id)
        for batch in story.batches[story.behind + 1 :][: story.late]:
            road.link(batch)
        road.work()
        if not story.late:
            assert foretold(before, road.parts()) == (looked.parted, looked.joined, looked.before, looked.after)
        for batch in story.batches[story.behind + 1 + story.late :]:
            road.link(batch)
    assert differences(road.look(), expected) == {}
    assert differences(road.known(numbers, then), known) == {}, (
        "what was known before is told with the limits of before"
    )
    standing = road.known(living := road.living(), None)
    assert differences(road.known(living, LATER), standing) == {}


def foretold(before: set[frozenset[Any]], after: set[frozenset[Any]]) -> tuple[int, int, int, int]:
    """Counted from the parts themselves."""
    gone, come = before - after, after - before
    return (
        sum(sum(1 for new in come if new & old) > 1 for old in gone),
        sum(sum(1 for old in gone if old & new) > 1 for new in come),
        len(gone),
        len(come),
    )


def said(message: str, *ids: tuple[str, str], happened: int = 1) -> Said:
    return Said(tuple(sorted(ids)), happened, "identify", message, 0)


@pytest.fixture
def road(database: Database) -> Limited:
    road = Limited(database)
    road.link([said("a", U1, E1), said("b", U1, E2, happened=2), said("c", U2, E1, happened=3)])
    return road


class TestAsk:
    @pytest.mark.parametrize(
        ("kind", "strong", "weak"), [("pigeon", 1, 1), ("email", 0, 0), ("email", 2, 3), ("email", 1_001, 1)]
    )
    def test_what_cannot_be(self, road: Limited, kind: str, strong: int, weak: int) -> None:
        with pytest.raises(InvalidLimitsError):
            road.ask(kind, strong, weak)

    def test_what_holds_already(self, road: Limited) -> None:
        with pytest.raises(InvalidLimitsError, match="hold now"):
            road.ask("email", 5, 5)

    def test_one_at_a_time(self, road: Limited) -> None:
        first = road.ask("email", 1, 1)
        with pytest.raises(LimitChangeOpenError):
            road.ask("user_id", 2, 2)
        with road.database.transaction() as conn:
            limits.drop(conn, first)
        road.ask("user_id", 2, 2)


class TestLook:
    def test_says_who_would_be_parted(self, road: Limited) -> None:
        change_id = road.ask("email", 1, 1)
        road.work()
        change = road.change(change_id)
        assert (change.parted, change.joined, change.before, change.after) == (1, 0, 1, 2)
        [example] = change.examples
        assert [part["count"] for part in example["before"]["parts"]] == [3]
        assert sorted(part["count"] for part in example["after"]["parts"]) == [1, 2]
        with road.database.transaction() as conn:
            named = limits.members_of(conn, [change])
        assert {member.value for member in named.values()} == {"u1", "e1@x.pl", "e2@x.pl"}

    def test_says_who_would_be_joined(self, road: Limited) -> None:
        change_id = road.ask("user_id", 2, 2)
        road.work()
        change = road.change(change_id)
        assert (change.parted, change.joined, change.before, change.after) == (0, 1, 2, 1)

    def test_examples_are_few_and_the_count_is_whole(self, road: Limited) -> None:
        for number in range(30):
            who = ("user_id", f"p{number}")
            road.link(
                [
                    said(f"x{number}", who, ("email", f"{number}@a.pl")),
                    said(f"y{number}", who, ("email", f"{number}@b.pl")),
                ]
            )
        change_id = road.ask("email", 1, 1)
        road.work()
        change = road.change(change_id)
        assert (change.parted, len(change.examples)) == (31, limits.MAX_EXAMPLES)


class TestApply:
    def test_not_before_it_was_looked_at(self, road: Limited) -> None:
        change_id = road.ask("email", 1, 1)
        with pytest.raises(LimitChangeNotReadyError, match="Wait"):
            road.apply(change_id)

    def test_not_twice(self, road: Limited) -> None:
        change_id = road.ask("email", 1, 1)
        road.work()
        road.apply(change_id)
        with pytest.raises(LimitChangeNotReadyError):
            road.apply(change_id)
        road.work()
        assert road.change(change_id).state == "applied"
        with pytest.raises(LimitChangeNotReadyError):
            road.apply(change_id)

    def test_what_was_dropped(self, road: Limited) -> None:
        change_id = road.ask("email", 1, 1)
        with road.database.transaction() as conn:
            limits.drop(conn, change_id)
        with pytest.raises(LimitChangeNotReadyError, match="dropped"):
            road.apply(change_id)

    def test_one_that_is_none(self, road: Limited) -> None:
        with pytest.raises(UnknownLimitChangeError):
            road.apply(99)

    def test_back_again_is_as_before(self, road: Limited) -> None:
        before = road.look()
        for wanted in ((1, 1), (5, 5)):
            change_id = road.ask("email", *wanted)
            road.work()
            road.apply(change_id)
            road.work()
        assert differences(road.look(), before) == {}

    def test_a_crash_in_the_middle_goes_on(self, road: Limited, monkeypatch: pytest.MonkeyPatch) -> None:
        road.link([said("x", ("user_id", "q"), E3), said("y", ("user_id", "q"), E4)])
        monkeypatch.setattr(limits, "AT_ONCE", 1)
        change_id = road.ask("email", 1, 1)
        road.work()
        road.apply(change_id)
        with road.database.transaction() as conn:
            limits.step(conn, moment(road.clock))
        with contextlib.suppress(KeyboardInterrupt), road.database.transaction() as conn:
            limits.step(conn, moment(road.clock))
            raise KeyboardInterrupt
        assert (road.change(change_id).done, road.change(change_id).state) == (1, "applying")
        road.work()
        assert (road.change(change_id).done, road.change(change_id).state) == (2, "applied")
        assert len(road.parts()) == 5
