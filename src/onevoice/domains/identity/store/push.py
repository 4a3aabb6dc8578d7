"""SQL of push tokens: by which token a device is reached, and whose device it is now."""

from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple

from psycopg import Connection

from onevoice.kit import arrays


class Seen(NamedTuple):
    """The device `base` said that it is reached by the token `vault`, at the latest at (happened, hash)."""

    base: int
    digest: bytes
    platform: str
    vault: int
    happened: datetime
    hash: bytes
    learnt: datetime


def upsert(conn: Connection, rows: Sequence[Seen]) -> None:
    """Keep of each device and token when it was said last, and when that was learnt first."""
    conn.execute(
        "insert into identity.push_token as p (base, digest, platform, vault, happened, hash, learnt)"
        " select * from unnest(%s::bigint[], %s::uuid[], %s::text[], %s::bigint[], %s::timestamptz[], %s::uuid[],"
        " %s::timestamptz[])"
        " on conflict (base, digest) do update set learnt = least(p.learnt, excluded.learnt),"
        " platform = case when (excluded.happened, excluded.hash) > (p.happened, p.hash) then excluded.platform"
        " else p.platform end,"
        " happened = case when (excluded.happened, excluded.hash) > (p.happened, p.hash) then excluded.happened"
        " else p.happened end,"
        " hash = case when (excluded.happened, excluded.hash) > (p.happened, p.hash) then excluded.hash"
        " else p.hash end",
        (
            arrays.numbers(row.base for row in rows),
            arrays.hexes(row.digest for row in rows),
            [row.platform for row in rows],
            arrays.numbers(row.vault for row in rows),
            arrays.times(row.happened for row in rows),
            arrays.hexes(row.hash for row in rows),
            arrays.times(row.learnt for row in rows),
        ),
    )


class PushAddress(NamedTuple):
    base: int
    platform: str
    token: str
    learnt: datetime


def addresses(conn: Connection, bases: Sequence[int]) -> list[PushAddress]:
    """The token of each device: the one it named last, unless another device has named the same one since."""
    rows = conn.execute(
        "select d.base, d.platform, v.value #>> '{}', d.learnt from (select distinct on (base) * from"
        " identity.push_token where base = any(%s::bigint[]) order by base, happened desc, hash desc) d"
        " join identity.vault v on v.id = d.vault where not exists (select from identity.push_token o"
        " where o.digest = d.digest and o.base <> d.base and (o.happened, o.hash) > (d.happened, d.hash))"
        " order by d.base",
        (arrays.numbers(bases),),
    )
    return [PushAddress(*row) for row in rows]
