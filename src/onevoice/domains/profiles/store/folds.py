"""SQL of the folds."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, NamedTuple

import msgspec
from psycopg import Connection

from onevoice.domains.identity.contracts import SealedTrait
from onevoice.domains.profiles.contracts import CounterKey, Folds, Span, TraitFold
from onevoice.kit import arrays

_encode = msgspec.json.Encoder().encode


def add(conn: Connection, folds: Folds) -> None:
    """Merge a batch's folds into what is stored, in the order of the keys, so that writers never cross."""
    if folds.counters:
        _add_counters(conn, folds.counters)
    if folds.traits:
        _add_traits(conn, folds.traits)
    if folds.spend:
        _add_spend(conn, folds.spend)


def _add_counters(conn: Connection, counters: Mapping[CounterKey, Span]) -> None:
    keys = sorted(counters)
    spans = [counters[key] for key in keys]
    conn.execute(
        "insert into profiles.counter as c (nid, name_id, channel, n, first_at, last_at)"
        " select * from unnest(%s::bigint[], %s::int[], %s::smallint[], %s::bigint[], %s::timestamptz[],"
        " %s::timestamptz[]) on conflict (nid, name_id, channel) do update set n = c.n + excluded.n,"
        " first_at = least(c.first_at, excluded.first_at), last_at = greatest(c.last_at, excluded.last_at)",
        (
            arrays.numbers(key[0] for key in keys),
            arrays.numbers(key[1] for key in keys),
            arrays.numbers(key[2] for key in keys),
            arrays.numbers(span.n for span in spans),
            *arrays.spans((span.first_at, span.last_at) for span in spans),
        ),
    )


def _add_traits(conn: Connection, traits: Mapping[tuple[int, str], TraitFold]) -> None:
    rows = sorted(traits.items(), key=lambda item: item[0])
    conn.execute(
        "insert into profiles.trait as t (nid, key, happened, priority, hash, learnt, source_id, value)"
        " select * from unnest(%s::bigint[], %s::text[], %s::timestamptz[], %s::smallint[], %s::uuid[],"
        " %s::timestamptz[], %s::int[], %s::jsonb[])"
        " on conflict (nid, key) do update set happened = excluded.happened, priority = excluded.priority,"
        " hash = excluded.hash, learnt = excluded.learnt, source_id = excluded.source_id, value = excluded.value"
        " where (excluded.happened, excluded.priority, excluded.hash) > (t.happened, t.priority, t.hash)",
        (
            arrays.numbers(key[0] for key, _ in rows),
            arrays.texts(key[1] for key, _ in rows),
            arrays.times(trait.rank.happened for _, trait in rows),
            arrays.numbers(trait.rank.priority for _, trait in rows),
            arrays.hexes(trait.rank.hash for _, trait in rows),
            arrays.times(trait.learnt for _, trait in rows),
            arrays.numbers(trait.source_id for _, trait in rows),
            arrays.texts(_encode(trait.value).decode() for _, trait in rows),
        ),
    )


def _add_spend(conn: Connection, spend: Mapping[tuple[int, str], tuple[int, int]]) -> None:
    rows = sorted(spend.items())
    conn.execute(
        "insert into profiles.spend as s (nid, currency, orders, minor)"
        " select * from unnest(%s::bigint[], %s::text[], %s::bigint[], %s::bigint[])"
        " on conflict (nid, currency) do update set orders = s.orders + excluded.orders,"
        " minor = s.minor + excluded.minor",
        (
            [key[0] for key, _ in rows],
            [key[1] for key, _ in rows],
            [value[0] for _, value in rows],
            [value[1] for _, value in rows],
        ),
    )


def clear(conn: Connection, nodes: Sequence[int]) -> None:
    """Forget the folds of `nodes`, before they are computed again."""
    for table in ("counter", "trait", "spend"):
        conn.execute(f"delete from profiles.{table} where nid = any(%s)", (list(nodes),))


def replace_traits(conn: Connection, nodes: Sequence[int], traits: Sequence[SealedTrait]) -> None:
    """Where the event that set a trait still decides it, it has this value now."""
    conn.execute(
        "update profiles.trait t set value = k.value::jsonb"
        " from unnest(%s::uuid[], %s::text[], %s::text[]) k(hash, key, value)"
        " where t.nid = any(%s) and t.key = k.key and t.hash = k.hash",
        (
            arrays.hexes(each.hash for each in traits),
            [each.key for each in traits],
            [_encode(each.value).decode() for each in traits],
            list(nodes),
        ),
    )


class CounterRow(NamedTuple):
    nid: int
    name_id: int
    channel: int
    n: int
    first_at: datetime
    last_at: datetime


class TraitRow(NamedTuple):
    nid: int
    key: str
    happened: datetime
    priority: int
    hash: bytes
    learnt: datetime
    source_id: int
    value: Any


def counters_of(conn: Connection, nodes: Sequence[int]) -> list[CounterRow]:
    rows = conn.execute(
        "select nid, name_id, channel, n, first_at, last_at from profiles.counter where nid = any(%s::bigint[])",
        (arrays.numbers(nodes),),
    )
    return [CounterRow(*row) for row in rows]


def _trait(row: tuple[Any, ...]) -> TraitRow:
    nid, key, happened, priority, digest, learnt, source_id, value = row
    return TraitRow(nid, key, happened, priority, digest.bytes, learnt, source_id, value)


def traits_of(conn: Connection, nodes: Sequence[int]) -> list[TraitRow]:
    rows = conn.execute(
        "select nid, key, happened, priority, hash, learnt, source_id, value from profiles.trait"
        " where nid = any(%s::bigint[])",
        (arrays.numbers(nodes),),
    )
    return [_trait(row) for row in rows]


def spend_of(conn: Connection, nodes: Sequence[int]) -> list[tuple[int, str, int, int]]:
    """(nid, currency, orders, minor)."""
    return conn.execute(
        "select nid, currency, orders, minor from profiles.spend where nid = any(%s::bigint[])",
        (arrays.numbers(nodes),),
    ).fetchall()


def some_traits_of(conn: Connection, nodes: Sequence[int], keys: Sequence[str]) -> list[TraitRow]:
    rows = conn.execute(
        "select nid, key, happened, priority, hash, learnt, source_id, value from profiles.trait"
        " where nid = any(%s) and key = any(%s)",
        (list(nodes), list(keys)),
    )
    return [_trait(row) for row in rows]
