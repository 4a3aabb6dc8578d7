"""The canonical partition: Kruskal's algorithm over live edges, refusing what breaks a limit or a cannot-link.

An operator's edges break neither: they came after the cannot-links that they cross, for a split retracts what crosses
it. A function of the evidence set, hence of no arrival order. Kruskal: "On the shortest spanning subtree of a graph and
the traveling salesman problem", Proc. AMS 7 (1956).
"""

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import NamedTuple

from onevoice.domains.identity.contracts import OPERATOR_TIER, Edge, Kind, Node

WEAK_TIER = 5
"""From here on (e-mail, phone, messengers, devices) the weak limits hold."""


class Partition(NamedTuple):
    root_of: dict[int, int]
    """Node to the smallest node of its part."""
    refused: list[tuple[Edge, str]]
    """Edges that were not followed, with the reason: `limit:<kind>` or `cannot_link`."""
    used: list[Edge]
    """The edges that joined parts; together they span every part."""


def partition(nodes: Mapping[int, Node], edges: Iterable[Edge], cannot: Iterable[tuple[int, int]] = ()) -> Partition:
    """The parts that live `edges` make of `nodes`.

    Every end of an edge must be in `nodes`; a cannot-link with an end outside is without effect.
    """

    def order(edge: Edge) -> tuple[int, datetime, bytes, list[tuple[str, bytes, datetime, bytes, bool]]]:
        return edge.tier, edge.happened, edge.hash, sorted((nodes[edge.a].order, nodes[edge.b].order))

    parent = {nid: nid for nid in nodes}
    counts: dict[int, dict[Kind, int]] = {nid: {node.kind: 1} if node.counts else {} for nid, node in nodes.items()}
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
    for edge in sorted(edges, key=order):
        a, b = find(edge.a), find(edge.b)
        if a == b:
            continue
        reason = None
        if edge.tier > OPERATOR_TIER:
            kept_apart = any(find(foe) == b for foe in foes.get(a, ()))
            weak = edge.tier >= WEAK_TIER
            reason = "cannot_link" if kept_apart else _broken_limit(counts[a], counts[b], weak=weak)
        if reason is not None:
            refused.append((edge, reason))
            continue
        used.append(edge)
        root, child = min(a, b), max(a, b)
        parent[child] = root
        gone = counts.pop(child)
        kept = counts[root]
        for kind, n in gone.items():
            kept[kind] = kept.get(kind, 0) + n
        if child in foes:
            foes.setdefault(root, set()).update(foes.pop(child))
    return Partition({nid: find(nid) for nid in nodes}, refused, used)


def path_between(edges: Iterable[Edge], start: int, goal: int) -> list[Edge]:
    """A shortest way over `edges` from one node to another; empty where there is none."""
    around: dict[int, list[Edge]] = {}
    for edge in edges:
        around.setdefault(edge.a, []).append(edge)
        around.setdefault(edge.b, []).append(edge)
    ways: dict[int, list[Edge]] = {start: []}
    front = [start]
    while front and goal not in ways:
        reached: list[int] = []
        for nid in front:
            for edge in around.get(nid, ()):
                end = edge.b if edge.a == nid else edge.a
                if end not in ways:
                    ways[end] = [*ways[nid], edge]
                    reached.append(end)
        front = reached
    return ways.get(goal, [])


def _broken_limit(left: Mapping[Kind, int], right: Mapping[Kind, int], *, weak: bool) -> str | None:
    small, large = (left, right) if len(left) <= len(right) else (right, left)
    for kind, n in small.items():
        limit = kind.per_profile_weak if weak else kind.per_profile
        other = large.get(kind, 0)
        if other and n + other > limit:
            return f"limit:{kind.name}"
    return None
