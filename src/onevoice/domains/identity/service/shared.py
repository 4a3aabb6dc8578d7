"""Shared identifiers while a batch is linked: whose device it was when, kept true as marks arrive in any order."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from typing import NamedTuple

from psycopg import Connection

from onevoice.domains.identity.contracts import (
    BEGINNING,
    END,
    LINK_TIER,
    LOGIN,
    LOGOUT,
    OPERATOR_TIER,
    SAME_TIER,
    SEEN_WITH,
    WEAK_SIGHTING_TIER,
    Edge,
    Kind,
)
from onevoice.domains.identity.rules.epochs import Epoch, Mark, MarkKey, epoch_at, epoch_of, epochs
from onevoice.domains.identity.rules.observe import epoch_digest
from onevoice.domains.identity.service.marks import Past, Sighting, Tie, absorb, follows, pasts_of
from onevoice.domains.identity.store import linking as sql
from onevoice.domains.identity.store import marks as ledger
from onevoice.kit.bounded import Bounded

EdgeKey = tuple[int, int, int]

LONE = (Epoch(BEGINNING, None, None, None),)


class Device(NamedTuple):
    """A shared identifier: its epochs, each with its node."""

    kind: Kind
    digest: bytes
    epochs: tuple[Epoch, ...]
    nodes: tuple[int, ...]

    def at(self, moment: datetime) -> int:
        """Index of the epoch an event of `moment` belongs to."""
        return epoch_at(self.epochs, moment) if len(self.epochs) > 1 else 0

    def knows(self, holder: int, tie: Tie) -> bool:
        """True where a login of the holder at that place says nothing new."""
        return follows(self.epochs, holder, tie)


class Changes(NamedTuple):
    """What new marks come to: rows to write, edges that came and went, and whose past was parted anew."""

    evidence: list[sql.EvidenceRow]
    nodes: list[sql.NewNode]
    bounds: list[tuple[int, datetime, datetime]]
    edges: list[Edge]
    gone: list[EdgeKey]
    refold: set[int]


_NOTHING = Past()


def login_tier(kind: Kind) -> int:
    return 1 + kind.priority


class Devices:
    """The states of shared identifiers, cached over batches and forgotten after a rollback."""

    def __init__(self, capacity: int) -> None:
        self._known: Bounded[int, Device] = Bounded(capacity)

    def forget(self) -> None:
        self._known.clear()

    def load(self, conn: Connection, wanted: dict[int, tuple[Kind, bytes]], newborn: set[int]) -> dict[int, Device]:
        """The states of `wanted` (base to kind and digest); those in `newborn` are known to have no past."""
        found: dict[int, Device] = {}
        missing: list[int] = []
        for base, (kind, digest) in wanted.items():
            device = self._known[base]
            if device is not None:
                found[base] = device
            elif base in newborn:
                found[base] = Device(kind, digest, LONE, (base,))
            else:
                missing.append(base)
        if missing:
            pasts = pasts_of(conn, missing)
            nodes = {(node.base, node.digest): node.nid for node in sql.epoch_nodes(conn, missing)}
            for base in missing:
                kind, digest = wanted[base]
                past = pasts.get(base) or Past()
                state = tuple(epochs(past.marks, past.retracted))
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
        fresh: Mapping[int, list[Mark]],
        sightings: Mapping[int, list[Sighting]],
        opened: set[int],
        *,
        newborn: set[int],
        ids: Iterator[int],
        learnt: datetime,
        sources: Mapping[bytes, int],
    ) -> Changes:
        """Bring `devices` up to date with the batch's marks.

        fresh: base to its marks of this batch, for bases where at least one of them says something new.
        sightings: weak identifier to the sightings of this batch that are new, earlier, or learnt before others were.
        opened: where links were opened first, or no longer are said to have been.
        sources: hash of an event to the source it came from, for the evidence rows.
        """
        changes = Changes([], [], [], [], [], set())
        simple = {
            base
            for base, marks in fresh.items()
            if base in newborn and base not in sightings and base not in opened and _one_holder(marks) is not None
        }
        for base in sorted(simple):
            self._first_login(base, devices, fresh[base], changes, sources)
        fresh = {base: marks for base, marks in fresh.items() if base not in simple}
        touched = set(fresh) | set(sightings) | opened
        self._load_strangers(conn, opened, devices)
        old = sorted(touched - newborn)
        pasts = pasts_of(conn, old) if old else {}
        issued = {(node.base, node.digest): node for node in sql.epoch_nodes(conn, old)} if old else {}
        before = {base: devices[base] for base in fresh}
        passing: list[sql.EpochNode] = []
        for base in sorted(fresh):
            past = pasts.setdefault(base, Past())
            said = absorb(conn, base, past, fresh[base], searchable=base not in newborn)
            self._advance(base, devices, past, changes, ids, learnt, issued)
            first = min((mark.learnt for mark in said), default=END)
            missing = _once_known(past, first) - {epoch.key for epoch in devices[base].epochs}
            passing += self._pass_through(devices[base], base, missing, changes, ids, learnt, issued)
            tier = login_tier(devices[base].kind)
            changes.evidence.extend(_row(base, mark, tier, sources) for mark in said)
        for base, found in sightings.items():
            past = pasts.setdefault(base, Past())
            for sighting in found:
                past.sightings.setdefault(sighting.other, []).append(sighting)
                happened, key = sighting.tie
                changes.evidence.append(
                    sql.EvidenceRow(
                        SEEN_WITH,
                        base,
                        sighting.other,
                        WEAK_SIGHTING_TIER,
                        happened,
                        sighting.learnt,
                        key,
                        sources.get(key),
                        None,
                    )
                )
        self._follow(conn, devices, before, pasts, touched, issued, newborn, passing, changes)
        for base in fresh:
            self._known[base] = devices[base]
        return changes

    def settle(
        self,
        conn: Connection,
        devices: dict[int, Device],
        marked: set[int],
        since: Mapping[int, datetime],
        *,
        ids: Iterator[int],
        learnt: datetime,
    ) -> Changes:
        """Bring `devices`, given as they were, in step with a ledger from which something has been withdrawn.

        marked: those whose marks have changed; of the others only sightings have. since: when the first was learnt of
        the marks that were added to it.
        """
        changes = Changes([], [], [], [], [], set())
        pasts = pasts_of(conn, sorted(devices))
        issued = {(node.base, node.digest): node for node in sql.epoch_nodes(conn, sorted(devices))}
        before = {base: devices[base] for base in marked}
        touched = set(devices)
        passing: list[sql.EpochNode] = []
        for base in sorted(marked):
            past = pasts.setdefault(base, Past())
            self._advance(base, devices, past, changes, ids, learnt, issued)
            if base in since:
                missing = _once_known(past, since[base]) - {epoch.key for epoch in devices[base].epochs}
                passing += self._pass_through(devices[base], base, missing, changes, ids, learnt, issued)
        self._follow(conn, devices, before, pasts, touched, issued, set(), passing, changes)
        return changes

    @staticmethod
    def telling(conn: Connection, base: int, logins: Iterable[tuple[datetime, bytes, int, datetime]]) -> set[Tie]:
        """Of all logins there are on a shared identifier, (happened, hash, holder, learnt), those that say something
        and do not stand in the ledger.
        """
        past = pasts_of(conn, [base]).get(base, Past())
        marks = [Mark(happened, key, logout=False, holder=holder, learnt=at) for happened, key, holder, at in logins]
        marks += [mark for mark in past.marks if mark.logout]
        said = absorb(conn, base, Past(retracted=past.retracted), marks, searchable=False)
        written = {(mark.happened, mark.hash) for mark in past.marks if not mark.logout}
        return {(mark.happened, mark.hash) for mark in said if not mark.logout} - written

    def _follow(
        self,
        conn: Connection,
        devices: dict[int, Device],
        before: Mapping[int, Device],
        pasts: dict[int, Past],
        touched: set[int],
        issued: Mapping[tuple[int, bytes], sql.EpochNode],
        newborn: set[int],
        passing: list[sql.EpochNode],
        changes: Changes,
    ) -> None:
        """What follows from changed epochs: edges that come and go, and whose past was parted anew."""
        parted = [base for base in before if before[base].nodes != devices[base].nodes]
        weak = self._weak_links(conn, devices, pasts, touched, parted)
        vanished = [
            node for node in issued.values() if node.base in before and node.nid not in devices[node.base].nodes
        ]
        vanished += passing
        touched = touched | set(weak)
        links = [
            link for link in sql.opened_on(conn, touched) if not pasts.get(link.base, _NOTHING).has_retracted(link)
        ]
        self._edges(conn, devices, touched, weak, links, vanished, newborn, changes)
        cuts = [
            (base, cut)
            for base in before
            if base not in newborn and (cut := _first_difference(before[base], devices[base])) is not None
        ]
        if cuts:
            changes.refold.update(sql.bases_with_events(conn, cuts))

    def _first_login(
        self, base: int, devices: dict[int, Device], marks: list[Mark], changes: Changes, sources: Mapping[bytes, int]
    ) -> None:
        """What nearly all of a batch's new devices come to, without the general way: one holder from the beginning.

        As in `absorb`, what is recorded are the logins that were earlier than all that had been learnt before them.
        """
        device = devices[base]
        tier = login_tier(device.kind)
        tie: Tie | None = None
        for mark in sorted(marks, key=lambda mark: (mark.learnt, mark.happened, mark.hash)):
            if tie is None or (mark.happened, mark.hash) < tie:
                tie = (mark.happened, mark.hash)
                changes.evidence.append(_row(base, mark, tier, sources))
        holder = _one_holder(marks)
        if holder is not None and tie is not None:
            changes.edges.append(Edge(tier, *tie, base, holder))
        devices[base] = self._known[base] = device._replace(epochs=(Epoch(BEGINNING, None, holder, tie),))

    @staticmethod
    def _advance(
        base: int,
        devices: dict[int, Device],
        past: Past,
        changes: Changes,
        ids: Iterator[int],
        learnt: datetime,
        issued: Mapping[tuple[int, bytes], sql.EpochNode],
    ) -> None:
        device = devices[base]
        state = tuple(epochs(past.marks, past.retracted))
        known = {epoch.key: nid for epoch, nid in zip(device.epochs, device.nodes, strict=True)}
        nodes: list[int] = []
        for index, epoch in enumerate(state):
            end = state[index + 1].start if index + 1 < len(state) else END
            nid = known.pop(epoch.key, None)
            if nid is None and epoch.key is not None:  # an epoch that had vanished comes back under its old id
                returning = issued.get((base, epoch_digest(device.digest, epoch.key)))
                nid = returning.nid if returning is not None else None
            if nid is None and epoch.key is not None:
                nid = next(ids)
                digest = epoch_digest(device.digest, epoch.key)
                changes.nodes.append(
                    sql.NewNode(nid, device.kind.id, digest, base, epoch.start, end, *epoch.key[1:], learnt)
                )
            else:
                nid = base if nid is None else nid
                changes.bounds.append((nid, epoch.start, end))
            nodes.append(nid)
        # An epoch whose bound fell away stays as an empty one: its id was issued and must resolve.
        changes.bounds.extend((nid, key[0], BEGINNING) for key, nid in known.items() if key is not None)
        devices[base] = Device(device.kind, device.digest, state, tuple(nodes))

    @staticmethod
    def _pass_through(
        device: Device,
        base: int,
        keys: set[MarkKey | None],
        changes: Changes,
        ids: Iterator[int],
        learnt: datetime,
        issued: Mapping[tuple[int, bytes], sql.EpochNode],
    ) -> list[sql.EpochNode]:
        """Nodes, empty from their birth, of epochs that were known once and are no more: whoever asks what was known
        then is given them.
        """
        made: list[sql.EpochNode] = []
        for key in sorted(key for key in keys if key is not None):
            digest = epoch_digest(device.digest, key)
            if (base, digest) not in issued:
                made.append(sql.EpochNode(base, next(ids), digest, key))
                changes.nodes.append(
                    sql.NewNode(made[-1].nid, device.kind.id, digest, base, key[0], BEGINNING, *key[1:], learnt)
                )
        return made

    def _weak_links(
        self,
        conn: Connection,
        devices: dict[int, Device],
        pasts: dict[int, Past],
        touched: set[int],
        parted: list[int],
    ) -> dict[int, dict[int, Tie]]:
        """Identifiers whose weak edges must be looked at again, with their earliest sightings."""
        if parted:
            again = [base for base in ledger.weak_sightings_of(conn, parted) if base not in pasts]
            if again:
                pasts.update(pasts_of(conn, again))
                touched = touched | set(again)
        weak = {base: found for base in touched if base in pasts and (found := pasts[base].earliest_sightings())}
        self._load_strangers(conn, {other for found in weak.values() for other in found} | set(weak), devices)
        return weak

    def _load_strangers(self, conn: Connection, bases: set[int], devices: dict[int, Device]) -> None:
        """Those of `bases` that are not among the batch's devices."""
        unknown = [base for base in bases if base not in devices]
        if unknown:
            kinds = {kind.id: kind for kind in sql.kinds(conn)}
            rows = {nid: (kinds[kind], digest) for nid, kind, digest in sql.kinds_of(conn, unknown)}
            devices.update(self.load(conn, rows, set()))

    @staticmethod
    def _edges(
        conn: Connection,
        devices: dict[int, Device],
        touched: set[int],
        weak: dict[int, dict[int, Tie]],
        links: list[sql.OpenedLink],
        vanished: list[sql.EpochNode],
        newborn: set[int],
        changes: Changes,
    ) -> None:
        """Compare the edges that follow from the epochs with those that stand."""
        nodes = [nid for base in touched if base not in newborn for nid in devices[base].nodes]
        nodes += [node.nid for node in vanished]
        now = sql.edges_from(conn, nodes) if nodes else {}
        target: dict[EdgeKey, Tie] = {}
        for node in vanished:  # what an operator said of it goes over to the epoch that holds its place now
            device = devices[node.base]
            target[node.nid, device.nodes[epoch_of(device.epochs, node.key)], SAME_TIER] = (BEGINNING, bytes(16))
        for base in touched:
            device = devices[base]
            for epoch, nid in zip(device.epochs, device.nodes, strict=True):
                if epoch.holder is not None and epoch.tie is not None:
                    target[nid, epoch.holder, login_tier(device.kind)] = epoch.tie
            if device.epochs[0].holder is not None:
                continue
            for other, tie in weak.get(base, {}).items():
                if device.at(tie[0]) != 0:
                    continue  # seen after a logout: that moment is no longer part of the base
                stronger = devices[other]
                key = (base, stronger.nodes[stronger.at(tie[0])], WEAK_SIGHTING_TIER)
                target[key] = min(target.get(key, tie), tie)
        for link in links:
            device = devices[link.base]
            key = (device.nodes[device.at(link.happened)], link.to, LINK_TIER)
            tie = (link.happened, link.hash)
            target[key] = min(target.get(key, tie), tie)
        changes.edges.extend(
            Edge(key[2], tie[0], tie[1], key[0], key[1]) for key, tie in target.items() if now.get(key) != tie
        )
        changes.gone.extend(key for key in now if key not in target and key[2] != OPERATOR_TIER)


def _one_holder(marks: Sequence[Mark]) -> int | None:
    """Who logged in, where all marks are logins of one."""
    holder = marks[0].holder
    return holder if all(mark.holder == holder and not mark.logout for mark in marks) else None


def _row(base: int, mark: Mark, tier: int, sources: Mapping[bytes, int]) -> sql.EvidenceRow:
    return sql.EvidenceRow(
        LOGOUT if mark.logout else LOGIN,
        base,
        mark.holder,
        tier,
        mark.happened,
        mark.learnt,
        mark.hash,
        sources.get(mark.hash),
        None,
    )


def _once_known(past: Past, first: datetime) -> set[MarkKey | None]:
    """Which epochs there were at any time since `first`."""
    states = past.states(first)
    return {epoch.key for state in states for epoch in state} if len(states) > 1 else set()


def _first_difference(old: Device, new: Device) -> datetime | None:
    """The earliest moment whose events now belong to another epoch, or None."""
    starts_old = {(epoch.start, nid) for epoch, nid in zip(old.epochs, old.nodes, strict=True)}
    starts_new = {(epoch.start, nid) for epoch, nid in zip(new.epochs, new.nodes, strict=True)}
    changed = starts_old ^ starts_new
    return min(changed)[0] if changed else None
