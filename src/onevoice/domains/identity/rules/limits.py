"""What other limits make of a partition: which profiles are parted, and which come together."""

from collections.abc import Iterable, Iterator, Mapping
from typing import NamedTuple

MAX_LIMIT = 1_000
"""More of one kind than anybody has; a profile that large would be looked through at every event of it."""


class Regrouped(NamedTuple):
    """Profiles whose members change among one another: the members of each before, and of each after."""

    before: list[list[int]]
    after: list[list[int]]


def regrouped(before: Mapping[int, int], after: Mapping[int, int]) -> Iterator[Regrouped]:
    """The groups in which something changes, those of the smallest members first.

    before, after: node to the root of its part, of the same nodes. What a part is called does not matter.
    """
    old, new = _parts(before), _parts(after)
    seen: set[int] = set()
    for start in sorted(before):
        if start in seen:
            continue
        roots: tuple[set[int], set[int]] = (set(), set())
        front = [start]
        seen.add(start)
        while front:
            nid = front.pop()
            for side, root, parts in ((0, before[nid], old), (1, after[nid], new)):
                if root not in roots[side]:
                    roots[side].add(root)
                    fresh = [each for each in parts[root] if each not in seen]
                    seen.update(fresh)
                    front += fresh
        if len(roots[0]) > 1 or len(roots[1]) > 1:
            yield Regrouped([old[root] for root in sorted(roots[0])], [new[root] for root in sorted(roots[1])])


def parted(group: Regrouped) -> int:
    """So many profiles of before would lose members to another."""
    return _torn(group.before, group.after)


def joined(group: Regrouped) -> int:
    """So many profiles of after would have members of several."""
    return _torn(group.after, group.before)


def _torn(parts: Iterable[list[int]], others: Iterable[list[int]]) -> int:
    other_of = {nid: number for number, members in enumerate(others) for nid in members}
    return sum(len({other_of[nid] for nid in members}) > 1 for members in parts)


def _parts(root_of: Mapping[int, int]) -> dict[int, list[int]]:
    found: dict[int, list[int]] = {}
    for nid in sorted(root_of):
        found.setdefault(root_of[nid], []).append(nid)
    return found
