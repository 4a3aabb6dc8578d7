"""SQL of what comes back: repeats, states that move on, doors, how far the log was followed."""

from collections.abc import Sequence
from datetime import datetime

from psycopg import Connection

from onevoice.domains.delivery.contracts.names import STATES, State
from onevoice.domains.delivery.store.messages import STATE_NUMBER

_ORDER: tuple[State, ...] = ("sending", "uncertain", "sent", "delivered", "read", "clicked")
"""A message moves on along these, never back; it ends in the others. While it is `sending`, whether it was taken is for
its provider to answer."""


def note(conn: Connection, account_id: int, keys: Sequence[str], at: datetime) -> set[str]:
    """Those that did not come before."""
    rows = conn.execute(
        "insert into delivery.heard (account_id, key, at) select %s, key, %s from unnest(%s::text[]) key"
        " on conflict do nothing returning key",
        (account_id, at, sorted(set(keys))),
    )
    return {row[0] for row in rows}


def forget(conn: Connection, before: datetime, limit: int) -> int:
    done = conn.execute(
        "delete from delivery.heard where (account_id, key) in"
        " (select account_id, key from delivery.heard where at < %s limit %s)",
        (before, limit),
    )
    return done.rowcount


def move_on(conn: Connection, message_id: int, state: State, at: datetime, code: str) -> State | None:
    """The state it had before; None where it was further already."""
    ends = state in {"bounced", "failed"}
    before = ("sending", "uncertain", "sent", "delivered") if ends else _ORDER[state == "sent" : _ORDER.index(state)]
    changed = (
        "state = %(state)s, ended_at = %(at)s, lease_until = null, rule = 'provider', reason = nullif(%(code)s, '')"
        if ends
        else "state = %(state)s, ended_at = coalesce(m.ended_at, %(at)s),"
        " sent_at = coalesce(m.sent_at, m.contacted_at, %(at)s), lease_until = null, rule = null, reason = null"
    )
    row = conn.execute(
        "with before as (select id, state from delivery.message where id = %(id)s and state = any(%(before)s)"
        f" for update) update delivery.message m set {changed} from before where m.id = before.id"
        " returning before.state",
        {
            "id": message_id, "state": STATE_NUMBER[state], "at": at, "code": code,
            "before": [STATE_NUMBER[each] for each in before],
        },
    ).fetchone()  # fmt: skip
    return None if row is None else STATES[row[0]]


def note_reach(conn: Connection, account_id: int, nid: int, at: datetime, *, opens: bool | None) -> None:
    """Somebody wrote (opens: None), or opened or shut the door. Whoever writes has opened it. What is older than what
    is known changes nothing.
    """
    state = True if opens is None else opens
    conn.execute(
        "insert into delivery.reach as r (account_id, nid, open, since, heard_at) values (%(account)s, %(nid)s,"
        " %(state)s, %(at)s, case when %(heard)s then %(at)s::timestamptz end)"
        " on conflict (account_id, nid) do update set"
        " open = case when excluded.since >= r.since then excluded.open else r.open end,"
        " since = case when excluded.since >= r.since and excluded.open is distinct from r.open then excluded.since"
        " else r.since end,"
        " heard_at = greatest(r.heard_at, excluded.heard_at)",
        {"account": account_id, "nid": nid, "state": state, "at": at, "heard": opens is not False},
    )


def followed(conn: Connection) -> int:
    row = conn.execute("select seq from delivery.follower for update").fetchone()
    return row[0] if row else 0


def set_followed(conn: Connection, seq: int) -> None:
    conn.execute("update delivery.follower set seq = %s", (seq,))


def set_aside(conn: Connection, seq: int, error: str, at: datetime) -> None:
    conn.execute(
        "insert into delivery.aside (seq, error, at) values (%s, %s, %s) on conflict do nothing", (seq, error, at)
    )
