"""Why a message was sent, or not: its records, each derived again; and what would have to change."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal, NamedTuple

from psycopg import Connection

from onevoice.domains.delivery.contracts.messages import CHAIN_START, Attempt, Message, Record
from onevoice.domains.delivery.contracts.names import MessageId
from onevoice.domains.delivery.errors import InvalidMessageError, UnknownMessageError
from onevoice.domains.delivery.rules import flips, gate, records
from onevoice.domains.delivery.rules.facts import Decision, Facts, Policy
from onevoice.domains.delivery.rules.flips import Change, Edit
from onevoice.domains.delivery.rules.records import Body, Finding
from onevoice.domains.delivery.service import policy as policies
from onevoice.domains.delivery.store import messages as message_store
from onevoice.domains.delivery.store import records as store
from onevoice.kit.db import Database

AT_ONCE = 2_000
SHARDS = store.SHARDS


@dataclass(frozen=True, slots=True)
class Moment:
    """One judgement of a message. flips: by channel the smallest change that turns what that channel came to (None: no
    change of what was known would); turn: the one that turns the whole.

    body: None where the record cannot be read; the finding says why.
    """

    shard: int
    number: int
    at: datetime
    hash: bytes
    finding: Finding
    body: Body | None
    flips: dict[str, Change | None]
    turn: Change | None


@dataclass(frozen=True, slots=True)
class Why:
    """moments: oldest first; the last one is what holds."""

    message: Message
    moments: Sequence[Moment]
    attempts: Sequence[Attempt]


def why(conn: Connection, message_id: MessageId) -> Why:
    """Raises: UnknownMessageError."""
    message = message_store.message(conn, message_id)
    if message is None:
        raise UnknownMessageError(f"There is no message {message_id}.")
    found = store.of_message(conn, message_id)
    known = policies.of_versions(conn, [body.policy for record, _ in found if (body := _read(record)) is not None])
    return Why(
        message,
        [_moment(record, previous, known) for record, previous in found],
        message_store.attempts(conn, message_id),
    )


def _read(record: Record) -> Body | None:
    try:
        return records.decode(record.body)
    except ValueError:
        return None


def _moment(record: Record, previous: bytes, known: dict[int, Policy]) -> Moment:
    finding = records.examine(record, previous, known)
    body = _read(record)
    place = (record.shard, record.number, record.at, record.hash, finding)
    if body is None or body.policy not in known:
        return Moment(*place, body, {}, None)
    policy = known[body.policy]
    return Moment(
        *place, body, turns_of(policy, body.facts, body.decision), flips.turns(policy, body.facts, body.decision)
    )


def turns_of(policy: Policy, facts: Facts, decision: Decision) -> dict[str, Change | None]:
    """By channel, the smallest change that turns what it came to."""
    return {
        each.channel: flips.shuts(policy, facts, each.channel)
        if each.result == "pass"
        else flips.opens(policy, facts, each.channel)
        for each in decision.judged
    }


class Derived(NamedTuple):
    """A judgement with other facts than its record's."""

    policy_version: int
    policy: Policy
    facts: Facts
    decision: Decision


def what_if(conn: Connection, message_id: MessageId, number: int, edits: Sequence[Edit]) -> Derived:
    """The judgement `number` of a message (from 0) with other facts. Nothing is kept and nothing is sent.

    Raises: UnknownMessageError, InvalidMessageError.
    """
    found = why(conn, message_id)
    if not 0 <= number < len(found.moments) or (body := found.moments[number].body) is None:
        raise UnknownMessageError(f"Message {message_id} has no judgement {number}.")
    channels = {each.channel for each in body.facts.candidates}
    for each in edits:
        if each.channel is not None and each.channel not in channels:
            raise InvalidMessageError(f"{each.channel} was no candidate; there were: {', '.join(sorted(channels))}.")
    policy = policies.of_versions(conn, [body.policy])[body.policy]
    facts = flips.applied(body.facts, edits)
    return Derived(body.policy, policy, facts, gate.decide(policy, facts))


# All of them


class Checked(NamedTuple):
    """How far `verify` has come, and what it found wrong: (shard, number, message, finding)."""

    shard: int
    number: int
    records: int
    wrong: Sequence[tuple[int, int, int, Finding | Literal["missing"]]]


def verify(
    database: Database, *, after: tuple[int, int] = (0, 0), progress: Callable[[Checked], None] = lambda _: None
) -> Iterator[Checked]:
    """Walk every chain from (shard, number) on and derive every record again; one transaction for each step.

    A record that was removed breaks the chain, or stands before the head's number.
    """
    first, start = after
    for shard in range(first, SHARDS):
        number, previous = (start, None) if shard == first else (0, CHAIN_START)
        while True:
            with database.transaction() as conn:
                step, previous, head = _step(conn, shard, number, previous)
            progress(step)
            yield step
            if step.number >= head or step.records == 0:
                break
            number = step.number


def _step(conn: Connection, shard: int, number: int, previous: bytes | None) -> tuple[Checked, bytes, int]:
    head, last = store.heads(conn)[shard]
    if previous is None:
        before = list(store.walk(conn, shard, number - 1, 1)) if number else []
        previous = before[0].hash if before else CHAIN_START
    found = list(store.walk(conn, shard, number, AT_ONCE))
    bodies = [body for record in found if (body := _read(record)) is not None]
    known = policies.of_versions(conn, [body.policy for body in bodies])
    wrong: list[tuple[int, int, int, Finding | Literal["missing"]]] = []
    expected = number
    for record in found:
        expected += 1
        if record.number != expected:
            wrong.append((shard, expected, 0, "missing"))
            expected = record.number
        finding = records.examine(record, previous, known)
        if finding != "verified":
            wrong.append((shard, record.number, record.message, finding))
        previous = record.hash
    reached = found[-1].number if found else number
    ended = len(found) < AT_ONCE
    if ended and (reached < head or (reached == head and previous != last)):
        wrong.append((shard, head, 0, "missing"))
        reached = head
    return Checked(shard, reached, len(found), wrong), previous, head
