"""Shared identifiers while a batch is linked: whose device it was when, kept true as marks arrive in any order."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from typing import NamedTuple

from psycopg import Connection

from onevoice.domains.identity.contracts import BEGINNING, END, Kind
from onevoice.domains.identity.rules.epochs import Epoch, Mark, epoch_at, epochs
from onevoice.domains.identity.rules.observe import epoch_digest
from onevoice.domains.identity.rules.partition import Edge
from onevoice.domains.identity.rules.replay import WEAK_SIGHTING_TIER
from onevoice.domains.identity.store import linking as sql
from onevoice.kit.bounded import Bounded

EdgeKey = tuple[int, int, int]
Tie = tuple[datetime, bytes]


class Device(NamedTuple):
    """A shared identifier: its epochs, each with its node."""

    kind: Kind
    digest: bytes
    epochs: tuple[Epoch, ...]
    nodes: tuple[int, ...]

    def at(self, moment: datetime) -> int:
        """Index of the epoch an event of `moment` belongs to."""
        return epoch_at(self.epochs, moment) if len(self.epochs) > 1 else 0


class Changes(NamedTuple):
    """What new marks come to: rows to write, edges that came and went, and whose past was parted anew."""

    evidence: list[sql.EvidenceRow]
    nodes: list[sql.NewNode]
    bounds: list[tuple[int, datetime, datetime]]
    edges: list[Edge]
    gone: list[EdgeKey]
    refold: set[int]


def login_tier(kind: Kind) -> int:
    return 1 + kind.priority


class Devices:
    """The states of shared identifiers, cached over batches and forgotten after a rollback."""

    def __init__(self, capacity: int) -> None:
        self._known: Bounded[int, Device] = Bounded(capacity)

    def forget(self) -> None:
        self._known.clear()

    def forget_one(self, base: int) -> None:
        self._known.pop(base)

    def load(self, conn: Connection, wanted: dict[int, tuple[Kind, bytes]], newborn: set[int]) -> dict[int, Device]:
        """The states of `wanted` (base to kind and digest); those in `newborn` are known to have no past."""
        found: dict[int, Device] = {}
        missing: list[int] = []
        for base, (kind, digest) in wanted.items():
            device = self._known.get(base)
            if device is not None:
                found[base] = device
            elif base in newborn:
                found[base] = Device(kind, digest, (Epoch(BEGINNING, None, None, None),), (base,))
            else:
                missing.append(base)
        if missing:
            marks, retracted, _ = _split(sql.mark_rows(conn, missing))
            nodes = {(base, digest): nid for base, nid, digest in sql.epoch_nodes(conn, missing)}
            for base in missing:
                kind, digest = wanted[base]
                state = tuple(epochs(marks.get(base, ()), retracted.get(base, {})))
                ids = tuple(
                    base if epoch.key is None else nodes[base, epoch_digest(digest, epoch.key)] for epoch in state
                )
                found[base] = Device(kind, digest, state, ids)
        for base, device in found.items():
            self._known[base] = device
        return found

    def apply(
        self,
        conn: Connection,
        devices: dict[int, Device],
        fresh: dict[int, list[Mark]],
        sightings: dict[int, dict[int, Tie]],
        *,
        newborn: set[int],
        ids: Iterator[int],
        learnt: datetime,
        sources: Mapping[bytes, tuple[int, datetime]],
    ) -> Changes:
        """Bring `devices` up to date with the batch's marks.

        fresh: base to its marks of this batch, for bases where at least one of them says something new.
        sightings: weak identifier to {stronger shared identifier: earliest (happened, hash)} that are new or earlier.
        sources: hash of an event to the source it came from, for the evidence rows.
        """
        changes = Changes([], [], [], [], [], set())
        dirty = set(fresh)
        old = [base for base in dirty | set(sightings) if base not in newborn]
        stored, retracted, seen_with = _split(sql.mark_rows(conn, old)) if old else ({}, {}, {})
        found_marks = self._marks_behind_new_bounds(conn, devices, fresh, stored, retracted, newborn)
        before = {base: devices[base] for base in dirty}
        for base in sorted(dirty):
            marks = fresh[base] + found_marks.get(base, [])
            self._advance(base, devices, [*stored.get(base, ()), *marks], retracted.get(base, {}), changes, ids, learnt)
            changes.evidence.extend(_needed(base, devices[base], marks, sources))
        weak = self._weak_links(conn, devices, before, dirty, sightings, seen_with, retracted, changes, sources)
        self._edges(conn, devices, dirty | set(weak), weak, newborn, changes)
        cuts = [
            (base, cut)
            for base in dirty
            if base not in newborn and (cut := _first_difference(before[base], devices[base])) is not None
        ]
        if cuts:
            changes.refold.update(sql.bases_with_events(conn, cuts))
        for base in dirty:
            self._known[base] = devices[base]
        return changes

    @staticmethod
    def _marks_behind_new_bounds(
        conn: Connection,
        devices: dict[int, Device],
        fresh: dict[int, list[Mark]],
        stored: dict[int, list[Mark]],
        retracted: dict[int, dict[int, datetime]],
        newborn: set[int],
    ) -> dict[int, list[Mark]]:
        """Only the first login of each run is kept as evidence. Where a late mark cuts a run in two, the first login
        behind the cut is found again among the holder's events.
        """
        wanted: list[tuple[int, int, datetime, datetime]] = []
        for base, marks in fresh.items():
            if base in newborn:
                continue
            device = devices[base]
            keys = {epoch.key for epoch in device.epochs}
            for epoch in epochs([*stored.get(base, ()), *marks], retracted.get(base, {})):
                if epoch.key is None or epoch.key in keys:
                    continue
                index = device.at(epoch.start)
                holder = device.epochs[index].holder
                if holder is not None:
                    end = device.epochs[index + 1].start if index + 1 < len(device.epochs) else END
                    wanted.append((base, holder, epoch.start, end))
        found: dict[int, list[Mark]] = {}
        if wanted:
            for row in sql.first_marks_after(conn, wanted):
                found.setdefault(row.base, []).append(
                    Mark(row.happened, row.hash, logout=False, holder=row.other, learnt=row.learnt)
                )
        return found

    @staticmethod
    def _advance(
        base: int,
        devices: dict[int, Device],
        marks: Sequence[Mark],
        retracted: dict[int, datetime],
        changes: Changes,
        ids: Iterator[int],
        learnt: datetime,
    ) -> None:
        device = devices[base]
        state = tuple(epochs(marks, retracted))
        known = {epoch.key: nid for epoch, nid in zip(device.epochs, device.nodes, strict=True)}
        nodes: list[int] = []
        for index, epoch in enumerate(state):
            end = state[index + 1].start if index + 1 < len(state) else END
            nid = known.pop(epoch.key, None)
            if nid is None and epoch.key is not None:
                nid = next(ids)
                changes.nodes.append(
                    sql.NewNode(
                        nid, device.kind.id, epoch_digest(device.digest, epoch.key), base, epoch.start, end, learnt
                    )
                )
            else:
                nid = base if nid is None else nid
                changes.bounds.append((nid, epoch.start, end))
            nodes.append(nid)
        # An epoch whose bound fell away stays as an empty one: its id was issued and must resolve.
        changes.bounds.extend((nid, key[0], key[0]) for key, nid in known.items() if key is not None)
        devices[base] = Device(device.kind, device.digest, state, tuple(nodes))

    def _weak_links(
        self,
        conn: Connection,
        devices: dict[int, Device],
        before: dict[int, Device],
        dirty: set[int],
        sightings: dict[int, dict[int, Tie]],
        seen_with: dict[int, dict[int, Tie]],
        retracted: dict[int, dict[int, datetime]],
        changes: Changes,
        sources: Mapping[bytes, tuple[int, datetime]],
    ) -> dict[int, dict[int, Tie]]:
        """Weak identifiers whose edges must be looked at again, with all their sightings."""
        weak: dict[int, dict[int, Tie]] = {}
        for base, found in sightings.items():
            merged = dict(seen_with.get(base, {}))
            dead = retracted.get(base, {})
            for other, tie in found.items():
                source_id, learnt = sources[tie[1]]
                if learnt > dead.get(other, BEGINNING) and (other not in merged or tie < merged[other]):
                    merged[other] = tie
                    changes.evidence.append(
                        sql.EvidenceRow(
                            sql.SEEN_WITH, base, other, WEAK_SIGHTING_TIER, tie[0], learnt, tie[1], source_id, None
                        )
                    )
            weak[base] = merged
        for base in dirty:
            if base in seen_with and base not in weak:
                weak[base] = dict(seen_with[base])
        parted = [base for base in dirty if before[base].nodes != devices[base].nodes]
        if parted:
            again = [base for base in sql.weak_sightings_of(conn, parted) if base not in weak]
            if again:
                _, _, rows = _split(sql.mark_rows(conn, again))
                weak.update({base: dict(rows.get(base, {})) for base in again})
        missing = {other for found in weak.values() for other in found} | set(weak)
        unknown = [base for base in missing if base not in devices]
        if unknown:
            kinds = {kind.id: kind for kind in sql.kinds(conn)}
            rows = {nid: (kinds[kind], digest) for nid, kind, digest in sql.kinds_of(conn, unknown)}
            devices.update(self.load(conn, rows, set()))
        return weak

    @staticmethod
    def _edges(
        conn: Connection,
        devices: dict[int, Device],
        touched: set[int],
        weak: dict[int, dict[int, Tie]],
        newborn: set[int],
        changes: Changes,
    ) -> None:
        old_nodes = [nid for base in touched if base not in newborn for nid in devices[base].nodes]
        vanished = [nid for nid, lo, hi in changes.bounds if lo == hi]
        now = sql.edges_from(conn, old_nodes + vanished) if old_nodes or vanished else {}
        target: dict[EdgeKey, Tie] = {}
        for base in touched:
            device = devices[base]
            for epoch, nid in zip(device.epochs, device.nodes, strict=True):
                if epoch.holder is not None and epoch.tie is not None:
                    target[nid, epoch.holder, login_tier(device.kind)] = epoch.tie
            if device.epochs[0].holder is None:
                for other, tie in weak.get(base, {}).items():
                    if device.at(tie[0]) != 0:
                        continue  # seen after a logout: that moment is no longer part of the base
                    stronger = devices[other]
                    key = (base, stronger.nodes[stronger.at(tie[0])], WEAK_SIGHTING_TIER)
                    if key not in target or tie < target[key]:
                        target[key] = tie
        changes.edges.extend(
            Edge(key[2], tie[0], tie[1], key[0], key[1]) for key, tie in target.items() if now.get(key) != tie
        )
        changes.gone.extend(key for key in now if key not in target and key[2] != 1)


def _split(
    rows: Iterable[sql.MarkRow],
) -> tuple[dict[int, list[Mark]], dict[int, dict[int, datetime]], dict[int, dict[int, Tie]]]:
    """Marks, latest retractions by holder, and live sightings by stronger identifier, each by base."""
    marks: dict[int, list[Mark]] = {}
    retracted: dict[int, dict[int, datetime]] = {}
    sightings: dict[int, list[tuple[int, Tie, datetime]]] = {}
    for base, op, other, happened, key, learnt in rows:
        if op in {sql.LOGIN, sql.LOGOUT}:
            marks.setdefault(base, []).append(Mark(happened, key, op == sql.LOGOUT, other, learnt))
        elif op == sql.RETRACT and other is not None:
            by_holder = retracted.setdefault(base, {})
            by_holder[other] = max(by_holder.get(other, BEGINNING), learnt)
        elif op == sql.SEEN_WITH and other is not None:
            sightings.setdefault(base, []).append((other, (happened, key), learnt))
    live: dict[int, dict[int, Tie]] = {}
    for base, found in sightings.items():
        dead = retracted.get(base, {})
        for other, tie, learnt in found:
            if learnt > dead.get(other, BEGINNING):
                kept = live.setdefault(base, {})
                if other not in kept or tie < kept[other]:
                    kept[other] = tie
    return marks, retracted, live


def _needed(
    base: int, device: Device, marks: Iterable[Mark], sources: Mapping[bytes, tuple[int, datetime]]
) -> Iterable[sql.EvidenceRow]:
    """The marks that bound or tie an epoch, and every logout: what the others say follows from these."""
    wanted = {epoch.key for epoch in device.epochs} | {epoch.tie for epoch in device.epochs}
    tier = login_tier(device.kind)
    written: set[tuple[datetime, bytes, bool]] = set()
    for mark in marks:
        name = (mark.happened, mark.hash, mark.logout)
        if name not in written and (mark.logout or (mark.happened, mark.hash) in wanted):
            written.add(name)
            op = sql.LOGOUT if mark.logout else sql.LOGIN
            yield sql.EvidenceRow(
                op,
                base,
                mark.holder,
                tier,
                mark.happened,
                mark.learnt,
                mark.hash,
                sources[mark.hash][0] if mark.hash in sources else None,
                None,
            )


def _first_difference(old: Device, new: Device) -> datetime | None:
    """The earliest moment whose events now belong to another epoch, or None."""
    starts_old = {(epoch.start, nid) for epoch, nid in zip(old.epochs, old.nodes, strict=True)}
    starts_new = {(epoch.start, nid) for epoch, nid in zip(new.epochs, new.nodes, strict=True)}
    changed = starts_old ^ starts_new
    return min(changed)[0] if changed else None
