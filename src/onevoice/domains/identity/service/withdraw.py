"""Taking an import back, some of its events at a time: afterwards all is as though they had never come.

Nothing is deleted from the ledger: it is told which events do not count any more, and what others say is written down
where it had followed from these. What was known before can still be asked. Called by the undo job of `imports`.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from psycopg import Connection

from onevoice.domains.identity.contracts import (
    ASSERT,
    BEGINNING,
    LOGIN,
    LOGOUT,
    OPERATOR_TIER,
    RETRACT,
    SEEN_WITH,
    WEAK_SIGHTING_TIER,
    WITHDRAW,
    Edge,
    Evidence,
    Kind,
)
from onevoice.domains.identity.rules.replay import standing
from onevoice.domains.identity.service.components import resolve
from onevoice.domains.identity.service.operate import operator_moment
from onevoice.domains.identity.service.shared import Device, Devices
from onevoice.domains.identity.store import imported
from onevoice.domains.identity.store import linking as sql

Pair = tuple[int, int]


@dataclass
class Withdrawn:
    """What one step came to. seen: events that were looked at, 0 at the end; the others were said by somebody else too,
    and stay. hashes: of those that went. refold: anchors whose folds must be computed anew, each with the last step
    that takes an event from it: folding is reading all that lies there, and one person may have most of the import.
    """

    seen: int = 0
    hashes: list[bytes] = field(default_factory=list)
    refold: set[int] = field(default_factory=set)


def total(conn: Connection, import_id: int) -> int:
    """How many linked events belong to the import."""
    return imported.count(conn, import_id)


def withdraw(conn: Connection, import_id: int, limit: int, at: datetime) -> Withdrawn:
    """Take some of the import's events back. All of it must be linked. Takes the linker's lock."""
    sql.lock_linker(conn)
    imported.by_index(conn)
    imported.forget_again(conn, import_id)
    places = imported.take_places(conn, import_id, limit)
    if not places:
        return Withdrawn()
    kept = imported.hand_over(conn, places)
    at = operator_moment(conn, at)
    gone = imported.take_events(conn, import_id, [place for place in places if place[2] not in kept], at)
    anchors = {place[0] for place in places}
    done = Withdrawn(len(places), [each.hash for each in gone], anchors)
    if gone:
        _Step(conn, gone, at).run(done)
    done.refold -= imported.unfinished(conn, import_id, sorted(done.refold))
    return done


class _Step:
    """Works out what is known without some events."""

    def __init__(self, conn: Connection, gone: Sequence[imported.Gone], at: datetime) -> None:
        self._conn = conn
        self._gone = gone
        self._at = at
        self._nodes = sorted({nid for each in gone for nid in each.ids})
        self._kinds: dict[int, Kind] = {kind.id: kind for kind in sql.kinds(conn)}
        self._evidence: list[sql.EvidenceRow] = []
        self._seeds = set(self._nodes)

    def run(self, done: Withdrawn) -> None:
        conn = self._conn
        counting = [*self._nodes, *(node.nid for node in sql.epoch_nodes(conn, self._nodes))]
        were = set(sql.pids_of(conn, counting).values())
        said = standing(imported.evidence_of(conn, self._gone))
        bases = {row.a for row in said if row.op in {LOGIN, LOGOUT}}
        sightings = {(row.a, row.b) for row in said if row.op == SEEN_WITH and row.b is not None}
        pairs = {(row.a, row.b): row.tier for row in said if row.op == ASSERT and row.b is not None}
        shared = self._shared(bases | {weak for weak, _ in sightings})
        self._withdraw(said)
        self._tie_again(pairs)
        self._see_again(sightings)
        self._log_in_again(bases)
        sql.insert_evidence(conn, self._evidence)
        if shared:
            self._settle(shared, bases, done)
        moved = resolve(conn, sorted(self._seeds), self._kinds)
        self._forget()
        moved |= were | set(sql.pids_of(conn, sorted({*self._seeds, *counting})).values())
        sql.note_moved(conn, moved)

    def _shared(self, bases: set[int]) -> dict[int, Device]:
        """The shared identifiers as they stand, before anything is withdrawn."""
        if not bases:
            return {}
        wanted = {nid: (self._kinds[kind], digest) for nid, kind, digest in sql.kinds_of(self._conn, sorted(bases))}
        return Devices(len(bases) + 1).load(self._conn, wanted, set())

    def _withdraw(self, said: Sequence[Evidence]) -> None:
        told = {(row.a, row.hash, row.happened) for row in said}
        sql.insert_evidence(
            self._conn,
            [
                sql.EvidenceRow(WITHDRAW, a, None, 0, happened, self._at, key, None, None)
                for a, key, happened in sorted(told)
            ],
        )

    def _tie_again(self, pairs: dict[Pair, int]) -> None:
        """Pairs of identifiers: what other events say of them."""
        if not pairs:
            return
        edges: list[Edge] = []
        dead: list[tuple[int, int, int]] = []
        ledger = _by_pair(standing(imported.evidence_between(self._conn, sorted(pairs))))
        found = _by_carried(imported.events_with(self._conn, sorted(pairs)))
        for (a, b), tier in pairs.items():
            known = [row for row in ledger.get((a, b), ()) if row.op == ASSERT and row.tier == tier]
            parted = _parted(ledger.get((a, b), ()))
            fresh = _telling(found.get((a, b), ()), parted)
            written = {(row.happened, row.hash) for row in known}
            self._evidence += [_row(ASSERT, a, b, tier, each) for each in fresh if each.tie not in written]
            ties = [(row.happened, row.hash) for row in known if row.learnt > max(parted, default=BEGINNING)]
            ties += [each.tie for each in fresh if each.learnt > max(parted, default=BEGINNING)]
            if ties:
                edges.append(Edge(tier, *min(ties), a, b))
            else:
                dead.append((a, b, tier))
        sql.delete_edges(self._conn, dead)
        sql.upsert_edges(self._conn, edges, self._at)

    def _see_again(self, sightings: set[Pair]) -> None:
        """A browser and the device it was seen on: what other events say of them."""
        if not sightings:
            return
        ledger = _by_pair(standing(imported.evidence_between(self._conn, sorted(sightings))))
        found = _by_carried(imported.events_with(self._conn, sorted(sightings)))
        for a, b in sightings:
            written = {(row.happened, row.hash) for row in ledger.get((a, b), ()) if row.op == SEEN_WITH}
            carried = [each for each in found.get((a, b), ()) if each.anchor == b]
            self._evidence += [
                _row(SEEN_WITH, a, b, WEAK_SIGHTING_TIER, each)
                for each in _telling(carried, _parted(ledger.get((a, b), ())))
                if each.tie not in written
            ]

    def _log_in_again(self, bases: set[int]) -> None:
        """Shared identifiers: who else logged in on them."""
        logins = imported.holders_ever(self._conn, sorted(bases)) if bases else []
        by_base: dict[int, list[imported.Carried]] = {}
        for each in imported.events_with(self._conn, logins) if logins else []:
            if each.anchor == each.b:
                by_base.setdefault(each.a, []).append(each)
        tiers = {nid: 1 + self._kinds[kind].priority for nid, kind, _ in sql.kinds_of(self._conn, sorted(bases))}
        for base, carried in by_base.items():
            fresh = Devices.telling(
                self._conn, base, [(each.happened, each.hash, each.anchor, each.learnt) for each in carried]
            )
            self._evidence += [_row(LOGIN, base, each.b, tiers[base], each) for each in carried if each.tie in fresh]

    def _settle(self, shared: dict[int, Device], bases: set[int], done: Withdrawn) -> None:
        conn = self._conn
        since: dict[int, datetime] = {}
        for row in self._evidence:
            if row.op == LOGIN:
                since[row.a] = min(row.learnt, since.get(row.a, row.learnt))
        changes = Devices(len(shared) + 1).settle(conn, shared, bases, since, ids=_ids(conn), learnt=self._at)
        sql.insert_nodes(conn, ((node, node.nid) for node in changes.nodes))
        if changes.bounds:
            sql.set_bounds(conn, changes.bounds)
        sql.delete_edges(conn, changes.gone)
        sql.upsert_edges(conn, changes.edges, self._at)
        self._seeds |= {node.nid for node in changes.nodes} | {bound[0] for bound in changes.bounds}
        self._seeds |= {end for edge in changes.edges for end in (edge.a, edge.b)}
        self._seeds |= {end for key in changes.gone for end in key[:2]}
        done.refold |= changes.refold

    def _forget(self) -> None:
        """Nodes are known since the first event that is left of those that carry them; without any, no more."""
        first: dict[int, datetime] = {}
        for each in self._gone:
            for nid in each.ids:
                first[nid] = min(each.learnt, first.get(nid, each.learnt))
        known = imported.learnt_of(self._conn, self._nodes)
        doubtful = [nid for nid in self._nodes if known[nid] >= first[nid]]
        now = imported.first_learnt(self._conn, doubtful)
        later = [(nid, now.get(nid, imported.FORGOTTEN)) for nid in doubtful if now.get(nid) != known[nid]]
        if later:
            imported.set_learnt(self._conn, later, self._at)


def _ids(conn: Connection) -> Iterator[int]:
    while True:
        yield from sql.next_ids(conn, "node_id", 32)


def _by_pair(rows: Sequence[Evidence]) -> dict[Pair, list[Evidence]]:
    found: dict[Pair, list[Evidence]] = {}
    for row in rows:
        if row.b is not None:
            found.setdefault((row.a, row.b), []).append(row)
    return found


def _by_carried(rows: Sequence[imported.Carried]) -> dict[Pair, list[imported.Carried]]:
    found: dict[Pair, list[imported.Carried]] = {}
    for row in rows:
        found.setdefault((row.a, row.b), []).append(row)
    return found


def _parted(rows: Sequence[Evidence]) -> list[datetime]:
    """When splits retracted what was known of the pair."""
    return sorted(row.learnt for row in rows if row.op == RETRACT and row.tier < OPERATOR_TIER)


def _telling(events: Sequence[imported.Carried], parted: Sequence[datetime]) -> list[imported.Carried]:
    """Those that said something new when they were learnt: the first, and each that was earlier than all before it; and
    the same again after each time that the pair was parted.
    """
    telling: list[imported.Carried] = []
    least: tuple[datetime, bytes] | None = None
    before = BEGINNING
    for each in events:
        if any(before <= moment < each.learnt for moment in parted):
            least = None
        before = each.learnt
        if least is None or each.tie < least:
            least = each.tie
            telling.append(each)
    return telling


def _row(op: int, a: int, b: int, tier: int, each: imported.Carried) -> sql.EvidenceRow:
    return sql.EvidenceRow(op, a, b, tier, each.happened, each.learnt, each.hash, each.source_id, None)
