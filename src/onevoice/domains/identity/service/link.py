"""Linking: a batch of the log becomes anchored events, evidence and profiles, in the caller's transaction.

Called by the linking job of `profiles`. The stages follow DESIGN: read, drop repeats, find identifiers, gather
evidence, join, store, and hand on what the folds need.
"""

import hashlib
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from operator import attrgetter
from typing import NamedTuple

import msgspec
from psycopg import Connection

from onevoice.domains.events.contracts import KEEP_SEEN
from onevoice.domains.identity.contracts import ASSERT, BEGINNING, END, Edge, Folded, Kind, Linked, SourceInfo
from onevoice.domains.identity.rules.epochs import Mark
from onevoice.domains.identity.rules.normalise import normalise
from onevoice.domains.identity.rules.observe import Observation, digest_of, observe
from onevoice.domains.identity.rules.personal import REFERENCE
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
    message_id: str | None
    event: bytes


class Observed(NamedTuple):
    """What frames hold, each message once. It can be linked once only: linking moves personal values out of it."""

    seen: dict[bytes, tuple[Observation, bytes | msgspec.Raw]]
    """Hash of the message to what it says and the event as it came."""
    regions: dict[int, str | None]
    """Source to the region its national phone numbers are of."""
    events: int
    """How many there were, repeats included."""


def observe_frames(frames: Iterable[Incoming], sources: Mapping[int, SourceInfo]) -> Observed:
    """Read the events of frames. Touches no database, so that it can be done ahead."""
    seen: dict[bytes, tuple[Observation, bytes | msgspec.Raw]] = {}
    regions: dict[int, str | None] = {}
    total = 0
    for frame in frames:
        source = sources.get(frame.source_id) or SourceInfo(frame.source_id, "unknown", "api", None, 50)
        regions[source.id] = source.region
        total += len(frame.events)
        for raw in frame.events:
            found = observe(raw, source=source, received=frame.received_at, batch_sent=frame.sent_at)
            seen.setdefault(found.hash, (found, raw))
    return Observed(seen, regions, total)


Unseen = Callable[[Connection, Sequence[bytes], date], set[int]]
"""Remembers hashes; gives the indices of those that were new."""


class _Identifier(msgspec.Struct, gc=False):
    """`rank` orders the identifiers of one event, the strongest first; `nid` is 0 until its node is known."""

    kind: Kind
    digest: bytes
    value: str
    rank: tuple[int, str, bytes]
    nid: int = 0


_rank = attrgetter("rank")


class _Bearing(msgspec.Struct, gc=False):
    """An observation with its identifiers found: `anchor` is the strongest of `nodes`."""

    seen: Observation
    found: list[_Identifier]
    nodes: list[int] = []
    anchor: int = 0


class Linker:
    """Holds bounded caches between batches. One linker works at a time; `forget` after every rollback."""

    def __init__(self, vault_key: bytes, unseen: Unseen, *, cache_entries: int = 200_000) -> None:
        self.key = vault_key
        self._unseen = unseen
        self._identifiers: Bounded[tuple[str, str, str | None], _Identifier | str] = Bounded(cache_entries)
        self.edges: Bounded[tuple[int, int, int], Tie] = Bounded(cache_entries)
        self.sightings: Bounded[tuple[int, int], Tie] = Bounded(cache_entries // 2)
        self.vault: Bounded[tuple[int, str, bytes], int] = Bounded(cache_entries // 4)
        self.names: Bounded[tuple[str, str], int] = Bounded(20_000)
        self.devices = Devices(cache_entries)
        self._kinds: dict[str, Kind] = {}
        self.kinds_by_id: dict[int, Kind] = {}
        self._blocked: set[tuple[str, str]] = set()
        self._operator_pos = -1
        self._latest: datetime | None = None

    def forget(self) -> None:
        """Drop every cache: what a rolled-back transaction had written is not there."""
        for cache in (self.edges, self.sightings, self.vault, self.names, self._identifiers):
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

    def link(self, conn: Connection, observed: Observed, at: datetime) -> tuple[Linked, list[Refused]]:
        """Link what was observed. Takes the linker's lock for the rest of the transaction."""
        sql.lock_linker(conn)
        self._refresh(conn)
        linked = Linked()
        fresh, refused = self._sift(conn, observed, at, linked)
        if not fresh:
            return linked, refused
        batch = _Batch(self, conn, at)
        bearings = batch.find_nodes(fresh, linked)
        if not bearings:
            return linked, refused
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

    def _sift(
        self, conn: Connection, observed: Observed, at: datetime, linked: Linked
    ) -> tuple[list[tuple[Observation, list[_Identifier]]], list[Refused]]:
        """What was not seen before, with its identifiers; and what names nobody."""
        hashes = list(observed.seen)
        new = self._unseen(conn, hashes, at.date())
        fresh: list[tuple[Observation, list[_Identifier]]] = []
        refused: list[Refused] = []
        for index in sorted(new):
            observation, raw = observed.seen[hashes[index]]
            identifiers, blocked = self._identify(conn, observation, observed.regions[observation.source_id])
            if identifiers:
                fresh.append((observation, identifiers))
            else:
                refused.append(_no_identifier(observation, blocked, bytes(raw)))
        linked.duplicates = observed.events - len(new)
        linked.rejected = len(refused)
        return fresh, refused

    def _identify(
        self, conn: Connection, observation: Observation, region: str | None
    ) -> tuple[list[_Identifier], list[str]]:
        found: list[_Identifier] = []
        blocked: list[str] = []
        for kind, value in observation.identifiers:
            key = (kind, value, region)
            identifier = self._identifiers[key]
            if identifier is None:
                identifier = self._normalise(conn, kind, value, region)
                self._identifiers[key] = identifier
            if isinstance(identifier, str):
                blocked.append(identifier)
            else:
                found.append(identifier)
        if len(found) > 1:
            found = sorted({identifier.digest: identifier for identifier in found}.values(), key=_rank)
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
        digest = digest_of(self.key, name, normal)
        return _Identifier(kind, digest, normal, (kind.priority, kind.name, digest))


def unlinkable(frame: Incoming, why: str) -> Refused:
    """The dead letter of a frame's one event, which could not be linked."""
    raw = bytes(frame.events[0])
    event = _decode(raw)
    message_id = event.get("messageId") if isinstance(event, dict) else None
    return Refused(
        frame.source_id,
        frame.received_at,
        "linking_failed",
        f"Linking it failed ({why}); the worker's log has the details. Replay it after the fix.",
        str(message_id) if message_id is not None else None,
        raw,
    )


def _no_identifier(observation: Observation, blocked: list[str], raw: bytes) -> Refused:
    reason = "; ".join(blocked) or "the event carries no identifier"
    return Refused(observation.source_id, observation.learnt, "no_identifier", reason, observation.message_id, raw)


@dataclass
class _Said:
    """What the events of one batch say of who is who, in the order it was learnt."""

    pairs: dict[EdgeKey, list[tuple[Tie, Observation]]] = field(default_factory=dict)
    marks: dict[int, list[tuple[Observation, int | None]]] = field(default_factory=dict)
    """Per shared identifier who said what: a login of a holder, or a logout (None)."""
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
        self._devices: dict[int, Device] = {}
        self._evidence: list[sql.EvidenceRow] = []
        self._edges: dict[tuple[int, int, int], Tie] = {}
        self._gone: list[tuple[int, int, int]] = []
        self._bounds: list[tuple[int, datetime, datetime]] = []
        self._refold: set[int] = set()
        self._pid_of_newborn: dict[int, int] = {}
        self._moved: set[int] = set()
        """Profiles of which the members, or something of a member, changed."""

    def _new_ids(self) -> Iterator[int]:
        while True:
            yield from sql.next_ids(self._conn, "node_id", 32)

    # Identifiers to nodes

    def find_nodes(self, observed: list[tuple[Observation, list[_Identifier]]], linked: Linked) -> list[_Bearing]:
        missing = {
            identifier.digest: identifier
            for _, identifiers in observed
            for identifier in identifiers
            if not identifier.nid
        }
        nodes = sql.find_nodes(self._conn, list(missing)) if missing else {}
        bearings: list[_Bearing] = []
        strangers: dict[bytes, datetime] = {}
        for observation, identifiers in self._unstored(observed, nodes, linked):
            for identifier in identifiers:
                if not identifier.nid:
                    nid = nodes.get(identifier.digest)
                    if nid is None:
                        strangers.setdefault(identifier.digest, observation.learnt)
                    else:
                        identifier.nid = nid
            bearings.append(_Bearing(observation, identifiers))
        if strangers:
            self._bear([(missing[digest], learnt) for digest, learnt in strangers.items()], nodes)
            for bearing in bearings:
                for identifier in bearing.found:
                    if not identifier.nid:
                        identifier.nid = nodes[identifier.digest]
        for bearing in bearings:
            bearing.nodes = [identifier.nid for identifier in bearing.found]
            bearing.anchor = bearing.nodes[0]
        if bearings:
            self._learn_when(bearings)
        return bearings

    def _unstored(
        self, observed: list[tuple[Observation, list[_Identifier]]], nodes: Mapping[bytes, int], linked: Linked
    ) -> list[tuple[Observation, list[_Identifier]]]:
        """Without identical retries of what `events.seen` has forgotten: the stored event's own key knows them."""
        horizon = self._at - KEEP_SEEN + timedelta(days=1)
        old: list[int] = []
        keys: list[tuple[int, datetime, bytes]] = []
        for index, (observation, identifiers) in enumerate(observed):
            if observation.happened < horizon:
                anchor = identifiers[0].nid or nodes.get(identifiers[0].digest)
                if anchor is not None:
                    old.append(index)
                    keys.append((anchor, observation.happened, observation.hash))
        if not old:
            return observed
        stored = {old[number] for number in sql.existing_events(self._conn, keys)}
        linked.duplicates += len(stored)
        return [each for index, each in enumerate(observed) if index not in stored]

    def _learn_when(self, bearings: list[_Bearing]) -> None:
        """A node is known since the earliest learnt event that carries it, in whatever order events are linked."""
        first = min(bearing.seen.learnt for bearing in bearings)
        if not self._linker.learnt_late(first) and all(node.learnt <= first for node in self._newborn.values()):
            return
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
            self._moved |= sql.lower_learnt(self._conn, sorted(earlier.items()))

    def _bear(self, strangers: list[tuple[_Identifier, datetime]], nodes: dict[bytes, int]) -> None:
        if not strangers:
            return
        ids = sql.next_ids(self._conn, "node_id", len(strangers))
        vault_ids = sql.next_ids(self._conn, "vault_id", len(strangers))
        for nid, vault_id, (identifier, learnt) in zip(ids, vault_ids, strangers, strict=True):
            nodes[identifier.digest] = nid
            self._newborn[nid] = sql.NewNode(
                nid, identifier.kind.id, identifier.digest, nid, BEGINNING, END, None, None, learnt
            )
            self._values.append(sql.VaultRow(vault_id, nid, "", identifier.digest, _encode(identifier.value)))

    # Evidence

    def gather(self, bearings: list[_Bearing]) -> None:
        """Find what the batch says of who is who, in the order it was learnt."""
        shared = {
            identifier.nid: (identifier.kind, identifier.digest)
            for bearing in bearings
            for identifier in bearing.found
            if identifier.kind.shared
        }
        newborn = set(self._newborn)
        self._devices = self._linker.devices.load(self._conn, shared, newborn)
        said = _Said()
        telling = [bearing for bearing in bearings if len(bearing.nodes) > 1 or bearing.seen.logout]
        telling.sort(key=lambda bearing: bearing.seen.learnt)
        for bearing in telling:
            self._gather_one(bearing, said)
        self._assert_pairs(said.pairs)
        fresh = {base: [_mark(*each) for each in said.marks[base]] for base in said.telling}
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
        for identifier in bearing.found:
            nid, kind = identifier.nid, identifier.kind
            if not kind.shared:
                if nid != anchor:
                    a, b = (anchor, nid) if anchor < nid else (nid, anchor)
                    told = said.pairs.setdefault((a, b, 1 + max(anchor_kind.priority, kind.priority)), [])
                    if not told or tie < told[-1][0] or late:
                        told.append((tie, seen))
                continue
            if anchor_kind.shared:
                if nid != anchor:
                    known = self._linker.sightings[nid, anchor]
                    if known is None or tie < known or late:
                        said.sightings.setdefault(nid, []).append(Sighting(anchor, tie, seen.learnt))
                        self._linker.sightings[nid, anchor] = tie if known is None else min(known, tie)
            else:
                said.marks.setdefault(nid, []).append((seen, anchor))
                if late or not self._devices[nid].knows(anchor, tie):
                    said.telling.add(nid)
            if seen.logout:
                said.marks.setdefault(nid, []).append((seen, None))
                said.telling.add(nid)

    def _assert_pairs(self, pairs: dict[EdgeKey, list[tuple[Tie, Observation]]]) -> None:
        """Write down what was not known: a new pair, or the same at an earlier time. An assertion that was learnt
        before its pair was retracted is kept, but ties nobody.
        """
        cache = self._linker.edges
        unknown = [
            key for key in pairs if cache[key] is None and key[0] not in self._newborn and key[1] not in self._newborn
        ]
        stored = sql.find_edges(self._conn, unknown) if unknown else {}
        retracted: dict[tuple[int, int], datetime] = {}
        if self._linker.retractions_exist:
            retracted = sql.retractions(self._conn, [key[:2] for key in unknown if key not in stored])
        for key, told in pairs.items():
            known = cache[key] or stored.get(key)
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
        moved = self._moved
        moves: list[tuple[int, int]] = []
        for group in free:
            target = min(group)
            for pid in group:
                if pid == target:
                    continue
                if pid in self._newborn:
                    self._pid_of_newborn[pid] = target
                    if target not in self._newborn:
                        moved.add(target)
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
        # A new epoch takes events over that are stored already: of its profile no new event need tell.
        moved |= {self._pid_of_newborn.get(nid, nid) for nid, node in self._newborn.items() if node.base != nid}
        if self._bounds:
            moved |= sql.set_bounds(conn, self._bounds)
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
        first = sql.last_seq(conn) + 1
        sql.insert_vault(conn, self._values)
        sql.copy_events(conn, self._rows(bearings, name_ids, first))
        linked.seq_to = first + len(bearings) - 1
        sql.add_batch(conn, first, linked.seq_to, self._at)
        linked.refold = self._refold
        linked.folds = [
            Folded(
                self._stands(bearing),
                name_ids[seen.type, seen.name],
                seen.channel,
                seen.happened,
                seen.hash,
                seen.learnt,
                seen.source_id,
                seen.body.get("traits"),
                seen.spend,
            )
            for bearing in bearings
            if bearing.anchor not in self._refold
            for seen in (bearing.seen,)
        ]

    def _stands(self, bearing: _Bearing) -> int:
        """The node the event counts for: its anchor, or the epoch of it where the anchor is shared."""
        device = self._devices.get(bearing.anchor)
        return bearing.anchor if device is None else device.nodes[device.at(bearing.seen.happened)]

    @staticmethod
    def _rows(bearings: list[_Bearing], name_ids: Mapping[tuple[str, str], int], seq: int) -> Iterator[bytes]:
        """Lines of COPY, made while the server takes the ones before."""
        learnt_at: datetime | None = None
        learnt = ""
        for number, bearing in enumerate(bearings, seq):
            seen = bearing.seen
            if seen.learnt is not learnt_at:
                learnt_at, learnt = seen.learnt, seen.learnt.isoformat()
            message_id = seen.message_id
            if "\\" in message_id or "\t" in message_id or "\n" in message_id or "\r" in message_id:
                message_id = _escape(message_id)
            body = _encode(seen.body)
            if b"\\" in body:
                body = body.replace(b"\\", b"\\\\")
            head = (
                f"{number}\t{bearing.anchor}\t{seen.happened.isoformat()}\t{seen.hash.hex()}\t{learnt}\t"
                f"{name_ids[seen.type, seen.name]}\t{seen.source_id}\t{seen.channel}\t"
                f"{{{','.join(map(str, bearing.nodes))}}}\t{message_id}\t"
            )
            yield head.encode() + body + b"\n"

    def _seal(self, bearings: list[_Bearing]) -> None:
        """Move personal values out of the bodies into the vault; the same value of one identifier is kept once."""
        cache = self._linker.vault
        key_bytes = self._linker.key
        wanted: dict[tuple[int, str, bytes], tuple[bytes, list[dict[str, int]]]] = {}
        for bearing in bearings:
            anchor = bearing.anchor
            for holder, key in bearing.seen.places:
                encoded = _encode(holder[key])
                digest = hashlib.blake2b(encoded, key=key_bytes, digest_size=16).digest()
                known = cache[anchor, key, digest]
                if known is not None:
                    holder[key] = {REFERENCE: known}
                else:
                    holder[key] = reference = {}
                    wanted.setdefault((anchor, key, digest), (encoded, []))[1].append(reference)
        if not wanted:
            return
        old = [place for place in wanted if place[0] not in self._newborn]
        stored = sql.find_vault(self._conn, old) if old else {}
        missing = [place for place in wanted if place not in stored]
        for place, vault_id in zip(missing, sql.next_ids(self._conn, "vault_id", len(missing)), strict=True):
            stored[place] = vault_id
            self._values.append(sql.VaultRow(vault_id, *place, wanted[place][0]))
        for place, (_, references) in wanted.items():
            cache[place] = stored[place]
            for reference in references:
                reference[REFERENCE] = stored[place]

    def _name_ids(self, bearings: list[_Bearing]) -> dict[tuple[str, str], int]:
        cache = self._linker.names
        found: dict[tuple[str, str], int] = {}
        missing: list[tuple[str, str]] = []
        for key in {(bearing.seen.type, bearing.seen.name) for bearing in bearings}:
            known = cache[key]
            if known is None:
                missing.append(key)
            else:
                found[key] = known
        if missing:
            for key, name_id in sql.add_names(self._conn, sorted(missing)).items():
                cache[key] = name_id
                found[key] = name_id
        return found


def _mark(seen: Observation, holder: int | None) -> Mark:
    return Mark(seen.happened, seen.hash, logout=holder is None, holder=holder, learnt=seen.learnt)


def _escape(text: str) -> str:
    return text.replace("\\", "\\\\").replace("\t", "\\t").replace("\n", "\\n").replace("\r", "\\r")
