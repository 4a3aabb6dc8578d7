"""The canonical partition: Kruskal's algorithm over live edges, refusing what breaks a limit or a cannot-link.

An operator's edges break neither: they came after the cannot-links that they cross, for a split retracts what crosses
it. A function of the evidence set, hence of no arrival order. Kruskal: "On the shortest spanning subtree of a graph and
the traveling salesman problem", Proc. AMS 7 (1956).
"""

from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime
from itertools import groupby
from operator import itemgetter
from typing import NamedTuple

from onevoice.domains.identity.contracts import LINK_TIER, OPERATOR_TIER, Edge, Kind, Node

WEAK_TIER = 5
"""From here on (e-mail, phone, messengers, devices) the weak limits hold."""


class Partition(NamedTuple):
    root_of: dict[int, int]
    """Node to the smallest node of its part."""
    refused: list[tuple[Edge, str]]
    """Edges that were not followed, with the reason: `limit:<kind>`, `cannot_link` or `named`."""
    used: list[Edge]
    """The edges that joined parts; together they span every part."""


def partition(nodes: Mapping[int, Node], edges: Iterable[Edge], cannot: Iterable[tuple[int, int]] = ()) -> Partition:
    """The parts that live `edges` make of `nodes`.

    Every end of an edge must be in `nodes`; a cannot-link with an end outside is without effect.
    """
    parent = {nid: nid for nid in nodes}
    kinds = {node.kind.id: node.kind for node in nodes.values()}
    counts: dict[int, dict[int, int]] = {nid: {node.kind.id: 1} if node.counts else {} for nid, node in nodes.items()}
    foes: dict[int, set[int]] = {}
    for a, b in cannot:
        if a in nodes and b in nodes and a != b:
            foes.setdefault(a, set()).add(b)
            foes.setdefault(b, set()).add(a)

    def find(nid: int) -> int:
        root = nid
        while parent[root] != root:
            root = parent[root]
        while parent[nid] != root:
            parent[nid], nid = root, parent[nid]
        return root

    refused: list[tuple[Edge, str]] = []
    used: list[Edge] = []
    for edge in _in_order(edges, nodes):
        a, b = find(edge.a), find(edge.b)
        if a == b:
            continue
        reason = None
        if edge.tier > OPERATOR_TIER:
            kept_apart = any(find(foe) == b for foe in foes.get(a, ())) if foes else False
            weak = edge.tier >= WEAK_TIER
            reason = "cannot_link" if kept_apart else _broken_limit(counts[a], counts[b], kinds, weak=weak)
            if edge.tier == LINK_TIER and _named(counts[a], kinds) and _named(counts[b], kinds):
                reason = "named"
        if reason is not None:
            refused.append((edge, reason))
            continue
        used.append(edge)
        root, child = (a, b) if a < b else (b, a)
        parent[child] = root
        gone = counts.pop(child)
        kept = counts[root]
        for kind, n in gone.items():
            kept[kind] = kept.get(kind, 0) + n
        if child in foes:
            foes.setdefault(root, set()).update(foes.pop(child))
    return Partition({nid: find(nid) for nid in nodes}, refused, used)


def _in_order(edges: Iterable[Edge], nodes: Mapping[int, Node]) -> Iterator[Edge]:
    """By strength, age and hash; those of one event by what they tie, for ids depend on the order of arrival."""

    def ends(edge: Edge) -> list[tuple[str, bytes, datetime, bytes, bool]]:
        return sorted((nodes[edge.a].order, nodes[edge.b].order))

    for _, together in groupby(sorted(edges), key=itemgetter(0, 1, 2)):
        same = list(together)
        yield from sorted(same, key=ends) if len(same) > 1 else same


def edges_between(used: Iterable[Edge], pairs: Iterable[tuple[int, int]]) -> set[Edge]:
    """The edges on the ways from one node of each pair to the other. used: a partition's, of which each way is one."""
    around: dict[int, list[Edge]] = {}
    for edge in used:
        around.setdefault(edge.a, []).append(edge)
        around.setdefault(edge.b, []).append(edge)
    goals: dict[int, list[int]] = {}
    for start, goal in pairs:
        goals.setdefault(start, []).append(goal)
    found: set[Edge] = set()
    for start, ends in goals.items():
        came: dict[int, tuple[int, Edge]] = {}
        front = [start]
        while front:
            nid = front.pop()
            for edge in around.get(nid, ()):
                end = edge.b if edge.a == nid else edge.a
                if end != start and end not in came:
                    came[end] = (nid, edge)
                    front.append(end)
        walked: set[int] = set()
        for goal in ends:
            nid = goal
            while nid in came and nid not in walked:
                walked.add(nid)
                nid, edge = came[nid]
                found.add(edge)
    return found


def _named(held: Mapping[int, int], kinds: Mapping[int, Kind]) -> bool:
    """Whether a part knows who it is: a link that was sent to somebody makes no two such parts one."""
    return any(not kinds[number].shared for number in held)


def _broken_limit(
    left: Mapping[int, int], right: Mapping[int, int], kinds: Mapping[int, Kind], *, weak: bool
) -> str | None:
    small, large = (left, right) if len(left) <= len(right) else (right, left)
    for number, n in small.items():
        other = large.get(number)
        if other:
            kind = kinds[number]
            if n + other > (kind.per_profile_weak if weak else kind.per_profile):
                return f"limit:{kind.name}"
    return None
