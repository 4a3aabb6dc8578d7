"""Records of decisions: what was known, what each gate said, what came of it; chained so that none can be changed.

hash = SHA-256(hash of the record before in its shard, then the body). The first of a shard follows 32 zero bytes.
"""

import hashlib
from collections.abc import Iterable, Sequence
from typing import Literal

import msgspec

from onevoice.domains.delivery.contracts.messages import Record
from onevoice.domains.delivery.rules import gate
from onevoice.domains.delivery.rules.facts import Decision, Facts, Policy, Shape


class Body(Shape, frozen=True):
    """rules: of the code that judged. policy: its version. When `asked`, or when `claimed` to be sent."""

    rules: int
    policy: int
    message: int
    moment: Literal["asked", "claimed"]
    facts: Facts
    decision: Decision
    seed: int | None = None


Finding = Literal["verified", "changed", "underivable", "unreadable"]
"""changed: the chain does not hold. underivable: the same inputs give another decision now."""

encode = msgspec.json.Encoder().encode
_decoder = msgspec.json.Decoder(Body)


def decode(body: bytes) -> Body:
    """Raises: msgspec.MsgspecError."""
    return _decoder.decode(body)


def link(previous: bytes, body: bytes) -> bytes:
    return hashlib.sha256(previous + body).digest()


def chain(previous: bytes, bodies: Iterable[bytes]) -> list[bytes]:
    """The hash of each, in order."""
    found: list[bytes] = []
    for body in bodies:
        previous = link(previous, body)
        found.append(previous)
    return found


def examine(record: Record, previous: bytes, policies: dict[int, Policy]) -> Finding:
    """Whether the record stands in its chain, and derives bit for bit from its own inputs."""
    if link(previous, record.body) != record.hash:
        return "changed"
    try:
        body = decode(record.body)
    except msgspec.MsgspecError:
        return "unreadable"
    policy = policies.get(body.policy)
    if policy is None or body.rules != gate.RULES:
        return "unreadable"
    again = msgspec.structs.replace(body, decision=gate.decide(policy, body.facts))
    return "verified" if encode(again) == record.body else "underivable"


def bodies_of(
    policy: int, moment: Literal["asked", "claimed"], found: Sequence[tuple[int, Facts, Decision]]
) -> list[bytes]:
    return [encode(Body(gate.RULES, policy, message, moment, facts, decision)) for message, facts, decision in found]
