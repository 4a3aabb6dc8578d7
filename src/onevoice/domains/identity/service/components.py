"""Keeping profiles true to the evidence: fast where nothing can be refused, else Kruskal over what is reached."""

from collections.abc import Iterable, Mapping, Sequence

from psycopg import Connection

from onevoice.domains.identity.contracts import LINK_TIER, OPERATOR_TIER, Edge, Kind
from onevoice.domains.identity.rules.partition import Partition, partition
from onevoice.domains.identity.store import linking as sql


class Reach:
    """Everything that live evidence reaches from some nodes, read once: its parts can be worked out again and again."""

    def __init__(self, conn: Connection, seeds: Sequence[int], kinds: Mapping[int, Kind]) -> None:
        self._conn = conn
        self._rows, self._edges = sql.raw_component(conn, seeds)
        self._cannot = sql.cannot_among(conn, list(self._rows)) if len(self._rows) > 1 else []
        self.nodes = {nid: row.node(kinds) for nid, row in self._rows.items()}
        self._parts: Partition | None = None

    @property
    def by_hand(self) -> set[tuple[int, int]]:
        """Pairs that a merge by hand ties."""
        return {(edge.a, edge.b) for edge in self._edges if edge.tier == OPERATOR_TIER}

    def add(self, edges: Iterable[Edge]) -> None:
        self._edges.extend(edges)
        self._parts = None

    def parts(self) -> Partition:
        if self._parts is None:
            self._parts = partition(self.nodes, self._edges, self._cannot)
        return self._parts

    def write(self) -> set[int]:
        """Write the parts where they differ from what is stored.

        Returns: the ids of all profiles, former and present, whose members changed.
        """
        result = self.parts()
        contested = {end for edge, _ in result.refused for end in (edge.a, edge.b)}
        # What was sent to one person ties only while nobody else turns up there: every new edge may refuse it.
        contested |= {end for edge in self._edges if edge.tier == LINK_TIER for end in (edge.a, edge.b)}
        changed = [
            (nid, result.root_of[nid], nid in contested)
            for nid, row in self._rows.items()
            if row.pid != result.root_of[nid] or row.contested != (nid in contested)
        ]
        if changed:
            sql.write_partition(self._conn, changed)
        moved: set[int] = set()
        for nid, pid, _ in changed:
            if self._rows[nid].pid != pid:
                moved |= {pid, self._rows[nid].pid}
        return moved


def of_links(edges: Iterable[tuple[int, int, int]]) -> list[tuple[int, int, int]]:
    """Those that opened links make: however few there are on either side, one of them may be refused."""
    return [key for key in edges if key[2] == LINK_TIER]


def resolve(conn: Connection, seeds: Sequence[int], kinds: Mapping[int, Kind]) -> set[int]:
    """Compute the parts of everything that `seeds` reach from scratch and write what changed.

    Returns: the ids of all profiles, former and present, whose members changed.
    """
    return Reach(conn, seeds, kinds).write()


class Groups:
    """Which profiles the new edges of a batch bring together: union-find over profile ids."""

    def __init__(self) -> None:
        self._parent: dict[int, int] = {}

    def find(self, pid: int) -> int:
        parent = self._parent
        root = pid
        while parent.get(root, root) != root:
            root = parent[root]
        while parent.get(pid, pid) != root:
            parent[pid], pid = root, parent[pid]
        return root

    def union(self, a: int, b: int) -> None:
        a, b = self.find(a), self.find(b)
        if a != b:
            self._parent[max(a, b)] = min(a, b)
            self._parent.setdefault(min(a, b), min(a, b))

    def members(self) -> dict[int, list[int]]:
        groups: dict[int, list[int]] = {}
        for pid in self._parent:
            groups.setdefault(self.find(pid), []).append(pid)
        return groups


def unhindered(
    groups: Iterable[list[int]],
    census: Sequence[tuple[int, int, int, bool]],
    newborn_kinds: Mapping[int, int],
    kinds: Mapping[int, Kind],
    parted: set[int],
) -> tuple[list[list[int]], list[list[int]]]:
    """Part the groups into those where no edge can be refused, whatever its place in the order, and the others.

    census: (pid, kind, count, contested) of the profiles there are; newborn_kinds: pid to kind of nodes not stored yet;
    parted: profiles that hold an end of a cannot-link.
    """
    by_pid: dict[int, list[tuple[int, int]]] = {}
    contested: set[int] = set()
    for pid, kind, count, is_contested in census:
        by_pid.setdefault(pid, []).append((kind, count))
        if is_contested:
            contested.add(pid)
    free: list[list[int]] = []
    hindered: list[list[int]] = []
    for group in groups:
        totals: dict[int, int] = {}
        for pid in group:
            for kind, count in by_pid.get(pid, ()):
                totals[kind] = totals.get(kind, 0) + count
            kind_of_newborn = newborn_kinds.get(pid)
            if kind_of_newborn is not None:
                totals[kind_of_newborn] = totals.get(kind_of_newborn, 0) + 1
        harmless = (
            contested.isdisjoint(group)
            and parted.isdisjoint(group)
            and all(count <= kinds[kind].per_profile_weak for kind, count in totals.items())
        )
        (free if harmless else hindered).append(group)
    return free, hindered
