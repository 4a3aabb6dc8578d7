"""What the site's chat and the desk tell each other beside words: that somebody writes, and that it was read.

Nothing of what is being written is told. It is known for seconds, to all processes, and nowhere kept.
"""

from collections.abc import Collection, Sequence
from datetime import datetime, timedelta
from typing import NamedTuple

from psycopg import Connection

from onevoice.domains.conversations.rules import chatting as rules
from onevoice.domains.conversations.service import meeting, reading
from onevoice.domains.conversations.store import presence as presence_store
from onevoice.domains.conversations.store import signs as store
from onevoice.domains.conversations.store.episodes import Reach
from onevoice.domains.delivery.service import accounts
from onevoice.domains.identity.errors import IdentityError
from onevoice.domains.identity.service import reading as identity
from onevoice.domains.identity.service import references
from onevoice.kit import bus
from onevoice.kit.clock import Clock

CHANNEL = "chat"
LIFE = timedelta(seconds=6)
"""Who writes says so every three seconds."""


def visitor_writes(conn: Connection, address: str, *, on: bool, vault_key: bytes, clock: Clock) -> None:
    """A visitor writes in a chat, or has stopped. Of a chat that is not linked yet nothing is told."""
    try:
        nid, _ = references.locate(conn, f"{CHANNEL}:{address}", vault_key)
    except IdentityError:
        return
    now = clock.now()
    if on:
        store.write(conn, nid, now)
    elif not store.stop(conn, nid, now - LIFE):
        return
    bus.notify(conn, meeting.CHANGED)


def customers_writing(conn: Connection, pids: Sequence[int], now: datetime) -> set[int]:
    """Those of these profiles, of any time, who write in a chat now."""
    nodes = store.writing(conn, now - LIFE)
    if not nodes:
        return set()
    current = identity.pids_of(conn, sorted({*pids, *nodes}))
    who = {current[node] for node in nodes if node in current}
    return {pid for pid in pids if current.get(pid, pid) in who}


def note_read(conn: Connection, reaches: Sequence[Reach], upto: int) -> None:
    """A colleague has seen a conversation so far: what of it was said in chats is read there."""
    kinds = identity.identifiers_by_nid(conn, sorted({each.nid for each in reaches}))
    chats = [each for each in reaches if each.nid in kinds and kinds[each.nid].kind == CHANNEL]
    if not chats:
        return
    heard = store.heard(conn, chats, upto)
    addresses = identity.values_of(conn, sorted(heard))
    moved = [store.read(conn, addresses[nid], at) for nid, at in sorted(heard.items()) if nid in addresses]
    if any(moved):
        bus.notify(conn, meeting.CHANGED)


class Sign(NamedTuple):
    """read: the last of the visitor's lines that was. typing: whether an answer is being written; by whom, where the
    chat says so.
    """

    read: int
    typing: str | bool


def signs(conn: Connection, chats: Collection[int], now: datetime) -> dict[int, Sign]:
    """What there is to tell of each of these chats."""
    writers = _writers(conn, now)
    names = reading.names_of(conn, sorted(writers.values()))
    named = {int(each.id) for each in accounts.accounts(conn) if each.settings.get("names") is not False}
    found: dict[int, Sign] = {}
    for each in store.reading(conn, chats):
        writer = writers.get(each.chat)
        name = rules.first_name(names.get(writer, "")) if writer is not None and each.account_id in named else None
        found[each.chat] = Sign(each.read, name or writer is not None)
    return found


def _writers(conn: Connection, now: datetime) -> dict[int, int]:
    """By chat which colleague writes what would go there."""
    here = presence_store.writing(conn, now - meeting.GONE, CHANNEL)
    current = identity.pids_of(conn, sorted({each.pid for each in here})) if here else {}
    pids = {current.get(each.pid, each.pid) for each in here}
    rows = identity.addresses(conn, sorted(pids), [CHANNEL]) if pids else []
    values = identity.values_of(conn, [row.nid for row in rows]) if rows else {}
    chats = store.latest(conn, [(row.pid, values[row.nid]) for row in rows if row.nid in values])
    return {chats[pid]: each.account_id for each in here if (pid := current.get(each.pid, each.pid)) in chats}
