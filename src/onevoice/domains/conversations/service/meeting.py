"""Who looks at which conversation, and who writes an answer there: told to colleagues of all processes."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta

from psycopg import Connection

from onevoice.domains.conversations.store import presence as store
from onevoice.domains.conversations.store.presence import Here
from onevoice.domains.identity.service import reading as identity
from onevoice.kit import bus

CHANGED = "onevoice_present"
GONE = timedelta(seconds=12)
"""Whoever was not renewed for so long is not there: their process has died."""

Written = Mapping[int, tuple[Here, datetime]]
"""By page what was written of it last, and when."""


def keep(
    conn: Connection, process: int, here: Sequence[Here], before: Written, now: datetime, renew: timedelta
) -> Written:
    """Write what is another than before, and what must be renewed; wake whoever tells of it where anything changed."""
    known = {page: each for page, (each, _) in before.items()}
    changed = [each for each in here if known.get(each.page) != each]
    aged = [each for each in here if known.get(each.page) == each and before[each.page][1] <= now - renew]
    gone = sorted(set(before) - {each.page for each in here})
    if changed or aged:
        store.put(conn, process, [*changed, *aged], now)
    if gone or aged:
        store.drop(conn, process, gone, now - GONE)
    if changed or gone:
        bus.notify(conn, CHANGED)
    written = {each.page for each in (*changed, *aged)}
    return {each.page: (each, now if each.page in written else before[each.page][1]) for each in here}


def standing(conn: Connection, pids: Sequence[int], now: datetime) -> dict[int, dict[int, bool]]:
    """By profile, of any time, who is there: by account, whether they write."""
    here = store.since(conn, now - GONE)
    current = identity.pids_of(conn, sorted({*pids, *(each.pid for each in here)})) if here else {}
    by_person: dict[int, dict[int, bool]] = {}
    for each in here:
        there = by_person.setdefault(current.get(each.pid, each.pid), {})
        there[each.account_id] = there.get(each.account_id, False) or each.writes
    return {pid: by_person.get(current.get(pid, pid), {}) for pid in pids}
