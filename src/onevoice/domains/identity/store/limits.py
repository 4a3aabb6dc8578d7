"""SQL of changed limits."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from psycopg import Connection
from psycopg.types.json import Jsonb

from onevoice.domains.identity.contracts import Kind, LimitChange, LimitState
from onevoice.kit import arrays

_CHANGE = (
    "select c.id, k.name, c.per_profile, c.per_profile_weak, c.was_per_profile, c.was_per_profile_weak, c.state,"
    " c.asked_at, c.asked_by, c.applied_at, c.applied_by, c.finished_at, c.total, c.done, c.parted, c.joined, c.before,"
    " c.after, c.examples from identity.limit_change c join identity.kind k on k.id = c.kind"
)


def find(conn: Connection, change_id: int) -> LimitChange | None:
    row = conn.execute(_CHANGE + " where c.id = %s", (change_id,)).fetchone()
    return LimitChange(*row) if row else None


def lock(conn: Connection, change_id: int) -> LimitChange | None:
    row = conn.execute(_CHANGE + " where c.id = %s for update of c", (change_id,)).fetchone()
    return LimitChange(*row) if row else None


def lock_open(conn: Connection, states: Sequence[LimitState]) -> LimitChange | None:
    row = conn.execute(_CHANGE + " where c.state = any(%s) for update of c", (list(states),)).fetchone()
    return LimitChange(*row) if row else None


def page(conn: Connection, before_id: int, limit: int) -> list[LimitChange]:
    """The newest first."""
    rows = conn.execute(_CHANGE + " where c.id < %s order by c.id desc limit %s", (before_id, limit))
    return [LimitChange(*row) for row in rows]


def add(conn: Connection, kind: Kind, per_profile: int, per_profile_weak: int, by: str, at: datetime) -> int | None:
    """None where another change is open."""
    row = conn.execute(
        "insert into identity.limit_change (kind, per_profile, per_profile_weak, was_per_profile, was_per_profile_weak,"
        " state, asked_at, asked_by, total) values (%s, %s, %s, %s, %s, 'looking', %s, %s, 0)"
        " on conflict ((true)) where state in ('looking', 'looked', 'applying') do nothing returning id",
        (kind.id, per_profile, per_profile_weak, kind.per_profile, kind.per_profile_weak, at, by),
    ).fetchone()
    return row[0] if row else None


def sow(conn: Connection, change_id: int, kind: int, fewer_than: int | None, *, contested: bool) -> None:
    """Note the profiles that a change may touch: of `kind` they have `fewer_than` or more; contested: or evidence of
    theirs was refused.
    """
    conn.execute("delete from identity.limit_seed")
    if fewer_than is not None:
        conn.execute(
            "insert into identity.limit_seed select pid from identity.node where kind = %s and base = nid"
            " group by pid having count(*) >= %s",
            (kind, fewer_than),
        )
    if contested:
        conn.execute(
            "insert into identity.limit_seed select distinct pid from identity.node where contested"
            " on conflict do nothing"
        )
    conn.execute(
        "update identity.limit_change set total = (select count(*) from identity.limit_seed), done = 0,"
        " reached = 0 where id = %s",
        (change_id,),
    )


def seeds(conn: Connection, change_id: int, limit: int) -> list[int]:
    """The next ones: what is deleted before them need not be passed over again."""
    rows = conn.execute(
        "select pid from identity.limit_seed where pid > (select reached from identity.limit_change where id = %s)"
        " order by pid limit %s",
        (change_id, limit),
    )
    return [row[0] for row in rows]


def reap(conn: Connection, pids: Sequence[int]) -> int:
    """These were looked at. Returns: how many of them had been noted."""
    return conn.execute(
        "delete from identity.limit_seed where pid = any(%s::bigint[])", (arrays.numbers(pids),)
    ).rowcount


def looked(
    conn: Connection, change_id: int, reached: int, done: int, found: tuple[int, int, int, int], examples: list[Any]
) -> None:
    """reached: the last seed. found: parted, joined, before, after; all of it is added."""
    conn.execute(
        "update identity.limit_change set reached = %s, done = done + %s, parted = parted + %s, joined = joined + %s,"
        " before = before + %s, after = after + %s, examples = examples || %s where id = %s",
        (reached, done, *found, Jsonb(examples), change_id),
    )


def set_state(conn: Connection, change_id: int, state: LimitState, finished_at: datetime | None = None) -> None:
    conn.execute(
        "update identity.limit_change set state = %s, finished_at = coalesce(%s, finished_at) where id = %s",
        (state, finished_at, change_id),
    )


def apply(conn: Connection, change: LimitChange, by: str, at: datetime) -> None:
    conn.execute(
        "update identity.kind set per_profile = %s, per_profile_weak = %s where name = %s",
        (change.per_profile, change.per_profile_weak, change.kind),
    )
    conn.execute(
        "update identity.limit_change set state = 'applying', applied_at = %s, applied_by = %s where id = %s",
        (at, by, change.id),
    )


def kinds_known(conn: Connection, known: datetime) -> list[Kind]:
    """The kinds with the limits of that time."""
    rows = conn.execute(
        "select k.id, k.name, k.priority, coalesce(c.was_per_profile, k.per_profile),"
        " coalesce(c.was_per_profile_weak, k.per_profile_weak), k.shared from identity.kind k left join lateral"
        " (select was_per_profile, was_per_profile_weak from identity.limit_change"
        "  where kind = k.id and applied_at > %s order by applied_at limit 1) c on true",
        (known,),
    )
    return [Kind(*row) for row in rows]
