"""SQL of cards and pulses: the list of customers, search in it, and keeping both up to date."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any, Literal, LiteralString, NamedTuple
from uuid import UUID

from psycopg import Connection

from onevoice.kit.text import trigrams

Sort = Literal["last_seen", "name"]
Wanted = Sequence[Sequence[str]]
"""Phrases of a haystack. Of each group one must stand in it, and all groups must be satisfied."""

_GRAM = 3
# A plan kept for later would not know how common what is asked for is.
_PLAN_EACH_TIME = False


class Row(NamedTuple):
    """A customer as the list shows one."""

    pid: int
    name: str | None
    sort_key: str
    contact_kind: str | None
    contact: str | None
    city: str | None
    doors: int
    last_at: datetime
    last_channel: int
    orders: int
    spent_minor: int
    currency: str | None


class Hits(NamedTuple):
    """How many match, at most one more than was asked to count, and a page of them if they were few enough to sort."""

    counted: int
    rows: list[Row] | None


class After(NamedTuple):
    """Where a page begins: behind this row in the list's order."""

    key: datetime | str
    pid: int


_ROW = (
    "p.pid, c.name, c.sort_key, c.contact_kind, c.contact, c.city, p.channels | c.reach, p.last_at,"
    " p.last_channel, p.orders, p.spent_minor, p.currency"
)


class _Order(NamedTuple):
    """An order of the list. `key` and pid decide it; by: on the table itself, again: on what was selected of it."""

    table: LiteralString
    key: LiteralString
    by: LiteralString
    again: LiteralString
    behind: LiteralString


_ORDERS: dict[Sort, _Order] = {
    "last_seen": _Order(
        "profiles.pulse", "last_at", "last_at desc, pid desc", "key desc, pid desc", "(last_at, pid) < (%s, %s)"
    ),
    "name": _Order("profiles.card", "sort_key", "sort_key, pid", "key, pid", "(sort_key, pid) > (%s, %s)"),
}


def bound(conn: Connection, *, milliseconds: int) -> None:
    """For the rest of the transaction: no statement takes longer, and the index is used even where much matches."""
    conn.execute(
        "select set_config('statement_timeout', %s, true), set_config('enable_seqscan', 'off', true)",
        (str(milliseconds),),
    )


def people(conn: Connection) -> int:
    row = conn.execute("select people from profiles.size").fetchone()
    return row[0] if row else 0


def _found_by(wanted: Wanted) -> tuple[LiteralString, list[Any]]:
    """The condition that the index answers: necessary, not sufficient."""
    return _all("c.grams @> %s::int[]", wanted), [_covering(phrase) for phrases in wanted for phrase in phrases]


def _covering(phrase: str) -> list[int]:
    """As few grams as cover every symbol: each costs a walk along its postings, and few find hardly more than all."""
    if len(phrase) <= _GRAM:
        return trigrams(phrase)
    last = len(phrase) - _GRAM
    return [gram for at in sorted({*range(0, last, _GRAM), last}) for gram in trigrams(phrase[at : at + _GRAM])]


def _stands(wanted: Wanted) -> tuple[LiteralString, list[Any]]:
    """The condition itself: each part has a phrase that stands in the haystack."""
    return _all("strpos(c.haystack, %s) > 0", wanted), [phrase for phrases in wanted for phrase in phrases]


def _all(condition: LiteralString, wanted: Wanted) -> LiteralString:
    """The condition for one phrase at least of each group."""
    anyone: list[LiteralString] = [" or ".join(condition for _ in phrases) for phrases in wanted]
    return " and ".join([f"({one})" for one in anyone])


def hits(
    conn: Connection, wanted: Wanted, sort: Sort, after: After | None, limit: int, *, count: int, few: int
) -> Hits:
    """Counts what matches, up to `count` + 1. If it is no more than `few`, sorts all of it and gives the page."""
    order = _ORDERS[sort]
    found_by, grams = _found_by(wanted)
    stands, phrases = _stands(wanted)
    behind = f"and {order.behind}" if after else ""
    rows = conn.execute(
        f"with hits as materialized (select pid from profiles.card c where {found_by} and {stands} limit %s),"
        " counted as materialized (select count(*) as n from hits),"
        f" top as materialized (select pid, {order.key} as key from hits join {order.table} using (pid)"
        f" where (select n from counted) <= %s {behind} order by {order.by} limit %s)"
        f" select n, page.* from counted left join (select {_ROW} from top join profiles.pulse p using (pid)"
        f" join profiles.card c using (pid) order by {order.again}) page on true",
        [*grams, *phrases, count + 1, few, *(after or ()), limit],
        prepare=_PLAN_EACH_TIME,
    ).fetchall()
    counted: int = rows[0][0]
    return Hits(counted, [Row(*row[1:]) for row in rows if row[1] is not None] if counted <= few else None)


def scan(conn: Connection, wanted: Wanted, sort: Sort, after: After | None, limit: int, *, depth: int) -> list[Row]:
    """The page by going down the list in its order, at most `depth` rows: quick where much matches."""
    order = _ORDERS[sort]
    stands, phrases = _stands(wanted)
    behind = f"where {order.behind}" if after else ""
    top = f"select pid, {order.key} as key from {order.table} {behind} order by {order.by} limit %s"
    if wanted:
        top = (
            f"select pid, key from ({top}) walk join profiles.card c using (pid) where {stands}"
            f" order by {order.again} limit %s"
        )
    rows = conn.execute(
        f"with top as materialized ({top}) select {_ROW} from top join profiles.pulse p using (pid)"
        f" join profiles.card c using (pid) order by {order.again}",
        [*(after or ()), depth, *phrases, limit] if wanted else [*(after or ()), limit],
        prepare=_PLAN_EACH_TIME,
    )
    return [Row(*row) for row in rows]


def haystacks(conn: Connection, wanted: Wanted, *, most: int) -> list[str]:
    """The haystacks of what matches, `most` at most."""
    found_by, grams = _found_by(wanted)
    stands, phrases = _stands(wanted)
    rows = conn.execute(
        f"select haystack from profiles.card c where {found_by} and {stands} limit %s",
        [*grams, *phrases, most],
        prepare=_PLAN_EACH_TIME,
    )
    return [row[0] for row in rows]


# Keeping them


class CardRow(NamedTuple):
    """What changes seldom. reach: doors that identifiers open; made_of: stands for the facts it was built from."""

    pid: int
    name: str | None
    sort_key: str
    contact_kind: str | None
    contact: str | None
    city: str | None
    reach: int
    haystack: str
    grams: Sequence[int]
    made_of: UUID


class TraitRow(NamedTuple):
    """A trait of a member; `value` is JSON not yet read, since most of it is only compared."""

    pid: int
    key: str
    value: str


Nodes = Sequence[tuple[int, int]]
"""(pid, nid) of the members of profiles."""

_NODES = "unnest(%s::bigint[], %s::bigint[]) m (pid, nid)"


def _columns(rows: Sequence[Sequence[Any]]) -> list[list[Any]]:
    return [list(column) for column in zip(*rows, strict=True)]


def _array(numbers: Iterable[int]) -> str:
    """Numbers as PostgreSQL reads an array: quicker than the driver's way, and unnest can hold one in each row."""
    return "{" + ",".join(map(str, numbers)) + "}"


def _nodes(nodes: Nodes) -> list[str]:
    return [_array(pid for pid, _ in nodes), _array(nid for _, nid in nodes)]


def put_pulses(conn: Connection, nodes: Nodes, ours: Sequence[int]) -> list[int]:
    """Fold the members' counters and spends into their profiles' pulses: the profiles that have an event.

    ours: names of what a brand does, by which nobody is seen. The currency is the one of most orders, and the amount is
    in it; orders count in all currencies.
    """
    rows = conn.execute(
        f"with m as materialized (select * from {_NODES}),"
        " moved as (select m.pid,"
        " coalesce(max(c.last_at) filter (where c.name_id <> all(%s)), max(c.last_at)) as last_at,"
        " (array_agg(c.channel order by c.name_id = any(%s), c.last_at desc, c.channel))[1] as last_channel,"
        " min(c.first_at) as first_at, sum(c.n)::bigint as events, bit_or(1 << c.channel) as channels"
        " from m join profiles.counter c using (nid) group by m.pid),"
        " by_currency as (select m.pid, s.currency, sum(s.orders)::bigint as orders, sum(s.minor)::bigint as minor"
        " from m join profiles.spend s using (nid) group by m.pid, s.currency),"
        " spent as (select distinct on (pid) pid, currency, minor,"
        " sum(orders) over (partition by pid)::bigint as orders"
        " from by_currency order by pid, by_currency.orders desc, currency),"
        " put as (insert into profiles.pulse as p (pid, last_at, last_channel, first_at, events, channels, orders,"
        " spent_minor, currency) select moved.*, coalesce(spent.orders, 0), coalesce(spent.minor, 0), spent.currency"
        " from moved left join spent using (pid) order by moved.pid"
        " on conflict (pid) do update set last_at = excluded.last_at, last_channel = excluded.last_channel,"
        " first_at = excluded.first_at, events = excluded.events, channels = excluded.channels,"
        " orders = excluded.orders, spent_minor = excluded.spent_minor, currency = excluded.currency"
        " where p is distinct from excluded)"
        " select pid from moved",
        [*_nodes(nodes), list(ours), list(ours)],
    )
    return sorted(row[0] for row in rows)


def traits_of(conn: Connection, nodes: Nodes, keys: Sequence[str]) -> list[TraitRow]:
    """The traits of these names, the winning values first; a value may be a reference into the vault."""
    rows = conn.execute(
        f"select m.pid, t.key, t.value::text from {_NODES} join profiles.trait t using (nid) where t.key = any(%s)"
        " order by m.pid, t.happened desc, t.priority, t.hash desc, t.key",
        [*_nodes(nodes), list(keys)],
    )
    return [TraitRow(*row) for row in rows]


def made_of(conn: Connection, pids: Sequence[int]) -> dict[int, UUID]:
    """Fingerprints of what the cards that exist were made of."""
    return dict(
        conn.execute("select pid, made_of from profiles.card where pid = any(%s::bigint[])", (_array(pids),)).fetchall()
    )


def put_cards(conn: Connection, cards: Sequence[CardRow]) -> int:
    """Insert or replace; how many are new."""
    columns = _columns([(*card[:8], _array(card.grams), card.made_of) for card in cards])
    rows = conn.execute(
        "insert into profiles.card as c (pid, name, sort_key, contact_kind, contact, city, reach, haystack, grams,"
        " made_of) select pid, name, sort_key, contact_kind, contact, city, reach, haystack, grams::int[], made_of"
        " from unnest(%s::bigint[], %s::text[], %s::text[], %s::text[], %s::text[], %s::text[], %s::int[], %s::text[],"
        " %s::text[], %s::uuid[]) s (pid, name, sort_key, contact_kind, contact, city, reach, haystack, grams, made_of)"
        " on conflict (pid) do update set name = excluded.name, sort_key = excluded.sort_key,"
        " contact_kind = excluded.contact_kind, contact = excluded.contact, city = excluded.city,"
        " reach = excluded.reach, haystack = excluded.haystack, grams = excluded.grams, made_of = excluded.made_of"
        " returning xmax = 0",
        columns,
    )
    return sum(row[0] for row in rows)


def drop(conn: Connection, pids: Sequence[int]) -> int:
    """How many cards there were to drop."""
    conn.execute("delete from profiles.pulse where pid = any(%s::bigint[])", (_array(pids),))
    return conn.execute("delete from profiles.card where pid = any(%s::bigint[])", (_array(pids),)).rowcount


def grow(conn: Connection, by: int) -> None:
    if by:
        conn.execute("update profiles.size set people = people + %s", (by,))


def position(conn: Connection, consumer: str) -> tuple[int, int]:
    """(seq, moved) as far as the consumer has come, held until the transaction ends."""
    conn.execute("insert into profiles.position values (%s, 0, 0) on conflict do nothing", (consumer,))
    row = conn.execute(
        "select seq, moved from profiles.position where consumer = %s for update", (consumer,)
    ).fetchone()
    return row or (0, 0)


def move(conn: Connection, consumer: str, seq: int, moved: int) -> None:
    conn.execute("update profiles.position set seq = %s, moved = %s where consumer = %s", (seq, moved, consumer))
