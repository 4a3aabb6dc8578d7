"""Linking: a batch of the log becomes anchored events, evidence and profiles, in the caller's transaction.

Called by the linking job of `profiles`. The stages follow DESIGN: read, drop repeats, find identifiers (both in
`prepare`, ahead), gather evidence, join, store, and hand on what the folds need.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from operator import attrgetter

import msgspec
from psycopg import Connection

from onevoice.domains.events.contracts import KEEP_SEEN, Rejection
from onevoice.domains.identity.contracts import ASSERT, BEGINNING, END, Edge, Folded, Kind, Linked, SourceInfo
from onevoice.domains.identity.rules.epochs import Mark
from onevoice.domains.identity.rules.personal import NONE_DECLARED, Declared
from onevoice.domains.identity.service import opened
from onevoice.domains.identity.service.components import Groups, of_links, resolve, unhindered
from onevoice.domains.identity.service.marks import Sighting, Tie
from onevoice.domains.identity.service.prepare import (
    Identifier,
    Incoming,
    Message,
    Prepared,
    Preparer,
)
from onevoice.domains.identity.service.shared import Changes, Device, Devices, EdgeKey
from onevoice.domains.identity.service.vaulting import Vault
from onevoice.domains.identity.store import imported
from onevoice.domains.identity.store import linking as sql
from onevoice.kit.bounded import Bounded

_encode = msgspec.json.Encoder().encode

Unseen = Callable[[Connection, Sequence[bytes], date], set[int]]
"""Remembers hashes; gives the indices of those that were new."""


class Linker:
    """Holds bounded caches between batches. One linker works at a time; `forget` after every rollback."""

    def __init__(
        self, vault_key: bytes, unseen: Unseen, *, cache_entries: int = 200_000, link_key: bytes | None = None
    ) -> None:
        """link_key: as of `Preparer`."""
        self.vault_key = vault_key
        self._unseen = unseen
        self._preparer = Preparer(vault_key, cache_entries=cache_entries, link_key=link_key)
        self.edges: Bounded[tuple[int, int, int], Tie] = Bounded(cache_entries)
        self.sightings: Bounded[tuple[int, int], Tie] = Bounded(cache_entries // 2)
        self.vault: Bounded[tuple[int, str, bytes], int] = Bounded(cache_entries // 4)
        self.names: Bounded[tuple[str, str], int] = Bounded(20_000)
        self.devices = Devices(cache_entries)
        self.kinds: dict[int, Kind] = {}
        self._operator_pos = -1
        self._latest: datetime | None = None

    def forget(self) -> None:
        """Drop every cache: what a rolled-back transaction had written is not there. What was prepared is worthless."""
        for cache in (self.edges, self.sightings, self.vault, self.names):
            cache.clear()
        self.devices.forget()
        self._preparer.forget()
        self._operator_pos = -1
        self._latest = None

    def prepare(
        self,
        conn: Connection,
        frames: Iterable[Incoming],
        sources: Mapping[int, SourceInfo],
        declared: Declared = NONE_DECLARED,
    ) -> Prepared:
        """What `link` takes. Another thread may do it for the next batch, on another connection, while this one is
        being linked; never two threads at once, nor while the linker forgets.
        """
        return self._preparer.prepare(conn, frames, sources, declared)

    def learnt_late(self, learnt: datetime) -> bool:
        """True where something learnt later may have been linked before: then nothing follows from what is known."""
        return self._latest is None or learnt < self._latest

    @property
    def retractions_exist(self) -> bool:
        return self._operator_pos > 0

    # The batch

    def link(self, conn: Connection, prepared: Prepared, at: datetime) -> tuple[Linked, list[Rejection]]:
        """Link what was prepared. Takes the linker's lock for the rest of the transaction."""
        sql.lock_linker(conn)
        self._refresh(conn)
        linked = Linked()
        again = list(prepared.again)
        fresh, refused = self._sift(conn, prepared, at, linked, again)
        batch = _Batch(self, conn, at)
        messages = batch.find_nodes(fresh, linked) if fresh else []
        if messages:
            batch.gather(messages)
            batch.join()
            batch.store(messages, linked)
            latest = max(message.learnt for message in messages)
            self._latest = latest if self._latest is None else max(latest, self._latest)
            stored = {message.hash for message in messages}
            again += [(message.hash, message.import_id or 0) for message in fresh if message.hash not in stored]
        if again:
            imported.note_again(conn, again)
        return linked, refused

    def _refresh(self, conn: Connection) -> None:
        self.kinds = {kind.id: kind for kind in sql.kinds(conn)}
        pos = sql.last_operator_evidence(conn)
        if pos != self._operator_pos:
            self.edges.clear()
            self.sightings.clear()
            self.devices.forget()
            self._operator_pos = pos

    def _sift(
        self, conn: Connection, prepared: Prepared, at: datetime, linked: Linked, again: list[tuple[bytes, int]]
    ) -> tuple[list[Message], list[Rejection]]:
        """What was not seen before; of it, apart, what names nobody. again: is told what was."""
        messages = list(prepared.messages.values())
        new = self._unseen(conn, list(prepared.messages), at.date())
        fresh: list[Message] = []
        refused: list[Rejection] = []
        for index in sorted(new):
            message = messages[index]
            if message.refused is None:
                fresh.append(message)
            else:
                refused.append(message.refused)
        if len(new) < len(messages):
            again += [(each.hash, each.import_id or 0) for i, each in enumerate(messages) if i not in new]
        linked.duplicates = prepared.events - len(new)
        linked.rejected = len(refused)
        return fresh, refused


@dataclass
class _Said:
    """What the events of one batch say of who is who, in the order it was learnt."""

    pairs: dict[EdgeKey, list[tuple[Tie, Message]]] = field(default_factory=dict)
    marks: dict[int, list[tuple[Message, int | None]]] = field(default_factory=dict)
    """Per shared identifier who said what: a login of a holder, or a logout (None)."""
    telling: set[int] = field(default_factory=set)
    """Shared identifiers of which at least one mark says something new."""
    sightings: dict[int, list[Sighting]] = field(default_factory=dict)
    openings: list[opened.Opening] = field(default_factory=list)
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

    def find_nodes(self, fresh: list[Message], linked: Linked) -> list[Message]:
        """Tell the messages their nodes. Returns: those that were not stored already."""
        missing = {
            identifier.digest: identifier for message in fresh for identifier in message.found if not identifier.nid
        }
        nodes = sql.find_nodes(self._conn, list(missing)) if missing else {}
        messages = self._unstored(fresh, nodes, linked)
        strangers: dict[bytes, datetime] = {}
        for message in messages:
            for identifier in message.found:
                if not identifier.nid:
                    nid = nodes.get(identifier.digest)
                    if nid is None:
                        strangers.setdefault(identifier.digest, message.learnt)
                    else:
                        identifier.nid = nid
        if strangers:
            self._bear([(missing[digest], learnt) for digest, learnt in strangers.items()], nodes)
        for message in messages:
            message.nodes = [identifier.nid or self._tell(identifier, nodes) for identifier in message.found]
            message.anchor = message.nodes[0]
        if messages:
            self._learn_when(messages)
        return messages

    @staticmethod
    def _tell(identifier: Identifier, nodes: Mapping[bytes, int]) -> int:
        identifier.nid = nodes[identifier.digest]
        return identifier.nid

    def _unstored(self, fresh: list[Message], nodes: Mapping[bytes, int], linked: Linked) -> list[Message]:
        """Without identical retries of what `events.seen` has forgotten: the stored event's own key knows them."""
        horizon = self._at - KEEP_SEEN + timedelta(days=1)
        old: list[int] = []
        keys: list[tuple[int, datetime, bytes]] = []
        for index, message in enumerate(fresh):
            if message.happened < horizon:
                anchor = message.found[0].nid or nodes.get(message.found[0].digest)
                if anchor is not None:
                    old.append(index)
                    keys.append((anchor, message.happened, message.hash))
        if not old:
            return fresh
        stored = {old[number] for number in sql.existing_events(self._conn, keys)}
        linked.duplicates += len(stored)
        return [message for index, message in enumerate(fresh) if index not in stored]

    def _learn_when(self, messages: list[Message]) -> None:
        """A node is known since the earliest learnt event that carries it, in whatever order events are linked."""
        first = min(message.learnt for message in messages)
        self._moved |= imported.recall(self._conn, [(nid, m.learnt) for m in messages for nid in m.nodes])
        if not self._linker.learnt_late(first) and all(node.learnt <= first for node in self._newborn.values()):
            return
        earlier: dict[int, datetime] = {}
        for message in messages:
            learnt = message.learnt
            late = self._linker.learnt_late(learnt)
            for nid in message.nodes:
                node = self._newborn.get(nid)
                if node is not None:
                    node.learnt = min(node.learnt, learnt)
                elif late:
                    earlier[nid] = min(learnt, earlier.get(nid, learnt))
        if earlier:
            self._moved |= sql.lower_learnt(self._conn, sorted(earlier.items()))

    def _bear(self, strangers: list[tuple[Identifier, datetime]], nodes: dict[bytes, int]) -> None:
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

    def gather(self, messages: list[Message]) -> None:
        """Find what the batch says of who is who, in the order it was learnt."""
        shared = {
            identifier.nid: (identifier.kind, identifier.digest)
            for message in messages
            for identifier in message.found
            if identifier.kind.shared
        }
        newborn = set(self._newborn)
        self._devices = self._linker.devices.load(self._conn, shared, newborn)
        said = _Said()
        telling = [
            message for message in messages if len(message.nodes) > 1 or message.logout or message.link is not None
        ]
        telling.sort(key=attrgetter("learnt"))
        for message in telling:
            self._gather_one(message, said)
        self._assert_pairs(said.pairs)
        fresh = {base: [_mark(*each) for each in said.marks[base]] for base in said.telling}
        where = opened.record(self._conn, said.openings, self._evidence) if said.openings else set[int]()
        if fresh or said.sightings or where:
            changes = self._linker.devices.apply(
                self._conn,
                self._devices,
                fresh,
                said.sightings,
                where,
                newborn=newborn,
                ids=self._new_ids(),
                learnt=max(message.learnt for message in messages),
                sources=said.sources,
            )
            self._take(changes)

    def _take(self, changes: Changes) -> None:
        self._evidence.extend(changes.evidence)
        self._newborn.update({node.nid: node for node in changes.nodes})
        for nid, lo, hi in changes.bounds:
            node = self._newborn.get(nid)
            if node is not None:
                node.from_at, node.until_at = lo, hi
            else:
                self._bounds.append((nid, lo, hi))
        for edge in changes.edges:
            self._edges[edge.a, edge.b, edge.tier] = (edge.happened, edge.hash)
        self._gone = changes.gone
        self._refold = changes.refold

    def _gather_one(self, message: Message, said: "_Said") -> None:
        anchor = message.anchor
        anchor_kind = message.found[0].kind
        late = self._linker.learnt_late(message.learnt)
        tie = (message.happened, message.hash)
        said.sources[message.hash] = message.source_id
        if message.link is not None:
            said.openings += opened.openings(message)
        for identifier in message.found:
            nid, kind = identifier.nid, identifier.kind
            if not kind.shared:
                if nid != anchor:
                    a, b = (anchor, nid) if anchor < nid else (nid, anchor)
                    told = said.pairs.setdefault((a, b, 1 + max(anchor_kind.priority, kind.priority)), [])
                    if not told or tie < told[-1][0] or late:
                        told.append((tie, message))
                continue
            if anchor_kind.shared:
                if nid != anchor:
                    known = self._linker.sightings[nid, anchor]
                    if known is None or tie < known or late:
                        said.sightings.setdefault(nid, []).append(Sighting(anchor, tie, message.learnt))
                        self._linker.sightings[nid, anchor] = tie if known is None else min(known, tie)
            else:
                said.marks.setdefault(nid, []).append((message, anchor))
                if late or not self._devices[nid].knows(anchor, tie):
                    said.telling.add(nid)
            if message.logout:
                said.marks.setdefault(nid, []).append((message, None))
                said.telling.add(nid)

    def _assert_pairs(self, pairs: dict[EdgeKey, list[tuple[Tie, Message]]]) -> None:
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
        kinds = self._linker.kinds
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
        claimed = {pid_of[end] for key in of_links(self._edges) for end in key[:2]}
        parted |= claimed
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
            seeds |= claimed & inside
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

    def store(self, messages: list[Message], linked: Linked) -> None:
        conn = self._conn
        vault = Vault(conn, self._linker.vault, self._newborn, self._values)
        vault.seal(messages)
        vault.remember_devices(messages, self._linker.vault_key)
        name_ids = self._name_ids(messages)
        first = sql.last_seq(conn) + 1
        sql.insert_vault(conn, self._values)
        sql.copy_events(conn, (message.row(seq, name_ids[message.name]) for seq, message in enumerate(messages, first)))
        linked.seq_to = first + len(messages) - 1
        sql.add_batch(conn, first, linked.seq_to, self._at)
        rows = [(m.import_id, m.anchor, m.happened, m.hash) for m in messages if m.import_id is not None]
        imported.add(conn, rows)
        linked.refold = self._refold
        linked.folds = [
            Folded(
                self._stands(message),
                name_ids[message.name],
                message.channel,
                message.happened,
                message.hash,
                message.learnt,
                message.source_id,
                message.traits,
                message.spend,
            )
            for message in messages
            if message.anchor not in self._refold
        ]

    def _stands(self, message: Message) -> int:
        """The node the event counts for: its anchor, or the epoch of it where the anchor is shared."""
        device = self._devices.get(message.anchor)
        return message.anchor if device is None else device.nodes[device.at(message.happened)]

    def _name_ids(self, messages: list[Message]) -> dict[tuple[str, str], int]:
        cache = self._linker.names
        found: dict[tuple[str, str], int] = {}
        missing: list[tuple[str, str]] = []
        for key in {message.name for message in messages}:
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


def _mark(seen: Message, holder: int | None) -> Mark:
    return Mark(seen.happened, seen.hash, logout=holder is None, holder=holder, learnt=seen.learnt)
