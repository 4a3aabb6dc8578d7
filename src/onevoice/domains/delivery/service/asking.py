"""Asking for messages. Everything that is said goes through here: journeys, campaigns, operators, bots, orders."""

import hashlib
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, NamedTuple

import msgspec
from psycopg import Connection

from onevoice.domains.access.contracts import Audit
from onevoice.domains.access.service import audit
from onevoice.domains.delivery.contracts.channels import Capabilities
from onevoice.domains.delivery.contracts.messages import Ask, Asked, Content, Message
from onevoice.domains.delivery.contracts.names import CLASSES, MessageId
from onevoice.domains.delivery.errors import (
    InvalidMessageError,
    NotCancellableError,
    UnknownChannelError,
    UnknownMessageError,
)
from onevoice.domains.delivery.ports import ContextSource
from onevoice.domains.delivery.rules import gate, records
from onevoice.domains.delivery.rules.facts import Decision, Facts, Outcome, Policy
from onevoice.domains.delivery.service import accounts as account_service
from onevoice.domains.delivery.service import files, gathering
from onevoice.domains.delivery.service import policy as policies
from onevoice.domains.delivery.service.gathering import Channels, Subject
from onevoice.domains.delivery.store import messages as store
from onevoice.domains.delivery.store import records as record_store
from onevoice.kit import bus
from onevoice.kit.clock import Clock

QUEUED = "onevoice_queued"
CHANGED = "onevoice_messages"
"""Channels of the bus: something waits for a sender; messages are there, or are not what they were."""

KEY_MAX = 200

_canonical = msgspec.json.Encoder(order="sorted").encode


class Considered(NamedTuple):
    """What would come of a message. Nothing was kept."""

    policy_version: int
    policy: Policy
    facts: Facts
    decision: Decision


def ask(
    conn: Connection, asks: Sequence[Ask], channels: Channels, sources: Sequence[ContextSource], *, clock: Clock
) -> list[Asked]:
    """Keep what was asked for, judged, each with the record of why; what may go waits for its sender.

    Each once per key, however often it is asked. Of those with a time the gate is asked when it comes.

    Raises: InvalidMessageError, UnknownChannelError; then nothing of it is kept.
    """
    for each in asks:
        _check(each, channels)
    before = store.known(conn, [each.key for each in asks])
    fresh = list({each.key: each for each in asks if each.key not in before}.values())
    kept = _keep(conn, fresh, channels, sources, clock.now()) if fresh else {}
    if kept:
        waiting = any(each.state == "queued" for each in kept.values())
        bus.notify(conn, CHANGED, *([QUEUED] if waiting else []))
    lost = [each.key for each in fresh if each.key not in kept]  # asked for by somebody else in this very moment
    if lost:
        before |= store.known(conn, lost)
    first: set[str] = set()
    found: list[Asked] = []
    for each in asks:
        new = kept.get(each.key)
        if new is not None and each.key not in first:
            found.append(new)
        else:
            found.append(_repeated(before[each.key] if new is None else None, new))
        first.add(each.key)
    return found


def _repeated(message: Message | None, new: Asked | None) -> Asked:
    if message is None:
        assert new is not None  # noqa: S101 - one of the two is always there
        return Asked(new.id, new.state, new.channel, new.rule, new.why, new.until, repeated=True)
    until = message.due_at if message.state == "queued" else None
    return Asked(message.id, message.state, message.channel, message.rule, message.reason, until, repeated=True)


def consider(conn: Connection, asked: Ask, channels: Channels, *, at: datetime) -> Considered:
    """What would come of it at that moment, without keeping anything: shown before somebody sends."""
    _check(asked, channels)
    in_force = policies.current(conn)
    accounts = account_service.accounts(conn)
    found = gathering.gather(conn, [_subject(0, asked)], channels, accounts, at).facts[0]
    return Considered(in_force.version, in_force.policy, found, gate.decide(in_force.policy, found))


def cancel(conn: Connection, message_id: MessageId, *, actor: str, clock: Clock) -> Message:
    """Raises: UnknownMessageError, NotCancellableError once it is on its way."""
    if not store.cancel(conn, message_id, clock.now()):
        found = store.message(conn, message_id)
        if found is None:
            raise UnknownMessageError(f"There is no message {message_id}.")
        raise NotCancellableError(f"It is {found.state} already: what a provider may have cannot be taken back.")
    files.taken_back(conn, message_id, clock.now())
    bus.notify(conn, CHANGED)
    audit.record(conn, Audit(actor, "message.cancelled", f"message:{message_id}"), clock=clock)
    found = store.message(conn, message_id)
    assert found is not None  # noqa: S101 - it was there a line before
    return found


def _check(asked: Ask, channels: Channels) -> None:
    if not asked.key or len(asked.key) > KEY_MAX:
        raise InvalidMessageError(f"A message's key has 1 to {KEY_MAX} characters.")
    if (asked.words is None) == (asked.template is None):
        raise InvalidMessageError("A message has words or a template, one of the two.")
    if asked.words is not None and not (asked.words.text.strip() or asked.words.media):
        raise InvalidMessageError("There is nothing in it. Write what should be said.")
    if (asked.trial is not None) != (asked.message_class == "test"):
        raise InvalidMessageError("A test is made of a template's draft, and from its page.")
    if asked.template is not None and asked.version is None and asked.trial is None:
        raise InvalidMessageError("Say which version of the template is meant.")
    if b"\\u0000" in _canonical(_content(asked, {})):
        raise InvalidMessageError("A text holds no zero characters.")
    for name in asked.channels:
        if name not in channels:
            raise UnknownChannelError(f"There is no channel {name!r}; there are: {', '.join(sorted(channels))}.")
        most = channels[name].capabilities.text_max
        if asked.words is not None and len(asked.channels) == 1 and len(asked.words.text) > most:
            raise InvalidMessageError(f"{name} takes {most} characters at most; this has {len(asked.words.text)}.")
        if asked.words is not None and len(asked.channels) == 1:
            require_carries(name, channels[name].capabilities, asked.words)


def require_carries(name: str, able: Capabilities, words: Content) -> None:
    """That a channel takes the files of a message, with so many words. Raises: InvalidMessageError."""
    if not words.media:
        return
    if not {each.kind for each in words.media} <= set(able.media):
        raise InvalidMessageError(f"{name} takes no such files.", reason="media")
    if len(words.media) > able.media_max:
        raise InvalidMessageError(f"{name} takes {able.media_max} files in one message.", reason="media")
    if able.caption_max is not None and len(words.text) > able.caption_max:
        raise InvalidMessageError(
            f"{name} takes {able.caption_max} characters beside files; this has {len(words.text)}.", reason="caption"
        )


def _subject(message: int, asked: Ask) -> Subject:
    return Subject(
        message, asked.person, asked.site, asked.message_class, asked.purpose, asked.priority, asked.channels,
        fingerprint(asked),
    )  # fmt: skip


def fingerprint(asked: Ask) -> bytes:
    """16 bytes that are the same where the same is said."""
    said: Any
    if asked.trial is not None:  # of a test only where it went is ever counted
        said = ["test", asked.person, asked.trial.address]
    elif asked.words is not None:
        media = [each.file or hashlib.sha256(each.data).hexdigest() for each in asked.words.media]
        said = ["words", asked.words.subject, asked.words.text, media]
    else:
        said = ["template", asked.template, dict(asked.context)]
    return hashlib.blake2b(_canonical(said), digest_size=16).digest()


def urgency(message_class: str, priority: str) -> int:
    """Smaller goes first: what is waited for never stands behind a campaign."""
    if message_class == "marketing":
        return 2 + store.PRIORITY_NAMES.index(priority)
    if message_class == "test":  # somebody sits and waits
        return CLASSES.index("conversational")
    return CLASSES.index(message_class)  # pyright: ignore[reportArgumentType] - one of the two


def _keep(
    conn: Connection, asks: Sequence[Ask], channels: Channels, sources: Sequence[ContextSource], now: datetime
) -> dict[str, Asked]:
    ids = store.next_ids(conn, len(asks))
    in_force = policies.current(conn)
    accounts = account_service.accounts(conn)
    # Judged as of the time it is meant for; what changes until then is seen when it is judged again.
    moments = sorted({max(each.due_at or now, now) for each in asks})
    decided: dict[int, tuple[Facts, Decision]] = {}
    for moment in moments:
        batch = [
            (number, each) for number, each in zip(ids, asks, strict=True) if max(each.due_at or now, now) == moment
        ]
        subjects = [_subject(number, each) for number, each in batch]
        found = gathering.gather(conn, subjects, channels, accounts, moment).facts
        for (number, _), facts in zip(batch, found, strict=True):
            decided[number] = facts, gate.decide(in_force.policy, facts)
    contexts = _contexts(conn, asks, ids, decided, sources, now)
    new = [
        _new(number, each, decided[number], contexts.get(number, {}), now)
        for number, each in zip(ids, asks, strict=True)
    ]
    kept = store.insert(conn, new)
    judged = [(number, *decided[number]) for number in ids if number in kept]
    bodies = records.bodies_of(in_force.version, "asked", judged)
    record_store.append(
        conn, ids[0], [(each[0], body) for each, body in zip(judged, bodies, strict=True)], records.chain, now
    )
    return {
        each.key: _asked(number, decided[number][1].outcome, decided[number][0].at, now)
        for number, each in zip(ids, asks, strict=True)
        if number in kept
    }


def _contexts(
    conn: Connection,
    asks: Sequence[Ask],
    ids: Sequence[int],
    decided: Mapping[int, tuple[Facts, Decision]],
    sources: Sequence[ContextSource],
    now: datetime,
) -> dict[int, dict[str, Any]]:
    """What templates may speak of, as it is known now; of what is not said nothing is gathered."""
    nodes = {
        number: node
        for number, each in zip(ids, asks, strict=True)
        if each.template is not None
        and decided[number][1].outcome.action != "suppress"
        and (node := each.person if each.trial is None else each.trial.node) is not None
    }
    found: dict[int, dict[str, Any]] = {number: {} for number in nodes}
    if nodes:
        for source in sources:
            values = source.load(conn, sorted(set(nodes.values())), now)
            for number, node in nodes.items():
                found[number][source.name] = dict(values.get(node, {}))
    return found


def _new(
    number: int, asked: Ask, judged: tuple[Facts, Decision], context: Mapping[str, Any], now: datetime
) -> store.New:
    facts, decision = judged
    outcome = decision.outcome
    state = "suppressed" if outcome.action == "suppress" else "queued"
    due = outcome.until if outcome.until is not None else facts.at
    return store.New(
        number,
        asked.key,
        asked.person,
        outcome.node,
        outcome.account,
        outcome.channel,
        asked.site,
        asked.channels,
        CLASSES.index(asked.message_class),
        asked.purpose,
        urgency(asked.message_class, asked.priority),
        store.STATE_NUMBER[state],
        outcome.rule or None,
        outcome.why or None,
        fingerprint(asked),
        asked.template,
        asked.version,
        asked.asked_by,
        now,
        due,
        asked.answers,
        _content(asked, context),
    )


def _content(asked: Ask, context: Mapping[str, Any]) -> dict[str, Any]:
    if asked.words is not None:
        return {"words": msgspec.to_builtins(asked.words), "language": asked.language}
    made = {"context": {**context, **asked.context}, "language": asked.language}
    if asked.trial is None:
        return made
    address = {"address": asked.trial.address} if asked.trial.address is not None else {}
    draft = msgspec.to_builtins(asked.trial.source)
    return {**made, "draft": draft, "leaves": asked.trial.leaves, **address}


def _asked(number: int, outcome: Outcome, moment: datetime, now: datetime) -> Asked:
    until = outcome.until if outcome.until is not None else moment if moment > now else None
    state = "suppressed" if outcome.action == "suppress" else "queued"
    return Asked(MessageId(number), state, outcome.channel, outcome.rule or None, outcome.why or None, until)
