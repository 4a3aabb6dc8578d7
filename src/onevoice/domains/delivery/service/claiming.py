"""Claiming what is due: judged once more, reserved, marked as on its way in one transaction."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import NamedTuple

from psycopg import Connection

from onevoice.domains.delivery.contracts.accounts import Account
from onevoice.domains.delivery.contracts.messages import Outgoing
from onevoice.domains.delivery.contracts.names import CLASSES, AccountId
from onevoice.domains.delivery.rules import gate, pace, records
from onevoice.domains.delivery.rules.facts import Decision, Facts
from onevoice.domains.delivery.service import accounts as account_service
from onevoice.domains.delivery.service import gathering, rendering
from onevoice.domains.delivery.service import policy as policies
from onevoice.domains.delivery.service.gathering import Channels, Subject
from onevoice.domains.delivery.service.settling import MESSAGES
from onevoice.domains.delivery.store import accounts as account_store
from onevoice.domains.delivery.store import facts as fact_store
from onevoice.domains.delivery.store import messages as message_store
from onevoice.domains.delivery.store import outbox as store
from onevoice.domains.delivery.store import records as record_store
from onevoice.domains.identity.service import reading as identity

LEASE = timedelta(seconds=120)
A_MOMENT = timedelta(seconds=0.2)
TURN_WAIT = timedelta(seconds=5)
"""So long at most an answer is put off at once for the one before it: that may be over sooner than it says."""
REROUTED_AT_ONCE = 1_000

_NUMBER = message_store.STATE_NUMBER


class Claimed(NamedTuple):
    """A message that is on its way: what is to be sent, and the attempt that answers for it."""

    outgoing: Outgoing
    attempt: int


class Claim(NamedTuple):
    """claimed: to be handed to the adaptor now. looked: how many were due."""

    claimed: Sequence[Claimed]
    looked: int


def take(conn: Connection, account: Account, wanted: int, at: datetime) -> tuple[int, float]:
    """Tokens of the account's shared rate, and how long to wait where there are none.

    In a transaction of its own: held while messages are judged, it would let one sender wait for another.
    """
    found = account_store.lock_pace(conn, account.id)
    left, given = pace.take(found, at, wanted, account.limits.per_second, account.limits.burst)
    if given:
        account_store.set_pace(conn, account.id, left)
        return given, 0.0
    return 0, pace.wait_seconds(left, at, account.limits.per_second)


def give_back(conn: Connection, account_id: AccountId, tokens: int) -> None:
    account_store.give_back(conn, account_id, float(tokens))


def claim(
    conn: Connection,
    account: Account,
    most: int,
    channels: Channels,
    renderer: rendering.Renderer,
    *,
    at: datetime,
) -> Claim:
    """Up to `most` of what is due for an account. Every one is judged by what is known now; those that may go are on
    their way when this commits, and count against every cap from then on.

    at: before anything of this transaction is read.
    """
    rows = store.due(conn, account.id, at, most)
    if not rows:
        return Claim([], 0)
    in_force = policies.current(conn)
    accounts = account_service.accounts(conn)
    ours = _turns(conn, rows, account, at)
    if not ours:
        return Claim([], len(rows))
    subjects = [_subject(row) for row in ours]
    found = gathering.gather(conn, subjects, channels, accounts, at)
    judged = [(row, facts, gate.decide(in_force.policy, facts)) for row, facts in zip(ours, found.facts, strict=True)]
    bodies = records.bodies_of(in_force.version, "claimed", [(row.id, facts, made) for row, facts, made in judged])
    told = [(each[0].id, body) for each, body in zip(judged, bodies, strict=True)]
    record_store.append(conn, ours[0].id, told, records.chain, at)
    going = [row for row, _, made in judged if _goes(row, made)]
    outgoing, refused = renderer.render(conn, going, at)
    turned = [_turned(row, made, at) for row, _, made in judged if not _goes(row, made)]
    turned += [
        store.Turned(row.id, _NUMBER["failed"], at, row.account_id, row.nid, row.channel, "content", refused[row.id])
        for row in going
        if row.id in refused
    ]
    if turned:
        store.turn(conn, turned, at)
    ready = [row for row in going if row.id in outgoing]
    costs = {row.id: _cost(facts, made) for row, facts, made in judged}
    store.start(conn, [(row.id, costs[row.id]) for row in ready], at, at + LEASE)
    _spend(conn, [(row, costs[row.id]) for row in ready], at)
    return Claim([Claimed(outgoing[row.id], row.attempt + 1) for row in ready], len(rows))


def _cost(facts: Facts, made: Decision) -> int:
    return next((each.cost_minor for each in facts.candidates if each.channel == made.outcome.channel), 0)


def _turns(conn: Connection, rows: Sequence[store.DueRow], account: Account, at: datetime) -> list[store.DueRow]:
    """Of marketing those whose person nobody else judges just now, one each: two at once would each find room. To one
    address no faster than its provider lets us, and answers in their order, also where the one before has to be tried
    again. The rest waits a moment, or for that.
    """
    marketing = [row for row in rows if CLASSES[row.message_class] == "marketing"]
    pids = identity.pids_of(conn, sorted({row.person for row in marketing})) if marketing else {}
    got = fact_store.lock_people(conn, sorted(set(pids.values()))) if marketing else set()
    gap = timedelta(seconds=account.limits.per_address_seconds)
    busy = store.last_contacts(conn, account.id, sorted({row.nid for row in rows}), at - gap) if gap else set()
    answers = [row for row in rows if CLASSES[row.message_class] == "conversational"]
    horizon = at + max(gap, TURN_WAIT)
    turns = store.turns(conn, account.id, sorted({row.nid for row in answers}), at, horizon) if answers else {}
    found: list[store.DueRow] = []
    waits: dict[int, datetime] = {}
    soon = at + max(gap, A_MOMENT)
    for row in rows:
        taken = bool(gap) and row.nid in busy
        until = soon
        if CLASSES[row.message_class] == "conversational" and (turn := turns.get(row.nid)) and turn.id < row.id:
            taken, until = True, min(max(soon, turn.until or soon), horizon)
        if CLASSES[row.message_class] == "marketing":
            pid = pids.get(row.person)
            taken = taken or pid not in got
            if pid is not None:
                got.discard(pid)
        if taken:
            waits[row.id] = until
        else:
            found.append(row)
            busy.add(row.nid)
    if waits:
        store.postpone(conn, waits)
    return found


def _subject(row: store.DueRow) -> Subject:
    priority = message_store.PRIORITY_NAMES[max(0, row.priority - 2)]
    message_class = CLASSES[row.message_class]
    return Subject(
        row.id, row.person, row.site, message_class, row.purpose,
        priority if message_class == "marketing" else "normal", row.wish, row.fingerprint, row.account_id,
    )  # fmt: skip


def _goes(row: store.DueRow, made: Decision) -> bool:
    outcome = made.outcome
    return outcome.action == "send" and outcome.account == row.account_id and outcome.node == row.nid


def _turned(row: store.DueRow, made: Decision, at: datetime) -> store.Turned:
    outcome = made.outcome
    state = "suppressed" if outcome.action == "suppress" else "queued"
    MESSAGES.labels(row.channel, state if state == "suppressed" else "deferred").inc()
    return store.Turned(
        row.id,
        _NUMBER[state],
        outcome.until or at,
        outcome.account,
        outcome.node,
        outcome.channel,
        outcome.rule or "",
        outcome.why or "",
    )


def _spend(conn: Connection, ready: Sequence[tuple[store.DueRow, int]], at: datetime) -> None:
    """What marketing will cost is reserved before it is sent, once for all attempts; what failed is given back."""
    per_site: dict[str, int] = {}
    for row, cost in ready:
        if CLASSES[row.message_class] == "marketing" and row.first_cost_minor is None:
            per_site[row.site] = per_site.get(row.site, 0) + cost
    for site, minor in sorted(per_site.items()):
        if minor:
            fact_store.add_spent(conn, site, gathering.month(at), minor)


def reroute(conn: Connection, accounts: Sequence[Account], channels: Channels) -> int:
    """Let another account of the same site and channel send what waits for one that does not work."""
    moved = 0
    for each in accounts:
        manifest = channels.get(each.channel)
        if gathering.works(each) or manifest is None or not manifest.capabilities.failover:
            continue
        other = next(
            (one for one in accounts if one.channel == each.channel and one.site == each.site and gathering.works(one)),
            None,
        )
        if other is not None:
            moved += store.reroute(conn, each.id, other.id, REROUTED_AT_ONCE)
    return moved


def next_due(conn: Connection, account_id: AccountId) -> datetime | None:
    return store.next_due(conn, account_id)
