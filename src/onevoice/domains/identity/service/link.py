"""Linking: a batch of the log becomes anchored events, evidence and profiles, in the caller's transaction.

Called by the linking job of `profiles`. The stages follow DESIGN: read, drop repeats, find identifiers, gather
evidence, join, store, and hand on what the folds need.
"""

import hashlib
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any, NamedTuple

import msgspec
from psycopg import Connection

from onevoice.domains.identity.contracts import ASSERT, BEGINNING, END, Edge, Folded, Kind, Linked, SourceInfo
from onevoice.domains.identity.rules.epochs import Mark
from onevoice.domains.identity.rules.normalise import normalise
from onevoice.domains.identity.rules.observe import Observation, digest_of, observe, seal_body
from onevoice.domains.identity.service.components import Groups, resolve, unhindered
from onevoice.domains.identity.service.shared import Changes, Device, Devices, EdgeKey, Sighting, Tie
from onevoice.domains.identity.store import linking as sql
from onevoice.kit.bounded import Bounded

_encode = msgspec.json.Encoder().encode
_decode = msgspec.json.Decoder().decode


class Incoming(NamedTuple):
    """One frame of the log, as this domain needs it."""

    source_id: int
    received_at: datetime
    sent_at: datetime | None
    events: Sequence[bytes | msgspec.Raw]


class Refused(NamedTuple):
    """An event that cannot be linked, for the dead letters."""

    source_id: int
    received_at: datetime
    code: str
    reason: str
    message_id: str
    event: bytes


Unseen = Callable[[Connection, Sequence[bytes], date], set[int]]
"""Remembers hashes; gives the indices of those that were new."""


class _Identifier(NamedTuple):
    kind: Kind
    digest: bytes
    value: str


class _Bearing(NamedTuple):
    """An observation with its identifiers found: `anchor` is the strongest of `nodes`."""

    seen: Observation
    found: list[_Identifier]
    nodes: list[int]
    anchor: int


class Linker:
    """Holds bounded caches between batches. One linker works at a time; `forget` after every rollback."""

    def __init__(self, vault_key: bytes, unseen: Unseen, *, cache_entries: int = 200_000) -> None:
        self.key = vault_key
        self._unseen = unseen
        self._identifiers: Bounded[tuple[str, str, str | None], _Identifier | str] = Bounded(cache_entries)
        self.nodes: Bounded[bytes, int] = Bounded(cache_entries)
        self.edges: Bounded[tuple[int, int, int], Tie] = Bounded(cache_entries)
        self.sightings: Bounded[tuple[int, int], Tie] = Bounded(cache_entries // 2)
        self.vault: Bounded[tuple[int, str, bytes], int] = Bounded(cache_entries)
        self.names: Bounded[tuple[str, str], int] = Bounded(20_000)
        self.devices = Devices(cache_entries)
        self._kinds: dict[str, Kind] = {}
        self.kinds_by_id: dict[int, Kind] = {}
        self._blocked: set[tuple[str, str]] = set()
        self._operator_pos = -1
        self._latest: datetime | None = None

    def forget(self) -> None:
        """Drop every cache: what a rolled-back transaction had written is not there."""
        for cache in (self.nodes, self.edges, self.sightings, self.vault, self.names, self._identifiers):
            cache.clear()
        self.devices.forget()
        self._kinds.clear()
        self._operator_pos = -1
        self._latest = None

    def learnt_late(self, learnt: datetime) -> bool:
        """True where something learnt later may have been linked before: then nothing follows from what is known."""
        return self._latest is None or learnt < self._latest

    @property
    def retractions_exist(self) -> bool:
        return self._operator_pos > 0

    # The batch

    def link(
        self, conn: Connection, frames: Iterable[Incoming], sources: Mapping[int, SourceInfo], at: datetime
    ) -> tuple[Linked, list[Refused]]:
        """Link the frames' events. Takes the linker's lock for the rest of the transaction."""
        sql.lock_linker(conn)
        self._refresh(conn)
        observed, refused, duplicates = self._observe(conn, frames, sources, at)
        linked = Linked(duplicates=duplicates, rejected=len(refused))
        if not observed:
            return linked, refused
        batch = _Batch(self, conn, at)
        bearings = batch.find_nodes(observed)
        batch.gather(bearings)
        batch.join()
        batch.store(bearings, linked)
        latest = max(bearing.seen.learnt for bearing in bearings)
        self._latest = latest if self._latest is None else max(latest, self._latest)
        return linked, refused

    def _refresh(self, conn: Connection) -> None:
        if not self._kinds:
            self._load_kinds(conn)
            self._blocked = sql.blocked(conn)
        pos = sql.last_operator_evidence(conn)
        if pos != self._operator_pos:
            self.edges.clear()
            self.sightings.clear()
            self.devices.forget()
            self._operator_pos = pos

    def _load_kinds(self, conn: Connection) -> None:
        self._kinds = {kind.name: kind for kind in sql.kinds(conn)}
        self.kinds_by_id = {kind.id: kind for kind in self._kinds.values()}

    def _observe(
        self, conn: Connection, frames: Iterable[Incoming], sources: Mapping[int, SourceInfo], at: datetime
    ) -> tuple[list[tuple[Observation, list[_Identifier]]], list[Refused], int]:
        seen: dict[bytes, tuple[Observation, bytes | msgspec.Raw]] = {}
        regions: dict[int, str | None] = {}
        total = 0
        for frame in frames:
            source = sources.get(frame.source_id) or SourceInfo(frame.source_id, "unknown", "api", None, 50)
            regions[source.id] = source.region
            for raw in frame.events:
                event = _decode(raw)
                total += 1
                found = observe(event, source=source, received=frame.received_at, batch_sent=frame.sent_at)
                seen.setdefault(found.hash, (found, raw))
        hashes = list(seen)
        new = self._unseen(conn, hashes, at.date())
        kept: list[tuple[Observation, list[_Identifier]]] = []
        refused: list[Refused] = []
        for index in sorted(new):
            observation, raw = seen[hashes[index]]
            identifiers, blocked = self._identify(conn, observation, regions[observation.source_id])
            if identifiers:
                kept.append((observation, identifiers))
            else:
                refused.append(_no_identifier(observation, blocked, bytes(raw)))
        return kept, refused, total - len(new)

    def _identify(
        self, conn: Connection, observation: Observation, region: str | None
    ) -> tuple[list[_Identifier], list[str]]:
        found: list[_Identifier] = []
        blocked: list[str] = []
        for kind, value in observation.identifiers:
            key = (kind, value, region)
            identifier = self._identifiers.get(key)
            if identifier is None:
                identifier = self._normalise(conn, kind, value, region)
                self._identifiers[key] = identifier
            if isinstance(identifier, str):
                blocked.append(identifier)
            elif identifier not in found:
                found.append(identifier)
        return found, blocked

    def _normalise(self, conn: Connection, name: str, value: str, region: str | None) -> _Identifier | str:
        normal = normalise(name, value, region)
        if normal is None:
            return f"{name} {value[:80]!r} is not in a form we can read"
        folded = normal.casefold()
        if ("*", folded) in self._blocked or (name, folded) in self._blocked or (name, value) in self._blocked:
            return f"{name} {value[:80]!r} is a blocked value"
        kind = self._kinds.get(name)
        if kind is None:
            sql.add_external_kind(conn, name)
            self._load_kinds(conn)
            kind = self._kinds[name]
        return _Identifier(kind, digest_of(self.key, name, normal), normal)


def _no_identifier(observation: Observation, blocked: list[str], raw: bytes) -> Refused:
    reason = "; ".join(blocked) or "the event carries no identifier"
    return Refused(observation.source_id, observation.learnt, "no_identifier", reason, observation.message_id, raw)


@dataclass
class _Said:
    """What the events of one batch say of who is who, in the order it was learnt."""

    pairs: dict[EdgeKey, list[tuple[Tie, Observation]]] = field(default_factory=dict)
    marks: dict[int, list[Mark]] = field(default_factory=dict)
    telling: set[int] = field(default_factory=set)
    """Shared identifiers of which at least one mark says something new."""
    sightings: dict[int, list[Sighting]] = field(default_factory=dict)
    sources: dict[bytes, int] = field(default_factory=dict)


class _Batch:
    """What one batch finds out on its way through the stages."""

    def __init__(self, linker: Linker, conn: Connection, at: datetime) -> None:
        self._linker = linker
        self._conn = conn
        self._at = at
        self._newborn: dict[int, sql.NewNode] = {}
        self._values: list[sql.VaultRow] = []
        self._known_as: dict[int, tuple[Kind, bytes]] = {}
        self._devices: dict[int, Device] = {}
        self._evidence: list[sql.EvidenceRow] = []
        self._edges: dict[tuple[int, int, int], Tie] = {}
        self._gone: list[tuple[int, int, int]] = []
        self._bounds: list[tuple[int, datetime, datetime]] = []
        self._refold: set[int] = set()
        self._pid_of_newborn: dict[int, int] = {}

    def _new_ids(self) -> Iterator[int]:
        while True:
            yield from sql.next_ids(self._conn, "node_id", 32)

    # Identifiers to nodes

    def find_nodes(self, observed: list[tuple[Observation, list[_Identifier]]]) -> list[_Bearing]:
        cache = self._linker.nodes
        nodes: dict[bytes, int] = {}
        missing: dict[bytes, tuple[_Identifier, Observation]] = {}
        for observation, identifiers in observed:
            for identifier in identifiers:
                digest = identifier.digest
                if digest in nodes or digest in missing:
                    continue
                nid = cache.get(digest)
                if nid is None:
                    missing[digest] = (identifier, observation)
                else:
                    nodes[digest] = nid
        if missing:
            nodes.update(sql.find_nodes(self._conn, list(missing)))
            self._bear([pair for digest, pair in missing.items() if digest not in nodes], nodes)
            for digest in missing:
                cache[digest] = nodes[digest]
        bearings: list[_Bearing] = []
        for observation, identifiers in observed:
            if len(identifiers) > 1:
                identifiers.sort(key=lambda found: (found.kind.priority, found.kind.name, found.digest))
            ids = [nodes[identifier.digest] for identifier in identifiers]
            for nid, identifier in zip(ids, identifiers, strict=True):
                self._known_as.setdefault(nid, (identifier.kind, identifier.digest))
            bearings.append(_Bearing(observation, identifiers, ids, ids[0]))
        self._learn_when(bearings)
        return bearings

    def _learn_when(self, bearings: list[_Bearing]) -> None:
        """A node is known since the earliest learnt event that carries it, in whatever order events are linked."""
        earlier: dict[int, datetime] = {}
        for bearing in bearings:
            learnt = bearing.seen.learnt
            late = self._linker.learnt_late(learnt)
            for nid in bearing.nodes:
                node = self._newborn.get(nid)
                if node is not None:
                    if learnt < node.learnt:
                        self._newborn[nid] = node._replace(learnt=learnt)
                elif late:
                    earlier[nid] = min(learnt, earlier.get(nid, learnt))
        if earlier:
            sql.lower_learnt(self._conn, sorted(earlier.items()))

    def _bear(self, strangers: list[tuple[_Identifier, Observation]], nodes: dict[bytes, int]) -> None:
        if not strangers:
            return
        ids = sql.next_ids(self._conn, "node_id", len(strangers))
        vault_ids = sql.next_ids(self._conn, "vault_id", len(strangers))
        for nid, vault_id, (identifier, observation) in zip(ids, vault_ids, strangers, strict=True):
            nodes[identifier.digest] = nid
            self._newborn[nid] = sql.NewNode(
                nid, identifier.kind.id, identifier.digest, nid, BEGINNING, END, None, None, observation.learnt
            )
            self._values.append(sql.VaultRow(vault_id, nid, "", identifier.digest, _encode(identifier.value).decode()))

    # Evidence

    def gather(self, bearings: list[_Bearing]) -> None:
        """Find what the batch says of who is who, in the order it was learnt."""
        shared: dict[int, tuple[Kind, bytes]] = {}
        for bearing in bearings:
            for nid, identifier in zip(bearing.nodes, bearing.found, strict=True):
                if identifier.kind.shared:
                    shared[nid] = (identifier.kind, identifier.digest)
        newborn = set(self._newborn)
        self._devices = self._linker.devices.load(self._conn, shared, newborn)
        said = _Said()
        for bearing in sorted(bearings, key=lambda bearing: bearing.seen.learnt):
            if len(bearing.nodes) > 1 or bearing.seen.logout:
                self._gather_one(bearing, said)
        self._assert_pairs(said.pairs)
        fresh = {base: said.marks[base] for base in said.telling}
        if fresh or said.sightings:
            changes = self._linker.devices.apply(
                self._conn,
                self._devices,
                fresh,
                said.sightings,
                newborn=newborn,
                ids=self._new_ids(),
                learnt=max(bearing.seen.learnt for bearing in bearings),
                sources=said.sources,
            )
            self._take(changes)

    def _take(self, changes: Changes) -> None:
        self._evidence.extend(changes.evidence)
        self._newborn.update({node.nid: node for node in changes.nodes})
        for nid, lo, hi in changes.bounds:
            if nid in self._newborn:
                self._newborn[nid] = self._newborn[nid]._replace(from_at=lo, until_at=hi)
            else:
                self._bounds.append((nid, lo, hi))
        for edge in changes.edges:
            self._edges[edge.a, edge.b, edge.tier] = (edge.happened, edge.hash)
        self._gone = changes.gone
        self._refold = changes.refold

    def _gather_one(self, bearing: _Bearing, said: "_Said") -> None:
        seen, anchor = bearing.seen, bearing.anchor
        anchor_kind = bearing.found[0].kind
        late = self._linker.learnt_late(seen.learnt)
        tie = (seen.happened, seen.hash)
        said.sources[seen.hash] = seen.source_id
        for nid, identifier in zip(bearing.nodes, bearing.found, strict=True):
            kind = identifier.kind
            if not kind.shared:
                if nid != anchor:
                    a, b = (anchor, nid) if anchor < nid else (nid, anchor)
                    told = said.pairs.setdefault((a, b, 1 + max(anchor_kind.priority, kind.priority)), [])
                    if not told or tie < told[-1][0] or late:
                        told.append((tie, seen))
                continue
            if anchor_kind.shared:
                if nid != anchor:
                    known = self._linker.sightings.get((nid, anchor))
                    if known is None or tie < known or late:
                        said.sightings.setdefault(nid, []).append(Sighting(anchor, tie, seen.learnt))
                        self._linker.sightings[nid, anchor] = tie if known is None else min(known, tie)
            else:
                mark = Mark(seen.happened, seen.hash, logout=False, holder=anchor, learnt=seen.learnt)
                said.marks.setdefault(nid, []).append(mark)
                if late or not self._devices[nid].knows(mark):
                    said.telling.add(nid)
            if seen.logout:
                mark = Mark(seen.happened, seen.hash, logout=True, holder=None, learnt=seen.learnt)
                said.marks.setdefault(nid, []).append(mark)
                said.telling.add(nid)

    def _assert_pairs(self, pairs: dict[EdgeKey, list[tuple[Tie, Observation]]]) -> None:
        """Write down what was not known: a new pair, or the same at an earlier time. An assertion that was learnt
        before its pair was retracted is kept, but ties nobody.
        """
        cache = self._linker.edges
        unknown = [
            key
            for key in pairs
            if cache.get(key) is None and key[0] not in self._newborn and key[1] not in self._newborn
        ]
        stored = sql.find_edges(self._conn, unknown) if unknown else {}
        retracted: dict[tuple[int, int], datetime] = {}
        if self._linker.retractions_exist:
            retracted = sql.retractions(self._conn, [key[:2] for key in unknown if key not in stored])
        for key, told in pairs.items():
            known = cache.get(key) or stored.get(key)
            for tie, seen in told:
                if known is not None and known <= tie and not self._linker.learnt_late(seen.learnt):
                    continue
                if seen.learnt > retracted.get(key[:2], BEGINNING) and (known is None or tie < known):
                    known = tie
                    self._edges[key] = tie
                self._evidence.append(
                    sql.EvidenceRow(ASSERT, key[0], key[1], key[2], tie[0], seen.learnt, tie[1], seen.source_id, None)
                )
            if known is not None:
                cache[key] = known

    # Profiles

    def join(self) -> None:
        """Write nodes and edges, and bring together what belongs together."""
        conn = self._conn
        kinds = self._linker.kinds_by_id
        ends = {end for key in self._edges for end in key[:2]}
        gone_ends = {end for key in self._gone for end in key[:2]}
        stored = sql.pids_of(conn, [nid for nid in ends | gone_ends if nid not in self._newborn]) if ends else {}
        pid_of = {nid: stored.get(nid, nid) for nid in ends}
        groups = Groups()
        for a, b, _ in self._edges:
            groups.union(pid_of[a], pid_of[b])
        gathered = [group for group in groups.members().values() if len(group) > 1]
        existing = sorted({pid for group in gathered for pid in group if pid not in self._newborn})
        census = sql.census(conn, existing) if existing else []
        parted = sql.pids_with_cannot(conn, existing) if existing and sql.any_cannot(conn) else set()
        parted |= {stored.get(end, end) for end in gone_ends}
        newborn_kinds = {nid: node.kind for nid, node in self._newborn.items()}
        free, hindered = unhindered(gathered, census, newborn_kinds, kinds, parted)
        moved: set[int] = set()
        moves: list[tuple[int, int]] = []
        for group in free:
            target = min(group)
            for pid in group:
                if pid == target:
                    continue
                if pid in self._newborn:
                    self._pid_of_newborn[pid] = target
                else:
                    moves.append((pid, target))
                    moved |= {pid, target}
        seeds = {pid for group in hindered for pid in group}
        # An edge that came earlier or later within a contested profile can change who was refused.
        inside = {pid_of[a] for a, b, _ in self._edges if pid_of[a] == pid_of[b]} - seeds
        if inside:
            seeds |= {pid for pid, _, _, contested in sql.census(conn, sorted(inside)) if contested}
        seeds |= gone_ends
        sql.insert_nodes(
            conn, ((node, self._pid_of_newborn.get(node.nid, node.nid)) for node in self._newborn.values())
        )
        if self._bounds:
            sql.set_bounds(conn, self._bounds)
        if self._evidence:
            sql.insert_evidence(conn, self._evidence)
        if self._gone:
            sql.delete_edges(conn, self._gone)
        if self._edges:
            sql.upsert_edges(
                conn,
                [Edge(key[2], tie[0], tie[1], key[0], key[1]) for key, tie in sorted(self._edges.items())],
                self._at,
            )
        if moves:
            sql.move_profiles(conn, moves)
        if seeds:
            moved |= resolve(conn, sorted(seeds | self._ends_of(hindered, pid_of)), kinds)
        if moved:
            sql.note_moved(conn, moved)

    def _ends_of(self, hindered: list[list[int]], pid_of: Mapping[int, int]) -> set[int]:
        pids = {pid for group in hindered for pid in group}
        return {end for key in self._edges for end in key[:2] if pid_of[end] in pids}

    # Events

    def store(self, bearings: list[_Bearing], linked: Linked) -> None:
        conn = self._conn
        self._seal(bearings)
        name_ids = self._name_ids(bearings)
        seq = sql.last_seq(conn)
        first = seq + 1
        lines: list[str] = []
        refold = self._refold
        for bearing in bearings:
            seen = bearing.seen
            seq += 1
            name_id = name_ids[seen.type, seen.name]
            message_id = seen.message_id
            if "\\" in message_id or "\t" in message_id or "\n" in message_id or "\r" in message_id:
                message_id = _escape(message_id)
            body = _encode(seen.body).decode()
            if "\\" in body:
                body = body.replace("\\", "\\\\")
            ids = ",".join(map(str, bearing.nodes))
            lines.append(
                f"{seq}\t{bearing.anchor}\t{seen.happened.isoformat()}\t{seen.hash.hex()}\t{seen.learnt.isoformat()}\t"
                f"{name_id}\t{seen.source_id}\t{seen.channel}\t{{{ids}}}\t{message_id}\t{body}\n"
            )
            if bearing.anchor in refold:
                continue
            nid = bearing.anchor
            device = self._devices.get(nid)
            if device is not None:
                nid = device.nodes[device.at(seen.happened)]
            linked.folds.append(
                Folded(
                    nid,
                    name_id,
                    seen.channel,
                    seen.happened,
                    seen.hash,
                    seen.learnt,
                    seen.source_id,
                    seen.body.get("traits"),
                    seen.spend,
                )
            )
        sql.insert_vault(conn, self._values)
        sql.copy_events(conn, lines)
        sql.add_batch(conn, first, seq, self._at)
        linked.refold = refold
        linked.seq_to = seq

    def _seal(self, bearings: list[_Bearing]) -> None:
        """Move personal values out of the bodies into the vault; the same value of one identifier is kept once."""
        cache = self._linker.vault
        key_bytes = self._linker.key
        wanted: dict[tuple[int, str, bytes], tuple[Any, list[dict[str, int]]]] = {}
        for bearing in bearings:

            def seal(key: str, value: Any, anchor: int = bearing.anchor) -> dict[str, int]:
                encoded = _encode(value)
                digest = hashlib.blake2b(encoded, key=key_bytes, digest_size=16).digest()
                place = (anchor, key, digest)
                reference: dict[str, int] = {}
                known = cache.get(place)
                if known is not None:
                    reference["@vault"] = known
                else:
                    wanted.setdefault(place, (encoded, []))[1].append(reference)
                return reference

            seal_body(bearing.seen.body, seal)
        if not wanted:
            return
        old = [place for place in wanted if place[0] not in self._newborn]
        stored = sql.find_vault(self._conn, old) if old else {}
        missing = [place for place in wanted if place not in stored]
        for place, vault_id in zip(missing, sql.next_ids(self._conn, "vault_id", len(missing)), strict=True):
            stored[place] = vault_id
            self._values.append(sql.VaultRow(vault_id, *place, wanted[place][0].decode()))
        for place, (_, references) in wanted.items():
            cache[place] = stored[place]
            for reference in references:
                reference["@vault"] = stored[place]

    def _name_ids(self, bearings: list[_Bearing]) -> dict[tuple[str, str], int]:
        cache = self._linker.names
        found: dict[tuple[str, str], int] = {}
        missing: list[tuple[str, str]] = []
        for key in {(bearing.seen.type, bearing.seen.name) for bearing in bearings}:
            known = cache.get(key)
            if known is None:
                missing.append(key)
            else:
                found[key] = known
        if missing:
            for key, name_id in sql.add_names(self._conn, sorted(missing)).items():
                cache[key] = name_id
                found[key] = name_id
        return found


def _escape(text: str) -> str:
    return text.replace("\\", "\\\\").replace("\t", "\\t").replace("\n", "\\n").replace("\r", "\\r")
