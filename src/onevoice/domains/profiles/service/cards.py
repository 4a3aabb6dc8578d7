"""The list of customers and search in it, and keeping its cards in step with the profiles."""

import json
import math
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Literal, NamedTuple

import psycopg
from psycopg import Connection

from onevoice.domains.identity.contracts import CHANNELS
from onevoice.domains.identity.service import reading as identity
from onevoice.domains.profiles.rules import cards as rules
from onevoice.domains.profiles.rules import search as asked
from onevoice.domains.profiles.rules.folds import OURS
from onevoice.domains.profiles.store import cards as store
from onevoice.domains.profiles.store.cards import Sort
from onevoice.kit import cursor
from onevoice.kit.clock import Clock
from onevoice.kit.spelling import MIN_SUBSTRING

CONSUMER = "cards"
COUNTED = 5_000
"""So many matches are counted one by one; of more the answer says that they are more."""

_DEPTH = 40_000
_CANDIDATES = 1_000
_SEARCH_MS = 3_000
_SUGGESTIONS_MS = 1_000
_CLOSE_SHOWN = 3
_CHUNK = 1_000


# Searching


@dataclass(frozen=True)
class Customer:
    """A customer as the list shows one. matches: where each part of the query stands; `match` is the one to show."""

    id: int
    name: str | None
    contact: tuple[str, str] | None
    match: asked.Match | None
    matches: list[asked.Match]
    doors: list[str]
    last_at: datetime
    last_channel: str
    city: str | None
    orders: int
    spent_minor: int
    currency: str | None


@dataclass(frozen=True)
class Suggestion:
    """Another query that finds somebody, or part of this one. kind: "only" a part of it, or a number "close" to its."""

    kind: Literal["only", "close"]
    query: str
    count: int


@dataclass(frozen=True)
class Found:
    """A page. `total` counts all pages; where it is not exact there are more than that."""

    customers: list[Customer]
    next_cursor: str | None
    total: int
    total_is_exact: bool
    people: int
    took_ms: int
    suggestions: list[Suggestion] = field(default_factory=list)


def search(
    conn: Connection,
    query: str,
    *,
    clock: Clock,
    sort: Sort = "last_seen",
    limit: int = 50,
    after: str | None = None,
) -> Found:
    """People in whose names and identifiers all parts of the query stand; everybody, if nothing was asked.

    Raises: InvalidCursorError, rules.search.SlowSearchError.
    """
    began = clock.monotonic()
    place = _place(after, sort)
    parts = asked.parse(query)
    store.bound(conn, milliseconds=_SEARCH_MS)
    try:
        people = store.people(conn)
        rows, total, exact = _page(conn, parts, sort, place, limit + 1, people)
    except psycopg.errors.QueryCanceled as error:
        raise asked.SlowSearchError("The search took too long. Type more of the name or number.") from error
    shown = rows[:limit]
    customers = _customers(conn, shown, parts)
    suggestions = _suggest(conn, parts) if parts and total == 0 else []
    return Found(
        customers,
        _cursor(shown[-1], sort) if len(rows) > limit else None,
        total,
        exact,
        people,
        round((clock.monotonic() - began) * 1000),
        suggestions,
    )


def _page(
    conn: Connection, parts: Sequence[asked.Part], sort: Sort, place: store.After | None, limit: int, people: int
) -> tuple[list[store.Row], int, bool]:
    """Rows, how many there are on all pages, and whether that is exact.

    What few have is found by the index and sorted: `few` rows to look up. What many have is found by going down the
    list, which takes about limit * people / few rows: the same where few * few = limit * people. Where many have it
    but none of those at the top, all of them are sorted after all.
    """
    if not parts:
        return store.scan(conn, [], sort, place, limit, depth=limit), people, True
    wanted = [part.phrases for part in parts]
    few = min(COUNTED, math.isqrt(limit * people))
    hits = store.hits(conn, wanted, sort, place, limit, count=COUNTED, few=few)
    total, exact = min(hits.counted, COUNTED), hits.counted <= COUNTED
    if hits.rows is not None:
        return hits.rows, total, exact
    rows = store.scan(conn, wanted, sort, place, limit, depth=_DEPTH)
    if len(rows) < limit and people > _DEPTH:
        rows = store.hits(conn, wanted, sort, place, limit, count=people, few=people).rows or rows
    return rows, total, exact


def _place(after: str | None, sort: Sort) -> store.After | None:
    if after is None:
        return None
    order, key, pid = cursor.decode(after, str, str, int)
    if order != sort:
        raise cursor.InvalidCursorError("This cursor belongs to another order. Start again without a cursor.")
    if sort == "name":
        return store.After(key, pid)
    try:
        return store.After(datetime.fromisoformat(key).astimezone(UTC), pid)
    except ValueError as error:
        raise cursor.InvalidCursorError("Take the cursor from `next_cursor` of the page before, unchanged.") from error


def _cursor(row: store.Row, sort: Sort) -> str:
    return cursor.encode(sort, row.sort_key if sort == "name" else row.last_at.isoformat(), row.pid)


def _customers(conn: Connection, rows: Sequence[store.Row], parts: Sequence[asked.Part]) -> list[Customer]:
    found = {row.pid: asked.matches(parts, _shown(row)) for row in rows}
    unexplained = [row.pid for row in rows if len(found[row.pid]) < len(parts)]
    if unexplained:
        facts = _facts(conn, unexplained)
        traits = _read_traits(conn, facts, unexplained)
        for pid in unexplained:
            found[pid] = asked.matches(parts, rules.fields(facts.identifiers.get(pid, ()), traits[pid]))
    return [_customer(row, found[row.pid]) for row in rows]


def _shown(row: store.Row) -> list[rules.Field]:
    """The texts that the row itself holds."""
    texts = (("name", row.name), (row.contact_kind, row.contact))
    return [rules.Field(field, text) for field, text in texts if field and text]


def _customer(row: store.Row, matches: list[asked.Match]) -> Customer:
    return Customer(
        row.pid,
        row.name,
        (row.contact_kind, row.contact) if row.contact_kind and row.contact else None,
        asked.best(matches, row.name),
        matches,
        [channel for number, channel in enumerate(CHANNELS) if row.doors >> number & 1],
        row.last_at,
        CHANNELS[row.last_channel],
        row.city,
        row.orders,
        row.spent_minor,
        row.currency,
    )


def _suggest(conn: Connection, parts: Sequence[asked.Part]) -> list[Suggestion]:
    """What to offer when nobody has all of it. Offers that take too long are not made."""
    made: list[Suggestion] = []
    store.bound(conn, milliseconds=_SUGGESTIONS_MS)
    try:
        with conn.transaction():
            if len(parts) > 1:
                made += [Suggestion("only", part.text, _count(conn, [part])) for part in parts]
            for part in parts:
                if len(part.digits) >= asked.CLOSE_DIGITS:
                    made += _close(conn, part, [other for other in parts if other is not part])
    except psycopg.errors.QueryCanceled:
        return made
    return made


def _count(conn: Connection, parts: Sequence[asked.Part]) -> int:
    wanted = [part.phrases for part in parts]
    return min(store.hits(conn, wanted, "last_seen", None, 0, count=COUNTED, few=0).counted, COUNTED)


def _close(conn: Connection, part: asked.Part, others: Sequence[asked.Part]) -> Iterator[Suggestion]:
    """Numbers that differ from the part's in one digit, of people who have all the other parts.

    Looked for among some candidates only: it is an offer, not an answer. One wrong digit leaves half a number right.
    """
    found: dict[str, None] = {}
    for half in asked.halves(part.digits):
        wanted = [other.phrases for other in others]
        if len(half) >= MIN_SUBSTRING:
            wanted.append((half,))
        if wanted:
            found |= dict.fromkeys(store.haystacks(conn, wanted, most=_CANDIDATES))
    close = asked.close_numbers(part, found)
    for digits in sorted(close, key=lambda digits: (-close[digits], digits))[:_CLOSE_SHOWN]:
        number = asked.Part(digits, (digits,), digits)
        text = asked.in_the_form_of(part.text, digits)
        yield Suggestion("close", " ".join([*(other.text for other in others), text]), _count(conn, [*others, number]))


# Keeping cards


class _Facts(NamedTuple):
    """What cards are made of, per profile. Values of traits are JSON as stored, personal ones references."""

    identifiers: Mapping[int, list[rules.Identifier]]
    traits: Mapping[int, list[tuple[str, str]]]
    nodes: list[tuple[int, int]]


def _facts(conn: Connection, pids: Sequence[int]) -> _Facts:
    identifiers: defaultdict[int, list[rules.Identifier]] = defaultdict(list)
    nodes: list[tuple[int, int]] = []
    for pid, member in identity.members_of(conn, pids):
        identifiers[pid].append(rules.Identifier(member.kind, member.value, member.learnt))
        nodes.append((pid, member.nid))
    traits: defaultdict[int, list[tuple[str, str]]] = defaultdict(list)
    for pid, key, value in store.traits_of(conn, nodes, rules.CARD_TRAITS) if nodes else []:
        traits[pid].append((key, value))
    return _Facts(identifiers, traits, nodes)


def _read_traits(conn: Connection, facts: _Facts, pids: Sequence[int]) -> dict[int, dict[str, list[Any]]]:
    """Per profile each trait's values, the winning one first, personal ones filled in."""
    held = [(pid, key, json.loads(value)) for pid in pids for key, value in facts.traits.get(pid, ())]
    traits: dict[int, dict[str, list[Any]]] = {pid: {} for pid in pids}
    for (pid, key, _), value in zip(held, identity.open_values(conn, [each[2] for each in held]), strict=True):
        traits[pid].setdefault(key, []).append(value)
    return traits


def refresh(conn: Connection, pids: Sequence[int]) -> None:
    """Bring the cards of these profiles in step with their identifiers and folds.

    A number that is no profile any more, or has no events, has no card afterwards. Idempotent.
    """
    ordered = sorted(set(pids))
    for start in range(0, len(ordered), _CHUNK):
        _refresh(conn, ordered[start : start + _CHUNK])


def _refresh(conn: Connection, pids: Sequence[int]) -> None:
    facts = _facts(conn, pids)
    alive = _pulses(conn, facts.nodes)
    known = store.made_of(conn, alive)
    made_of = {pid: rules.fingerprint(facts.identifiers[pid], facts.traits.get(pid, ())) for pid in alive}
    changed = [pid for pid in alive if known.get(pid) != made_of[pid]]
    traits = _read_traits(conn, facts, changed)
    cards = [store.CardRow(pid, *rules.build(facts.identifiers[pid], traits[pid]), made_of[pid]) for pid in changed]
    grown = store.put_cards(conn, cards) if cards else 0
    gone = sorted(set(pids) - set(alive))
    grown -= store.drop(conn, gone) if gone else 0
    store.grow(conn, grown)


def _pulses(conn: Connection, nodes: store.Nodes) -> list[int]:
    return store.put_pulses(conn, nodes, identity.name_ids(conn, "track", sorted(OURS))) if nodes else []


class Step(NamedTuple):
    """What one step of the indexer did. moved: whether anything was new. behind: whether more may be waiting."""

    refreshed: int
    moved: bool
    behind: bool


def index(conn: Connection, *, batch: int = 20_000) -> Step:
    """Refresh the cards of profiles that changed since the last step, at most about `batch` events' worth."""
    seq, moved = store.position(conn, CONSUMER)
    found = identity.changed(conn, seq, moved, batch)
    if (found.seq, found.moved) == (seq, moved):
        return Step(0, moved=False, behind=False)
    refresh(conn, sorted(found.told | _quicken(conn, sorted(found.touched))))
    store.move(conn, CONSUMER, found.seq, found.moved)
    return Step(len(found.touched | found.told), moved=True, behind=True)


def _quicken(conn: Connection, pids: Sequence[int]) -> set[int]:
    """Bring the pulses of profiles that only have new events in step; gives those that have no card yet."""
    nodes = identity.nodes_of(conn, pids) if pids else []
    alive = _pulses(conn, nodes)
    return set(alive) - store.made_of(conn, alive).keys()
