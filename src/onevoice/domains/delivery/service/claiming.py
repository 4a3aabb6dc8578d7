"""Claiming what is due: judged once more, reserved, marked as on its way in one transaction; then what came of it."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Literal, NamedTuple

import structlog
from prometheus_client import Counter
from psycopg import Connection

from onevoice.domains.access.contracts import Audit
from onevoice.domains.access.service import audit
from onevoice.domains.delivery.contracts.accounts import Account
from onevoice.domains.delivery.contracts.messages import Accepted, Outgoing
from onevoice.domains.delivery.contracts.names import CLASSES, TYPED, AccountId, MessageId, State
from onevoice.domains.delivery.errors import ActionRequired, ChannelError, Permanent, Retriable
from onevoice.domains.delivery.rules import gate, pace, records
from onevoice.domains.delivery.rules.facts import Decision, Facts
from onevoice.domains.delivery.service import accounts as account_service
from onevoice.domains.delivery.service import gathering, rendering
from onevoice.domains.delivery.service import policy as policies
from onevoice.domains.delivery.service.gathering import Channels, Subject
from onevoice.domains.delivery.store import accounts as account_store
from onevoice.domains.delivery.store import facts as fact_store
from onevoice.domains.delivery.store import messages as message_store
from onevoice.domains.delivery.store import outbox as store
from onevoice.domains.delivery.store import records as record_store
from onevoice.domains.identity.service import reading as identity
from onevoice.domains.privacy.service import suppressing
from onevoice.kit.chance import Chance
from onevoice.kit.clock import Clock

LEASE = timedelta(seconds=120)
A_MOMENT = timedelta(seconds=0.2)
GIVE_UP = timedelta(days=1)
"""After the first attempt: a provider may be away for hours, and what was asked for is not lost by that."""
FIRST_WAIT_SECONDS = 5.0
LONGEST_WAIT_SECONDS = 1800.0
ASKED_FOR_SECONDS = 60.0
"""A provider that says when is believed; one that says "soon" again and again is asked so seldom in the end."""
STRAYS_AT_ONCE = 500
REROUTED_AT_ONCE = 1_000

_NUMBER = message_store.STATE_NUMBER
_COSTLESS = frozenset({_NUMBER["failed"], _NUMBER["bounced"]})
_ENDS: Mapping[int, State] = {_NUMBER[each]: each for each in ("sent", "bounced", "failed")}

MESSAGES = Counter("onevoice_messages_total", "Messages, by channel and what became of them.", ["channel", "outcome"])

log = structlog.get_logger(__name__)


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
    """Of marketing those whose person nobody else judges just now, one each: two at once would each find room. And to
    one address no faster than its provider lets us. The rest waits a moment.
    """
    marketing = [row for row in rows if CLASSES[row.message_class] == "marketing"]
    pids = identity.pids_of(conn, sorted({row.person for row in marketing})) if marketing else {}
    got = fact_store.lock_people(conn, sorted(set(pids.values()))) if marketing else set()
    gap = timedelta(seconds=account.limits.per_address_seconds)
    busy = store.last_contacts(conn, account.id, sorted({row.nid for row in rows}), at - gap) if gap else set()
    found: list[store.DueRow] = []
    waits: list[int] = []
    for row in rows:
        taken = bool(gap) and row.nid in busy
        if CLASSES[row.message_class] == "marketing":
            pid = pids.get(row.person)
            taken = taken or pid not in got
            if pid is not None:
                got.discard(pid)
        if taken:
            waits.append(row.id)
        else:
            found.append(row)
            busy.add(row.nid)
    if waits:
        store.postpone(conn, waits, at + max(gap, A_MOMENT))
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


# What came of it


class Result(NamedTuple):
    outgoing: Outgoing
    attempt: int
    answer: Accepted | ChannelError

    @property
    def message_id(self) -> MessageId:
        return self.outgoing.id


class Ended(NamedTuple):
    """What will not be tried again. state: sent, bounced or failed."""

    result: Result
    state: State


def settle(
    conn: Connection,
    account: Account,
    results: Sequence[Result],
    channels: Channels,
    *,
    clock: Clock,
    chance: Chance,
) -> list[Ended]:
    """Write down what the provider said; what can be tried again waits, an address that is gone is written to no more.

    What an account in trouble did not take counts as no attempt. Gives what was sent and what never will be.
    """
    if not results:
        return []
    at = clock.now()
    idempotent = channels[account.channel].capabilities.idempotent
    again = [each.message_id for each in results if isinstance(each.answer, Retriable)]
    since = store.tried_since(conn, again) if again else {}
    rows = [_done(each, account, at, since.get(each.message_id, at), chance, idempotent=idempotent) for each in results]
    ours = store.settle(conn, rows)
    troubles = [
        store.TroubleRow(
            each.message_id, each.attempt, account.id, at, _outcome(each.answer, idempotent), each.answer.code,
            each.answer.detail[:500],
        )
        for each in results
        if isinstance(each.answer, ChannelError) and each.message_id in ours
    ]  # fmt: skip
    if troubles:
        store.add_attempts(conn, troubles)
    _note_pace(conn, account, [each.answer for each in results], clock)
    _refund(conn, [row.id for row in rows if row.id in ours and row.state in _COSTLESS], at)
    _note_gone(conn, [each for each in results if each.message_id in ours], clock)
    for each in results:
        said = "sent" if isinstance(each.answer, Accepted) else _outcome(each.answer, idempotent)
        MESSAGES.labels(account.channel, said).inc()
    return [
        Ended(each, _ENDS[row.state])
        for each, row in zip(results, rows, strict=True)
        if row.id in ours and row.state in _ENDS
    ]


def _outcome(answer: ChannelError, idempotent: bool) -> Literal["retry", "failed", "uncertain", "trouble"]:
    if isinstance(answer, ActionRequired):
        return "trouble"
    if isinstance(answer, Retriable):
        return "uncertain" if answer.accepted == "maybe" and not idempotent else "retry"
    return "failed"


def _done(
    result: Result, account: Account, at: datetime, since: datetime, chance: Chance, *, idempotent: bool
) -> store.Done:
    """since: when it was first tried."""
    answer, number, attempt = result.answer, result.message_id, result.attempt
    if isinstance(answer, Accepted):
        return store.Done(
            number, attempt, _NUMBER["sent"], None, at, None, answer.provider_id, answer.parts,
            account.cost_minor * answer.parts, None, None, counts=True,
        )  # fmt: skip
    outcome = _outcome(answer, idempotent)
    if outcome == "uncertain":
        return store.Done(
            number, attempt, _NUMBER["uncertain"], None, None, at, None, None, account.cost_minor, "provider",
            answer.code, counts=True,
        )  # fmt: skip
    if outcome == "failed" or (outcome == "retry" and at - since >= GIVE_UP):
        state = "bounced" if isinstance(answer, Permanent) and answer.gone else "failed"
        return store.Done(
            number, attempt, _NUMBER[state], None, None, at, None, None, None, "provider", answer.code, counts=False
        )
    wait = _wait(answer, attempt, chance)
    return store.Done(
        number, attempt, _NUMBER["queued"], at + timedelta(seconds=wait), None, None, None, None, None, "provider",
        answer.code, counts=isinstance(answer, Retriable) and answer.accepted == "maybe", tried=outcome != "trouble",
    )  # fmt: skip


def _wait(answer: ChannelError, attempt: int, chance: Chance) -> float:
    """Doubling, with chance so that those who failed together do not come back together; what was asked for holds."""
    longest = min(LONGEST_WAIT_SECONDS, FIRST_WAIT_SECONDS * 2 ** min(attempt - 1, 20))
    if isinstance(answer, Retriable) and answer.after_seconds is not None:
        return max(answer.after_seconds, min(longest - FIRST_WAIT_SECONDS, ASKED_FOR_SECONDS))
    return longest * (0.5 + int.from_bytes(chance.bytes(2), "big") / 2**17)


def _note_pace(conn: Connection, account: Account, answers: Sequence[Accepted | ChannelError], clock: Clock) -> None:
    """Successes close the breaker; what says something about the account opens it."""
    at = clock.now()
    trouble = next((each for each in answers if isinstance(each, ActionRequired)), None)
    bad = [
        each
        for each in answers
        if isinstance(each, Retriable) and (each.scope == "account" or each.after_seconds is None)
    ]
    if trouble is not None:
        account_store.set_trouble(conn, account.id, f"{trouble.code}: {trouble.detail}"[:500], at)
        told = Audit("sender", "account.trouble", f"account:{account.id}", after={"code": trouble.code})
        audit.record(conn, told, clock=clock)
    if not bad and not account.trips and not any(isinstance(each, Accepted) for each in answers):
        return
    found = account_store.lock_pace(conn, account.id)
    state = found
    if any(isinstance(each, Accepted) for each in answers):
        state = pace.succeeded(state)
    for each in bad:
        state = pace.failed(state, at, each.after_seconds if each.scope == "account" else None)
        if each.scope == "account":
            break  # one word to the account holds for all of the batch
    if state != found:
        account_store.set_pace(conn, account.id, state)


def _note_gone(conn: Connection, results: Sequence[Result], clock: Clock) -> None:
    gone = [each for each in results if isinstance(each.answer, Permanent) and each.answer.gone]
    nids = message_store.nids(conn, [each.message_id for each in gone]) if gone else {}
    for number, nid in nids.items():
        if nid == TYPED:
            continue
        suppressing.suppress(conn, nid, "hard_bounce", source=f"message:{number}", clock=clock)


def _refund(conn: Connection, ids: Sequence[int], at: datetime) -> None:
    """What was reserved for what failed."""
    for site, minor in store.release_costs(conn, ids).items() if ids else ():
        fact_store.add_spent(conn, site, gathering.month(at), -minor)


def recover(conn: Connection, channels: Channels, *, at: datetime) -> int:
    """What senders left on its way when they died: asked for again where the provider knows the key, else uncertain."""
    strays = store.strays(conn, at, STRAYS_AT_ONCE)
    rows: list[store.Done] = []
    for each in strays:
        manifest = channels.get(each.channel)
        if manifest is not None and manifest.capabilities.idempotent:
            rows.append(
                store.Done(
                    each.id,
                    each.attempt,
                    _NUMBER["queued"],
                    at,
                    None,
                    None,
                    None,
                    None,
                    None,
                    "sender",
                    "lost",
                    counts=True,
                )
            )
        else:
            rows.append(
                store.Done(
                    each.id,
                    each.attempt,
                    _NUMBER["uncertain"],
                    None,
                    None,
                    at,
                    None,
                    None,
                    None,
                    "sender",
                    "lost",
                    counts=True,
                )
            )
    if rows:
        store.settle(conn, rows)
        log.warning("messages_recovered", count=len(rows))
    return len(rows)


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
