"""What came of a message that was handed to its provider: written down, tried again, or left by a sender that died."""

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
from onevoice.domains.delivery.contracts.names import TYPED, MessageId, State
from onevoice.domains.delivery.errors import ActionRequired, ChannelError, Permanent, Retriable
from onevoice.domains.delivery.rules import pace
from onevoice.domains.delivery.service import gathering
from onevoice.domains.delivery.service.gathering import Channels
from onevoice.domains.delivery.store import accounts as account_store
from onevoice.domains.delivery.store import facts as fact_store
from onevoice.domains.delivery.store import messages as message_store
from onevoice.domains.delivery.store import outbox as store
from onevoice.domains.privacy.service import suppressing
from onevoice.kit.chance import Chance
from onevoice.kit.clock import Clock

GIVE_UP = timedelta(days=1)
"""After the first attempt: a provider may be away for hours, and what was asked for is not lost by that."""
FIRST_WAIT_SECONDS = 5.0
LONGEST_WAIT_SECONDS = 1800.0
ASKED_FOR_SECONDS = 60.0
"""A provider that says when is believed; one that says "soon" again and again is asked so seldom in the end."""
STRAYS_AT_ONCE = 500

_NUMBER = message_store.STATE_NUMBER
_COSTLESS = frozenset({_NUMBER["failed"], _NUMBER["bounced"]})
_ENDS: Mapping[int, State] = {_NUMBER[each]: each for each in ("sent", "bounced", "failed")}

MESSAGES = Counter("onevoice_messages_total", "Messages, by channel and what became of them.", ["channel", "outcome"])

log = structlog.get_logger(__name__)


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
    rows: list[store.Done] = []
    for each in store.strays(conn, at, STRAYS_AT_ONCE):
        manifest = channels.get(each.channel)
        again = manifest is not None and manifest.capabilities.idempotent
        state, due_at, ended_at = ("queued", at, None) if again else ("uncertain", None, at)
        rows.append(
            store.Done(
                each.id, each.attempt, _NUMBER[state], due_at, None, ended_at, None, None, None, "sender", "lost",
                counts=True,
            )
        )  # fmt: skip
    if rows:
        store.settle(conn, rows)
        log.warning("messages_recovered", count=len(rows))
    return len(rows)
