"""What operators do by hand: merge two profiles, undo that, split one. Each is evidence, and each can be rehearsed.

A rehearsal (`dry_run`) does everything and rolls back, so that what it shows is what would happen. Whoever looks at
profiles before an action, to show what it changes, takes `turn` before looking: else another may act in between.
"""

from collections.abc import Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from psycopg import Connection

from onevoice.domains.identity.contracts import ALLOW, ASSERT, CANNOT, OPERATOR_TIER, RETRACT, Edge, Kind, Member, Node
from onevoice.domains.identity.errors import (
    AlreadyUndoneError,
    NothingToSplitError,
    SameProfileError,
    UnknownActionError,
)
from onevoice.domains.identity.rules.observe import action_hash
from onevoice.domains.identity.rules.partition import Partition, edges_between, partition
from onevoice.domains.identity.service.components import Reach, resolve
from onevoice.domains.identity.store import linking as sql
from onevoice.domains.identity.store import operating as ops
from onevoice.domains.identity.store import reading


@dataclass(frozen=True)
class Move:
    """A member and the profile it leaves and enters."""

    member: Member
    from_pid: int
    to_pid: int


@dataclass
class Operation:
    """What an operator's action did, or in a rehearsal would do."""

    id: int | None
    before: dict[int, list[Member]] = field(default_factory=dict)
    after: dict[int, list[Member]] = field(default_factory=dict)
    moves: list[Move] = field(default_factory=list)
    exceeded: list[tuple[str, list[str], int]] = field(default_factory=list)
    """(kind, values, limit) where a profile afterwards holds more than the kind's limit."""
    withdrawn: list[tuple[int, int]] = field(default_factory=list)
    """Cannot-links that the merge puts out of force."""
    parted: list[tuple[int, int]] = field(default_factory=list)
    """Cannot-links that a split sets, or that an undo puts back in force."""
    held_by: list[ops.ActionRow] = field(default_factory=list)
    """Standing merges by which those whom an undone one had tied are one person all the same."""


def turn(conn: Connection) -> None:
    """Wait until no other operator and no linker is at work; none can begin before this transaction ends."""
    sql.lock_linker(conn)


def operator_moment(conn: Connection, now: datetime) -> datetime:
    """The operator's time: now, but after everything learnt so far, so that it governs what stands before it."""
    latest = ops.latest_moment(conn)
    return now if latest is None or latest < now else latest + timedelta(microseconds=1)


Pair = tuple[int, int]
Strength = dict[int, tuple[Any, ...]]


def _strengths(nodes: Mapping[int, Node]) -> Strength:
    """What the strongest member is chosen by: priority of its kind, then the order that breaks every tie."""
    return {nid: (node.kind.priority, *node.order) for nid, node in nodes.items()}


class _Watch:
    """Looks at the profiles that an action touches, before and after."""

    def __init__(self, conn: Connection, pids: Sequence[int]) -> None:
        self._conn = conn
        self.before: dict[int, list[Member]] = {pid: [] for pid in pids}
        for pid, member in reading.members(conn, pids):
            self.before[pid].append(member)

    def finish(self, operation: Operation, kinds: dict[str, Kind]) -> None:
        watched = {member.nid: pid for pid, members in self.before.items() for member in members}
        now = sql.pids_of(self._conn, list(watched))
        after: dict[int, list[Member]] = {}
        for pid, member in reading.members(self._conn, sorted(set(now.values()))):
            after.setdefault(pid, []).append(member)
        operation.before = self.before
        operation.after = after
        operation.moves = [
            Move(member, pid, now[member.nid])
            for pid, members in self.before.items()
            for member in members
            if now[member.nid] != pid
        ]
        for members in after.values():
            by_kind: dict[str, list[str]] = {}
            for member in members:
                if member.nid == member.base:
                    by_kind.setdefault(member.kind, []).append(member.value)
            operation.exceeded.extend(
                (kind, values, kinds[kind].per_profile)
                for kind, values in by_kind.items()
                if len(values) > kinds[kind].per_profile
            )


def merge(conn: Connection, left: int, right: int, *, actor: str, reason: str, at: datetime) -> Operation:
    """Make one profile of those of two nodes. Raises: SameProfileError.

    The strongest identifiers of both are tied by evidence of the first tier, which exceeds limits; where a limit would
    still part somebody from the whole, they are tied too: a hand merge is whole or it is none.
    """
    turn(conn)
    pid_of = sql.pids_of(conn, [left, right])
    pids = (pid_of[left], pid_of[right])
    if pids[0] == pids[1]:
        raise SameProfileError("There is nothing to join: these identifiers are one person already.")
    at = operator_moment(conn, at)
    by_name = {kind.name: kind for kind in sql.kinds(conn)}
    kinds = {kind.id: kind for kind in by_name.values()}
    watch = _Watch(conn, pids)
    action = ops.add_action(conn, "merge", at, actor, reason, (left, right))
    operation = Operation(action)
    crossing = ops.crossing_cannot(conn, *pids)
    operation.withdrawn = [(link.a, link.b) for link in crossing if link.stands]
    ops.drop_cannot(conn, operation.withdrawn)
    _say(conn, [(ALLOW, link.a, link.b, 0) for link in crossing], at, action)
    reach = Reach(conn, [left, right], kinds)
    order = _strengths(reach.nodes)
    ends = [min((member.nid for member in watch.before[pid]), key=order.__getitem__) for pid in pids]
    everyone = {member.nid for members in watch.before.values() for member in members}
    pairs = [_ordered(*ends)]
    asserted: list[Pair] = []
    while pairs:
        asserted.extend(pairs)
        reach.add(_assert(conn, pairs, reach.by_hand, at, action))
        root_of = reach.parts().root_of
        home = root_of[ends[0]]
        pairs = [_ordered(ends[0], nid) for nid in sorted(everyone) if root_of[nid] != home]
    sql.note_moved(conn, reach.write())
    ops.describe_action(conn, action, {"edges": asserted, "withdrawn": [[link.a, link.b] for link in crossing]})
    watch.finish(operation, by_name)
    return operation


def _assert(
    conn: Connection, pairs: Sequence[Pair], by_hand: AbstractSet[Pair], at: datetime, action: int
) -> list[Edge]:
    """Tie the pairs by hand. A merge of before that says the same keeps its place in the order: it is the older.

    by_hand: the pairs that some merge ties already. Returns: the edges that are new.
    """
    edges = [Edge(OPERATOR_TIER, at, action_hash(action, 0), a, b) for a, b in pairs]
    fresh = [edge for edge in edges if (edge.a, edge.b) not in by_hand]
    sql.upsert_edges(conn, fresh, at)
    sql.insert_evidence(
        conn,
        [sql.EvidenceRow(ASSERT, edge.a, edge.b, OPERATOR_TIER, at, at, edge.hash, None, action) for edge in edges],
    )
    return fresh


def undo(conn: Connection, action_id: int, *, actor: str, at: datetime) -> Operation:
    """Take a hand merge back: its own evidence only, and the cannot-links that it alone had withdrawn stand again.

    What other standing merges say goes on holding. Raises: UnknownActionError, AlreadyUndoneError.
    """
    turn(conn)
    action = _merge_of(conn, action_id)
    if action.undone_at is not None:
        raise AlreadyUndoneError(f"Merge {action_id} was undone by {action.undone_by} before.")
    edges, withdrawn = _pairs(action.detail["edges"]), _pairs(action.detail["withdrawn"])
    said = ops.standing(conn, edges)
    own = {(each.a, each.b) for each in said if each.action == action_id}
    if not own:
        raise AlreadyUndoneError(f"Nothing of merge {action_id} stands any more: a later split has parted it.")
    at = operator_moment(conn, at)
    by_name = {kind.name: kind for kind in sql.kinds(conn)}
    kinds = {kind.id: kind for kind in by_name.values()}
    ends = sorted({end for pair in edges + withdrawn for end in pair})
    watch = _Watch(conn, _touched(conn, edges, withdrawn))
    ops.close_action(conn, action_id, at, actor)
    others = [each for each in said if each.action != action_id and (each.a, each.b) in own]
    _take_back(conn, sorted(own), others, at, action_id)
    operation = Operation(action_id, parted=ops.reinstate_cannot(conn, withdrawn))
    reach = Reach(conn, ends, kinds)
    sql.note_moved(conn, reach.write())
    operation.held_by = _tied_still(conn, sorted(own), reach.parts())
    watch.finish(operation, by_name)
    return operation


def _merge_of(conn: Connection, action_id: int) -> ops.ActionRow:
    action = ops.action(conn, action_id)
    if action is None or action.kind != "merge":
        raise UnknownActionError(f"There is no merge {action_id}. The ledger on the person's page lists them.")
    return action


def _pairs(stored: Sequence[Sequence[int]]) -> list[Pair]:
    return [(a, b) for a, b in stored]


def _touched(conn: Connection, edges: Sequence[Pair], withdrawn: Sequence[Pair]) -> list[int]:
    """The profiles that an undo can part: those of the edges, and where what was kept apart has become one."""
    pid_of = sql.pids_of(conn, [end for pair in [*edges, *withdrawn] for end in pair])
    return sorted(
        {pid_of[end] for pair in edges for end in pair} | {pid_of[a] for a, b in withdrawn if pid_of[a] == pid_of[b]}
    )


def _tied_still(conn: Connection, pairs: Sequence[Pair], found: Partition) -> list[ops.ActionRow]:
    """The merges on the way that evidence still makes from one end of a pair to the other, oldest first."""
    still = [(a, b) for a, b in pairs if found.root_of[a] == found.root_of[b]]
    steps = {(edge.a, edge.b) for edge in edges_between(found.used, still) if edge.tier == OPERATOR_TIER}
    if not steps:
        return []
    return ops.actions(conn, sorted({said.action for said in ops.standing(conn, sorted(steps))}))


def _take_back(
    conn: Connection, pairs: Sequence[Pair], others: Sequence[ops.Assertion], at: datetime, action: int
) -> None:
    """Retract what the merge `action` said of `pairs`. Where one of `others`, oldest first, says the same, the edge
    stays.
    """
    _say(conn, [(RETRACT, a, b, OPERATOR_TIER) for a, b in pairs], at, action)
    held: dict[Pair, Edge] = {}
    for said in others:
        held.setdefault((said.a, said.b), Edge(OPERATOR_TIER, said.happened, said.hash, said.a, said.b))
    sql.delete_edges(conn, [(a, b, OPERATOR_TIER) for a, b in pairs if (a, b) not in held])
    sql.upsert_edges(conn, list(held.values()), at)


def split(
    conn: Connection, node: int, named: Sequence[tuple[str, str]], *, actor: str, reason: str, at: datetime
) -> Operation:
    """Part the `named` identifiers, (kind, value) in normal form, from the rest of the profile of `node`.

    Every edge that crosses is retracted and cannot-links keep both sides apart until a later hand merge.
    Raises: NothingToSplitError.
    """
    turn(conn)
    at = operator_moment(conn, at)
    by_name = {kind.name: kind for kind in sql.kinds(conn)}
    kinds = {kind.id: kind for kind in by_name.values()}
    pid = sql.pids_of(conn, [node])[node]
    watch = _Watch(conn, [pid])
    members = watch.before[pid]
    wanted = set(named)
    unknown = wanted - {(member.kind, member.value) for member in members}
    if unknown:
        kind, value = min(unknown)
        raise NothingToSplitError(f"{kind}:{value} is no identifier of this person.")
    side = [member for member in members if (member.kind, member.value) in wanted]
    rest = [member for member in members if (member.kind, member.value) not in wanted]
    if not side or not rest:
        raise NothingToSplitError("Name some of the person's identifiers, but not all of them.")
    order = _strengths({row.nid: row.node(kinds) for row in sql.reached_rows(conn, [m.nid for m in members])})
    left, right = [member.nid for member in side], [member.nid for member in rest]
    ends = (min(left, key=order.__getitem__), min(right, key=order.__getitem__))
    action = ops.add_action(conn, "split", at, actor, reason, ends)
    base_of = {member.nid: member.base for member in members}
    shared = {member.base for member in members if by_name[member.kind].shared}
    sides = [_with_vanished(conn, part, base_of) for part in (left, right)]
    _retract(conn, ops.edges_across(conn, *sides), base_of, shared, at, action)
    parts = [[[nid for nid in part if nid in order] for part in _parts(conn, side, kinds)] for side in sides]
    apart = [_ordered(min(a, key=order.__getitem__), min(b, key=order.__getitem__)) for a in parts[0] for b in parts[1]]
    parted: list[Pair] = []
    moved: set[int] = set()
    while apart:
        if not set(apart).isdisjoint(parted):
            raise RuntimeError(f"Profile {pid} cannot be parted: something ties {apart} that a split does not retract.")
        parted.extend(apart)
        ops.add_cannot(conn, apart, action, at)
        _say(conn, [(CANNOT, a, b, 0) for a, b in apart], at, action)
        moved |= resolve(conn, [*left, *right], kinds)
        now = sql.pids_of(conn, [*left, *right])
        both = {now[nid] for nid in left} & {now[nid] for nid in right}
        apart = [
            _ordered(*(min((n for n in part if now[n] == shared), key=order.__getitem__) for part in (left, right)))
            for shared in sorted(both)
        ]
    sql.note_moved(conn, moved)
    ops.describe_action(conn, action, {"identifiers": [f"{kind}:{value}" for kind, value in sorted(wanted)]})
    operation = Operation(action, parted=parted)
    watch.finish(operation, by_name)
    return operation


def _with_vanished(conn: Connection, nodes: Sequence[int], base_of: dict[int, int]) -> list[int]:
    """The nodes and the epochs that have vanished into them: evidence may name these. Puts them into `base_of`."""
    vanished = ops.vanished_into(conn, nodes)
    base_of.update(vanished)
    return [*nodes, *vanished]


def _ordered(a: int, b: int) -> Pair:
    return (a, b) if a < b else (b, a)


def _retract(
    conn: Connection, edges: Sequence[Edge], base_of: Mapping[int, int], shared: set[int], at: datetime, action: int
) -> None:
    """Retract what ties the identifiers at the ends of `edges`, through whichever of their epochs."""
    said: set[tuple[int, int]] = set()
    gone: set[tuple[int, int, int]] = set()
    for a, b in {(base_of[edge.a], base_of[edge.b]) for edge in edges}:
        # As the ledger names the pair: a shared identifier first, of two that are not the smaller first.
        if a in shared or b in shared:
            said |= {(a, b)} if a in shared else set()
            said |= {(b, a)} if b in shared else set()
        else:
            said.add(_ordered(a, b))
        for edge in ops.edges_between(conn, a, b):
            gone.add((edge.a, edge.b, edge.tier))
            if edge.tier == OPERATOR_TIER:
                said.add((edge.a, edge.b))
    if gone:
        sql.delete_edges(conn, sorted(gone))
        _say(conn, [(RETRACT, a, b, 0) for a, b in sorted(said)], at, action)


def _parts(conn: Connection, nodes: Sequence[int], kinds: dict[int, Kind]) -> list[list[int]]:
    """The parts that live edges within `nodes` make of them."""
    inside = set(nodes)
    rows = {row.nid: row for row in sql.reached_rows(conn, nodes)}
    edges = [edge for edge in sql.edges_among(conn, nodes) if edge.a in inside and edge.b in inside]
    found = partition({nid: row.node(kinds) for nid, row in rows.items()}, edges)
    parts: dict[int, list[int]] = {}
    for nid, root in found.root_of.items():
        parts.setdefault(root, []).append(nid)
    return list(parts.values())


def _say(conn: Connection, rows: Sequence[tuple[int, int, int, int]], at: datetime, action: int) -> None:
    """Write operator's evidence: (op, a, b, tier)."""
    sql.insert_evidence(
        conn,
        [
            sql.EvidenceRow(op, a, b, tier, at, at, action_hash(action, 10_000 + i), None, action)
            for i, (op, a, b, tier) in enumerate(rows)
        ],
    )
