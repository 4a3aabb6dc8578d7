"""One profile, read: traits with their provenance, counters, addresses, as of any pair of times."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, NamedTuple, TypeVar

from psycopg import Connection

from onevoice.domains.identity.contracts import CHANNELS, AsOf, Member, SourceInfo
from onevoice.domains.identity.service import reading as identity
from onevoice.domains.profiles.contracts import TraitFold, TraitRank
from onevoice.domains.profiles.rules.cards import display_name
from onevoice.domains.profiles.rules.folds import OURS
from onevoice.domains.profiles.service.sources import regions
from onevoice.domains.profiles.store import folds as store

ADDRESS_CHANNELS = {
    "email": "email",
    "phone": "sms",
    **{name: name for name in ("telegram", "whatsapp", "viber", "vk", "ok", "max", "instagram", "messenger")},
}


class TraitValue(NamedTuple):
    value: Any
    source: str
    occurred_at: datetime
    received_at: datetime


@dataclass(frozen=True, slots=True)
class Counter:
    count: int
    first_at: datetime
    last_at: datetime


@dataclass
class View:
    """A profile as of a pair of times."""

    id: int
    members: list[Member]
    asked_node: int
    traits: dict[str, list[TraitValue]] = field(default_factory=dict)
    """Per trait the values its nodes hold, the winning one first."""
    counters: dict[str, Counter] = field(default_factory=dict)
    channels: dict[str, Counter] = field(default_factory=dict)
    per_node: dict[int, Counter] = field(default_factory=dict)
    acted: dict[str | int, datetime] = field(default_factory=dict)
    """By channel, and by node, when the person last did something there."""
    spend: dict[str, tuple[int, int]] = field(default_factory=dict)
    """Currency to (orders, minor units)."""
    devices: list[identity.PushAddress] = field(default_factory=list)
    """What reaches the person's apps; now, never as of a time."""

    @property
    def current(self) -> dict[str, TraitValue]:
        """The traits as they stand: a trait that was set to null last is not there."""
        return {name: values[0] for name, values in self.traits.items() if values[0].value is not None}

    @property
    def name(self) -> str | None:
        return display_name({name: value.value for name, value in self.current.items()})

    @property
    def last_seen(self) -> tuple[str, datetime] | None:
        """The channel and the moment of what the person did last; where nothing was, of what was done to them."""
        theirs = [(at, name) for name, at in self.acted.items() if isinstance(name, str)]
        found = theirs or [(counter.last_at, name) for name, counter in self.channels.items()]
        if not found:
            return None
        at, name = max(found)
        return name, at

    @property
    def events(self) -> int:
        return sum(counter.count for counter in self.counters.values())


_Row = TypeVar("_Row")


def find(
    conn: Connection, reference: str, *, vault_key: bytes, as_of: AsOf, sources: Mapping[int, SourceInfo]
) -> identity.Profile:
    """Raises: UnknownProfileError, InvalidReferenceError, AmbiguousReferenceError."""
    return identity.profile(conn, reference, vault_key, as_of, regions(sources))


def view(conn: Connection, reference: str, *, vault_key: bytes, as_of: AsOf, sources: Mapping[int, SourceInfo]) -> View:
    """Raises: as `find`."""
    found = find(conn, reference, vault_key=vault_key, as_of=as_of, sources=sources)
    return view_of(conn, found, as_of=as_of, sources=sources)


def view_of(conn: Connection, found: identity.Profile, *, as_of: AsOf, sources: Mapping[int, SourceInfo]) -> View:
    if as_of.is_now:
        seen = views_now(conn, [found], sources)[0]
        seen.devices = identity.push_addresses(conn, found.members)
        return seen
    counts = identity.counts(conn, found.members, as_of)
    spent = [(nid, currency, 1, minor) for nid, currency, minor in identity.orders(conn, found.members, as_of)]
    names = identity.names(conn, sorted({row[1] for row in counts}))
    traits = _opened(conn, _fold_traits(conn, found.members, as_of, sources))
    return _view(found, counts, names, traits, spent, sources)


def views_now(conn: Connection, found: Sequence[identity.Profile], sources: Mapping[int, SourceInfo]) -> list[View]:
    """The profiles as they stand. A node's folds are read once, in however many profiles it is."""
    nodes = sorted({member.nid for profile in found for member in profile.members})
    counts: defaultdict[int, list[store.CounterRow]] = defaultdict(list)
    for row in store.counters_of(conn, nodes):
        counts[row.nid].append(row)
    names = identity.names(conn, sorted({row.name_id for rows in counts.values() for row in rows}))
    rows = store.traits_of(conn, nodes)
    folds = [
        (row.key, TraitFold(TraitRank(row.happened, row.priority, row.hash), row.learnt, row.source_id, row.value))
        for row in rows
    ]
    traits: defaultdict[int, list[tuple[str, TraitFold]]] = defaultdict(list)
    for row, fold in zip(rows, _opened(conn, folds), strict=True):
        traits[row.nid].append(fold)
    spent: defaultdict[int, list[tuple[int, str, int, int]]] = defaultdict(list)
    for row in store.spend_of(conn, nodes):
        spent[row[0]].append(row)

    def of(profile: identity.Profile, table: Mapping[int, list[_Row]]) -> list[_Row]:
        return [row for member in profile.members for row in table.get(member.nid, ())]

    return [
        _view(profile, of(profile, counts), names, of(profile, traits), of(profile, spent), sources)
        for profile in found
    ]


def _view(
    found: identity.Profile,
    counts: Iterable[tuple[int, int, int, int, datetime, datetime]],
    names: Mapping[int, tuple[str, str]],
    traits: Sequence[tuple[str, TraitFold]],
    spent: Iterable[tuple[int, str, int, int]],
    sources: Mapping[int, SourceInfo],
) -> View:
    seen = View(found.id, found.members, found.asked_node)
    for _, currency, orders, minor in spent:
        had = seen.spend.get(currency, (0, 0))
        seen.spend[currency] = (had[0] + orders, had[1] + minor)
    _count(seen, counts, names)
    seen.traits = _rank_traits(traits, sources)
    return seen


def _count(
    seen: View,
    counts: Iterable[tuple[int, int, int, int, datetime, datetime]],
    names: Mapping[int, tuple[str, str]],
) -> None:
    def add(table: dict[Any, Counter], key: Any, n: int, first: datetime, last: datetime) -> None:
        had = table.get(key)
        table[key] = (
            Counter(n, first, last)
            if had is None
            else Counter(had.count + n, min(had.first_at, first), max(had.last_at, last))
        )

    for nid, name_id, channel, n, first, last in counts:
        kind, name = names[name_id]
        add(seen.counters, name or kind, n, first, last)
        add(seen.channels, CHANNELS[channel], n, first, last)
        add(seen.per_node, nid, n, first, last)
        if name not in OURS:
            for key in (CHANNELS[channel], nid):
                seen.acted[key] = max(seen.acted.get(key, last), last)


def _fold_traits(
    conn: Connection, members: Sequence[Member], as_of: AsOf, sources: Mapping[int, SourceInfo]
) -> list[tuple[str, TraitFold]]:
    """Each node's traits folded from its events, by the rule that folds them live."""
    best: dict[tuple[int, str], TraitFold] = {}
    for event in identity.trait_events(conn, members, as_of):
        source = sources.get(event.source_id)
        rank = TraitRank(event.happened, source.priority if source else 50, event.hash)
        for name, value in event.body["traits"].items():
            known = best.get((event.nid, name))
            if known is None or rank > known.rank:
                best[event.nid, name] = TraitFold(rank, event.learnt, event.source_id, value)
    return [(name, found) for (_, name), found in best.items()]


def _opened(conn: Connection, folded: Sequence[tuple[str, TraitFold]]) -> list[tuple[str, TraitFold]]:
    values = identity.open_values(conn, [fold.value for _, fold in folded])
    return [(name, fold._replace(value=value)) for (name, fold), value in zip(folded, values, strict=True)]


def _rank_traits(
    folded: Sequence[tuple[str, TraitFold]], sources: Mapping[int, SourceInfo]
) -> dict[str, list[TraitValue]]:
    ranked: dict[str, list[TraitValue]] = {}
    for name, found in sorted(folded, key=lambda item: item[1].rank, reverse=True):
        source = sources.get(found.source_id)
        ranked.setdefault(name, []).append(
            TraitValue(
                found.value,
                source.name if source else "unknown",
                found.rank.happened,
                found.learnt,
            )
        )
    return dict(sorted(ranked.items()))


class TraitFact(NamedTuple):
    """One time a trait was set."""

    value: Any
    source: str
    occurred_at: datetime
    received_at: datetime
    identifier: tuple[str, str]
    message_id: str


def trait_history(
    conn: Connection,
    found: identity.Profile,
    name: str,
    *,
    query: identity.TimelineQuery,
    sources: Mapping[int, SourceInfo],
) -> tuple[list[TraitFact], tuple[datetime, bytes] | None]:
    """Every value the trait was given, newest first, a page at a time."""
    events, more = identity.timeline(conn, found.members, query._replace(trait=name))
    members = {member.nid: member for member in found.members}
    facts = [
        TraitFact(
            event.body["traits"][name],
            sources[event.source_id].name if event.source_id in sources else "unknown",
            event.happened,
            event.learnt,
            (members[event.nid].kind, members[event.nid].value),
            event.message_id,
        )
        for event in events
    ]
    return facts, more
