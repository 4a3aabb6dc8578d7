"""SQL of what comes back: repeats, states that move on, doors, how far the log was followed."""

from collections.abc import Sequence
from datetime import datetime

from psycopg import Connection

from onevoice.domains.delivery.store.messages import STATE_NUMBER

_ORDER = ("sending", "uncertain", "sent", "delivered", "read", "clicked")
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


def move_on(conn: Connection, message_id: int, state: str, at: datetime, code: str) -> bool:
    """Whether the message was not further already."""
    if state in {"bounced", "failed"}:
        done = conn.execute(
            "update delivery.message set state = %s, ended_at = %s, rule = 'provider', reason = nullif(%s, '')"
            " where id = %s and state = any(%s)",
            (STATE_NUMBER[state], at, code, message_id, _numbers("sending", "uncertain", "sent", "delivered")),  # pyright: ignore[reportArgumentType] - a state
        )
        return done.rowcount == 1
    before = _ORDER[1 if state == "sent" else 0 : _ORDER.index(state)]
    done = conn.execute(
        "update delivery.message set state = %s, ended_at = coalesce(ended_at, %s),"
        " sent_at = coalesce(sent_at, contacted_at, %s), lease_until = null, rule = null,"
        " reason = null where id = %s and state = any(%s)",
        (STATE_NUMBER[state], at, at, message_id, _numbers(*before)),  # pyright: ignore[reportArgumentType] - a state
    )
    return done.rowcount == 1


def _numbers(*states: str) -> list[int]:
    return [STATE_NUMBER[each] for each in states]  # pyright: ignore[reportArgumentType] - states


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
