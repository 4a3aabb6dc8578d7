"""The reading door of identity: whose identifier this is, what belongs to a profile, what ties it, what happened."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from operator import itemgetter
from typing import Any, NamedTuple

from psycopg import Connection

from onevoice.domains.identity.contracts import (
    BEGINNING,
    CHANNEL_NUMBER,
    CHANNELS,
    END,
    LINK_TIER,
    OPERATOR_TIER,
    SAME_TIER,
    WEAK_SIGHTING_TIER,
    AsOf,
    Edge,
    Folded,
    Kind,
    Member,
    Node,
    StoredEvent,
)
from onevoice.domains.identity.errors import UnknownActionError, UnknownProfileError
from onevoice.domains.identity.rules import personal
from onevoice.domains.identity.rules.epochs import Epoch, epoch_of
from onevoice.domains.identity.rules.observe import SPEND_EVENT, epoch_digest, order_total
from onevoice.domains.identity.rules.partition import partition
from onevoice.domains.identity.rules.replay import EpochRef, replay
from onevoice.domains.identity.service import references
from onevoice.domains.identity.store import imported, limits, linking, operating, push, reading
from onevoice.domains.identity.store.reading import TimelineQuery

CHANNELS_BY_NUMBER = CHANNELS
PushAddress = push.PushAddress


@dataclass(frozen=True)
class Profile:
    """A profile as of a pair of times: its id then, and the nodes that were its."""

    id: int
    members: list[Member]
    asked_node: int
    """The node that the reference named."""
    used: list[Edge] | None = None
    refused: list[tuple[Edge, str]] | None = None
    cannot: list[tuple[int, int, int, datetime]] | None = None
    """What joined, what was refused and who was kept apart, where the partition was computed anew for a past time."""


def profile(conn: Connection, reference: str, vault_key: bytes, as_of: AsOf, regions: Sequence[str] = ()) -> Profile:
    """The profile that a reference names, as of the pair of times. regions: where a national phone number may be from.

    Raises: UnknownProfileError, InvalidReferenceError, AmbiguousReferenceError.
    """
    if as_of.learnt is None:
        nid, pid = references.locate(conn, reference, vault_key, regions)
        return Profile(pid, [member for _, member in reading.members(conn, [pid])], nid)
    kind, value = references.parse_reference(reference)
    known: dict[str, Profile] = {}
    for named in references.candidates(conn, reference, vault_key, regions):
        nid = int(value) if kind == "profile" else named.nid  # then an epoch may have stood that has vanished since
        then = _as_known(conn, nid, as_of.learnt, latest=kind != "profile")
        if then is not None:
            known[named.form] = then
    if not known:
        raise UnknownProfileError("Nobody was known by this identifier at that time.")
    references.require_one_profile(reference, {form: found.id for form, found in known.items()})
    return next(iter(known.values()))


def _as_known(conn: Connection, nid: int, learnt: datetime, *, latest: bool) -> Profile | None:
    """The partition from the evidence learnt by then, computed anew for what hangs together with the node.

    latest: of a shared identifier its last epoch is meant. None where the identifier was not known yet.
    """
    kinds = {kind.id: kind for kind in limits.kinds_known(conn, learnt)}
    start = reading.nodes(conn, [nid])
    base = next(row.base for row in start if row.nid == nid)
    ledger = reading.evidence_reached(conn, base, learnt)
    found = replay(ledger)
    mentioned = {base} | {row.a for row in ledger} | {row.b for row in ledger if row.b is not None}
    rows = {row.nid: row for row in reading.nodes(conn, sorted(mentioned))}
    known = imported.known_then(conn, list(rows), learnt)
    if base not in known:
        return None
    places = _Places(rows, found.epochs, kinds)
    nodes: dict[int, Node] = {}
    bounds: dict[int, tuple[datetime, datetime]] = {}
    for nid_, row in rows.items():
        if row.base == nid_:  # also one that is known no more: what was said by hand or by a link ties through it
            state = found.epochs.get(nid_, [Epoch(BEGINNING, None, None, None)])
            for index, epoch in enumerate(state):
                node = places.node(EpochRef(nid_, epoch.key))
                kind = kinds[row.kind]
                order = (kind.name, row.digest, epoch.start, *(epoch.key[1:] if epoch.key else (b"", False)))
                nodes[node] = Node(kind, order, counts=epoch.key is None)
                bounds[node] = (epoch.start, state[index + 1].start if index + 1 < len(state) else END)
    edges = [Edge(tier, *tie, places.now(a), places.now(b)) for (a, b, tier), tie in found.pairs.items()]
    edges += [
        Edge(tier, *tie, places.node(ref), places.now(holder)) for (ref, holder), (tier, tie) in found.logins.items()
    ]
    edges += [Edge(WEAK_SIGHTING_TIER, *tie, weak, places.node(ref)) for (weak, ref), tie in found.weak.items()]
    edges += [Edge(LINK_TIER, *tie, places.node(ref), places.now(to)) for (ref, to), tie in found.opened.items()]
    known_edges = [edge for edge in edges if edge.a in nodes and edge.b in nodes]
    walls = [(places.now(a), places.now(b), act, at) for (a, b), (act, at) in found.cannot.items()]
    result = partition(nodes, known_edges, [wall[:2] for wall in walls])
    state = found.epochs.get(base)
    asked = places.node(EpochRef(base, state[-1].key)) if latest and state else places.now(nid)
    root = result.root_of[asked]
    inside = [node for node, parent in result.root_of.items() if parent == root]
    members = {member.nid: member for member in reading.members_by_nid(conn, inside)}
    sides = {wall: {result.root_of.get(end) for end in wall[:2]} for wall in walls}
    around = sorted((wall for wall in walls if root in sides[wall] and len(sides[wall]) == 2), key=itemgetter(3))
    return Profile(
        root,
        [
            member._replace(
                from_at=bounds[member.nid][0],
                until_at=bounds[member.nid][1],
                learnt=known.get(member.nid, member.learnt),
            )
            for member in members.values()
            if member.base in known
        ],
        asked,
        result.used,
        result.refused,
        around,
    )


class _Places:
    """Epochs to node ids, for a state of the ledger that may lie in the past."""

    def __init__(
        self, rows: Mapping[int, reading.NodeRow], epochs: Mapping[int, list[Epoch]], kinds: Mapping[int, Kind]
    ) -> None:
        self._rows = rows
        self._epochs = epochs
        self._kinds = kinds
        self._by_digest = {row.digest: row.nid for row in rows.values()}

    def node(self, ref: EpochRef) -> int:
        if ref.key is None:
            return ref.base
        return self._by_digest[epoch_digest(self._rows[ref.base].digest, ref.key)]

    def now(self, nid: int) -> int:
        """Where a node named in the ledger stands: an epoch goes over to the one that holds its beginning."""
        row = self._rows.get(nid)
        if row is None or row.base == nid:
            return nid
        if row.base not in self._epochs:
            return row.base  # as known then, nobody had logged in or out yet
        state = self._epochs[row.base]
        key = (row.from_at, row.mark or b"", bool(row.logout))
        return self.node(EpochRef(row.base, state[epoch_of(state, key)].key))


# Events


def timeline(
    conn: Connection, members: Sequence[Member], query: TimelineQuery
) -> tuple[list[StoredEvent], tuple[datetime, bytes] | None]:
    """One page, newest first, with personal values filled in, and where the next page begins."""
    rows = reading.timeline(conn, members, query._replace(limit=query.limit + 1))
    page = reveal(conn, rows[: query.limit])
    more = (page[-1].happened, page[-1].hash) if len(rows) > query.limit else None
    return page, more


def reveal(conn: Connection, events: Sequence[StoredEvent]) -> list[StoredEvent]:
    """The events with references into the vault replaced by the values they stand for; erased ones become null."""
    bodies = open_values(conn, [event.body for event in events])
    return [event._replace(body=body) for event, body in zip(events, bodies, strict=True)]


def open_values(conn: Connection, stored: Sequence[Any]) -> list[Any]:
    """Stored JSON values with the personal ones filled in from the vault; erased ones become null."""
    wanted: set[int] = set()
    for value in stored:
        if isinstance(value, dict | list):
            wanted |= personal.references(value)
    values = reading.vault_values(conn, sorted(wanted)) if wanted else {}
    return [personal.fill(value, values) for value in stored]


def refolds(conn: Connection, bases: Sequence[int]) -> Iterator[Folded]:
    """Every event of shared identifiers as it folds now that their epochs have changed."""
    for row in reading.events_of_bases(conn, bases):
        body = row.body
        properties = body.get("properties", {})
        yield Folded(
            row.nid,
            row.name_id,
            row.channel,
            row.happened,
            row.hash.bytes,
            row.learnt,
            row.source_id,
            body.get("traits"),
            order_total(properties) if row.name == SPEND_EVENT else None,
        )


def epochs_of(conn: Connection, bases: Sequence[int]) -> list[int]:
    """All nodes of shared identifiers: their bases and epochs."""
    return sorted({*bases, *(node.nid for node in linking.epoch_nodes(conn, bases))})


# For those who keep something per profile


def members_of(conn: Connection, pids: Sequence[int]) -> list[tuple[int, Member]]:
    return reading.members(conn, pids)


class Changed(NamedTuple):
    """Profiles that have changed, and how far that reaches in events and in changes of membership.

    touched: they have a new event, and nothing else can have changed. told: their members, or their traits, may have.
    """

    touched: set[int]
    told: set[int]
    seq: int
    moved: int


def changed(conn: Connection, after_seq: int, after_moved: int, limit: int) -> Changed:
    """What events after `after_seq` and changes of membership after `after_moved` came to; at most `limit` of each."""
    by_event, seq = reading.changed_pids(conn, after_seq, limit)
    by_move, moved = reading.moved_pids(conn, after_moved, limit)
    told = by_move | {pid for pid, telling in by_event.items() if telling}
    return Changed(by_event.keys() - told, told, seq, moved)


def push_addresses(conn: Connection, members: Sequence[Member]) -> list[push.PushAddress]:
    """By which tokens the devices among `members` are reached now. A device is its last holder's: after a logout it is
    nobody's, until somebody logs in.
    """
    held = [member.base for member in members if member.kind in {"device", "anonymous_id"} and member.until_at == END]
    return push.addresses(conn, held) if held else []


def nodes_of(conn: Connection, pids: Sequence[int]) -> list[tuple[int, int]]:
    """(pid, nid) of the members of profiles."""
    return reading.nodes_of(conn, pids)


def addresses(conn: Connection, pids: Sequence[int], kinds: Sequence[str]) -> list[reading.AddressRow]:
    """By which of these kinds of identifiers profiles can be written to, the one learnt last first. No values."""
    return reading.addresses(conn, pids, kinds)


def values_of(conn: Connection, nodes: Sequence[int]) -> dict[int, str]:
    """What identifiers stand for, opened for whoever writes to them; erased ones are not there."""
    return reading.values_of(conn, nodes)


def pids_of(conn: Connection, nodes: Sequence[int]) -> dict[int, int]:
    """Whose identifiers these are now."""
    return linking.pids_of(conn, nodes)


class Identifier(NamedTuple):
    """A node by the name of its kind, whether anything is still told of it or not."""

    pid: int
    nid: int
    kind: str


def identifiers_of(conn: Connection, pids: Sequence[int]) -> list[Identifier]:
    """All that ever was of these profiles: also epochs that vanished and identifiers that an undone import had named.

    For what was said through an identifier, and must not be forgotten with it.
    """
    return [Identifier(*row) for row in reading.identifiers(conn, pids=pids)]


def identifiers_by_nid(conn: Connection, nodes: Sequence[int]) -> dict[int, Identifier]:
    """The same, by node."""
    return {row[1]: Identifier(*row) for row in reading.identifiers(conn, nodes=nodes)}


def name_ids(conn: Connection, kind: str, names: Sequence[str]) -> list[int]:
    """The ids of those events, of one type, that ever came."""
    return reading.name_ids(conn, kind, names)


def names(conn: Connection, ids: Sequence[int]) -> dict[int, tuple[str, str]]:
    """Name id to (type, name)."""
    return reading.names(conn, ids)


def kinds(conn: Connection) -> dict[str, Kind]:
    return {kind.name: kind for kind in linking.kinds(conn)}


def counts(
    conn: Connection, members: Sequence[Member], as_of: AsOf
) -> list[tuple[int, int, int, int, datetime, datetime]]:
    """(member, name_id, channel, n, first, last), folded from the events as of the pair of times."""
    return reading.counts(conn, members, as_of)


def days(conn: Connection, members: Sequence[Member], as_of: AsOf, zone: str) -> list[tuple[int, str, int, int]]:
    """(member, day, channel number, n)."""
    return reading.days(conn, members, as_of, zone)


def trait_events(conn: Connection, members: Sequence[Member], as_of: AsOf) -> Iterator[StoredEvent]:
    return reading.trait_events(conn, members, as_of)


def orders(conn: Connection, members: Sequence[Member], as_of: AsOf) -> Iterator[tuple[int, str, int]]:
    """(member, currency, minor units) of every order, by the rule by which orders fold, as of the pair of times."""
    for nid, properties in reading.properties_of(conn, members, as_of, SPEND_EVENT):
        total = order_total(properties)
        if total is not None:
            yield nid, *total


def newest(
    conn: Connection, *, before_seq: int, from_seq: int, channels: Sequence[str] = (), limit: int
) -> list[StoredEvent]:
    """The latest linked events of everybody with `from_seq` <= seq < `before_seq`, newest first."""
    numbers = [CHANNEL_NUMBER[name] for name in channels if name in CHANNEL_NUMBER]
    return reading.newest(conn, before_seq=before_seq, from_seq=from_seq, channels=numbers, limit=limit)


def since(conn: Connection, after_seq: int, limit: int) -> list[StoredEvent]:
    """Events after `after_seq`, oldest first; of more than `limit` the newest."""
    return reading.since(conn, after_seq, limit)


def events_of(
    conn: Connection, after: int, upto: int, sources: Sequence[int], names: Sequence[str]
) -> list[reading.SourceEvent]:
    """Events of these names from these sources, linked after `after` and not after `upto`, in that order."""
    return reading.events_of(conn, after, upto, sources, names)


def named(
    conn: Connection, after: int, upto: int, sources: Sequence[int], names: Sequence[str], limit: int
) -> list[StoredEvent]:
    """The same, whole, at most `limit`; personal values stay references."""
    return reading.named(conn, after, upto, sources, names, limit)


def by_seq(conn: Connection, seqs: Sequence[int]) -> dict[int, StoredEvent]:
    """Events by their number, with personal values; without those that an undone import had told."""
    return {each.seq: each for each in reveal(conn, reading.by_seq(conn, seqs))} if seqs else {}


def owners_of(conn: Connection, anchors: Sequence[tuple[int, datetime]]) -> list[tuple[int, int]]:
    """(member nid, pid) of what is anchored as events are: to an identifier and a time."""
    return reading.owners(conn, anchors) if anchors else []


def owners(conn: Connection, events: Sequence[StoredEvent]) -> list[tuple[int, int]]:
    """(member nid, pid) of each event as `newest` and `since` give them."""
    return reading.owners(conn, [(event.nid, event.happened) for event in events])


def members_by_nid(conn: Connection, nodes: Sequence[int]) -> dict[int, Member]:
    return {member.nid: member for member in reading.members_by_nid(conn, nodes)}


def per_second(conn: Connection, since_at: datetime) -> list[tuple[datetime, str, int]]:
    rows = reading.per_second(conn, since_at, reading.seq_at(conn, since_at))
    return [(second, CHANNELS[channel], n) for second, channel, n in rows]


def last_seq(conn: Connection) -> int:
    """Events are numbered one after the other as they are linked."""
    return linking.last_seq(conn)


def first_seq(conn: Connection) -> int | None:
    """Of the oldest event that is kept; None while there is none."""
    return reading.first_seq(conn)


def last_moved(conn: Connection) -> int:
    return reading.last_moved(conn)


def moved_since(conn: Connection, after: int, limit: int) -> tuple[set[int], int]:
    """Profiles whose members changed since, and how far that reaches."""
    return reading.moved_pids(conn, after, limit)


# The ledger


class Tie(NamedTuple):
    """One piece of evidence that counts: it joins two nodes, or would, had it not been refused."""

    edge: Edge
    refused: str | None
    """None where it joins; else `cannot_link`, `named` or `limit:<kind>`."""
    type: str | None
    name: str | None
    source_id: int | None
    message_id: str | None
    learnt: datetime
    action: int | None
    """The merge by hand it comes from; of several that say the same, the oldest that stands."""


@dataclass(frozen=True)
class Ledger:
    """What ties a profile's members, oldest first; what was refused; what was done by hand; who is kept apart."""

    ties: list[Tie]
    actions: list[operating.ActionRow]
    cannot: list[tuple[int, int, int, datetime]]
    others: dict[int, Member]
    """Nodes outside the profile that the ledger names."""


def ledger(conn: Connection, found: Profile, as_of: AsOf) -> Ledger:
    nids = {member.nid for member in found.members}
    if found.used is None:
        nodes, edges = linking.raw_component(conn, sorted(nids))
        kinds_by_id = {kind.id: kind for kind in linking.kinds(conn)}
        parts = partition(
            {nid: row.node(kinds_by_id) for nid, row in nodes.items()}, edges, linking.cannot_among(conn, list(nodes))
        )
        used, refused = parts.used, parts.refused
    else:
        used, refused = found.used, found.refused or []
    chosen = [(edge, None) for edge in used if edge.a in nids and edge.tier != SAME_TIER]
    chosen += [(edge, why) for edge, why in refused if edge.a in nids or edge.b in nids][:200]
    bases = {member.nid: member.base for member in found.members}
    keys = [(bases.get(end, end), edge.happened, edge.hash) for edge, _ in chosen for end in (edge.a, edge.b)]
    behind = reading.events_behind(conn, keys)
    known = as_of.learnt or END
    merges = _merges_behind(conn, [edge for edge, _ in chosen if edge.tier == OPERATOR_TIER], known)
    ties: list[Tie] = []
    for edge, why in sorted(chosen, key=lambda item: item[0].happened):
        event = behind.get((edge.happened, edge.hash))
        kind, name, source_id, message_id, learnt = event or (None, None, None, None, edge.happened)
        ties.append(Tie(edge, why, kind, name, source_id, message_id, learnt, merges.get((edge.happened, edge.hash))))
    cannot = operating.cannot_of(conn, sorted(nids)) if found.cannot is None else found.cannot
    told = {tie.action for tie in ties if tie.action is not None} | {act for _, _, act, _ in cannot}
    actions = _actions_as_known(conn, sorted({*nids, *bases.values()}), told, known)
    named = {end for edge, _ in chosen for end in (edge.a, edge.b)} | {end for row in cannot for end in row[:2]}
    named |= {end for action in actions for end in (action.a, action.b)}
    return Ledger(ties, actions, cannot, members_by_nid(conn, sorted(named - nids)))


def _merges_behind(conn: Connection, edges: Sequence[Edge], known: datetime) -> dict[tuple[datetime, bytes], int]:
    """(happened, hash) of edges made by hand to the merge they come from."""
    said = operating.standing(conn, [(edge.a, edge.b) for edge in edges], known)
    return {(one.happened, one.hash): one.action for one in said}


def _actions_as_known(
    conn: Connection, nodes: Sequence[int], told: set[int], known: datetime
) -> list[operating.ActionRow]:
    """What was done by hand to `nodes`, and the actions `told` of besides, newest first, as it was known then."""
    found = {row.id: row for row in [*operating.actions_of(conn, nodes), *operating.actions(conn, sorted(told))]}
    return [
        row if row.undone_at is None or row.undone_at <= known else row._replace(undone_at=None, undone_by=None)
        for _, row in sorted(found.items(), reverse=True)
        if row.at <= known
    ]


def action_of(conn: Connection, action_id: int) -> operating.ActionRow:
    """Raises: UnknownActionError."""
    found = operating.action(conn, action_id)
    if found is None:
        raise UnknownActionError(f"There is no merge {action_id}. The ledger on the person's page lists them.")
    return found
