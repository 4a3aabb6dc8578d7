"""Limits of kinds: what another limit would do, looked at first; then the change itself.

A look reads the profiles that a change may touch, some at a time, and works out their parts with the present limits and
with the wanted ones. Nothing is changed by it. From the moment a change is applied what is linked follows it; the
profiles that stand are worked out again, some at a time, under the linker's lock. Both are done by a job of `profiles`
and go on where they were after a crash. What was known before is told with the limits of before.
"""

from collections.abc import Mapping
from datetime import datetime

from psycopg import Connection

from onevoice.domains.identity.contracts import Kind, LimitChange, Member
from onevoice.domains.identity.errors import (
    InvalidLimitsError,
    LimitChangeNotReadyError,
    LimitChangeOpenError,
    UnknownLimitChangeError,
)
from onevoice.domains.identity.rules import limits as rules
from onevoice.domains.identity.rules.partition import partition
from onevoice.domains.identity.service.components import resolve
from onevoice.domains.identity.service.operate import operator_moment
from onevoice.domains.identity.store import limits as store
from onevoice.domains.identity.store import linking as sql
from onevoice.domains.identity.store import reading

AT_ONCE = 100
"""Profiles a step."""
MAX_EXAMPLES = 20
MAX_SHOWN = 8
"""Parts of an example, and members of a part: the rest are counted."""


def ask(
    conn: Connection, kind: str, per_profile: int, per_profile_weak: int, *, actor: str, now: datetime
) -> LimitChange:
    """Begin to look at what such limits would do. Raises: InvalidLimitsError, LimitChangeOpenError."""
    found = {each.name: each for each in sql.kinds(conn)}.get(kind)
    if found is None:
        raise InvalidLimitsError(f"There is no kind {kind[:80]!r}.")
    if not 1 <= per_profile_weak <= per_profile <= rules.MAX_LIMIT:
        raise InvalidLimitsError(
            f"A limit is a number from 1 to {rules.MAX_LIMIT:,}, and no larger where the tie is weak."
        )
    if (per_profile, per_profile_weak) == (found.per_profile, found.per_profile_weak):
        raise InvalidLimitsError("These are the limits that hold now.")
    change_id = store.add(conn, found, per_profile, per_profile_weak, actor, now)
    if change_id is None:
        raise LimitChangeOpenError("Another change of limits is open. Apply it or drop it first.")
    _sow(conn, find(conn, change_id), found)
    return find(conn, change_id)


def find(conn: Connection, change_id: int) -> LimitChange:
    """Raises: UnknownLimitChangeError."""
    return _there(store.find(conn, change_id))


def page(conn: Connection, *, before_id: int, limit: int) -> list[LimitChange]:
    """The newest first."""
    return store.page(conn, before_id, limit)


def apply(conn: Connection, change_id: int, *, actor: str, now: datetime) -> LimitChange:
    """Make the limits hold. Takes the linker's lock. Raises: UnknownLimitChangeError, LimitChangeNotReadyError."""
    change = _there(store.lock(conn, change_id))  # before the linker's lock, as `step` does
    if change.state != "looked":
        raise LimitChangeNotReadyError(_NOT_READY[change.state])
    sql.lock_linker(conn)
    kind = next(each for each in sql.kinds(conn) if each.name == change.kind)
    store.apply(conn, change, actor, operator_moment(conn, now))
    _sow(conn, change, kind)
    return find(conn, change_id)


def drop(conn: Connection, change_id: int) -> None:
    """Leave the limits as they are. Raises: UnknownLimitChangeError, LimitChangeNotReadyError."""
    change = _there(store.lock(conn, change_id))
    if change.state not in {"looking", "looked"}:
        raise LimitChangeNotReadyError(_NOT_READY[change.state])
    store.set_state(conn, change_id, "dropped")


def step(conn: Connection, at: datetime) -> bool:
    """Go on with the open change. Where it is being applied it takes the linker's lock. Returns: whether there was one
    to go on with.
    """
    open_one = store.lock_open(conn, ["looking", "applying"])
    if open_one is None:
        return False
    if open_one.state == "looking":
        _look(conn, open_one)
    else:
        _settle(conn, open_one, at)
    return True


def members_of(conn: Connection, changes: list[LimitChange]) -> dict[int, Member]:
    """The identifiers that the examples of changes name."""
    named = {
        nid
        for change in changes
        for example in change.examples
        for side in (example["before"], example["after"])
        for part in side["parts"]
        for nid in part["members"]
    }
    return {member.nid: member for member in reading.members_by_nid(conn, sorted(named))} if named else {}


_NOT_READY = {
    "looking": "What the change would do is still being looked at. Wait until that is done.",
    "looked": "The change is not applied yet.",
    "applying": "The change is being applied.",
    "applied": "The change was applied already. To go back, ask for the limits of before.",
    "dropped": "The change was dropped. Ask for it again.",
}


def _there(change: LimitChange | None) -> LimitChange:
    if change is None:
        raise UnknownLimitChangeError("There is no such change of limits.")
    return change


def _sow(conn: Connection, change: LimitChange, kind: Kind) -> None:
    """Which profiles such a change may touch. A smaller limit parts none that has no more than it, for all that its
    edges had brought together is in it. A larger one can only let in what was refused.
    """
    now = (kind.per_profile, kind.per_profile_weak)
    wanted = (change.per_profile, change.per_profile_weak)
    smaller = [new for old, new in zip(now, wanted, strict=True) if new < old]
    larger = any(new > old for old, new in zip(now, wanted, strict=True))
    store.sow(conn, change.id, kind.id, min(smaller) + 1 if smaller else None, contested=larger)


def _look(conn: Connection, change: LimitChange) -> None:
    pids = store.seeds(conn, change.id, AT_ONCE)
    if not pids:
        store.set_state(conn, change.id, "looked")
        return
    rows, edges = sql.raw_component(conn, pids)
    cannot = sql.cannot_among(conn, list(rows))
    kinds = {each.id: each for each in sql.kinds(conn)}
    wanted = {
        each.id: each._replace(per_profile=change.per_profile, per_profile_weak=change.per_profile_weak)
        if each.name == change.kind
        else each
        for each in kinds.values()
    }
    before, after = (
        partition({nid: row.node(of) for nid, row in rows.items()}, edges, cannot).root_of for of in (kinds, wanted)
    )
    groups = list(rules.regrouped(before, after))
    found = (
        sum(map(rules.parted, groups)),
        sum(map(rules.joined, groups)),
        sum(len(group.before) for group in groups),
        sum(len(group.after) for group in groups),
    )
    # The strongest members are shown: of an identifier's epochs the base stands for all.
    rank = {nid: (row.base != nid, kinds[row.kind].priority, nid) for nid, row in rows.items()}
    room = MAX_EXAMPLES - len(change.examples)
    examples = [{"before": _shown(group.before, rank), "after": _shown(group.after, rank)} for group in groups[:room]]
    done = store.reap(conn, sorted({*pids, *(row.pid for row in rows.values())}))
    store.looked(conn, change.id, pids[-1], done, found, examples)


def _shown(parts: list[list[int]], rank: Mapping[int, tuple[bool, int, int]]) -> dict[str, object]:
    shown = [
        {"root": part[0], "count": len(part), "members": sorted(part, key=rank.__getitem__)[:MAX_SHOWN]}
        for part in parts[:MAX_SHOWN]
    ]
    return {"count": len(parts), "parts": shown}


def _settle(conn: Connection, change: LimitChange, at: datetime) -> None:
    sql.lock_linker(conn)
    pids = store.seeds(conn, change.id, AT_ONCE)
    if not pids:
        store.set_state(conn, change.id, "applied", at)
        return
    moved = resolve(conn, pids, {each.id: each for each in sql.kinds(conn)})
    if moved:
        sql.note_moved(conn, moved)
    store.reap(conn, pids)
    store.looked(conn, change.id, pids[-1], len(pids), (0, 0, 0, 0), [])
