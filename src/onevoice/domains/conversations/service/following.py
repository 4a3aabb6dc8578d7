"""Follows the linked log: what was said is found again, begins episodes, wakes them and answers them."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import NamedTuple

from psycopg import Connection

from onevoice.domains.conversations.contracts import Act, Agent, Episode, Heard, Mark, Said
from onevoice.domains.conversations.rules import assigning, episodes, hearing, words
from onevoice.domains.conversations.service import hopping, people
from onevoice.domains.conversations.store import agents as agent_store
from onevoice.domains.conversations.store import blocks as block_store
from onevoice.domains.conversations.store import episodes as store
from onevoice.domains.conversations.store import thread as thread_store
from onevoice.domains.delivery.contracts.accounts import Account
from onevoice.domains.delivery.contracts.messages import Ask
from onevoice.domains.delivery.service import accounts
from onevoice.domains.delivery.service import hearing as doors
from onevoice.domains.identity.contracts import StoredEvent
from onevoice.domains.identity.service import reading as identity
from onevoice.kit import bus
from onevoice.kit.clock import Clock
from onevoice.kit.following import apart

CHANGED = "onevoice_conversations"
"""Channel of the bus: something of a conversation is not what it was."""

LOOKED_AT_ONCE = 20_000
SAID_AT_ONCE = 2_000
CAREFUL_AT_ONCE = 500
ENDED_AT_ONCE = 500
FRESH = timedelta(days=1)
"""What began earlier is given to nobody by itself: it is read from a log that was there before."""


class Followed(NamedTuple):
    """How far the log was followed, how much was said until there, whether there is more already, and what is to be
    said to that by a program.
    """

    seq: int
    said: int
    more: bool
    asks: Sequence[Ask] = ()


def follow(conn: Connection, *, clock: Clock) -> Followed:
    """One batch, in one transaction with how far it reached."""
    after = thread_store.followed(conn)
    last = identity.last_seq(conn)
    upto = min(last, after + LOOKED_AT_ONCE)
    if upto <= after:
        return Followed(after, 0, more=False)
    # What stands at the desk the gate knows too: else whoever answers at once would be told that nobody wrote.
    while doors.follow(conn).seq < upto:
        pass
    known = {int(each.source_id): each for each in accounts.accounts(conn, deleted=True)}
    said = identity.named(conn, after, upto, sorted(known), hearing.NAMES, SAID_AT_ONCE) if known else []
    if len(said) == SAID_AT_ONCE:
        upto = said[-1].seq
    asks: list[Ask] = []
    if said:
        asks = _take(conn, said, known, clock.now())
        bus.notify(conn, CHANGED)
    thread_store.set_followed(conn, upto)
    return Followed(upto, len(said), upto < last, asks)


def follow_carefully(conn: Connection, *, clock: Clock) -> int:
    """A small batch, each event in a savepoint of its own; that of which nothing can be made is set aside. How many.

    Raises: what is the database's fault, for which no event is condemned.
    """
    after = thread_store.followed(conn)
    upto = min(identity.last_seq(conn), after + LOOKED_AT_ONCE)
    known = {int(each.source_id): each for each in accounts.accounts(conn, deleted=True)}
    said = identity.named(conn, after, upto, sorted(known), hearing.NAMES, CAREFUL_AT_ONCE) if known else []
    refused = apart(
        conn,
        said,
        lambda event: _take(conn, [event], known, clock.now()),
        lambda event, error: thread_store.set_aside(conn, event.seq, error, clock.now()),
    )
    thread_store.set_followed(conn, said[-1].seq if len(said) == CAREFUL_AT_ONCE else max(upto, after))
    if said:
        bus.notify(conn, CHANGED)
    return refused


def _take(conn: Connection, said: Sequence[StoredEvent], known: Mapping[int, Account], now: datetime) -> list[Ask]:
    owners = identity.owners_of(conn, [(each.nid, each.happened) for each in said])
    pids = [pid for _, pid in owners]
    standing = store.current(conn, people.reaches(conn, pids), lock=True)
    blocked = {each.nid for each in block_store.standing(conn, sorted({each.nid for each in said}))}
    made = _Made(conn, agent_store.agents(conn), now)
    rows: list[thread_store.SaidRow] = []
    asks: list[Ask] = []
    for event, pid in zip(said, pids, strict=True):
        account = known[event.source_id]
        properties = event.body.get("properties") or {}
        meant = hearing.meant(event.name, properties)
        heard = Heard(
            event.seq, event.nid, event.happened, event.learnt, meant.author, account.channel, int(account.id),
            account.site, wants=meant.wants, answers=meant.answers,
        )  # fmt: skip
        before = standing.get(pid)
        unheard = meant.author == "customer" and event.nid in blocked
        after, acts = (None, ()) if unheard else episodes.hear(before, heard)
        if after is not None:
            after = standing[pid] = made.note(before, after, acts, heard)
        if meant.author == "customer" and not unheard:
            ask = hopping.hear(conn, event, properties, account)
            asks += [] if ask is None else [ask]
        number = None if after is None else after.id
        kept = Said(
            event.seq, event.nid, event.happened, meant.author, account.channel, meant.message, number, blocked=unheard
        )  # fmt: skip
        rows.append(thread_store.SaidRow(kept, words.lexemes(hearing.searched(properties))))
    made.put()
    thread_store.keep(conn, rows)
    return asks


class _Made:
    """What a batch makes of episodes."""

    def __init__(self, conn: Connection, agents: Sequence[Agent], now: datetime) -> None:
        self._conn = conn
        self._agents = {each.account_id: each for each in agents}
        self._now = now
        self._changed: dict[int, Episode] = {}
        self._marks: list[Mark] = []

    def note(self, before: Episode | None, after: Episode, acts: Sequence[Act], heard: Heard) -> Episode:
        if after.id == 0:
            (number,) = store.new_ids(self._conn, 1)
            after = replace(after, id=number)
            if before is not None and before.state == "open":
                # It was over by itself before this word came.
                ended = replace(before, state="closed", closed_at=before.last_at + episodes.LAPSES)
                self._changed[before.id] = ended
                self._marks.append(Mark(before.id, ended.closed_at or heard.at, None, "closed", {"why": "idle"}))
        self._marks += [Mark(after.id, heard.at, None, act, {}) for act in acts]
        if after.state == "open" and after.assignee is None and acts and self._now - heard.at < FRESH:
            after = self._given(before, after, heard.at)
        self._changed[after.id] = after
        return after

    def _given(self, before: Episode | None, after: Episode, at: datetime) -> Episode:
        choice = assigning.choose(list(self._agents.values()), None if before is None else before.assignee)
        if choice.account_id is None:
            return after
        agent = self._agents[choice.account_id]
        self._agents[choice.account_id] = replace(agent, open=agent.open + 1)
        told = {"to": choice.account_id, "why": choice.why, "open": agent.open, "most": agent.most}
        self._marks.append(Mark(after.id, at, None, "assigned", told))
        return replace(after, assignee=choice.account_id)

    def put(self) -> None:
        store.put(self._conn, list(self._changed.values()))
        store.mark(self._conn, self._marks)


def tick(conn: Connection, *, clock: Clock) -> int:
    """Wakes what was snoozed until now and ends what is over by itself. How many; ENDED_AT_ONCE of each at most."""
    now = clock.now()
    woken = store.due(conn, now, ENDED_AT_ONCE)
    ended = store.idle(conn, now - episodes.LAPSES, ENDED_AT_ONCE)
    store.put(conn, [replace(each, state="open", snoozed_until=None) for each in woken])
    store.put(conn, [replace(each, state="closed", closed_at=now) for each in ended])
    store.mark(conn, [Mark(each.id, now, None, "woken", {}) for each in woken])
    store.mark(conn, [Mark(each.id, now, None, "closed", {"why": "idle"}) for each in ended])
    if woken or ended:
        bus.notify(conn, CHANGED)
    return len(woken) + len(ended)
