"""What colleagues do with a conversation. It is of a customer: what is done to it is done to all of its episodes that
are not closed, of which there are several only where two people were found to be one.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from psycopg import Connection

from onevoice.domains.access.contracts import MATRIX, Account, AccountId, Audit, Permission
from onevoice.domains.access.errors import UnknownUserError
from onevoice.domains.access.service import accounts as colleagues
from onevoice.domains.access.service import audit
from onevoice.domains.conversations.contracts import Act, Agent, Draft, Episode, Mark, Note
from onevoice.domains.conversations.errors import (
    ConversationsError,
    NoEpisodeError,
    NotYourNoteError,
    UnknownColleagueError,
    UnknownNoteError,
)
from onevoice.domains.conversations.service import signs
from onevoice.domains.conversations.service.following import CHANGED
from onevoice.domains.conversations.service.reading import Person
from onevoice.domains.conversations.store import agents as agent_store
from onevoice.domains.conversations.store import drafts as draft_store
from onevoice.domains.conversations.store import episodes as store
from onevoice.domains.conversations.store import thread as thread_store
from onevoice.kit import bus
from onevoice.kit.clock import Clock

SNOOZE_MOST = timedelta(days=366)
TAGS_MOST = 20


def _live(conn: Connection, who: Person) -> list[Episode]:
    """Those that are not closed, else the last; locked. Raises: NoEpisodeError."""
    found = store.of_person(conn, who.reaches, live=True, lock=True)
    if not found:
        last = store.current(conn, who.reaches, lock=True)
        found = list(last.values())
    if not found:
        raise NoEpisodeError("There is nothing to do: this customer has not written yet.")
    return found


def _done(
    conn: Connection, changed: Sequence[Episode], actor: int, act: Act, at: datetime, detail: Mapping[str, Any]
) -> None:
    store.put(conn, changed)
    store.mark(conn, [Mark(each.id, at, actor, act, detail) for each in changed])
    if changed:
        bus.notify(conn, CHANGED)


def assign(conn: Connection, who: Person, to: int | None, *, actor: int, clock: Clock) -> None:
    """To a colleague, or to nobody. Raises: NoEpisodeError, UnknownColleagueError."""
    if to is not None:
        require_colleagues(conn, [to])
    changed = [replace(each, assignee=to) for each in _live(conn, who) if each.assignee != to]
    _done(conn, changed, actor, "assigned", clock.now(), {"to": to})


def close(conn: Connection, who: Person, *, actor: int, clock: Clock) -> None:
    """Nobody waits any more. Raises: NoEpisodeError."""
    now = clock.now()
    changed = [
        replace(each, state="closed", closed_at=now, snoozed_until=None, waiting_since=None)
        for each in _live(conn, who)
        if each.state != "closed"
    ]
    _done(conn, changed, actor, "closed", now, {})


def reopen(conn: Connection, who: Person, *, actor: int, clock: Clock) -> None:
    """What is snoozed wakes too; of what is closed the last. Raises: NoEpisodeError."""
    changed = [
        replace(each, state="open", closed_at=None, snoozed_until=None, spam=False)
        for each in _live(conn, who)
        if each.state != "open"
    ]
    _done(conn, changed, actor, "reopened", clock.now(), {})


def snooze(conn: Connection, who: Person, until: datetime, *, actor: int, clock: Clock) -> None:
    """Out of sight until then, or until they write. Raises: NoEpisodeError, ConversationsError."""
    now = clock.now()
    if not now < until <= now + SNOOZE_MOST:
        raise ConversationsError("Snooze until a time to come, within a year.")
    changed = [replace(each, state="snoozed", snoozed_until=until, closed_at=None) for each in _live(conn, who)]
    _done(conn, changed, actor, "snoozed", now, {"until": until.isoformat()})


def mark_spam(conn: Connection, who: Person, spam: bool, *, actor: str, account: int, clock: Clock) -> None:
    """What they write from now on is kept and shown to nobody who does not look for it. Raises: NoEpisodeError."""
    now = clock.now()
    changed = [
        replace(each, spam=spam, state="closed" if spam else "open", closed_at=now if spam else None,
                snoozed_until=None, waiting_since=None)
        for each in _live(conn, who)
        if each.spam != spam
    ]  # fmt: skip
    _done(conn, changed, account, "spam" if spam else "no_spam", now, {})
    if changed:
        action = "conversation.spam" if spam else "conversation.no_spam"
        audit.record(conn, Audit(actor, action, f"profile:{who.pid}"), clock=clock)


def tag(conn: Connection, who: Person, add: Sequence[str], remove: Sequence[str], *, actor: int, clock: Clock) -> None:
    """Raises: NoEpisodeError, ConversationsError where there would be too many."""
    now = clock.now()
    for each in _live(conn, who):
        tags = [name for name in dict.fromkeys([*each.tags, *add]) if name not in remove]
        if len(tags) > TAGS_MOST:
            raise ConversationsError(f"A conversation has {TAGS_MOST} tags at most. Take some off first.")
        added, removed = [n for n in tags if n not in each.tags], [n for n in each.tags if n not in tags]
        if added or removed:
            store.put(conn, [replace(each, tags=tags)])
            store.mark(conn, [Mark(each.id, now, actor, "tagged", {"tags": added})] if added else [])
            store.mark(conn, [Mark(each.id, now, actor, "untagged", {"tags": removed})] if removed else [])
    bus.notify(conn, CHANGED)


def see(conn: Connection, who: Person, seq: int, *, actor: int) -> None:
    """Whoever asks has read as far as that."""
    found = store.of_person(conn, who.reaches)
    store.note_seen(conn, actor, [each.id for each in found], seq)
    signs.note_read(conn, who.reaches, seq)


# Notes


def add_note(conn: Connection, who: Person, text: str, mentions: Sequence[int], *, actor: int, clock: Clock) -> int:
    """Stands with the episode at hand, and goes with it where people are parted. Raises: UnknownColleagueError."""
    require_colleagues(conn, mentions)
    now = clock.now()
    found = store.current(conn, who.reaches).get(who.pid)
    anchor = (who.node, now) if found is None else (found.nid, found.opened_at)
    note = Note(
        0, *anchor, None if found is None else found.id, now, actor, text, tuple(dict.fromkeys(mentions))
    )  # fmt: skip
    number = thread_store.add_note(conn, note)
    draft_store.drop(conn, actor, [each.nid for each in who.reaches], "note")
    bus.notify(conn, CHANGED)
    return number


def edit_note(
    conn: Connection, number: int, text: str | None, mentions: Sequence[int], *, actor: int, clock: Clock
) -> None:
    """Text None: take it back. Only one's own. Raises: UnknownNoteError, NotYourNoteError, UnknownColleagueError."""
    found = thread_store.note(conn, number)
    if found is None or found.deleted_at is not None:
        raise UnknownNoteError(f"There is no note {number}; it may have been taken back.")
    if found.account_id != actor:
        raise NotYourNoteError("Only who wrote a note changes it.")
    require_colleagues(conn, mentions)
    now = clock.now()
    if text is None:
        thread_store.put_note(conn, replace(found, text="", mentions=(), deleted_at=now))
    else:
        thread_store.put_note(conn, replace(found, text=text, mentions=tuple(mentions), edited_at=now))
    bus.notify(conn, CHANGED)


def save_draft(conn: Connection, who: Person, draft: Draft, *, actor: int) -> None:
    """An empty one is dropped."""
    nodes = [each.nid for each in who.reaches]
    if draft.text.strip():
        draft_store.put(conn, actor, who.node, draft)
        draft_store.drop(conn, actor, [node for node in nodes if node != who.node], draft.kind)
    else:
        draft_store.drop(conn, actor, [*nodes, who.node], draft.kind)


# Colleagues

ANSWERS: Permission = "conversations.answer"


def team(conn: Connection) -> list[tuple[Account, Agent]]:
    """Everybody who may answer, with what they take; those who never said so take nothing by themselves."""
    agents = {each.account_id: each for each in agent_store.agents(conn)}
    usual = Agent(0, available=False, most=MOST)
    return [
        (account, agents.get(account.id, replace(usual, account_id=account.id)))
        for account in _everybody(conn)
        if account.disabled_at is None and ANSWERS in MATRIX[account.role]
    ]


MOST = 8
"""Conversations at once, where nobody has said."""


def take_part(conn: Connection, account_id: int, available: bool, most: int, *, clock: Clock) -> None:
    """Whether new episodes come to them, and how many at once."""
    agent_store.put(conn, Agent(account_id, available, most), clock.now())
    bus.notify(conn, CHANGED)


def _everybody(conn: Connection) -> list[Account]:
    found: list[Account] = []
    while page := colleagues.accounts(conn, after=found[-1].id if found else 0, limit=200):
        found += page
    return found


def require_colleagues(conn: Connection, numbers: Sequence[int]) -> None:
    """Raises: UnknownColleagueError."""
    for number in numbers:
        try:
            if colleagues.account(conn, AccountId(number)).disabled_at is None:
                continue
        except UnknownUserError:
            pass
        raise UnknownColleagueError(f"There is no colleague {number} who reads it. `GET /api/desk/team` lists them.")
