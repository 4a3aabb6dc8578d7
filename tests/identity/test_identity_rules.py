"""The ledger read again, as of any time of learning; and the ways over what ties a person."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from itertools import permutations

import pytest

from onevoice.domains.identity.contracts import ALLOW, ASSERT, CANNOT, OPERATOR_TIER, RETRACT, Edge, Evidence
from onevoice.domains.identity.rules.partition import edges_between
from onevoice.domains.identity.rules.replay import replay

START = datetime(2026, 1, 1, tzinfo=UTC)
A, B = 1, 2


def row(second: int, op: int, act: int, tier: int = OPERATOR_TIER) -> Evidence:
    at = START + timedelta(seconds=second)
    return Evidence(second, op, A, B, tier, at, at, bytes([act]) * 16, act)


def known(ledger: Sequence[Evidence], second: int) -> list[int]:
    """The merge whose evidence ties A and B, as known then."""
    found = replay(each for each in ledger if each.pos <= second)
    return [tie[1][0] for tie in found.pairs.values()]


def apart(ledger: Sequence[Evidence], second: int) -> bool:
    return (A, B) in replay(each for each in ledger if each.pos <= second).cannot


class TestReplay:
    def test_an_undo_leaves_what_another_merge_says_of_the_pair(self) -> None:
        ledger = [row(1, ASSERT, 1), row(2, ASSERT, 2), row(3, RETRACT, 1), row(4, RETRACT, 2)]
        assert [known(ledger, second) for second in range(5)] == [[], [1], [1], [2], []]

    def test_also_where_the_other_one_is_the_older(self) -> None:
        ledger = [row(1, ASSERT, 1), row(2, ASSERT, 2), row(3, RETRACT, 2), row(4, RETRACT, 1)]
        assert [known(ledger, second) for second in range(5)] == [[], [1], [1], [1], []]

    @pytest.mark.parametrize("first", [1, 2])
    def test_a_split_takes_all_that_was_said_before_it(self, first: int) -> None:
        ledger = [row(1, ASSERT, 1), row(2, ASSERT, 2), row(3, RETRACT, first), row(4, RETRACT, 3, tier=0)]
        assert known(ledger, 4) == []

    def test_a_merge_after_an_undo_or_a_split_stands(self) -> None:
        ledger = [
            row(1, ASSERT, 1),
            row(2, RETRACT, 1),
            row(3, ASSERT, 2),
            row(4, RETRACT, 3, tier=0),
            row(5, ASSERT, 4),
        ]
        assert [known(ledger, second) for second in range(1, 6)] == [[1], [], [2], [], [4]]

    def test_the_order_of_the_rows_does_not_matter(self) -> None:
        ledger = [row(1, ASSERT, 1), row(2, ASSERT, 2), row(3, RETRACT, 1)]
        assert {tuple(known(order, 3)) for order in permutations(ledger)} == {(2,)}


class TestCannotLinks:
    def test_two_merges_over_one_split_both_withdraw_it(self) -> None:
        ledger = [
            row(1, CANNOT, 1, 0),
            row(2, ALLOW, 2, 0),
            row(3, ALLOW, 3, 0),
            row(4, RETRACT, 2),
            row(5, RETRACT, 3),
        ]
        assert [apart(ledger, second) for second in range(1, 6)] == [True, False, False, False, True]

    def test_a_split_after_a_merge_holds_whatever_that_withdrew(self) -> None:
        ledger = [row(1, CANNOT, 1, 0), row(2, ALLOW, 2, 0), row(3, CANNOT, 3, 0), row(4, RETRACT, 2)]
        assert [apart(ledger, second) for second in range(1, 5)] == [True, False, True, True]


class TestWays:
    TREE = ((1, 2), (2, 3), (3, 4), (3, 5), (8, 9))
    """Of the edges that span two parts."""

    @pytest.mark.parametrize(
        ("pairs", "expected"),
        [
            ([(1, 4)], {(1, 2), (2, 3), (3, 4)}),
            ([(4, 1)], {(1, 2), (2, 3), (3, 4)}),
            ([(1, 4), (4, 5)], {(1, 2), (2, 3), (3, 4), (3, 5)}),
            ([(4, 5), (1, 5)], {(1, 2), (2, 3), (3, 4), (3, 5)}),
            ([(2, 2)], set()),
            ([(1, 9)], set()),
            ([(1, 77)], set()),
            ([], set()),
        ],
    )
    def test_the_edges_between(self, pairs: list[tuple[int, int]], expected: set[tuple[int, int]]) -> None:
        used = [Edge(2, START, bytes(16), a, b) for a, b in self.TREE]
        assert {(edge.a, edge.b) for edge in edges_between(used, pairs)} == expected
