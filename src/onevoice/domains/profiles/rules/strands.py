"""Strands: the persons we took for several before evidence made them one.

A join is a piece of evidence both of whose sides had already done something. Below it each former person keeps a
strand of their own; the side that had done more is the one that goes on.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import NamedTuple


class Bond(NamedTuple):
    """Evidence that joins two nodes. Sorts by when it happened."""

    happened: datetime
    a: int
    b: int


_NEVER = Bond(datetime.min.replace(tzinfo=UTC), 0, 0)


class Life(NamedTuple):
    """What a node did by itself."""

    events: int
    first_at: datetime


@dataclass
class Strand:
    index: int
    nodes: list[int] = field(default_factory=list)
    joined_at: datetime | None = None
    into: int | None = None
    bond: Bond | None = None


def strands(bonds: Iterable[Bond], lives: Mapping[int, Life], nodes: Iterable[int]) -> list[Strand]:
    """The strands of one profile, the main one first, then by when they joined, latest first."""
    owner: dict[int, Strand] = {node: Strand(0, [node]) for node in nodes}
    closed: list[Strand] = []

    def done_before(strand: Strand, moment: datetime) -> int:
        return sum(lives[node].events for node in strand.nodes if node in lives and lives[node].first_at < moment)

    for bond in sorted(bonds):
        left, right = owner.get(bond.a), owner.get(bond.b)
        if left is None or right is None or left is right:
            continue
        before_left, before_right = done_before(left, bond.happened), done_before(right, bond.happened)
        main, other = (left, right) if before_left >= before_right else (right, left)
        if before_left and before_right:
            other.joined_at, other.bond = bond.happened, bond
            closed.append(other)
            other.into = id(main)
        else:
            main.nodes.extend(other.nodes)
        for node in [node for node, strand in owner.items() if strand is other]:
            owner[node] = main
    return _numbered(owner, closed)


def _numbered(owner: Mapping[int, Strand], closed: list[Strand]) -> list[Strand]:
    living = list({id(strand): strand for strand in owner.values()}.values())
    living.sort(key=lambda strand: -len(strand.nodes))
    ordered = living + sorted(closed, key=lambda strand: strand.bond or _NEVER, reverse=True)
    place = {id(strand): index for index, strand in enumerate(ordered)}
    for index, strand in enumerate(ordered):
        strand.index = index
        if strand.into is not None:
            strand.into = place[strand.into]
    return ordered
